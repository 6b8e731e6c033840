"""The second engine: a sleeve of VIX call spreads with a ledger, a calendar and a cap of its own (001-14, 003-15).

Its leverage is the farther call sold against each long one, and nothing else; so its loss ends where its money ends.
"""

from __future__ import annotations

from math import floor
from typing import Final

from daemon.core.hedge.policy import SleevePolicy
from daemon.core.hedge.sub_ledger import SubLedger
from daemon.core.orders.intent import Reason

BOUGHT: Final = "sleeve_purchase"
FEES_USD: Final = 5.0
"""What is kept free for the commissions of one spread, its sale included; the exchange takes about a dollar a contract."""


def cap_usd(net_liquidation_usd_cents: int, policy: SleevePolicy) -> float:
    """Return the most that the sleeve may take of the account, in dollars."""
    return policy.equity_pct * max(0, net_liquidation_usd_cents) / 10_000


def size_sleeve(
    ledger: SubLedger, price_usd: float, most_usd: float, policy: SleevePolicy
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
