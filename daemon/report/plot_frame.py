"""What every plot is made with: its shape, axes, legend, lines. Colours are stand-ins that the page's style sheet fills in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from daemon.report.svg import TOKENS
from daemon.report.words import MINUS

if TYPE_CHECKING:  # the library costs 150 MB and is loaded only when something is drawn
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True)
class Shape:
    """Size of a plot in inches of 72 points, how many dates fit under it, and how much of a legend above."""

    name: str
    width: float
    height: float
    dates: int
    legend: int
    """Letters of a line of the legend."""


WIDE: Final = Shape("wide", 9.2, 2.9, 9, 110)
NARROW: Final = Shape("narrow", 4.4, 2.9, 4, 46)
LINE_PT: Final = 1.6
DASHES: Final = ("-", (0, (4, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
"""Lines differ by more than their colour."""
_THOUSANDS_FROM_USD: Final = 10_000
_LEGEND_LETTERS: Final = 4
"""What the line before a name in a legend takes, in letters."""
_FEW_SESSIONS: Final = 3
"""Up to so many sessions a line is too short to be seen without markers."""


def bare(axes: Axes) -> None:
    """Leave a light grid and the numbers; nothing else of the frame."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(TOKENS["grid"])
    axes.grid(visible=True, axis="y", color=TOKENS["grid"], linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=TOKENS["muted"], length=0, pad=5)
    axes.margins(y=0.08)


def date_axis(axes: Axes, sessions: Sequence[date], count: int) -> None:
    """Put sessions side by side, without gaps for weekends, and write some of their dates."""
    last = len(sessions) - 1
    places = range(0, last + 1, max(1, ceil(last / (count - 1))))
    labels: list[str] = []
    year = 0
    for place in places:
        session = sessions[place]
        labels.append(f"{session.day} {session:%b}" + (f"\n{session.year}" if session.year != year else ""))
        year = session.year
    axes.set_xticks(list(places), labels)
    axes.set_xlim(-0.6, last + 0.6)


def draw_legends(all_axes: Sequence[Axes], letters: int) -> None:
    """Name the lines above the axes, where no data are covered."""
    for axes in all_axes:
        handles, labels = axes.get_legend_handles_labels()
        if handles:
            room = letters // (max(map(len, labels)) + _LEGEND_LETTERS)
            axes.legend(
                handles,
                labels,
                loc="lower left",
                bbox_to_anchor=(-0.01, 1.0),
                ncols=max(1, min(room, len(handles))),
                frameon=False,
                borderaxespad=0.1,
                handlelength=1.5,
                columnspacing=1.4,
                labelcolor=TOKENS["ink"],
            )


def draw_line(axes: Axes, values: Sequence[float], name: str, label: str, *, style: int = 0) -> None:
    """Draw a value for each session, in a colour and a dash of their own."""
    axes.plot(
        range(len(values)),
        values,
        color=TOKENS[name],
        linewidth=LINE_PT,
        linestyle=DASHES[style],
        marker="o" if len(values) <= _FEW_SESSIONS else None,
        markersize=4,
        label=label,
        solid_capstyle="round",
    )


def draw_steps(axes: Axes, values: Sequence[float], name: str, label: str, *, dashed: bool = False) -> None:
    """Draw what holds for a whole session."""
    axes.step(
        range(len(values)),
        values,
        where="mid",
        color=TOKENS[name],
        linewidth=LINE_PT,
        linestyle=(0, (3, 1.5)) if dashed else "-",
        marker="o" if len(values) <= _FEW_SESSIONS else None,
        markersize=4,
        label=label,
    )


def draw_path(axes: Axes, shapes: Sequence[Sequence[tuple[float, float]]], **style: Any) -> None:
    """Draw many shapes as one path, a tenth of the bytes of as many paths."""
    from matplotlib.patches import PathPatch  # noqa: PLC0415
    from matplotlib.path import Path  # noqa: PLC0415

    axes.add_patch(PathPatch(Path.make_compound_path(*(Path(shape, closed=False) for shape in shapes)), **style))


def dollar_axis(axes: Axes) -> None:
    """Write the axis in dollars."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415

    most_usd = max(map(abs, axes.get_ylim()))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda usd, _: axis_dollars(usd, most_usd)))


def axis_dollars(usd: float, most_usd: float) -> str:
    """Write dollars for an axis that reaches to ``most_usd``: in thousands (``$995k``) from 10,000 on."""
    sign = MINUS if usd < 0 else ""
    if most_usd < _THOUSANDS_FROM_USD or usd == 0:
        return f"{sign}${abs(usd):,.0f}"
    return f"{sign}${abs(usd) / 1000:,.1f}".removesuffix(".0") + "k"
