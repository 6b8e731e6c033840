"""A made-up desk that trades a made-up crash, to have something to report: not a model of anything.

Every figure a report shows of it can also be counted here, by plainer means than the report's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from math import sqrt
from random import Random

from report_fakes import FakeStore

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.calendar.expiries import dte, expiries
from daemon.core.calendar.sessions import new_york, sessions_between
from daemon.core.condor.legs import CondorLegs, Vertical
from daemon.core.market.contracts import ConId, OptionContract, Right, TradingClass
from daemon.core.market.pricing import black76
from daemon.core.orders.broker_facts import ExecId
from daemon.core.orders.intent import (
    Intent,
    IntentKey,
    IntentState,
    Leg,
    OrderRef,
    OrderSpec,
    PermId,
    Purpose,
    Reason,
    Strategy,
    TimeInForce,
)
from daemon.core.records import (
    CondorRecord,
    DayRecord,
    Decision,
    DecisionKind,
    EventRecord,
    HedgeComputation,
    JobOutcome,
    LayerComputation,
    Level,
    Outcome,
    PositionLine,
)

FIRST = date(2020, 2, 18)
LAST = date(2020, 3, 31)
START_USD_CENTS = 100_000_000
FEE_USD_E4 = 13_450
LAYERS = {"L1": (12, 8, 4), "L2": (37, 21, 4), "L3": (90, 50, 2)}
"""DTE wanted, sessions' days between rolls, weight."""


@dataclass
class World:
    """The desk, its market, and plain counts of what it did."""

    seed: int = 5
    exits: bool = True
    rolls: bool = True
    store: FakeStore = field(default_factory=FakeStore)
    spx: float = 3375.0
    vix: float = 14.4
    positions: dict[tuple[str, OptionContract], int] = field(default_factory=lambda: defaultdict(int))
    cash_usd_cents: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    credit_pts: dict[str, float] = field(default_factory=dict)
    rolled: dict[str, date] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    regime: str = "low"

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.store.set_meta("mode", "SIMULATED")

    def run(self, first: date = FIRST, last: date = LAST) -> FakeStore:
        """Trade every session of a range."""
        for number, session in enumerate(sessions_between(first, last)):
            self._move(number)
            self._settle(session)
            self._roll(session)
            self._exits(session)
            self._enter(session)
            self._resize(session)
            self._close(session)
        return self.store

    # -- market --------------------------------------------------------------------------------

    def _move(self, number: int) -> None:
        panic = max(0.0, 1 - abs(number - 19) / 15)
        self.vix = 14 + 62 * panic**1.6 + self.random.uniform(-1, 1) * (1 + 4 * panic)
        drift = -0.021 if 5 <= number <= 23 else 0.004
        self.spx *= 1 + drift + self.random.gauss(0, 1) * self.vix / 100 / sqrt(252)

    def price(self, contract: OptionContract, session: date) -> tuple[float, float]:
        """Return value and delta of an option, in points."""
        years = max(dte(session, contract.expiry), 0.5) / 365
        if contract.trading_class.underlying.value == "VIX":
            forward, vol = 18 + (self.vix - 18) * (0.9 if years < 0.1 else 0.55), 1.1
        else:
            forward, vol = self.spx, self.vix / 100 * (1 + 2 * max(0.0, (self.spx - contract.strike) / self.spx))
        found = black76(forward, contract.strike, years, vol, 1.0, contract.right is Right.CALL)
        return max(0.10, round(float(found.price) * 20) / 20), float(found.delta)

    # -- orders --------------------------------------------------------------------------------

    def _order(
        self,
        key: IntentKey,
        legs: Sequence[Leg],
        quantity: int,
        *,
        at: datetime,
        reasons: tuple[Reason, ...],
        condor: CondorRecord | None = None,
        fills: bool = True,
        tif: TimeInForce = TimeInForce.DAY,
    ) -> float:
        """Send an order and fill it 0.05 beyond the mid, or let it end unfilled; return the net mid in points."""
        mid = sum(leg.ratio * self.price(leg.contract, key.session)[0] for leg in legs)
        spec = OrderSpec(tuple(legs), quantity, round(mid * 100) + 5, tif)
        self.store.plan_intent(Intent(key, spec, at, reasons=reasons, mid_at_decision_pts=mid), condor)
        self.counts["orders"] += 1
        perm_id = PermId(900_000 + self.counts["orders"])
        self.store.advance_intent(key.ref, IntentState.WORKING, at, "acknowledged", perm_id)
        if not fills:
            self.store.advance_intent(key.ref, IntentState.CANCELLED, at, "the end of its ladder")
            return mid
        for place, leg in enumerate(legs):
            price = round(self.price(leg.contract, key.session)[0] * 100) + (5 if place == 0 else 0) * leg.ratio
            self._book(key, leg.contract, leg.ratio * quantity, price_pts100=price, at=at + timedelta(minutes=2))
        return mid

    def _book(
        self, key: IntentKey, contract: OptionContract, quantity: int, *, price_pts100: int, at: datetime
    ) -> None:
        self.counts["executions"] += 1
        exec_id = ExecId(f"0000e0d5.{self.counts['executions']:08x}.01.01")
        self._entry(exec_id, key, contract, quantity=quantity, price_pts100=price_pts100, ref=key.ref, at=at)

    def _entry(
        self,
        exec_id: ExecId,
        key: IntentKey,
        contract: OptionContract,
        *,
        quantity: int,
        price_pts100: int,
        ref: OrderRef | None,
        at: datetime,
    ) -> None:
        kind, fee_usd_e4 = (EntryKind.SETTLEMENT, 0) if ref is None else (EntryKind.TRADE, FEE_USD_E4)
        entry = BookEntry(
            exec_id,
            kind,
            ref,
            key.strategy,
            key.subject,
            ConId(hash_of(contract)),
            contract,
            quantity,
            price_pts100,
            fee_usd_e4,
            at,
            key.session,
        )
        assert self.store.record_execution(entry)
        self.positions[key.subject, contract] += quantity
        self.cash_usd_cents[key.subject] -= quantity * price_pts100 * 100 + fee_usd_e4 / 100

    def _settle(self, session: date) -> None:
        for (subject, contract), quantity in list(self.positions.items()):
            if quantity and contract.expiry <= session:
                level = self.vix if contract.trading_class.underlying.value == "VIX" else self.spx
                inner = level - contract.strike if contract.right is Right.CALL else contract.strike - level
                strategy = Strategy.HEDGE if subject.startswith("L") else Strategy.CONDOR
                key = IntentKey(session, strategy, Purpose.EXIT, subject, 1)
                exec_id = ExecId(f"settlement:{subject}:{hash_of(contract)}")
                at = new_york(session, time(9, 31))
                price = round(max(0.0, inner) * 100)
                self._entry(exec_id, key, contract, quantity=-quantity, price_pts100=price, ref=None, at=at)
                self.counts["settlements"] += 1

    # -- condors -------------------------------------------------------------------------------

    def open_condors(self) -> dict[str, dict[OptionContract, int]]:
        """Return what each condor holds."""
        held: dict[str, dict[OptionContract, int]] = {}
        for (subject, contract), quantity in self.positions.items():
            if quantity and subject.startswith("C"):
                held.setdefault(subject, {})[contract] = quantity
        return held

    def wing_notional_usd(self) -> int:
        """Return the open wing notional."""
        return sum(2500 * max(map(abs, legs.values())) for legs in self.open_condors().values())

    def _enter(self, session: date) -> None:
        at = new_york(session, time(15, 30))
        inputs: dict[str, float | int | str | None] = {"spx": round(self.spx, 2), "vix": round(self.vix, 2), "dte": 30}
        if self.vix > 60:
            text = "Crossing the quotes would cost too large a share of the mid credit, in percent."
            reason = Reason("combo_spread_too_wide", text, round(self.vix * 0.62, 2), 25.0)
            self._decide((session, "condor_entry"), DecisionKind.SKIP, "condor", reason, at=at, inputs=inputs)
            self.counts["condor_skips"] += 1
            return
        subject = f"C{session:%Y%m%d}-1"
        record = self._record(session, subject)
        legs = list(record.legs.held)
        reasons = (
            Reason("short_put_delta", "the put nearest the target delta", -0.151, 0.15),
            Reason("short_call_delta", "the call nearest the target delta", 0.148, 0.15),
            Reason("credit", "the mid credit is above the smallest accepted", 4.4, 3.75),
            Reason("combo_spread", "the quotes are narrow enough", 11.2, 25.0),
        )
        fills = session.day != 25
        self.credit_pts[subject] = -self._order(
            record.intent, legs, 2, at=at, reasons=reasons, condor=record, fills=fills
        )
        if fills:
            filled = Reason("filled", "2 of 2 filled", 2, 2)
            self._decide((session, "condor_entry"), DecisionKind.ENTER, subject, filled, *reasons, at=at, inputs=inputs)
            self.counts["condor_entries"] += 1
        else:
            missed = Reason("entry_not_filled", "the order ended CANCELLED with nothing filled", "CANCELLED", -4.35)
            self._decide((session, "condor_entry"), DecisionKind.SKIP, "condor", missed, *reasons, at=at, inputs=inputs)
            self.counts["condor_skips"] += 1

    def _record(self, session: date, subject: str) -> CondorRecord:
        listed = expiries(TradingClass.SPXW, session, session + timedelta(days=37))
        expiry = min(listed, key=lambda day: abs(dte(session, day) - (12 if session.day == 19 else 30)))
        away = self.spx * self.vix / 100 * sqrt(30 / 365)
        put, call = (round(level / 5) * 500 for level in (self.spx - 1.1 * away, self.spx + 0.9 * away))
        put_long, put_short, call_short, call_long = (
            OptionContract(TradingClass.SPXW, expiry, strike, right)
            for strike, right in (
                (put - 2500, Right.PUT),
                (put, Right.PUT),
                (call, Right.CALL),
                (call + 2500, Right.CALL),
            )
        )
        key = IntentKey(session, Strategy.CONDOR, Purpose.ENTRY, subject, 1)
        policy = {"wing_pts": 25, "take_profit_pct": 50.0}
        legs = CondorLegs(Vertical(put_short, put_long), Vertical(call_short, call_long))
        return CondorRecord(subject, session, legs, policy, key)

    def _exits(self, session: date) -> None:
        at = new_york(session, time(10, 5))
        for subject, held in self.open_condors().items():
            if not self.exits or subject.startswith("C20200219"):
                continue
            legs = [Leg(contract, -1 if quantity > 0 else 1) for contract, quantity in held.items()]
            cost = sum(leg.ratio * self.price(leg.contract, session)[0] for leg in legs)
            left = dte(session, next(iter(held)).expiry)
            if cost <= self.credit_pts[subject] / 2:
                reason = Reason("take_profit", "half of the credit is earned", round(cost, 2), None)
            elif left <= 5:
                reason = Reason("time_exit", "the expiry is near", left, 5)
            else:
                continue
            key = IntentKey(session, Strategy.CONDOR, Purpose.EXIT, subject, 1)
            self._decide((session, "exits"), DecisionKind.EXIT, subject, reason, at=at)
            self._order(key, legs, abs(next(iter(held.values()))), at=at, reasons=(reason,))
            self.counts["condor_exits"] += 1

    # -- hedge ---------------------------------------------------------------------------------

    def layer(self, name: str) -> dict[OptionContract, int]:
        """Return what a layer holds."""
        return {
            contract: quantity
            for (subject, contract), quantity in self.positions.items()
            if subject == name and quantity
        }

    def _call(self, name: str, session: date) -> OptionContract:
        wanted = LAYERS[name][0]
        listed = [
            (kind, expiry)
            for kind in (TradingClass.VIX, TradingClass.VIXW)
            for expiry in expiries(kind, session, session + timedelta(days=130))
        ]
        kind, expiry = min(listed, key=lambda item: (abs(dte(session, item[1]) - wanted), item[1]))
        forward = 18 + (self.vix - 18) * (0.9 if wanted < 36 else 0.55)
        return OptionContract(kind, expiry, (int(forward * 1.1) + 1) * 100, Right.CALL)

    def _compute(self, session: date, at: datetime) -> dict[str, int]:
        self.regime = "low" if self.vix < 15 else "moderate" if self.vix <= 25 else "high"
        pct = {"low": 7.0, "moderate": 15.0, "high": 30.0}[self.regime]
        wing = self.wing_notional_usd()
        calls = {name: next(iter(self.layer(name)), self._call(name, session)) for name in LAYERS}
        each = {name: self.vix * 100 * max(0.1, self.price(calls[name], session)[1]) for name in LAYERS}
        mean = sum(LAYERS[name][2] * each[name] for name in LAYERS) / 10
        total = int(pct * wing / 100 / mean + 0.5)
        targets = {name: round(total * LAYERS[name][2] / 10) for name in LAYERS}
        lines = tuple(
            LayerComputation(
                name,
                calls[name],
                self.vix,
                each[name] / self.vix / 100,
                each[name],
                sum(self.layer(name).values()),
                targets[name],
            )
            for name in LAYERS
        )
        held = sum(sum(self.layer(name).values()) * each[name] for name in LAYERS)
        self.store.record_hedge_computation(
            HedgeComputation(
                session, at, round(self.vix, 2), self.regime, pct, wing, pct * wing / 100, held, total, lines
            )
        )
        return targets

    def _roll(self, session: date) -> None:
        due = [name for name in LAYERS if self.layer(name) and (session - self.rolled[name]).days >= LAYERS[name][1]]
        if not due or not self.rolls:
            return
        at = new_york(session, time(10, 30))
        self._compute(session, at)
        for name in due:
            old, quantity = next(iter(self.layer(name).items()))
            new = self._call(name, session)
            reason = Reason("roll_due", f"{name} rolls on {session}", session.isoformat(), LAYERS[name][1])
            buy = IntentKey(session, Strategy.HEDGE, Purpose.ROLL_BUY, name, 1)
            self._order(buy, [Leg(new, 1)], quantity, at=at, reasons=(reason,))
            self.counts["hedge_buys"] += 1
            if old != new:
                sell = IntentKey(session, Strategy.HEDGE, Purpose.ROLL_SELL, name, 1)
                self._order(sell, [Leg(old, -1)], quantity, at=at + timedelta(minutes=5), reasons=(reason,))
                self.counts["hedge_rolls"] += 1
            self.rolled[name] = session
            self._decide(
                (session, "hedge_roll"), DecisionKind.ROLL, name, reason, at=at, inputs={"result": "as planned"}
            )

    def _resize(self, session: date) -> None:
        at = new_york(session, time(15, 50))
        before = self.regime
        targets = self._compute(session, at)
        held = {name: sum(self.layer(name).values()) for name in LAYERS}
        moved = abs(sum(targets.values()) - sum(held.values()))
        if moved < max(1, 0.2 * sum(held.values())) and before == self.regime:
            text = "The target has not moved far enough from what is held to trade, in contracts."
            reason = Reason("resize_below_threshold", text, moved, 1.0)
            self._decide((session, "hedge_resize"), DecisionKind.SKIP, "hedge", reason, at=at)
            return
        reason = Reason(
            "resize_target_moved",
            "The target has moved far enough from what is held to trade, in contracts.",
            moved,
            1.0,
        )
        self._decide((session, "hedge_resize"), DecisionKind.RESIZE, "hedge", reason, at=at)
        for name, target in targets.items():
            change = target - held[name]
            if change:
                key = IntentKey(session, Strategy.HEDGE, Purpose.RESIZE, name, 1)
                contract = next(iter(self.layer(name)), self._call(name, session))
                self._order(key, [Leg(contract, 1 if change > 0 else -1)], abs(change), at=at, reasons=(reason,))
                self.counts["hedge_buys"] += change > 0
                self.rolled.setdefault(name, session)

    # -- the end of the day --------------------------------------------------------------------

    def pnl_usd_cents(self, session: date, *, hedge: bool) -> float:
        """Return cash, fees and marks of one strategy since the start."""
        cash = sum(cash for subject, cash in self.cash_usd_cents.items() if subject.startswith("L") == hedge)
        marks = sum(
            quantity * self.price(contract, session)[0] * 10_000
            for (subject, contract), quantity in self.positions.items()
            if subject.startswith("L") == hedge
        )
        return cash + marks

    def _close(self, session: date) -> None:
        condors, hedge = (round(self.pnl_usd_cents(session, hedge=which)) for which in (False, True))
        last = self.store.computations[-1]
        lines = tuple(
            PositionLine(
                "hedge" if subject.startswith("L") else "condor",
                subject,
                contract,
                quantity,
                self.price(contract, session)[0],
            )
            for (subject, contract), quantity in sorted(self.positions.items())
            if quantity
        )
        self.store.record_day(
            DayRecord(
                session,
                round(self.spx, 2),
                round(self.vix, 2),
                START_USD_CENTS + condors + hedge,
                condors,
                hedge,
                self.wing_notional_usd(),
                last.pct,
                last.target_usd,
                last.held_usd,
                last.regime,
                breaks_open=0,
                positions=lines,
            )
        )
        at = new_york(session, time(16, 40))
        for job in ("preflight", "condor_entry", "hedge_resize", "settlement"):
            self.store.record_job(session, job, JobOutcome(Outcome.DONE, "as planned", at))
        self.store.append_event(EventRecord("session_closed", at, session, Level.INFO, {"spx": round(self.spx, 2)}))

    def _decide(
        self,
        key: tuple[date, str],
        kind: DecisionKind,
        subject: str,
        *reasons: Reason,
        at: datetime,
        inputs: Mapping[str, float | int | str | None] | None = None,
    ) -> None:
        self.store.record_decision(Decision(*key, kind, subject, at, reasons, inputs or {}))


def hash_of(contract: OptionContract) -> int:
    """Return a number of a contract that is the same in every run."""
    right = 1 if contract.right is Right.CALL else 2
    return contract.expiry.toordinal() * 10_000_000 + contract.strike_pts100 * 10 + right
