"""The plan of a condor entry: size, search, price, what it would leave behind; everything that refuses it by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from daemon.core.calendar.expiries import settlement_at
from daemon.core.calendar.sessions import previous_session
from daemon.core.condor.build import price_combo
from daemon.core.condor.entry import AccountRoom, EntrySize, entry_rules, judge_entry, size_entry
from daemon.core.condor.event_gate import gated_size, judge_events, judge_vix
from daemon.core.condor.expected_return import expected_return_pct, judge_return
from daemon.core.condor.legs import CondorLegs
from daemon.core.condor.quality import judge_move, judge_quotes
from daemon.core.market.macro import MacroKind
from daemon.core.orders.broker_facts import AccountValues
from daemon.core.orders.intent import ComboPrice, OrderSpec, Purpose, Reason, Strategy, TimeInForce
from daemon.core.orders.ladder import rung_pts100
from daemon.core.risk.exposure import quick_ratio
from daemon.core.risk.greeks import Position
from daemon.core.risk.margin import condor_margin_usd_cents
from daemon.engine.condor_search import CondorCandidate, find_condor
from daemon.engine.context import Desk
from daemon.engine.delta_check import DeltasChecked, check_deltas
from daemon.engine.gather import Indexes, Refusal, account_values, indexes
from daemon.engine.risk_meter import RiskMeter
from daemon.engine.risk_monitor import Proposal, RiskMonitor
from daemon.engine.what_if import ask_margin


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """An entry that may be sent: everything the decision rests on."""

    subject: str
    candidate: CondorCandidate
    price: ComboPrice
    spec: OrderSpec
    reasons: tuple[Reason, ...]
    inputs: Mapping[str, float | int | str | None]

    @property
    def spx_pts(self) -> float:
        """Return SPX as the decision saw it."""
        spx = self.inputs["spx"]
        assert isinstance(spx, float), "an entry is planned on a value of SPX"
        return spx


@dataclass(frozen=True, slots=True, kw_only=True)
class _After:
    """What an entry would leave behind; None is unknown."""

    margin_usd_cents: int | None
    margin_change_usd_cents: int | None
    margin_estimate_usd_cents: int
    theta_usd: float | None
    quick_ratio: float | None

    def figures(self) -> dict[str, float | int | str | None]:
        """Return what the decision shows of it."""
        change_cents = self.margin_change_usd_cents
        named = {
            "margin_change_usd": None if change_cents is None else change_cents / 100,
            "margin_estimate_usd": self.margin_estimate_usd_cents / 100,
            "theta_after_usd": self.theta_usd,
            "quick_ratio_after": self.quick_ratio,
        }
        return {name: round(value, 2) for name, value in named.items() if value is not None and math.isfinite(value)}

    def would_refuse(self, *, theta_gate: bool) -> tuple[Reason, ...]:
        """Return what a gate that is switched off would have refused (000-26)."""
        if theta_gate or self.theta_usd is None or self.theta_usd > 0:
            return ()
        text = "Condors and hedge together would lose by the passing of time, in dollars a day; the gate is off."
        return (Reason("would_refuse_theta", text, round(self.theta_usd, 2), limit=0),)


_NOT_ASKED: Final = _After(
    margin_usd_cents=0,
    margin_change_usd_cents=0,
    margin_estimate_usd_cents=0,
    theta_usd=math.inf,
    quick_ratio=math.inf,
)
"""The best that could be: what is refused even so needs no question to the broker."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """What an entry is planned in."""

    session: date
    subject: str
    seen: Indexes
    account: AccountValues
    preview: bool


@dataclass(frozen=True, slots=True)
class _LastLook:
    """What was asked once the condor was chosen."""

    deltas: DeltasChecked
    after: _After


class EntryPlanner:
    """Plans the session's entry or refuses it; sends nothing but questions."""

    def __init__(self, desk: Desk, risk: RiskMonitor) -> None:
        self._desk = desk
        self._risk = risk
        self._meter = RiskMeter(desk)

    async def plan(self, session: date, *, preview: bool = False) -> EntryPlan:
        """Plan the entry as the market is now. Raises Refusal, and BrokerError when the broker fails.

        There are three looks: what is known before the market is asked, the quotes of the condor that was found, and
        what a question to the broker can still show. Each look names everything that refuses the entry.
        """
        desk, sent = self._desk, self._desk.broker.requests_sent
        seen = await indexes(desk)
        scene = _Scene(session, self._next_condor_id(session), seen, await account_values(desk), preview)
        narrowest_pts100 = desk.policy.condor.width_min_pts * 100
        smallest = self._size(scene, narrowest_pts100)
        known = self._gate(scene, _NOT_ASKED, added_usd=smallest.quantity * narrowest_pts100)
        _refuse_if(known if smallest.quantity else (*smallest.reasons, *known))
        candidate = await find_condor(desk, session, seen, desk.policy.condor)
        try:
            return await self._judged(scene, candidate, sent)
        except Refusal as refusal:
            raise Refusal(*refusal.reasons, inputs=candidate_inputs(scene, candidate)) from refusal

    async def _judged(self, scene: _Scene, candidate: CondorCandidate, sent: int) -> EntryPlan:
        """Size, price and check a candidate; refuse it with everything that is against it."""
        desk = self._desk
        size = self._size(scene, candidate.legs.width_pts100)
        price = self._priced(scene, candidate, size)
        spec = OrderSpec(candidate.legs.held, size.quantity, self._first_limit(candidate, price), TimeInForce.DAY)
        last = await self._last_look(scene, candidate, spec)
        inputs = {
            **candidate_inputs(scene, candidate),
            **_account_inputs(scene, last.after, size.quantity),
            **last.deltas.figures(),
            **last.after.figures(),
            "data_requests": candidate.requests + last.deltas.requests,
            "data_lines": candidate.lines + last.deltas.lines,
            "messages_sent": desk.broker.requests_sent - sent,
        }
        told = () if desk.policy.condor.return_gate else self._returns(scene, candidate, price)
        reasons = (*last.after.would_refuse(theta_gate=desk.policy.limits.theta_gate), *told, *size.reasons)
        return EntryPlan(scene.subject, candidate, price, spec, entry_reasons(candidate, price, reasons), inputs)

    def _size(self, scene: _Scene, width_pts100: int) -> EntrySize:
        """Return the size of an entry of this width; zero comes with its reasons."""
        policy, limits = self._desk.policy.condor, self._desk.policy.limits
        room = AccountRoom(
            nlv_usd_cents=scene.account.net_liquidation_usd_cents,
            available_funds_usd_cents=scene.account.available_funds_usd_cents,
            open_wing_notional_usd=self._risk.wing_notional_usd(),
        )
        verdicts = (
            judge_events(scene.session, self._desk.policy.events, policy),
            judge_vix(scene.seen.vix, policy),
        )
        return gated_size(size_entry(room, width_pts100, policy=policy, limits=limits), *verdicts)

    def _priced(self, scene: _Scene, candidate: CondorCandidate, size: EntrySize) -> ComboPrice:
        """Price the condor; refuse with everything its size, its quotes and its price are refused for."""
        desk, legs = self._desk, candidate.legs
        refusals = () if size.quantity else size.reasons
        refusals += judge_quotes(
            legs.contracts,
            candidate.quotes,
            desk.clock.now(),
            policy=desk.policy.condor,
            max_age_s=desk.policy.limits.quote_max_age_s,
        )
        price = price_combo(legs.held, candidate.quotes)
        if price is not None:
            refusals += judge_entry(price, legs.width_pts100, desk.policy.condor)
            if desk.policy.condor.return_gate:
                refusals += self._returns(scene, candidate, price)
        _refuse_if(refusals)
        assert price is not None, "legs without a price are refused by their quotes"
        return price

    def _returns(self, scene: _Scene, candidate: CondorCandidate, price: ComboPrice) -> tuple[Reason, ...]:
        """Return why the mid credit is too little for its margin, or would be were that gate on; a debit has no return."""
        if price.mid_pts >= 0:
            return ()
        desk, legs = self._desk, candidate.legs
        left = settlement_at(legs.contracts[0].trading_class, legs.expiry) - desk.clock.now()
        found_pct = expected_return_pct(
            legs, -price.mid_pts, spx_pts=scene.seen.spx, vix=scene.seen.vix, days=left / timedelta(days=1)
        )
        bills = desk.macro.until(MacroKind.BILL_RATE, previous_session(scene.session))
        rate_pct = bills.values[-1] if bills is not None and bills.values else None
        return judge_return(found_pct, rate_pct, desk.policy.condor)

    def _first_limit(self, candidate: CondorCandidate, price: ComboPrice) -> int:
        limit = rung_pts100(0, price, entry_rules(candidate.legs.width_pts100, self._desk.policy.condor))
        assert limit is not None, "a mid that is a large enough credit is within the floor"
        return limit

    async def _last_look(self, scene: _Scene, candidate: CondorCandidate, spec: OrderSpec) -> _LastLook:
        """Check the deltas, ask for the margin, and look at SPX again; refuse with everything that is against it."""
        desk = self._desk
        deltas = await check_deltas(desk, candidate, scene.seen.spx)
        refusals = deltas.refusals
        after = None
        try:
            after = await self._after(scene, candidate, spec)
            refusals += self._gate(scene, after, added_usd=spec.quantity * candidate.legs.width_pts100)
        except Refusal as refusal:
            refusals += refusal.reasons
        spx = (await indexes(desk)).spx
        _refuse_if((*refusals, *judge_move(scene.seen.spx, spx, desk.policy.condor)))
        assert after is not None, "an order without a margin preview is refused"
        return _LastLook(deltas, after)

    async def _after(self, scene: _Scene, candidate: CondorCandidate, spec: OrderSpec) -> _After:
        """Ask what the entry would leave behind: margins from the broker, theta and quick ratio from the book."""
        margin = await ask_margin(self._desk, spec)
        added = [
            Position(
                Strategy.CONDOR,
                scene.subject,
                leg.contract,
                leg.ratio * spec.quantity,
                candidate.quotes[leg.contract].mid_pts,
            )
            for leg in spec.legs
        ]
        theta_usd = await self._meter.theta_with(scene.session, added)
        cash, maintenance = scene.account.total_cash_usd_cents, margin.maintenance_after_usd_cents
        ratio = None if maintenance is None else quick_ratio(cash, maintenance, self._risk.debits_due_usd_cents())
        return _After(
            margin_usd_cents=margin.initial_after_usd_cents,
            margin_change_usd_cents=margin.initial_change_usd_cents,
            margin_estimate_usd_cents=condor_margin_usd_cents(candidate.legs, spec.quantity),
            theta_usd=theta_usd,
            quick_ratio=ratio,
        )

    def _gate(self, scene: _Scene, after: _After, *, added_usd: int) -> tuple[Reason, ...]:
        return self._risk.refusals(
            Proposal(
                strategy=Strategy.CONDOR,
                purpose=Purpose.ENTRY,
                subject=scene.subject,
                index_age_s=scene.seen.age_s,
                added_wing_notional_usd=added_usd,
                account=scene.account,
                margin_after_usd_cents=after.margin_usd_cents,
                margin_change_usd_cents=after.margin_change_usd_cents,
                margin_estimate_usd_cents=after.margin_estimate_usd_cents,
                theta_after_usd=after.theta_usd,
                quick_ratio_after=after.quick_ratio,
            ),
            preview=scene.preview,
        )

    def _next_condor_id(self, session: date) -> str:
        taken = sum(record.entry_session == session for record in self._desk.store.condors())
        return f"C{session:%Y%m%d}-{taken + 1}"


def _refuse_if(refusals: tuple[Reason, ...]) -> None:
    if refusals:
        raise Refusal(*refusals)


def candidate_inputs(scene: _Scene, candidate: CondorCandidate) -> dict[str, float | int | str | None]:
    """Return the numbers of a condor that was found, whether it is entered or not."""
    legs, price = candidate.legs, price_combo(candidate.legs.held, candidate.quotes)
    return {
        "spx": scene.seen.spx,
        "vix": scene.seen.vix,
        "expiry": legs.expiry.isoformat(),
        **_strikes(legs),
        "put_delta": _rounded(candidate.put_delta),
        "call_delta": _rounded(candidate.call_delta),
        "mid_credit_pts": None if price is None else -price.mid_pts,
        "natural_credit_pts": None if price is None else -price.natural_pts100 / 100,
        **candidate.choice,
        "data_requests": candidate.requests,
        "data_lines": candidate.lines,
    }


def _account_inputs(scene: _Scene, after: _After, quantity: int) -> dict[str, float | int | str | None]:
    margin = after.margin_usd_cents
    return {
        "quantity": quantity,
        "net_liquidation_usd": scene.account.net_liquidation_usd_cents / 100,
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
