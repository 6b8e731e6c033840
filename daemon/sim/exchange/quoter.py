"""Quotes of anything listed, for one instant or for the rest of a session."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np

from daemon.core.calendar.expiries import last_trade_at
from daemon.core.calendar.sessions import is_session, new_york_date, previous_session, session, session_on_or_before
from daemon.core.market.arrays import FloatArray
from daemon.core.market.contracts import OptionContract, SignalIndex
from daemon.sim.exchange import con_ids
from daemon.sim.exchange.api import SimGreeks, SimLeg, SimQuote
from daemon.sim.exchange.matching import uniform
from daemon.sim.market import ContractSet, Market, Snapshot, Values, contract_set
from daemon.sim.market.market import vix_forwards
from daemon.sim.market.spots import SPOTS

_SETS_KEPT: Final = 256
_FUTURE_STEP: Final = 0.05
_SHARE_HALF_WIDTH: Final = 0.01
_PAIR_HALF_WIDTH: Final = 0.00005
_DAYS_YEAR: Final = 365.0


@dataclass(frozen=True, slots=True)
class Side:
    """Bids (0 for none) and asks in points, times by contracts."""

    bids: FloatArray
    asks: FloatArray


@dataclass(frozen=True, slots=True)
class _Options:
    """Options quoted together, with what stays the same over a day."""

    contracts: tuple[OptionContract, ...]
    laid_out: ContractSet
    last_trades: tuple[datetime, ...]
    sizes: tuple[int, ...]


class Quoter:
    """Prices contracts off the market; keeps the layout of recent sets, nothing else."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self._sets: OrderedDict[tuple[date, tuple[int, ...]], _Options] = OrderedDict()

    def sides(self, ids: Sequence[int], at: datetime) -> Side:
        """Return bids and asks of contracts at one instant."""
        return self._sides(ids, self.market.snapshot(at), new_york_date(at))

    def sides_from(self, ids: Sequence[int], day: date, minute: int) -> Side:
        """Return bids and asks of contracts at each whole minute of a session from one minute on."""
        return self._sides(ids, self.market.grid(day, minute), day)

    def marks(self, ids: Sequence[int], at: datetime) -> FloatArray:
        """Return the mid of each contract in points, in or out of hours."""
        if not ids:
            return np.zeros(0)
        side = self.sides(ids, at)
        result: FloatArray = 0.5 * (side.bids[0] + side.asks[0])
        return result

    def quotes(self, ids: Sequence[int], at: datetime) -> list[SimQuote]:
        """Return quotes in the order asked; an unknown number gets an empty quote."""
        options = [con_id for con_id in ids if con_ids.option_of(con_id) is not None]
        found = {quote.con_id: quote for quote in self._option_quotes(options, at)} if options else {}
        return [found.get(con_id) or self._other_quote(con_id, at) for con_id in ids]

    def combo_quote(self, legs: Sequence[SimLeg], at: datetime) -> SimQuote:
        """Return the implied net quote of buying a combination once; None where a needed side is missing."""
        quotes = self.quotes([leg.con_id for leg in legs], at)
        asks = [quote.ask if leg.ratio > 0 else quote.bid for leg, quote in zip(legs, quotes, strict=True)]
        bids = [quote.bid if leg.ratio > 0 else quote.ask for leg, quote in zip(legs, quotes, strict=True)]
        bid, ask = _net(legs, bids), _net(legs, asks)
        return empty_quote(0, at, bid=bid, ask=ask, bid_size=bid is not None, ask_size=ask is not None)

    def option_at_vol(self, con_id: int, at: datetime, *, underlying_pts: float, vol: float) -> SimGreeks:
        """Value an option as if its forward and its volatility were what a client says."""
        laid_out = self._options([con_id], new_york_date(at)).laid_out
        values = self.market.revalued(laid_out, self.market.snapshot(at), forward=underlying_pts, vol=vol)
        return _greeks(values)[0]

    def option_vol(self, con_id: int, at: datetime, *, underlying_pts: float, price_pts: float) -> float:
        """Return the volatility that gives an option a price on a forward; NaN where none does."""
        laid_out = self._options([con_id], new_york_date(at)).laid_out
        return self.market.vol_of(laid_out, self.market.snapshot(at), forward=underlying_pts, price=price_pts)

    def _sides(self, ids: Sequence[int], at: Snapshot, day: date) -> Side:
        futures = [place for place, con_id in enumerate(ids) if con_ids.future_expiry(con_id) is not None]
        shares = [place for place, con_id in enumerate(ids) if con_id in con_ids.SHARE_OF]
        if not futures and not shares:
            return self._option_sides(ids, at, day)
        options = [place for place in range(len(ids)) if place not in futures and place not in shares]
        bids = np.empty((at.epochs_s.size, len(ids)))
        asks = np.empty_like(bids)
        bids[:, futures], asks[:, futures] = self._future_sides([ids[place] for place in futures], at)
        for place in shares:
            level = np.round(self.market.shares_usd(con_ids.SHARE_OF[ids[place]], at), 2)
            bids[:, place], asks[:, place] = level - _SHARE_HALF_WIDTH, level + _SHARE_HALF_WIDTH
        if options:
            side = self._option_sides([ids[place] for place in options], at, day)
            bids[:, options], asks[:, options] = side.bids, side.asks
        return Side(bids, asks)

    def _future_sides(self, ids: Sequence[int], at: Snapshot) -> tuple[FloatArray, FloatArray]:
        """Return bids and asks of VIX futures: the step around the curve, whatever VIX is."""
        expiries = [con_ids.future_expiry(con_id) for con_id in ids]
        settles = np.array([session(expiry).open_at.timestamp() for expiry in expiries if expiry is not None])
        bids = np.rint((vix_forwards(at, settles) - 0.5 * _FUTURE_STEP) / _FUTURE_STEP) * _FUTURE_STEP
        return bids, bids + _FUTURE_STEP

    def _option_sides(self, ids: Sequence[int], at: Snapshot, day: date) -> Side:
        options = self._options(ids, day).laid_out
        values = self.market.prices(options, at)
        return Side(*self.market.bids_asks(options, at, values))

    def _options(self, ids: Sequence[int], day: date) -> _Options:
        key = (day, tuple(ids))
        found = self._sets.get(key)
        if found is None:
            found = self._sets[key] = _lay_out(key[1], day)
            if len(self._sets) > _SETS_KEPT:
                self._sets.popitem(last=False)
        return found

    def _option_quotes(self, ids: Sequence[int], at: datetime) -> list[SimQuote]:
        options = self._options(ids, new_york_date(at))
        snapshot = self.market.snapshot(at)
        values = self.market.values(options.laid_out, snapshot)
        bids, asks = self.market.bids_asks(options.laid_out, snapshot, values.price)
        bid_list, ask_list = np.round(bids[0], 2).tolist(), np.round(asks[0], 2).tolist()
        greeks = _greeks(values)
        opens, closes = _hours(at)
        quotes: list[SimQuote] = []
        for con_id, last_trade, size, bid, ask, shown in zip(
            ids, options.last_trades, options.sizes, bid_list, ask_list, greeks, strict=True
        ):
            alive = at < last_trade
            trading = alive and opens <= at < closes
            quotes.append(
                SimQuote(
                    con_id=con_id,
                    at=at,
                    bid=bid if trading and bid > 0 else None,
                    ask=ask if trading else None,
                    bid_size=size if trading and bid > 0 else 0,
                    ask_size=size if trading else 0,
                    last=None,
                    open=None,
                    high=None,
                    low=None,
                    previous_close=None,
                    greeks=shown if alive else None,
                )
            )
        return quotes

    def _other_quote(self, con_id: int, at: datetime) -> SimQuote:
        expiry = con_ids.future_expiry(con_id)
        if expiry is not None and is_session(expiry):
            return self._future_quote(con_id, expiry, at)
        return self._spot_quote(con_id, at)

    def _spot_quote(self, con_id: int, at: datetime) -> SimQuote:
        if con_id in con_ids.SHARE_OF:
            return self._share_quote(con_id, con_ids.SHARE_OF[con_id], at)
        if con_id in con_ids.PAIR_OF:
            return self._pair_quote(con_id, con_ids.PAIR_OF[con_id], at)
        symbol = con_ids.INDEX_SYMBOLS.get(con_id)
        if symbol is None:
            return empty_quote(con_id, at)
        if symbol == "VRO":
            return empty_quote(con_id, at, last=self.market.last_soq(at))
        if symbol == SignalIndex.BREADTH:
            return self._breadth_quote(con_id, at)
        return self._index_quote(con_id, symbol, at)

    def _breadth_quote(self, con_id: int, at: datetime) -> SimQuote:
        """Return advancing issues as bid and declining ones as ask, those of the last finished session."""
        day = session_on_or_before(new_york_date(at))
        facts = self.market.history.days.get(day if at >= session(day).close_at else previous_session(day))
        if facts is None or facts.advancing is None or facts.declining is None:
            return empty_quote(con_id, at)
        return empty_quote(con_id, at, bid=float(facts.advancing), ask=float(facts.declining))

    def _index_quote(self, con_id: int, symbol: str, at: datetime) -> SimQuote:
        day, before = self.market.index_day(symbol, at)
        return SimQuote(
            con_id=con_id,
            at=at,
            bid=None,
            ask=None,
            bid_size=0,
            ask_size=0,
            last=day.close if day else before,
            open=day.open if day else None,
            high=day.high if day else None,
            low=day.low if day else None,
            previous_close=before,
            greeks=None,
        )

    def _share_quote(self, con_id: int, symbol: str, at: datetime) -> SimQuote:
        """Return a cent on both sides of a share; out of hours its last value alone."""
        last = self.market.index(symbol, at)
        quote = empty_quote(con_id, at, last=last)
        if symbol in SPOTS:
            quote = self._index_quote(con_id, symbol, at)
        opens, closes = _hours(at)
        if not opens <= at < closes:
            return quote
        bid, ask = round(last - _SHARE_HALF_WIDTH, 2), round(last + _SHARE_HALF_WIDTH, 2)
        return replace(quote, bid=bid, ask=ask, bid_size=20, ask_size=20)

    def _pair_quote(self, con_id: int, symbol: str, at: datetime) -> SimQuote:
        """Return half a pip on both sides of a pair, at any hour; currencies have no last price."""
        quote = self._index_quote(con_id, symbol, at)
        middle = self.market.index(symbol, at)
        bid, ask = round(middle - _PAIR_HALF_WIDTH, 5), round(middle + _PAIR_HALF_WIDTH, 5)
        return replace(quote, last=None, bid=bid, ask=ask, bid_size=1_000_000, ask_size=1_000_000)

    def _future_quote(self, con_id: int, expiry: date, at: datetime) -> SimQuote:
        mid = self.market.future(expiry, at)
        bid = int((mid - 0.5 * _FUTURE_STEP) / _FUTURE_STEP + 0.5) * _FUTURE_STEP
        opens, closes = _hours(at)
        if not opens <= at < closes:
            return empty_quote(con_id, at, last=round(mid, 2))
        ask = round(bid + _FUTURE_STEP, 2)
        return empty_quote(con_id, at, bid=round(bid, 2), ask=ask, bid_size=20, ask_size=20, last=round(mid, 2))


def empty_quote(
    con_id: int,
    at: datetime,
    *,
    bid: float | None = None,
    ask: float | None = None,
    bid_size: int = 0,
    ask_size: int = 0,
    last: float | None = None,
) -> SimQuote:
    """Return a quote that has only what is given."""
    return SimQuote(
        con_id=con_id,
        at=at,
        bid=bid,
        ask=ask,
        bid_size=int(bid_size),
        ask_size=int(ask_size),
        last=last,
        open=None,
        high=None,
        low=None,
        previous_close=None,
        greeks=None,
    )


def _lay_out(ids: tuple[int, ...], day: date) -> _Options:
    contracts: list[OptionContract] = []
    for con_id in ids:
        contract = con_ids.option_of(con_id)
        if contract is None:
            raise ValueError(f"contract {con_id} is not an option: only options are laid out for valuation.")
        contracts.append(contract)
    return _Options(
        contracts=tuple(contracts),
        laid_out=contract_set(contracts, day),
        last_trades=tuple(last_trade_at(contract.trading_class, contract.expiry) for contract in contracts),
        sizes=tuple(10 + int(90 * uniform(con_id, day.toordinal())) for con_id in ids),
    )


def _greeks(values: Values) -> list[SimGreeks]:
    columns = (
        values.vol[0],
        values.price[0],
        values.delta[0],
        values.gamma[0],
        values.vega[0] / 100.0,
        values.theta[0] / _DAYS_YEAR,
        values.forward[0],
    )
    return [SimGreeks(*row) for row in np.array(columns).T.tolist()]


def _hours(at: datetime) -> tuple[datetime, datetime]:
    """Return regular option hours of the date; an empty span on a day without a session."""
    day = new_york_date(at)
    if not is_session(day):
        return at + timedelta(days=1), at
    times = session(day)
    return times.open_at, times.options_close_at


def _net(legs: Sequence[SimLeg], prices: Sequence[float | None]) -> float | None:
    total = 0.0
    for leg, price in zip(legs, prices, strict=True):
        if price is None:
            return None
        total += leg.ratio * price
    return round(total, 2)
