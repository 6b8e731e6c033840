"""Adoption of what the book cannot explain, as a person asks for it (decision 15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from daemon.core.book.adoption import Adopter, adopted_difference, adopted_execution, is_stranger
from daemon.core.book.book import BookEntry
from daemon.core.book.breaks import Reconciliation
from daemon.core.market.contracts import TradingClass
from daemon.core.orders.broker_facts import ExecutionFact, Snapshot
from daemon.core.orders.intent import Strategy
from daemon.engine.context import Desk
from daemon.errors import SettingsError

CONDORS_NAMED: Final = 3
"""How many condors a refusal names, the last ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionRequest:
    """What a person gives to whom, and why."""

    what: tuple[str, ...]
    """Contract ids of open breaks, or ids of executions of today."""
    into: str
    """``condor:ID`` or ``layer:NAME``."""
    reason: str
    price_pts100: int | None
    """What one of the contracts cost, in points x 100; None takes the account's word."""


def adopted_entries(
    desk: Desk, asked: AdoptionRequest, snapshot: Snapshot, result: Reconciliation
) -> tuple[BookEntry, ...]:
    """Return the book entries of an adoption; raises SettingsError when any part of it cannot be."""
    adopter = _adopter(desk, asked.into)
    found = [_entries(desk, what, adopter, asked=asked, snapshot=snapshot, result=result) for what in asked.what]
    return tuple(entry for entries in found for entry in entries)


def _entries(
    desk: Desk, what: str, adopter: Adopter, *, asked: AdoptionRequest, snapshot: Snapshot, result: Reconciliation
) -> list[BookEntry]:
    """Return the entry of an execution, or of a break those of its executions and of what they leave unexplained."""
    booked, known, session = desk.store.booked(), desk.store.intent_refs(), desk.journal.session()

    def entry(fact: ExecutionFact) -> BookEntry:
        return adopted_execution(fact, adopter, booked=booked, known_refs=known, session=session)

    execution = next((fact for fact in snapshot.executions if fact.exec_id == what), None)
    if execution is not None:
        return [entry(execution)]
    found = next((found for found in result.open_breaks if str(found.con_id) == what), None)
    if found is None:
        listed = "; ".join(f"{found.con_id}: {found.text}" for found in result.open_breaks) or "there is no break"
        raise SettingsError(
            f"{what} is neither the contract id of a break nor an execution that the account lists ({listed})"
        )
    facts = [fact for fact in snapshot.executions if str(fact.con_id) == what and is_stranger(fact, booked, known)]
    rest = adopted_difference(
        found,
        adopter,
        snapshot,
        executed=sum(fact.quantity for fact in facts),
        price_pts100=asked.price_pts100,
        session=session,
    )
    return [*map(entry, facts), *([] if rest is None else [rest])]


def _adopter(desk: Desk, into: str) -> Adopter:
    kind, _, subject = into.partition(":")
    condors = {record.condor_id: record for record in desk.store.condors()}
    layers = {layer.name: layer for layer in desk.policy.hedge.layers}
    holding = desk.view().book.holdings.get(subject)
    live = desk.store.intents(subject=subject, live_only=True)
    contracts = {leg.contract for intent in live for leg in intent.spec.legs}
    contracts |= set() if holding is None else set(holding.positions)
    if kind == "condor" and subject in condors:
        contracts |= {leg.contract for leg in condors[subject].legs.held}
        strategy, classes = Strategy.CONDOR, frozenset[TradingClass]()
    elif kind == "layer" and subject in layers:
        strategy, classes = Strategy.HEDGE, frozenset(layers[subject].classes)
    else:
        known = [f"layer:{name}" for name in layers] + [f"condor:{name}" for name in list(condors)[-CONDORS_NAMED:]]
        raise SettingsError(f"--into {into} is no layer and no condor of ours; there are {', '.join(known)}")
    return Adopter(
        strategy=strategy,
        subject=subject,
        contracts=frozenset(contracts),
        classes=classes,
        intents=live,
    )
