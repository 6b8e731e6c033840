"""Whether quotes are good enough to enter a condor on: every gate that minds them, by name, value and limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isnan

from daemon.core.condor.policy import CondorPolicy
from daemon.core.market.contracts import OptionContract, Right
from daemon.core.market.pricing import black76, implied_vol
from daemon.core.market.quotes import DataKind, Quote
from daemon.core.orders.intent import Reason


@dataclass(frozen=True, slots=True)
class ShortStrike:
    """A short option as it was chosen: the broker's model delta, without its sign, and the mid in points."""

    contract: OptionContract
    broker_delta: float
    mid_pts: float


@dataclass(frozen=True, slots=True)
class DeltaCheck:
    """What our own model makes of a short option."""

    contract: OptionContract
    own_delta: float | None
    """Absolute Black-76 delta on the parity forward; None when the mid fits no volatility."""
    refusals: tuple[Reason, ...]


def judge_freshness(quotes: Mapping[OptionContract, Quote], now: datetime, *, max_age_s: float) -> tuple[Reason, ...]:
    """Return why quotes are not of now: delayed or frozen data, and the oldest one too old."""
    refusals = []
    if not_live := {contract: quote.kind for contract, quote in quotes.items() if quote.kind is not DataKind.LIVE}:
        kinds = ", ".join(sorted(set(not_live.values())))
        text = f"Only live data are traded on: {_named(not_live)}."
        refusals.append(Reason("data_not_live", text, kinds, DataKind.LIVE.value))
    oldest_s = max(((now - quote.at).total_seconds() for quote in quotes.values()), default=0.0)
    if oldest_s > max_age_s:
        text = "The oldest quote of the legs is too many seconds old."
        refusals.append(Reason("quote_stale", text, round(oldest_s, 1), max_age_s))
    return tuple(refusals)


def judge_quotes(
    legs: Sequence[OptionContract],
    quotes: Mapping[OptionContract, Quote],
    now: datetime,
    *,
    policy: CondorPolicy,
    max_age_s: float,
) -> tuple[Reason, ...]:
    """Return every reason not to enter on the quotes of the legs; a leg without a quote is one of them."""
    known = {leg: quotes[leg] for leg in legs if leg in quotes}
    return (
        *_incomplete(legs, known),
        *judge_freshness(known, now, max_age_s=max_age_s),
        *_skewed(known.values(), policy),
        *_wide(known, policy),
    )


def _incomplete(legs: Sequence[OptionContract], known: Mapping[OptionContract, Quote]) -> list[Reason]:
    """Name what is missing or contradicts itself: no quote, only one side of it, a bid above the ask."""
    refusals = []
    if unseen := [leg for leg in legs if leg not in known]:
        refusals.append(Reason("leg_not_quoted", f"No quote for {_named(unseen)}.", len(unseen), limit=0))
    if half := [leg for leg, quote in known.items() if quote.mid_pts is None]:
        refusals.append(Reason("leg_one_sided", f"No bid or no ask for {_named(half)}.", len(half), limit=0))
    crossed = {leg: -_width_pts(quote) for leg, quote in known.items() if quote.mid_pts is not None}
    crossed = {leg: over_pts for leg, over_pts in crossed.items() if over_pts > 0}
    if crossed:
        text = f"The bid is above the ask, in points, of {_named(crossed)}."
        refusals.append(Reason("leg_crossed", text, max(crossed.values()), limit=0))
    return refusals


def _skewed(quotes: Iterable[Quote], policy: CondorPolicy) -> list[Reason]:
    """Refuse legs that were not seen at about one time: their prices do not belong together."""
    seen = sorted(quote.at for quote in quotes)
    skew_s = (seen[-1] - seen[0]).total_seconds() if seen else 0.0
    if skew_s <= policy.quote_skew_max_s:
        return []
    text = "The quotes of the legs are too many seconds apart."
    return [Reason("quotes_skewed", text, round(skew_s, 1), policy.quote_skew_max_s)]


def _wide(known: Mapping[OptionContract, Quote], policy: CondorPolicy) -> list[Reason]:
    """Refuse legs with too wide a quote, each against the larger of its two limits, so that cheap wings pass."""
    refusals = []
    for leg, quote in known.items():
        if quote.mid_pts is None:
            continue
        limit_pts = max(policy.leg_spread_max_pts100 / 100, policy.leg_spread_max_pct / 100 * quote.mid_pts)
        if _width_pts(quote) > limit_pts:
            text = f"The quote of {leg} is too wide, in points."
            refusals.append(Reason("leg_spread_too_wide", text, _width_pts(quote), round(limit_pts, 2)))
    return refusals


def judge_move(spx_at_selection: float, spx: float, policy: CondorPolicy) -> tuple[Reason, ...]:
    """Refuse strikes that were chosen at another level of SPX than it has now."""
    moved_pct = 100 * abs(spx / spx_at_selection - 1)
    if moved_pct <= policy.spx_move_max_pct:
        return ()
    text = f"SPX has moved too far since the strikes were chosen at {spx_at_selection:.2f}, in percent."
    return (Reason("spx_moved", text, round(moved_pct, 3), policy.spx_move_max_pct),)


def check_delta(short: ShortStrike, forward_pts: float, years: float, *, policy: CondorPolicy) -> DeltaCheck:
    """Compare the broker's delta of a short option with Black-76 on the parity forward of its expiry, undiscounted.

    The volatility is that of the option's own mid, so that only forward and model are compared, not the smile.
    """
    contract, is_call = short.contract, short.contract.right is Right.CALL
    iv = implied_vol(short.mid_pts, forward_pts, contract.strike, years, 1.0, is_call)
    if isnan(iv):
        text = f"{contract} at {short.mid_pts:g} fits no volatility on the forward {forward_pts:.2f}."
        return DeltaCheck(contract, None, (Reason("no_implied_vol", text, short.mid_pts),))
    own = abs(float(black76(forward_pts, contract.strike, years, iv, 1.0, is_call).delta))
    apart = abs(own - short.broker_delta)
    if apart <= policy.delta_check_max:
        return DeltaCheck(contract, own, ())
    text = f"The broker's delta of {contract} is {short.broker_delta:.3f} and ours {own:.3f}: too far apart."
    return DeltaCheck(contract, own, (Reason("deltas_disagree", text, round(apart, 4), policy.delta_check_max),))


def _width_pts(quote: Quote) -> float:
    assert quote.bid_pts100 is not None, "only a quote with both sides has a width"
    assert quote.ask_pts100 is not None, "only a quote with both sides has a width"
    return (quote.ask_pts100 - quote.bid_pts100) / 100


def _named(contracts: Iterable[OptionContract]) -> str:
    return ", ".join(str(contract) for contract in contracts)
