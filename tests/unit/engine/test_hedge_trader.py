"""What stands in the way of an order of the hedge, before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from engine_fakes import CALL, SESSION, START, FakeBroker, make_desk

from daemon.adapters.virtual_time import run_virtual
from daemon.core.calendar.sessions import new_york
from daemon.core.hedge.units import HedgeUnit, LayerHolding
from daemon.core.market.contracts import ContractInfo, OptionContract, Right, TradingClass, Underlying
from daemon.core.market.quotes import IndexQuote, Quote
from daemon.core.orders.broker_facts import Margin
from daemon.core.orders.intent import ComboPrice, Intent, OrderSpec, Purpose, Reason
from daemon.core.orders.ladder import rung_pts100
from daemon.core.records import CondorRecord, HedgeComputation
from daemon.engine.context import Desk
from daemon.engine.executor import Executor, Ladder
from daemon.engine.facts import FactRecorder
from daemon.engine.gather import OptionView, UnitView
from daemon.engine.hedge_reader import LayerView
from daemon.engine.hedge_trader import HedgeTrader, Wish
from daemon.engine.risk_monitor import RiskMonitor
from daemon.engine.run_states import RunStates

SHORT = OptionContract(TradingClass.VIXW, date(2020, 3, 4), 1200, Right.CALL)


def refused(
    folder: Path,
    holding: LayerHolding,
    quote: tuple[int, int],
    *,
    interest: dict[OptionContract, int] | None = None,
    purpose: Purpose = Purpose.RESIZE,
    margin_usd_cents: int = 0,
    at: datetime = START,
    index_at: datetime | None = None,
    **changes: str,
) -> tuple[list[str], FakeBroker]:
    """Try to buy one call and return the names of what refused it; ``margin_usd_cents`` is the preview's."""
    names: list[str] = []
    desk, broker = make_desk(folder, **changes)
    broker.interest = {} if interest is None else interest
    desk.link.clock_skew_s = 0.0

    ask = broker.what_if

    async def what_if(spec: OrderSpec) -> Margin:
        return replace(await ask(spec), initial_after_usd_cents=margin_usd_cents)

    broker.what_if = what_if  # type: ignore[method-assign]
    index_quote = broker.index_quote

    async def index(underlying: Underlying) -> IndexQuote:
        quote = await index_quote(underlying)
        return quote if index_at is None else replace(quote, at=index_at)

    broker.index_quote = index  # type: ignore[method-assign]

    async def trade() -> None:
        computation = HedgeComputation(SESSION, START, 14.4, "low", 7.7, 5_000, 385.0, 0.0, 1, ())
        desk.store.record_hedge_computation(computation)
        risk = RiskMonitor(desk, RunStates(desk))
        trader = HedgeTrader(desk, Executor(desk, FactRecorder(desk), risk), risk)
        wish = Wish(purpose=purpose, buy=HedgeUnit(CALL), sell=None, quantity=1, reason=Reason("test", "a test"))
        assert await trader.work(layer(desk, holding, quote), wish) == 0
        names.extend(reason.name for decision in desk.store.decisions(SESSION) for reason in decision.reasons)

    run_virtual(trade, at)
    return names, broker


def layer(desk: Desk, holding: LayerHolding, quote: tuple[int, int]) -> LayerView:
    info = ContractInfo(1, CALL, ((0, 1),))  # type: ignore[arg-type] # any number
    call = OptionView(info, Quote(desk.clock.now(), *quote, 10, 10), 16.0, 0.9, 0.4)
    measured = UnitView(HedgeUnit(CALL), 16.0, ((1, call),))
    return LayerView(desk.policy.hedge.layers[0], holding, measured, ())


def test_a_layer_that_is_short_what_nothing_covers_trades_nothing(tmp_path: Path) -> None:
    names, broker = refused(tmp_path, LayerHolding({}, {SHORT: -2}), (100, 105))

    assert names == ["layer_uncovered"]
    assert broker.placed == []


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ({}, ["hedge_open_interest_unknown"]),
        ({CALL: 99}, ["hedge_open_interest_too_low"]),
        ({CALL: 100}, []),
    ],
)
def test_what_too_few_hold_or_nobody_tells_of_is_not_bought(
    tmp_path: Path, told: dict[OptionContract, int], names: list[str]
) -> None:
    found, broker = refused(tmp_path, LayerHolding({}, {}), (100, 105), interest=told, HEDGE_MIN_OPEN_INTEREST="100")

    assert [name for name in found if name.startswith("hedge_")] == names
    assert bool(broker.placed) is not bool(names)


def test_open_interest_is_not_asked_for_unless_it_is_wanted(tmp_path: Path) -> None:
    class Silent(dict[OptionContract, int]):
        def __contains__(self, key: object) -> bool:
            raise AssertionError("nobody wanted to know")

    _, broker = refused(tmp_path, LayerHolding({}, {}), (100, 105), interest=Silent())

    assert broker.placed


def test_a_quote_that_is_too_wide_is_not_bought(tmp_path: Path) -> None:
    # 0.80 at 1.40: 0.60 over 1.10 is 55 %, and 40 % are allowed.
    names, broker = refused(tmp_path, LayerHolding({}, {}), (80, 140))

    assert names == ["hedge_spread_too_wide"]
    assert broker.placed == []


def test_from_ten_past_four_on_no_order_is_sent_that_would_be_cancelled_at_once(tmp_path: Path) -> None:
    names, broker = refused(tmp_path, LayerHolding({}, {}), (100, 105), at=new_york(SESSION, time(16, 10)))

    assert names == ["hedge_too_late"]
    assert broker.placed == []


def test_an_order_that_comes_after_a_long_one_is_held_against_the_indexes_of_now(tmp_path: Path) -> None:
    # Another layer was worked for three minutes since the hedge was computed, and SPX has stood still: 120 s are allowed.
    names, broker = refused(tmp_path, LayerHolding({}, {}), (100, 105), index_at=START - timedelta(seconds=180))

    assert names == ["stale_index"]
    assert broker.placed == []


def test_an_order_follows_no_market_beyond_what_it_may_cost(tmp_path: Path) -> None:
    # Bought at 1.00 to 1.04 for at most 1.05: where the market has moved to 1.10 to 1.20 there is no price for it.
    desk, _ = make_desk(tmp_path)
    desk.link.clock_skew_s = 0.0
    sent: list[tuple[Intent, Ladder]] = []

    async def work(intent: Intent, ladder: Ladder, condor: CondorRecord | None = None) -> Intent:
        assert condor is None
        sent.append((intent, ladder))
        return intent

    async def trade() -> None:
        computation = HedgeComputation(SESSION, START, 14.4, "low", 7.7, 5_000, 385.0, 0.0, 1, ())
        desk.store.record_hedge_computation(computation)
        risk = RiskMonitor(desk, RunStates(desk))
        executor = Executor(desk, FactRecorder(desk), risk)
        executor.work = work  # type: ignore[method-assign]
        trader, seen = HedgeTrader(desk, executor, risk), layer(desk, LayerHolding({}, {}), (100, 104))
        for most_pts100 in (105, 95):
            wish = Wish(
                purpose=Purpose.DRIFT,
                buy=HedgeUnit(CALL),
                sell=None,
                quantity=1,
                reason=Reason("test", "a test"),
                most_pts100=most_pts100,
            )
            await trader.work(seen, wish)

    run_virtual(trade, START)
    ((intent, ladder),) = sent
    assert intent.spec.net_limit_pts100 <= 105
    assert rung_pts100(1, ComboPrice(natural_pts100=120, mid_pts=1.15), ladder.rules) is None
    refusals = [reason for decision in desk.store.decisions(SESSION) for reason in decision.reasons]
    assert [(reason.name, reason.limit) for reason in refusals] == [
        *[("order_not_filled", 1.05), ("test", None)],
        *[("no_legal_price", 0.95), ("test", None)],
    ]


@pytest.mark.parametrize("purpose", [Purpose.DRIFT, Purpose.SLEEVE])
def test_what_is_beside_the_layers_is_held_against_the_margin_after_it(tmp_path: Path, purpose: Purpose) -> None:
    # Half of a million dollars may be margin; the skip also says what the order was for.
    names, broker = refused(tmp_path, LayerHolding({}, {}), (100, 105), purpose=purpose, margin_usd_cents=50_000_001)

    assert names == ["margin", "test"]
    assert broker.placed == []
