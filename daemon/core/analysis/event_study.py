"""What the hedge gained when SPX fell over 3, 5 or 7 sessions, and by size of the five-session move (000-11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import fsum, inf
from statistics import fmean
from typing import Final

from daemon.core.analysis.rows import SessionRow

LENGTHS: Final = (3, 5, 7)
FALLS_PCT: Final = (-3.0, -5.0, -7.0, -10.0)
THETA_DAYS: Final = 30
BUCKET_SESSIONS: Final = 5
BUCKET_EDGES_PCT: Final = (-inf, -10.0, -7.0, -5.0, -3.0, -2.0, 0.0, 2.0, 4.0, inf)
REFERENCE_PCT: Final = (10.2, 3.9, 2.3, 1.1, 0.8, 0.0, -0.5, -1.1, -2.0)
"""What a fixed 4/4/2 hedge on 100,000 dollars of W gained by bucket, in percent of W, April 2007 to August 2026.

A model run of this project over daily closes.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """So many consecutive sessions as one move."""

    start: int
    """Place of its first session."""
    spx_pct: float
    condor_usd: float
    hedge_usd: float
    wings_usd: float
    """Mean open wing notional before each of its sessions."""
    theta_usd: float | None
    """What the hedge lost by a calendar day, at the close before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FallStudy:
    """All stretches of one length in which SPX fell by at least so much; they overlap."""

    length: int
    fall_pct: float
    count: int
    """0 is a state of its own: there was no such fall."""
    episodes: int
    """Groups of stretches that share sessions."""
    hedge_mean_usd: float | None
    hedge_worst_usd: float | None
    hedge_best_usd: float | None
    condor_mean_usd: float | None
    month_theta_usd: float | None
    """What the hedge would have lost in 30 days by its theta at the close before, mean; None where it is not recorded."""
    theta_known: int
    """Stretches whose theta is known ..."""
    paid: int
    """... and of these, the ones in which the hedge gained more than that month of theta."""

    @property
    def repaid_pct(self) -> float | None:
        """Return the share of the condors' loss that the hedge gained; None where condors lost nothing."""
        if self.hedge_mean_usd is None or self.condor_mean_usd is None or self.condor_mean_usd >= 0:
            return None
        return 100 * self.hedge_mean_usd / -self.condor_mean_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """All five-session moves of SPX within two edges in percent, the upper one left out."""

    low_pct: float
    high_pct: float
    count: int
    hedge_usd: float | None
    """Mean of the hedge; None without a move."""
    condor_usd: float | None
    hedge_pct: float | None
    """Mean of the hedge in percent of the mean W of these moves; None where no condor was open."""
    reference_pct: float


def fall_studies(rows: Sequence[SessionRow]) -> tuple[FallStudy, ...]:
    """Study every length and fall, also those that never happened."""
    return tuple(
        _study(length, moves, fall) for length in LENGTHS for moves in [_moves(rows, length)] for fall in FALLS_PCT
    )


def five_session_buckets(rows: Sequence[SessionRow]) -> tuple[Bucket, ...]:
    """Sort all five-session moves by the change of SPX, in the buckets of the reference run."""
    moves = _moves(rows, BUCKET_SESSIONS)
    edges = zip(BUCKET_EDGES_PCT, BUCKET_EDGES_PCT[1:], REFERENCE_PCT, strict=False)
    return tuple(_bucket(low, high, moves=moves, reference_pct=reference) for low, high, reference in edges)


def _moves(rows: Sequence[SessionRow], length: int) -> list[_Move]:
    """Return every stretch of so many sessions in a row whose first session's close before is known."""
    found: list[_Move] = []
    for start in range(len(rows) - length + 1):
        inside = rows[start : start + length]
        begin_pts = inside[0].spx_before_pts
        if begin_pts is None or not all(row.consecutive for row in inside):
            continue
        found.append(
            _Move(
                start=start,
                spx_pct=100 * (inside[-1].spx_pts / begin_pts - 1),
                condor_usd=fsum(row.condor_usd for row in inside),
                hedge_usd=fsum(row.hedge_usd for row in inside),
                wings_usd=fmean(row.wings_before_usd for row in inside),
                theta_usd=rows[start - 1].hedge_theta_usd if start else None,
            )
        )
    return found


def _study(length: int, moves: Sequence[_Move], fall_pct: float) -> FallStudy:
    fell = [move for move in moves if move.spx_pct <= fall_pct]
    months = [(move.hedge_usd, THETA_DAYS * move.theta_usd) for move in fell if move.theta_usd is not None]
    hedge = [move.hedge_usd for move in fell]
    return FallStudy(
        length=length,
        fall_pct=fall_pct,
        count=len(fell),
        episodes=_episodes(fell, length),
        hedge_mean_usd=fmean(hedge) if fell else None,
        hedge_worst_usd=min(hedge, default=None),
        hedge_best_usd=max(hedge, default=None),
        condor_mean_usd=fmean(move.condor_usd for move in fell) if fell else None,
        month_theta_usd=fmean(theta for _, theta in months) if months else None,
        theta_known=len(months),
        paid=sum(gain > -theta for gain, theta in months),
    )


def _episodes(moves: Sequence[_Move], length: int) -> int:
    """Count stretches that share no session with the one before."""
    starts = [move.start for move in moves]
    return sum(later - earlier >= length for earlier, later in pairwise(starts)) + bool(starts)


def _bucket(low_pct: float, high_pct: float, *, moves: Sequence[_Move], reference_pct: float) -> Bucket:
    inside = [move for move in moves if low_pct <= move.spx_pct < high_pct]
    wings_usd = fmean(move.wings_usd for move in inside) if inside else 0.0
    hedge_usd = fmean(move.hedge_usd for move in inside) if inside else None
    return Bucket(
        low_pct=low_pct,
        high_pct=high_pct,
        count=len(inside),
        hedge_usd=hedge_usd,
        condor_usd=fmean(move.condor_usd for move in inside) if inside else None,
        hedge_pct=None if hedge_usd is None or not wings_usd else 100 * hedge_usd / wings_usd,
        reference_pct=reference_pct,
    )
