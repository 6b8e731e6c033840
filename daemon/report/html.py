"""The report of a period as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from daemon.report.analysis_tables import SOURCES, tables_by_name
from daemon.report.hedge import target_words
from daemon.report.html_tables import Table, tables_of
from daemon.report.period import ReportData, gather_report
from daemon.report.plots import Plot, plots
from daemon.report.valuation_tables import MONITORS, VALUATION, monitor_table, valuation_table
from daemon.report.words import MINUS, UNKNOWN, dollars, dollars_and_cents, percent, plural


@dataclass(frozen=True, slots=True)
class Figure:
    """One headline figure with a word on how it came about."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with a plot, tables, or both."""

    anchor: str
    title: str
    note: str
    plots: tuple[Plot, ...] = ()
    tables: tuple[Table, ...] = ()


def render_html(data: ReportData) -> str:
    """Write the report: no script, nothing loaded from a network, light and dark, the same bytes for the same data."""
    environment = Environment(
        loader=PackageLoader("daemon.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["minus"] = minus
    page = environment.get_template("report.html")
    return page.render(data=data, period=_period(data), figures=_figures(data), sections=_sections(data))


def minus(text: str) -> str:
    """Write the sign of negative numbers as a minus sign, which lines up with the plus sign."""
    return MINUS + text[1:] if text[:1] == "-" and len(text) > 1 else text


def _period(data: ReportData) -> str:
    if not data.days:
        return f"No session from {data.first} to {data.last} has closing figures"
    first, last = data.days[0].session, data.days[-1].session
    if first == last:
        return f"{first}, one session"
    missing = f"; {len(data.unclosed)} more have no closing figures" if data.unclosed else ""
    return f"{first} to {last}, {plural(len(data.days), 'session')}{missing}"


def _figures(data: ReportData) -> tuple[Figure, ...]:
    if not data.days:
        return ()
    condors = sum(point.condor_day_usd_cents for point in data.curve)
    hedge = sum(point.hedge_day_usd_cents for point in data.curve)
    start = data.start_usd_cents
    share = percent(100 * (condors + hedge) / start, digits=2, signed=True) if start else UNKNOWN
    hedged = min(data.curve, key=lambda point: point.hedged_drawdown_pct)
    unhedged = min(data.curve, key=lambda point: point.unhedged_drawdown_pct)
    rolls = sum(change.is_roll for change in data.changes)
    return (
        Figure("Net liquidation", dollars(data.days[-1].net_liquidation_usd_cents), f"from {dollars(start)}"),
        Figure("Profit and loss", dollars(condors + hedge, signed=True), f"{share} of the start"),
        Figure(
            "Condors",
            dollars(condors, signed=True),
            f"{data.entered} of {data.decided} sessions entered",
        ),
        Figure(
            "Hedge",
            dollars(hedge, signed=True),
            f"{plural(rolls, 'roll')}, {plural(len(data.changes) - rolls, 'other change')}",
        ),
        Figure(
            "Max drawdown, hedged",
            percent(hedged.hedged_drawdown_pct, digits=2),
            f"{dollars(hedged.hedged_drawdown_usd_cents)} on {hedged.session}",
        ),
        Figure(
            "Max drawdown, unhedged",
            percent(unhedged.unhedged_drawdown_pct, digits=2),
            f"{dollars(unhedged.unhedged_drawdown_usd_cents)} on {unhedged.session}",
        ),
        Figure(
            "Slippage against mid",
            dollars(data.slippage_usd_cents),
            f"and {dollars_and_cents(data.fees_usd_e4 / 100)} of fees",
        ),
        Figure("Breaks open", str(data.days[-1].breaks_open), f"{plural(data.errors, 'error')} logged"),
    )


def _sections(data: ReportData) -> tuple[Section, ...]:
    drawn = {plot.name: plot for plot in plots(data)}
    found = {**tables_of(data), **({} if data.analysis is None else tables_by_name(data.analysis))}
    found |= {table.name: table for table in (monitor_table(data.monitors), valuation_table(data.valuation))}

    def section(anchor: str, title: str, note: str, *, curves: Sequence[str] = (), rows: Sequence[str] = ()) -> Section:
        shown = tuple(drawn[name] for name in curves if name in drawn)
        return Section(anchor, title, note, shown, tuple(found[name] for name in rows if name in found))

    return (
        section("equity", "Equity with and without the hedge", _EQUITY_NOTE, curves=("equity", "drawdown")),
        section(
            "hedge",
            "Hedge against the regime",
            target_words(data.sizing),
            curves=("hedge",),
            rows=("changes_rows", "policy_rows"),
        ),
        section("condors", "Condors", _CONDORS_NOTE, curves=("condors",), rows=("condor_rows",)),
        section("pnl", "Profit and loss by source", _PNL_NOTE, curves=("daily",), rows=(SOURCES,)),
        section("attribution", "What the hedge did", _ATTRIBUTION_NOTE, curves=("layers",), rows=_ATTRIBUTION),
        section("valuation", "Arbitrage and valuation", _VALUATION_NOTE, rows=(MONITORS, VALUATION)),
        section("trades", "Trades", _TRADES_NOTE, rows=("slippage_rows", "trades_rows", "settlements_rows")),
        section("decisions", "Decisions", _DECISIONS_NOTE, rows=("decisions_rows",)),
        section(
            "book", "Reconciliation and troubles", _BOOK_NOTE, rows=("breaks_rows", "unclosed_rows", "troubles_rows")
        ),
    )


_EQUITY_NOTE = (
    "Both lines come from the same fills: the second leaves the hedge's cash flows, fees and marks out. "
    "The figures were measured in this period; they say nothing about another one."
)
_CONDORS_NOTE = (
    "Each condor from entry to end: a line at each short strike, shaded out to the long strike. "
    "Credits and debits are points for one condor."
)
_PNL_NOTE = "Cash is what trades and settlements paid and received; value is the change in the marks of what is held."
_ATTRIBUTION_NOTE = (
    "The command condord attribution shows the same figures. They were measured in this period, whatever its length; "
    "rules, definitions and sources stand in docs/attribution.md."
)
_VALUATION_NOTE = (
    "For information: nothing is traded on it. The worst line of each monitor over the period; the formulas at its last "
    "close, with what they rest on. Their definitions and sources stand in docs/formulas.md."
)
_ATTRIBUTION = (
    "losses_rows",
    "moves_rows",
    "states_rows",
    "falls_rows",
    "buckets_rows",
    "returns_rows",
    "betas_rows",
    "greeks_rows",
    "costs_rows",
    "years_rows",
)
_TRADES_NOTE = (
    "Net prices for one unit: cr is received, db is paid. Slippage is fill against mid at the decision, "
    "positive a cost; a resting order has none. Its parts: delay is how far the mid moved from the decision to the "
    "price that filled, spread half the spread of the market then, execution what was paid beyond its natural price."
)
_DECISIONS_NOTE = "Every recorded decision with its reasons; the limit stands beside the value found."
_BOOK_NOTE = "A break is a difference between our book and the account that is not explained yet."

__all__ = ["ReportData", "gather_report", "render_html"]
