"""The cost of capital that options imply, measured from a strip of SPX options every few sessions (000-16)."""

from __future__ import annotations

from datetime import date
from math import exp, nan
from typing import Final

import numpy as np

from daemon.core.calendar.sessions import sessions_between
from daemon.core.hedge.monitors import Noted, strip_line
from daemon.core.hedge.signal_inputs import COST_SERIES, RATE_SERIES
from daemon.core.market.contracts import OptionParams, Right, TradingClass, Underlying
from daemon.core.market.cost_of_capital import OptionStrip, cost_of_equity, parity_line, svix_squared
from daemon.core.market.model_free import strip_variance
from daemon.core.market.option_strip import CapitalMeasured, strip_options
from daemon.core.records import DailyValue, JobOutcome, Outcome
from daemon.engine.chain_reader import ChainReader
from daemon.engine.context import Desk
from daemon.engine.gather import Indexes, Refusal, check_quotes, indexes, years_to
from daemon.errors import BrokerError

LINES_MAX: Final = 40
"""Most market-data lines of one selection (decision 16)."""
DAYS: Final = 30
DAYS_APART: Final = 10


class CapitalDesk:
    """Reads the strip when a measurement is due and keeps financing rate and cost of equity."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def measure(self, session: date) -> JobOutcome:
        """Measure when so many sessions have passed since the last time; say why not otherwise."""
        before = self._desk.store.daily_values(COST_SERIES, last=1)
        every = self._desk.policy.signals.strip_every_sessions
        if before and len(sessions_between(before[-1].session, session)) - 1 < every:
            return self._ended(Outcome.SKIPPED, f"measured on {before[-1].session}, every {every} sessions")
        try:
            return await self._measure(session)
        except (Refusal, BrokerError, ValueError) as error:
            return self._ended(Outcome.SKIPPED, f"not measured: {error}")

    async def _measure(self, session: date) -> JobOutcome:
        seen = await indexes(self._desk)
        params = _spxw(await self._desk.option_params(Underlying.SPX, session))
        near = [expiry for expiry in params.expiries if abs((expiry - session).days - DAYS) <= DAYS_APART]
        if not near:
            raise ValueError(f"no SPXW expiry within {DAYS_APART} days of {DAYS}")
        expiry = min(near, key=lambda day: (abs((day - session).days - DAYS), day))
        found = await self._read(seen, params, expiry)
        source, now = f"strip of SPXW {expiry}", self._desk.clock.now()
        values = {RATE_SERIES: found.financing_rate, COST_SERIES: found.equity_cost}
        rows = {series: [DailyValue(session, value, source, now)] for series, value in values.items()}
        line = strip_line(found.variance, seen.vix, source, Noted(session, now))
        self._desk.store.record_monitors((line,), rows)
        text = f"{100 * found.financing_rate:.2f} % financing, SVIX {100 * found.svix_squared**0.5:.2f}"
        return self._ended(Outcome.DONE, f"{text}, cost of equity {100 * found.equity_cost:.2f} % from {source}")

    async def _read(self, seen: Indexes, params: OptionParams, expiry: date) -> CapitalMeasured:
        reader = ChainReader(self._desk, expiry, LINES_MAX)
        years = years_to(self._desk.clock.now(), reader.contract(params.strikes_pts100[0], Right.PUT))
        wanted = strip_options(params.strikes_pts100, spot_pts=seen.spx, vix=seen.vix, years=years)
        await reader.observe([reader.contract(*option) for option in wanted])
        if not reader.quotes:
            raise ValueError(f"none of {len(wanted)} options of {expiry} had a quote")
        check_quotes(self._desk, reader.quotes)
        strikes = sorted({strike for strike, _ in wanted})
        line = parity_line(_strip(reader, strikes), _spreads_pts(reader, strikes))
        rate = line.financing_rate(years)
        svix_sq = svix_squared(
            _strip(reader, strikes),
            forward_pts=line.forward_pts,
            spot_pts=seen.spx,
            gross_return=exp(rate * years),
            years=years,
        )
        variance = strip_variance(
            _strip(reader, strikes), forward_pts=line.forward_pts, gross_return=exp(rate * years), years=years
        )
        return CapitalMeasured(rate, svix_sq, cost_of_equity(rate, svix_sq, years), variance)

    def _ended(self, outcome: Outcome, text: str) -> JobOutcome:
        return JobOutcome(outcome, text, self._desk.clock.now())


def _spxw(rows: tuple[OptionParams, ...]) -> OptionParams:
    found = next((row for row in rows if row.trading_class is TradingClass.SPXW), None)
    if found is None:
        raise ValueError("the broker lists no SPXW options")
    return found


def _strip(reader: ChainReader, strikes: list[int]) -> OptionStrip:
    def mids(right: Right) -> list[float]:
        found = (reader.mid_pts(strike, right) for strike in strikes)
        return [nan if mid is None else mid for mid in found]

    return OptionStrip(np.array(strikes) / 100, np.array(mids(Right.CALL)), np.array(mids(Right.PUT)))


def _spreads_pts(reader: ChainReader, strikes: list[int]) -> list[float]:
    """Return the spread of call and put together; NaN where one has no two-sided quote."""
    return [sum(_spread_pts(reader, strike, right) for right in Right) for strike in strikes]


def _spread_pts(reader: ChainReader, strike: int, right: Right) -> float:
    quote = reader.quotes.get(reader.contract(strike, right))
    if quote is None or quote.bid_pts100 is None or quote.ask_pts100 is None:
        return nan
    return (quote.ask_pts100 - quote.bid_pts100) / 100
