from datetime import date

import pytest
from sim_world import FEB18, MAR18, MAR20, exchange_at, spxw, vix

from daemon.core.market.contracts import TradingClass, Underlying
from daemon.sim.exchange.api import ContractQuery, SecType


def _query(**given: object) -> ContractQuery:
    return ContractQuery(**given)  # type: ignore[arg-type]


def test_an_option_is_found_by_class_last_trading_day_strike_and_right() -> None:
    found = exchange_at(FEB18).listings(
        _query(
            symbol="SPX", sec_type="OPT", trading_class="SPXW", last_trade_or_month="20200320", strike=3200, right="P"
        )
    )

    assert [listing.con_id for listing in found] == [spxw(3200, "P")]
    assert found[0].local_symbol == "SPXW  200320P03200000"
    assert (found[0].min_tick, found[0].multiplier) == (0.05, 100)


def test_morning_settled_options_are_spelt_by_their_last_trading_day() -> None:
    """Interactive Brokers shows 20200116 for a symbol that carries 200117."""
    exchange = exchange_at(date(2020, 1, 7))
    spx = exchange.listings(
        _query(
            symbol="SPX", sec_type="OPT", trading_class="SPX", last_trade_or_month="20200116", strike=3205, right="P"
        )
    )
    tuesday = exchange.listings(
        _query(symbol="VIX", sec_type="OPT", trading_class="VIX", last_trade_or_month="20200121", strike=17, right="C")
    )

    assert [listing.local_symbol for listing in spx] == ["SPX   200117P03205000"]
    assert [listing.local_symbol for listing in tuesday] == ["VIX   200122C00017000"]


def test_on_a_third_friday_both_classes_exist() -> None:
    found = exchange_at(FEB18).listings(
        _query(symbol="SPX", sec_type="OPT", last_trade_or_month="202003", strike=3200, right="C")
    )

    expiring = [listing for listing in found if listing.expiry == MAR20]
    assert {listing.trading_class for listing in expiring} == {"SPX", "SPXW"}


def test_every_strike_near_the_money_has_wings_25_points_away() -> None:
    exchange = exchange_at(date(2020, 3, 16))
    strikes = {strike for row in exchange.chain_params(Underlying.SPX) for strike in row.strikes}

    near = [strike for strike in strikes if 2386 * 0.75 < strike < 2386 * 1.20]
    assert len(near) > 200
    assert all({strike - 25, strike + 25} <= strikes for strike in near)


def test_vix_strikes_are_finest_where_vix_is() -> None:
    (row,) = [row for row in exchange_at(FEB18).chain_params(Underlying.VIX) if row.trading_class == "VIX"]

    assert {12.5, 14.5, 21.0, 32.5, 55.0} <= set(row.strikes)
    assert not {21.5, 31.0} & set(row.strikes)


def test_chains_list_what_existed_then() -> None:
    (weekly,) = [row for row in exchange_at(FEB18).chain_params(Underlying.SPX) if row.trading_class == "SPXW"]

    assert date(2020, 3, 13) in weekly.last_trades
    assert date(2020, 3, 17) not in weekly.last_trades  # a Tuesday: listed from 2022 on


def test_an_expired_contract_is_not_listed_but_still_known_by_number() -> None:
    exchange = exchange_at(MAR20, 16, 1)

    assert exchange.listings(_query(con_id=spxw(2300, "P"))) == []
    assert exchange.listing(spxw(2300, "P")) is not None
    assert exchange_at(MAR20, 15, 59).listings(_query(con_id=spxw(2300, "P"))) != []


@pytest.mark.parametrize(
    ("day", "symbol", "cls", "last_trade", "strike"),
    [
        (date(2020, 3, 18), "SPX", "SPXW", "20200320", 3495.0),  # five-point steps ended at 2980 x 1.25 by then
        (date(2020, 2, 26), "VIX", "VIXW", "20200324", 17.5),  # half points ended at 15 when VIX had passed 20
    ],
)
def test_a_strike_that_left_the_grid_is_still_found(
    day: date, symbol: str, cls: str, last_trade: str, strike: float
) -> None:
    exchange = exchange_at(day)

    def found(wanted: float) -> list[int]:
        query = _query(
            symbol=symbol,
            sec_type="OPT",
            trading_class=cls,
            last_trade_or_month=last_trade,
            strike=wanted,
            right="C",
        )
        return [listing.con_id for listing in exchange.listings(query)]

    (con_id,) = found(strike)
    assert [listing.con_id for listing in exchange.listings(_query(con_id=con_id))] == [con_id]
    assert found(strike + 0.25) == []  # never was a strike


@pytest.mark.parametrize(
    ("day", "cls", "rule"),
    [
        (FEB18, TradingClass.VIX, ((0.0, 0.05), (3.0, 0.10))),
        (FEB18, TradingClass.VIXW, ((0.0, 0.01),)),
        (date(2024, 8, 5), TradingClass.VIX, ((0.0, 0.01), (3.0, 0.05))),
    ],
)
def test_price_rules_are_those_of_the_date(day: date, cls: TradingClass, rule: tuple[tuple[float, float], ...]) -> None:
    exchange = exchange_at(day)
    first = exchange.listings(_query(symbol="VIX", sec_type="OPT", trading_class=cls, strike=20, right="C"))[0]

    assert exchange.market_rule(first.market_rule_id) == rule


def test_indexes_and_futures_are_listed() -> None:
    exchange = exchange_at(FEB18)

    (index,) = exchange.listings(_query(symbol="VIX", sec_type="IND"))
    futures = exchange.listings(_query(symbol="VIX", sec_type="FUT"))

    assert (index.con_id, index.exchange, index.sec_type) == (13455763, "CBOE", SecType.INDEX)
    assert futures[1].local_symbol == "VXH0"
    assert futures[1].expiry == MAR18
    assert len(futures) == 9


@pytest.mark.parametrize("con_id", [0, 5, 2**31 - 1, 2**30])
def test_numbers_of_nothing_are_unknown(con_id: int) -> None:
    exchange = exchange_at(FEB18)

    assert exchange.listing(con_id) is None
    assert exchange.listings(_query(con_id=con_id or 1)) == []


def test_an_option_is_found_by_its_symbol() -> None:
    found = exchange_at(FEB18).listings(_query(sec_type="OPT", local_symbol="VIX   200318C00018000"))

    assert [listing.con_id for listing in found] == [vix(18)]
