"""The drift hedge: which condors have crossed, whether signals confirm it, how many spreads, when they go (003-02 to 003-08).

A condor crosses once and is hedged once for it; it must come back, by the hysteresis of its drift levels, to cross
again. A crossing whose purchase was refused stays open: it is looked at anew in the next session.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from math import floor
from typing import Final

from daemon.core.condor.drift import reaches
from daemon.core.condor.policy import CondorPolicy
from daemon.core.hedge.budget import DEBIT_GUARD
from daemon.core.hedge.policy import DriftPolicy, DriftUpside
from daemon.core.hedge.units import HedgeUnit
from daemon.core.orders.intent import Intent, Purpose, Reason, Strategy
from daemon.core.records import Signal, Standing
from daemon.core.risk.exposure import exact

SIZED: Final = "drift_hedge"
"""Name of the reason of a purchase, with its arithmetic."""
BOUGHT_FOR: Final = "bought_for"
"""Name of a reason of its order; the value lists the condors that it is for."""
RSI_SIGNAL: Final = "spx_rsi"
BREADTH_SIGNAL: Final = "breadth"


class Side(StrEnum):
    """Where SPX has gone, as a condor sees it."""

    CENTRED = "centred"
    DOWN = "down"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Stand:
    """On which side a condor stands, and since which session; None where it has stood there from its first look on."""

    side: Side
    since: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one look shows of a condor. None means unknown."""

    condor_id: str
    credit_usd: float
    """Entry credit of all of it."""
    share: float | None
    """Its drift, negative below the middle."""
    put_delta: float | None
    """Delta of its short put, the sign left out."""


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase that was filled, or still may be."""

    session: date
    condors: AbstractSet[str]
    unit: HedgeUnit


def stand(before: Stand | None, seen: Seen, session: date, *, condors: CondorPolicy, policy: DriftPolicy) -> Stand:
    """Return where a condor stands after a look; what is unknown moves nothing (003-02, 003-04).

    Down is a drift at the level of watching or a short put of enough delta with SPX below the middle; up is the drift
    alone. A condor that stands above its middle from its first look on, as most do, has not crossed upwards.
    """
    if seen.share is None:
        return before or Stand(Side.CENTRED, None)
    side = _side(Side.CENTRED if before is None else before.side, seen, condors=condors, policy=policy)
    if before is not None and before.side is side:
        return before
    return Stand(side, None if before is None and side is not Side.DOWN else session)


def _side(before: Side, seen: Seen, *, condors: CondorPolicy, policy: DriftPolicy) -> Side:
    share = seen.share
    assert share is not None, "the caller knows the drift"
    side = Side.DOWN if share < 0 else Side.UP
    kept = condors.drift_hysteresis if before is side else 0.0
    tested = side is Side.DOWN and seen.put_delta is not None and seen.put_delta >= policy.put_delta
    return side if tested or reaches(share, condors.drift_watch - kept) else Side.CENTRED


def bought(intents: Iterable[Intent]) -> tuple[Bought, ...]:
    """Return the purchases of the drift hedge; an order that may still fill counts, so that none is made twice."""
    return tuple(
        Bought(intent.key.session, _condors(intent), _unit(intent))
        for intent in intents
        if (intent.key.strategy, intent.key.purpose) == (Strategy.HEDGE, Purpose.DRIFT)
        and intent.spec.legs[0].ratio > 0
        and intent.may_hold
    )


def _condors(intent: Intent) -> frozenset[str]:
    found = (str(reason.value) for reason in intent.reasons if reason.name == BOUGHT_FOR)
    return frozenset(name for value in found for name in value.split(", "))


def _unit(intent: Intent) -> HedgeUnit:
    long, *short = (leg.contract for leg in intent.spec.legs)
    return HedgeUnit(long, *short)


def in_need(
    stands: Mapping[str, Stand], before: Iterable[Bought], held: AbstractSet[HedgeUnit], policy: DriftPolicy
) -> frozenset[str]:
    """Return the condors that have crossed and have nothing for it: bought since, or still held from earlier."""
    sides = {Side.DOWN, Side.UP} if policy.upside is DriftUpside.VIX_CALL else {Side.DOWN}
    crossed = {name: at.since for name, at in stands.items() if at.side in sides and at.since is not None}
    served = {
        name
        for each in before
        for name in each.condors & crossed.keys()
        if each.session >= crossed[name] or each.unit in held
    }
    return frozenset(crossed.keys() - served)


def confirmation(signals: Iterable[Signal], policy: DriftPolicy) -> tuple[bool, Reason]:
    """Say whether the signals of the session confirm a drift downwards, and why (003-03).

    RSI of SPX below its level confirms it, or breadth that does not improve: no net advances in 20 sessions. Where
    neither does and one of them is missing or stale, the answer is unknown, which buys nothing and has its own name.
    """
    if not policy.confirm:
        return True, Reason("drift_unconfirmed_by_setting", "Signals are not asked, by setting.")
    known = {signal.name: signal for signal in signals if signal.standing is Standing.FRESH}
    values = {name: known[name].value for name in (RSI_SIGNAL, BREADTH_SIGNAL) if name in known}
    rsi, advances = values.get(RSI_SIGNAL), values.get(BREADTH_SIGNAL)
    if rsi is not None and rsi < policy.confirm_rsi:
        return True, Reason("drift_confirmed", "RSI(14) of SPX confirms the drift.", round(rsi, 1), policy.confirm_rsi)
    if advances is not None and advances <= 0:
        text = "Breadth confirms the drift: no net advances in 20 sessions."
        return True, Reason("drift_confirmed", text, round(advances), 0)
    words = _words("RSI(14) of SPX", rsi), _words("net advances of 20 sessions", advances)
    if rsi is None or advances is None:
        text = f"The drift is not confirmed, and what could do so is not all known: {', '.join(words)}."
        return False, Reason("drift_confirmation_unknown", text, _rounded(rsi), policy.confirm_rsi)
    text = f"The drift is not confirmed: {', '.join(words)}."
    return False, Reason("drift_unconfirmed", text, _rounded(rsi), policy.confirm_rsi)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _words(what: str, value: float | None) -> str:
    return f"{what} {'unknown' if value is None else f'{value:,.1f}'}"


def bought_for(drifted: Iterable[Seen]) -> Reason:
    """Return what an order keeps of the condors that it is for."""
    return Reason(BOUGHT_FOR, "the condors that it is bought for", ", ".join(seen.condor_id for seen in drifted))


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadPrice:
    """What one spread costs in dollars."""

    mid_usd: float
    dearest_usd: float
    """The most that the order may pay for it."""


def size_drift(
    drifted: Sequence[Seen], price: SpreadPrice, room_usd: float | None, policy: DriftPolicy
) -> tuple[int, tuple[Reason, ...]]:
    """Return how many spreads are bought for condors that have drifted, with the arithmetic (003-06, 003-08).

    The number nearest the share of their credit at mids that passes, at the dearest price, neither the most that it
    may be of the credit nor what the debit guard has left; ``room_usd`` is None where no guard holds. Zero comes with
    the name of what made it so.
    """
    credit_usd = sum(seen.credit_usd for seen in drifted)
    share_usd, most_usd = (pct * credit_usd / 100 for pct in (policy.credit_pct, policy.credit_max_pct))
    nearest = floor(Fraction(exact(share_usd)) / Fraction(exact(price.mid_usd)) + Fraction(1, 2))
    wanted = min(nearest, floor(most_usd / price.dearest_usd))
    sums = (
        f"{policy.credit_pct:g} % of ${credit_usd:,.0f} credit of {_condors_text(len(drifted))} are ${share_usd:,.0f}"
    )
    costs = f"${price.mid_usd:,.0f}, at most ${price.dearest_usd:,.0f}"
    if wanted == 0:
        text = f"{sums}, of which a spread of {costs}, is too large a part."
        return 0, (Reason("drift_hedge_zero", text, round(price.dearest_usd, 2), round(most_usd, 2)),)
    quantity = wanted if room_usd is None else min(wanted, max(0, floor(room_usd / price.dearest_usd)))
    why = Reason(SIZED, f"{sums}: {quantity} of {costs} each", round(quantity * price.mid_usd, 2), round(most_usd, 2))
    if quantity == wanted:
        return quantity, (why,)
    assert room_usd is not None, "only a guard makes it smaller"
    cost_usd = wanted * price.dearest_usd
    text = f"{wanted} spreads cost up to ${cost_usd:,.0f} and the credits leave ${room_usd:,.0f}: {quantity} instead."
    guard = Reason(DEBIT_GUARD, text, round(cost_usd, 2), round(room_usd, 2))
    return quantity, (why, guard) if quantity else (guard,)


def _condors_text(count: int) -> str:
    return "1 condor" if count == 1 else f"{count} condors"


def sale(
    unit: HedgeUnit, *, times: float | None, purchases: Iterable[Bought], stands: Mapping[str, Stand]
) -> SaleFacts:
    """Return what the rules of a sale look at: the condors of the unit's expiry, and its worth over its cost."""
    served = {name for each in purchases if each.unit.expiry == unit.expiry for name in each.condors}
    still_open = served & stands.keys()
    return SaleFacts(
        times=times,
        open_condors=len(still_open),
        drifted=sum(stands[name].side is not Side.CENTRED for name in still_open),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleFacts:
    """What a sale is decided from."""

    times: float | None
    """Worth over cost; None where the cost is unknown."""
    open_condors: int
    """Condors it was bought for that are open."""
    drifted: int
    """Those of them that have not come back."""


def sale_reason(facts: SaleFacts, policy: DriftPolicy) -> Reason | None:
    """Return why a spread is sold before it settles, or None."""
    if policy.sell_multiple and facts.times is not None and facts.times >= policy.sell_multiple:
        text = "The spread is worth enough times its cost."
        return Reason("drift_hedge_gained", text, round(facts.times, 2), policy.sell_multiple)
    if policy.sell_closed and not facts.open_condors:
        return Reason("drift_hedge_condors_closed", "No condor that it was bought for is open.", 0)
    if policy.sell_eased and not facts.drifted:
        return Reason("drift_hedge_eased", "No condor that it was bought for has drifted any more.", 0)
    return None
