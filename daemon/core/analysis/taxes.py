"""Gains by calendar year as Section 1256 of the US tax code counts them; told for information, no advice (004-24)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from daemon.core.analysis.rows import E4_PER_USD, SessionRow
from daemon.core.book.book import BookEntry, entry_cash_usd_cents
from daemon.core.market.contracts import OptionContract

LONG_TERM_SHARE: Final = 0.6
"""Of the gains of contracts like SPX and VIX options, whatever the time they were held (26 U.S.C. 1256(a)(3))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class YearGains:
    """One year, in dollars after fees. At its end open contracts count as sold at their marks."""

    year: int
    whole: bool
    """Whether closing figures reach into the next year."""
    realised_usd: float
    """Of contracts that were closed or settled in its sessions, by mean cost."""
    gain_usd: float
    """All of its sessions, what was open at both ends by its marks."""

    @property
    def long_term_usd(self) -> float:
        """Return the 60 % that count as long-term."""
        return LONG_TERM_SHARE * self.gain_usd

    @property
    def short_term_usd(self) -> float:
        """Return the 40 % that count as short-term."""
        return self.gain_usd - self.long_term_usd


def gains_by_year(rows: Sequence[SessionRow], entries: Sequence[BookEntry]) -> tuple[YearGains, ...]:
    """Return the gains of each year inside the period of the rows; entries are all of the book, oldest first."""
    realised = realised_by_session(entries)
    found: list[YearGains] = []
    for year in sorted({row.session.year for row in rows}):
        inside = [row for row in rows if row.session.year == year]
        start = max(rows[0].session, date(year, 1, 1))
        found.append(
            YearGains(
                year=year,
                whole=rows[-1].session.year > year,
                realised_usd=sum(usd for session, usd in realised.items() if start <= session <= inside[-1].session),
                gain_usd=sum(row.condor_usd_cents + row.hedge_usd_cents for row in inside) / 100,
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Lot:
    """What is open of one contract of one subject, and the cash it was opened with, fees taken off."""

    quantity: int = 0
    cash_usd: float = 0.0


def realised_by_session(entries: Iterable[BookEntry]) -> dict[date, float]:
    """Return what closing trades and settlements have realised, in dollars after fees, by mean cost."""
    lots: dict[tuple[str, OptionContract], _Lot] = {}
    sessions: dict[date, float] = defaultdict(float)
    for entry in entries:
        key = entry.subject, entry.contract
        lots[key], realised_usd = _booked(lots.get(key, _Lot()), entry)
        sessions[entry.session] += realised_usd
    return dict(sessions)


def _booked(lot: _Lot, entry: BookEntry) -> tuple[_Lot, float]:
    """Add an entry to a lot; what it closes is realised, and what it opens beyond begins a new one."""
    cash_usd = entry_cash_usd_cents(entry) / 100 - (entry.fee_usd_e4 or 0) / E4_PER_USD
    if lot.quantity * entry.quantity >= 0:
        return _Lot(lot.quantity + entry.quantity, lot.cash_usd + cash_usd), 0.0
    closed = min(abs(lot.quantity), abs(entry.quantity))
    of_lot_usd = lot.cash_usd * closed / abs(lot.quantity)
    of_entry_usd = cash_usd * closed / abs(entry.quantity)
    left_usd = lot.cash_usd - of_lot_usd + cash_usd - of_entry_usd
    return _Lot(lot.quantity + entry.quantity, left_usd), of_lot_usd + of_entry_usd
