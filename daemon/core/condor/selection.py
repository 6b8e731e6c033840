"""Choose expiry, short strikes and wings: a few quotes around a guess, then a refinement by what was observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist
from typing import Final

import numpy as np

from daemon.core.calendar.sessions import sessions_between
from daemon.core.condor.policy import CondorPolicy, DteUnit, StrikesBy, WingsBy
from daemon.core.market.arrays import FloatArray, IndexArray
from daemon.core.market.contracts import Right
from daemon.core.market.pricing import ndtr

_NORMAL: Final = NormalDist()
_DIGITS: Final = 9  # two values that agree to here are equally far from the target


def choose_expiry(expiries: Sequence[date], session: date, policy: CondorPolicy) -> date | None:
    """Return the expiry nearest ``dte_target`` inside the window; of two as near, the earlier (003-05).

    Counted in sessions, 1 is the next session wherever weekends and holidays lie, and 0 this one.
    """
    far = {expiry: _dte(session, expiry, policy.dte_unit) for expiry in expiries if expiry >= session}
    inside = [expiry for expiry, dte in far.items() if policy.dte_min <= dte <= policy.dte_max]
    return min(inside, key=lambda expiry: (abs(far[expiry] - policy.dte_target), expiry), default=None)


def _dte(session: date, expiry: date, unit: DteUnit) -> int:
    return (expiry - session).days if unit is DteUnit.DAYS else len(sessions_between(session, expiry)) - 1


@dataclass(frozen=True, slots=True)
class Aim:
    """The value that a strike should have, and the range it may have: a delta, a credit or expected moves."""

    target: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Say whether a value is in the range, its borders included."""
        return self.low <= round(value, _DIGITS) <= self.high


def short_aim(policy: CondorPolicy) -> Aim:
    """Return what each short strike aims at: |delta|, points of credit, or expected moves from the forward.

    The credit target is that of the condor: each of two sides aims at half of it, with half of its tolerance, so
    that the sum keeps the whole of it.
    """
    match policy.strikes_by:
        case StrikesBy.DELTA:
            return Aim(policy.short_delta, policy.short_delta_min, policy.short_delta_max)
        case StrikesBy.CREDIT:
            share = 100 * len(policy.sides.rights)
            return _around(policy.credit_target_pts100 / share, policy.credit_tolerance_pts100 / share)
        case StrikesBy.EXPECTED_MOVE:
            return _around(policy.move_multiple, policy.move_tolerance)


def _around(target: float, tolerance: float) -> Aim:
    return Aim(target, round(target - tolerance, _DIGITS), round(target + tolerance, _DIGITS))


def choose_strike(points: Mapping[int, float], aim: Aim) -> int | None:
    """Return the observed strike whose value is nearest the target inside the range, or None (003-05).

    Of two strikes as near, the one of smaller value.
    """
    inside = {strike: value for strike, value in points.items() if aim.holds(value)}
    return min(
        inside,
        key=lambda strike: (round(abs(inside[strike] - aim.target), _DIGITS), inside[strike], strike),
        default=None,
    )


def wing_strike(
    short_pts100: int, right: Right, listed: Sequence[int], policy: CondorPolicy, anchor_pts100: int | None
) -> int | None:
    """Return the long strike of a short one, or None where the chain has none.

    At a fixed distance, or the listed strike within the bounds of the width that is nearest ``anchor_pts100``,
    the strike of the wings' own delta.
    """
    outward = 1 if right is Right.CALL else -1
    if policy.wings_by is WingsBy.POINTS:
        strike = short_pts100 + outward * policy.wing_pts * 100
        return strike if strike in listed else None
    assert anchor_pts100 is not None, "wings by delta need the strike of that delta"
    least, most = policy.wing_min_pts * 100, policy.wing_max_pts * 100
    inside = [strike for strike in listed if least <= outward * (strike - short_pts100) <= most]
    return nearest(inside, anchor_pts100) if inside else None


def bracket(guess_pts100: int, listed: Sequence[int], step_pts100: int, count: int) -> tuple[int, ...]:
    """Return up to ``count`` listed strikes around a guess, about ``step_pts100`` apart, in order.

    Starts at the strike nearest the guess and goes down and up in turn.
    """
    strikes = sorted(set(listed))
    if not strikes or count < 1:
        return ()
    chosen = [nearest(strikes, guess_pts100)]
    while len(chosen) < count:
        below = [strike for strike in strikes if strike < chosen[0]]
        above = [strike for strike in strikes if strike > chosen[-1]]
        if not below and not above:
            break
        if below:
            chosen.insert(0, nearest(below, chosen[0] - step_pts100))
        if above and len(chosen) < count:
            chosen.append(nearest(above, chosen[-1] + step_pts100))
    return tuple(chosen)


def refine(points: Mapping[int, float], target: float, listed: Sequence[int]) -> int | None:
    """Return the listed strike whose value should be nearest ``target``, from the values seen so far.

    ``points`` maps strikes in points x 100 to values of one side between 0 and 1: |delta|, or the credit as a share
    of the width, which is about the chance to end beyond the side's middle. Between and beyond them the normal
    quantile of the value is taken as linear in the strike. With one usable point the answer is the listed strike
    nearest to it; without any, or with nothing listed, None.
    """
    seen = sorted((strike, _NORMAL.inv_cdf(value)) for strike, value in points.items() if 0 < value < 1)
    if not seen or not listed:
        return None
    if len(seen) == 1:
        return nearest(listed, seen[0][0])
    wanted = _NORMAL.inv_cdf(target)
    nearest_seen = min(seen, key=lambda point: abs(point[1] - wanted))[0]
    strikes = np.array(listed)
    values = np.round(ndtr(_interpolate(seen, strikes)), _DIGITS)
    misses = np.round(np.abs(values - target), _DIGITS)
    return int(strikes[np.lexsort((strikes, np.abs(strikes - nearest_seen), values, misses))[0]])


def nearest(strikes: Sequence[int], wanted_pts100: int) -> int:
    """Return the strike nearest a level; of two as near, the lower."""
    return min(strikes, key=lambda strike: (abs(strike - wanted_pts100), strike))


def _interpolate(seen: Sequence[tuple[int, float]], strikes: IndexArray) -> FloatArray:
    """Return the values at strikes on the lines through the two points around each, or through the end pair."""
    at, value = np.array(seen).T
    right = np.clip(np.searchsorted(at, strikes), 1, len(seen) - 1)
    left = right - 1
    result: FloatArray = value[left] + (value[right] - value[left]) * (strikes - at[left]) / (at[right] - at[left])
    return result
