"""Build the sides of a condor and price any set of legs from quotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from daemon.core.condor.legs import Vertical
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.market.quotes import Quote
from daemon.core.orders.intent import ComboPrice, Leg


def build_side(expiry: date, right: Right, short_pts100: int, long_pts100: int) -> Vertical:
    """Return one side of a condor in SPXW, which settles on the close."""
    short, long = (OptionContract(TradingClass.SPXW, expiry, strike, right) for strike in (short_pts100, long_pts100))
    return Vertical(short, long)


def price_combo(legs: Sequence[Leg], quotes: Mapping[OptionContract, Quote]) -> ComboPrice | None:
    """Return mid and natural price of buying the legs once, or None when a quote is missing or one-sided."""
    twice_mid = natural = 0
    for leg in legs:
        quote = quotes.get(leg.contract)
        if quote is None or not quote.two_sided or quote.bid_pts100 is None or quote.ask_pts100 is None:
            return None
        twice_mid += leg.ratio * (quote.bid_pts100 + quote.ask_pts100)
        natural += leg.ratio * (quote.ask_pts100 if leg.ratio > 0 else quote.bid_pts100)
    return ComboPrice(mid_pts=twice_mid / 200, natural_pts100=natural)
