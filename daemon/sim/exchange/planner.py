"""Finding the first instant at which an order fills, over the whole rest of a session at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Final

import numpy as np

from daemon.core.calendar.sessions import new_york_date, session
from daemon.core.market.arrays import FloatArray
from daemon.sim.exchange.config import ExchangeConfig
from daemon.sim.exchange.matching import fill_points, first_fill, leg_prices_pts100, net_book, paid_pts100, uniform
from daemon.sim.exchange.orders import (
    FillPoints,
    Working,
    bought_limit_pts100,
    bought_ratios,
    net_step_pts100,
    ratio_array,
)
from daemon.sim.exchange.quoter import Quoter, Side
from daemon.sim.market.clock import minutes_of

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Planner:
    """Compares orders with quotes to come; an order's own fill points are kept on the order for the session."""

    quoter: Quoter
    config: ExchangeConfig

    def first_fill_at(self, order: Working, earliest: datetime, end: datetime) -> datetime | None:
        """Return the first instant at which an order fills: the earliest possible one, or a whole minute after it."""
        if earliest >= end:
            return None
        day = new_york_date(earliest)
        times = session(day)
        minute = ceil((earliest - times.open_at) / _MINUTE)
        on_grid = earliest == times.open_at + minute * _MINUTE and minute <= minutes_of(times)
        if not on_grid and self._fills_at(order, earliest, day):
            return earliest
        if minute > minutes_of(times):
            return None
        if order.ahead is None or order.ahead.day != day or order.ahead.first_minute > minute:
            self.look_ahead([order], day, minute)
        assert order.ahead is not None
        place = first_fill(order.ahead.points[minute - order.ahead.first_minute :], _limit_pts(order))
        at = None if place is None else times.open_at + (minute + place) * _MINUTE
        return at if at is not None and at < end else None

    def _fills_at(self, order: Working, at: datetime, day: date) -> bool:
        side = self.quoter.sides([leg.con_id for leg in order.request.legs], at)
        return first_fill(self._points(order, side, day), _limit_pts(order)) is not None

    def look_ahead(self, orders: Sequence[Working], day: date, minute: int) -> None:
        """Compute the fill points of orders for the rest of a session in one pass over all their contracts."""
        ids = sorted({leg.con_id for order in orders for leg in order.request.legs})
        places = {con_id: place for place, con_id in enumerate(ids)}
        side = self.quoter.sides_from(ids, day, minute)
        for order in orders:
            columns = [places[leg.con_id] for leg in order.request.legs]
            chosen = Side(side.bids[:, columns], side.asks[:, columns])
            order.ahead = FillPoints(day, minute, self._points(order, chosen, day))

    def _points(self, order: Working, side: Side, day: date) -> FloatArray:
        """Return the lowest net limit that fills at each instant; infinite where nothing can be sold."""
        book = net_book(ratio_array(order.request), side.bids, side.asks)
        if order.request.order_type == "MKT":
            points = book.natural
        else:
            step = net_step_pts100(order.request, day, round(100 * float(book.mid[0]))) / 100
            draw = uniform(self.config.seed, order.draw_key)
            points = fill_points(book, self.config, step_pts=step, draw=draw)
            if len(order.request.legs) > 1:
                return points
        return np.where(book.sellable, points, np.inf)

    def prices_at(self, order: Working, at: datetime) -> tuple[int, tuple[int, ...]] | None:
        """Return what an order that fills now pays, net and by leg, in points x 100; None when nothing can be sold."""
        side = self.quoter.sides([leg.con_id for leg in order.request.legs], at)
        day = new_york_date(at)
        point = float(self._points(order, side, day)[0])
        if not np.isfinite(point):
            return None
        step = net_step_pts100(order.request, day, round(100 * point))
        net = paid_pts100(point, bought_limit_pts100(order.request), step_pts100=step)
        bids, asks = side.bids[0].tolist(), side.asks[0].tolist()
        return net, leg_prices_pts100(bought_ratios(order.request), bids, asks, net)


def _limit_pts(order: Working) -> float:
    limit = bought_limit_pts100(order.request)
    return np.inf if limit is None else limit / 100
