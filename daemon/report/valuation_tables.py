"""The monitors and the financial formulas of a period as tables and as JSON values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from daemon.core.phrasing import words
from daemon.core.records import Monitor, MonitorKind
from daemon.report.html_tables import Cell, Table
from daemon.report.monitors import figure
from daemon.report.tables import JsonObject
from daemon.report.valuation import ValuationLine, shown

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
        Cell(str(len(lines))),
        Cell(str(beyond), tint="loss" if beyond else ""),
        Cell(figure(worst.value)),
        Cell("" if worst.limit is None else figure(worst.limit)),
        Cell(worst.unit),
        Cell(worst.subject, under=f"{worst.session}"),
        Cell(worst.text),
    )


def valuation_table(lines: Sequence[ValuationLine]) -> Table:
    """Make the table of the financial formulas."""
    rows = tuple((Cell(line.name), Cell(shown(line)), Cell(line.unit), Cell(line.text)) for line in lines)
    headings = ("Figure", "Value", "Unit", "What it is")
    return Table(VALUATION, "Financial formulas", headings, "<><w", rows, "No session of this period was closed.")


def monitors_summary(lines: Sequence[Monitor]) -> list[JsonObject]:
    """Return each kind with its worst line, as JSON values."""
    found: list[JsonObject] = []
    for kind in _kinds(lines):
        same = [line for line in lines if line.kind is kind]
        worst = worst_of(same)
        found.append(
            {
                "kind": kind.value,
                "lines": len(same),
                "beyond": sum(line.beyond for line in same),
                "worst": worst.value,
                "limit": worst.limit,
                "unit": worst.unit,
                "subject": worst.subject,
                "session": worst.session.isoformat(),
            }
        )
    return found


def valuation_json(lines: Sequence[ValuationLine]) -> list[JsonObject]:
    """Return the financial formulas as JSON values."""
    return [asdict(line) for line in lines]
