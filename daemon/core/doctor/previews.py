"""Which contracts are looked at, and which orders are previewed: never meant to be sent, and never sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from daemon.core.calendar.expiries import expiries
from daemon.core.market.contracts import OptionContract, OptionParams, Right, TradingClass, vix_future
from daemon.core.orders.intent import Leg, OrderSpec, TimeInForce

_CONDOR_DAYS: Final = 30
_CALL_DAYS: Final = 45
_SOONEST: Final = timedelta(days=7)
_STEP_PTS100: Final = 2500
"""SPX strikes on multiples of 25 points are listed at every expiry."""
_SHORT_PUT, _SHORT_CALL = 0.93, 1.06
"""Shares of SPX at which the short strikes of the previewed condor lie."""
_CALL: Final = 1.2
_FUTURES_AHEAD: Final = timedelta(days=70)
_FUTURE_FROM: Final = timedelta(days=3)
_UNQUOTED_SHARE: Final = 0.4
"""Of the width, the credit asked for where no leg is quoted; nobody pays it."""


def next_future(today: date) -> OptionContract | None:
    """Return the next VIX future that does not settle within three days."""
    listed = expiries(TradingClass.VX, today, today + _FUTURES_AHEAD)
    return next((vix_future(expiry) for expiry in listed if expiry >= today + _FUTURE_FROM), None)


def condor_legs(chain: Sequence[OptionParams], spx: float, today: date) -> tuple[Leg, ...]:
    """Return four legs around SPX some 30 days out, empty where the chain has no such strikes."""
    listed = next((params for params in chain if params.trading_class is TradingClass.SPXW), None)
    expiry = _nearest(listed, today, _CONDOR_DAYS)
    if listed is None or expiry is None:
        return ()
    strikes = sorted(strike for strike in listed.strikes_pts100 if strike % _STEP_PTS100 == 0)
    puts = [strike for strike in strikes if strike <= spx * 100 * _SHORT_PUT][-2:]
    calls = [strike for strike in strikes if strike >= spx * 100 * _SHORT_CALL][:2]
    if len(puts) < 2 or len(calls) < 2:
        return ()
    placed = ((puts[0], Right.PUT, 1), (puts[1], Right.PUT, -1), (calls[0], Right.CALL, -1), (calls[1], Right.CALL, 1))
    return tuple(
        Leg(OptionContract(TradingClass.SPXW, expiry, strike, right), ratio) for strike, right, ratio in placed
    )


def call_leg(chain: Sequence[OptionParams], vix: float, today: date) -> tuple[Leg, ...]:
    """Return one VIX call a fifth above VIX some 45 days out, empty where the chain has none."""
    listed = next((params for params in chain if params.trading_class is TradingClass.VIX), None)
    expiry = _nearest(listed, today, _CALL_DAYS)
    if listed is None or expiry is None:
        return ()
    above = [strike for strike in sorted(listed.strikes_pts100) if strike >= vix * 100 * _CALL and strike % 100 == 0]
    return tuple(Leg(OptionContract(TradingClass.VIX, expiry, strike, Right.CALL), 1) for strike in above[:1])


def _nearest(listed: OptionParams | None, today: date, days: int) -> date | None:
    if listed is None:
        return None
    far_enough = [expiry for expiry in listed.expiries if expiry >= today + _SOONEST]
    return min(far_enough, key=lambda expiry: abs((expiry - today).days - days), default=None)


def previewed(legs: Sequence[Leg], mids: Sequence[float | None]) -> OrderSpec:
    """Return the order to preview: one of it, at its mid, or where a leg is not quoted at a price that nobody takes."""
    known = [leg.ratio * mid for leg, mid in zip(legs, mids, strict=True) if mid is not None]
    net = sum(known) if len(known) == len(legs) else _far(legs)
    return OrderSpec(tuple(legs), 1, _on_nickels(net), TimeInForce.DAY)


def _far(legs: Sequence[Leg]) -> float:
    """Return a net price in points that nobody takes: a large credit for a condor, a nickel for a call."""
    strikes = [leg.contract.strike for leg in legs if leg.contract.right is Right.PUT]
    return -_UNQUOTED_SHARE * (max(strikes) - min(strikes)) if len(strikes) > 1 else 0.05


def _on_nickels(points: float) -> int:
    """Return points as points x 100 on a multiple of 0.05, and never nothing."""
    return (round(points * 20) or 1) * 5
