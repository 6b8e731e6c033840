"""What happened in a period as tables: changes of the hedge, condors, fills and what they cost, decisions, troubles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from daemon.core.book.book import entry_cash_usd_cents
from daemon.core.hedge.governance import GovernanceEntry, short
from daemon.core.records import DayRecord, Decision
from daemon.report.at_risk import payoff_table, stress_tables
from daemon.report.carry import carry_months, carry_table
from daemon.report.cells import Cell, Table, count, gain_cents, net, newest, pct, pts, usd
from daemon.report.condors import CondorLine
from daemon.report.governance import act_words
from daemon.report.hedge import HedgeChange
from daemon.report.hedge_calendar import roll_table
from daemon.report.orders import OrderLine
from daemon.report.period import ReportData
from daemon.report.pnl import EquityPoint
from daemon.report.skips import skip_lines, skip_table
from daemon.report.slippage import PARTS, PurposeSlippage, slippage_by_purpose, slippage_of_all
from daemon.report.tables import trade_text
from daemon.report.words import (
    UNKNOWN,
    new_york_time,
    plural,
    points,
    reason_short,
    reason_text,
)

SESSIONS: Final = "sessions_rows"
HELD: Final = "held_rows"


def tables_of(data: ReportData) -> Mapping[str, Table]:
    """Make every table of a period, by name; long ones have their newest rows."""
    tables = (
        _sessions(data),
        _held(data),
        roll_table(data.changes, data.coming),
        carry_table(carry_months(data.curve, data.budgets)),
        payoff_table(data.payoff),
        *stress_tables(data.risk),
        skip_table(skip_lines(data.decisions)),
        _changes(data.changes),
        _governance(data.governance),
        _condor_table(data.condors),
        _slippage(data.trades),
        _trades(data.trades),
        _settlements(data),
        _decisions(data.decisions),
        _breaks(data),
        _unclosed(data),
        _troubles(data),
        _settings(data),
    )
    return {table.name: newest(table, len(data.days)) for table in tables}


def _sessions(data: ReportData) -> Table:
    rows = tuple(_session_row(day, point) for day, point in zip(data.days, data.curve, strict=True))
    worth = ("Net liquidation", "Drawdown", "Without hedge", "Its drawdown")
    headings = ("Session", "SPX", "VIX", *worth, "Condors", "Hedge")
    note = (
        "Without hedge: net liquidation less what the hedge has gained since the start of the period, and its drawdown."
    )
    empty = "No session was closed."
    return Table(SESSIONS, "All sessions", headings, "<" + 8 * ">", rows, empty, folded=True, note=note)


def _session_row(day: DayRecord, point: EquityPoint) -> tuple[Cell, ...]:
    return (
        Cell(f"{day.session}"),
        pts(day.spx),
        pts(day.vix),
        usd(point.hedged_usd_cents / 100),
        pct(point.hedged_drawdown_pct, digits=2),
        usd(point.unhedged_usd_cents / 100),
        pct(point.unhedged_drawdown_pct, digits=2),
        gain_cents(point.condor_day_usd_cents),
        gain_cents(point.hedge_day_usd_cents),
    )


def _held(data: ReportData) -> Table:
    rows = tuple(
        (
            Cell(f"{day.session}"),
            pts(day.vix),
            Cell(UNKNOWN if day.regime is None else day.regime),
            pct(day.hedge_pct, digits=2),
            usd(day.wing_notional_usd),
            usd(day.hedge_target_usd),
            usd(held_usd),
        )
        for day, held_usd in zip(data.days, data.held_usd, strict=True)
    )
    headings = ("Session", "VIX", "Regime", "Percentage", "Wing notional W", "Target", "Held")
    empty = "No session was closed."
    return Table(HELD, "Hedge by session", headings, "<><" + 4 * ">", rows, empty, folded=True)


def _governance(entries: Sequence[GovernanceEntry]) -> Table:
    rows = tuple(
        (
            Cell(f"{entry.session}", under=new_york_time(entry.at)),
            Cell(act_words(entry)),
            Cell(short(entry.step.policy)),
            Cell(entry.step.text),
        )
        for entry in entries
    )
    headings = ("Session", "What", "Policy", "Changes")
    empty = "The hedge policy was the same in all of this period, and nobody proposed another."
    return Table("policy_rows", "Changes of the hedge policy", headings, "<<<w", rows, empty, folded=True)


def _changes(changes: Sequence[HedgeChange]) -> Table:
    rows = tuple(
        (
            Cell(f"{change.session}"),
            Cell(change.layer),
            Cell(change.kind),
            Cell("\n".join(map(trade_text, change.trades))),
            gain_cents(change.cash_usd_cents),
            Cell(change.reason),
        )
        for change in changes
    )
    headings = ("Session", "Layer", "What", "Traded", "Cash", "Reason")
    return Table(
        "changes_rows",
        "Rolls, resizes and first purchases",
        headings,
        "<<<<>w",
        rows,
        "No change of the hedge in this period.",
        folded=True,
    )


def _condor_table(condors: Sequence[CondorLine]) -> Table:
    rows = tuple(_condor_row(line) for line in condors)
    headings = ("Entered", "Qty", "Strikes", "Expiry", "Credit", "Ended", "How", "Debit", "P&L")
    return Table(
        "condor_rows",
        "All condors of the period",
        headings,
        "<><d>dw>>",
        rows,
        "No condor was held in this period.",
        folded=True,
    )


def _condor_row(line: CondorLine) -> tuple[Cell, ...]:
    ended = line.ended is not None
    return (
        Cell(f"{line.record.entry_session}"),
        count(line.entered),
        Cell(line.strikes),
        Cell(f"{line.record.expiry}"),
        pts(line.credit_pts),
        Cell(f"{line.ended}" if ended else "open"),
        Cell(line.exit_reason if ended else f"{plural(line.dte, 'day')} left"),
        Cell("") if line.exit_debit_pts is None else pts(line.exit_debit_pts),
        gain_cents(line.pnl_usd_cents),
    )


def _slippage(trades: Sequence[OrderLine]) -> Table:
    lines = slippage_by_purpose(trades)
    rows = tuple(map(_slippage_row, (*lines, slippage_of_all(trades)) if lines else ()))
    headings = ("Purpose", "Orders", "Slippage", "Mean points", "Mean order", "Delay", "Spread", "Execution")
    empty = "No order was filled in this period but resting ones."
    return Table("slippage_rows", "Slippage by purpose", headings, "<>>>>>>>", rows, empty, last_is_total=True)


def _slippage_row(line: PurposeSlippage) -> tuple[Cell, ...]:
    unparted = line.orders - line.parted
    return (
        Cell(line.name, under=f"{plural(line.unknown, 'order')} without a mid" if line.unknown else ""),
        count(line.orders),
        _cost(line.total_usd_cents if line.orders else None),
        pts(line.mean_pts, signed=True),
        _cost(line.mean_usd_cents),
        *(
            _cost(cents if line.parted else None, under=f"{unparted} {UNKNOWN}" if unparted and line.parted else "")
            for cents in line.parts_usd_cents
        ),
    )


def _cost(cents: float | None, under: str = "") -> Cell:
    return usd(None if cents is None else cents / 100, digits=2, signed=True, under=under)


def _trades(trades: Sequence[OrderLine]) -> Table:
    rows = tuple(_trade_row(line) for line in trades)
    headings = ("Session", "Order", "Legs", "Filled", "Fill", "Mid", "Slippage", "Delay", "Spread", "Execution", "Fees")
    empty = "No order was filled in this period."
    return Table("trades_rows", "Filled orders", headings, "<<<>>>>>>>>", rows, empty, folded=True)


def _trade_row(line: OrderLine) -> tuple[Cell, ...]:
    return (
        Cell(f"{line.fill_session}", under=new_york_time(line.at)),
        Cell(f"{line.purpose.value} {line.subject}", under=line.ref),
        Cell(line.legs.replace("  ", "\n")),
        Cell(f"{line.filled} of {line.quantity}"),
        net(line.fill_pts),
        Cell("resting") if line.resting else net(line.mid_pts),
        Cell("") if line.slippage_usd_cents is None else _cost(line.slippage_usd_cents),
        *_parts(line),
        usd(line.fees_usd_e4 / 10_000, digits=2, under=f"{line.fees_missing} missing" if line.fees_missing else ""),
    )


def _parts(line: OrderLine) -> tuple[Cell, ...]:
    """Return delay, spread and execution in dollars with points below; a resting order has none."""
    parts, cents = line.slippage, line.slippage_parts_usd_cents
    if parts is None or cents is None:
        return (Cell("" if line.resting else UNKNOWN),) * len(PARTS)
    values = (parts.delay_pts, parts.spread_pts, parts.execution_pts)
    return tuple(
        _cost(cost, under=points(change_pts, signed=True)) for cost, change_pts in zip(cents, values, strict=True)
    )


def _settlements(data: ReportData) -> Table:
    rows = tuple(
        (
            Cell(f"{entry.session}"),
            Cell(entry.subject),
            Cell(f"{-entry.quantity:+d} {entry.contract}"),
            pts(entry.price_pts100 / 100),
            Cell("by variation") if entry.contract.is_future else gain_cents(entry_cash_usd_cents(entry)),
        )
        for entry in data.settlements
    )
    headings = ("Session", "Of", "Position", "Settled at", "Cash")
    return Table(
        "settlements_rows",
        "Cash settlements",
        headings,
        "<<<>>",
        rows,
        "Nothing was settled in this period.",
        folded=True,
    )


def _decisions(decisions: Sequence[Decision]) -> Table:
    rows = tuple(
        (
            Cell(f"{decision.session}", under=new_york_time(decision.at)),
            Cell(decision.kind.value, under=decision.subject),
            Cell(
                reason_text(decision.reasons[0]) if decision.reasons else "no reason recorded",
                under="; ".join(reason_short(reason) for reason in decision.reasons[1:]),
            ),
        )
        for decision in decisions
    )
    headings = ("Session", "Decision", "Reasons")
    return Table(
        "decisions_rows", "All decisions", headings, "<<w", rows, "No decision is recorded in this period.", folded=True
    )


def _breaks(data: ReportData) -> Table:
    rows = tuple((Cell(f"{day.session}"), count(day.breaks_open)) for day in data.days if day.breaks_open)
    checked = len(data.days)
    empty = f"Book and account agreed at every recorded close ({checked})." if checked else "No session was closed."
    return Table("breaks_rows", "Sessions that closed with a break", ("Session", "Breaks"), "<>", rows, empty)


def _unclosed(data: ReportData) -> Table:
    rows = tuple((Cell(f"{session}"),) for session in data.unclosed)
    title = "Sessions without closing figures, left out of every curve"
    return Table(
        "unclosed_rows", title, ("Session",), "<", rows, "Every session of the period was closed.", folded=True
    )


def _troubles(data: ReportData) -> Table:
    rows = tuple(
        (
            Cell(f"{line.session}", under=line.when),
            Cell(line.level.value),
            Cell(line.name),
            Cell(line.text),
        )
        for line in data.troubles
    )
    headings, empty = ("Session", "Level", "Event", "What"), "No warning and no error was logged."
    return Table("troubles_rows", "Warnings and errors", headings, "<<<w", rows, empty, folded=True)


def _settings(data: ReportData) -> Table:
    rows = tuple(
        (
            Cell(f"{event.session}", under=new_york_time(event.at)),
            *(Cell(str(event.fields[name])) for name in ("setting", "before", "value", "source")),
        )
        for event in data.settings
    )
    headings, empty = ("Session", "Setting", "Before", "Now", "Source"), "No setting was changed."
    return Table("settings_rows", "Settings changed", headings, "<<<<w", rows, empty, folded=True)
