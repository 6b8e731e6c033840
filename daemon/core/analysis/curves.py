"""Drawdowns and worst losses of a period and of the crash windows inside it, with the hedge and without (000-01, 004-23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from daemon.core.analysis.rows import SessionRow

WORST_OF_SESSIONS: Final = (5, 21)
WINDOW_SESSIONS_MIN: Final = 5
"""Fewest sessions of a window inside a period that say anything of it."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of market history that hedges are judged by."""

    name: str
    first: date
    last: date


CRASH_WINDOWS: Final = (
    Window("2008 H2", date(2008, 7, 1), date(2008, 12, 31)),
    Window("May 2010", date(2010, 4, 23), date(2010, 7, 2)),
    Window("Aug 2011", date(2011, 7, 7), date(2011, 10, 3)),
    Window("Aug 2015", date(2015, 8, 10), date(2015, 9, 30)),
    Window("Feb 2018", date(2018, 1, 26), date(2018, 3, 29)),
    Window("Q4 2018", date(2018, 9, 20), date(2018, 12, 31)),
    Window("Mar 2020", date(2020, 2, 19), date(2020, 4, 30)),
    Window("Aug 2024", date(2024, 7, 16), date(2024, 8, 30)),
    Window("Apr 2025", date(2025, 2, 19), date(2025, 5, 12)),
)
"""Fast declines of SPX since 2008, from before the fall until the first recovery."""
SLOW_WINDOWS: Final = (
    Window("2022 decline", date(2022, 1, 3), date(2022, 10, 14)),
    Window("2023-24 rally", date(2023, 11, 1), date(2024, 7, 15)),
)
"""Slow ones, in which condors lose and a hedge of VIX calls costs beside."""


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a highest close so far, in dollars, zero or negative."""

    usd: float
    peak: date
    """The close of the highest value before the fall; the period's start counts."""
    trough: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """One loss with the hedge and without it, from the same fills. None where too few sessions are known."""

    name: str
    first: date
    last: date
    sessions: int
    whole: bool
    """Whether the period covers all of it."""
    hedged_usd: float | None
    unhedged_usd: float | None

    @property
    def pct(self) -> float | None:
        """Return by how much the hedge made the loss smaller, in percent; negative where it made it larger.

        None where there was nothing to make smaller.
        """
        if self.hedged_usd is None or not self.unhedged_usd:
            return None
        return 100 * (1 - self.hedged_usd / self.unhedged_usd)


def max_drawdown(rows: Sequence[SessionRow], *, hedged: bool) -> Drawdown:
    """Return the deepest fall of net liquidation, or of net liquidation without what the hedge gained and lost."""
    value = peak = 0
    highest = deepest_peak = trough = rows[0].before
    deepest = 0
    for row in rows:
        value += _change_usd_cents(row, hedged=hedged)
        if value > peak:
            peak, highest = value, row.session
        if value - peak < deepest:
            deepest, deepest_peak, trough = value - peak, highest, row.session
    return Drawdown(deepest / 100, deepest_peak, trough)


def worst_loss_usd(rows: Sequence[SessionRow], count: int, *, hedged: bool) -> float | None:
    """Return the worst sum over so many sessions in a row, at most zero; None when there are fewer."""
    changes = [_change_usd_cents(row, hedged=hedged) for row in rows]
    sums = [sum(changes[start : start + count]) for start in range(len(changes) - count + 1)]
    return min(0, *sums) / 100 if sums else None


def reductions(rows: Sequence[SessionRow]) -> tuple[Reduction, ...]:
    """Return the drawdown of the whole period and its worst losses of 5 and 21 sessions, with the hedge and without."""
    if not rows:
        return ()
    return (
        _drawdown("max drawdown", rows, whole=True),
        *(_worst(rows, count) for count in WORST_OF_SESSIONS),
    )


def window_reductions(rows: Sequence[SessionRow], windows: Sequence[Window]) -> tuple[Reduction, ...]:
    """Return the drawdown inside each window that the period touches with sessions enough."""
    found: list[Reduction] = []
    for window in windows:
        inside = [row for row in rows if window.first <= row.session <= window.last]
        if len(inside) >= WINDOW_SESSIONS_MIN:
            whole = rows[0].session <= window.first and rows[-1].session >= window.last
            found.append(_drawdown(window.name, inside, whole=whole))
    return tuple(found)


def _drawdown(name: str, rows: Sequence[SessionRow], *, whole: bool) -> Reduction:
    return Reduction(
        name=name,
        first=rows[0].session,
        last=rows[-1].session,
        sessions=len(rows),
        whole=whole,
        hedged_usd=max_drawdown(rows, hedged=True).usd,
        unhedged_usd=max_drawdown(rows, hedged=False).usd,
    )


def _worst(rows: Sequence[SessionRow], count: int) -> Reduction:
    return Reduction(
        name=f"worst {count} sessions",
        first=rows[0].session,
        last=rows[-1].session,
        sessions=len(rows),
        whole=True,
        hedged_usd=worst_loss_usd(rows, count, hedged=True),
        unhedged_usd=worst_loss_usd(rows, count, hedged=False),
    )


def _change_usd_cents(row: SessionRow, *, hedged: bool) -> int:
    change = row.net_liquidation_usd_cents - row.net_liquidation_before_usd_cents
    return change if hedged else change - row.hedge_usd_cents
