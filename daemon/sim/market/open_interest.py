"""How many contracts of an option are open: a plausible number for each listing, the same in every run.

Not fitted to data. The shape is what exchange counts show: most in monthly series, at round strikes, out of the
money, and growing as the expiry comes nearer.
"""

from __future__ import annotations

from datetime import date
from math import exp, log
from types import MappingProxyType
from typing import Final

import numpy as np

from daemon.core.calendar.expiries import dte
from daemon.core.market.contracts import OPTION_CLASSES, OptionContract, Right, TradingClass

_MOST: Final = MappingProxyType(
    {
        TradingClass.SPX: 9_000,
        TradingClass.SPXW: 2_500,
        TradingClass.VIX: 90_000,
        TradingClass.VIXW: 2_000,
        TradingClass.VXX: 5_000,
        TradingClass.UVXY: 3_000,
    }
)
"""Contracts of a round strike near the money at its expiry."""
_REACH: Final = MappingProxyType({TradingClass.SPX: 0.25, TradingClass.SPXW: 0.15})
_VIX_REACH: Final = 0.9
"""Distance in logarithms at which interest has fallen to 1/e."""
_IN_THE_MONEY: Final = 0.35
"""By how much faster it falls on the side that is in the money."""
_ROUND_PTS100: Final = MappingProxyType({TradingClass.SPX: (10_000, 2_500), TradingClass.SPXW: (10_000, 2_500)})
_VIX_ROUND_PTS100: Final = (500, 100)
_GROWS_DAYS: Final = 60.0
_NOISE: Final = 0.6


def open_contracts(contract: OptionContract, day: date, spot_pts: float, seed: int) -> int:
    """Return the open contracts of an option on a morning when its index closed at ``spot_pts`` before."""
    distance = log(contract.strike / spot_pts) * (1 if contract.right is Right.CALL else -1)
    reach = _REACH.get(contract.trading_class, _VIX_REACH) * (1.0 if distance >= 0 else _IN_THE_MONEY)
    age = exp(-max(dte(day, contract.expiry), 0) / _GROWS_DAYS)
    most = _MOST[contract.trading_class] * _roundness(contract) * age
    return round(most * exp(-abs(distance) / reach) * _taste(contract, seed))


def _roundness(contract: OptionContract) -> float:
    whole, half = _ROUND_PTS100.get(contract.trading_class, _VIX_ROUND_PTS100)
    if contract.strike_pts100 % whole == 0:
        return 1.0
    return 0.4 if contract.strike_pts100 % half == 0 else 0.08


def _taste(contract: OptionContract, seed: int) -> float:
    """Return what people happen to think of one contract, about 1."""
    place = (
        seed,
        contract.expiry.toordinal(),
        contract.strike_pts100,
        OPTION_CLASSES.index(contract.trading_class),
        int(contract.right is Right.CALL),
    )
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(place)))
    return exp(_NOISE * float(rng.standard_normal()))
