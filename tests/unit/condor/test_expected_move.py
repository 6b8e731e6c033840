from math import log, sqrt
from statistics import NormalDist

import pytest

from daemon.core.condor.expected_move import ExpectedMove, expected_move
from daemon.core.market.contracts import Right

N = NormalDist().cdf


def black(forward: float, strike: float, deviation: float, *, call: bool) -> float:
    """Return Black's price of 1976 without discount; ``deviation`` is volatility times the root of the years."""
    d1 = log(forward / strike) / deviation + deviation / 2
    d2 = d1 - deviation
    return forward * N(d1) - strike * N(d2) if call else strike * N(-d2) - forward * N(-d1)


def test_the_move_is_forward_times_volatility_times_the_root_of_time() -> None:
    # 20 % over 30 days on a forward of 4,000: 4000 x 0.2 x sqrt(30/365) = 229.35 points.
    deviation = 0.2 * sqrt(30 / 365)
    call, put = (black(4000, 3990, deviation, call=kind) for kind in (True, False))

    found = expected_move(3990, call, put)

    assert found is not None
    assert found.forward_pts == pytest.approx(4000, abs=1e-9)
    assert found.move_pts == pytest.approx(229.35, abs=0.01)


def test_a_straddle_at_the_money_is_worth_about_four_fifths_of_the_move() -> None:
    # Brenner and Subrahmanyam: sqrt(2 / pi) = 0.7979.
    found = expected_move(4000, 92.0, 92.0)

    assert found is not None
    assert 184.0 / found.move_pts == pytest.approx(0.7979, abs=0.0005)


@pytest.mark.parametrize(("call", "put"), [(0.0, 0.0), (10.0, 0.0), (90.0, 4100.0)])
def test_quotes_that_fit_no_volatility_give_no_move(call: float, put: float) -> None:
    assert expected_move(4000, call, put) is None


def test_strikes_lie_outside_of_the_forward_by_multiples_of_the_move() -> None:
    move = ExpectedMove(4010.0, 80.0)

    assert move.strike_at(Right.PUT, 1.5) == 3890.0
    assert move.strike_at(Right.CALL, 1.5) == 4130.0
    assert move.multiple_of(389_000, Right.PUT) == 1.5
    assert move.multiple_of(413_000, Right.CALL) == 1.5
    assert move.multiple_of(413_000, Right.PUT) == -1.5
