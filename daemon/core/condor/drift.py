"""How far SPX has left the middle of a condor, what that has cost, and how the untested side follows (003-01)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING
from enum import IntEnum
from typing import Final

from daemon.core.book.condors import OpenCondor
from daemon.core.condor.legs import CondorLegs, Vertical
from daemon.core.condor.policy import CondorPolicy
from daemon.core.market.contracts import MULTIPLIER, OptionContract, Right
from daemon.core.market.pricing import black76
from daemon.core.orders.intent import ComboPrice, Leg
from daemon.core.risk.exposure import exact
from daemon.core.risk.greeks import Valuation

_UNDISCOUNTED: Final = 1.0
_ROUNDING: Final = 1e-12
"""A share that is a threshold but for its binary form reaches it."""


class DriftLevel(IntEnum):
    """How far a condor has drifted, by the thresholds of rule 003-02."""

    CENTRED = 0
    WATCH = 1
    ADJUST = 2
    DEFEND = 3


def drift(legs: CondorLegs, spx_pts: float, spx_at_entry_pts: float | None) -> float | None:
    """Return the distance of SPX from the centre in shares of the short-strike range, negative below it (003-01).

    At a short strike it is 0.5. A condor with one side has no range: its centre is where SPX was at the entry, and
    its strike is at 0.5 all the same; moving away from that strike is no drift. None when the entry is unknown.
    """
    if legs.put is not None and legs.call is not None:
        low, high = legs.put.short.strike, legs.call.short.strike
        return (spx_pts - (low + high) / 2) / (high - low)
    (side,) = legs.sides
    if spx_at_entry_pts is None or spx_at_entry_pts == side.short.strike:
        return None
    share = (spx_pts - spx_at_entry_pts) / (2 * abs(side.short.strike - spx_at_entry_pts))
    return max(0.0, share) if side.right is Right.CALL else min(0.0, share)


def condor_drift(condor: OpenCondor, spx_pts: float) -> float | None:
    """Return the drift of an open condor; of several parts the one that has drifted farthest tells."""
    known = (drift(legs, spx_pts, condor.record.spx_at_entry_pts) for legs, _ in condor.held.parts)
    return max((share for share in known if share is not None), key=abs, default=None)


def drift_level(before: DriftLevel, share: float, policy: CondorPolicy) -> DriftLevel:
    """Return the level after a look: up at a threshold, down only when it is left by the hysteresis (003-02)."""
    thresholds = (
        (DriftLevel.DEFEND, policy.drift_defend),
        (DriftLevel.ADJUST, policy.drift_adjust),
        (DriftLevel.WATCH, policy.drift_watch),
    )
    for level, threshold in thresholds:
        kept = policy.drift_hysteresis if level <= before else 0.0
        if reaches(share, threshold - kept):
            return level
    return DriftLevel.CENTRED


def reaches(share: float, threshold: float) -> bool:
    """Say whether a drift to either side is at a threshold or beyond it."""
    return abs(share) >= threshold - _ROUNDING


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftFigures:
    """What a drift has done to a condor, in dollars for all of it; None where a mark is missing (003-01)."""

    delta_usd: float | None
    """For a point of SPX."""
    extrinsic_left_pct: float | None
    """Time value that is left, as a share of the credit."""
    pnl_by_drift_usd: float | None
    """Impermanent loss: what it is worth now less what it would be worth had SPX stayed where it was at the entry."""

    def fields(self) -> dict[str, float]:
        """Return what is known, rounded for the log."""
        rounded = {
            "delta_usd": None if self.delta_usd is None else round(self.delta_usd, 1),
            "extrinsic_left_pct": None if self.extrinsic_left_pct is None else round(self.extrinsic_left_pct),
            "pnl_by_drift_usd": None if self.pnl_by_drift_usd is None else round(self.pnl_by_drift_usd),
        }
        return {name: value for name, value in rounded.items() if value is not None}


def drift_figures(
    condor: OpenCondor, valuation: Valuation, marks_pts: Mapping[OptionContract, float], spx_pts: float
) -> DriftFigures:
    """Measure a condor from its marks; ``valuation`` is of the condor's own positions.

    The value with SPX unmoved is that of the same strikes at today's volatilities and time, with the forward
    lower or higher in proportion.
    """
    if valuation.unknown or any(contract not in marks_pts for contract in condor.held.positions):
        return DriftFigures(delta_usd=None, extrinsic_left_pct=None, pnl_by_drift_usd=None)
    delta_usd = sum(position.quantity * greeks.delta for position, greeks in valuation.known) * MULTIPLIER
    return DriftFigures(
        delta_usd=delta_usd,
        extrinsic_left_pct=_extrinsic_left_pct(condor, marks_pts, spx_pts),
        pnl_by_drift_usd=_pnl_by_drift_usd(condor, valuation, marks_pts, spx_pts),
    )


def _extrinsic_left_pct(condor: OpenCondor, marks_pts: Mapping[OptionContract, float], spx_pts: float) -> float | None:
    if condor.credit_pts <= 0 or not condor.quantity:
        return None
    left_pts = -sum(
        quantity * (marks_pts[contract] - _intrinsic_pts(contract, spx_pts))
        for contract, quantity in condor.held.positions.items()
    )
    return 100 * left_pts / (condor.credit_pts * condor.quantity)


def _intrinsic_pts(contract: OptionContract, spx_pts: float) -> float:
    above = spx_pts - contract.strike
    return max(0.0, above if contract.right is Right.CALL else -above)


def _pnl_by_drift_usd(
    condor: OpenCondor, valuation: Valuation, marks_pts: Mapping[OptionContract, float], spx_pts: float
) -> float | None:
    entry_pts = condor.record.spx_at_entry_pts
    if entry_pts is None:
        return None
    moved = 0.0
    for position, greeks in valuation.known:
        contract = position.contract
        unmoved = black76(
            greeks.forward_pts * entry_pts / spx_pts,
            contract.strike,
            greeks.years,
            greeks.vol,
            _UNDISCOUNTED,
            is_call=contract.right is Right.CALL,
        )
        moved += position.quantity * (marks_pts[contract] - float(unmoved.price))
    return moved * MULTIPLIER


# -- the roll of the untested side (003-07) ----------------------------------------------------------


def untested(legs: CondorLegs, share: float) -> Vertical | None:
    """Return the side that SPX has moved away from; None for a condor that has one side only."""
    if legs.put is None or legs.call is None:
        return None
    return legs.call if share < 0 else legs.put


def roll_credit_min_pts100(old: Vertical, policy: CondorPolicy) -> int:
    """Return the least net credit of a roll in points x 100, a fraction of a cent rounded up."""
    share = exact(policy.drift_roll_credit_pct) * old.width_pts100 / 100
    return int(share.to_integral_value(ROUND_CEILING))


def roll_shorts(legs: CondorLegs, old: Vertical, spx_pts: float, listed: Iterable[int]) -> tuple[int, ...]:
    """Return the strikes, in points x 100, that the short option of a side may roll to, the nearest to SPX first.

    They lie between SPX and the old one, on the far side of the other short option, and share no contract with the
    old side: an order that sells what it also buys is no order.
    """
    other = legs.put if old.right is Right.CALL else legs.call
    assert other is not None, "the tested side is the other one"
    up = 1 if old.right is Right.CALL else -1
    nearest = max(up * round(spx_pts * 100), up * other.short.strike_pts100)
    taken = (old.short.strike_pts100, old.long.strike_pts100)
    return tuple(
        strike
        for strike in sorted(set(listed), key=lambda strike: up * strike)
        if nearest < up * strike < up * old.short.strike_pts100
        and strike not in taken
        and strike + up * old.width_pts100 not in taken
    )


def rolled_side(old: Vertical, short_pts100: int) -> Vertical:
    """Return the side with another short strike and the same width, so that no more is at risk than before."""
    away = old.width_pts100 if old.right is Right.CALL else -old.width_pts100
    series = old.short.trading_class, old.short.expiry
    return Vertical(
        OptionContract(*series, short_pts100, old.right), OptionContract(*series, short_pts100 + away, old.right)
    )


def roll_legs(old: Vertical, new: Vertical) -> tuple[Leg, ...]:
    """Return the legs of one order that closes a side and opens its successor."""
    return Leg(old.short, 1), Leg(old.long, -1), Leg(new.short, -1), Leg(new.long, 1)


def spread_out(strikes: Sequence[int], count: int) -> tuple[int, ...]:
    """Return up to ``count`` of the strikes, evenly over all of them, both ends included."""
    if len(strikes) <= count:
        return tuple(strikes)
    last = len(strikes) - 1
    return tuple(dict.fromkeys(strikes[round(place * last / (count - 1))] for place in range(count)))


def strikes_around(strikes: Sequence[int], seen: Sequence[int], best: int) -> tuple[int, ...]:
    """Return the strikes between the neighbours, among those seen, of the best one; nothing that was seen."""
    place = seen.index(best)
    low = strikes.index(seen[max(place - 1, 0)])
    high = strikes.index(seen[min(place + 1, len(seen) - 1)])
    return tuple(strike for strike in strikes[low:high] if strike not in seen)


@dataclass(frozen=True, slots=True)
class RollPrice:
    """One possible roll: the new side, what the whole order costs, and the delta of the new short option."""

    new: Vertical
    price: ComboPrice
    delta: float | None


def choose_roll(seen: Iterable[RollPrice], old: Vertical, policy: CondorPolicy) -> RollPrice | None:
    """Return the roll whose new short is nearest the policy's delta among those that bring the credit, or None.

    Where no delta is known the new short that is farthest from SPX is taken.
    """
    least_pts100 = roll_credit_min_pts100(old, policy)
    paying = [roll for roll in seen if exact(roll.price.mid_pts) * 100 <= -least_pts100]

    def preference(roll: RollPrice) -> tuple[float, int]:
        miss = 1.0 if roll.delta is None else abs(abs(roll.delta) - policy.short_delta)
        return miss, abs(roll.new.short.strike_pts100 - old.short.strike_pts100)

    return min(paying, key=preference, default=None)
