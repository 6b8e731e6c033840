"""What is at risk, as lines of the end-of-day block and of the status."""

from __future__ import annotations

from daemon.core.calendar.sessions import session
from daemon.core.records import CondorBreakEvens, RiskRecord, Sensitivity, StressCell
from daemon.report.words import UNKNOWN, columns, dollars, new_york_time, plural, points, whole_dollars

UNKNOWN_SHOWN = 3


def risk_section(risk: RiskRecord | None) -> list[str]:
    """Write the section: greeks, losses, stress and break-evens; what is unknown is said, with the reason."""
    if risk is None:
        return ["  not measured"]
    known = [
        *_measured(risk),
        *_greeks(risk),
        f"  {_max_loss(risk)}; maintenance margin {dollars(risk.maintenance_margin_usd_cents)}",
        f"  worst scenario: {stress_words(risk.worst)}",
        *_crash(risk.crash),
        *_break_evens(risk.break_evens),
    ]
    if risk.estimated:
        contracts = plural(risk.estimated, "contract counts", "contracts count")
        known.append(f"  {contracts} with a volatility that is not of the own mark")
    shown = [f"  unknown: {text}" for text in risk.unknown[:UNKNOWN_SHOWN]]
    left = len(risk.unknown) - UNKNOWN_SHOWN
    return [*known, *shown, *([f"  and {left} more unknown"] if left > 0 else [])]


def _measured(risk: RiskRecord) -> list[str]:
    """Say when it was measured, unless that was after the close: what came later is not in it."""
    if risk.at >= session(risk.session).close_at:
        return []
    return [f"  as of {new_york_time(risk.at)}; nothing was measured after the close"]


def stress_words(cell: StressCell | None) -> str:
    """Say what one scenario brings."""
    if cell is None:
        return UNKNOWN
    days = "at once" if cell.days == 0 else f"after {plural(round(cell.days), 'day')}"
    return (
        f"{_usd(cell.pnl_usd)} with SPX {cell.spx_pct:+.0f} %, VIX {cell.vix_pct:+.0f} %, {days} "
        f"(condors {_usd(cell.condor_usd)}, hedge {_usd(cell.hedge_usd)})"
    )


def theta_words(theta_usd: float | None) -> str:
    """Say what a day brings to condors and hedge together."""
    return UNKNOWN if theta_usd is None else f"{_usd(theta_usd)} a day"


def _usd(amount_usd: float) -> str:
    return whole_dollars(amount_usd, signed=True)


def _level(pts: float | None) -> str:
    return "none" if pts is None else points(pts)


def _greeks(risk: RiskRecord) -> list[str]:
    heading: tuple[str, ...] = ("", "delta", "gamma", "vega", "theta a day")
    rows = [heading, _sensitivity("condors, on SPX", risk.condors), _sensitivity("hedge, on VIX futures", risk.hedge)]
    if risk.hedge_on_spx is not None:
        rows.append(_sensitivity("hedge, on SPX", risk.hedge_on_spx))
    if risk.hedge_on_funds is not None:
        rows.append(_sensitivity("hedge, on funds", risk.hedge_on_funds))
    linked = f"  a point of SPX, VIX moving with it as on average: {_cents(risk.linked_delta_usd)}"
    return [*columns(rows, "<>>>>", gap=4), f"{linked}; theta of all {theta_words(risk.theta_usd)}"]


def _sensitivity(name: str, found: Sensitivity | None) -> tuple[str, ...]:
    if found is None:
        return (name, *[UNKNOWN] * 4)
    return (name, *(_cents(usd) for usd in (found.delta_usd, found.gamma_usd, found.vega_usd, found.theta_usd)))


def _cents(amount_usd: float | None) -> str:
    return UNKNOWN if amount_usd is None else f"{amount_usd:+,.2f}"


def _max_loss(risk: RiskRecord) -> str:
    if not risk.max_loss_usd:
        return "nothing to lose at an expiry"
    if any(loss is None for _, loss in risk.max_loss_usd):
        return "ATTENTION: a short call is uncovered, so its expiry has no largest loss"
    losses = [(loss or 0.0, expiry) for expiry, loss in risk.max_loss_usd]
    largest, expiry = max(losses)
    return (
        f"largest loss at {plural(len(losses), 'expiry', 'expiries')} together "
        f"{whole_dollars(sum(loss for loss, _ in losses))}, at one {whole_dollars(largest)} ({expiry})"
    )


def _crash(cells: tuple[StressCell, ...]) -> list[str]:
    if not cells:
        return ["  crash: unknown"]
    parts = ", ".join(f"{_usd(cell.pnl_usd)} after {cell.days:.0f} d" for cell in cells)
    return [f"  crash, SPX {cells[0].spx_pct:+.0f} % and VIX {cells[0].vix_pct:+.0f} %: {parts}"]


def _break_evens(lines: tuple[CondorBreakEvens, ...]) -> list[str]:
    if not lines:
        return []
    rows = [("break-evens", "low", "high", "hedged low", "hedged high")]
    rows += [
        (
            line.condor_id,
            _level(line.low_pts),
            _level(line.high_pts),
            _level(line.hedged_low_pts),
            _level(line.hedged_high_pts),
        )
        for line in lines
    ]
    return columns(rows, "<>>>>")
