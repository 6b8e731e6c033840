"""The drift of condors: levels told once, and the roll of the side that SPX has left (003-01, 003-02, 003-07)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Final

from daemon.core.book.condors import OpenCondor
from daemon.core.condor.drift import (
    DriftLevel,
    RollPrice,
    choose_roll,
    condor_drift,
    drift_figures,
    drift_level,
    roll_credit_min_pts100,
    roll_legs,
    roll_shorts,
    rolled_side,
    spread_out,
    strikes_around,
    untested,
)
from daemon.core.condor.legs import CondorLegs, Vertical
from daemon.core.condor.policy import CondorPolicy, DriftAction, DriftMode
from daemon.core.market.contracts import Right, TradingClass, Underlying
from daemon.core.orders.broker_facts import AccountValues
from daemon.core.orders.intent import Intent, OrderSpec, Purpose, Reason, Strategy, TimeInForce
from daemon.core.records import Decision, DecisionKind, Level
from daemon.core.risk.greeks import Levels, Position, value_positions
from daemon.engine.condor_closing import CondorCloser, exit_ladder
from daemon.engine.condor_marks import CondorMarks
from daemon.engine.condor_quotes import see
from daemon.engine.context import Desk
from daemon.engine.executor import Executor
from daemon.engine.gather import Refusal, fresh_account_values, indexes
from daemon.engine.risk_monitor import Proposal, RiskMonitor
from daemon.engine.what_if import ask_margin
from daemon.errors import BrokerError

STRIKES_AT_A_TIME: Final = 6
"""Strikes quoted together in the search for a roll: with their wings and the old side 14 lines."""
ATTEMPTS_MAX: Final = 3
"""Rolls of one condor that are tried in one session."""
STRIKE_STEP_PTS100: Final = 500


class CondorDrift:
    """Keeps the drift level of every condor, and rolls the untested side where the settings say so."""

    def __init__(
        self, desk: Desk, executor: Executor, risk: RiskMonitor, closer: CondorCloser, marks: CondorMarks
    ) -> None:
        self._desk = desk
        self._executor = executor
        self._risk = risk
        self._closer = closer
        self._marks = marks
        self._levels: dict[str, tuple[DriftLevel, DriftLevel]] = {}
        self._refused: dict[str, tuple[date, frozenset[str]]] = {}

    # -- levels ------------------------------------------------------------------------------------

    def look(self, condor: OpenCondor, spx_pts: float | None) -> DriftLevel:
        """Return the level of a condor, kept over restarts; the first time it is reached is a line of the day."""
        name = condor.record.condor_id
        before, told = self._known(name)
        share = None if spx_pts is None else condor_drift(condor, spx_pts)
        if spx_pts is None or share is None:
            return before
        after = drift_level(before, share, self._desk.policy.condor)
        if after is not before:
            self._keep(name, after, max(after, told))
            self._tell(condor, after, share=share, spx_pts=spx_pts, news=after > told, rises=after > before)
        return after

    def _known(self, name: str) -> tuple[DriftLevel, DriftLevel]:
        """Return the level of a condor and the highest that was told of it."""
        if name not in self._levels:
            kept = self._desk.store.meta(_key(name))
            now, told = (DriftLevel.CENTRED.name,) * 2 if kept is None else kept.split()
            self._levels[name] = DriftLevel[now], DriftLevel[told]
        return self._levels[name]

    def _keep(self, name: str, level: DriftLevel, told: DriftLevel) -> None:
        self._levels[name] = level, told
        self._desk.store.set_meta(_key(name), f"{level.name} {told.name}")

    def _tell(
        self, condor: OpenCondor, level: DriftLevel, *, share: float, spx_pts: float, news: bool, rises: bool
    ) -> None:
        policy, severity = self._desk.policy.condor, None if news else Level.DEBUG
        fields: dict[str, object] = {"subject": condor.record.condor_id, "drift_level": level.name.lower()}
        fields |= {"drift": round(share, 3), "spx_pts": spx_pts}
        if not rises:
            self._desk.journal.emit("drift_eased", fields)
            return
        fields["limit"] = _threshold(level, policy)
        if policy.drift_mode is DriftMode.WATCH:
            fields["would"] = _would(condor, level, share, policy)
        figures = self._figures(condor, spx_pts) if news else {}
        self._desk.journal.emit("condor_drifted", fields | figures, level=severity)

    def _figures(self, condor: OpenCondor, spx_pts: float) -> dict[str, float]:
        """Return what goes with the news of a drift, from the account's marks; what is unknown is left out."""
        marks, now = self._marks.of(condor).pts, self._desk.clock.now()
        positions = [
            Position(Strategy.CONDOR, condor.record.condor_id, option, quantity, marks.get(option))
            for option, quantity in condor.held.positions.items()
        ]
        valuation = value_positions(positions, Levels(now, spx_pts, None, {}))
        return drift_figures(condor, valuation, marks, spx_pts).fields()

    # -- rolls -------------------------------------------------------------------------------------

    def may_roll(self, condor: OpenCondor) -> bool:
        """Whether another roll of a condor may be tried: so many in its life, so many tries in a session."""
        name, today = condor.record.condor_id, self._desk.journal.session()
        tried = [o for o in self._desk.store.intents(subject=name) if o.key.purpose is Purpose.DRIFT]
        done = sum(order.filled > 0 or not order.state.terminal for order in tried)
        tries = sum(order.key.session == today for order in tried)
        return done < self._desk.policy.condor.drift_adjustments_max and tries < ATTEMPTS_MAX

    async def roll(self, condor: OpenCondor, reason: Reason, spx_pts: float) -> None:
        """Roll the untested side of a claimed condor by one order, or write down why not."""
        name = condor.record.condor_id
        try:
            await self._roll(condor, reason, spx_pts)
        except Refusal as refusal:
            self._skip(name, reason, refusal.reasons)
        except BrokerError as error:
            self._skip(name, reason, (Reason("broker_failed", str(error), error.code),))
        finally:
            self._closer.release(name)

    async def _roll(self, condor: OpenCondor, reason: Reason, spx_pts: float) -> None:
        legs, old = _two_sided(condor, spx_pts)
        gate = partial(self._gate, condor, await fresh_account_values(self._desk))
        await gate(margin_after_usd_cents=0)  # what is refused even so needs no question to the broker
        chosen = await self._search(legs, old, spx_pts)
        spec = OrderSpec(roll_legs(old, chosen.new), condor.quantity, -self._least(old), TimeInForce.DAY)
        await gate(margin_after_usd_cents=(await ask_margin(self._desk, spec)).initial_after_usd_cents)
        if not await self._closer.cancel_resting(condor.record.condor_id, "the condor is adjusted"):
            raise Refusal(Reason("resting_order", "the end of an order that rests is not proven yet"))
        again = self._closer.again(condor)
        if again.held != condor.held or self._closer.asked_for_way(condor.record.condor_id):
            raise Refusal(Reason("condor_changed", "a fill or an exit came before the roll"))
        await self._send(condor, reason, spec=spec, chosen=chosen)

    async def _send(self, condor: OpenCondor, reason: Reason, *, spec: OrderSpec, chosen: RollPrice) -> None:
        worked = exit_ladder(self._desk, spec.legs, chosen.price, floor_pts100=spec.net_limit_pts100)
        if worked is None:
            raise Refusal(Reason("no_time", "the session is too near its end to work a roll"))
        key = self._executor.next_key(Strategy.CONDOR, Purpose.DRIFT, condor.record.condor_id)
        mid_pts, now = chosen.price.mid_pts, self._desk.clock.now()
        self._decide(condor, reason, spec=spec, chosen=chosen)
        ladder, limit = worked
        spec = replace(spec, net_limit_pts100=limit)
        intent = Intent(key, spec, now, reasons=(reason,), mid_at_decision_pts=mid_pts, quoted=chosen.price)
        self._closer.on_its_way(key.subject)
        done = await self._executor.work(intent, ladder)
        if done.filled:
            # Another condor now: what it drifts to from here is news.
            self._keep(key.subject, DriftLevel.CENTRED, DriftLevel.CENTRED)

    async def _gate(self, condor: OpenCondor, account: AccountValues, *, margin_after_usd_cents: int | None) -> None:
        """Refuse what would open a new side against a gate; the search for it takes time, so the indexes are read anew."""
        proposal = Proposal(
            strategy=Strategy.CONDOR,
            purpose=Purpose.DRIFT,
            subject=condor.record.condor_id,
            index_age_s=(await indexes(self._desk)).age_s,
            account=account,
            margin_after_usd_cents=margin_after_usd_cents,
        )
        if refusals := self._risk.refusals(proposal):
            raise Refusal(*refusals)

    def _least(self, old: Vertical) -> int:
        return roll_credit_min_pts100(old, self._desk.policy.condor)

    async def _search(self, legs: CondorLegs, old: Vertical, spx_pts: float) -> RollPrice:
        """Find the new side: a few strikes over the whole range, then those around the best of them."""
        params = await self._desk.option_params(Underlying.SPX, self._desk.journal.session())
        listed = [s for p in params if p.trading_class is TradingClass.SPXW for s in p.strikes_pts100]
        strikes = roll_shorts(legs, old, spx_pts, [s for s in listed if s % STRIKE_STEP_PTS100 == 0])
        first = spread_out(strikes, STRIKES_AT_A_TIME)
        seen = await self._price(old, first)
        best = choose_roll(seen, old, self._desk.policy.condor)
        if best is None:
            raise Refusal(_too_small(seen, self._least(old)))
        around = spread_out(strikes_around(strikes, first, best.new.short.strike_pts100), STRIKES_AT_A_TIME)
        chosen = choose_roll((*seen, *await self._price(old, around)), old, self._desk.policy.condor)
        assert chosen is not None, "the best of the first look pays"
        return chosen

    async def _price(self, old: Vertical, shorts_pts100: Sequence[int]) -> tuple[RollPrice, ...]:
        """Price the rolls to some strikes; one not listed in this expiry, not quoted, or held opposite is left out."""
        held = self._desk.view().positions
        sides = [side for strike in shorts_pts100 if (side := rolled_side(old, strike)).opposed(held) is None]
        if not sides:
            return ()
        options = [option for side in (old, *sides) for option in (side.short, side.long)]
        seen = await see(self._desk, list(dict.fromkeys(options)), greeks=True)
        found = []
        for side in sides:
            with suppress(Refusal):
                greeks = seen.quotes[side.short].greeks if side.short in seen.quotes else None
                price = seen.price(roll_legs(old, side))
                found.append(RollPrice(side, price, None if greeks is None else greeks.delta))
        return tuple(found)

    # -- words -------------------------------------------------------------------------------------

    def _decide(self, condor: OpenCondor, reason: Reason, *, spec: OrderSpec, chosen: RollPrice) -> None:
        desk, name, price = self._desk, condor.record.condor_id, chosen.price
        limit_pts = -spec.net_limit_pts100 / 100
        side = "put" if chosen.new.right is Right.PUT else "call"
        strikes = f"{chosen.new.short.strike:g}/{chosen.new.long.strike:g}"
        text = "the side that SPX has left rolls towards it for a credit of at least its share of the width, in points"
        rolled = Reason("untested_side", text, -price.mid_pts, limit_pts)
        inputs: dict[str, float | int | str | None] = {
            "rolls_to": f"{side} {strikes}",
            "least_credit_pts": limit_pts,
            "mid_pts": price.mid_pts,
            "natural_pts100": price.natural_pts100,
            "delta": chosen.delta,
            "quantity": spec.quantity,
        }
        session, now = desk.journal.session(), desk.clock.now()
        decision = Decision(session, "exits", DecisionKind.ADJUST, name, now, (reason, rolled), inputs)
        desk.store.record_decision(decision)
        fields = {"subject": name, "side": side, "strikes": strikes, "mid_pts": price.mid_pts}
        desk.journal.emit("adjustment_decided", fields)

    def _skip(self, name: str, reason: Reason, refusals: tuple[Reason, ...]) -> None:
        """Record why a condor was not adjusted, once a session for the same reasons."""
        desk, session = self._desk, self._desk.journal.session()
        names = session, frozenset(refusal.name for refusal in refusals)
        if self._refused.get(name) == names:
            return
        self._refused[name] = names
        now = desk.clock.now()
        desk.store.record_decision(Decision(session, "exits", DecisionKind.SKIP, name, now, (*refusals, reason)))
        why = "; ".join(refusal.text for refusal in refusals)
        desk.journal.emit("adjustment_skipped", {"subject": name, "why": why})


def _two_sided(condor: OpenCondor, spx_pts: float) -> tuple[CondorLegs, Vertical]:
    """Return the legs and the side to roll; refuse a condor that is in parts or has one side."""
    legs = condor.whole
    if legs is None:
        raise Refusal(Reason("in_parts", "the condor is in parts, which one order does not adjust"))
    share = condor_drift(condor, spx_pts)
    side = None if share is None else untested(legs, share)
    if side is None:
        raise Refusal(Reason("one_side", "the condor has one side only: there is none to roll"))
    return legs, side


def _too_small(seen: Iterable[RollPrice], least_pts100: int) -> Reason:
    best_pts = max((-roll.price.mid_pts for roll in seen), default=None)
    if best_pts is None:
        return Reason("no_strike_to_roll_to", "no strike between SPX and the side to roll is quoted with its wing")
    text = "no roll that keeps the short strikes apart brings the least credit, in points"
    return Reason("roll_credit_too_small", text, best_pts, least_pts100 / 100)


def _threshold(level: DriftLevel, policy: CondorPolicy) -> float:
    return {
        DriftLevel.WATCH: policy.drift_watch,
        DriftLevel.ADJUST: policy.drift_adjust,
        DriftLevel.DEFEND: policy.drift_defend,
    }[level]


def _would(condor: OpenCondor, level: DriftLevel, share: float, policy: CondorPolicy) -> str | None:
    """Say what acting would have come to, for a condor that is watched only (decision 21)."""
    action = {DriftLevel.ADJUST: policy.drift_adjust_action, DriftLevel.DEFEND: policy.drift_defend_action}.get(level)
    if action is None or action is DriftAction.NOTHING:
        return None
    if action is DriftAction.CLOSE:
        return "acting would close it"
    side = None if condor.whole is None else untested(condor.whole, share)
    if side is None:
        return "acting would find no side to roll"
    return f"acting would roll its {'put' if side.right is Right.PUT else 'call'} side towards SPX"


def _key(name: str) -> str:
    return f"condor.drift.{name}"
