"""Arbitrage monitors: what quotes of VIX and SPX options say, as lines of a report (000-20, 000-21, 002-11, 004-20).

They are told and never traded on. A line beyond its limit whose kind is an edge is an alert.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import sqrt
from typing import Final

from daemon.core.market.arbitrage import (
    JENSEN_ALLOWED,
    KINK_FAR_Z,
    Pair,
    ParityCheck,
    TwoSided,
    future_edge_pts,
    jensen_bound_pts,
    kink_pts,
    parity_checks,
    parity_mid,
    z_score,
)
from daemon.core.market.model_free import VarianceNode
from daemon.core.market.vix_curve import USUAL
from daemon.core.records import LayerComputation, Monitor, MonitorKind

ALERTS: Final = frozenset(
    {MonitorKind.CONVERSION, MonitorKind.REVERSAL, MonitorKind.FUTURE, MonitorKind.JENSEN, MonitorKind.KINK}
)
"""Kinds that warn beyond their limit; a residual beyond half spreads says no more than that quotes are old."""

MODEL_USUAL_PCT: Final = 10.0
"""Of 4,471 sessions from 2007 to 2026, 99 % had their first two VIX futures nearer to the model."""


@dataclass(frozen=True, slots=True)
class MonitorPolicy:
    """How often is looked, and what a contract costs."""

    every_sessions: int
    fee_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The pairs of one expiry as they were quoted together."""

    name: str
    """Trading class and expiry."""
    days: float
    """Calendar days to settlement."""
    pairs: tuple[Pair, ...]
    discount: float
    future: TwoSided | None = None
    """The future of the same expiry, where it was quoted."""

    @property
    def forward_pts(self) -> float:
        """Return the forward of its pairs."""
        return parity_mid(self.pairs, self.discount)


@dataclass(frozen=True, slots=True)
class Noted:
    """Where and when lines are written down."""

    session: date
    at: datetime

    def line(
        self, kind: MonitorKind, subject: str, value: float | None, *, limit: float | None, unit: str, text: str
    ) -> Monitor:
        """Return a line."""
        return Monitor(
            session=self.session,
            at=self.at,
            kind=kind,
            subject=subject,
            value=value,
            limit=limit,
            unit=unit,
            text=text,
        )


def parity_lines(chain: Chain, policy: MonitorPolicy, noted: Noted) -> tuple[Monitor, ...]:
    """Return the residual of each strike, and the best conversion and reversal of the expiry (PCR of the strategy)."""
    checks = parity_checks(chain.pairs, discount=chain.discount, fee_usd=policy.fee_usd)
    if not checks:
        text = f"strikes with two-sided quotes of call and put: {len(chain.pairs)}; 2 are needed"
        return (noted.line(MonitorKind.PARITY, chain.name, None, limit=None, unit="points", text=text),)
    residuals = [_residual(check, chain, noted) for check in checks]
    conversion = max(checks, key=lambda check: check.conversion_pts)
    reversal = max(checks, key=lambda check: check.reversal_pts)
    edges = (
        (MonitorKind.CONVERSION, conversion.conversion_pts, "sell call, buy put", conversion.strike_pts),
        (MonitorKind.REVERSAL, reversal.reversal_pts, "buy call, sell put", reversal.strike_pts),
    )
    lines = [
        noted.line(
            kind,
            chain.name,
            edge,
            limit=0.0,
            unit="points",
            text=f"best of {len(checks)}: {what} at {strike:g} against another strike, after spreads and fees",
        )
        for kind, edge, what, strike in edges
    ]
    return (*residuals, *lines)


def _residual(check: ParityCheck, chain: Chain, noted: Noted) -> Monitor:
    text = f"call less put less D (F - K) is {check.residual_pts:+.2f}; half of the two spreads is the limit"
    value = abs(check.residual_pts)
    subject = f"{chain.name} {check.strike_pts:g}"
    return noted.line(MonitorKind.PARITY, subject, value, limit=check.allowed_pts, unit="points", text=text)


def future_lines(chains: Sequence[Chain], policy: MonitorPolicy, noted: Noted) -> tuple[Monitor, ...]:
    """Return the edge between each quoted future and the options of its expiry (TA i); say so where none is quoted."""
    if not any(chain.future for chain in chains):
        text = "no VIX future has a bid and an ask: the account may lack their data"
        return (noted.line(MonitorKind.FUTURE, "VX", None, limit=None, unit="points", text=text),)
    found = []
    for chain in chains:
        if chain.future is None or not chain.pairs:
            continue
        edge = future_edge_pts(chain.pairs, chain.future, discount=chain.discount, fee_usd=policy.fee_usd)
        text = f"future {chain.future.mid_pts:.2f}, options {chain.forward_pts:.2f}; after spreads and fees"
        found.append(noted.line(MonitorKind.FUTURE, chain.name, edge, limit=0.0, unit="points", text=text))
    return tuple(found)


def jensen_lines(chains: Sequence[Chain], nodes: Sequence[VarianceNode], noted: Noted) -> tuple[Monitor, ...]:
    """Return how far each VIX forward is above the root of the variance behind its expiry, in percent (TA ii)."""
    return tuple(_jensen_line(chain, jensen_bound_pts(nodes, chain.days), noted) for chain in chains if chain.pairs)


def _jensen_line(chain: Chain, bound_pts: float | None, noted: Noted) -> Monitor:
    above_pct, limit = None, None
    text = f"forward {chain.forward_pts:.2f}; VIX9D, VIX and VIX3M do not tell the variance of the 30 days behind it"
    if bound_pts is not None:
        above_pct, limit = 100 * (chain.forward_pts / bound_pts - 1), 100 * JENSEN_ALLOWED
        text = f"forward {chain.forward_pts:.2f}, at most {bound_pts:.2f} by VIX9D, VIX and VIX3M"
    return noted.line(MonitorKind.JENSEN, chain.name, above_pct, limit=limit, unit="%", text=text)


def kink_line(forwards_pts: Sequence[float], history: Sequence[Sequence[float]], noted: Noted) -> Monitor | None:
    """Return M1 - 2 M2 + M3 against its own history (TA iii); None without three forwards."""
    if len(forwards_pts) < 3:
        return None
    kink, before = kink_pts(forwards_pts), [kink_pts(row) for row in history]
    z = z_score(before, kink)
    curve = ", ".join(f"{forward:.2f}" for forward in forwards_pts)
    if z is None:
        text = f"{kink:+.2f} points of {curve}; {len(before)} measurements before, too few to place it"
        return noted.line(MonitorKind.KINK, "VIX M1 M2 M3", None, limit=None, unit="deviations", text=text)
    text = f"{kink:+.2f} points of {curve}, among {len(before)} measurements"
    return noted.line(MonitorKind.KINK, "VIX M1 M2 M3", abs(z), limit=KINK_FAR_Z, unit="deviations", text=text)


def model_lines(chains: Sequence[Chain], vix: float, noted: Noted) -> tuple[Monitor, ...]:
    """Return how far the nearer forwards are from the model whose tendency the third one gives, in percent."""
    if len(chains) < 3 or not all(chain.pairs and chain.forward_pts > 0 for chain in chains):
        return ()  # broken quotes can make a forward that no curve has
    *nearer, third = chains
    tendency = USUAL.tendency_pts(vix, third.forward_pts, third.days)
    found = []
    for chain in nearer:
        model = USUAL.forward_pts(vix, tendency, chain.days)
        away_pct = 100 * (chain.forward_pts / model - 1)
        text = f"forward {chain.forward_pts:.2f}, {away_pct:+.1f} % from {model:.2f} of a curve from VIX {vix:.2f} to {tendency:.2f}"
        found.append(
            noted.line(MonitorKind.MODEL, chain.name, abs(away_pct), limit=MODEL_USUAL_PCT, unit="%", text=text)
        )
    return tuple(found)


def held_forward_line(layers: Sequence[LayerComputation], noted: Noted) -> Monitor | None:
    """Return the forward of VIX that what is held stands for, weighted by their delta-dollars (001-23); None without any."""
    held = [(row.layer, row.held * (row.delta_usd or 0.0), row.vix_forward_pts) for row in layers]
    parts = [(name, usd, forward) for name, usd, forward in held if usd > 0 and forward is not None]
    total = sum(usd for _, usd, _ in parts)
    if not parts or total <= 0:
        return None
    mean = sum(usd * forward for _, usd, forward in parts) / total
    text = "the last computation, weighted by delta-dollars: " + ", ".join(
        f"{n} {forward:.2f}" for n, _, forward in parts
    )
    return noted.line(MonitorKind.HELD_FORWARD, "held on VIX", mean, limit=None, unit="points", text=text)


def strip_line(variance: float, vix: float, source: str, noted: Noted) -> Monitor:
    """Return the volatility of a strip of options by Cboe's formula, against VIX."""
    own = 100 * sqrt(max(variance, 0.0))
    text = f"by {source}; VIX {vix:.2f}, {own - vix:+.2f}; one expiry, and the tails that were not quoted are left out"
    return noted.line(MonitorKind.OWN_VIX, source, own, limit=None, unit="points", text=text)


def alerts(lines: Sequence[Monitor]) -> Mapping[MonitorKind, Monitor]:
    """Return the worst line beyond its limit of each kind that warns."""
    worst: dict[MonitorKind, Monitor] = {}
    for line in lines:
        if line.kind in ALERTS and line.beyond:
            known = worst.get(line.kind)
            if known is None or seen_value(line) > seen_value(known):
                worst[line.kind] = line
    return worst


def seen_value(line: Monitor) -> float:
    """Return the value of a line beyond its limit, in the line's unit."""
    assert line.value is not None, "what is beyond its limit was seen"
    return line.value
