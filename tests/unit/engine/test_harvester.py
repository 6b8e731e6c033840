"""A harvest before the resize: what keeps it back, what becomes of its money, and that a mute broker stops no resize."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from engine_fakes import CALL, SESSION, START, make_desk

from daemon.adapters.virtual_time import run_virtual
from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.hedge.market_signals import PRESS
from daemon.core.hedge.regime import RegimeState
from daemon.core.hedge.units import HedgeUnit, LayerHolding
from daemon.core.market.contracts import ConId, ContractInfo
from daemon.core.market.quotes import Quote
from daemon.core.orders.broker_facts import ExecId
from daemon.core.orders.intent import IntentKey, Purpose, Reason, Strategy
from daemon.core.records import DecisionKind, EventRecord, HedgeComputation, LayerComputation, Level, Signal, Standing
from daemon.engine.context import Desk
from daemon.engine.gather import OptionView, UnitView
from daemon.engine.harvester import Harvester
from daemon.engine.hedge_reader import HedgeView, LayerView
from daemon.engine.hedge_trader import HedgeTrader
from daemon.engine.routed import routed_before
from daemon.errors import BrokerError

UNIT = HedgeUnit(CALL)


@dataclass(slots=True)
class Market:
    """Fills every sale at 6.00 and books it, as the executor would."""

    desk: Desk
    sold: int = 0
    mute: bool = False

    async def trade(  # the seam of HedgeTrader
        self, layer: LayerView, *, purpose: Purpose, unit: HedgeUnit, change: int, reason: Reason
    ) -> int:
        if self.mute:
            raise BrokerError("no answer")
        self.sold -= change
        book(self.desk, change, purpose, pts100=600, number=9)
        return change


def book(desk: Desk, quantity: int, purpose: Purpose, *, pts100: int, number: int) -> None:
    at = START + timedelta(seconds=number)
    entry = BookEntry(
        exec_id=ExecId(f"0000.{number}.01"),
        kind=EntryKind.TRADE,
        order_ref=IntentKey(SESSION, Strategy.HEDGE, purpose, "L1", 1).ref,
        strategy=Strategy.HEDGE,
        subject="L1",
        con_id=ConId(1),
        contract=CALL,
        quantity=quantity,
        price_pts100=pts100,
        fee_usd_e4=None,
        at=at,
        session=SESSION,
    )
    desk.store.record_execution(entry, EventRecord("execution_booked", at, SESSION, Level.INFO, {}))


def said(name: str, state: str) -> Signal:
    return Signal(
        session=SESSION,
        name=name,
        value=0.4,
        state=state,
        as_of=date(2020, 2, 14),
        source="file",
        standing=Standing.FRESH,
        text="0.40 % a year",
    )


def layer(desk: Desk, place: int, held: int, *, mid_pts100: int) -> LayerView:
    info = ContractInfo(ConId(1), CALL, ((0, 1),))
    quote = Quote(desk.clock.now(), mid_pts100 - 5, mid_pts100 + 5, 10, 10)
    measured = UnitView(UNIT, 16.0, ((1, OptionView(info, quote, 16.0, 0.9, 0.4)),))
    return LayerView(desk.policy.hedge.layers[place], LayerHolding({UNIT: held} if held else {}, {}), measured, ())


def harvest(folder: Path, *signals: Signal, mute: bool = False, armed_sessions: int = 0) -> tuple[Desk, Market, bool]:
    """Hold 8 calls in L1 that cost 1.00 and are worth 6.00, beside an L2 whose call costs 4.00."""
    folder.mkdir(exist_ok=True)
    desk, _ = make_desk(folder)
    rules = replace(desk.policy.hedge.harvest, armed_sessions=armed_sessions)
    desk.policy = replace(desk.policy, hedge=replace(desk.policy.hedge, harvest=rules))
    market, results = Market(desk, mute=mute), []

    async def refresh() -> None:
        pass

    async def run() -> None:
        book(desk, 8, Purpose.ROLL_BUY, pts100=100, number=1)
        desk.store.record_signals(SESSION, signals, {})
        rows = tuple(LayerComputation(name, CALL, 16.0, 0.4, 640.0, 8, 8) for name in ("L1", "L2"))
        computation = HedgeComputation(SESSION, START, 40.0, "high", 35.0, 50_000, 17_500.0, 0.0, 16, rows)
        views = {"L1": layer(desk, 0, 8, mid_pts100=600), "L2": layer(desk, 1, 0, mid_pts100=400)}
        view = HedgeView(computation, views, RegimeState("high", None), regime_changed=False)
        trader: HedgeTrader = market  # type: ignore[assignment]  # the one method that is called
        results.append(await Harvester(desk, trader, refresh).harvest(SESSION, view))

    run_virtual(run, START)
    return desk, market, results[0]


def kinds(desk: Desk) -> list[tuple[DecisionKind, list[str]]]:
    return [(found.kind, [reason.name for reason in found.reasons]) for found in desk.store.decisions(SESSION)]


def test_a_quarter_is_sold_and_the_proceeds_are_routed(tmp_path: Path) -> None:
    desk, market, harvested = harvest(tmp_path)

    # Two calls at 6.00 bring $1,200: three of L2 at 4.00.
    assert (harvested, market.sold) == (True, 2)
    routed = routed_before(desk)
    assert routed is not None
    assert (routed.session, routed.contracts, routed.unit) == (SESSION, 3, str(UNIT))
    assert kinds(desk) == [(DecisionKind.HARVEST, ["harvest", "proceeds_routed"])]


def test_rates_that_are_known_and_not_favourable_keep_the_proceeds(tmp_path: Path) -> None:
    desk, market, _ = harvest(tmp_path, said("rate_difference", "neutral"))

    assert (market.sold, routed_before(desk)) == (2, None)
    assert kinds(desk) == [(DecisionKind.HARVEST, ["harvest", "proceeds_kept"])]


def test_nothing_is_sold_inside_the_window_of_an_event(tmp_path: Path) -> None:
    desk, market, harvested = harvest(tmp_path, said("events", "event_window"))

    assert (harvested, market.sold) == (False, 0)
    assert kinds(desk) == [(DecisionKind.SKIP, ["harvest", "no_cut_in_event_window"])]


def test_harvests_that_a_press_arms_wait_for_one(tmp_path: Path) -> None:
    without, _, _ = harvest(tmp_path / "without", armed_sessions=20)
    _, market, _ = harvest(tmp_path / "with", said("theta_press", PRESS), armed_sessions=20)

    assert kinds(without) == [(DecisionKind.SKIP, ["harvest", "harvest_not_armed"])]
    assert market.sold == 2


def test_a_broker_that_does_not_answer_is_a_named_skip(tmp_path: Path) -> None:
    desk, _, _ = harvest(tmp_path, mute=True)

    assert kinds(desk) == [(DecisionKind.SKIP, ["harvest", "broker_failed"])]
