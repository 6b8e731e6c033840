"""Requests about orders: place, modify, preview, cancel, list; and the events that come of them."""

# ruff: noqa: ARG001 - every handler takes the same three arguments
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from daemon.sim.exchange.api import (
    AccountChanged,
    ExchangeEvent,
    Executed,
    OrderChanged,
    OrderRequest,
    PositionChanged,
    Rejected,
    SimExecution,
    SimLeg,
    SimOrder,
    SimStatus,
)
from daemon.sim.gateway import messages_in as read
from daemon.sim.gateway import messages_out as out
from daemon.sim.gateway import orders
from daemon.sim.gateway.account_data import position_changed, send_account
from daemon.sim.gateway.client import Client
from daemon.sim.gateway.codec import FieldError, Fields, RequestRefused, read_int
from daemon.sim.gateway.contract_data import one_listing
from daemon.sim.gateway.contracts import OPTION_EXCHANGE, bag11, contract11, fill_exchange
from daemon.sim.gateway.fault_plan import Fault, Kind
from daemon.sim.gateway.hub import Hub
from daemon.sim.gateway.layout import Record
from daemon.sim.gateway.messages_in import ExecutionFilter
from daemon.sim.gateway.times import read_instant
from daemon.sim.gateway.wire_contract import BAG, WireContract, contract12, sim_legs


def place(hub: Hub, client: Client, fields: Fields) -> None:
    """Take placeOrder: a new order, a modification, or a margin preview."""
    record = read.place_order(fields.rest(), client.version)
    order_id = read_int(record["orderId"], "orderId")
    try:
        account = hub.account_or_refuse(record["account"], order_id)
        request = orders.order_request(record, client.client_id, account, _legs(hub, record, order_id))
    except orders.OrderRefused as refusal:
        raise RequestRefused(order_id, refusal.code, str(refusal)) from refusal
    except FieldError as cause:
        raise RequestRefused(order_id, 320, f"Error reading request. {cause}") from cause
    if account != hub.config.account:
        raise RequestRefused(order_id, 201, f"Order rejected - reason:account {account} does not trade here")
    if record["whatIf"] == "1":
        _preview(hub, client, request)
    else:
        _submit(hub, request)


def _legs(hub: Hub, record: Record, order_id: int) -> tuple[SimLeg, ...]:
    if record["secType"] == BAG:
        legs = sim_legs(record.rows.get("comboLegs", ()))
        if not legs:
            raise orders.OrderRefused(314, "Security type 'BAG' requires combo leg details")
        if any(hub.exchange.listing(leg.con_id) is None for leg in legs):
            raise orders.OrderRefused(200, "No security definition has been found for the request")
        return legs
    return (SimLeg(one_listing(hub, _wire_contract(record), order_id).con_id, 1),)


def _wire_contract(record: Record) -> WireContract:
    names = ("conId", "symbol", "secType", "lastTradeDateOrContractMonth", "strike", "right", "multiplier")
    more = ("exchange", "primaryExchange", "currency", "localSymbol", "tradingClass")
    return contract12(Fields([record[name] for name in (*names, *more)]))


def _symbol(hub: Hub, request: OrderRequest) -> str:
    listing = hub.exchange.listing(request.legs[0].con_id)
    return listing.symbol if listing else ""


def _submit(hub: Hub, request: OrderRequest) -> None:
    fault = hub.faults.strikes(Kind.REJECT_ORDER, hub.now, _symbol(hub, request))
    if fault:
        raise _refusal(fault, request.order_id, 201, "Order rejected - reason:refused by the fault plan")
    route(hub, hub.exchange.submit(request))


def _refusal(fault: Fault, order_id: int, code: int, said: str) -> RequestRefused:
    return RequestRefused(order_id, int(fault.argument("code", code)), str(fault.argument("text", said)))


def _preview(hub: Hub, client: Client, request: OrderRequest) -> None:
    if fault := hub.faults.strikes(Kind.WHAT_IF_REFUSED, hub.now, _symbol(hub, request)):
        raise _refusal(fault, request.order_id, 360, "There is no what-if check support for smart combo order.")
    answer = hub.exchange.what_if(request)
    if isinstance(answer, Rejected):
        raise RequestRefused(request.order_id, answer.code, answer.text)
    if fault := hub.faults.strikes(Kind.WHAT_IF_HIGHER, hub.now):
        added = (answer.initial_after - answer.initial_before) * (float(fault.argument("factor", 1.0)) - 1)
        answer = replace(answer, initial_after=answer.initial_after + added)
    order = SimOrder(
        request=request,
        perm_id=hub.what_if_perm_id(),
        status=SimStatus.PRE_SUBMITTED,
        filled=0,
        average_price=0.0,
        last_price=0.0,
        submitted_at=hub.now,
    )
    listing = hub.first_listing(order)
    unset = hub.faults.strikes(Kind.WHAT_IF_UNSET, hub.now)
    if unset:
        client.put(out.open_order(client.version, orders.what_if_record(order, listing, None)))
    if not unset or unset.argument("then_real", True):
        client.put(out.open_order(client.version, orders.what_if_record(order, listing, answer)))


def cancel(hub: Hub, client: Client, fields: Fields) -> None:
    """Take cancelOrder for an order of this client."""
    route(hub, hub.exchange.cancel(client.client_id, read.cancel_order(fields, client.version)))


def global_cancel(hub: Hub, client: Client, fields: Fields) -> None:
    """Cancel every working order of every client."""
    read.nothing(fields)
    for order in hub.exchange.open_orders():
        route(hub, hub.exchange.cancel(order.request.client_id, order.request.order_id))


def open_orders(hub: Hub, client: Client, fields: Fields) -> None:
    """List the working orders of this client."""
    read.nothing(fields)
    _list_open(hub, client, [one for one in hub.exchange.open_orders() if one.request.client_id == client.client_id])


def all_open_orders(hub: Hub, client: Client, fields: Fields) -> None:
    """List the working orders of every client, once."""
    read.nothing(fields)
    _list_open(hub, client, hub.exchange.open_orders())


def _list_open(hub: Hub, client: Client, working: Sequence[SimOrder]) -> None:
    for order in working:
        client.put(orders.open_order_message(client.version, order, hub.first_listing(order)))
        client.put(orders.status_message(order))
    client.put(out.open_order_end())


def auto_open_orders(hub: Hub, client: Client, fields: Fields) -> None:
    """Take reqAutoOpenOrders; nothing is ever placed by hand here, so there is nothing to bind."""
    read.flag_only(fields, "bind")
    if client.client_id != 0:
        raise RequestRefused(-1, 327, "Only the default client (i.e 0) can auto bind orders")


def completed_orders(hub: Hub, client: Client, fields: Fields) -> None:
    """List the orders of today that are over."""
    read.completed_orders(fields)
    for order in hub.exchange.completed_orders():
        record = orders.completed_order_record(order, hub.first_listing(order))
        client.put(out.completed_order(client.version, record))
    client.put(out.completed_orders_end())


def next_ids(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer reqIds."""
    read.number_only(fields, "count")
    client.put(out.next_valid_id(hub.exchange.next_order_id(client.client_id)))


def executions(hub: Hub, client: Client, fields: Fields) -> None:
    """List today's executions, with the fees of this client's own."""
    request = read.executions(fields)
    for execution in hub.exchange.executions():
        contract = _contract(hub, execution)
        if _fits(request, execution, contract):
            client.put(_execution(client, execution, contract, req_id=request.req_id))
            report = orders.commission_message(execution)
            if report and client in hub.audience(execution.client_id):
                client.put(report)
    client.put(out.execution_end(request.req_id))


def _fits(request: ExecutionFilter, execution: SimExecution, contract: tuple[str, ...]) -> bool:
    pairs = (
        (request.account, execution.account),
        (request.symbol, contract[1]),
        (request.sec_type, contract[2]),
        (request.exchange, contract[7]),
        (request.side.upper().replace("BUY", "BOT").replace("SELL", "SLD"), execution.side),
    )
    since = read_instant(request.since, "time") if request.since else None
    return (
        request.client_id in {0, execution.client_id}
        and all(wanted in {"", found} for wanted, found in pairs)
        and (since is None or execution.at >= since)
    )


def _contract(hub: Hub, execution: SimExecution) -> tuple[str, ...]:
    """Return the contract of an execution: the leg's, or the combo's for the whole."""
    if execution.con_id is not None:
        listing = hub.exchange.listing(execution.con_id)
        assert listing is not None, "the exchange filled a contract that it does not know"
        return contract11(listing, fill_exchange(listing))
    order = hub.order(execution.perm_id)
    assert order is not None, "the exchange filled a combo without an order"
    return bag11(hub.first_listing(order).symbol, OPTION_EXCHANGE)


def _execution(client: Client, execution: SimExecution, contract: tuple[str, ...], *, req_id: int) -> bytes:
    return out.execution(client.version, orders.execution_record(execution, contract, req_id))


def route(hub: Hub, events: Iterable[ExchangeEvent]) -> None:
    """Send what happened at the exchange to those it concerns, in the order of a real gateway."""
    unpaid: list[SimExecution] = []
    moved: dict[int, PositionChanged] = {}
    account_changed = False
    for event in events:
        hub.changed = True
        match event:
            case Rejected():
                if client := hub.owner(event.client_id):
                    hub.error(client, event.order_id, event.code, event.text)
            case Executed():
                _executed(hub, event.execution)
                unpaid.append(event.execution)
            case OrderChanged():
                _order_changed(hub, event, unpaid)
            case PositionChanged():
                moved[event.con_id] = event
            case AccountChanged():
                account_changed = True
    _pay(hub, unpaid)
    # Positions come after the orders they are of, however the exchange lists them.
    for event in moved.values():
        position_changed(hub, event.con_id, event.quantity, event.average_cost)
    # Settlements change no position yet. However slow the beat of the account is, its value at the close is told.
    if moved or account_changed:
        send_account(hub, moved)


def _executed(hub: Hub, execution: SimExecution) -> None:
    for client in hub.audience(execution.client_id):
        client.put(_execution(client, execution, _contract(hub, execution), req_id=-1))


def _order_changed(hub: Hub, event: OrderChanged, unpaid: list[SimExecution]) -> None:
    """Send openOrder and orderStatus, the message that explains them, and the fees of the fills before."""
    order = event.order
    mine = [execution for execution in unpaid if execution.perm_id == order.perm_id]
    unpaid[:] = [execution for execution in unpaid if execution.perm_id != order.perm_id]
    listing = hub.first_listing(order)
    for client in hub.audience(order.request.client_id):
        if order.status is not SimStatus.CANCELLED:
            client.put(orders.open_order_message(client.version, order, listing))
        client.put(orders.status_message(order))
        if event.code is not None and client.client_id == order.request.client_id:
            hub.error(client, order.request.order_id, event.code, event.text)
        fees = [execution.commission for execution in mine if execution.commission is not None]
        if order.status is SimStatus.FILLED and fees:
            client.put(out.open_order(client.version, orders.open_order_record(order, listing, sum(fees))))
    _pay(hub, mine)


def _pay(hub: Hub, fills: Iterable[SimExecution]) -> None:
    for execution in fills:
        if report := orders.commission_message(execution):
            for client in hub.audience(execution.client_id):
                client.put(report)
