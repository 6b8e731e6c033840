"""The curve of VIX forwards under a central tendency, against values computed with 30 digits."""

from __future__ import annotations

import pytest

from daemon.core.market.vix_curve import USUAL, CentralTendency

ONE = CentralTendency(speed=5, volatility=1.2, level_pts=18, level_speed=0.5, level_volatility=0)
TWO = CentralTendency(speed=5, volatility=1.2, level_pts=20, level_speed=0.5, level_volatility=0.6)


@pytest.mark.parametrize(("days", "forward"), [(30, 20.097129), (90, 19.825388)])
def test_with_the_tendency_at_a_still_level_there_is_one_factor(days: float, forward: float) -> None:
    assert ONE.forward_pts(20, 18, days) == pytest.approx(forward, abs=5e-7)


@pytest.mark.parametrize(("days", "forward"), [(30, 20.124643), (90, 20.108758), (180, 20.466747)])
def test_two_factors(days: float, forward: float) -> None:
    assert TWO.forward_pts(20, 18, days) == pytest.approx(forward, abs=5e-7)


def test_the_forward_begins_at_vix() -> None:
    assert USUAL.forward_pts(27.5, 19, 0) == pytest.approx(27.5)


@pytest.mark.parametrize("tendency", [12.0, 20.5, 45.0])
def test_the_tendency_of_a_forward_gives_that_forward(tendency: float) -> None:
    forward = USUAL.forward_pts(30, tendency, 75)

    assert USUAL.tendency_pts(30, forward, 75) == pytest.approx(tendency)
