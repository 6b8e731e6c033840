"""Profit and loss of a report as curves with and without the hedge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from daemon.core.records import DayRecord
from daemon.report.closing import condor_day_usd_cents, hedge_day_usd_cents


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """Net liquidation at the end of a session, as it was and as it would be without the hedge's cash flows.

    Both come from the same fills: the second is the first less the profit and loss of the hedge since the
    start of the window. Drawdowns are measured from the highest value so far, the window's start included.
    """

    session: date
    hedged_usd_cents: int
    unhedged_usd_cents: int
    hedged_drawdown_usd_cents: int
    unhedged_drawdown_usd_cents: int
    condor_day_usd_cents: int
    hedge_day_usd_cents: int

    @property
    def hedged_drawdown_pct(self) -> float:
        """Return the drawdown with the hedge as a percentage of its peak, zero or negative."""
        return _of_peak_pct(self.hedged_usd_cents, self.hedged_drawdown_usd_cents)

    @property
    def unhedged_drawdown_pct(self) -> float:
        """Return the drawdown without the hedge as a percentage of its peak, zero or negative."""
        return _of_peak_pct(self.unhedged_usd_cents, self.unhedged_drawdown_usd_cents)


def _of_peak_pct(value_usd_cents: int, drawdown_usd_cents: int) -> float:
    peak = value_usd_cents - drawdown_usd_cents
    return 100 * drawdown_usd_cents / peak if peak else 0.0


def start_equity_usd_cents(days: Sequence[DayRecord], before: DayRecord | None) -> int:
    """Return net liquidation at the start of a window: the close before it, or what was there before any profit."""
    if before is not None:
        return before.net_liquidation_usd_cents
    first = days[0]
    return first.net_liquidation_usd_cents - first.condor_pnl_usd_cents - first.hedge_pnl_usd_cents


def equity_curve(days: Sequence[DayRecord], before: DayRecord | None = None) -> tuple[EquityPoint, ...]:
    """Return the equity of consecutive sessions; ``before`` is the session before the first one, if any."""
    if not days:
        return ()
    hedge_start = 0 if before is None else before.hedge_pnl_usd_cents
    hedged_peak = unhedged_peak = start_equity_usd_cents(days, before)
    points: list[EquityPoint] = []
    for previous, day in zip((before, *days), days, strict=False):
        hedged = day.net_liquidation_usd_cents
        unhedged = hedged - (day.hedge_pnl_usd_cents - hedge_start)
        hedged_peak, unhedged_peak = max(hedged_peak, hedged), max(unhedged_peak, unhedged)
        points.append(
            EquityPoint(
                session=day.session,
                hedged_usd_cents=hedged,
                unhedged_usd_cents=unhedged,
                hedged_drawdown_usd_cents=hedged - hedged_peak,
                unhedged_drawdown_usd_cents=unhedged - unhedged_peak,
                condor_day_usd_cents=condor_day_usd_cents(day, previous),
                hedge_day_usd_cents=hedge_day_usd_cents(day, previous),
            )
        )
    return tuple(points)
