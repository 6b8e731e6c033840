"""The plots of what is held: life lines of condors, the payoff at expiry, the calendar of rolls."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

from daemon.core.calendar.sessions import sessions_between
from daemon.core.condor.legs import Vertical
from daemon.core.market.contracts import Right
from daemon.report.period import ReportData
from daemon.report.plot_frame import DASHES, LINE_PT, dollar_axis, draw_line, draw_path
from daemon.report.svg import TOKENS

if TYPE_CHECKING:  # the library costs 150 MB and is loaded only when something is drawn
    from matplotlib.axes import Axes


_Side = tuple[float, float, float, float]
"""One side of a condor: where it begins and ends on the axis, its short and its long strike."""
_BANDS_MOST: Final = 80
"""Most condors that are shaded between their short strikes: of more nothing could be told apart."""
_MARK_SHARE: Final = 0.004
"""Half the width of a mark of the calendar, as a share of its sessions."""
_MARK_HEIGHT: Final = 0.12
"""Half its height, in lanes."""
_PAYOFF_MARGIN: Final = 0.03
"""How far beyond strikes and SPX a payoff is drawn, as a fraction of SPX."""


def draw_condors(axes: Sequence[Axes], data: ReportData) -> None:
    """Draw each condor from entry to end: a line at the short strike, a shade out to the long one; rolled from its roll on."""
    from matplotlib.ticker import StrMethodFormatter  # noqa: PLC0415

    top = axes[0]
    draw_line(top, [day.spx for day in data.days], "ink", "SPX")
    top.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    sessions = [day.session for day in data.days]
    lives = [
        (*_life(sessions, since, until), shape)
        for line in data.condors
        for (since, shape), until in zip(line.shapes, [*(at for at, _ in line.shapes[1:]), line.ended], strict=True)
    ]
    if len(lives) <= _BANDS_MOST:
        _between(top, lives)
    sides = [(start, end, side) for start, end, shape in lives for side in shape]
    calls = [(start, end, s.short.strike, s.long.strike) for start, end, s in sides if s.right is Right.CALL]
    puts = [(start, end, s.short.strike, s.long.strike) for start, end, s in sides if s.right is Right.PUT]
    _wings(top, calls, "call", "short calls, wings")
    _wings(top, puts, "put", "short puts, wings")
    top.autoscale_view()


def _between(axes: Axes, lives: Sequence[tuple[float, float, Sequence[Vertical]]]) -> None:
    """Shade what lies between the short strikes of each condor that has both."""
    both = [(start, end, [side.short.strike for side in shape]) for start, end, shape in lives if len(shape) > 1]
    bands = [
        [(start, min(shorts)), (end, min(shorts)), (end, max(shorts)), (start, max(shorts))]
        for start, end, shorts in both
    ]
    if bands:
        draw_path(axes, bands, facecolor=TOKENS["muted"], edgecolor="none", alpha=0.1, label="between short strikes")


def _wings(axes: Axes, wings: Sequence[_Side], name: str, label: str) -> None:
    """Draw (start, end, short strike, long strike): all lines as one path and all shades as another."""
    if not wings:
        return
    lines = [[(start, short), (end, short)] for start, end, short, _ in wings]
    shades = [[(start, short), (end, short), (end, long), (start, long)] for start, end, short, long in wings]
    draw_path(axes, shades, facecolor=TOKENS[name], edgecolor="none", alpha=0.2)
    draw_path(axes, lines, facecolor="none", edgecolor=TOKENS[name], linewidth=1.1)
    axes.plot([], [], color=TOKENS[name], linewidth=LINE_PT, label=label)


def _life(sessions: Sequence[date], entered: date, ended: date | None) -> tuple[float, float]:
    """Return where a condor begins and ends on the axis, at least a third of a session long."""
    start = bisect_left(sessions, entered) if entered >= sessions[0] else -0.5
    end = len(sessions) - 0.5 if ended is None else float(bisect_left(sessions, ended))
    return start, max(end, start + 0.33)


def draw_payoff(axes: Sequence[Axes], data: ReportData) -> None:
    """Draw the condors at expiry, and again with the hedge at its marks; the close of SPX stands upright."""
    from matplotlib.ticker import StrMethodFormatter  # noqa: PLC0415

    found, top = data.payoff, axes[0]
    assert found is not None, "a payoff that is not there is not drawn"
    bends = [pts for pts in found.condors.kinks_pts if pts > 0] + ([] if found.spx is None else [found.spx])
    margin = _PAYOFF_MARGIN * max(bends)
    levels = sorted({min(bends) - margin, *bends, max(bends) + margin})
    lines = [(found.condors, "unhedged", "condors at expiry", 0)]
    if found.hedged is not None:
        lines.append((found.hedged, "hedged", "with the hedge at its marks", 1))
    for line, name, label, style in lines:
        values = [line.usd_at(level) for level in levels]
        top.plot(levels, values, color=TOKENS[name], linewidth=LINE_PT, linestyle=DASHES[style], label=label)
        evens = [level for level in line.break_evens_pts if levels[0] <= level <= levels[-1]]
        top.plot(evens, [0.0] * len(evens), linestyle="none", marker="o", markersize=4.5, color=TOKENS[name])
    top.axhline(0, color=TOKENS["muted"], linewidth=0.8)
    if found.spx is not None:
        top.axvline(found.spx, color=TOKENS["ink"], linewidth=1.1, linestyle=DASHES[2], label="SPX at the close")
    top.set_xlabel("SPX at expiry, points", color=TOKENS["muted"])
    top.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    dollar_axis(top)


def roll_lanes(data: ReportData) -> tuple[str, ...]:
    """Return the layers that roll or will, each a lane of the calendar."""
    done = {change.layer for change in data.changes if change.is_roll}
    return tuple(sorted(done | {roll.layer for roll in data.coming or ()}))


def roll_sessions(data: ReportData) -> tuple[date, ...]:
    """Return the sessions from the first of the period to the last that a roll may wait for."""
    marked = [day.session for day in data.days] + [change.session for change in data.changes if change.is_roll]
    ends = [roll.window.last for roll in data.coming or ()]
    return sessions_between(min(marked), max(marked + ends))


def draw_rolls(axes: Sequence[Axes], data: ReportData) -> None:
    """Draw a lane for each layer: rolls done, and those to come with the window of each."""
    top, names, sessions = axes[0], roll_lanes(data), roll_sessions(data)
    place = {session: n for n, session in enumerate(sessions)}
    lane = {name: -n for n, name in enumerate(names)}
    done = [(place[change.session], lane[change.layer]) for change in data.changes if change.is_roll]
    coming = data.coming or ()
    top.axvspan(-0.5, place[data.days[-1].session] + 0.5, color=TOKENS["grid"], alpha=0.35, linewidth=0, label="period")
    across = _MARK_SHARE * len(sessions)
    if done:
        marks = [_mark(at, corners=((-1, -1), (1, -1), (1, 1), (-1, 1)), across=across) for at in done]
        draw_path(top, marks, facecolor=TOKENS["hedged"], edgecolor="none", clip_on=False, label="rolled")
    windows = [
        [(place[day], lane[roll.layer]) for day in (max(roll.window.first, sessions[0]), roll.window.last)]
        for roll in coming
    ]
    if windows:
        draw_path(top, windows, facecolor="none", edgecolor=TOKENS["unhedged"], linewidth=5, alpha=0.35)
        planned = [(place[roll.session], lane[roll.layer]) for roll in coming]
        diamonds = [_mark(at, corners=((-1.4, 0), (0, -1.4), (1.4, 0), (0, 1.4)), across=across) for at in planned]
        draw_path(top, diamonds, facecolor=TOKENS["unhedged"], edgecolor="none", clip_on=False, label="to come, window")
    top.set_yticks([*lane.values()], [*lane])
    top.set_ylim(-len(names) + 0.5, 0.5)


def _mark(
    at: tuple[float, float], *, corners: Sequence[tuple[float, float]], across: float
) -> list[tuple[float, float]]:
    """Return the corners of a mark in a lane; many marks are one path, where each of its own costs a hundred bytes."""
    return [(at[0] + right * across, at[1] + up * _MARK_HEIGHT) for right, up in corners]
