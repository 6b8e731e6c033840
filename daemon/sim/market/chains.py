"""Contracts laid out as arrays, so that a chain is valued in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from daemon.core.calendar.expiries import settlement_at
from daemon.core.market.arrays import BoolArray, FloatArray, IndexArray
from daemon.core.market.contracts import OptionContract, Right, Underlying
from daemon.sim.market import clock
from daemon.sim.market.spread import WidthKinds, width_kinds
from daemon.sim.market.ticks import steps


@dataclass(frozen=True, slots=True)
class Series:
    """The contracts of one underlying: strikes, rights, and the place of each one's expiry."""

    place: IndexArray
    """Where the contracts stand in the whole set."""
    log_strikes: FloatArray
    expiry_of: IndexArray
    settlement_epochs_s: FloatArray
    settlement_sessions: FloatArray
    """Session number of each settlement: whole at the close, less the day's own variance at the open."""


@dataclass(frozen=True, slots=True)
class ContractSet:
    """Contracts to be valued together, with the price steps of one date."""

    size: int
    series: tuple[tuple[Underlying, Series], ...]
    """Those that hold any contract."""
    merged_from: IndexArray
    """Where each contract stands when those of one underlying come after those of the other."""
    strikes: FloatArray
    is_call: BoolArray
    widths: WidthKinds
    step_below: FloatArray
    step_above: FloatArray


def contract_set(contracts: Sequence[OptionContract], day: date) -> ContractSet:
    """Lay out contracts for valuation; price steps are those of the date."""
    below_above = [steps(contract.trading_class, day) for contract in contracts]
    underlyings = [contract.underlying for contract in contracts]
    places = {
        underlying: [n for n, found in enumerate(underlyings) if found is underlying]
        for underlying in Underlying
        if underlying in underlyings
    }
    return ContractSet(
        size=len(contracts),
        series=tuple((underlying, _series(contracts, where)) for underlying, where in places.items()),
        merged_from=np.argsort([place for where in places.values() for place in where]),
        strikes=np.array([contract.strike for contract in contracts]),
        is_call=np.array([contract.right is Right.CALL for contract in contracts], dtype=bool),
        widths=width_kinds([contract.trading_class for contract in contracts]),
        step_below=np.array([below for below, _ in below_above]),
        step_above=np.array([above for _, above in below_above]),
    )


def _series(contracts: Sequence[OptionContract], places: list[int]) -> Series:
    chosen = [contracts[place] for place in places]
    keys = [(contract.trading_class, contract.expiry) for contract in chosen]
    unique = {key: n for n, key in enumerate(dict.fromkeys(keys))}
    return Series(
        place=np.array(places, dtype=np.intp),
        log_strikes=np.log(np.array([contract.strike for contract in chosen])),
        expiry_of=np.array([unique[key] for key in keys], dtype=np.intp),
        settlement_epochs_s=np.array([settlement_at(*key).timestamp() for key in unique]),
        settlement_sessions=np.array([_settles_on(expiry, am=cls.am_settled) for cls, expiry in unique]),
    )


def _settles_on(expiry: date, *, am: bool) -> float:
    number = clock.ordinal(expiry)
    return number - (1.0 - clock.OVERNIGHT_SHARE) if am else float(number)
