"""The market at an instant: index levels, forwards, option values. Pure: history and seed in, numbers out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Final

import numpy as np

from daemon.core.calendar.expiries import expiries
from daemon.core.calendar.sessions import new_york_date, previous_session, session, session_on_or_before
from daemon.core.market.arrays import FloatArray
from daemon.core.market.contracts import FUNDS, OptionContract, TradingClass, Underlying
from daemon.core.market.pricing import black76, black76_price, implied_vol
from daemon.core.market.vix_response import FUND_MULTIPLE
from daemon.sim.history import History, Ohlc
from daemon.sim.market import clock, surface
from daemon.sim.market.chains import ContractSet, Series
from daemon.sim.market.day import (
    FUTURES_FROM,
    INDEX_COLUMNS,
    SKEW,
    SPX,
    VIX,
    VIX3M,
    VIX6M,
    VIX9D,
    VVIX,
    MarketDay,
    market_day,
)
from daemon.sim.market.funds import Funds
from daemon.sim.market.open_interest import open_contracts
from daemon.sim.market.spots import SPOTS
from daemon.sim.market.spread import bid_ask, half_width

DIVIDEND_YIELD: Final = 0.013
_YEAR_S: Final = 365.0 * 86_400.0
_DAYS_KEPT: Final = 8
_INSTANT_YEARS: Final = 1e-9
_SOQ_MEAN: Final = 0.004
_SOQ_SD: Final = 0.021
_MINUTE_S: Final = 60.0
_SOQ_LOOK_BACK: Final = 30


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The market at one or more instants of one session; the first axis is time."""

    day: MarketDay
    epochs_s: FloatArray
    sessions_gone: FloatArray
    """Session number with fraction, in variance time."""
    columns: FloatArray
    rate: float

    @property
    def vix_pts(self) -> FloatArray:
        """Return VIX as a column."""
        return self.columns[:, VIX : VIX + 1]


@dataclass(frozen=True, slots=True)
class Values:
    """Model values, times by contracts: discounted price, forward, volatility on calendar time, greeks."""

    price: FloatArray
    forward: FloatArray
    vol: FloatArray
    delta: FloatArray
    gamma: FloatArray
    vega: FloatArray
    theta: FloatArray


class Market:
    """What the market was, or would have been, at any instant of its history."""

    def __init__(self, history: History, seed: int, funds_from: date | None = None) -> None:
        """``funds_from`` is the first session of the funds of VIX futures; None lets them begin with the history."""
        self.history = history
        self.seed = seed
        self.funds = Funds(history, funds_from or history.first)
        self._days: OrderedDict[date, MarketDay] = OrderedDict()
        self._latest: tuple[datetime, Snapshot] | None = None

    def day(self, day: date) -> MarketDay:
        """Return a session, built once and kept while in use."""
        found = self._days.get(day)
        if found is None:
            found = market_day(self.history, day, seed=self.seed, node_days=surface.NODE_DAYS)
            self._days[day] = found
            if len(self._days) > _DAYS_KEPT:
                self._days.popitem(last=False)
        return found

    def snapshot(self, at: datetime) -> Snapshot:
        """Return the market at an instant; before the open and at night that is the close before."""
        if self._latest is None or self._latest[0] != at:
            self._latest = (at, self._snapshot(at))
        return self._latest[1]

    def _snapshot(self, at: datetime) -> Snapshot:
        place = clock.moment(at)
        day = self.day(place.day)
        low, part = _minute(place, day)
        row = day.columns[low] * (1.0 - part) + day.columns[low + 1] * part
        gone = float(day.variance_gone[low]) * (1.0 - part) + float(day.variance_gone[low + 1]) * part
        return _snapshot(day, _column(at.timestamp()), _column(gone), row[None, :], night=place.night)

    def grid(self, day: date, first_minute: int = 0) -> Snapshot:
        """Return a session's market at each whole minute from one minute to the close."""
        chosen = self.day(day)
        minutes = np.arange(first_minute, chosen.minutes + 1)
        epochs: FloatArray = chosen.open_epoch_s + minutes.astype(np.float64) * _MINUTE_S
        return _snapshot(chosen, epochs, chosen.variance_gone[first_minute:], chosen.columns[first_minute:], night=0.0)

    def index(self, symbol: str, at: datetime) -> float:
        """Return the level of an index in points, or what a share or a currency costs in dollars, as it is quoted."""
        if symbol in FUNDS:
            return round(float(self.shares_usd(symbol, self.snapshot(at))[0]), 2)
        if symbol in SPOTS:
            return round(float(self.shares_usd(symbol, self.snapshot(at))[0]), SPOTS[symbol].decimals)
        place = clock.moment(at)
        return _level(self.day(place.day), place, INDEX_COLUMNS[symbol])

    def index_day(self, symbol: str, at: datetime) -> tuple[Ohlc | None, float]:
        """Return the session so far (open, high, low, last; None before it opens) and the close before, in points."""
        if symbol in SPOTS:
            return self._spot_day(symbol, at)
        place = clock.moment(at)
        day, column = self.day(place.day), INDEX_COLUMNS[symbol]
        last = _level(day, place, column)
        if place.night and place.day != new_york_date(at):
            return None, last
        minute = int(place.minute)
        high, low = max(day.highs.item(minute, column), last), min(day.lows.item(minute, column), last)
        return Ohlc(day.opens_pts[column], round(high, 2), round(low, 2), last), day.closed_pts[column]

    def _spot_day(self, symbol: str, at: datetime) -> tuple[Ohlc | None, float]:
        spot = SPOTS[symbol]
        day, before = self.index_day("SPX" if spot.column == SPX else "VIX", at)
        close = spot.ohlc(Ohlc(before, before, before, before)).close
        return (None if day is None else spot.ohlc(day)), close

    def shares_usd(self, symbol: str, at: Snapshot) -> FloatArray:
        """Return what a share or a currency costs in dollars, one a time."""
        if symbol in SPOTS:
            return SPOTS[symbol].levels(at.columns)
        return self.funds.shares_usd(Underlying(symbol), at.day, at.columns)

    def through(self, symbol: str, day: date) -> FloatArray:
        """Return an index, a share or a currency at every whole minute of a session."""
        if symbol in INDEX_COLUMNS:
            return self.day(day).columns[:, INDEX_COLUMNS[symbol]]
        return self.shares_usd(symbol, self.grid(day))

    def fund_day(self, fund: Underlying, at: datetime) -> Ohlc:
        """Return the share of a fund in the session that an instant belongs to, as far as it has come."""
        place = clock.moment(at)
        so_far = self.shares_usd(fund, self.grid(place.day))[: int(place.minute) + 1]
        last = self.index(fund, at)
        opened, high, low = (round(float(usd), 2) for usd in (so_far[0], so_far.max(), so_far.min()))
        return Ohlc(opened, max(high, last), min(low, last), last)

    def future(self, expiry: date, at: datetime) -> float:
        """Return the VIX forward to a settlement date in points."""
        settles = np.array([session(expiry).open_at.timestamp()])
        return float(vix_forwards(self.snapshot(at), settles)[0, 0])

    def soq(self, expiry: date) -> float:
        """Return the final settlement of VIX series: the published one, else the open times seeded auction noise."""
        facts = self.history.facts(expiry)
        if facts.vro is not None:
            return facts.vro
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((self.seed, clock.ordinal(expiry), 1))))
        noise = _SOQ_MEAN + _SOQ_SD * float(rng.standard_normal())
        return round(facts.vix.open * float(np.exp(noise)), 2)

    def last_soq(self, at: datetime) -> float | None:
        """Return the latest final settlement of VIX series at an instant; None where history begins after it."""
        day = session_on_or_before(new_york_date(at))
        for _ in range(_SOQ_LOOK_BACK):
            settled = is_vix_settlement(day) and at >= session(day).open_at
            if settled or day not in self.history.days:
                return self.soq(day) if day in self.history.days else None
            day = previous_session(day)
        return None

    def open_interest(self, contract: OptionContract, day: date) -> int:
        """Return the open contracts of an option on the morning of a date, by the close before it."""
        facts = self.history.before(session_on_or_before(day)) or self.history.facts(day)
        if contract.underlying.is_fund:
            spot = self.funds.close_before_usd(contract.underlying, day)
        else:
            spot = facts.vix.close if contract.underlying is Underlying.VIX else facts.spx.close
        return open_contracts(contract, day, spot, self.seed)

    def values(self, contracts: ContractSet, at: Snapshot) -> Values:
        """Value contracts with greeks at the instants of a snapshot (Black 1976 on the forward of each expiry)."""
        return _valued(contracts, at, self._terms(contracts, at))

    def revalued(self, contracts: ContractSet, at: Snapshot, *, forward: float, vol: float) -> Values:
        """Value contracts as if the forward of every expiry and the volatility were what a client says."""
        state = self._terms(contracts, at)
        said = replace(state, forward=np.full_like(state.forward, forward), vol=np.full_like(state.vol, vol))
        return _valued(contracts, at, said)

    def vol_of(self, contracts: ContractSet, at: Snapshot, *, forward: float, price: float) -> float:
        """Return the volatility that gives the first contract a price on a forward; NaN where none does."""
        state = self._terms(contracts, at)
        years, discount = state.years.item(0), state.discount.item(0)
        return implied_vol(price, forward, contracts.strikes.item(0), years, discount, bool(contracts.is_call.item(0)))

    def prices(self, contracts: ContractSet, at: Snapshot) -> FloatArray:
        """Return the same prices without greeks, in points, times by contracts: for whole sessions at once."""
        state = self._terms(contracts, at)
        return black76_price(
            state.forward, contracts.strikes, state.years, state.vol, state.discount, contracts.is_call
        )

    def _terms(self, contracts: ContractSet, at: Snapshot) -> _Terms:
        parts = [self._terms_on(underlying, series, at) for underlying, series in contracts.series]
        return parts[0] if len(parts) == 1 else _merged(contracts, parts)

    def _terms_on(self, underlying: Underlying, series: Series, at: Snapshot) -> _Terms:
        if underlying.is_fund:
            return _fund_terms(series, at, underlying, self.shares_usd(underlying, at)[:, None])
        return _spx_terms(series, at) if underlying is Underlying.SPX else _vix_terms(series, at)

    def bids_asks(self, contracts: ContractSet, at: Snapshot, price: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return bids (0 for none) and asks around model prices, times by contracts."""
        half = half_width(price, at.vix_pts, contracts.widths)
        return bid_ask(price, half, step_below=contracts.step_below, step_above=contracts.step_above)


def _valued(contracts: ContractSet, at: Snapshot, state: _Terms) -> Values:
    black = black76(state.forward, contracts.strikes, state.years, state.vol, state.discount, contracts.is_call)
    # The greeks of SPX options are per point of the index, those of VIX options per point of the future; over the
    # weeks of options on funds a share and its forward are about the same.
    per_point = np.where(contracts.widths.is_vix, 1.0, state.forward / at.columns[:, SPX : SPX + 1])
    return Values(
        price=black.price,
        forward=state.forward,
        vol=state.vol,
        delta=black.delta * per_point,
        gamma=black.gamma * per_point * per_point,
        vega=black.vega,
        theta=black.theta,
    )


def _minute(place: clock.Moment, day: MarketDay) -> tuple[int, float]:
    """Return the whole minute that an instant follows, and the part of the next one that has gone."""
    low = min(int(place.minute), day.minutes - 1)
    return low, place.minute - low


def _level(day: MarketDay, place: clock.Moment, column: int) -> float:
    """Return one index to two decimals: the same sum as in a snapshot, without building one at every tick."""
    low, part = _minute(place, day)
    return round(day.columns.item(low, column) * (1.0 - part) + day.columns.item(low + 1, column) * part, 2)


def _column(value: float) -> FloatArray:
    return np.array([value])


def _snapshot(day: MarketDay, epochs: FloatArray, gone: FloatArray, columns: FloatArray, *, night: float) -> Snapshot:
    inside = clock.OVERNIGHT_SHARE * night - (1.0 - clock.OVERNIGHT_SHARE) * (1.0 - gone)
    return Snapshot(day, epochs, day.ordinal + inside, columns, day.facts.bill_rate_pct / 100.0)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What the formula needs besides strike and right, times by contracts."""

    forward: FloatArray
    years: FloatArray
    vol: FloatArray
    discount: FloatArray


def _merged(contracts: ContractSet, parts: Sequence[_Terms]) -> _Terms:
    """Put the columns of the underlyings back into the order of the set."""
    columns = zip(*((part.forward, part.years, part.vol, part.discount) for part in parts), strict=True)
    return _Terms(*(np.concatenate(found, axis=1).take(contracts.merged_from, axis=1) for found in columns))


def _spx_terms(series: Series, at: Snapshot) -> _Terms:
    years = _years(series, at)
    forward = at.columns[:, SPX : SPX + 1] * np.exp((at.rate - DIVIDEND_YIELD) * years)
    nodes = surface.spx_node_variances(at.columns[:, (VIX9D, VIX, VIX3M, VIX6M)], at.columns[:, SKEW : SKEW + 1])
    sessions = np.maximum(series.settlement_sessions - at.sessions_gone[:, None], 0.0)
    atm = surface.spx_atm_variance(nodes, at.day.knots, sessions, at.vix_pts)
    moneyness = series.log_strikes - np.log(forward).take(series.expiry_of, axis=1)
    smile = surface.spx_smile(atm, sessions, at.vix_pts)
    variance = surface.spx_variance(moneyness, smile, series.expiry_of)
    per_year = 1.0 / np.sqrt(np.maximum(years, _INSTANT_YEARS))
    vol = np.sqrt(variance) * per_year.take(series.expiry_of, axis=1)
    return _by_contract(series, at, forward=forward, years=years, vol=vol)


def _vix_terms(series: Series, at: Snapshot) -> _Terms:
    years = _years(series, at)
    forward = vix_forwards(at, series.settlement_epochs_s)
    smile = surface.vix_smile(at.columns[:, VVIX : VVIX + 1], at.vix_pts, years)
    moneyness = series.log_strikes - np.log(forward).take(series.expiry_of, axis=1)
    vol = surface.vix_vol(moneyness, smile, series.expiry_of)
    return _by_contract(series, at, forward=forward, years=years, vol=vol)


def _fund_terms(series: Series, at: Snapshot, fund: Underlying, shares_usd: FloatArray) -> _Terms:
    """Return the terms of options on a fund that pays no dividend: a call is never worth exercising early."""
    years = _years(series, at)
    forward = shares_usd * np.exp(at.rate * years)
    smile = surface.fund_smile(at.columns[:, VVIX : VVIX + 1], at.vix_pts, years, multiple=FUND_MULTIPLE[fund])
    moneyness = series.log_strikes - np.log(forward).take(series.expiry_of, axis=1)
    vol = surface.vix_vol(moneyness, smile, series.expiry_of)
    return _by_contract(series, at, forward=forward, years=years, vol=vol)


def _by_contract(series: Series, at: Snapshot, *, forward: FloatArray, years: FloatArray, vol: FloatArray) -> _Terms:
    """Spread what belongs to an expiry over its contracts."""
    of = series.expiry_of
    return _Terms(forward.take(of, axis=1), years.take(of, axis=1), vol, np.exp(-at.rate * years).take(of, axis=1))


def _years(series: Series, at: Snapshot) -> FloatArray:
    result: FloatArray = np.maximum((series.settlement_epochs_s - at.epochs_s[:, None]) / _YEAR_S, 0.0)
    return result


def vix_forwards(at: Snapshot, settlement_epochs_s: FloatArray) -> FloatArray:
    """Interpolate the futures curve in logarithms of price and in time, spot VIX at tenor zero, flat at the end."""
    knots = at.day.future_epochs_s
    logs = at.columns[:, FUTURES_FROM:]
    result = np.empty((at.epochs_s.size, settlement_epochs_s.size))
    for n, settles in enumerate(settlement_epochs_s):
        upper = int(np.searchsorted(knots, settles))
        if upper == knots.size:
            result[:, n] = logs[:, -1]
        elif upper:
            part = (settles - knots[upper - 1]) / (knots[upper] - knots[upper - 1])
            result[:, n] = logs[:, upper - 1] * (1.0 - part) + logs[:, upper] * part
        else:
            left = np.maximum(settles - at.epochs_s, 0.0) / np.maximum(knots[0] - at.epochs_s, 1.0)
            result[:, n] = np.log(at.columns[:, VIX]) * (1.0 - left) + logs[:, 0] * left
    exponential: FloatArray = np.exp(result)
    return exponential


@lru_cache(maxsize=1024)
def is_vix_settlement(day: date) -> bool:
    """Say whether a VIX or VIXW series settles on a session."""
    before = previous_session(day)
    return any(day in expiries(cls, before, day) for cls in (TradingClass.VIX, TradingClass.VIXW))
