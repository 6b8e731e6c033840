"""Positions and levels for the tests of the risk monitor; QuantLib is the oracle of every price."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType

import QuantLib

from daemon.core.book.book import Holding
from daemon.core.book.condors import OpenCondor
from daemon.core.calendar.expiries import settlement_at
from daemon.core.calendar.sessions import session
from daemon.core.condor.legs import CondorLegs, Structure, Vertical
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.orders.intent import IntentKey, Purpose, Strategy
from daemon.core.records import CondorRecord
from daemon.core.risk.greeks import Levels, Position

SESSION = date(2020, 2, 18)
NOW = session(SESSION).open_at + timedelta(hours=4)
SPX_EXPIRY = date(2020, 3, 20)
VIX_EXPIRY = date(2020, 3, 18)
SPX_PTS, VIX_PTS, VIX_FORWARD_PTS = 3370.0, 14.8, 15.9


def spxw(strike: float, right: Right, expiry: date = SPX_EXPIRY) -> OptionContract:
    return OptionContract(TradingClass.SPXW, expiry, round(strike * 100), right)


def vix_call(strike: float, expiry: date = VIX_EXPIRY) -> OptionContract:
    return OptionContract(TradingClass.VIX, expiry, round(strike * 100), Right.CALL)


def levels(
    *,
    at: datetime = NOW,
    spx_pts: float | None = SPX_PTS,
    vix_pts: float | None = VIX_PTS,
    forwards_pts: Mapping[tuple[TradingClass, date], float] = MappingProxyType(
        {(TradingClass.VIX, VIX_EXPIRY): VIX_FORWARD_PTS}
    ),
) -> Levels:
    return Levels(at, spx_pts, vix_pts, forwards_pts)


def years(contract: OptionContract, at: datetime = NOW) -> float:
    return (settlement_at(contract.trading_class, contract.expiry) - at).total_seconds() / (365 * 86_400)


def calculator(contract: OptionContract, forward_pts: float, vol: float, time: float) -> QuantLib.BlackCalculator:
    kind = QuantLib.Option.Call if contract.right is Right.CALL else QuantLib.Option.Put
    payoff = QuantLib.PlainVanillaPayoff(kind, contract.strike)
    return QuantLib.BlackCalculator(payoff, forward_pts, vol * time**0.5, 1.0)


def quantlib_price(contract: OptionContract, forward_pts: float, vol: float, time: float | None = None) -> float:
    left = years(contract) if time is None else time
    return float(calculator(contract, forward_pts, vol, left).value())


LEGS = (
    (spxw(3180, Right.PUT), 1, 0.185),
    (spxw(3205, Right.PUT), -1, 0.175),
    (spxw(3460, Right.CALL), -1, 0.098),
    (spxw(3485, Right.CALL), 1, 0.095),
)
"""A condor of 31 days with the skew of a calm market: leg, direction, volatility."""
CALL, CALL_VOL = vix_call(18), 0.98


def condor_positions(quantity: int = 2, subject: str = "C20200218-1") -> list[Position]:
    return [
        Position(Strategy.CONDOR, subject, contract, direction * quantity, quantlib_price(contract, SPX_PTS, vol))
        for contract, direction, vol in LEGS
    ]


def hedge_position(quantity: int = 5) -> Position:
    return Position(Strategy.HEDGE, "L2", CALL, quantity, quantlib_price(CALL, VIX_FORWARD_PTS, CALL_VOL))


def condor_record(subject: str = "C20200218-1") -> CondorRecord:
    put_long, put_short, call_short, call_long = (contract for contract, _, _ in LEGS)
    return CondorRecord(
        condor_id=subject,
        entry_session=SESSION,
        legs=CondorLegs(Vertical(put_short, put_long), Vertical(call_short, call_long)),
        policy={},
        intent=IntentKey(SESSION, Strategy.CONDOR, Purpose.ENTRY, subject, 1),
    )


def open_condor(quantity: int = 2, credit_pts: float = 4.35) -> OpenCondor:
    record = condor_record()
    return OpenCondor(record, Structure(((record.legs, quantity),), ()), credit_pts)


def condor_holding(legs: Mapping[OptionContract, int], credit_usd: float, subject: str = "C20200218-1") -> Holding:
    return Holding(Strategy.CONDOR, subject, legs, round(credit_usd * 100), 0)
