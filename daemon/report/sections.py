"""The report of a period as one document: figures and sections. Text, HTML and JSON are written from it and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from daemon.report.analysis_tables import SOURCES, tables_by_name
from daemon.report.at_risk import PAYOFF, stress_note
from daemon.report.carry import CARRY
from daemon.report.cells import Amount, Table, Unit
from daemon.report.hedge import target_words
from daemon.report.hedge_calendar import ROLLS
from daemon.report.period import ROLLS_AHEAD_DAYS, ReportData
from daemon.report.period_tables import HELD, SESSIONS, tables_of
from daemon.report.plots import undrawn
from daemon.report.skips import SKIPS
from daemon.report.valuation_tables import MONITORS, VALUATION, monitor_table, valuation_table
from daemon.report.words import UNKNOWN, dollars, dollars_and_cents, percent, plural

NOTHING: Final = (
    "There is nothing to show: no session of this period was closed. "
    "The end-of-day job records the closing figures of each session."
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One headline figure with a word on how it came about."""

    name: str
    amount: Amount
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with plots, tables, or both."""

    anchor: str
    title: str
    note: str
    plots: tuple[str, ...]
    """Names of the plots that can be drawn."""
    undrawn: tuple[str, ...]
    """Sentences that stand for the plots that cannot."""
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report, before it is written in any form."""

    data: ReportData
    period: str
    """The period and what of it is recorded, in a sentence."""
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]


def document(data: ReportData, only: Sequence[str] = ()) -> Document:
    """Make the report of a period; with ``only`` the sections of these anchors."""
    figures, sections = (_figures(data), _sections(data)) if data.days else ((), ())
    kept = tuple(section for section in sections if not only or section.anchor in only)
    return Document(data, period_words(data), figures, kept)


def period_words(data: ReportData) -> str:
    """Say which period it is, and how many of its sessions are recorded."""
    if not data.days:
        return f"No session from {data.first} to {data.last} has closing figures"
    first, last = data.days[0].session, data.days[-1].session
    missing = f"; {len(data.unclosed)} more have no closing figures" if data.unclosed else ""
    if first == last:
        words = f"{first}, one session"
    else:
        words = f"{first} to {last}, {plural(len(data.days), 'session')}{missing}"
    named = f"{data.name}: " if data.name and not data.name.startswith(f"{first}") else ""
    left = data.expected - len(data.days) - len(data.unclosed)
    part = (
        f"; in part: {plural(left, 'other session')} of it {'is' if left == 1 else 'are'} not recorded" if left else ""
    )
    return f"{named}{words}{part}"


def _figures(data: ReportData) -> tuple[Figure, ...]:
    condors = sum(point.condor_day_usd_cents for point in data.curve)
    hedge = sum(point.hedge_day_usd_cents for point in data.curve)
    start = data.start_usd_cents
    share = percent(100 * (condors + hedge) / start, digits=2, signed=True) if start else UNKNOWN
    hedged = min(data.curve, key=lambda point: point.hedged_drawdown_pct)
    unhedged = min(data.curve, key=lambda point: point.unhedged_drawdown_pct)
    rolls = sum(change.is_roll for change in data.changes)
    return (
        Figure("Net liquidation", _usd(data.days[-1].net_liquidation_usd_cents), f"from {dollars(start)}"),
        Figure("Profit and loss", _usd(condors + hedge, signed=True), f"{share} of the start"),
        Figure("Condors", _usd(condors, signed=True), f"{data.entered} of {plural(data.decided, 'session')} entered"),
        Figure(
            "Hedge",
            _usd(hedge, signed=True),
            f"{plural(rolls, 'roll')}, {plural(len(data.changes) - rolls, 'other change')}",
        ),
        Figure(
            "Max drawdown, hedged",
            Amount(hedged.hedged_drawdown_pct, Unit.PERCENT, 2),
            f"{dollars(hedged.hedged_drawdown_usd_cents)} on {hedged.session}",
        ),
        Figure(
            "Max drawdown, unhedged",
            Amount(unhedged.unhedged_drawdown_pct, Unit.PERCENT, 2),
            f"{dollars(unhedged.unhedged_drawdown_usd_cents)} on {unhedged.session}",
        ),
        Figure(
            "Slippage against mid",
            _usd(data.slippage_usd_cents),
            f"and {dollars_and_cents(data.fees_usd_e4 / 100)} of fees",
        ),
        Figure(
            "Breaks open",
            Amount(data.days[-1].breaks_open, Unit.COUNT),
            f"{plural(data.errors, 'error')} logged",
        ),
    )


def _usd(cents: int, *, signed: bool = False) -> Amount:
    return Amount(cents / 100, Unit.USD, signed=signed)


def _sections(data: ReportData) -> tuple[Section, ...]:
    found = {**tables_of(data), **({} if data.analysis is None else tables_by_name(data.analysis))}
    found |= {table.name: table for table in (monitor_table(data.monitors), valuation_table(data.valuation))}
    stress = [name for name in found if name.startswith("stress_")]

    def section(anchor: str, note: str, *, curves: Sequence[str] = (), rows: Iterable[str] = ()) -> Section:
        why = {name: undrawn(name, data) for name in curves}
        tables = tuple(found[name] for name in rows if name in found)
        told = any(table.rows for table in tables)  # without rows the tables have sentences of their own
        return Section(
            anchor,
            SECTIONS[anchor],
            note,
            plots=tuple(name for name, words in why.items() if not words),
            undrawn=tuple(dict.fromkeys(words for words in why.values() if words and told)),
            tables=tables,
        )

    return (
        section("equity", _EQUITY_NOTE, curves=("equity", "drawdown"), rows=(SESSIONS,)),
        section("pnl", _PNL_NOTE, curves=("daily",), rows=(SOURCES,)),
        section("hedge", target_words(data.sizing), curves=("hedge",), rows=(HELD, "changes_rows", "policy_rows")),
        section("rolls", _ROLLS_NOTE, curves=("rolls",), rows=(ROLLS,)),
        section("carry", _CARRY_NOTE, curves=("carry",), rows=(CARRY,)),
        section("condors", _CONDORS_NOTE, curves=("condors",), rows=("condor_rows",)),
        section("payoff", _PAYOFF_NOTE, curves=("payoff",), rows=(PAYOFF,)),
        section("stress", f"{_STRESS_NOTE} {stress_note(data.risk)}".strip(), rows=stress),
        section("trades", _TRADES_NOTE, rows=("slippage_rows", "trades_rows", "settlements_rows")),
        section("skips", _SKIPS_NOTE, rows=(SKIPS,)),
        section("attribution", _ATTRIBUTION_NOTE, curves=("layers",), rows=_ATTRIBUTION),
        section("valuation", _VALUATION_NOTE, rows=(MONITORS, VALUATION)),
        section("decisions", _DECISIONS_NOTE, rows=("decisions_rows",)),
        section("book", _BOOK_NOTE, rows=("breaks_rows", "unclosed_rows", "troubles_rows", "settings_rows")),
    )


SECTIONS: Final = {
    "equity": "Equity with and without the hedge",
    "pnl": "Profit and loss by source",
    "hedge": "Hedge against the regime",
    "rolls": "Roll calendar",
    "carry": "Carry against its budget",
    "condors": "Condors",
    "payoff": "The book at expiry",
    "stress": "Stress",
    "trades": "Trades and slippage",
    "skips": "Skips by reason",
    "attribution": "What the hedge did",
    "valuation": "Arbitrage and valuation",
    "decisions": "Decisions",
    "book": "Reconciliation, troubles, settings",
}
"""Anchor and title of every section, in the order of the page."""

_EQUITY_NOTE = (
    "Both lines come from the same fills: the second leaves the hedge's cash flows, fees and marks out. "
    "The figures were measured in this period; they say nothing about another one."
)
_PNL_NOTE = "Cash is what trades and settlements paid and received; value is the change in the marks of what is held."
_ROLLS_NOTE = (
    "Rolls done in the period, then those that the calendar of the layers asks for in the "
    f"{ROLLS_AHEAD_DAYS} days after its last session. A roll may wait inside its window while quotes are too wide."
)
_CARRY_NOTE = (
    "Two limits bind the hedge: its target may not be expected to cost more than a share of the open wing notional in 30 days, "
    "and its debits less sales of 30 days not more than a share of the credits. Both are settings of the group HEDGE."
)
_CONDORS_NOTE = (
    "Each condor from entry to end: a line at each short strike, shaded out to the long strike; between its short strikes it "
    "keeps its credit. Credits and debits are points for one condor."
)
_PAYOFF_NOTE = (
    "What the condors open at the end of the period gain from entry to expiry, fees included. Assumed: SPX stands at one and the "
    "same level at the expiry of each, every condor is held to its expiry, none is entered. The hedge counts with what its "
    "contracts have gained at their closing marks, whatever SPX does: it moves the line and does not bend it."
)
_STRESS_NOTE = (
    "What condors and hedge together would gain or lose: moves of VIX down, moves of SPX across, every position priced anew. "
    "The shade grows with the amount, each map for itself; blue gains, orange loses."
)
_TRADES_NOTE = (
    "Net prices for one unit: cr is received, db is paid. Slippage is fill against mid at the decision, "
    "positive a cost; a resting order has none. Its parts: delay is how far the mid moved from the decision to the "
    "price that filled, spread half the spread of the market then, execution what was paid beyond its natural price."
)
_SKIPS_NOTE = (
    "The sessions without an entry, by the reason that refused it; condord why tells all reasons of one session."
)
_DECISIONS_NOTE = "Every recorded decision with its reasons; the limit stands beside the value found."
_ATTRIBUTION_NOTE = (
    "The command condord attribution shows the same figures. They were measured in this period, whatever its length; "
    "rules, definitions and sources stand in docs/attribution.md."
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
_VALUATION_NOTE = (
    "For information: nothing is traded on it. The worst line of each monitor over the period; the formulas at its last "
    "close, with what they rest on. Their definitions and sources stand in docs/formulas.md."
)
_BOOK_NOTE = "A break is a difference between our book and the account that is not explained yet."
