from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from condor_values import POLICY

from daemon.core.condor.expected_return import expected_return_pct, judge_return, realised_vol
from daemon.core.condor.legs import CondorLegs, Vertical
from daemon.core.market.contracts import OptionContract, Right, TradingClass


def option(strike: float, right: Right) -> OptionContract:
    return OptionContract(TradingClass.SPXW, date(2020, 3, 20), round(strike * 100), right)


LEGS = CondorLegs(
    put=Vertical(option(5715, Right.PUT), option(5690, Right.PUT)),
    call=Vertical(option(6200, Right.CALL), option(6225, Right.CALL)),
)


class TestReturn:
    def test_it_is_the_rate_of_margin_less_credit_given_and_margin_less_the_expected_payoff_taken_back(self) -> None:
        # VIX so low that neither side is ever reached: 25 - 3 points are given and 25 come back after 73 days.
        found = expected_return_pct(LEGS, 3.0, spx_pts=6000, vix=0.5, days=73)

        assert found == pytest.approx(100 * ((25 / 22) ** 5 - 1))

    def test_the_expected_payoff_is_that_of_a_lognormal_simulation(self) -> None:
        vix, days, vol = 17.5, 30.0, 0.14
        draws = np.random.default_rng(5).standard_normal(2_000_000)
        time = days / 365
        spx = 6000 * np.exp(vol * time**0.5 * draws - 0.5 * vol**2 * time)
        payoff = np.clip(5715 - spx, 0, 25).mean() + np.clip(spx - 6200, 0, 25).mean()

        found = expected_return_pct(LEGS, 8.86, spx_pts=6000, vix=vix, days=days)
        assert found == pytest.approx(100 * (((25 - payoff) / (25 - 8.86)) ** (365 / 30) - 1), rel=0.02)

    def test_a_credit_at_the_expected_payoff_returns_nothing(self) -> None:
        def rate(credit: float) -> float:
            return expected_return_pct(LEGS, credit, spx_pts=6000, vix=18, days=30)

        low, high = 0.0, 24.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if rate(middle) < 0 else (low, middle)
        assert rate(low) == pytest.approx(0, abs=1e-6)
        assert 2 < low < 12

    def test_more_volatility_returns_less(self) -> None:
        rates = [expected_return_pct(LEGS, 8.86, spx_pts=6000, vix=vix, days=30) for vix in (12, 18, 30, 60)]

        assert rates == sorted(rates, reverse=True)

    def test_minutes_before_settlement_and_a_credit_of_the_whole_width_are_numbers_still(self) -> None:
        assert expected_return_pct(LEGS, 24.99, spx_pts=6000, vix=1, days=0.001) > 1e6
        assert expected_return_pct(LEGS, 25.0, spx_pts=6000, vix=20, days=30) == float("inf")


@pytest.mark.parametrize(
    ("vix", "vol"), [(12.5, 0.09), (17.5, 0.14), (22.5, 0.19), (30, 0.26), (45, 0.50), (10, 0.072), (90, 1.0)]
)
def test_realised_volatility_is_the_measured_one_of_each_band_and_keeps_its_ratio_beyond(
    vix: float, vol: float
) -> None:
    assert realised_vol(vix) == pytest.approx(vol)


class TestGate:
    def test_a_return_at_the_least_passes(self) -> None:
        assert judge_return(4.0, 4.0, replace(POLICY, return_gate=True)) == ()

    def test_a_smaller_one_is_refused_with_what_it_is_over(self) -> None:
        (reason,) = judge_return(5.99, 4.0, replace(POLICY, return_gate=True, return_min_pct=2.0))

        assert (reason.name, reason.value, reason.limit) == ("return_too_small", 5.99, 6.0)
        assert "over the bill rate" in reason.text

    def test_an_unknown_bill_rate_is_said_and_not_guessed(self) -> None:
        (reason,) = judge_return(-3.0, None, replace(POLICY, return_gate=True))

        assert reason.limit == 0
        assert "the bill rate being unknown" in reason.text

    def test_switched_off_it_only_tells_what_it_would_have_refused(self) -> None:
        (reason,) = judge_return(-3.0, 1.0, POLICY)

        assert reason.name == "would_refuse_return_too_small"
        assert "the gate is off" in reason.text
