"""Orders as the exchange keeps them, and what makes it refuse one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from math import gcd, isfinite
from typing import Any
from zlib import crc32

import numpy as np

from daemon.core.calendar.expiries import last_trade_at
from daemon.core.calendar.sessions import Session, new_york_date, next_session, session, session_on_or_after
from daemon.core.market.arrays import FloatArray
from daemon.core.market.contracts import OptionContract, Underlying
from daemon.sim.exchange import con_ids
from daemon.sim.exchange.api import OrderRequest, SimLeg, SimOrder, SimStatus
from daemon.sim.exchange.con_ids import Share
from daemon.sim.market import ticks


class Due(StrEnum):
    """What happens next to a working order."""

    START = "start"
    FILL = "fill"
    END = "end"


@dataclass(slots=True)
class FillPoints:
    """The lowest limit that fills at each minute of a session, from one minute on; kept while the session lasts."""

    day: date
    first_minute: int
    points: FloatArray


@dataclass(slots=True)
class Working:
    """One order from its arrival to its end."""

    request: OrderRequest
    perm_id: int
    status: SimStatus
    submitted_at: datetime
    due: Due
    due_at: datetime
    filled: int = 0
    net_value_pts100: int = 0
    """Sum of net price times quantity, signed as the prices."""
    leg_values_pts100: list[int] = field(default_factory=list)
    last_pts100: int = 0
    fills: int = 0
    completed_at: datetime | None = None
    ahead: FillPoints | None = None

    @property
    def key(self) -> tuple[int, int]:
        """Return the client and its order number."""
        return self.request.client_id, self.request.order_id

    @property
    def remaining(self) -> int:
        """Return the quantity not filled."""
        return self.request.quantity - self.filled

    @property
    def draw_key(self) -> int:
        """Return what the draws of this order depend on: its reference, or its client and number, and no other order."""
        client_id, order_id = self.key
        return crc32((self.request.order_ref or f"{client_id} {order_id}").encode())

    def view(self) -> SimOrder:
        """Return the order as a value."""
        return SimOrder(
            request=self.request,
            perm_id=self.perm_id,
            status=self.status,
            filled=self.filled,
            average_price=self.net_value_pts100 / self.filled / 100 if self.filled else 0.0,
            last_price=self.last_pts100 / 100,
            submitted_at=self.submitted_at,
            completed_at=self.completed_at,
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an order is refused, with the gateway's code."""

    code: int
    text: str


def contracts_of(legs: Sequence[SimLeg]) -> tuple[OptionContract | Share, ...]:
    """Return the contracts of an order's legs; they must have been checked."""
    found = tuple(con_ids.traded(leg.con_id) for leg in legs)
    assert all(found), "legs are checked before an order is accepted"
    return tuple(contract for contract in found if contract is not None)


def bought_ratios(request: OrderRequest) -> tuple[int, ...]:
    """Return the signed ratios of an order seen as a purchase: a sale reverses them."""
    sign = 1 if request.action == "BUY" else -1
    return tuple(sign * leg.ratio for leg in request.legs)


def bought_limit_pts100(request: OrderRequest) -> int | None:
    """Return the most the order pays net, in points x 100; None for a market order."""
    if request.order_type == "MKT" or request.limit is None:
        return None
    limit = round(request.limit * 100)
    return limit if request.action == "BUY" else -limit


def net_step_pts100(request: OrderRequest, day: date, price_pts100: int) -> int:
    """Return the step an order's price must keep to: the contract's own, or that of combinations."""
    contracts = contracts_of(request.legs)
    if len(contracts) > 1:
        return ticks.combo_step_pts100(Underlying(contracts[0].underlying))
    if isinstance(contracts[0], Share):
        return 1
    below, above = ticks.steps(contracts[0].trading_class, day)
    return round(100 * (below if abs(price_pts100) < ticks.STEP_CHANGES_AT * 100 else above))


def window(legs: Sequence[SimLeg], at: datetime) -> tuple[datetime, datetime] | None:
    """Return the trading hours that hold an instant, or the next ones; None once a leg has stopped trading."""
    times = session(session_on_or_after(new_york_date(at)))
    if at >= _ends(legs, times):
        times = session(next_session(times.day))
    end = _ends(legs, times)
    return (times.open_at, end) if times.open_at < end and at < end else None


def _ends(legs: Sequence[SimLeg], times: Session) -> datetime:
    """Return when the first leg stops trading: shares with the session, options later, all with their last trade."""
    return min(
        times.close_at
        if isinstance(contract, Share)
        else min(times.options_close_at, last_trade_at(contract.trading_class, contract.expiry))
        for contract in contracts_of(legs)
    )


def refusal(request: OrderRequest, *, account: str, at: datetime) -> Refusal | None:
    """Return why an order cannot be accepted as it stands, or None."""
    if request.account not in ("", account):
        return Refusal(321, f"Error validating request.-'bW' : cause - Invalid account code '{request.account}'.")
    if request.quantity <= 0:
        return Refusal(434, "The order size cannot be zero.")
    if request.order_type not in ("LMT", "MKT"):
        return Refusal(387, f"Unsupported order type for this exchange and security type: {request.order_type}.")
    if request.tif not in ("DAY", "GTC") or request.action not in ("BUY", "SELL"):
        return Refusal(201, f"Order rejected - reason: Invalid time in force or action {request.tif} {request.action}.")
    return _legs_refusal(request, at) or _price_refusal(request, at)


def _legs_refusal(request: OrderRequest, at: datetime) -> Refusal | None:
    contracts = [con_ids.traded(leg.con_id) for leg in request.legs]
    known = [contract for contract in contracts if contract is not None]
    if not known or len(known) < len(contracts) or any(leg.ratio == 0 for leg in request.legs):
        return Refusal(200, "No security definition has been found for the request")
    if len(known) == 1 and request.legs[0].ratio != 1:
        return Refusal(312, "The combo details are invalid.")
    distinct = len({leg.con_id for leg in request.legs}) == len(known)
    if not distinct or gcd(*(leg.ratio for leg in request.legs)) != 1:
        return Refusal(312, "The combo details are invalid.")
    if len({(type(contract), contract.underlying, contract.is_future) for contract in known}) > 1:
        return Refusal(201, "Order rejected - reason: Legs have different underlyings.")
    if window(request.legs, at) is None:
        return Refusal(200, "No security definition has been found for the request")
    return None


def _price_refusal(request: OrderRequest, at: datetime) -> Refusal | None:
    if request.order_type == "MKT":
        return None
    if request.limit is None or not isfinite(request.limit):
        return Refusal(321, "Error validating request.-'bW' : cause - A limit order needs a limit price.")
    price = request.limit * 100
    step = net_step_pts100(request, new_york_date(at), round(price))
    on_grid = abs(price / step - round(price / step)) < 1e-6
    if not on_grid or (len(request.legs) == 1 and price <= 0):
        return Refusal(110, "The price does not conform to the minimum price variation for this contract.")
    return None


def dump_order(order: Working) -> dict[str, Any]:
    """Return an order as JSON values; what can be computed again is left out."""
    return {
        "request": asdict(order.request),
        "perm_id": order.perm_id,
        "status": order.status,
        "submitted_at": order.submitted_at.isoformat(),
        "due": order.due,
        "due_at": order.due_at.isoformat(),
        "filled": order.filled,
        "net_value_pts100": order.net_value_pts100,
        "leg_values_pts100": order.leg_values_pts100,
        "last_pts100": order.last_pts100,
        "fills": order.fills,
        "completed_at": order.completed_at.isoformat() if order.completed_at else None,
    }


def restored_order(state: dict[str, Any]) -> Working:
    """Build an order from its dump."""
    request = dict(state["request"])
    request["legs"] = tuple(SimLeg(**leg) for leg in request["legs"])
    request["raw"] = tuple((name, value) for name, value in request["raw"])
    completed = state["completed_at"]
    return Working(
        request=OrderRequest(**request),
        perm_id=state["perm_id"],
        status=SimStatus(state["status"]),
        submitted_at=datetime.fromisoformat(state["submitted_at"]),
        due=Due(state["due"]),
        due_at=datetime.fromisoformat(state["due_at"]),
        filled=state["filled"],
        net_value_pts100=state["net_value_pts100"],
        leg_values_pts100=list(state["leg_values_pts100"]),
        last_pts100=state["last_pts100"],
        fills=state["fills"],
        completed_at=datetime.fromisoformat(completed) if completed else None,
    )


def ratio_array(request: OrderRequest) -> FloatArray:
    """Return the signed ratios as floats, for valuation."""
    return np.array(bought_ratios(request), dtype=float)
