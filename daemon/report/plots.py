"""The plots of the report: how each is drawn, and what is said where there is nothing to draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, groupby
from math import nan
from typing import TYPE_CHECKING, Final

from daemon.core.analysis.rows import SessionRow, layers_of
from daemon.core.hedge.policy import HedgeMeasure
from daemon.report.hedge import MEASURE_WORDS
from daemon.report.period import ReportData
from daemon.report.plot_frame import (
    DASHES,
    NARROW,
    WIDE,
    Shape,
    bare,
    date_axis,
    dollar_axis,
    draw_legends,
    draw_line,
    draw_path,
    draw_steps,
)
from daemon.report.plots_book import draw_condors, draw_payoff, draw_rolls, roll_lanes, roll_sessions
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
class _Drawing:
    """How one plot is made: one pair of axes for each share of the height, below one another."""

    title: str
    draw: Callable[[Sequence[Axes], ReportData], None]
    heights: tuple[float, ...]
    sessions: Callable[[ReportData], Sequence[date]] | None
    """What lies along the axis below; None for no dates."""
    lacks: Callable[[ReportData], str]
    """Says what there is not to be drawn; nothing when it can be."""


REGIME_SHADES: Final = {"low": 0.12, "moderate": 0.24, "high": 0.36}
"""How strongly each regime is shaded: the wilder the darker, so that lightness alone tells them apart."""
_LAYER_COLOURS: Final = ("hedged", "unhedged", "vix", "call", "put")
_CURVE_SESSIONS: Final = 2
"""Fewest sessions of a curve."""
_FONT_PT: Final = 9.0


def undrawn(name: str, data: ReportData) -> str:
    """Return the sentence that stands for a plot that has nothing to show; nothing for one that is drawn."""
    return _DRAWINGS[name].lacks(data)


def plots(data: ReportData, names: Iterable[str]) -> Mapping[str, Plot]:
    """Draw some plots of a period, none of which is undrawn, by name."""
    return {name: _plot(name, _DRAWINGS[name], data) for name in names}


def _plot(name: str, drawing: _Drawing, data: ReportData) -> Plot:
    return Plot(name, drawing.title, *(_drawn(name, drawing, data, shape=shape) for shape in (WIDE, NARROW)))


def _drawn(name: str, drawing: _Drawing, data: ReportData, *, shape: Shape) -> str:
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
            bare(pair)
        drawing.draw(axes, data)
        if drawing.sessions is not None:
            date_axis(axes[-1], drawing.sessions(data), shape.dates)
        draw_legends(axes, shape.legend)
        return to_svg(figure, f"{name}-{shape.name}", drawing.title)


def _equity(axes: Sequence[Axes], data: ReportData) -> None:
    top = axes[0]
    draw_line(top, [point.hedged_usd_cents / 100 for point in data.curve], "hedged", "with the hedge")
    draw_line(top, [point.unhedged_usd_cents / 100 for point in data.curve], "unhedged", "without the hedge", style=1)
    if data.start_usd_cents is not None:
        start_usd = data.start_usd_cents / 100
        top.axhline(start_usd, color=TOKENS["muted"], linewidth=0.9, linestyle=(0, (1, 2)), label="start")
    dollar_axis(top)


def _drawdown(axes: Sequence[Axes], data: ReportData) -> None:
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415

    top = axes[0]
    unhedged = [point.unhedged_drawdown_pct for point in data.curve]
    hedged = [point.hedged_drawdown_pct for point in data.curve]
    top.fill_between(range(len(hedged)), hedged, color=TOKENS["hedged"], alpha=0.12, linewidth=0)
    draw_line(top, hedged, "hedged", "with the hedge")
    draw_line(top, unhedged, "unhedged", "without the hedge", style=1)
    worst = min(*unhedged, *hedged)
    digits = 1 if worst <= -1 else 2 if worst <= -0.1 else 3
    top.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, digits=digits).replace("-", MINUS)))


def _hedge(axes: Sequence[Axes], data: ReportData) -> None:
    notional, volatility = axes
    held = [nan if usd is None else usd for usd in data.held_usd]
    target = [nan if day.hedge_target_usd is None else day.hedge_target_usd for day in data.days]
    notional.fill_between(range(len(held)), held, step="mid", color=TOKENS["hedged"], alpha=0.18, linewidth=0)
    measure = HedgeMeasure.DELTA_DOLLARS if data.sizing is None else HedgeMeasure(data.sizing.measure)
    draw_steps(notional, held, "hedged", f"held, {MEASURE_WORDS[measure]}")
    draw_steps(notional, target, "ink", "target", dashed=True)
    notional.set_ylim(bottom=0)
    dollar_axis(notional)
    draw_line(volatility, [day.vix for day in data.days], "vix", "VIX; regime:")
    _regimes(volatility, [day.regime for day in data.days])
    volatility.set_ylim(bottom=0)


def _regimes(axes: Axes, regimes: Sequence[str | None]) -> None:
    """Shade the background by regime; the legend names them from calm to wild."""
    place = 0
    stretches: dict[str, list[tuple[float, float]]] = {}
    for regime, group in groupby(regimes):
        length = len(list(group))
        stretches.setdefault(regime or "", []).append((place - 0.5, place + length - 0.5))
        place += length
    for regime, shade in REGIME_SHADES.items():
        for n, (start, end) in enumerate(stretches.get(regime, [])):
            label = None if n else regime
            axes.axvspan(start, end, color=TOKENS[regime], alpha=shade, linewidth=0, label=label)


def _layers(axes: Sequence[Axes], data: ReportData) -> None:
    """Draw what each layer has gained so far; where a mark is missing its line is broken."""
    top = axes[0]
    rows = _rows(data)
    for place, name in enumerate(layers_of(rows)):
        gains = [nan if (usd := row.gains[name].usd) is None else usd for row in rows]
        colour, style = _LAYER_COLOURS[place % len(_LAYER_COLOURS)], place % len(DASHES)
        draw_line(top, list(accumulate(gains)), colour, name, style=style)
    top.axhline(0, color=TOKENS["muted"], linewidth=0.8)
    dollar_axis(top)


def _rows(data: ReportData) -> tuple[SessionRow, ...]:
    return () if data.analysis is None else data.analysis.rows


def _daily(axes: Sequence[Axes], data: ReportData) -> None:
    top = axes[0]
    condor = [point.condor_day_usd_cents / 100 for point in data.curve]
    hedge = [point.hedge_day_usd_cents / 100 for point in data.curve]
    for values, name, label, left in ((condor, "unhedged", "condors", -0.4), (hedge, "hedged", "hedge", 0.0)):
        bars = [[(n + left, 0), (n + left, y), (n + left + 0.4, y), (n + left + 0.4, 0)] for n, y in enumerate(values)]
        draw_path(top, bars, facecolor=TOKENS[name], edgecolor="none", label=label)
    total = [one + other for one, other in zip(condor, hedge, strict=True)]
    dashes = [[(n - 0.3, y), (n + 0.3, y)] for n, y in enumerate(total)]
    draw_path(top, dashes, facecolor="none", edgecolor=TOKENS["ink"], linewidth=1.6)
    top.plot([], [], color=TOKENS["ink"], linewidth=1.6, label="total")
    top.axhline(0, color=TOKENS["muted"], linewidth=0.8)
    dollar_axis(top)


def _carry(axes: Sequence[Axes], data: ReportData) -> None:
    found = {line.session: line.budget for line in data.budgets}
    budgets = [found.get(day.session) for day in data.days]
    expected, debits = axes
    draw_steps(expected, [nan if b is None else b.carry_usd for b in budgets], "hedged", "expected cost, 30 days ahead")
    draw_steps(expected, [nan if b is None else b.carry_max_usd for b in budgets], "ink", "its limit", dashed=True)
    draw_steps(
        debits, [nan if b is None else b.debits_usd for b in budgets], "unhedged", "debits less sales, 30 days back"
    )
    draw_steps(debits, [nan if b is None else b.debits_max_usd for b in budgets], "ink", "their limit", dashed=True)
    for pair in axes:
        pair.axhline(0, color=TOKENS["muted"], linewidth=0.8)
        dollar_axis(pair)


def _sessions(data: ReportData) -> Sequence[date]:
    return [day.session for day in data.days]


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
    return "" if roll_lanes(data) else "No layer rolled, and none is known to roll next."


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
    "rolls": _Drawing("Rolls of each layer", draw_rolls, (0.55,), roll_sessions, _no_roll),
    "carry": _Drawing("What the hedge costs against its limits, dollars", _carry, (0.7, 0.7), _sessions, _no_budget),
    "condors": _Drawing("Short strikes and wings against SPX, points", draw_condors, (1.35,), _sessions, _no_condor),
    "payoff": _Drawing("Gain and loss at expiry, dollars", draw_payoff, (1.0,), None, _no_payoff),
    "layers": _Drawing(
        "Gain of each layer since the start of the period, dollars", _layers, (0.8,), _sessions, _no_layers
    ),
}
