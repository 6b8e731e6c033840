"""The extra layer: calls on a fund of VIX futures while the dollar is strong, small against L1 (003-12, 004-09)."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor
from typing import Final

from daemon.core.hedge.policy import EtfPolicy
from daemon.core.orders.intent import Reason
from daemon.core.records import Signal, Standing

BOUGHT: Final = "etf_purchase"
EXPIRES: Final = "etf_expires"
"""Name of the reason of a sale that no longer waits for a gain."""
REER_SIGNAL: Final = "reer"


def dollar_verdict(signals: Iterable[Signal], policy: EtfPolicy) -> tuple[bool, Reason]:
    """Say whether the dollar is strong enough to buy, and why; a signal that is missing or stale buys nothing (003-12).

    Strong is a real exchange rate far above its mean: rising, or so far above it that the signal is extreme.
    """
    if not policy.strong_dollar:
        return True, Reason("etf_dollar_not_asked", "The exchange rate is not asked, by setting.")
    signal = next((each for each in signals if each.name == REER_SIGNAL), None)
    if signal is None or signal.standing is not Standing.FRESH or signal.value is None:
        known = "the signals were not read" if signal is None else f"{signal.standing}: {signal.text}"
        text = f"Whether the dollar is strong is unknown, so nothing is bought; {known}."
        return False, Reason("etf_dollar_unknown", text)
    value = round(signal.value, 2)
    if signal.state == "strong" or (signal.state == "extreme" and value > 0):
        return True, Reason("etf_dollar_strong", "The dollar is strong, in deviations from its mean.", value)
    text = f"The dollar is not strong but {signal.state}, in deviations from its mean."
    return False, Reason("etf_dollar_not_strong", text, value)


def size_etf(call_usd: float, held_usd: float | None, l1_usd: float, policy: EtfPolicy) -> tuple[int, Reason]:
    """Return how many calls are bought, with the arithmetic or what refuses; all figures are VIX delta-dollars (003-12).

    As many whole calls as keep all that is held within the share of L1's target.
    """
    most_usd = policy.of_l1_pct * l1_usd / 100
    if held_usd is None:
        text = "What the extra layer holds has no quote, so what it may still buy is unknown."
        return 0, Reason("etf_held_unknown", text, None, round(most_usd, 2))
    quantity = floor((most_usd - held_usd) / call_usd) if call_usd > 0 else 0
    sums = (
        f"${held_usd:,.0f} held and ${call_usd:,.0f} a call, of ${most_usd:,.0f} that are {policy.of_l1_pct:g} % of "
        f"L1's target, in VIX delta-dollars"
    )
    if quantity <= 0:
        return 0, Reason("etf_zero", f"No whole call fits: {sums}.", round(held_usd + call_usd, 2), round(most_usd, 2))
    used_usd = held_usd + quantity * call_usd
    return quantity, Reason(BOUGHT, f"{quantity} calls: {sums}.", round(used_usd, 2), round(most_usd, 2))


def etf_sale(days_left: int, times: float | None, policy: EtfPolicy) -> Reason | None:
    """Return why a call is sold: some days before it could be exercised, or worth enough times its cost; or None."""
    if days_left <= policy.sell_dte:
        text = "The call is sold before its expiry, so that it is never exercised into shares; days left."
        return Reason(EXPIRES, text, days_left, policy.sell_dte)
    if policy.sell_multiple and times is not None and times >= policy.sell_multiple:
        return Reason("etf_gained", "The call is worth enough times its cost.", round(times, 2), policy.sell_multiple)
    return None
