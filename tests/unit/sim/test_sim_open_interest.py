"""Open interest of the simulated exchange: no real counts, but their shape, and the same for everybody who asks."""

from __future__ import annotations

from datetime import date

from sim_world import FEB18, exchange_at

from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.sim.exchange.con_ids import INDEX_CON_IDS, option_con_id
from daemon.sim.market.open_interest import open_contracts

MONTHLY, WEEKLY = date(2020, 3, 18), date(2020, 3, 4)


def vix_call(strike_pts100: int, trading_class: TradingClass = TradingClass.VIX) -> OptionContract:
    expiry = MONTHLY if trading_class is TradingClass.VIX else WEEKLY
    return OptionContract(trading_class, expiry, strike_pts100, Right.CALL)


def total(*contracts: OptionContract, day: date = FEB18) -> int:
    return sum(open_contracts(contract, day, 14.0, 1) for contract in contracts)


def test_round_strikes_and_monthly_series_are_held_most() -> None:
    round_ones = [vix_call(strike) for strike in (1500, 2000, 2500, 3000, 3500, 4000)]
    others = [vix_call(strike) for strike in (1650, 2150, 2650, 3150, 3650, 4150)]
    weekly = [vix_call(strike, TradingClass.VIXW) for strike in (1500, 2000, 2500, 3000, 3500, 4000)]

    assert total(*round_ones) > 3 * total(*others)
    assert total(*round_ones) > 10 * total(*weekly)


def test_interest_grows_towards_the_expiry() -> None:
    calls = [vix_call(strike) for strike in (1500, 2000, 2500)]

    assert total(*calls, day=date(2020, 1, 2)) < total(*calls, day=FEB18) < total(*calls, day=date(2020, 3, 17))


def test_it_stands_all_day_and_is_told_of_options_only() -> None:
    morning, evening = exchange_at(FEB18, 9, 31), exchange_at(FEB18, 16, 0)
    call = option_con_id(vix_call(2000))

    assert morning.open_interest(call) == evening.open_interest(call)
    assert (morning.open_interest(call) or 0) > 1000
    assert morning.open_interest(INDEX_CON_IDS["VIX"]) is None
