"""The roll calendar of a layer and the contract a roll buys. Nothing here sees a fill or a price of ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from daemon.core.calendar.expiries import dte, expiries, spx_monthly
from daemon.core.calendar.sessions import session_on_or_after, session_on_or_before
from daemon.core.hedge.policy import CLASSES, Buying, Instrument, LayerPolicy
from daemon.core.market.contracts import TradingClass
from daemon.core.orders.intent import Reason
from daemon.core.risk.exposure import exact

OUTSIDE_DAYS_MAX: Final = 7
"""How many days beyond its window a layer may buy when nothing is listed inside it."""
VIX_CLASSES: Final = CLASSES[Instrument.VIX_CALL]
LISTED_DAYS: Final = 400
"""How far ahead listed expiries are looked for; the exchange lists fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollWindow:
    """The sessions in which one roll of the calendar is done: its date, and how far it may come before or wait."""

    first: date
    scheduled: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRoll:
    """A roll of the calendar, with the expiry that the rules of the exchange would offer it."""

    layer: str
    session: date
    trading_class: TradingClass | None
    expiry: date | None
    """None where nothing would be listed for the layer."""
    next_session: date
    """The roll after it."""
    window: RollWindow
    reasons: tuple[Reason, ...]

    @property
    def dte(self) -> int | None:
        """Return the days to expiry that would be bought."""
        return None if self.expiry is None else dte(self.session, self.expiry)

    @property
    def dte_left(self) -> int | None:
        """Return the days to expiry that are left at the roll after it."""
        return None if self.expiry is None else dte(self.next_session, self.expiry)


def roll_window(layer: LayerPolicy, scheduled: date) -> RollWindow:
    """Return the window around a roll session (001-22)."""
    first = session_on_or_after(scheduled - timedelta(days=layer.roll_days - layer.roll_from_days))
    last = session_on_or_before(scheduled + timedelta(days=layer.roll_until_days - layer.roll_days))
    return RollWindow(first=min(first, scheduled), scheduled=scheduled, last=max(last, scheduled))


def open_roll(
    layer: LayerPolicy, anchor: date, session: date, *, dealt_with: date | None, early: bool
) -> RollWindow | None:
    """Return the roll that a session may do, or None.

    The latest date so far that is not dealt with is due, however late: of several missed ones only that is caught
    up. With ``early`` the next one may be done once its window has begun.
    """
    due = last_roll(anchor, layer.roll_days, session)
    if due is not None and (dealt_with is None or dealt_with < due):
        return roll_window(layer, due)
    if not early:
        return None
    coming = roll_window(layer, next_roll(anchor, layer.roll_days, session))
    begun = coming.first <= session and (dealt_with is None or dealt_with < coming.scheduled)
    return coming if begun else None


def last_chance(layer: LayerPolicy, window: RollWindow, session: date, held: date | None) -> bool:
    """Whether a roll may wait no longer: its window ends, or what is held has no days left to wait (001-06)."""
    least = layer.min_buy_dte - layer.roll_days
    return session >= window.last or (held is not None and dte(session, held) <= least)


def vvix_verdict(window: RollWindow, session: date, histogram: float | None, unknown: str) -> tuple[bool, Reason]:
    """Say whether a roll that could wait is done now by MACD of VVIX, and why (001-22).

    It waits while the histogram is above 0. Without the signal, for the reason in ``unknown``, the plain date holds.
    """
    if histogram is None:
        text = f"MACD of VVIX is unknown, so the roll keeps its plain date: {unknown}"
        return session >= window.scheduled, Reason("vvix_unknown", text, None, window.scheduled.isoformat())
    if histogram <= 0:
        return True, Reason("vvix_falls", "MACD of VVIX is not rising, so the roll is done now.", histogram, 0)
    text = f"MACD of VVIX is rising, so the roll waits, until {window.last} at the latest."
    return False, Reason("vvix_rises", text, histogram, 0)


def planned_rolls(layer: LayerPolicy, anchor: date, *, after: date, until: date) -> tuple[PlannedRoll, ...]:
    """Return the rolls of a layer after one date and up to another, from the calendar alone (001-07)."""
    found: list[PlannedRoll] = []
    session = next_roll(anchor, layer.roll_days, after)
    while session <= until:
        following = next_roll(anchor, layer.roll_days, session)
        classes = dict(_listed_classes(session, layer.classes))
        expiry, reasons = choose_layer_expiry(listing(session, layer.classes), session, layer)
        found.append(
            PlannedRoll(
                layer=layer.name,
                session=session,
                trading_class=None if expiry is None else classes[expiry],
                expiry=expiry,
                next_session=following,
                window=roll_window(layer, session),
                reasons=reasons,
            )
        )
        session = following
    return tuple(found)


def listing(session: date, classes: Sequence[TradingClass] = VIX_CLASSES) -> list[tuple[date, bool]]:
    """Return (expiry, is_monthly) of every option of some classes that the rules of the exchange list on a session."""
    return [(expiry, is_monthly(known, expiry)) for expiry, known in _listed_classes(session, classes)]


def is_monthly(trading_class: TradingClass, expiry: date) -> bool:
    """Whether an expiry is the one of its month: of VIX and VX the class says so, of SPXW and funds the third Friday."""
    if trading_class is TradingClass.SPXW or trading_class.underlying.is_fund:
        return expiry == spx_monthly(expiry.year, expiry.month)
    return trading_class in (TradingClass.VIX, TradingClass.VX)


def session_without_expiry(layer: Buying, sessions: Iterable[date]) -> date | None:
    """Return the first of some sessions on which a layer would find no expiry to buy, or None."""
    bare = (day for day in sessions if choose_layer_expiry(listing(day, layer.classes), day, layer)[0] is None)
    return next(bare, None)


def _listed_classes(session: date, classes: Sequence[TradingClass]) -> list[tuple[date, TradingClass]]:
    until = session + timedelta(days=LISTED_DAYS)
    return sorted((expiry, known) for known in classes for expiry in expiries(known, session, until))


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
    listed: Sequence[tuple[date, bool]], session: date, layer: Buying
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
