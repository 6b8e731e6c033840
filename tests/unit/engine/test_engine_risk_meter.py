"""What is at risk, measured over a real store: from marks, indexes and the last forwards to a record and an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from engine_fakes import FakeBroker, make_desk
from ledger_values import (
    CALL_LONG,
    CALL_SHORT,
    PUT_LONG,
    PUT_SHORT,
    SESSION,
    VIX_CALL,
    call_intent,
    con_id,
    condor_intent,
    condor_record,
    condor_trades,
    event,
    trade,
)
from risk_values import SPX_PTS, VIX_FORWARD_PTS, quantlib_price

from daemon.adapters.clock import SystemClock
from daemon.adapters.virtual_time import run_virtual
from daemon.core.market.contracts import ConId, OptionContract, Underlying
from daemon.core.market.quotes import IndexQuote, Mark
from daemon.core.orders.broker_facts import AccountValues
from daemon.core.orders.intent import Strategy
from daemon.core.records import HedgeComputation, LayerComputation, Level, RiskRecord
from daemon.core.risk.greeks import Position
from daemon.engine.risk_meter import RiskMeter

NOON = datetime(2020, 2, 18, 18, 30, tzinfo=UTC)
VOLS = {PUT_LONG: 0.185, PUT_SHORT: 0.175, CALL_SHORT: 0.098, CALL_LONG: 0.095}
ACCOUNT = AccountValues(100_000_000, 100_000_000, 0, 0, 100_000_000, NOON)


class Market(FakeBroker):
    """A broker with marks and an index of chosen age."""

    marks_pts: Mapping[OptionContract, float] = {}
    age_s = 0.0

    def marks(self) -> Mapping[ConId, Mark]:
        return {con_id(contract): Mark(value, self.clock.now()) for contract, value in self.marks_pts.items()}

    async def index_quote(self, underlying: Underlying) -> IndexQuote:
        at = self.clock.now() - timedelta(seconds=self.age_s)
        return IndexQuote(at, SPX_PTS if underlying is Underlying.SPX else 14.8)


class World:
    """A condor and two calls, all marked, and the hedge computation they were bought on."""

    def __init__(self, folder: Path) -> None:
        self.desk, _ = make_desk(folder)
        clock = self.desk.clock
        assert isinstance(clock, SystemClock)
        self.broker = Market(clock)
        self.desk.broker = self.broker
        self.broker.marks_pts = {contract: quantlib_price(contract, SPX_PTS, vol) for contract, vol in VOLS.items()}
        self.broker.marks_pts |= {VIX_CALL: quantlib_price(VIX_CALL, VIX_FORWARD_PTS, 0.98)}
        self.meter = RiskMeter(self.desk)

    def buy(self) -> None:
        store = self.desk.store
        intent = condor_intent()
        store.plan_intent(intent, condor_record(intent))
        for entry in condor_trades():
            store.record_execution(entry, event())
        store.plan_intent(call_intent())
        store.record_execution(trade("0000e0d5.9.01", VIX_CALL, 2, 95, subject="L1", ref=call_intent().ref), event())

    def compute(self, vix: float = 14.8) -> None:
        layer = LayerComputation("L1", VIX_CALL, VIX_FORWARD_PTS, 0.3, 477.0, 2, 2)
        self.desk.store.record_hedge_computation(
            HedgeComputation(SESSION, NOON, vix, "low", 7.9, 5_000, 395.0, 400.0, 2, (layer,))
        )

    def only(self) -> RiskRecord:
        (record,) = self.desk.store.risks()
        return record

    def told(self) -> list[tuple[Level, Mapping[str, object]]]:
        return [(e.level, e.fields) for e in self.desk.store.events() if e.name == "exposure_measured"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.buy()
    return made


def test_the_close_records_greeks_losses_stress_and_break_evens(world: World) -> None:
    world.compute()

    run_virtual(lambda: world.meter.close(SESSION, ACCOUNT), NOON)

    found = world.only()
    assert found.session == SESSION
    assert (found.spx, found.vix, found.unknown, found.estimated) == (SPX_PTS, 14.8, (), 0)
    assert found.condors is not None
    assert found.hedge is not None
    assert found.condors.theta_usd > 0 > found.hedge.theta_usd
    assert found.theta_usd == pytest.approx(found.condors.theta_usd + found.hedge.theta_usd)
    # Two condors, 25 points wide, sold for 3.55.
    assert found.wing_notional_usd == 5_000
    ((expiry, loss_usd),) = found.max_loss_usd
    assert expiry == PUT_SHORT.expiry
    assert loss_usd == pytest.approx(5_000 - 710)
    assert found.worst is not None
    assert found.worst.pnl_usd <= min(cell.pnl_usd for cell in found.crash)
    assert [cell.days for cell in found.crash] == [0, 1, 5, 21]
    (line,) = found.break_evens
    assert line.low_pts == pytest.approx(3200 - 3.55)
    assert line.high_pts == pytest.approx(3475 + 3.55)
    assert line.high_pts is not None
    assert line.hedged_high_pts is not None
    assert line.hedged_high_pts < line.high_pts


def test_the_close_tells_it_in_whole_dollars(world: World) -> None:
    world.compute()

    run_virtual(lambda: world.meter.close(SESSION, ACCOUNT), NOON)

    ((level, fields),) = world.told()
    assert level is Level.INFO
    assert fields["theta_usd"] == round(world.only().theta_usd or 0.0)
    assert "unknown" not in fields


def test_within_the_session_it_measures_at_its_beat_and_says_so_quietly(world: World) -> None:
    world.compute()
    beat = world.desk.policy.limits.measure_every_min

    async def checks() -> None:
        for _ in range(2 * beat // 5 + 1):
            await world.meter.look(SESSION, ACCOUNT)
            await world.desk.clock.sleep(300)

    run_virtual(checks, NOON)

    assert [level for level, _ in world.told()] == [Level.DEBUG] * 3
    assert world.only().break_evens == ()


def test_a_beat_of_zero_measures_at_the_close_only(world: World) -> None:
    world.compute()
    policy = world.desk.policy
    world.desk.policy = replace(policy, limits=replace(policy.limits, measure_every_min=0))

    run_virtual(lambda: world.meter.look(SESSION, ACCOUNT), NOON)
    assert world.told() == []

    run_virtual(lambda: world.meter.close(SESSION, ACCOUNT), NOON)
    assert [level for level, _ in world.told()] == [Level.INFO]


def test_without_a_hedge_computation_the_hedge_is_unknown_and_the_condors_are_known(world: World) -> None:
    run_virtual(lambda: world.meter.close(SESSION, ACCOUNT), NOON)

    found = world.only()
    assert found.condors is not None
    assert found.hedge is None
    assert found.theta_usd is None
    assert found.worst is None
    assert found.break_evens[0].hedged_low_pts is None
    assert any("forward" in text for text in found.unknown)
    assert "theta_usd" not in world.told()[0][1]


def test_the_last_forward_moves_as_vix_has_moved_since(world: World) -> None:
    # 29 days before its expiry the forward takes about half of the move of VIX, in logarithms.
    world.compute(vix=14.8 / 1.2)
    run_virtual(lambda: world.meter.close(SESSION, ACCOUNT), NOON)
    moved = world.only().hedge
    world.compute(vix=14.8)
    run_virtual(lambda: world.meter.close(SESSION, ACCOUNT), NOON)
    same = world.only().hedge

    assert moved is not None
    assert same is not None
    assert moved.delta_usd > 1.1 * same.delta_usd


def test_a_call_that_outlived_the_roll_of_its_layer_has_the_forward_of_an_earlier_session(world: World) -> None:
    world.compute()

    run_virtual(lambda: world.meter.close(date(2020, 2, 25), ACCOUNT), NOON + timedelta(days=7))

    assert world.only().hedge is not None
    run_virtual(lambda: world.meter.close(date(2020, 2, 26), ACCOUNT), NOON + timedelta(days=8))
    assert world.desk.store.risks()[-1].hedge is None


def test_a_forward_that_would_make_a_call_worth_less_than_it_must_be_gives_way_to_the_mark(world: World) -> None:
    world.compute(vix=14.8 / 3)  # VIX has trebled, its future has not
    world.broker.marks_pts = {**world.broker.marks_pts, VIX_CALL: 2.0}

    run_virtual(lambda: world.meter.close(SESSION, ACCOUNT), NOON)

    found = world.only()
    assert found.unknown == ()
    assert found.estimated == 1
    assert found.hedge is not None
    assert found.hedge.delta_usd == pytest.approx(200.0)


def test_an_index_that_is_too_old_is_unknown_in_the_session_and_the_closing_value_afterwards(world: World) -> None:
    world.compute()
    world.broker.age_s = 1_500

    run_virtual(lambda: world.meter.look(SESSION, ACCOUNT), NOON)
    in_session = world.only()
    run_virtual(lambda: world.meter.close(SESSION, ACCOUNT), NOON)

    assert in_session.spx is None
    assert in_session.condors is None
    assert in_session.unknown[0] == "SPX or VIX is missing, not live, or too old"
    assert world.only().spx == SPX_PTS


def test_a_missing_mark_is_named(world: World) -> None:
    world.compute()
    marks = dict(world.broker.marks_pts)
    del marks[PUT_SHORT]
    world.broker.marks_pts = marks

    run_virtual(lambda: world.meter.close(SESSION, ACCOUNT), NOON)

    assert world.only().condors is None
    assert world.only().unknown == (f"the portfolio gave no mark for {PUT_SHORT}",)


def test_nothing_held_is_no_risk(tmp_path: Path) -> None:
    empty = World(tmp_path)

    run_virtual(lambda: empty.meter.close(SESSION, ACCOUNT), NOON)

    found = empty.only()
    assert found.theta_usd == 0.0
    assert found.worst is not None
    assert found.worst.pnl_usd == 0.0
    assert found.max_loss_usd == ()


def test_theta_with_a_candidate_is_that_of_the_book_and_of_its_legs(world: World) -> None:
    world.compute()
    legs = [(PUT_LONG, 1), (PUT_SHORT, -1), (CALL_SHORT, -1), (CALL_LONG, 1)]
    added = [
        Position(Strategy.CONDOR, "C20200218-2", contract, sign, world.broker.marks_pts[contract])
        for contract, sign in legs
    ]

    async def thetas() -> tuple[float | None, float | None]:
        return await world.meter.theta_with(SESSION, ()), await world.meter.theta_with(SESSION, added)

    without, with_one = run_virtual(thetas, NOON)
    run_virtual(lambda: world.meter.close(SESSION, ACCOUNT), NOON)

    condors = world.only().condors
    assert condors is not None
    assert without == pytest.approx(world.only().theta_usd)
    # The book holds two such condors, so one more adds half of their theta.
    assert with_one == pytest.approx((without or 0.0) + condors.theta_usd / 2)


def test_theta_with_a_candidate_is_unknown_where_the_book_is(world: World) -> None:
    assert run_virtual(lambda: world.meter.theta_with(SESSION, ()), NOON) is None
