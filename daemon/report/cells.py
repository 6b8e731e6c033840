"""Figures, cells and tables of a report, before they become text, HTML or JSON: all three are written from the same values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from daemon.report.words import dollars_and_cents, net_price, number_text, percent, whole_dollars

ROWS_SHOWN: Final = 150
"""Most rows of a table that grows with the sessions."""
LONG_SESSIONS: Final = 63
"""Sessions of a quarter; the tables of a longer report are cut to half, so that a page of a year stays below 400 kilobytes."""


class Unit(StrEnum):
    """What a figure is counted in."""

    USD = "USD"
    PERCENT = "%"
    POINTS = "points"
    NET_PRICE = "points paid"
    """Points for one unit: a debit, or below zero a credit."""
    BASIS_POINTS = "bp"
    COUNT = "count"
    NUMBER = "number"
    """A ratio, or a figure whose unit stands beside it."""


@dataclass(frozen=True, slots=True)
class Amount:
    """One figure with its unit; None is unknown, never zero."""

    value: float | None
    unit: Unit
    digits: int = 0
    """Decimals that are shown."""
    signed: bool = False
    """Whether a plus sign is shown."""

    @property
    def text(self) -> str:
        """Write the figure: the only place that turns one of a report into words."""
        match self.unit:
            case Unit.USD if self.digits:
                return dollars_and_cents(None if self.value is None else 100 * self.value, signed=self.signed)
            case Unit.USD:
                return whole_dollars(self.value, signed=self.signed)
            case Unit.PERCENT:
                return percent(self.value, digits=self.digits, signed=self.signed)
            case Unit.NET_PRICE:
                return net_price(self.value)
            case _:
                text = number_text(self.value, digits=self.digits, signed=self.signed)
                return f"{text} bp" if self.unit is Unit.BASIS_POINTS and self.value is not None else text


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, a lesser line under it, ``gain`` or ``loss`` for a signed amount, and the figure it is, if any."""

    text: str
    under: str = ""
    tint: str = ""
    amount: Amount | None = None


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
    is_map: bool = False
    """Whether the rows are a map of scenarios, which stays a grid also on a phone."""

    def __post_init__(self) -> None:
        assert len(self.headings) == len(self.aligns)
        assert all(len(row) == len(self.headings) for row in self.rows), f"a row of {self.title} has another width"


def newest(table: Table, sessions: int) -> Table:
    """Cut a table of a report over some sessions, the oldest row first, to its newest rows; say where the others are."""
    count, most = len(table.rows), ROWS_SHOWN if sessions <= LONG_SESSIONS else ROWS_SHOWN // 2
    if count <= most:
        return table
    where = "A report of fewer sessions has the older ones, and condord log and condord why tell of each session."
    note = f"{where} {table.note}".strip()
    return replace(table, rows=table.rows[-most:], count=f"the newest {most} of {count:,}", note=note)


def figure(amount: Amount, *, under: str = "", tint: str = "") -> Cell:
    """Return the cell of a figure."""
    return Cell(amount.text, under, tint, amount)


def gain(usd: float | None, *, exact: bool = False) -> Cell:
    """Return a signed amount in whole dollars, or to the cent, tinted as a gain or a loss."""
    tint = "" if not usd else "loss" if usd < 0 else "gain"
    return figure(Amount(usd, Unit.USD, 2 if exact else 0, signed=True), tint=tint)


def gain_cents(cents: int | None, *, exact: bool = False) -> Cell:
    """Return a signed amount of cents as ``gain`` does."""
    return gain(None if cents is None else cents / 100, exact=exact)


def usd(value: float | None, *, digits: int = 0, signed: bool = False, under: str = "") -> Cell:
    """Return dollars."""
    return figure(Amount(value, Unit.USD, digits, signed), under=under)


def pts(value: float | None, *, signed: bool = False) -> Cell:
    """Return index points."""
    return figure(Amount(value, Unit.POINTS, 2, signed))


def net(value: float | None) -> Cell:
    """Return a net price."""
    return figure(Amount(value, Unit.NET_PRICE, 2))


def pct(value: float | None, *, digits: int = 1, signed: bool = False) -> Cell:
    """Return a percentage."""
    return figure(Amount(value, Unit.PERCENT, digits, signed))


def count(value: int | None, *, under: str = "", tint: str = "") -> Cell:
    """Return a number of things."""
    return figure(Amount(value, Unit.COUNT), under=under, tint=tint)
