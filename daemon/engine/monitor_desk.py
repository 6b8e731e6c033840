"""The arbitrage monitors: every few sessions some pairs of VIX and SPX options are quoted once and held against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from math import sqrt
from types import MappingProxyType
from typing import Final

import numpy as np

from daemon.core.calendar.sessions import previous_session, sessions_between
from daemon.core.hedge.monitors import (
    Chain,
    Noted,
    alerts,
    future_lines,
    held_forward_line,
    jensen_lines,
    kink_line,
    model_lines,
    parity_lines,
    seen_value,
)
from daemon.core.hedge.signal_inputs import FORWARD_SERIES
from daemon.core.market.arbitrage import Pair, TwoSided
from daemon.core.market.contracts import (
    OptionContract,
    OptionParams,
    Right,
    SignalIndex,
    TradingClass,
    Underlying,
    vix_future,
)
from daemon.core.market.cost_of_capital import OptionStrip, parity_line
from daemon.core.market.model_free import MONTH_DAYS, YEAR_DAYS, VarianceNode
from daemon.core.market.option_strip import GRID_PTS100
from daemon.core.market.quotes import Quote
from daemon.core.orders.intent import Reason
from daemon.core.records import DailyValue, HedgeComputation, JobOutcome, Monitor, MonitorKind, Outcome
from daemon.engine.condor_quotes import see
from daemon.engine.context import Desk
from daemon.engine.gather import Indexes, Refusal, indexes, years_to
from daemon.errors import BrokerError

LOOKED: Final = "monitors.looked"
"""Named value of the store: the last session in which chains were looked at."""
VIX_MONTHLIES: Final = len(FORWARD_SERIES)
VIX_PAIRS: Final = 2
LEAST_DAYS: Final = 3
"""A monthly that settles sooner has hardly an option left near its forward."""
SPX_DAYS: Final = 45
"""Away from the expiries that condors are looked for in, so that a look changes nothing of when they are found."""
SPX_MOVES: Final = (-0.8, -0.3, 0.3, 0.8)
"""Where pairs of SPX are quoted, in expected moves from it: so far apart, their slope tells the discount."""
NODE_DAYS: Final = MappingProxyType({SignalIndex.VIX9D: 9.0, SignalIndex.VIX3M: 93.0})
KINKS_KEPT: Final = 60
_UNDISCOUNTED: Final = 1.0
"""So near the forward the discount of three months weighs less than a cent."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The pairs of one expiry to quote."""

    trading_class: TradingClass
    expiry: date
    strikes_pts100: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.trading_class} {self.expiry}"

    def option(self, strike_pts100: int, right: Right) -> OptionContract:
        """Return an option of the expiry."""
        return OptionContract(self.trading_class, self.expiry, strike_pts100, right)

    @property
    def contracts(self) -> list[OptionContract]:
        """Return all calls and puts."""
        return [self.option(strike, right) for strike in self.strikes_pts100 for right in Right]


class MonitorDesk:
    """Quotes a few pairs when a look is due and records what they say; nothing follows from it but words."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def look(self, session: date) -> JobOutcome:
        """Look when so many sessions have passed since the last time; say why not otherwise."""
        before, every = self._desk.store.meta(LOOKED), self._desk.policy.monitors.every_sessions
        if before is not None and len(sessions_between(date.fromisoformat(before), session)) - 1 < every:
            return self._ended(Outcome.SKIPPED, f"looked on {before}, every {every} sessions")
        try:
            return await self._look(session)
        except (Refusal, BrokerError) as error:
            return self._ended(Outcome.SKIPPED, f"not looked: {error}")

    async def _look(self, session: date) -> JobOutcome:
        desk, seen = self._desk, await indexes(self._desk)
        computation = self._computation(session)
        monthlies, spx = await self._monthlies(session, seen, computation), await self._pairs_of_spx(session, seen)
        options = [contract for each in (*monthlies, spx) for contract in each.contracts]
        quotes = (await see(desk, [*options, *(vix_future(each.expiry) for each in monthlies)])).quotes
        noted = Noted(session, desk.clock.now())
        vix = [
            self._chain(each, _pairs(each, quotes), _UNDISCOUNTED, _two_sided(quotes.get(vix_future(each.expiry))))
            for each in monthlies
        ]
        lines = [line for chain in vix for line in parity_lines(chain, desk.policy.monitors, noted)]
        lines += self._spx_lines(spx, _pairs(spx, quotes), noted)
        lines += future_lines(vix, desk.policy.monitors, noted)
        lines += await self._jensen(vix, seen, noted)
        lines += model_lines(vix, seen.vix, noted)
        values = self._forwards(vix, noted)
        history = self._history()
        lines += _known(kink_line([rows[0].value for rows in values.values()], history, noted))
        lines += _known(held_forward_line(computation.layers if computation else (), noted))
        desk.store.record_monitors(lines, values)
        desk.store.set_meta(LOOKED, session.isoformat())
        return self._told(lines, [chain.name for chain in vix if chain.pairs])

    # -- what is looked at -------------------------------------------------------------------------

    async def _monthlies(
        self, session: date, seen: Indexes, computation: HedgeComputation | None
    ) -> tuple[_Wanted, ...]:
        """Return the nearest monthly expiries of VIX with the strikes nearest to where their forwards should be."""
        row = _listed(await self._desk.option_params(Underlying.VIX, session), TradingClass.VIX)
        expiries = [expiry for expiry in row.expiries if (expiry - session).days >= LEAST_DAYS][:VIX_MONTHLIES]
        layers = computation.layers if computation else ()
        known = {row.contract.expiry: row.vix_forward_pts for row in layers if row.contract and row.vix_forward_pts}
        days = [0, *((expiry - session).days for expiry in sorted(known))]
        curve = [seen.vix, *(known[expiry] for expiry in sorted(known))]
        guesses = {expiry: float(np.interp((expiry - session).days, days, curve)) for expiry in expiries}
        return tuple(
            _Wanted(TradingClass.VIX, expiry, _nearest(row.strikes_pts100, guess, count=VIX_PAIRS))
            for expiry, guess in guesses.items()
        )

    async def _pairs_of_spx(self, session: date, seen: Indexes) -> _Wanted:
        """Return an expiry of SPXW with strikes on the grid that every expiry lists."""
        row = _listed(await self._desk.option_params(Underlying.SPX, session), TradingClass.SPXW)
        expiry = min(row.expiries, key=lambda day: (abs((day - session).days - SPX_DAYS), day))
        grid = [strike for strike in row.strikes_pts100 if strike % GRID_PTS100 == 0] or row.strikes_pts100
        move = seen.spx * seen.vix / 100 * sqrt(SPX_DAYS / YEAR_DAYS)
        strikes = {_nearest(grid, seen.spx + place * move, count=1)[0] for place in SPX_MOVES}
        return _Wanted(TradingClass.SPXW, expiry, tuple(sorted(strikes)))

    def _computation(self, session: date) -> HedgeComputation | None:
        """Return the last computation of the hedge, of this session or the one before."""
        store = self._desk.store
        found = store.hedge_computations(session) or store.hedge_computations(previous_session(session))
        return found[-1] if found else None

    # -- what is seen ------------------------------------------------------------------------------

    def _chain(self, each: _Wanted, pairs: tuple[Pair, ...], discount: float, future: TwoSided | None = None) -> Chain:
        years = years_to(self._desk.clock.now(), each.contracts[0])
        return Chain(name=str(each), days=years * YEAR_DAYS, pairs=pairs, discount=discount, future=future)

    def _spx_lines(self, each: _Wanted, pairs: tuple[Pair, ...], noted: Noted) -> tuple[Monitor, ...]:
        """Hold the pairs of SPX against each other, with the discount that they imply themselves."""
        calls, puts = ([getattr(pair, side).mid_pts for pair in pairs] for side in ("call", "put"))
        strip = OptionStrip(np.array([pair.strike_pts for pair in pairs]), np.array(calls), np.array(puts))
        spreads = [pair.call.spread_pts + pair.put.spread_pts for pair in pairs]
        try:
            discount = parity_line(strip, spreads).discount
        except ValueError as error:
            return (noted.line(MonitorKind.PARITY, str(each), None, limit=None, unit="points", text=str(error)),)
        return parity_lines(self._chain(each, pairs, discount), self._desk.policy.monitors, noted)

    async def _jensen(self, chains: Sequence[Chain], seen: Indexes, noted: Noted) -> tuple[Monitor, ...]:
        """Hold the forwards against VIX9D, VIX and VIX3M of now; say which of them is not given."""
        levels = {MONTH_DAYS: seen.vix}
        for index, days in NODE_DAYS.items():
            try:
                (bar,) = await self._desk.broker.bars(index, minutes=1, count=1)
            except (BrokerError, ValueError) as error:
                why = str(error) if isinstance(error, BrokerError) else "there is no bar of it"
                return (noted.line(MonitorKind.JENSEN, "VIX", None, limit=None, unit="%", text=f"{index}: {why}"),)
            levels[days] = bar.close
        nodes = tuple(VarianceNode.of_index(days, levels[days]) for days in sorted(levels))
        return jensen_lines(chains, nodes, noted)

    def _forwards(self, chains: Sequence[Chain], noted: Noted) -> dict[str, list[DailyValue]]:
        """Return the forwards of the monthlies to keep, as far as each and all before it were quoted."""
        quoted = list(takewhile(lambda chain: chain.pairs, chains))
        return {
            series: [DailyValue(noted.session, chain.forward_pts, f"parity of {chain.name}", noted.at)]
            for series, chain in zip(FORWARD_SERIES, quoted, strict=False)
        }

    def _history(self) -> list[tuple[float, ...]]:
        """Return the forwards of the looks before, where all three were measured."""
        kept = [self._desk.store.daily_values(series, last=KINKS_KEPT) for series in FORWARD_SERIES]
        by_day = [{row.session: row.value for row in rows} for rows in kept]
        days = sorted(set.intersection(*(set(rows) for rows in by_day)))
        return [tuple(rows[day] for rows in by_day) for day in days]

    # -- words -------------------------------------------------------------------------------------

    def _told(self, lines: Sequence[Monitor], chains: Sequence[str]) -> JobOutcome:
        beyond = alerts(lines)
        fields = {"chains": chains, "lines": len(lines), "beyond": len(beyond)}
        self._desk.journal.emit("monitors_looked", fields)
        for kind, line in beyond.items():
            self._desk.journal.emit(
                "arbitrage_seen",
                {
                    "kind": kind.value,
                    "subject": line.subject,
                    "value": round(seen_value(line), 4),
                    "limit": line.limit,
                    "unit": line.unit,
                    "text": line.text,
                },
            )
        return self._ended(Outcome.DONE, f"{len(lines)} lines, {len(beyond)} beyond their limit")

    def _ended(self, outcome: Outcome, text: str) -> JobOutcome:
        return JobOutcome(outcome, text, self._desk.clock.now())


def _listed(rows: Sequence[OptionParams], trading_class: TradingClass) -> OptionParams:
    found = next((row for row in rows if row.trading_class is trading_class), None)
    if found is None or not found.expiries or not found.strikes_pts100:
        raise Refusal(Reason("no_chain", f"the broker lists no {trading_class} options"))
    return found


def _nearest(strikes_pts100: Sequence[int], level_pts: float, *, count: int) -> tuple[int, ...]:
    found = sorted(strikes_pts100, key=lambda strike: (abs(strike - 100 * level_pts), strike))
    return tuple(sorted(found[:count]))


def _pairs(each: _Wanted, quotes: Mapping[OptionContract, Quote]) -> tuple[Pair, ...]:
    """Return the strikes whose call and put have a bid and an ask."""
    found = []
    for strike in each.strikes_pts100:
        sides = [_two_sided(quotes.get(each.option(strike, right))) for right in (Right.CALL, Right.PUT)]
        call, put = sides
        if call is not None and put is not None:
            found.append(Pair(strike / 100, call, put))
    return tuple(found)


def _two_sided(quote: Quote | None) -> TwoSided | None:
    """Return bid and ask; None without both, for a bid of nothing, and where they are crossed."""
    if quote is None or not quote.two_sided or not quote.bid_pts100 or quote.ask_pts100 is None:
        return None
    return TwoSided(quote.bid_pts100 / 100, quote.ask_pts100 / 100)


def _known(line: Monitor | None) -> list[Monitor]:
    return [] if line is None else [line]
