"""The SPX put spread that a layer would buy: two puts of one expiry by their deltas (002-02)."""

from __future__ import annotations

from math import exp, sqrt
from statistics import NormalDist
from typing import Final

from daemon.core.condor.guess import STRIKE_STEP_PTS100, on_step
from daemon.core.condor.selection import nearest
from daemon.core.hedge.policy import LayerPolicy
from daemon.core.hedge.units import HedgeUnit
from daemon.core.orders.intent import Reason
from daemon.engine.context import Desk
from daemon.engine.gather import NO_QUOTE, HedgeChain, OptionView, Refusal, UnitView, years_to

LOOKS: Final = 6
"""How many strikes are quoted to find one of a delta."""
FIRST_VOL: Final = 0.2
"""Volatility that the first look is made with; every other one is made with that of the look before."""
DELTA_TOLERANCE: Final = 0.05
"""How far from the wanted delta a strike may be."""
_NORMAL: Final = NormalDist()


async def choose_put_spread(desk: Desk, chain: HedgeChain, forward_pts: float, layer: LayerPolicy) -> UnitView:
    """Return the spread of the puts nearest both deltas; refuses by name where one of them is not there."""
    search = _Search(desk, chain, forward_pts)
    long = await search.put(layer.long_delta, direction=1)
    short = await search.put(layer.short_delta, direction=-1, below_pts100=long.info.contract.strike_pts100)
    return UnitView(HedgeUnit(long.info.contract, short.info.contract), forward_pts, ((1, long), (-1, short)))


class _Search:
    """Looks for strikes by delta, each look at the strike that the volatility of the one before points at."""

    def __init__(self, desk: Desk, chain: HedgeChain, forward_pts: float) -> None:
        self._desk = desk
        self._chain = chain
        self._forward_pts = forward_pts
        self._vol = FIRST_VOL
        self._held = desk.view().positions

    async def put(self, delta: float, *, direction: int, below_pts100: int | None = None) -> OptionView:
        """Return the put whose delta is nearest, below a strike where one is given."""
        strikes = [
            strike
            for strike in self._chain.strikes_pts100
            if strike % STRIKE_STEP_PTS100 == 0 and (below_pts100 is None or strike < below_pts100)
        ]
        free = [strike for strike in strikes if not self._opposed(strike, direction)]
        seen: dict[int, OptionView] = {}
        unquoted: set[int] = set()
        for _ in range(LOOKS):
            left = [strike for strike in free if strike not in unquoted]
            strike = nearest(left, self._strike_of(delta)) if left else None
            if strike is None or strike in seen:
                break
            found = await self._look(strike)
            if found is None:
                unquoted.add(strike)
                continue
            seen[strike] = found
            self._vol = found.iv or self._vol
        best = min(seen.values(), key=lambda view: abs(-view.delta - delta), default=None)
        if best is None or abs(-best.delta - delta) > DELTA_TOLERANCE:
            raise Refusal(self._none(delta, seen, opposed=len(free) < len(strikes)))
        return best

    def _opposed(self, strike_pts100: int, direction: int) -> bool:
        """Whether a strike is held the other way round: the account would net both."""
        return self._held.get(self._chain.put(strike_pts100), 0) * direction < 0

    async def _look(self, strike_pts100: int) -> OptionView | None:
        try:
            view = await self._chain.view(HedgeUnit(self._chain.put(strike_pts100)), self._forward_pts)
        except Refusal as refusal:
            if refusal.reasons[0].name != NO_QUOTE:
                raise
            return None
        ((_, option),) = view.options
        return option

    def _strike_of(self, delta: float) -> int:
        """Return where a put of the volatility seen last has the delta (Black 1976), in points x 100."""
        years = years_to(self._desk.clock.now(), self._chain.put(self._chain.strikes_pts100[0]))
        deviation = self._vol * sqrt(years)
        d1 = -_NORMAL.inv_cdf(delta)
        return on_step(self._forward_pts * exp(deviation * deviation / 2 - d1 * deviation))

    def _none(self, delta: float, seen: dict[int, OptionView], *, opposed: bool) -> Reason:
        deltas = ", ".join(f"{strike / 100:g}: {-view.delta:.3f}" for strike, view in sorted(seen.items())) or "nothing"
        taken = "; strikes that an open condor holds the other way round are left out" if opposed else ""
        text = f"no put of {self._chain.expiry} with a delta near {delta:g} is quoted (seen {deltas}){taken}"
        return Reason("no_strike_at_delta", text, len(seen), delta)
