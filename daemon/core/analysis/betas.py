"""Rolling betas: how condors and hedge moved with SPX and VIX, by least squares over 60 sessions (VB of the strategy)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from daemon.core.analysis.rows import SessionRow
from daemon.core.market.arrays import FloatArray

BETA_SESSIONS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Beta:
    """Profit of a session as a + b_spx x change of SPX + b_vix x change of VIX, over the sessions up to one."""

    session: date
    spx_usd: float
    """Dollars for one percent of SPX, VIX staying."""
    vix_usd: float
    """Dollars for one point of VIX, SPX staying."""
    r_squared: float | None
    """Share of the variance that the two explain; None where the profit never changed."""


def rolling_betas(
    rows: Sequence[SessionRow], profit_usd: Callable[[SessionRow], float], *, count: int = BETA_SESSIONS
) -> tuple[Beta, ...]:
    """Return the betas of each stretch of ``count`` sessions whose changes are all known; none when there are fewer.

    A stretch in which SPX and VIX do not tell apart (or did not move) has no betas and is left out.
    """
    table = np.array(
        [
            (
                1.0,
                np.nan if row.spx_pct is None else row.spx_pct,
                np.nan if row.vix_change_pts is None else row.vix_change_pts,
            )
            for row in rows
        ]
    ).reshape(-1, 3)
    profits = np.array([profit_usd(row) for row in rows], dtype=float)
    found: list[Beta] = []
    for end in range(count, len(rows) + 1):
        stretch = rows[end - count : end]
        beta = _fit(table[end - count : end], profits[end - count : end], stretch[-1].session)
        if beta is not None and all(row.consecutive for row in stretch):
            found.append(beta)
    return tuple(found)


def _fit(moves: FloatArray, profits: FloatArray, session: date) -> Beta | None:
    """Fit one stretch by ordinary least squares with an intercept."""
    if not np.isfinite(moves).all():
        return None
    coefficients, _, rank, _ = np.linalg.lstsq(moves, profits, rcond=None)
    if rank < moves.shape[1]:
        return None
    spread = profits - profits.mean()
    total, left = float(spread @ spread), profits - moves @ coefficients
    return Beta(
        session=session,
        spx_usd=float(coefficients[1]),
        vix_usd=float(coefficients[2]),
        r_squared=1 - float(left @ left) / total if total > 0 else None,
    )
