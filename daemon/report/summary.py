"""What a whole run came to, in the fields that scripts rely on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.orders.intent import Intent, Purpose, Strategy
from daemon.core.records import DayRecord, Level
from daemon.ports import Store
from daemon.report.day import condor_decision
from daemon.report.hedge import hedge_changes
from daemon.report.orders import OrderLine, order_lines
from daemon.report.words import columns, dollars_and_cents


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts and figures since the start of the store."""

    sessions: int
    """Sessions whose closing figures are recorded."""
    condor_entries: int
    """Sessions in which a condor entry order was filled, wholly or in part."""
    condor_skips: int
    """Sessions with a condor decision in which none was: refused, or the order ended unfilled."""
    condor_exits: int
    """Condors closed, wholly or in part, by an order of ours."""
    settlements: int
    """Positions settled in cash, one for each contract of a condor or layer."""
    hedge_buys: int
    """Orders that bought for the hedge and were filled, wholly or in part."""
    hedge_rolls: int
    """Layers rolled: a filled buy of a new contract for a layer that had bought another one before."""
    orders: int
    """Orders that reached the broker, or may have."""
    executions: int
    """Executions of single contracts, as the broker reported them."""
    breaks_open: int
    """Differences between book and account at the last close."""
    errors: int
    """Events at level error."""
    net_liquidation_usd: float | None
    """At the last close; None when no session was closed."""
    pnl_usd: float | None
    """Condors and hedge since the start: cash, fees and marks."""
    hedge_pnl_usd: float | None
    settlements_by_class: Mapping[str, int]
    """Settlements by trading class."""

    def as_json(self) -> dict[str, int | float | None]:
        """Return the fields in the order scripts know, the split by trading class left out."""
        names = [field.name for field in fields(self) if field.name != "settlements_by_class"]
        return {name: getattr(self, name) for name in names}


def summarise(store: Store) -> Summary:
    """Count everything a store has recorded."""
    entries, intents, days = store.entries(), store.intents(), store.days()
    orders = order_lines(intents, entries)
    entered = {line.session for line in orders if _is_entry(line) and line.filled}
    decided = _decided_sessions(store, days, intents)
    settled = [entry for entry in entries if entry.kind is EntryKind.SETTLEMENT]
    last = days[-1] if days else None
    return Summary(
        sessions=len(days),
        condor_entries=len(entered),
        condor_skips=len(decided - entered),
        condor_exits=len({line.subject for line in orders if _is_exit(line) and line.filled}),
        settlements=len(settled),
        hedge_buys=_hedge_buys(intents, entries),
        hedge_rolls=sum(change.is_roll for change in hedge_changes(intents, entries)),
        orders=sum(line.sent for line in orders),
        executions=sum(entry.kind is EntryKind.TRADE for entry in entries),
        breaks_open=last.breaks_open if last else 0,
        errors=sum(event.level is Level.ERROR for event in store.events()),
        net_liquidation_usd=last.net_liquidation_usd_cents / 100 if last else None,
        pnl_usd=(last.condor_pnl_usd_cents + last.hedge_pnl_usd_cents) / 100 if last else None,
        hedge_pnl_usd=last.hedge_pnl_usd_cents / 100 if last else None,
        settlements_by_class=_by_class(settled),
    )


def _is_entry(line: OrderLine) -> bool:
    return line.strategy is Strategy.CONDOR and line.purpose is Purpose.ENTRY


def _is_exit(line: OrderLine) -> bool:
    return line.strategy is Strategy.CONDOR and line.purpose in (Purpose.EXIT, Purpose.FLATTEN)


def _decided_sessions(store: Store, days: Iterable[DayRecord], intents: Iterable[Intent]) -> set[date]:
    """Return the sessions with a condor decision; an entry order proves one too, should the record be missing."""
    ordered = {intent.key.session for intent in intents if intent.is_condor_entry}
    sessions = {day.session for day in days} | {event.session for event in store.events()}
    return ordered | {session for session in sessions if condor_decision(store.decisions(session)) is not None}


def _hedge_buys(intents: Iterable[Intent], entries: Iterable[BookEntry]) -> int:
    """Count the orders of the hedge that bought: a spread that is sold buys its short call back, which is none."""
    filled = {entry.order_ref for entry in entries if entry.kind is EntryKind.TRADE}
    return sum(
        intent.key.strategy is Strategy.HEDGE and intent.spec.legs[0].ratio > 0 and intent.ref in filled
        for intent in intents
    )


def _by_class(settled: Iterable[BookEntry]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for entry in settled:
        name = entry.contract.trading_class.value
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


def summary_table(summary: Summary) -> str:
    """Write a summary as a table for a terminal."""
    by_class = ", ".join(f"{name} {count}" for name, count in summary.settlements_by_class.items())
    rows = [
        ("sessions", f"{summary.sessions:,}", ""),
        ("condor decisions", f"{summary.condor_entries + summary.condor_skips:,}", ""),
        ("  entered", f"{summary.condor_entries:,}", ""),
        ("  not entered", f"{summary.condor_skips:,}", ""),
        ("condors closed", f"{summary.condor_exits:,}", ""),
        ("settlements", f"{summary.settlements:,}", by_class),
        ("hedge buys", f"{summary.hedge_buys:,}", ""),
        ("layers rolled", f"{summary.hedge_rolls:,}", ""),
        ("orders", f"{summary.orders:,}", ""),
        ("executions", f"{summary.executions:,}", ""),
        ("breaks open", f"{summary.breaks_open:,}", ""),
        ("errors", f"{summary.errors:,}", ""),
        ("net liquidation", _usd(summary.net_liquidation_usd), ""),
        ("profit and loss", _usd(summary.pnl_usd, signed=True), ""),
        ("  of it the hedge", _usd(summary.hedge_pnl_usd, signed=True), ""),
    ]
    return "\n".join(columns(rows, "<><", indent=0)) + "\n"


def _usd(amount: float | None, *, signed: bool = False) -> str:
    return "unknown" if amount is None else dollars_and_cents(amount * 100, signed=signed)
