"""The ledger of one subject of the book: cash, cost, value, and what is realised (003-15)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from daemon.core.book.book import BookEntry, entry_cash_usd_cents
from daemon.core.market.contracts import MULTIPLIER, OptionContract


@dataclass(frozen=True, slots=True, kw_only=True)
class SubLedger:
    """Every fill of one subject summed up, in dollars; a value is None where a mark is missing."""

    cash_usd: float
    """Received less paid since the beginning, fees included: what it has taken of the account, if negative."""
    cost_usd: float
    """What was paid for what is held."""
    value_usd: float | None
    """What is held, by its marks."""

    @property
    def realised_usd(self) -> float:
        """Return what was won or lost for good, all fees included."""
        return self.cash_usd + self.cost_usd

    @property
    def pnl_usd(self) -> float | None:
        """Return what was won or lost in all."""
        return None if self.value_usd is None else self.cash_usd + self.value_usd

    @property
    def used_usd(self) -> float | None:
        """Return what counts against a cap: what it has taken of the account, or what it is worth if that is more."""
        return None if self.value_usd is None else max(0.0, -self.cash_usd, self.value_usd)


def sub_ledger(entries: Iterable[BookEntry], subject: str, marks_pts: Mapping[OptionContract, float]) -> SubLedger:
    """Fold the fills and settlements of a subject; what is closed leaves at the mean price of what was opened."""
    cash_usd, held, cost_usd = 0.0, dict[OptionContract, int](), dict[OptionContract, float]()
    for entry in entries:
        if entry.subject != subject:
            continue
        contract, before = entry.contract, held.get(entry.contract, 0)
        cash_usd += entry_cash_usd_cents(entry) / 100 - (entry.fee_usd_e4 or 0) / 10_000
        held[contract] = before + entry.quantity
        spent_usd = cost_usd.get(contract, 0.0)
        if before * entry.quantity >= 0:
            cost_usd[contract] = spent_usd + entry.quantity * entry.price_pts100 * MULTIPLIER / 100
        else:
            cost_usd[contract] = spent_usd * held[contract] / before
    return SubLedger(cash_usd=cash_usd, cost_usd=sum(cost_usd.values(), 0.0), value_usd=_value_usd(held, marks_pts))


def _value_usd(held: Mapping[OptionContract, int], marks_pts: Mapping[OptionContract, float]) -> float | None:
    still = {contract: quantity for contract, quantity in held.items() if quantity}
    if any(contract not in marks_pts for contract in still):
        return None
    return sum((quantity * marks_pts[contract] * MULTIPLIER for contract, quantity in still.items()), 0.0)
