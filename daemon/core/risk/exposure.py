"""What is at risk: the wing notional, the greeks of condors and hedge, and the largest loss at each expiry."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal

import numpy as np

from daemon.core.book.book import Holding
from daemon.core.book.condors import OpenCondor
from daemon.core.condor.legs import condor_of
from daemon.core.market.contracts import FUNDS, MULTIPLIER, OptionContract, Right, Underlying
from daemon.core.market.vix_response import elasticity_of, vix_beta, vix_share
from daemon.core.orders.intent import Intent, Reason, Strategy
from daemon.core.records import LayerExposure, Sensitivity
from daemon.core.risk.greeks import DAYS_PER_YEAR, Levels, OptionGreeks, Position, Valuation
from daemon.core.risk.limits import RiskLimits


def exact(number: float) -> Decimal:
    """Return a number as the decimal a person wrote, so that 7.1 % is not 7.09999 %."""
    return Decimal(str(number))


def share_usd(pct: float, amount_usd: Decimal | int) -> int:
    """Return ``pct`` percent of an amount in whole dollars, rounded down."""
    return int((exact(pct) * amount_usd / 100).to_integral_value(ROUND_FLOOR))


def wing_notional_usd(condors: Iterable[OpenCondor]) -> int:
    """Return W, the sum of quantity x 100 x wider wing over open condors, in dollars (004-16)."""
    return sum(condor.wing_notional_usd for condor in condors)


def unfilled_wings_usd(entries: Iterable[Intent]) -> int:
    """Return the wing notional that orders of entries would still add by filling, in dollars."""
    # A width in points x 100 is also the dollars of one condor: 100 dollars a point.
    return sum(condor_of(intent.spec.legs).width_pts100 * (intent.spec.quantity - intent.filled) for intent in entries)


def wing_notional_max_usd(nlv_usd_cents: int, limits: RiskLimits) -> int:
    """Return W_max in dollars: the fixed limit or the share of net liquidation, whichever is smaller (004-24).

    Never negative: an account without value may hold nothing.
    """
    of_nlv = share_usd(limits.wing_notional_max_nlv_pct, Decimal(nlv_usd_cents) / 100)
    return max(0, min(limits.wing_notional_max_usd, of_nlv))


def quick_ratio(cash_usd_cents: int, maintenance_margin_usd_cents: int, debit_due_usd_cents: int) -> float:
    """Return cash over maintenance margin and what is still to be paid; infinite when nothing is asked (003-13)."""
    asked = maintenance_margin_usd_cents + debit_due_usd_cents
    return cash_usd_cents / asked if asked > 0 else math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """The greeks of the book; None wherever a part of the sum is unknown, which is then named."""

    subjects: Mapping[str, Sensitivity | None]
    condors: Sensitivity | None
    hedge: Sensitivity | None
    """What the hedge holds on VIX futures."""
    hedge_on_spx: Sensitivity | None
    """What it holds on SPX; None where that is nothing, or unknown as the rest of it."""
    hedge_on_funds: Sensitivity | None
    """What it holds on funds of VIX futures, in the same way; a point of one fund is a dollar of a share."""
    theta_usd: float | None
    """Condors and hedge together, for a calendar day (000-26)."""
    linked_delta_usd: float | None
    """Dollars for a point of SPX when VIX answers as it does on average."""
    unknown: tuple[Reason, ...]
    """Why a part of the sums is unknown; a contract that cancels out is no part of them."""
    estimated: tuple[OptionContract, ...]
    """Contracts that stand in the sums with a volatility that is not of their own mark."""


def measure_exposure(valuation: Valuation, levels: Levels) -> Exposure:
    """Add the greeks up by subject, by strategy and over the book; contracts that cancel out need no greeks."""
    condors = _strategy(valuation, Strategy.CONDOR, Underlying.SPX)
    hedge, on_spx, on_funds = (
        _strategy(valuation, Strategy.HEDGE, *underlyings)
        for underlyings in ((Underlying.VIX,), (Underlying.SPX,), FUNDS)
    )
    parts = (condors, hedge, on_spx, on_funds)
    subjects = sorted({position.subject for position in _positions(valuation)})
    known = condors is not None and hedge is not None
    return Exposure(
        subjects={subject: _subject(valuation, subject) for subject in subjects},
        condors=condors,
        hedge=hedge,
        hedge_on_spx=on_spx if _holds(valuation, Strategy.HEDGE, Underlying.SPX) else None,
        hedge_on_funds=on_funds if _holds(valuation, Strategy.HEDGE, *FUNDS) else None,
        theta_usd=math.fsum(part.theta_usd for part in parts if part is not None) if known else None,
        linked_delta_usd=_linked_delta_usd(valuation, levels) if known else None,
        unknown=tuple(dict.fromkeys(missing(valuation, Strategy.CONDOR) + missing(valuation, Strategy.HEDGE))),
        estimated=tuple(sorted({position.contract for position, greeks in valuation.known if greeks.estimated})),
    )


def layer_exposures(valuation: Valuation, vix_pts: float | None) -> tuple[LayerExposure, ...]:
    """Return the greeks of each layer of the hedge, by name (001-11)."""
    hedge = [position for position in _positions(valuation) if position.strategy is Strategy.HEDGE]
    found: list[LayerExposure] = []
    for layer in sorted({position.subject for position in hedge}):
        greeks = _subject(valuation, layer)
        rows = [row for row in valuation.known if row[0].strategy is Strategy.HEDGE and row[0].subject == layer]
        delta_usd = None if vix_pts is None else math.fsum(_vix_delta_usd(*row, vix_pts) for row in rows)
        found.append(
            LayerExposure(
                layer=layer,
                contracts=sum(max(0, position.quantity) for position in hedge if position.subject == layer),
                delta_usd=None if greeks is None else delta_usd,
                greeks=greeks,
            )
        )
    return tuple(found)


def _vix_delta_usd(position: Position, greeks: OptionGreeks, vix_pts: float) -> float:
    own_usd = position.quantity * position.contract.multiplier * greeks.forward_pts * greeks.delta
    return own_usd * vix_share(position.contract.underlying, vix_pts, greeks.years * DAYS_PER_YEAR)


def missing(valuation: Valuation, strategy: Strategy) -> tuple[Reason, ...]:
    """Return why contracts that a strategy holds net could not be valued; empty when its sums are known."""
    net: dict[OptionContract, int] = defaultdict(int)
    reasons: dict[OptionContract, Reason] = {}
    for position, reason in valuation.unknown:
        if position.strategy is strategy:
            net[position.contract] += position.quantity
            reasons[position.contract] = reason
    return tuple(reasons[contract] for contract in sorted(net) if net[contract])


def _positions(valuation: Valuation) -> Iterable[Position]:
    return (position for position, _ in (*valuation.known, *valuation.unknown))


def _strategy(valuation: Valuation, strategy: Strategy, *underlyings: Underlying) -> Sensitivity | None:
    """Return the sum of what a strategy holds on some underlyings: a point of SPX is none of a VIX future."""
    if missing(valuation, strategy):
        return None
    return _sum(row for row in valuation.known if _is_of(row[0], strategy, underlyings))


def _holds(valuation: Valuation, strategy: Strategy, *underlyings: Underlying) -> bool:
    return any(_is_of(position, strategy, underlyings) for position in _positions(valuation))


def _is_of(position: Position, strategy: Strategy, underlyings: tuple[Underlying, ...]) -> bool:
    return position.strategy is strategy and position.contract.underlying in underlyings


def _subject(valuation: Valuation, subject: str) -> Sensitivity | None:
    if any(position.subject == subject for position, _ in valuation.unknown):
        return None
    return _sum((position, greeks) for position, greeks in valuation.known if position.subject == subject)


def _sum(rows: Iterable[tuple[Position, OptionGreeks]]) -> Sensitivity:
    held = [(position.quantity * position.contract.multiplier, greeks) for position, greeks in rows]
    return Sensitivity(
        delta_usd=math.fsum(dollars * greeks.delta for dollars, greeks in held),
        gamma_usd=math.fsum(dollars * greeks.gamma for dollars, greeks in held),
        theta_usd=math.fsum(dollars * greeks.theta_pts for dollars, greeks in held),
        vega_usd=math.fsum(dollars * greeks.vega_pts for dollars, greeks in held),
    )


def _linked_delta_usd(valuation: Valuation, levels: Levels) -> float | None:
    """Return the delta in SPX terms; a VIX future moves by its elasticity times the beta of VIX, both measured."""
    if levels.spx_pts is None or levels.vix_pts is None:
        return None
    terms = []
    for position, greeks in valuation.known:
        delta_usd = position.quantity * position.contract.multiplier * greeks.delta
        if position.contract.underlying is not Underlying.SPX:
            elasticity = float(elasticity_of(position.contract.underlying, greeks.years * DAYS_PER_YEAR))
            delta_usd *= greeks.forward_pts * elasticity * vix_beta(levels.vix_pts) / levels.spx_pts
        terms.append(delta_usd)
    return math.fsum(terms)


def max_loss_usd(condors: Iterable[Holding]) -> dict[date, float]:
    """Return by expiry what its condors lose together at the worst settlement, in dollars, credits taken off.

    Infinite when more calls are short than long. A negative loss is a profit that is certain.
    """
    by_expiry: dict[date, list[Holding]] = defaultdict(list)
    for holding in condors:
        for expiry in {contract.expiry for contract in holding.positions}:  # one of them: a condor has one expiry
            by_expiry[expiry].append(holding)
    return {expiry: _worst_usd(by_expiry[expiry]) for expiry in sorted(by_expiry)}


def _worst_usd(holdings: Iterable[Holding]) -> float:
    held: dict[OptionContract, int] = defaultdict(int)
    cash_usd_cents = 0
    for holding in holdings:
        cash_usd_cents += holding.cash_usd_cents
        for contract, quantity in holding.positions.items():
            held[contract] += quantity
    if sum(quantity for contract, quantity in held.items() if contract.right is Right.CALL) < 0:
        return math.inf
    # The value at settlement is a straight line between strikes, and level or rising beyond the last.
    strikes = np.array([contract.strike for contract in held])
    sides = np.array([1.0 if contract.right is Right.CALL else -1.0 for contract in held])
    levels = np.concatenate(([0.0], strikes))
    intrinsic = np.maximum(sides * (levels[:, None] - strikes), 0.0)
    worst_pts = float((intrinsic @ np.array(list(held.values()), dtype=float)).min())
    return -(worst_pts * MULTIPLIER + cash_usd_cents / 100)
