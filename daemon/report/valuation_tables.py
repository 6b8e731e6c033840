"""The monitors and the financial formulas of a period as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from daemon.core.phrasing import words
from daemon.core.records import Monitor, MonitorKind
from daemon.report.cells import Amount, Cell, Table, Unit, count, figure
from daemon.report.valuation import ValuationLine

MONITORS: Final = "monitors_rows"
VALUATION: Final = "valuation_rows"


def monitor_table(lines: Sequence[Monitor]) -> Table:
    """Make the table of the monitors: each kind with its worst line of the period, or its last where nothing limits it."""
    rows = tuple(_monitor_row([line for line in lines if line.kind is kind]) for kind in _kinds(lines))
    headings = ("Monitor", "Looked at", "Beyond", "Worst or last", "Limit", "Unit", "Of", "What it is")
    empty = "No option chain was looked at in this period."
    return Table(MONITORS, "Arbitrage monitors", headings, "<>>>><<w", rows, empty)


def _kinds(lines: Sequence[Monitor]) -> list[MonitorKind]:
    seen = {line.kind for line in lines}
    return [kind for kind in MonitorKind if kind in seen]


def worst_of(lines: Sequence[Monitor]) -> Monitor:
    """Return the line nearest to its limit or furthest beyond; of lines without a value or a limit the last."""
    told = [line for line in lines if line.value is not None and line.limit is not None]
    return max(told, key=_over, default=lines[-1])


def _over(line: Monitor) -> float:
    return (line.value or 0.0) - (line.limit or 0.0)


def _monitor_row(lines: Sequence[Monitor]) -> tuple[Cell, ...]:
    worst, beyond = worst_of(lines), sum(line.beyond for line in lines)
    return (
        Cell(words(worst.kind)),
        count(len(lines)),
        count(beyond, tint="loss" if beyond else ""),
        figure(Amount(worst.value, Unit.NUMBER, 2)),
        Cell("") if worst.limit is None else figure(Amount(worst.limit, Unit.NUMBER, 2)),
        Cell(worst.unit),
        Cell(worst.subject, under=f"{worst.session}"),
        Cell(worst.text),
    )


def valuation_table(lines: Sequence[ValuationLine]) -> Table:
    """Make the table of the financial formulas."""
    rows = tuple((Cell(line.name), figure(_amount(line)), Cell(line.unit), Cell(line.text)) for line in lines)
    headings = ("Figure", "Value", "Unit", "What it is")
    return Table(VALUATION, "Financial formulas", headings, "<><w", rows, "No session of this period was closed.")


def _amount(line: ValuationLine) -> Amount:
    is_usd = line.unit.startswith("$")
    return Amount(line.value, Unit.USD if is_usd else Unit.NUMBER, 0 if is_usd else 2)
