from dataclasses import replace
from random import Random

import numpy as np
import pytest
from analysis_values import rows

from daemon.core.analysis.betas import rolling_betas
from daemon.core.analysis.rows import SessionRow


def market(count: int) -> list[SessionRow]:
    """Return sessions whose condors gain 100 dollars and 250 a percent of SPX and -40 a point of VIX."""
    source = Random(3)
    spx, vix = [3000.0], [20.0]
    for _ in range(count):
        spx.append(spx[-1] * (1 + source.gauss(0, 0.01)))
        vix.append(vix[-1] + source.gauss(0, 1))
    plain = rows([0.0] * count, [0.0] * count, spx_pts=spx, vix_pts=vix)
    return [replace(one, condor_usd_cents=round(100 * _exact(one))) for one in plain]


def _exact(one: SessionRow) -> float:
    assert one.spx_pct is not None
    assert one.vix_change_pts is not None
    return 100 + 250 * one.spx_pct - 40 * one.vix_change_pts


def test_exact_betas_are_found_again() -> None:
    found = rolling_betas(market(61), lambda one: one.condor_usd)

    assert len(found) == 2
    assert found[-1].spx_usd == pytest.approx(250, abs=0.01)
    assert found[-1].vix_usd == pytest.approx(-40, abs=0.01)
    assert found[-1].r_squared == pytest.approx(1)


def test_noisy_betas_equal_those_of_the_normal_equations() -> None:
    source, sessions = Random(4), market(60)
    noisy = [replace(one, condor_usd_cents=one.condor_usd_cents + round(source.gauss(0, 20_000))) for one in sessions]
    (found,) = rolling_betas(noisy, lambda one: one.condor_usd)

    x = np.array([[1, one.spx_pct, one.vix_change_pts] for one in noisy], dtype=float)
    y = np.array([one.condor_usd for one in noisy])
    expected = np.linalg.inv(x.T @ x) @ x.T @ y
    assert (found.spx_usd, found.vix_usd) == pytest.approx((expected[1], expected[2]))
    assert found.r_squared == pytest.approx(np.corrcoef(x @ expected, y)[0, 1] ** 2)


def test_fewer_sessions_than_60_have_no_betas() -> None:
    assert rolling_betas(market(59), lambda one: one.condor_usd) == ()


def test_a_market_that_does_not_move_has_no_betas() -> None:
    assert rolling_betas(rows([1.0] * 60, [0.0] * 60), lambda one: one.condor_usd) == ()


def test_a_source_that_never_gains_has_betas_of_zero_and_no_share_explained() -> None:
    (found,) = rolling_betas(market(60), lambda one: one.hedge_usd)

    assert (found.spx_usd, found.vix_usd) == pytest.approx((0, 0))
    assert found.r_squared is None


def test_a_gap_or_an_unknown_change_leaves_every_stretch_over_it_out() -> None:
    sessions = market(61)
    gap = [*sessions[:30], replace(sessions[30], consecutive=False), *sessions[31:]]
    dark = [replace(sessions[0], spx_before_pts=None), *sessions[1:]]

    assert rolling_betas(gap, lambda one: one.condor_usd) == ()
    assert len(rolling_betas(dark, lambda one: one.condor_usd)) == 1
