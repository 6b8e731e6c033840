from datetime import date

import pytest
from limit_values import LIMITS

from daemon.core.book.condors import OpenCondor
from daemon.core.condor.legs import CondorLegs, Structure, Vertical
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.orders.intent import IntentKey, Purpose, Strategy
from daemon.core.records import CondorRecord
from daemon.core.risk.exposure import quick_ratio, wing_notional_max_usd, wing_notional_usd

SESSION = date(2020, 2, 18)


def condors(quantity: int, put_long: int, put_short: int, call_short: int, call_long: int) -> OpenCondor:
    def option(strike: int, right: Right) -> OptionContract:
        return OptionContract(TradingClass.SPXW, date(2020, 3, 20), strike * 100, right)

    legs = CondorLegs(
        put=Vertical(option(put_short, Right.PUT), option(put_long, Right.PUT)),
        call=Vertical(option(call_short, Right.CALL), option(call_long, Right.CALL)),
    )
    key = IntentKey(SESSION, Strategy.CONDOR, Purpose.ENTRY, "C20200218-1", 1)
    record = CondorRecord(condor_id="C20200218-1", entry_session=SESSION, legs=legs, policy={}, intent=key)
    return OpenCondor(record, Structure(((legs, quantity),), ()), 4.35)


class TestWingNotional:
    def test_seventy_five_condors_of_25_points_are_187_500_dollars(self) -> None:
        assert wing_notional_usd([condors(75, 3125, 3150, 3500, 3525)]) == 187_500

    def test_the_wider_wing_counts_and_condors_add_up(self) -> None:
        assert (
            wing_notional_usd([condors(2, 3125, 3150, 3500, 3525), condors(1, 3140, 3150, 3500, 3550)])
            == 2 * 2_500 + 5_000
        )

    def test_nothing_open_is_nothing(self) -> None:
        assert wing_notional_usd([]) == 0


@pytest.mark.parametrize(
    ("nlv_usd", "most_usd"),
    [(250_000, 100_000), (200_000, 100_000), (199_999, 99_999), (120_001, 60_000), (0, 0), (-50_000, 0)],
)
def test_the_largest_wing_notional_is_the_smaller_of_limit_and_share(nlv_usd: int, most_usd: int) -> None:
    assert wing_notional_max_usd(nlv_usd * 100, LIMITS) == most_usd


@pytest.mark.parametrize(
    ("cash_usd", "margin_usd", "debit_usd", "ratio"),
    [(90_000, 50_000, 10_000, 1.5), (30_000, 60_000, 0, 0.5), (-6_000, 50_000, 10_000, -0.1), (5, 0, 0, float("inf"))],
)
def test_the_quick_ratio_is_cash_over_margin_and_what_is_due(
    cash_usd: int, margin_usd: int, debit_usd: int, ratio: float
) -> None:
    assert quick_ratio(cash_usd * 100, margin_usd * 100, debit_usd * 100) == pytest.approx(ratio)
