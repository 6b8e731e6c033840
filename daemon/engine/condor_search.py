"""The search for a condor: expiry and strikes found with few requests, then all legs quoted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from daemon.core.condor.build import build_legs
from daemon.core.condor.legs import CondorLegs
from daemon.core.condor.policy import CondorPolicy
from daemon.core.condor.selection import bracket, choose_expiry, choose_short, guess_strikes, refine
from daemon.core.market.contracts import ContractInfo, OptionContract, OptionParams, Right, TradingClass, Underlying
from daemon.core.market.quotes import DataKind, Quote
from daemon.core.orders.intent import Reason
from daemon.engine.context import Desk
from daemon.engine.gather import Indexes, Refusal, check_quotes

BRACKET_COUNT: Final = 3
BRACKET_STEP_PTS100: Final = 2000
SEARCH_ROUNDS: Final = 4


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


def _spxw(params: Sequence[OptionParams]) -> OptionParams:
    for row in params:
        if row.trading_class is TradingClass.SPXW:
            return row
    raise Refusal(Reason("no_chain", "the broker lists no SPXW options", None, None))
