"""The roll calendar of a layer and the contract a roll buys. Nothing here sees a fill or a price of ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from daemon.core.calendar.sessions import session_on_or_after, session_on_or_before
from daemon.core.hedge.policy import LayerPolicy
from daemon.core.orders.intent import Reason
from daemon.core.risk.exposure import exact

OUTSIDE_DAYS_MAX: Final = 7
"""How many days beyond its window a layer may buy when nothing is listed inside it."""


def next_roll(anchor: date, roll_days: int, after: date) -> date:
    """Return the first roll session strictly after a date (001-06, 001-07, decision 24).

    A roll session is the session on or after anchor + k x ``roll_days``: it depends on the calendar alone.
    """
    _check(roll_days)
    # A scheduled date moves to a session after ``after`` exactly when it lies after the last session until then.
    return session_on_or_after(_first_after(anchor, roll_days, session_on_or_before(after)))


def last_roll(anchor: date, roll_days: int, on_or_before: date) -> date | None:
    """Return the latest roll session up to a date, or None before the first; a late start deals with it then."""
    _check(roll_days)
    reached = session_on_or_before(on_or_before)
    # A scheduled date up to a session moves to a session that is not after it.
    periods = (reached - anchor).days // roll_days
    if periods < 0:
        return None
    return session_on_or_after(anchor + timedelta(days=periods * roll_days))


def choose_layer_expiry(
    listed: Sequence[tuple[date, bool]], session: date, layer: LayerPolicy
) -> tuple[date | None, tuple[Reason, ...]]:
    """Return the expiry a layer buys, from (expiry, is_monthly) as listed (000-03 to 000-06, decision 24).

    The nearest to ``dte_target`` inside the window, of two as near the later (it outlasts the roll); else the
    first above the window by at most a week, with the reason ``outside_window``; else None.
    """
    lowest, highest = max(layer.dte_min, layer.min_buy_dte), layer.dte_max
    window = f"{lowest}-{highest}"
    by_dte = {(expiry - session).days: expiry for expiry, is_monthly in listed if is_monthly or not layer.monthly_only}
    inside = [days for days in by_dte if lowest <= days <= highest]
    if inside:
        return by_dte[min(inside, key=lambda days: (abs(days - layer.dte_target), -days))], ()
    above = [days for days in by_dte if highest < days <= highest + OUTSIDE_DAYS_MAX]
    if above:
        text = f"Nothing is listed inside the window of {layer.name} (days to expiry); the next expiry above is taken."
        return by_dte[min(above)], (Reason("outside_window", text, min(above), window),)
    text = f"Nothing is listed inside the window of {layer.name} (days to expiry) or within a week above it."
    return None, (Reason("no_expiry_in_window", text, None, window),)


def choose_call_strike(forward_pts: float, strikes_pts100: Sequence[int], otm_pct: float) -> int | None:
    """Return the first listed strike at or above forward x (1 + otm), or None when none is so high (000-04)."""
    wanted_pts100 = exact(forward_pts) * (100 + exact(otm_pct))
    return min((strike for strike in strikes_pts100 if strike >= wanted_pts100), default=None)


def _first_after(anchor: date, roll_days: int, day: date) -> date:
    """Return the first scheduled date (before moving to a session) strictly after a day."""
    periods = max(0, (day - anchor).days // roll_days + 1)
    return anchor + timedelta(days=periods * roll_days)


def _check(roll_days: int) -> None:
    if roll_days < 1:
        raise ValueError(f"A layer must roll after at least 1 day, not {roll_days}.")
