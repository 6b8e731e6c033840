"""The plan of a condor entry: size, search, price, what it would leave behind; everything that refuses it by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from daemon.core.condor.entry import EntrySize, entry_rules, judge_entry, size_entry
from daemon.core.condor.event_gate import gated_size, judge_events, judge_vix
from daemon.core.condor.legs import CondorLegs
from daemon.core.market.contracts import MULTIPLIER
from daemon.core.orders.broker_facts import Margin
from daemon.core.orders.intent import ComboPrice, OrderSpec, Purpose, Reason, Strategy, TimeInForce
from daemon.core.orders.ladder import rung_pts100
from daemon.core.risk.exposure import quick_ratio
from daemon.core.risk.greeks import Position
from daemon.engine.condor_search import CondorCandidate, find_condor
from daemon.engine.context import Desk
from daemon.engine.gather import Indexes, Refusal, indexes, priced
from daemon.engine.risk_meter import RiskMeter
from daemon.engine.risk_monitor import Proposal, RiskMonitor


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """An entry that may be sent: everything the decision rests on."""

    subject: str
    candidate: CondorCandidate
    price: ComboPrice
    spec: OrderSpec
    reasons: tuple[Reason, ...]
    inputs: Mapping[str, float | int | str | None]


@dataclass(frozen=True, slots=True)
class _After:
    """What an entry would leave behind; None is unknown."""

    margin_usd_cents: int | None
    theta_usd: float | None
    quick_ratio: float | None

    def figures(self) -> dict[str, float | int | str | None]:
        """Return what the decision shows of it."""
        named = {"theta_after_usd": self.theta_usd, "quick_ratio_after": self.quick_ratio}
        return {name: round(value, 2) for name, value in named.items() if value is not None and math.isfinite(value)}

    def would_refuse(self, *, theta_gate: bool) -> tuple[Reason, ...]:
        """Return what a gate that is switched off would have refused (000-26)."""
        if theta_gate or self.theta_usd is None or self.theta_usd > 0:
            return ()
        text = "Condors and hedge together would lose by the passing of time, in dollars a day; the gate is off."
        return (Reason("would_refuse_theta", text, round(self.theta_usd, 2), limit=0),)


_NOT_ASKED: Final = _After(0, math.inf, math.inf)
"""The best that could be: what is refused even so needs no question to the broker."""


class EntryPlanner:
    """Plans the session's entry or refuses it; sends nothing but questions."""

    def __init__(self, desk: Desk, risk: RiskMonitor) -> None:
        self._desk = desk
        self._risk = risk
        self._meter = RiskMeter(desk)

    async def plan(self, session: date, *, preview: bool = False) -> EntryPlan:
        """Plan the entry as the market is now. Raises Refusal, and BrokerError when the broker fails."""
        desk, policy = self._desk, self._desk.policy.condor
        now_indexes = await indexes(desk)
        account = await desk.broker.account_values()
        nlv = account.net_liquidation_usd_cents
        narrowest_pts100 = policy.width_min_pts * 100
        smallest = self._size(session, now_indexes, nlv=nlv, width_pts100=narrowest_pts100)
        subject = self._next_condor_id(session)
        gate = partial(self._gate, subject, now_indexes, nlv=nlv, preview=preview)
        gate(_NOT_ASKED, added_usd=smallest.quantity * narrowest_pts100)
        sent = desk.broker.requests_sent
        candidate = await find_condor(desk, session, now_indexes, policy)
        messages = desk.broker.requests_sent - sent
        price = priced(candidate.quotes, candidate.legs.held)
        width_pts100 = candidate.legs.width_pts100
        size = self._size(session, now_indexes, nlv=nlv, width_pts100=width_pts100)
        refusals = judge_entry(price, width_pts100, policy)
        if refusals:
            raise Refusal(*refusals)
        limit = rung_pts100(0, price, entry_rules(width_pts100, policy))
        assert limit is not None, "a mid that is a large enough credit is within the floor"
        spec = OrderSpec(candidate.legs.held, size.quantity, limit, TimeInForce.DAY)
        after = await self._after(session, subject, candidate, spec=spec, cash_usd_cents=account.total_cash_usd_cents)
        gate(after, added_usd=size.quantity * width_pts100)
        margin = after.margin_usd_cents
        inputs = entry_inputs(now_indexes, candidate, price=price, nlv=nlv, margin=margin, quantity=size.quantity)
        inputs |= {"data_requests": candidate.requests, "data_lines": candidate.lines, "messages_sent": messages}
        inputs |= {**candidate.choice, **after.figures()}
        reasons = (*after.would_refuse(theta_gate=desk.policy.limits.theta_gate), *size.reasons)
        return EntryPlan(subject, candidate, price, spec, entry_reasons(candidate, price, reasons), inputs)

    def _size(self, session: date, seen: Indexes, *, nlv: int, width_pts100: int) -> EntrySize:
        """Return the size of an entry of this width; refuse when nothing fits."""
        policy, limits = self._desk.policy.condor, self._desk.policy.limits
        verdicts = judge_events(session, self._desk.policy.events, policy), judge_vix(seen.vix, policy)
        fits = size_entry(nlv, self._risk.wing_notional_usd(), width_pts100=width_pts100, policy=policy, limits=limits)
        size = gated_size(fits, *verdicts)
        if size.quantity == 0:
            raise Refusal(*size.reasons)
        return size

    async def _after(
        self, session: date, subject: str, candidate: CondorCandidate, *, spec: OrderSpec, cash_usd_cents: int
    ) -> _After:
        """Ask what the entry would leave behind: margins from the broker, theta and quick ratio from the book."""
        margin: Margin = await self._desk.broker.what_if(spec)
        added = [
            Position(
                Strategy.CONDOR,
                subject,
                leg.contract,
                leg.ratio * spec.quantity,
                candidate.quotes[leg.contract].mid_pts,
            )
            for leg in spec.legs
        ]
        theta_usd = await self._meter.theta_with(session, added)
        maintenance = margin.maintenance_after_usd_cents
        ratio = None if maintenance is None else quick_ratio(cash_usd_cents, maintenance, self._debit_due_usd_cents())
        return _After(margin.initial_after_usd_cents, theta_usd, ratio)

    def _debit_due_usd_cents(self) -> int:
        """Return what all live orders would pay when they filled at their limits."""
        live = self._desk.store.intents(live_only=True)
        return sum(
            (intent.spec.quantity - intent.filled) * max(0, intent.spec.net_limit_pts100) * MULTIPLIER
            for intent in live
        )

    def _gate(self, subject: str, seen: Indexes, after: _After, *, nlv: int, added_usd: int, preview: bool) -> None:
        refusals = self._risk.refusals(
            Proposal(
                strategy=Strategy.CONDOR,
                purpose=Purpose.ENTRY,
                subject=subject,
                index_age_s=seen.age_s,
                added_wing_notional_usd=added_usd,
                nlv_usd_cents=nlv,
                margin_after_usd_cents=after.margin_usd_cents,
                theta_after_usd=after.theta_usd,
                quick_ratio_after=after.quick_ratio,
            ),
            preview=preview,
        )
        if refusals:
            raise Refusal(*refusals)

    def _next_condor_id(self, session: date) -> str:
        taken = sum(record.entry_session == session for record in self._desk.store.condors())
        return f"C{session:%Y%m%d}-{taken + 1}"


def entry_inputs(
    seen: Indexes, candidate: CondorCandidate, *, price: ComboPrice, nlv: int, margin: int | None, quantity: int
) -> dict[str, float | int | str | None]:
    """Return the numbers an entry rested on."""
    legs = candidate.legs
    return {
        "spx": seen.spx,
        "vix": seen.vix,
        "expiry": legs.expiry.isoformat(),
        **_strikes(legs),
        "put_delta": _rounded(candidate.put_delta),
        "call_delta": _rounded(candidate.call_delta),
        "mid_credit_pts": -price.mid_pts,
        "natural_credit_pts": -price.natural_pts100 / 100,
        "quantity": quantity,
        "net_liquidation_usd": nlv / 100,
        "margin_after_usd": None if margin is None else margin / 100,
    }


def _strikes(legs: CondorLegs) -> dict[str, float | int | str | None]:
    put, call = legs.put, legs.call
    return {
        "put_long": None if put is None else put.long.strike,
        "put_short": None if put is None else put.short.strike,
        "call_short": None if call is None else call.short.strike,
        "call_long": None if call is None else call.long.strike,
    }


def _rounded(delta: float | None) -> float | None:
    return None if delta is None else round(delta, 4)


def entry_reasons(candidate: CondorCandidate, price: ComboPrice, size: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Return why this size, where it is not the usual one, these strikes and this price."""
    legs = candidate.legs
    return (
        *size,
        Reason("expiry_in_window", f"expires {legs.expiry}", legs.expiry.isoformat(), None),
        *(
            Reason(f"{name}_short_delta", f"short {name} {side.short.strike:g}", _rounded(delta), None)
            for name, side, delta in (
                ("put", legs.put, candidate.put_delta),
                ("call", legs.call, candidate.call_delta),
            )
            if side is not None
        ),
        Reason("credit", "mid credit and natural credit in points", -price.mid_pts, -price.natural_pts100 / 100),
    )
