"""Reading the market for a decision: index values, the median of VIX, chains, forwards."""

from __future__ import annotations

import asyncio
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from daemon.core.calendar.expiries import settlement_at
from daemon.core.condor.build import ComboPrice, build_legs, price_combo
from daemon.core.condor.legs import CondorLegs
from daemon.core.condor.policy import CondorPolicy
from daemon.core.condor.selection import bracket, choose_expiry, choose_short, guess_strikes, refine
from daemon.core.market.contracts import ContractInfo, OptionContract, OptionParams, Right, TradingClass, Underlying
from daemon.core.market.parity import parity_forward
from daemon.core.market.pricing import black76, implied_vol
from daemon.core.market.quotes import DataKind, Quote
from daemon.core.orders.intent import Leg, Reason
from daemon.engine.context import Desk

MEDIAN_MINUTES: Final = 15
MEDIAN_MIN_BARS: Final = 5
BRACKET_COUNT: Final = 3
BRACKET_STEP_PTS100: Final = 2000
SEARCH_ROUNDS: Final = 4
YEAR_DAYS: Final = 365.0


@dataclass(frozen=True, slots=True)
class Indexes:
    """SPX and VIX as last seen, with the age of the older one."""

    spx: float
    vix: float
    age_s: float


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error
    """A named reason why something is not done now."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__("; ".join(reason.text for reason in reasons))
        self.reasons = reasons


async def indexes(desk: Desk) -> Indexes:
    """Read SPX and VIX; refuse delayed or frozen values."""
    spx = await desk.broker.index_quote(Underlying.SPX)
    vix = await desk.broker.index_quote(Underlying.VIX)
    for name, quote in (("SPX", spx), ("VIX", vix)):
        if quote.kind is not DataKind.LIVE:
            text = f"{name} is {quote.kind}, and only live data are traded on"
            raise Refusal(Reason("data_not_live", text, quote.kind.value, DataKind.LIVE.value))
    age_s = (desk.clock.now() - min(spx.at, vix.at)).total_seconds()
    return Indexes(spx.value_pts, vix.value_pts, age_s)


async def vix_median(desk: Desk) -> float:
    """Return the median of VIX over the last 15 minutes (decision 25); refuse when there are too few bars."""
    bars = await desk.broker.bars(Underlying.VIX, minutes=1, count=MEDIAN_MINUTES)
    oldest_s = (MEDIAN_MINUTES + 2) * 60
    fresh = [bar.close for bar in bars if (desk.clock.now() - bar.at).total_seconds() <= oldest_s]
    if len(fresh) < MEDIAN_MIN_BARS:
        text = f"VIX has {len(fresh)} fresh one-minute bars in the last {MEDIAN_MINUTES} minutes"
        raise Refusal(Reason("vix_stale", text, len(fresh), MEDIAN_MIN_BARS))
    return statistics.median(fresh)


@dataclass(frozen=True, slots=True)
class CondorCandidate:
    """Four legs that could be entered, with their contracts, quotes and the deltas found on the way."""

    legs: CondorLegs
    infos: dict[OptionContract, ContractInfo]
    quotes: dict[OptionContract, Quote]
    put_delta: float
    call_delta: float
    requests: int
    """Contract details and market-data lines that were asked for on the way."""


class StrikeSearch:
    """Finds the short strikes by delta with few requests: a model guess, then bracketing."""

    def __init__(self, desk: Desk, expiry: date, listed: Sequence[int]) -> None:
        self._desk = desk
        self._expiry = expiry
        self._listed = tuple(listed)
        self.infos: dict[OptionContract, ContractInfo] = {}
        self.quotes: dict[OptionContract, Quote] = {}
        self.requests = 0

    async def observe(self, wanted: Sequence[OptionContract], *, greeks: bool = True) -> None:
        """Look up and quote the contracts not seen yet."""
        new = [contract for contract in dict.fromkeys(wanted) if contract not in self.infos]
        self.requests += len(new)
        if new:
            self.infos.update(await self._desk.broker.contracts(new))
        known = [self.infos[contract] for contract in dict.fromkeys(wanted) if contract in self.infos]
        fresh = [info for info in known if info.contract not in self.quotes]
        self.requests += len(fresh)
        if fresh:
            self.quotes.update(await self._desk.broker.quotes(fresh, greeks=greeks))

    def deltas(self, right: Right) -> dict[int, float]:
        """Return strike -> absolute model delta of one side."""
        return {
            contract.strike_pts100: abs(quote.greeks.delta)
            for contract, quote in self.quotes.items()
            if contract.right is right and quote.greeks is not None and quote.kind is DataKind.LIVE
        }

    def contract(self, strike_pts100: int, right: Right) -> OptionContract:
        """Return the SPXW contract of this expiry."""
        return OptionContract(TradingClass.SPXW, self._expiry, strike_pts100, right)

    async def shorts(self, guess: tuple[int, int], policy: CondorPolicy) -> tuple[int, int]:
        """Return the put and call short strikes nearest the target delta; refuse when none is in the window.

        A strike counts only when the strike of its wing is listed in this expiry too.
        """
        sides = (self._short(Right.PUT, guess[0], policy), self._short(Right.CALL, guess[1], policy))
        put, call = await asyncio.gather(*sides)
        return put, call

    async def _short(self, right: Right, guess: int, policy: CondorPolicy) -> int:
        listed = list(self._listed)
        await self.observe(
            [self.contract(strike, right) for strike in bracket(guess, listed, BRACKET_STEP_PTS100, BRACKET_COUNT)]
        )
        for _ in range(SEARCH_ROUNDS):
            best = refine(self.deltas(right), policy.short_delta, listed)
            if best is None:
                break
            known = self.contract(best, right) in self.infos
            await self.observe([self.contract(best, right), self._wing(best, right, policy)])
            if not self._complete(best, right, policy):
                listed.remove(best)
            elif known:
                break
        complete = {
            strike: delta for strike, delta in self.deltas(right).items() if self._complete(strike, right, policy)
        }
        found = choose_short(complete, policy)
        if found is None:
            raise Refusal(_no_strike(right, self.deltas(right), policy))
        return found

    def _wing(self, strike_pts100: int, right: Right, policy: CondorPolicy) -> OptionContract:
        away = policy.wing_pts * 100
        return self.contract(strike_pts100 + (away if right is Right.CALL else -away), right)

    def _complete(self, strike_pts100: int, right: Right, policy: CondorPolicy) -> bool:
        """Whether both the short and its wing are listed and quoted."""
        pair = (self.contract(strike_pts100, right), self._wing(strike_pts100, right, policy))
        return all(contract in self.infos and contract in self.quotes for contract in pair)


def _no_strike(right: Right, deltas: dict[int, float], policy: CondorPolicy) -> Reason:
    side = "put" if right is Right.PUT else "call"
    seen = ", ".join(f"{strike / 100:g}: {delta:.3f}" for strike, delta in sorted(deltas.items())) or "no greeks"
    text = (
        f"no short {side} with |delta| between {policy.short_delta_min:g} and {policy.short_delta_max:g} "
        f"was found (seen {seen})"
    )
    return Reason("no_strike_at_delta", text, len(deltas), policy.short_delta)


async def find_condor(desk: Desk, session: date, now_indexes: Indexes, policy: CondorPolicy) -> CondorCandidate:
    """Choose expiry and strikes and quote all four legs; refuse with the name of what is missing."""
    params = _spxw(await desk.option_params(Underlying.SPX, session))
    expiry = choose_expiry(params.expiries, session, policy)
    if expiry is None:
        text = f"no SPXW expiry is listed between {policy.dte_min} and {policy.dte_max} days"
        raise Refusal(Reason("no_expiry_in_window", text, None, f"{policy.dte_min}-{policy.dte_max}"))
    search = StrikeSearch(desk, expiry, params.strikes_pts100)
    guess = guess_strikes(now_indexes.spx, now_indexes.vix, session, expiry, policy)
    put_short, call_short = await search.shorts(guess, policy)
    legs = build_legs(expiry, put_short, call_short, policy)
    check_quotes(desk, {leg: search.quotes[leg] for leg in legs.contracts})
    return CondorCandidate(
        legs,
        {leg: search.infos[leg] for leg in legs.contracts},
        {leg: search.quotes[leg] for leg in legs.contracts},
        search.deltas(Right.PUT)[put_short],
        search.deltas(Right.CALL)[call_short],
        search.requests,
    )


async def leg_quotes(desk: Desk, legs: Sequence[OptionContract]) -> Mapping[OptionContract, Quote]:
    """Quote contracts that are known by name; refuse with what is missing, delayed or stale."""
    infos = await desk.broker.contracts(legs)
    missing = [str(leg) for leg in legs if leg not in infos]
    if missing:
        raise Refusal(Reason("leg_not_quoted", f"no contract for {', '.join(missing)}"))
    quotes = await desk.broker.quotes([infos[leg] for leg in legs], greeks=False)
    missing = [str(leg) for leg in legs if leg not in quotes]
    if missing:
        raise Refusal(Reason("leg_not_quoted", f"no quote for {', '.join(missing)}"))
    check_quotes(desk, quotes)
    return quotes


def check_quotes(desk: Desk, quotes: Mapping[OptionContract, Quote]) -> None:
    """Refuse quotes that are not live or too old to trade on."""
    delayed = [str(contract) for contract, quote in quotes.items() if quote.kind is not DataKind.LIVE]
    if delayed:
        raise Refusal(Reason("data_not_live", f"only live data are traded on: {', '.join(delayed)}", len(delayed), 0))
    oldest_s = max((desk.clock.now() - quote.at).total_seconds() for quote in quotes.values())
    if oldest_s > desk.policy.limits.quote_max_age_s:
        text = "The oldest quote of the legs is too many seconds old."
        raise Refusal(Reason("quote_stale", text, round(oldest_s, 1), desk.policy.limits.quote_max_age_s))


def priced(quotes: Mapping[OptionContract, Quote], legs: Sequence[Leg]) -> ComboPrice:
    """Price the legs or refuse by the name of what is missing."""
    price = price_combo(legs, quotes)
    if price is None:
        one_sided = [str(contract) for contract, quote in quotes.items() if not quote.two_sided]
        raise Refusal(Reason("leg_not_quoted", f"no two-sided quote for {', '.join(one_sided) or 'a leg'}"))
    return price


def _spxw(params: Sequence[OptionParams]) -> OptionParams:
    for row in params:
        if row.trading_class is TradingClass.SPXW:
            return row
    raise Refusal(Reason("no_chain", "the broker lists no SPXW options", None, None))


@dataclass(frozen=True, slots=True)
class CallView:
    """One VIX call as the hedge sees it: forward of the same expiry, own delta, quote."""

    info: ContractInfo
    quote: Quote
    forward_pts: float
    iv: float | None
    delta: float


class VixChain:
    """One VIX expiry: its parity forward and its calls, read with few requests."""

    def __init__(self, desk: Desk, trading_class: TradingClass, expiry: date, strikes_pts100: Sequence[int]) -> None:
        self._desk = desk
        self.trading_class = trading_class
        self.expiry = expiry
        self.strikes_pts100 = tuple(strikes_pts100)
        self._forward: float | None = None

    def call(self, strike_pts100: int) -> OptionContract:
        """Return a call of this expiry."""
        return OptionContract(self.trading_class, self.expiry, strike_pts100, Right.CALL)

    async def forward(self, guess_pts: float) -> float:
        """Return the forward by put-call parity at the listed strike nearest to it (never spot VIX)."""
        if self._forward is None:
            first = await self._parity(self._nearest(guess_pts))
            second = self._nearest(first)
            self._forward = first if second == self._nearest(guess_pts) else await self._parity(second)
        return self._forward

    async def view(self, contract: OptionContract, forward_pts: float) -> CallView:
        """Quote one call and compute its delta by Black-76 on the same-expiry forward."""
        info, quote = (await self._quoted([contract]))[contract]
        iv, delta = call_delta(quote, contract, forward_pts, years_to(self._desk.clock.now(), contract))
        return CallView(info, quote, forward_pts, iv, delta)

    def _nearest(self, level_pts: float) -> int:
        return min(self.strikes_pts100, key=lambda strike: (abs(strike - level_pts * 100), strike))

    async def _parity(self, strike_pts100: int) -> float:
        pair = [
            OptionContract(self.trading_class, self.expiry, strike_pts100, right) for right in (Right.CALL, Right.PUT)
        ]
        quoted = await self._quoted(pair)
        call_mid, put_mid = (quoted[contract][1].mid_pts for contract in pair)
        if call_mid is None or put_mid is None:
            text = f"{self.expiry} {strike_pts100 / 100:g} has no two-sided call and put for the parity forward"
            raise Refusal(Reason("no_forward", text, None, None))
        return parity_forward([strike_pts100 / 100], [call_mid], [put_mid], 1.0)

    async def _quoted(self, wanted: Sequence[OptionContract]) -> dict[OptionContract, tuple[ContractInfo, Quote]]:
        infos = await self._desk.broker.contracts(wanted)
        quotes = await self._desk.broker.quotes([infos[c] for c in wanted if c in infos], greeks=False)
        missing = [str(contract) for contract in wanted if contract not in infos or contract not in quotes]
        if missing:
            raise Refusal(Reason("no_hedge_quote", f"no contract or no quote for {', '.join(missing)}", None, None))
        check_quotes(self._desk, {contract: quotes[contract] for contract in wanted})
        return {contract: (infos[contract], quotes[contract]) for contract in wanted}


def call_delta(quote: Quote, contract: OptionContract, forward_pts: float, years: float) -> tuple[float | None, float]:
    """Return implied volatility and delta of a VIX call by Black-76 on its own forward, undiscounted.

    A call that quotes within its spread of intrinsic value has no volatility to find: deep in the money its
    delta is 1, far out of it 0. Without an ask there is no value at all, and the call is refused.
    """
    if quote.ask_pts100 is None:
        raise Refusal(Reason("no_hedge_quote", f"{contract} has no ask"))
    bid = quote.bid_pts100 or 0  # no bid is a bid of zero: nobody pays for it
    mid_pts = (bid + quote.ask_pts100) / 200
    intrinsic_pts = max(0.0, forward_pts - contract.strike)
    iv = implied_vol(mid_pts, forward_pts, contract.strike, years, 1.0, is_call=True)
    if math.isnan(iv):
        if mid_pts - intrinsic_pts > (quote.ask_pts100 - bid) / 100:
            text = f"{contract} at {mid_pts:g} fits no volatility on its forward {forward_pts:.2f}"
            raise Refusal(Reason("no_hedge_quote", text, mid_pts, intrinsic_pts))
        return None, 1.0 if intrinsic_pts > 0 else 0.0
    return iv, float(black76(forward_pts, contract.strike, years, iv, 1.0, is_call=True).delta)


def years_to(now: datetime, contract: OptionContract) -> float:
    """Return calendar years to settlement, at least one minute."""
    seconds = (settlement_at(contract.trading_class, contract.expiry) - now).total_seconds()
    return max(seconds, 60.0) / (YEAR_DAYS * 86_400)
