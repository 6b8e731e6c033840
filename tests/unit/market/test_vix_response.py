"""The measured answers of VIX, its futures and SPX volatility."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.core.market.contracts import Underlying
from daemon.core.market.vix_response import (
    elasticity_of,
    future_after,
    future_elasticity,
    spx_vol_change,
    vix_beta,
    vix_share,
)


@pytest.mark.parametrize(("vix", "beta"), [(12, -7.0), (15, -7.0), (18, -6.6), (22, -4.5), (30, -3.7), (60, -2.5)])
def test_vix_answers_spx_less_the_higher_it_stands(vix: float, beta: float) -> None:
    assert vix_beta(vix) == beta


def test_a_future_follows_vix_as_measured_by_days_to_expiry() -> None:
    middles = np.array([3.5, 10.5, 17.5, 25.5, 37.5, 52.5, 75, 105, 135, 165, 215])
    measured = np.array([0.76, 0.66, 0.58, 0.53, 0.46, 0.39, 0.33, 0.27, 0.23, 0.21, 0.18])

    assert np.abs(future_elasticity(middles) - measured).max() <= 0.055
    assert future_elasticity(0) == pytest.approx(1.0)


def test_a_future_ends_at_vix_and_starts_where_it_is() -> None:
    assert future_after(18.0, 15.0, 0.0, 40.0, 40.0) == pytest.approx(18.0)
    assert future_after(18.0, 15.0, np.log(2), 40.0, 0.0) == pytest.approx(30.0)
    assert future_after(18.0, 15.0, np.log(2), 40.0, -3.0) == pytest.approx(30.0)


def test_spx_volatility_moves_with_vix_in_full_to_thirty_days_and_less_beyond() -> None:
    near, month, quarter = (float(spx_vol_change(20.0, 1.0, days)) for days in (9, 30, 93))

    assert near == pytest.approx(0.93 * 0.20)
    assert month == pytest.approx(0.87 * 0.20)
    assert quarter == pytest.approx(0.83 * 0.20 * (2 ** (30 / 93) ** 0.5 - 1))
    assert float(spx_vol_change(20.0, 0.0, 30)) == 0.0
    assert float(spx_vol_change(20.0, -0.4, 30)) == pytest.approx(-0.4 * 0.87 * 0.20)


@pytest.mark.parametrize(("fund", "multiple"), [(Underlying.VXX, 1.0), (Underlying.UVXY, 1.5)])
def test_a_fund_moves_by_its_multiple_of_a_future_of_thirty_days_whatever_the_days_of_its_options(
    fund: Underlying, multiple: float
) -> None:
    # 0.42 exp(-30/6.5) + 0.58 exp(-30/149) = 0.0042 + 0.4742.
    assert elasticity_of(fund, np.array([2.0, 30.0, 400.0])) == pytest.approx(np.full(3, multiple * 0.4784), abs=2e-4)
    assert vix_share(fund, 20.0, 37.0) == multiple
