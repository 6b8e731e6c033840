"""The put spread that a layer would buy: strikes by delta on a chain at known prices, and what stands in the way."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from chain_fakes import FORWARD, STRIKES, Chain
from engine_fakes import SESSION, START, make_desk

from daemon.adapters.virtual_time import run_virtual
from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.market.contracts import ConId, OptionContract, Right, TradingClass
from daemon.core.orders.broker_facts import ExecId
from daemon.core.orders.intent import Strategy
from daemon.core.records import EventRecord, Level
from daemon.engine.gather import HedgeChain, Refusal, UnitView
from daemon.engine.put_spreads import choose_put_spread

EXPIRY = date(2020, 4, 17)
NOON = START + timedelta(hours=2)
CHAIN = Chain(NOON, (EXPIRY,))
L2 = MappingProxyType(
    {"HEDGE_L2_INSTRUMENT": "spx_put_spread", "HEDGE_L2_SHORT_DELTA": "0.10", "HEDGE_SPLIT": "dollars"}
)


def put(strike: float) -> OptionContract:
    return OptionContract(TradingClass.SPXW, EXPIRY, round(strike * 100), Right.PUT)


def chosen(folder: Path, chain: Chain = CHAIN, held: dict[OptionContract, int] | None = None) -> UnitView | str:
    """Return what would be bought, or the reason why nothing."""
    found: list[UnitView | str] = []
    desk, broker = make_desk(folder, **L2)
    chain.connect(broker)
    for place, (contract, quantity) in enumerate((held or {}).items()):
        entry = BookEntry(
            ExecId(f"x.{place}.01"), EntryKind.TRADE, None, Strategy.CONDOR, "C20200218-1", ConId(place + 1), contract,
            quantity, 100, 0, START, SESSION,
        )  # fmt: skip
        desk.store.record_execution(entry, EventRecord("execution_booked", START, SESSION, Level.INFO, {}))

    async def ask() -> None:
        hedge = HedgeChain(desk, TradingClass.SPXW, EXPIRY, STRIKES)
        try:
            forward = await hedge.forward(3350.0)
            found.append(await choose_put_spread(desk, hedge, forward, desk.policy.hedge.layers[1]))
        except Refusal as refusal:
            found.append(refusal.reasons[0].name)

    run_virtual(ask, NOON)
    return found[0]


def nearest(delta: float, *, but: float = 0.0) -> float:
    """Return the strike whose delta is nearest, from every strike there is."""
    strikes = [strike / 100 for strike in STRIKES if strike / 100 != but]
    return min(strikes, key=lambda strike: abs(-CHAIN.delta(put(strike)) - delta))


def test_the_puts_nearest_both_deltas_are_found(tmp_path: Path) -> None:
    view = chosen(tmp_path)

    assert isinstance(view, UnitView)
    assert view.forward_pts == pytest.approx(FORWARD, abs=0.1)
    assert abs(view.unit.long.strike - nearest(0.25)) <= 5
    assert view.unit.short is not None
    assert abs(view.unit.short.strike - nearest(0.10)) <= 5
    assert view.value.delta == pytest.approx(-0.15, abs=0.01)


def test_a_strike_that_an_open_condor_is_short_is_not_bought_and_one_it_is_long_is_not_sold(tmp_path: Path) -> None:
    plain = chosen(tmp_path / "a")
    assert isinstance(plain, UnitView)
    assert plain.unit.short is not None

    other = chosen(tmp_path / "b", held={plain.unit.long: -2, plain.unit.short: 2})
    same = chosen(tmp_path / "c", held={plain.unit.long: 2, plain.unit.short: -2})

    assert isinstance(other, UnitView)
    assert other.unit.short is not None
    assert (
        abs(other.unit.long.strike - plain.unit.long.strike),
        abs(other.unit.short.strike - plain.unit.short.strike),
    ) == (5, 5)
    assert isinstance(same, UnitView)
    assert same.unit == plain.unit


def test_strikes_that_are_not_listed_in_the_expiry_are_stepped_over(tmp_path: Path) -> None:
    view = chosen(tmp_path, CHAIN.without(exists=lambda option: option.strike_pts100 % 2500 == 0))

    assert isinstance(view, UnitView)
    assert all(contract.strike_pts100 % 2500 == 0 for contract in view.unit.contracts)


def test_where_no_put_has_the_delta_nothing_is_bought(tmp_path: Path) -> None:
    view = chosen(tmp_path, CHAIN.without(exists=lambda option: option.strike > 3300))

    assert view == "no_strike_at_delta"
