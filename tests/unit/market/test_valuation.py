"""Financial formulas by hand arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.core.market.valuation import (
    SyntheticDividend,
    price_to_cash_flow,
    regression_slope,
    required_return,
)


def test_slope_of_a_regression_equals_numpys() -> None:
    rng = np.random.default_rng(7)
    moves = rng.normal(0, 0.01, 60)
    answers = -5.0 * moves + rng.normal(0, 0.03, 60)

    assert regression_slope(moves.tolist(), answers.tolist()) == pytest.approx(np.polyfit(moves, answers, 1)[0])


def test_a_slope_needs_moves() -> None:
    with pytest.raises(ValueError, match="not all the same"):
        regression_slope([0.01, 0.01], [1.0, 2.0])


def test_required_return_has_a_second_factor() -> None:
    # 4 % + 0.5 x 5 % + 0.1 x (-30 %) = 3.5 %.
    found = required_return(0.04, 0.5, market_premium=0.05, volatility_beta=0.1, volatility_premium=-0.30)

    assert found == pytest.approx(0.035)


def test_price_to_cash_flow_is_worth_over_credit() -> None:
    assert price_to_cash_flow(3_000, 12_000) == pytest.approx(0.25)
    assert price_to_cash_flow(3_000, 0) is None
    assert price_to_cash_flow(3_000, -50) is None


def test_a_synthetic_dividend_is_valued_for_ever() -> None:
    dividend = SyntheticDividend(monthly_usd=500, capital_usd=60_000, equity_cost=0.08)

    # 6,000 dollars a year at 8 % are 75,000; on 60,000 of margin they are 10 %.
    assert dividend.value_usd == pytest.approx(75_000)
    assert dividend.capital_yield == pytest.approx(0.10)


def test_a_dividend_that_grows_as_fast_as_its_cost_has_no_value() -> None:
    with pytest.raises(ValueError, match="not above a growth"):
        _ = SyntheticDividend(monthly_usd=500, capital_usd=0, equity_cost=0.05, growth=0.05).value_usd
    assert SyntheticDividend(monthly_usd=500, capital_usd=0, equity_cost=0.05).capital_yield is None
