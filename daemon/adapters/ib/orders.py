"""Orders by our ref: what was placed, what the gateway shows, and the facts that follow.

Statuses come only from the gateway's own openOrder, orderStatus and completedOrder messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from daemon.adapters.ib.messages import CompletedRow, OpenOrderRow, OrderTicket, StatusRow
from daemon.adapters.ib.readings import finite
from daemon.core.orders.broker_facts import OrderFact, OrderStatus
from daemon.core.orders.intent import OrderRef, OrderSpec, PermId

_STATUSES: Final[Mapping[str, OrderStatus]] = {
    "ApiPending": OrderStatus.PENDING,
    "PendingSubmit": OrderStatus.PENDING,
    "PendingCancel": OrderStatus.WORKING,
    "PreSubmitted": OrderStatus.WORKING,
    "Submitted": OrderStatus.WORKING,
    "ApiCancelled": OrderStatus.CANCELLED,
    "Cancelled": OrderStatus.CANCELLED,
    "Filled": OrderStatus.FILLED,
    "Inactive": OrderStatus.INACTIVE,
}
_DONE: Final = frozenset({OrderStatus.CANCELLED, OrderStatus.FILLED})
_MAX_REFS: Final = 10_000


def status_of(text: str) -> OrderStatus:
    """Return our status of a gateway's; an unknown one is pending, which proves nothing but that the order exists."""
    return _STATUSES.get(text, OrderStatus.PENDING)


@dataclass(slots=True)
class KnownOrder:
    """An order as far as this connection knows it."""

    ref: OrderRef | None
    order_id: int
    client_id: int
    ticket: OrderTicket
    is_combo: bool
    contract: Any
    """The library's contract, as last returned by the gateway or as sent."""
    perm_id: int = 0
    status: OrderStatus = OrderStatus.PENDING
    filled: int = 0
    text: str = ""

    @property
    def done(self) -> bool:
        """Whether the gateway has said that the order ended."""
        return self.status in _DONE

    def fact(self) -> OrderFact:
        """Return what the gateway has said of the order."""
        filled = self.ticket.quantity if self.status is OrderStatus.FILLED else self.filled
        remaining = max(0, self.ticket.quantity - filled)
        return OrderFact(self.ref, PermId(self.perm_id), self.status, filled, remaining, self.text)


class OrderRegister:
    """Finds orders by ref, by id and by permId."""

    def __init__(self) -> None:
        self._by_id: dict[tuple[int, int], KnownOrder] = {}
        self._by_ref: dict[OrderRef, KnownOrder] = {}
        self._ref_of_perm: dict[int, OrderRef] = {}

    def new_connection(self) -> None:
        """Forget what only the lost connection proved; which ref a permId belongs to stays true."""
        self._by_id.clear()
        self._by_ref.clear()

    def placed(self, order: KnownOrder) -> None:
        """Take an order that is about to be sent."""
        self._by_id[order.client_id, order.order_id] = order
        if order.ref is not None:
            self._by_ref[order.ref] = order

    def not_sent(self, order: KnownOrder) -> None:
        """Forget an order that certainly did not leave."""
        self._by_id.pop((order.client_id, order.order_id), None)
        if order.ref is not None:
            self._by_ref.pop(order.ref, None)

    def by_ref(self, ref: OrderRef) -> KnownOrder | None:
        """Return the order of a ref."""
        return self._by_ref.get(ref)

    def by_id(self, client_id: int, order_id: int) -> KnownOrder | None:
        """Return the order of an id within this connection."""
        return self._by_id.get((client_id, order_id))

    def ref_of(self, client_id: int, order_id: int, perm_id: int) -> OrderRef | None:
        """Return the ref of an order from whatever the gateway told of it."""
        order = self._by_id.get((client_id, order_id))
        return order.ref if order is not None else self._ref_of_perm.get(perm_id)

    def open_order(self, row: OpenOrderRow) -> KnownOrder:
        """Take an open order as the gateway shows it."""
        key = (row.client_id, row.order_id if row.order_id > 0 else -row.perm_id)
        order = self._by_id.get(key)
        ref = OrderRef(row.order_ref) if row.order_ref else None
        if order is None:
            order = KnownOrder(ref, row.order_id, row.client_id, _ticket(row), row.is_combo, row.echo)
            self._by_id[key] = order
        order.contract, order.perm_id = row.echo, row.perm_id
        # A listed order may be repeated with an older status than the stream has told.
        if not order.done:
            order.status = status_of(row.status)
            order.text = "" if row.status in _STATUSES else row.status
        if ref is not None:
            self._by_ref[ref] = order
            self._remember(row.perm_id, ref)
        return order

    def order_status(self, row: StatusRow) -> OrderFact:
        """Take a status and return it as a fact."""
        key = (row.client_id, row.order_id if row.order_id > 0 else -row.perm_id)
        order = self._by_id.get(key)
        if order is None:
            ref = self._ref_of_perm.get(row.perm_id)
            status = status_of(row.status)
            return OrderFact(ref, PermId(row.perm_id), status, row.filled, row.remaining, row.why_held)
        order.status, order.filled = status_of(row.status), row.filled
        order.perm_id = row.perm_id or order.perm_id
        order.text = row.why_held if row.status in _STATUSES else row.status
        if order.ref is not None:
            self._remember(order.perm_id, order.ref)
        return OrderFact(order.ref, PermId(order.perm_id), order.status, row.filled, row.remaining, order.text)

    def drop_done(self) -> None:
        """Let go of orders that ended; their refs stay findable by permId."""
        for key in [key for key, order in self._by_id.items() if order.done]:
            order = self._by_id.pop(key)
            if order.ref is not None and self._by_ref.get(order.ref) is order:
                del self._by_ref[order.ref]

    def _remember(self, perm_id: int, ref: OrderRef) -> None:
        if perm_id:
            self._ref_of_perm[perm_id] = ref
            if len(self._ref_of_perm) > _MAX_REFS:
                del self._ref_of_perm[next(iter(self._ref_of_perm))]


def _ticket(row: OpenOrderRow) -> OrderTicket:
    return OrderTicket(row.action, row.quantity, 0.0, row.tif, row.order_ref, row.account)


def ticket_of(ref: OrderRef, spec: OrderSpec, account: str) -> OrderTicket:
    """Return the limit order for a spec: a combo is always bought, a single leg of ratio -1 is sold."""
    sells = not spec.is_combo and spec.legs[0].ratio < 0
    assert spec.is_combo or abs(spec.legs[0].ratio) == 1, "the size of a single leg is its quantity"
    return OrderTicket(
        action="SELL" if sells else "BUY",
        quantity=spec.quantity,
        limit=limit_of(spec.net_limit_pts100, sells=sells),
        tif=spec.tif.value,
        order_ref=ref,
        account=account,
    )


def limit_of(net_limit_pts100: int, *, sells: bool) -> float:
    """Return the wire's limit in points: what a buyer pays (negative: receives), what a seller receives."""
    return (-net_limit_pts100 if sells else net_limit_pts100) / 100


def completed_fact(row: CompletedRow) -> OrderFact:
    """Return the fact of an order that ended today; its total is 0 on the wire once it filled."""
    filled = int(finite(row.filled) or 0)
    total = int(finite(row.quantity) or 0)
    ref = OrderRef(row.order_ref) if row.order_ref else None
    return OrderFact(ref, PermId(row.perm_id), status_of(row.status), filled, max(0, total - filled), row.text)
