"""The tables of the HTML report: rows of text, with what is needed to align and tint them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from daemon.core.book.book import entry_cash_usd_cents
from daemon.core.hedge.governance import GovernanceEntry, short
from daemon.core.records import Decision
from daemon.report.condors import CondorLine
from daemon.report.governance import act_words
from daemon.report.hedge import HedgeChange
from daemon.report.orders import OrderLine
from daemon.report.period import ReportData
from daemon.report.slippage import PARTS, PurposeSlippage, slippage_by_purpose
from daemon.report.tables import trade_text
from daemon.report.words import (
    MINUS,
    UNKNOWN,
    dollars,
    dollars_and_cents,
    net_price,
    new_york_time,
    plural,
    points,
    reason_short,
    reason_text,
)

ROWS_SHOWN: Final = 150
"""Most rows of a table that grows with the sessions: a page of a year stays below 400 kilobytes."""
_CSS_AMPERSAND: Final = r"\26 "


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, a lesser line under it, and ``gain`` or ``loss`` for a signed amount."""

    text: str
    under: str = ""
    tint: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    ``aligns`` has one letter for each heading: ``<`` text, ``w`` text that may wrap, ``>`` numbers, ``d`` dates.
    """

    name: str
    """Unique in the page."""
    title: str
    headings: tuple[str, ...]
    aligns: str
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    """Sentence that stands for a table without rows."""
    folded: bool = False
    """Whether a reader may fold it away."""
    last_is_total: bool = False
    note: str = ""
    """What a reader must know of it, in sentences under it."""
    count: str = ""
    """How many of its rows are shown, where that is not all of them."""

    def __post_init__(self) -> None:
        assert len(self.headings) == len(self.aligns)
        assert all(len(row) == len(self.headings) for row in self.rows), f"a row of {self.title} has another width"

    @property
    def rules(self) -> str:
        """Return the style rules of its columns: cheaper than a class on every cell of a long table.

        On a phone, where rows become blocks, numbers and dates carry their heading.
        """
        columns = list(enumerate(zip(self.headings, self.aligns, strict=True), start=1))
        right = ", ".join(f"#{self.name} :is(th, td):nth-child({n})" for n, (_, align) in columns if align == ">")
        wrapped = ", ".join(f"#{self.name} td:nth-child({n})" for n, (_, align) in columns if align == "w")
        labels = "\n".join(
            f'#{self.name} td:nth-child({n})::before {{ content: "{heading.replace("&", _CSS_AMPERSAND)} "; }}'
            for n, (heading, align) in columns
            if align in ">d"
        )
        return "\n".join(
            [
                f"{right} {{ text-align: right; }}" if right else "",
                f"{wrapped} {{ white-space: normal; min-width: 11rem; }}" if wrapped else "",
                f"@media screen and (max-width: 40rem) {{\n{labels}",
                f"{right} {{ text-align: left; }}" if right else "",
                f"{wrapped} {{ flex-basis: 100%; }}\n}}" if wrapped else "}",
            ]
        )


def newest(table: Table) -> Table:
    """Cut a table with the oldest row first to its newest rows, and say where the others are."""
    count = len(table.rows)
    if count <= ROWS_SHOWN:
        return table
    where = "A report of fewer sessions has the older ones, and condord log and condord why tell of each session."
    note = f"{where} {table.note}".strip()
    return replace(table, rows=table.rows[-ROWS_SHOWN:], count=f"the newest {ROWS_SHOWN} of {count:,}", note=note)


def tables_of(data: ReportData) -> Mapping[str, Table]:
    """Make every table of a period, by name; long ones have their newest rows."""
    tables = (
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
    )
    return {table.name: newest(table) for table in tables}


def money(cents: int | None, *, exact: bool = False) -> Cell:
    """Return a signed amount in whole dollars, or to the cent, tinted as a gain or a loss."""
    text = dollars_and_cents(cents, signed=True) if exact else dollars(cents, signed=True)
    return Cell(text, tint="" if not cents else "loss" if cents < 0 else "gain")


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
            money(change.cash_usd_cents),
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
        Cell(f"{line.entered}"),
        Cell(line.strikes),
        Cell(f"{line.record.expiry}"),
        Cell(points(line.credit_pts)),
        Cell(f"{line.ended}" if ended else "open"),
        Cell(line.exit_reason if ended else f"{plural(line.dte, 'day')} left"),
        Cell("" if line.exit_debit_pts is None else points(line.exit_debit_pts)),
        money(line.pnl_usd_cents),
    )


def _slippage(trades: Sequence[OrderLine]) -> Table:
    rows = tuple(_slippage_row(line) for line in slippage_by_purpose(trades))
    headings = ("Purpose", "Orders", "Slippage", "Mean points", "Mean order", "Delay", "Spread", "Execution")
    empty = "No order was filled in this period but resting ones."
    return Table("slippage_rows", "Slippage by purpose", headings, "<>>>>>>>", rows, empty)


def _slippage_row(line: PurposeSlippage) -> tuple[Cell, ...]:
    unparted = line.orders - line.parted
    return (
        Cell(line.name, under=f"{plural(line.unknown, 'order')} without a mid" if line.unknown else ""),
        Cell(str(line.orders)),
        Cell(dollars_and_cents(line.total_usd_cents, signed=True) if line.orders else UNKNOWN),
        Cell(points(line.mean_pts, signed=True)),
        Cell(dollars_and_cents(line.mean_usd_cents, signed=True)),
        *(
            Cell(
                dollars_and_cents(cents, signed=True) if line.parted else UNKNOWN,
                under=f"{unparted} {UNKNOWN}" if unparted and line.parted else "",
            )
            for cents in line.parts_usd_cents
        ),
    )


def _trades(trades: Sequence[OrderLine]) -> Table:
    rows = tuple(_trade_row(line) for line in trades)
    headings = ("Session", "Order", "Legs", "Filled", "Fill", "Mid", "Slippage", "Delay", "Spread", "Execution", "Fees")
    empty = "No order was filled in this period."
    return Table("trades_rows", "Filled orders", headings, "<<<>>>>>>>>", rows, empty, folded=True)


def _trade_row(line: OrderLine) -> tuple[Cell, ...]:
    slippage = "" if line.slippage_usd_cents is None else dollars_and_cents(line.slippage_usd_cents, signed=True)
    return (
        Cell(f"{line.fill_session}", under=new_york_time(line.at)),
        Cell(f"{line.purpose.value} {line.subject}", under=line.ref),
        Cell(line.legs),
        Cell(f"{line.filled} of {line.quantity}"),
        Cell(net_price(line.fill_pts)),
        Cell("resting" if line.resting else net_price(line.mid_pts)),
        Cell(slippage),
        *_parts(line),
        Cell(
            dollars_and_cents(line.fees_usd_e4 / 100), under=f"{line.fees_missing} missing" if line.fees_missing else ""
        ),
    )


def _parts(line: OrderLine) -> tuple[Cell, ...]:
    """Return delay, spread and execution in dollars with points below; a resting order has none."""
    parts, cents = line.slippage, line.slippage_parts_usd_cents
    if parts is None or cents is None:
        return (Cell("" if line.resting else UNKNOWN),) * len(PARTS)
    values = (parts.delay_pts, parts.spread_pts, parts.execution_pts)
    return tuple(
        Cell(dollars_and_cents(usd, signed=True), under=points(pts, signed=True).replace("-", MINUS))
        for usd, pts in zip(cents, values, strict=True)
    )


def _settlements(data: ReportData) -> Table:
    rows = tuple(
        (
            Cell(f"{entry.session}"),
            Cell(entry.subject),
            Cell(f"{-entry.quantity:+d} {entry.contract}"),
            Cell(points(entry.price_pts100 / 100)),
            Cell("by variation") if entry.contract.is_future else money(entry_cash_usd_cents(entry)),
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
    rows = tuple((Cell(f"{day.session}"), Cell(str(day.breaks_open))) for day in data.days if day.breaks_open)
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
