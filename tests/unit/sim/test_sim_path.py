import numpy as np
import pytest

from daemon.sim.history import Ohlc
from daemon.sim.market.path import session_paths, variance_shares

CALM = Ohlc(3369.04, 3375.01, 3355.61, 3370.29)
FEAR = Ohlc(14.98, 15.44, 14.49, 14.83)


def test_a_path_has_a_point_a_minute_from_open_to_close() -> None:
    assert session_paths(CALM, FEAR, minutes=390, seed=1, ordinal=7).spx.size == 391
    assert session_paths(CALM, FEAR, minutes=210, seed=1, ordinal=7).vix.size == 211


def test_equal_seeds_give_equal_paths_and_other_seeds_others() -> None:
    one, same, other = (session_paths(CALM, FEAR, minutes=390, seed=seed, ordinal=7) for seed in (1, 1, 2))

    assert np.array_equal(one.spx, same.spx)
    assert np.array_equal(one.vix, same.vix)
    assert not np.array_equal(one.spx, other.spx)


@pytest.mark.parametrize(
    "ohlc",
    [
        Ohlc(20.0, 20.0, 20.0, 20.0),
        Ohlc(20.0, 25.0, 20.0, 25.0),
        Ohlc(25.0, 25.0, 20.0, 20.0),
        Ohlc(20.0, 20.0, 15.0, 20.0),
        Ohlc(20.0, 40.0, 10.0, 20.0),
    ],
)
def test_degenerate_days_are_met_too(ohlc: Ohlc) -> None:
    levels = session_paths(CALM, ohlc, minutes=390, seed=3, ordinal=11).vix

    assert (levels[0], levels.max(), levels.min(), levels[-1]) == (ohlc.open, ohlc.high, ohlc.low, ohlc.close)


def test_vix_moves_against_the_index_within_the_day() -> None:
    found = [
        np.corrcoef(np.diff(np.log(paths.spx)), np.diff(np.log(paths.vix)))[0, 1]
        for paths in (session_paths(CALM, FEAR, minutes=390, seed=seed, ordinal=7) for seed in range(20))
    ]

    assert float(np.mean(found)) < -0.6


def test_variance_is_highest_at_the_open_and_the_close() -> None:
    steps = np.diff(variance_shares(390))

    assert steps[0] > 3 * steps[195]
    assert steps[-1] == pytest.approx(steps[0])
    assert variance_shares(390)[-1] == 1.0
