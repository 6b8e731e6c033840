from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.market.contracts import OPTION_CLASSES, OptionContract, Right, TradingClass, Underlying, vix_future
from daemon.sim.exchange import con_ids

WEEKDAYS = st.dates(date(1990, 1, 1), date(2052, 1, 1)).filter(lambda day: day.weekday() < 5)


@st.composite
def _contracts(draw: st.DrawFn) -> OptionContract:
    cls = draw(st.sampled_from(list(OPTION_CLASSES)))
    unit = 500 if cls.underlying is Underlying.SPX else 50
    units = st.integers(1, 4095 if cls.underlying.is_fund else 8191)
    return OptionContract(cls, draw(WEEKDAYS), unit * draw(units), draw(st.sampled_from(list(Right))))


@given(_contracts())
def test_an_option_number_stands_for_exactly_one_contract_and_fits_the_wire(contract: OptionContract) -> None:
    con_id = con_ids.option_con_id(contract)

    assert con_ids.option_of(con_id) == contract
    assert 0 < con_id < 2**31


@given(WEEKDAYS)
def test_a_future_number_stands_for_its_settlement_date(expiry: date) -> None:
    con_id = con_ids.future_con_id(expiry)

    assert con_ids.future_expiry(con_id) == expiry
    assert con_ids.option_of(con_id) is None


def test_spx_and_vix_have_the_numbers_of_interactive_brokers() -> None:
    assert con_ids.INDEX_CON_IDS["SPX"] == 416904
    assert con_ids.INDEX_CON_IDS["VIX"] == 13455763


def test_index_and_fund_numbers_are_neither_options_nor_futures() -> None:
    for con_id in (*con_ids.INDEX_SYMBOLS, *con_ids.FUND_OF):
        assert con_ids.option_of(con_id) is None
        assert con_ids.future_expiry(con_id) is None


@pytest.mark.parametrize(
    "contract",
    [
        OptionContract(TradingClass.SPXW, date(2020, 3, 20), 320100, Right.PUT),
        OptionContract(TradingClass.VIX, date(2020, 3, 18), 1825, Right.CALL),
        OptionContract(TradingClass.SPXW, date(2020, 3, 21), 320000, Right.PUT),
    ],
)
def test_strikes_off_the_grid_and_weekend_expiries_have_no_number(contract: OptionContract) -> None:
    with pytest.raises(ValueError, match=r"only multiples|cannot be an expiry"):
        con_ids.option_con_id(contract)


def test_weekdays_number_without_gaps() -> None:
    monday = date(2020, 3, 16)

    numbers = [con_ids.future_con_id(monday + timedelta(days=n)) for n in (0, 1, 2, 3, 4, 7)]

    assert [after - before for before, after in pairwise(numbers)] == [1] * 5


def test_the_number_of_a_future_stands_for_its_contract() -> None:
    future = vix_future(date(2020, 3, 18))

    assert con_ids.contract_of(con_ids.contract_con_id(future)) == future
    assert con_ids.contract_con_id(future) == con_ids.future_con_id(date(2020, 3, 18))
