"""The end of a session in a few lines, for a message to a person."""

from __future__ import annotations

from daemon.report.closing import condor_day_usd_cents, hedge_day_usd_cents
from daemon.report.day import DayView, attention
from daemon.report.day_text import verdict
from daemon.report.words import dollars, plural, points


def digest_of(view: DayView) -> tuple[str, str]:
    """Return title and text of the digest of one session."""
    word = "needs attention" if attention(view) else "ok"
    return f"session {view.session} {word}", "\n".join([verdict(view), *_figures(view)])


def _figures(view: DayView) -> list[str]:
    day, before = view.closing.day, view.closing.before
    if day is None:
        return []
    condors, hedge = condor_day_usd_cents(day, before), hedge_day_usd_cents(day, before)
    held = plural(len(view.open_condors), "condor")
    return [
        f"Profit of the day: condors {dollars(condors, signed=True)}, hedge {dollars(hedge, signed=True)}.",
        f"Net liquidation {dollars(day.net_liquidation_usd_cents)}; {held} open; SPX {points(day.spx)}, VIX {points(day.vix)}.",
    ]
