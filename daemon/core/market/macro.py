"""Figures of the economy and the market that come from files: what is known on a day, and nothing of later."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class MacroKind(StrEnum):
    """A file of figures; the value is its name without ``.csv``."""

    REER = "reer"
    """Broad real effective exchange rate of the dollar, an index."""
    PE = "pe"
    """Price of the S&P 500 to its earnings."""
    PCF = "pcf"
    """Price of the S&P 500 to its cash flow."""
    GDP = "gdp"
    """Growth of the gross domestic product, in percent."""
    CPI = "cpi"
    """Consumer prices, change in percent as published."""
    PPI = "ppi"
    """Producer prices, change in percent as published."""
    CONCENTRATION = "concentration"
    """Weight of the ten largest companies in the S&P 500, in percent."""
    REIT = "reit"
    """Closes of a fund of real estate, in dollars."""
    BILL_RATE = "bill_rate"
    """Three-month Treasury bill, in percent a year."""
    BREADTH = "breadth"
    """Advancing less declining issues of the New York Stock Exchange."""


@dataclass(frozen=True, slots=True)
class MacroSeries:
    """The figures of one file by the day they were published, rising."""

    source: str
    days: tuple[date, ...]
    values: tuple[float, ...]
    expected: tuple[float | None, ...] = ()
    """What was expected of each, None where nothing was; empty where the file has no such column."""

    def until(self, day: date) -> MacroSeries:
        """Return what was published up to a day."""
        known = bisect_right(self.days, day)
        return MacroSeries(self.source, self.days[:known], self.values[:known], self.expected[:known])


@dataclass(frozen=True, slots=True)
class MacroData:
    """The files that are there; a kind without a file is absent."""

    series: Mapping[MacroKind, MacroSeries] = field(default_factory=dict)

    def until(self, kind: MacroKind, day: date) -> MacroSeries | None:
        """Return what a file knew on a day; None without the file, and before its first row."""
        series = self.series.get(kind)
        known = series.until(day) if series is not None else None
        return known if known is not None and known.days else None
