"""What the book stands to gain or lose: at the expiry of the open condors, and in the scenarios that were measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from daemon.core.book.pnl import unrealised_usd
from daemon.core.orders.intent import Strategy
from daemon.core.records import RiskRecord, StressTable
from daemon.core.risk.payoff import Payoff, payoff
from daemon.report.cells import Amount, Cell, Table, Unit, figure, gain, pts
from daemon.report.closing import Closing
from daemon.report.words import UNKNOWN, new_york_time, number_text, percent, plural

PAYOFF: Final = "payoff_rows"
SHADES: Final = 5
"""Shades of a heat map for a gain, and as many for a loss."""
UNKNOWN_SHOWN: Final = 3
_NOTHING_MOVES: Final = "Nothing was held at the last close of this period that a move would change."


@dataclass(frozen=True, slots=True)
class BookPayoff:
    """The open condors at expiry, and the hedge at the closing marks."""

    condors: Payoff
    open_condors: int
    hedge_usd: float | None
    """What the hedge held has gained over what was paid for it; None when a mark is missing."""
    spx: float | None
    """The close of SPX."""

    @property
    def hedged(self) -> Payoff | None:
        """Return the condors with the hedge at its marks: the same line, moved; None when the hedge is unknown."""
        usd = self.hedge_usd
        return None if usd is None else replace(self.condors, cash_usd=self.condors.cash_usd + usd)


def book_payoff(end: Closing) -> BookPayoff | None:
    """Return what the open condors come to; None when none is open."""
    condors = end.book.open_subjects(Strategy.CONDOR)
    if not condors:
        return None
    hedge = (entry for entry in end.entries if entry.strategy is Strategy.HEDGE)
    return BookPayoff(
        condors=payoff((held.positions, held.cash_usd_cents / 100 - held.fees_usd_e4 / 10_000) for held in condors),
        open_condors=len(condors),
        hedge_usd=unrealised_usd(hedge, end.marks),
        spx=end.spx,
    )


def payoff_table(found: BookPayoff | None) -> Table:
    """Make the table of what the open condors come to, alone and with the hedge."""
    headings = ("What", "Condors at expiry", "With the hedge at its marks")
    empty = "No condor was open at the end of this period, so there is nothing to come to at an expiry."
    rows = () if found is None else tuple(_payoff_rows(found, (found.condors, found.hedged)))
    return Table(PAYOFF, "The book at expiry", headings, "<>>", rows, empty)


def _payoff_rows(found: BookPayoff, lines: Sequence[Payoff | None]) -> Iterable[tuple[Cell, ...]]:
    yield Cell("largest gain"), *(gain(None) if line is None else _bounded(line.largest_gain_usd) for line in lines)
    yield Cell("largest loss"), *(gain(None) if line is None else _bounded(line.largest_loss_usd) for line in lines)
    spx = found.spx
    if spx is not None:
        at = f"with SPX where it closed, {number_text(spx, digits=2)}"
        yield Cell(at), *(gain(None if line is None else line.usd_at(spx)) for line in lines)
    evens = [() if line is None else line.break_evens_pts for line in lines]
    for place in range(max(map(len, evens))):
        levels = (pts(found[place]) if place < len(found) else Cell("") for found in evens)
        yield Cell(f"break-even {place + 1}"), *levels
    if not any(evens):
        yield Cell("break-even"), *(Cell(UNKNOWN if line is None else "none") for line in lines)


def _bounded(usd: float | None) -> Cell:
    return Cell("without bound") if usd is None else gain(usd)


def stress_tables(risk: RiskRecord | None) -> tuple[Table, ...]:
    """Make a heat map for each horizon that was measured; one empty table where there is none, or nothing moves."""
    if risk is None or not risk.stress:
        return (Table("stress_rows", "Stress", ("VIX",), "<", (), _unmeasured(risk)),)
    if not any(usd for table in risk.stress for row in table.pnl_usd for usd in row):
        return (Table("stress_rows", "Stress", ("VIX",), "<", (), _NOTHING_MOVES),)
    return tuple(map(_heat_map, risk.stress))


def _unmeasured(risk: RiskRecord | None) -> str:
    if risk is None:
        return "The stress was not measured at the last close of this period."
    unknown = "; ".join(risk.unknown[:UNKNOWN_SHOWN])
    left = len(risk.unknown) - UNKNOWN_SHOWN
    why = f"{unknown}{f'; and {left} more' if left > 0 else ''}" if unknown else "its record has no tables"
    return f"The stress at the last close of this period is {UNKNOWN}: {why}."


def _heat_map(table: StressTable) -> Table:
    most_usd = max(abs(usd) for row in table.pnl_usd for usd in row)
    when = "at once" if table.days == 0 else f"after {plural(round(table.days), 'day')}"
    headings = ("VIX / SPX", *map(_move, table.spx_pcts))
    rows = tuple(
        (Cell(_move(vix_pct)), *(_shaded(usd, most_usd) for usd in row))
        for vix_pct, row in zip(table.vix_pcts, table.pnl_usd, strict=True)
    )
    name, aligns = f"stress_{table.days:.0f}_rows", "<" + ">" * len(table.spx_pcts)
    return Table(name, f"Gain and loss {when}", headings, aligns, rows, "", is_map=True)


def _move(change_pct: float) -> str:
    return percent(change_pct, digits=0, signed=True)


def _shaded(usd: int, most_usd: int) -> Cell:
    """Return the cell of a scenario, shaded by its share of the largest gain or loss of its map."""
    shade = -(-SHADES * abs(usd) // most_usd) if most_usd else 0
    tint = f"{'loss' if usd < 0 else 'gain'}{shade}" if shade else ""
    return figure(Amount(usd, Unit.USD, signed=True), tint=tint)


def stress_note(risk: RiskRecord | None) -> str:
    """Say when the scenarios were measured and on what."""
    if risk is None or not risk.stress:
        return ""
    levels = f"SPX {number_text(risk.spx, digits=2)} and VIX {number_text(risk.vix, digits=2)}"
    counted = f"; {plural(risk.estimated, 'contract')} at an estimated volatility" if risk.estimated else ""
    return f"Measured on {risk.session} at {new_york_time(risk.at)} from {levels}{counted}."
