"""What the hedge costs against what the rules allow it to cost, month by month (000-10, 003-08)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from statistics import fmean
from typing import Final

from daemon.core.hedge.budget import GUARDS
from daemon.core.records import HedgeBudget, HedgeComputation
from daemon.report.cells import Cell, Table, count, gain_cents, usd
from daemon.report.pnl import EquityPoint

CARRY: Final = "carry_rows"
_NOTE: Final = (
    "Gained: of the hedge in the sessions of the month, fees included; what it cost is negative. Expected cost: of the target in "
    "the 30 days ahead, the mean over the last computations of the sessions, beside the mean of its limit; below zero a gain is "
    "expected. Debits less sales: paid for the hedge in the 30 days before the last of them, beside their limit then. Guarded: "
    "sessions in which a guard made the target smaller; at rest: sessions in which VIX was so high that no guard held."
)


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """The last computation of one session, of which the budget is None where it is not recorded."""

    session: date
    budget: HedgeBudget | None
    guarded: bool
    """Whether a guard made a target of the session smaller."""


@dataclass(frozen=True, slots=True)
class CarryMonth:
    """One month of a period, or the part of it that is recorded."""

    first: date
    sessions: int
    hedge_usd_cents: int
    budgets: tuple[HedgeBudget, ...]
    """Of the last computation of each session, where it is recorded."""
    guarded: int
    at_rest: int

    @property
    def carry_usd(self) -> float | None:
        """Return the mean of what the target was expected to cost in 30 days."""
        return fmean(budget.carry_usd for budget in self.budgets) if self.budgets else None

    @property
    def carry_max_usd(self) -> float | None:
        """Return the mean of the most that it might be expected to cost."""
        return fmean(budget.carry_max_usd for budget in self.budgets) if self.budgets else None


def budget_lines(computations: Iterable[HedgeComputation]) -> tuple[BudgetLine, ...]:
    """Return a line for each session with a computation, oldest first."""
    return tuple(
        _budget_line(session, tuple(group)) for session, group in groupby(computations, key=lambda found: found.session)
    )


def _budget_line(session: date, found: Sequence[HedgeComputation]) -> BudgetLine:
    guarded = any(reason.name in GUARDS for computation in found for reason in computation.reasons)
    return BudgetLine(session, found[-1].sized.budget, guarded)


def carry_months(curve: Iterable[EquityPoint], lines: Iterable[BudgetLine]) -> tuple[CarryMonth, ...]:
    """Return a line for each month with closing figures."""
    by_session = {line.session: line for line in lines}
    months = groupby(curve, key=lambda point: (point.session.year, point.session.month))
    return tuple(_month(tuple(points), by_session) for _, points in months)


def _month(points: Sequence[EquityPoint], lines: Mapping[date, BudgetLine]) -> CarryMonth:
    found = [lines[point.session] for point in points if point.session in lines]
    budgets = tuple(line.budget for line in found if line.budget is not None)
    return CarryMonth(
        first=points[0].session.replace(day=1),
        sessions=len(points),
        hedge_usd_cents=sum(point.hedge_day_usd_cents for point in points),
        budgets=budgets,
        guarded=sum(line.guarded for line in found),
        at_rest=sum(budget.suspended for budget in budgets),
    )


def carry_table(months: Sequence[CarryMonth]) -> Table:
    """Make the table of the months."""
    headings = (
        "Month",
        "Sessions",
        "Gained",
        "Expected cost",
        "Limit of it",
        "Debits less sales",
        "Limit of them",
        "Guarded",
        "At rest",
    )
    empty = "No session of this period was closed."
    rows = tuple(map(_row, months))
    return Table(CARRY, "Cost of the hedge by month", headings, "<" + 8 * ">", rows, empty, note=_NOTE)


def _row(month: CarryMonth) -> tuple[Cell, ...]:
    last = month.budgets[-1] if month.budgets else None
    debits = (None, None) if last is None else (last.debits_usd, last.debits_max_usd)
    return (
        Cell(f"{month.first:%Y-%m}"),
        count(month.sessions),
        gain_cents(month.hedge_usd_cents),
        *map(usd, (month.carry_usd, month.carry_max_usd, *debits)),
        count(month.guarded),
        count(month.at_rest),
    )
