"""The plots of the report. Colours are stand-ins that the page's style sheet fills in."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, groupby
from math import ceil, nan
from typing import TYPE_CHECKING, Any, Final

from daemon.core.analysis.rows import SessionRow, layers_of
from daemon.core.calendar.sessions import sessions_between
from daemon.core.hedge.policy import HedgeMeasure
from daemon.core.market.contracts import Right
from daemon.report.hedge import MEASURE_WORDS
from daemon.report.period import ReportData
from daemon.report.svg import TOKENS, to_svg
from daemon.report.words import MINUS, percent

if TYPE_CHECKING:  # the library costs 150 MB and is loaded only when something is drawn
    from matplotlib.axes import Axes

_Side = tuple[float, float, float, float]
"""One side of a condor: where it begins and ends on the axis, its short and its long strike."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot in two shapes: for a desk and for a phone."""

    name: str
    title: str
    wide: str
    narrow: str


@dataclass(frozen=True, slots=True)
class _Shape:
    """Size of a plot in inches of 72 points, how many dates fit under it, and how much of a legend above."""

    name: str
    width: float
    height: float
    dates: int
    legend: int
    """Letters of a line of the legend."""


@dataclass(frozen=True, slots=True)
class _Drawing:
    """How one plot is made: one pair of axes for each share of the height, below one another."""

    title: str
    draw: Callable[[Sequence[Axes], ReportData], None]
    heights: tuple[float, ...]
    sessions: Callable[[ReportData], Sequence[date]] | None
    """What lies along the axis below; None for no dates."""
    lacks: Callable[[ReportData], str]
    """Says what there is not to be drawn; nothing when it can be."""


_WIDE: Final = _Shape("wide", 9.2, 2.9, 9, 110)
_NARROW: Final = _Shape("narrow", 4.4, 2.9, 4, 46)
_FONT_PT: Final = 9.0
_LINE_PT: Final = 1.6
_THOUSANDS_FROM_USD: Final = 10_000
_LAYER_COLOURS: Final = ("hedged", "unhedged", "vix", "call", "put")
_DASHES: Final = ("-", (0, (4, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
"""Lines differ by more than their colour."""
_CURVE_SESSIONS: Final = 2
"""Fewest sessions of a curve."""
_PAYOFF_MARGIN: Final = 0.03
"""How far beyond strikes and SPX a payoff is drawn, as a fraction of SPX."""
_LEGEND_LETTERS: Final = 4
"""What the line before a name in a legend takes, in letters."""
_FEW_SESSIONS: Final = 3
"""Up to so many sessions a line is too short to be seen without markers."""


def undrawn(name: str, data: ReportData) -> str:
    """Return the sentence that stands for a plot that has nothing to show; nothing for one that is drawn."""
    return _DRAWINGS[name].lacks(data)


def plots(data: ReportData, names: Iterable[str]) -> Mapping[str, Plot]:
    """Draw some plots of a period, none of which is undrawn, by name."""
    return {name: _plot(name, _DRAWINGS[name], data) for name in names}


def _plot(name: str, drawing: _Drawing, data: ReportData) -> Plot:
    return Plot(name, drawing.title, *(_drawn(name, drawing, data, shape=shape) for shape in (_WIDE, _NARROW)))


def _drawn(name: str, drawing: _Drawing, data: ReportData, *, shape: _Shape) -> str:
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
        if drawing.sessions is not None:
            _dates(axes[-1], drawing.sessions(data), shape.dates)
        _legends(axes, shape.legend)
        return to_svg(figure, f"{name}-{shape.name}", drawing.title)


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


def _legends(all_axes: Sequence[Axes], letters: int) -> None:
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


def _line(axes: Axes, values: Sequence[float], name: str, label: str, *, style: int = 0) -> None:
    axes.plot(
        range(len(values)),
        values,
        color=TOKENS[name],
        linewidth=_LINE_PT,
        linestyle=_DASHES[style],
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
    _line(top, [point.unhedged_usd_cents / 100 for point in data.curve], "unhedged", "without the hedge", style=1)
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
    _line(top, unhedged, "unhedged", "without the hedge", style=1)
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
    for regime, shade in (("low", 0.12), ("moderate", 0.24), ("high", 0.36)):
        for n, (start, end) in enumerate(stretches.get(regime, [])):
            label = None if n else regime
            axes.axvspan(start, end, color=TOKENS[regime], alpha=shade, linewidth=0, label=label)


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
    _between(top, puts, calls)
    _wings(top, calls, "call", "short calls, wings")
    _wings(top, puts, "put", "short puts, wings")
    top.autoscale_view()


def _between(axes: Axes, puts: Sequence[_Side], calls: Sequence[_Side]) -> None:
    """Shade what lies between the short strikes of each condor that has both."""
    by_life = {(start, end): short for start, end, short, _ in calls}
    bands = [
        [(start, short), (end, short), (end, by_life[start, end]), (start, by_life[start, end])]
        for start, end, short, _ in puts
        if (start, end) in by_life
    ]
    if bands:
        _one_path(axes, bands, facecolor=TOKENS["muted"], edgecolor="none", alpha=0.1, label="between short strikes")


def _wings(axes: Axes, wings: Sequence[_Side], name: str, label: str) -> None:
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
        gains = [nan if (usd := row.gains[name].usd) is None else usd for row in rows]
        colour, style = _LAYER_COLOURS[place % len(_LAYER_COLOURS)], place % len(_DASHES)
        _line(top, list(accumulate(gains)), colour, name, style=style)
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


def _carry(axes: Sequence[Axes], data: ReportData) -> None:
    found = {line.session: line.budget for line in data.budgets}
    budgets = [found.get(day.session) for day in data.days]
    expected, debits = axes
    _steps(expected, [nan if b is None else b.carry_usd for b in budgets], "hedged", "expected cost, 30 days ahead")
    _steps(expected, [nan if b is None else b.carry_max_usd for b in budgets], "ink", "its limit", dashed=True)
    _steps(debits, [nan if b is None else b.debits_usd for b in budgets], "unhedged", "debits less sales, 30 days back")
    _steps(debits, [nan if b is None else b.debits_max_usd for b in budgets], "ink", "their limit", dashed=True)
    for pair in axes:
        pair.axhline(0, color=TOKENS["muted"], linewidth=0.8)
        _dollar_axis(pair)


def _payoff(axes: Sequence[Axes], data: ReportData) -> None:
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
        top.plot(levels, values, color=TOKENS[name], linewidth=_LINE_PT, linestyle=_DASHES[style], label=label)
        evens = [level for level in line.break_evens_pts if levels[0] <= level <= levels[-1]]
        top.plot(evens, [0.0] * len(evens), linestyle="none", marker="o", markersize=4.5, color=TOKENS[name])
    top.axhline(0, color=TOKENS["muted"], linewidth=0.8)
    if found.spx is not None:
        top.axvline(found.spx, color=TOKENS["ink"], linewidth=1.1, linestyle=_DASHES[2], label="SPX at the close")
    top.set_xlabel("SPX at expiry, points", color=TOKENS["muted"])
    top.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    _dollar_axis(top)


def _lanes(data: ReportData) -> tuple[str, ...]:
    """Return the layers that roll or will, each a lane of the calendar."""
    done = {change.layer for change in data.changes if change.is_roll}
    return tuple(sorted(done | {roll.layer for roll in data.coming or ()}))


def _calendar(data: ReportData) -> tuple[date, ...]:
    """Return the sessions from the first of the period to the last that a roll may wait for."""
    marked = [day.session for day in data.days] + [change.session for change in data.changes if change.is_roll]
    ends = [roll.window.last for roll in data.coming or ()]
    return sessions_between(min(marked), max(marked + ends))


def _rolls(axes: Sequence[Axes], data: ReportData) -> None:
    """Draw a lane for each layer: rolls done, and those to come with the window of each."""
    top, names, sessions = axes[0], _lanes(data), _calendar(data)
    place = {session: n for n, session in enumerate(sessions)}
    lane = {name: -n for n, name in enumerate(names)}
    done = [(place[change.session], lane[change.layer]) for change in data.changes if change.is_roll]
    coming = data.coming or ()
    top.axvspan(-0.5, place[data.days[-1].session] + 0.5, color=TOKENS["grid"], alpha=0.35, linewidth=0, label="period")
    if done:
        top.plot(*zip(*done, strict=True), linestyle="none", marker="o", color=TOKENS["hedged"], label="rolled")
    windows = [
        [(place[day], lane[roll.layer]) for day in (max(roll.window.first, sessions[0]), roll.window.last)]
        for roll in coming
    ]
    if windows:
        _one_path(top, windows, facecolor="none", edgecolor=TOKENS["unhedged"], linewidth=5, alpha=0.35)
        planned = [(place[roll.session], lane[roll.layer]) for roll in coming]
        top.plot(
            *zip(*planned, strict=True), linestyle="none", marker="D", color=TOKENS["unhedged"], label="to come, window"
        )
    top.set_yticks([*lane.values()], [*lane])
    top.set_ylim(-len(names) + 0.5, 0.5)


def _sessions(data: ReportData) -> Sequence[date]:
    return [day.session for day in data.days]


# -- what is not drawn -------------------------------------------------------------------------------


def _no_curve(data: ReportData) -> str:
    few = len(data.days) < _CURVE_SESSIONS
    return "One session makes no curve over time; its figures stand in the tables." if few else ""


def _no_hedge(data: ReportData) -> str:
    some = any(data.held_usd) or any(day.hedge_target_usd for day in data.days)
    return _no_curve(data) if some else "No hedge was held and none was asked for; VIX stands in the table."


def _no_layers(data: ReportData) -> str:
    return _no_curve(data) if layers_of(_rows(data)) else "No layer of the hedge has held or traded anything here."


def _no_budget(data: ReportData) -> str:
    known = any(line.budget for line in data.budgets)
    return _no_curve(data) if known else "What the hedge was expected to cost is not recorded here."


def _no_roll(data: ReportData) -> str:
    return "" if _lanes(data) else "No layer rolled, and none is known to roll next."


def _no_condor(data: ReportData) -> str:
    return "" if data.condors else "No condor was held, so there is no life line."


def _no_payoff(data: ReportData) -> str:
    return "" if data.payoff else "No condor was open at the end, so there is no curve."


_DRAWINGS: Final = {
    "equity": _Drawing("Net liquidation, dollars", _equity, (1.0,), _sessions, _no_curve),
    "drawdown": _Drawing("Drawdown from the highest close so far, % of it", _drawdown, (0.8,), _sessions, _no_curve),
    "daily": _Drawing("Profit and loss of each session, dollars", _daily, (0.8,), _sessions, _no_curve),
    "hedge": _Drawing(
        "Hedge held against its target, dollars, and VIX, points", _hedge, (0.8, 0.6), _sessions, _no_hedge
    ),
    "rolls": _Drawing("Rolls of each layer", _rolls, (0.55,), _calendar, _no_roll),
    "carry": _Drawing("What the hedge costs against its limits, dollars", _carry, (0.7, 0.7), _sessions, _no_budget),
    "condors": _Drawing("Short strikes and wings against SPX, points", _condors, (1.35,), _sessions, _no_condor),
    "payoff": _Drawing("Gain and loss at expiry, dollars", _payoff, (1.0,), None, _no_payoff),
    "layers": _Drawing(
        "Gain of each layer since the start of the period, dollars", _layers, (0.8,), _sessions, _no_layers
    ),
}
