"""How far net liquidation is below the closes it is measured from: before the session, before the week, the highest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Close:
    """Net liquidation at the end of a session, or at the first start of the program."""

    session: date | None
    """None for the first start."""
    net_liquidation_usd_cents: int


@dataclass(frozen=True, slots=True)
class Loss:
    """A fall of net liquidation, in percent of the close it is measured from; negative is a gain."""

    pct: float | None
    """None while net liquidation is unknown, and while there is nothing to measure from."""
    since: Close | None
    """None while there is nothing to measure from: the account was never valued, or the peak begins only now."""


@dataclass(frozen=True, slots=True)
class Losses:
    """The three falls that limits are set on, the hedge included."""

    session: Loss
    week: Loss
    drawdown: Loss


@dataclass(frozen=True, slots=True)
class References:
    """The closes that a session is measured from; None where there is none yet."""

    session: Close | None
    week: Close | None
    peak: Close | None

    def losses(self, nlv_usd_cents: int | None) -> Losses:
        """Return the falls of net liquidation."""
        return Losses(*(_loss(close, nlv_usd_cents) for close in (self.session, self.week, self.peak)))


def references(
    closes: Iterable[Close], session: date, *, start_usd_cents: int | None, peak_from: date | None
) -> References:
    """Find the closes that a session is measured from, all of them before it.

    Where one was not recorded the last one before it is taken, and before the first of all what the account was
    worth at the first start: the fall is then that of a longer time.
    """
    start = None if start_usd_cents is None else Close(None, start_usd_cents)
    dated = sorted((close.session, close) for close in closes if close.session is not None and close.session < session)
    monday = session - timedelta(days=session.weekday())
    week = [close for when, close in dated if when < monday]
    counted = [close for when, close in dated if peak_from is None or when >= peak_from]
    if start is not None and peak_from is None:
        counted.insert(0, start)
    return References(
        session=dated[-1][1] if dated else start,
        week=week[-1] if week else start,
        peak=max(counted, key=lambda close: close.net_liquidation_usd_cents, default=None),
    )


def _loss(close: Close | None, nlv_usd_cents: int | None) -> Loss:
    if close is None or nlv_usd_cents is None or close.net_liquidation_usd_cents <= 0:
        return Loss(None, close)
    worth = close.net_liquidation_usd_cents
    return Loss(100 * (worth - nlv_usd_cents) / worth, close)
