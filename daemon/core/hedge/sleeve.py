"""The second engine: a sleeve of VIX call spreads with a ledger, a calendar and a cap of its own (001-14, 003-15).

Its leverage is the farther call sold against each long one, and nothing else; so its loss ends where its money ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import floor
from typing import Final

from daemon.core.book.book import BookEntry, entry_cash_usd_cents
from daemon.core.hedge.policy import SLEEVE, SleevePolicy
from daemon.core.market.contracts import MULTIPLIER, OptionContract
from daemon.core.orders.intent import Reason

BOUGHT: Final = "sleeve_purchase"
FEES_USD: Final = 5.0
"""What is kept free for the commissions of one spread, its sale included; the exchange takes about a dollar a contract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SleeveLedger:
    """Every fill of the sleeve summed up, in dollars; a value is None where a mark is missing."""

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
        """Return what counts against the cap: what it has taken of the account, or what it is worth if that is more."""
        return None if self.value_usd is None else max(0.0, -self.cash_usd, self.value_usd)


def sleeve_ledger(entries: Iterable[BookEntry], marks_pts: Mapping[OptionContract, float]) -> SleeveLedger:
    """Fold the fills and settlements of the sleeve; what is closed leaves at the mean price of what was opened."""
    cash_usd, held, cost_usd = 0.0, dict[OptionContract, int](), dict[OptionContract, float]()
    for entry in entries:
        if entry.subject != SLEEVE:
            continue
        contract, before = entry.contract, held.get(entry.contract, 0)
        cash_usd += entry_cash_usd_cents(entry) / 100 - (entry.fee_usd_e4 or 0) / 10_000
        held[contract] = before + entry.quantity
        spent_usd = cost_usd.get(contract, 0.0)
        if before * entry.quantity >= 0:
            cost_usd[contract] = spent_usd + entry.quantity * entry.price_pts100 * MULTIPLIER / 100
        else:
            cost_usd[contract] = spent_usd * held[contract] / before
    return SleeveLedger(cash_usd=cash_usd, cost_usd=sum(cost_usd.values(), 0.0), value_usd=_value_usd(held, marks_pts))


def _value_usd(held: Mapping[OptionContract, int], marks_pts: Mapping[OptionContract, float]) -> float | None:
    still = {contract: quantity for contract, quantity in held.items() if quantity}
    if any(contract not in marks_pts for contract in still):
        return None
    return sum((quantity * marks_pts[contract] * MULTIPLIER for contract, quantity in still.items()), 0.0)


def cap_usd(net_liquidation_usd_cents: int, policy: SleevePolicy) -> float:
    """Return the most that the sleeve may take of the account, in dollars."""
    return policy.equity_pct * max(0, net_liquidation_usd_cents) / 10_000


def size_sleeve(
    ledger: SleeveLedger, price_usd: float, most_usd: float, policy: SleevePolicy
) -> tuple[int, tuple[Reason, ...]]:
    """Return how many spreads are bought at no more than ``price_usd`` each, with the arithmetic or what refuses."""
    used_usd, one_usd = ledger.used_usd, price_usd + FEES_USD
    if used_usd is None:
        text = "What the sleeve holds has no mark, so what it may still spend is unknown."
        return 0, (Reason("sleeve_value_unknown", text, None, round(most_usd, 2)),)
    purchase_usd = policy.purchase_pct * most_usd / 100
    quantity = floor(min(purchase_usd, most_usd - used_usd) / one_usd)
    if quantity > 0:
        text = (
            f"{quantity} x ${one_usd:,.0f} with fees, of ${purchase_usd:,.0f} a purchase; the sleeve uses "
            f"${used_usd:,.0f} of ${most_usd:,.0f}."
        )
        return quantity, (Reason(BOUGHT, text, round(used_usd + quantity * one_usd, 2), round(most_usd, 2)),)
    if used_usd + one_usd > most_usd:
        text = f"The sleeve uses ${used_usd:,.0f}, and one spread of ${one_usd:,.0f} would bring it above its cap."
        return 0, (Reason("sleeve_cap", text, round(used_usd + one_usd, 2), round(most_usd, 2)),)
    text = "One spread costs more than one purchase of the sleeve may, in dollars."
    return 0, (Reason("sleeve_purchase_zero", text, round(one_usd, 2), round(purchase_usd, 2)),)


def sleeve_sale(times: float | None, policy: SleevePolicy) -> Reason | None:
    """Return why a spread of the sleeve is sold before it settles, or None."""
    if not policy.sell_multiple or times is None or times < policy.sell_multiple:
        return None
    text = "The spread of the sleeve is worth enough times its cost."
    return Reason("sleeve_gained", text, round(times, 2), policy.sell_multiple)
