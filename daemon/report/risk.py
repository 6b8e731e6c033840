"""What is at risk, as lines of the end-of-day block and of the status."""

from __future__ import annotations

from daemon.core.calendar.sessions import session
from daemon.core.records import RiskRecord, Sensitivity, StressCell
from daemon.report.words import UNKNOWN, new_york_time, plural, points, whole_dollars

UNKNOWN_SHOWN = 3


def risk_texts(risk: RiskRecord | None) -> list[str]:
    """Write greeks, losses, stress and the nearest break-evens; what is unknown is said, with the reason."""
    if risk is None:
        return ["not measured"]
    known = [
        *_measured(risk),
        *_greeks(risk),
        _max_loss(risk),
        f"worst scenario: {_scenario(risk.worst)}",
        _crash(risk.crash),
        *_break_evens(risk),
    ]
    if risk.estimated:
        contracts = plural(risk.estimated, "contract counts", "contracts count")
        known.append(f"{contracts} at a volatility that is not from its own mark")
    shown = [f"unknown: {text}" for text in risk.unknown[:UNKNOWN_SHOWN]]
    left = len(risk.unknown) - UNKNOWN_SHOWN
    return [*known, *shown, *([f"and {left} more unknown"] if left > 0 else [])]


def _measured(risk: RiskRecord) -> list[str]:
    """Say when it was measured, unless that was after the close: what came later is not in it."""
    if risk.at >= session(risk.session).close_at:
        return []
    return [f"as of {new_york_time(risk.at)}; nothing was measured after the close"]


def stress_words(cell: StressCell | None) -> str:
    """Say what one scenario brings, and to whom."""
    parts = "" if cell is None else f" (condors {_usd(cell.condor_usd)}, hedge {_usd(cell.hedge_usd)})"
    return f"{_scenario(cell)}{parts}"


def _scenario(cell: StressCell | None) -> str:
    if cell is None:
        return UNKNOWN
    days = "at once" if cell.days == 0 else f"after {plural(round(cell.days), 'day')}"
    return f"{_usd(cell.pnl_usd)} with SPX {cell.spx_pct:+.0f} %, VIX {cell.vix_pct:+.0f} %, {days}"


def theta_words(theta_usd: float | None) -> str:
    """Say what a day brings to condors and hedge together."""
    return UNKNOWN if theta_usd is None else f"{_usd(theta_usd)} a day"


def _usd(amount_usd: float) -> str:
    return whole_dollars(amount_usd, signed=True)


def _level(pts: float | None) -> str:
    return "none" if pts is None else points(pts)


def _greeks(risk: RiskRecord) -> list[str]:
    groups = [("condors on SPX", risk.condors), ("hedge on VIX futures", risk.hedge)]
    more = [("hedge on SPX", risk.hedge_on_spx), ("hedge on funds", risk.hedge_on_funds)]
    groups += [(name, found) for name, found in more if found is not None]
    linked = f"a point of SPX, VIX moving with it as on average: {_cents(risk.linked_delta_usd)}"
    lines = [f"{name}: {UNKNOWN if found is None else _sensitivity(found)}" for name, found in groups]
    return [*lines, f"{linked}; theta of all {theta_words(risk.theta_usd)}"]


def _sensitivity(found: Sensitivity) -> str:
    delta, gamma, vega, theta = map(_cents, (found.delta_usd, found.gamma_usd, found.vega_usd, found.theta_usd))
    return f"delta {delta}, gamma {gamma}, vega {vega}, theta {theta} a day"


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


def _crash(cells: tuple[StressCell, ...]) -> str:
    if not cells:
        return f"crash: {UNKNOWN}"
    parts = ", ".join(f"{_usd(cell.pnl_usd)} {f'in {cell.days:.0f} d' if cell.days else 'now'}" for cell in cells)
    return f"SPX {cells[0].spx_pct:+.0f}, VIX {cells[0].vix_pct:+.0f} %: {parts}"


def _break_evens(risk: RiskRecord) -> list[str]:
    """Write the highest break-even of the puts and the lowest of the calls; the JSON lines have all."""
    lows = [line for line in risk.break_evens if line.low_pts is not None]
    highs = [line for line in risk.break_evens if line.high_pts is not None]
    low = max(lows, key=lambda line: line.low_pts or 0.0, default=None)
    high = min(highs, key=lambda line: line.high_pts or 0.0, default=None)
    shown = [("put", low.low_pts, low.hedged_low_pts)] if low else []
    shown += [("call", high.high_pts, high.hedged_high_pts)] if high else []
    words = ", ".join(f"{side} {_level(alone)} (hedged {_level(hedged)})" for side, alone, hedged in shown)
    return [f"tightest break-evens: {words}"] if shown else []
