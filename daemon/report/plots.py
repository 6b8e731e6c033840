"""The plots of the report. Colours are stand-ins that the page's style sheet fills in."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, groupby
from math import ceil, nan
from typing import TYPE_CHECKING, Any, Final

from daemon.core.analysis.rows import SessionRow, layers_of
from daemon.core.hedge.policy import HedgeMeasure
from daemon.core.market.contracts import Right
from daemon.report.hedge import MEASURE_WORDS
from daemon.report.period import ReportData
from daemon.report.svg import TOKENS, to_svg
from daemon.report.words import MINUS, percent

if TYPE_CHECKING:  # the library costs 150 MB and is loaded only when something is drawn
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot in two shapes: for a desk and for a phone."""

    name: str
    title: str
    wide: str
    narrow: str


@dataclass(frozen=True, slots=True)
class _Shape:
    """Size of a plot in inches of 72 points, and how many dates fit under it."""

    name: str
    width: float
    height: float
    dates: int


@dataclass(frozen=True, slots=True)
class _Drawing:
    """How one plot is made: one pair of axes for each share of the height, below one another."""

    name: str
    title: str
    draw: Callable[[Sequence[Axes], ReportData], None]
    heights: tuple[float, ...]


_WIDE: Final = _Shape("wide", 9.2, 2.9, 9)
_NARROW: Final = _Shape("narrow", 4.4, 2.9, 4)
_FONT_PT: Final = 9.0
_LINE_PT: Final = 1.6
_THOUSANDS_FROM_USD: Final = 10_000
_LAYER_COLOURS: Final = ("hedged", "vix", "call", "unhedged", "put")
_FEW_SESSIONS: Final = 3
"""Up to so many sessions a line is too short to be seen without markers."""


def plots(data: ReportData) -> tuple[Plot, ...]:
    """Draw every plot of a period: no curve of a single session, nothing without one."""
    drawings = (
        _Drawing("equity", "Net liquidation", _equity, (1.0,)),
        _Drawing("drawdown", "Drawdown from the highest close so far", _drawdown, (0.8,)),
        _Drawing("hedge", "Hedge held against its target, and VIX", _hedge, (0.8, 0.6)),
        _Drawing("condors", "Short strikes and wings against SPX", _condors, (1.35,)),
        _Drawing("layers", "Gain of each layer since the start of the period", _layers, (0.8,)),
        _Drawing("daily", "Profit and loss of each session", _daily, (0.8,)),
    )
    least = {"condors": 1}
    drawn = [one for one in drawings if one.name != "layers" or layers_of(_rows(data))]
    return tuple(
        Plot(drawing.name, drawing.title, _drawn(drawing, data, _WIDE), _drawn(drawing, data, _NARROW))
        for drawing in drawn
        if len(data.days) >= least.get(drawing.name, 2)
    )


def _drawn(drawing: _Drawing, data: ReportData, shape: _Shape) -> str:
    from matplotlib import rc_context  # noqa: PLC0415 - see above
    from matplotlib.figure import Figure  # noqa: PLC0415

    with rc_context({"font.size": _FONT_PT, "axes.unicode_minus": True}):
        size = (shape.width, shape.height * sum(drawing.heights))
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(
            len(drawing.heights), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": drawing.heights}
        )
        axes = [row[0] for row in grid]
        for pair in axes:
            _bare(pair)
        drawing.draw(axes, data)
        _dates(axes[-1], [day.session for day in data.days], shape.dates)
        _legends(axes)
        return to_svg(figure, f"{drawing.name}-{shape.name}", drawing.title)


# -- frame -------------------------------------------------------------------------------------------


def _bare(axes: Axes) -> None:
    """Leave a light grid and the numbers; nothing else of the frame."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(TOKENS["grid"])
    axes.grid(visible=True, axis="y", color=TOKENS["grid"], linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=TOKENS["muted"], length=0, pad=5)
    axes.margins(y=0.08)


def _dates(axes: Axes, sessions: Sequence[date], count: int) -> None:
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


def _legends(all_axes: Sequence[Axes]) -> None:
    """Name the lines above the axes, where no data are covered."""
    for axes in all_axes:
        handles, labels = axes.get_legend_handles_labels()
        if handles:
            axes.legend(
                handles,
                labels,
                loc="lower left",
                bbox_to_anchor=(-0.01, 1.0),
                ncols=len(handles),
                frameon=False,
                borderaxespad=0.1,
                handlelength=1.5,
                columnspacing=1.4,
                labelcolor=TOKENS["ink"],
            )


def _line(axes: Axes, values: Sequence[float], name: str, label: str, *, dashed: bool = False) -> None:
    axes.plot(
        range(len(values)),
        values,
        color=TOKENS[name],
        linewidth=_LINE_PT,
        linestyle=(0, (4, 2)) if dashed else "-",
        marker="o" if len(values) <= _FEW_SESSIONS else None,
        markersize=4,
        label=label,
        solid_capstyle="round",
    )


def _dollar_axis(axes: Axes) -> None:
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


# -- drawings ----------------------------------------------------------------------------------------


def _equity(axes: Sequence[Axes], data: ReportData) -> None:
    top = axes[0]
    _line(top, [point.hedged_usd_cents / 100 for point in data.curve], "hedged", "with the hedge")
    _line(top, [point.unhedged_usd_cents / 100 for point in data.curve], "unhedged", "without the hedge")
    if data.start_usd_cents is not None:
        start_usd = data.start_usd_cents / 100
        top.axhline(start_usd, color=TOKENS["muted"], linewidth=0.9, linestyle=(0, (1, 2)), label="start")
    _dollar_axis(top)


def _drawdown(axes: Sequence[Axes], data: ReportData) -> None:
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415

    top = axes[0]
    unhedged = [point.unhedged_drawdown_pct for point in data.curve]
    hedged = [point.hedged_drawdown_pct for point in data.curve]
    top.fill_between(range(len(hedged)), hedged, color=TOKENS["hedged"], alpha=0.12, linewidth=0)
    _line(top, hedged, "hedged", "with the hedge")
    _line(top, unhedged, "unhedged", "without the hedge")
    worst = min(*unhedged, *hedged)
    digits = 1 if worst <= -1 else 2 if worst <= -0.1 else 3
    top.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, digits=digits).replace("-", MINUS)))


def _hedge(axes: Sequence[Axes], data: ReportData) -> None:
    notional, volatility = axes
    held = [nan if usd is None else usd for usd in data.held_usd]
    target = [nan if day.hedge_target_usd is None else day.hedge_target_usd for day in data.days]
    notional.fill_between(range(len(held)), held, step="mid", color=TOKENS["hedged"], alpha=0.18, linewidth=0)
    measure = HedgeMeasure.DELTA_DOLLARS if data.sizing is None else HedgeMeasure(data.sizing.measure)
    _steps(notional, held, "hedged", f"held, {MEASURE_WORDS[measure]}")
    _steps(notional, target, "ink", "target", dashed=True)
    notional.set_ylim(bottom=0)
    _dollar_axis(notional)
    _line(volatility, [day.vix for day in data.days], "vix", "VIX; regime:")
    _regimes(volatility, [day.regime for day in data.days])
    volatility.set_ylim(bottom=0)


def _steps(axes: Axes, values: Sequence[float], name: str, label: str, *, dashed: bool = False) -> None:
    axes.step(
        range(len(values)),
        values,
        where="mid",
        color=TOKENS[name],
        linewidth=_LINE_PT,
        linestyle=(0, (3, 1.5)) if dashed else "-",
        marker="o" if len(values) <= _FEW_SESSIONS else None,
        markersize=4,
        label=label,
    )


def _regimes(axes: Axes, regimes: Sequence[str | None]) -> None:
    """Shade the background by regime; the legend names them from calm to wild."""
    place = 0
    stretches: dict[str, list[tuple[float, float]]] = {}
    for regime, group in groupby(regimes):
        length = len(list(group))
        stretches.setdefault(regime or "", []).append((place - 0.5, place + length - 0.5))
        place += length
    for regime in ("low", "moderate", "high"):
        for n, (start, end) in enumerate(stretches.get(regime, [])):
            label = None if n else regime
            axes.axvspan(start, end, color=TOKENS[regime], alpha=0.2, linewidth=0, label=label)


def _condors(axes: Sequence[Axes], data: ReportData) -> None:
    """Draw each condor from entry to end: a line at the short strike, a shade out to the long one; rolled from its roll on."""
    from matplotlib.ticker import StrMethodFormatter  # noqa: PLC0415

    top = axes[0]
    _line(top, [day.spx for day in data.days], "ink", "SPX")
    top.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    sessions = [day.session for day in data.days]
    sides = [
        (*_life(sessions, since, until), side)
        for line in data.condors
        for (since, shape), until in zip(line.shapes, [*(at for at, _ in line.shapes[1:]), line.ended], strict=True)
        for side in shape
    ]
    calls = [(start, end, s.short.strike, s.long.strike) for start, end, s in sides if s.right is Right.CALL]
    puts = [(start, end, s.short.strike, s.long.strike) for start, end, s in sides if s.right is Right.PUT]
    _wings(top, calls, "call", "short calls, wings")
    _wings(top, puts, "put", "short puts, wings")
    top.autoscale_view()


def _wings(axes: Axes, wings: Sequence[tuple[float, float, float, float]], name: str, label: str) -> None:
    """Draw (start, end, short strike, long strike): all lines as one path and all shades as another."""
    if not wings:
        return
    lines = [[(start, short), (end, short)] for start, end, short, _ in wings]
    shades = [[(start, short), (end, short), (end, long), (start, long)] for start, end, short, long in wings]
    _one_path(axes, shades, facecolor=TOKENS[name], edgecolor="none", alpha=0.2)
    _one_path(axes, lines, facecolor="none", edgecolor=TOKENS[name], linewidth=1.1)
    axes.plot([], [], color=TOKENS[name], linewidth=_LINE_PT, label=label)


def _one_path(axes: Axes, shapes: Sequence[Sequence[tuple[float, float]]], **style: Any) -> None:
    """Draw many shapes as one path, a tenth of the bytes of as many paths."""
    from matplotlib.patches import PathPatch  # noqa: PLC0415
    from matplotlib.path import Path  # noqa: PLC0415

    axes.add_patch(PathPatch(Path.make_compound_path(*(Path(shape, closed=False) for shape in shapes)), **style))


def _life(sessions: Sequence[date], entered: date, ended: date | None) -> tuple[float, float]:
    """Return where a condor begins and ends on the axis, at least a third of a session long."""
    start = bisect_left(sessions, entered) if entered >= sessions[0] else -0.5
    end = len(sessions) - 0.5 if ended is None else float(bisect_left(sessions, ended))
    return start, max(end, start + 0.33)


def _layers(axes: Sequence[Axes], data: ReportData) -> None:
    """Draw what each layer has gained so far; where a mark is missing its line is broken."""
    top = axes[0]
    rows = _rows(data)
    for place, name in enumerate(layers_of(rows)):
        again, colour = divmod(place, len(_LAYER_COLOURS))
        gains = [nan if (usd := row.gains[name].usd) is None else usd for row in rows]
        _line(top, list(accumulate(gains)), _LAYER_COLOURS[colour], name, dashed=bool(again))
    top.axhline(0, color=TOKENS["muted"], linewidth=0.8)
    _dollar_axis(top)


def _rows(data: ReportData) -> tuple[SessionRow, ...]:
    return () if data.analysis is None else data.analysis.rows


def _daily(axes: Sequence[Axes], data: ReportData) -> None:
    top = axes[0]
    condor = [point.condor_day_usd_cents / 100 for point in data.curve]
    hedge = [point.hedge_day_usd_cents / 100 for point in data.curve]
    for values, name, label, left in ((condor, "unhedged", "condors", -0.4), (hedge, "hedged", "hedge", 0.0)):
        bars = [[(n + left, 0), (n + left, y), (n + left + 0.4, y), (n + left + 0.4, 0)] for n, y in enumerate(values)]
        _one_path(top, bars, facecolor=TOKENS[name], edgecolor="none", label=label)
    total = [one + other for one, other in zip(condor, hedge, strict=True)]
    dashes = [[(n - 0.3, y), (n + 0.3, y)] for n, y in enumerate(total)]
    _one_path(top, dashes, facecolor="none", edgecolor=TOKENS["ink"], linewidth=1.6)
    top.plot([], [], color=TOKENS["ink"], linewidth=1.6, label="total")
    top.axhline(0, color=TOKENS["muted"], linewidth=0.8)
    _dollar_axis(top)
