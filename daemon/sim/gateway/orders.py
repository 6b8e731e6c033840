"""Orders between the wire and the exchange: reading placeOrder, showing openOrder, completedOrder and executions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from daemon.sim.exchange.api import Listing, OrderRequest, SimExecution, SimLeg, SimOrder, SimStatus, WhatIf
from daemon.sim.gateway import messages_out as out
from daemon.sim.gateway.codec import UNSET_DOUBLE, read_float, text
from daemon.sim.gateway.contracts import bag11, contract11, named
from daemon.sim.gateway.layout import Record, defaults
from daemon.sim.gateway.order_layouts import COMPLETED_ORDER, OPEN_ORDER
from daemon.sim.gateway.times import time_text
from daemon.sim.gateway.wire_contract import BAG

MARGIN_FIELDS: Final = ("initMargin", "maintMargin", "equityWithLoan")
_ROWS: Final = ("comboLegs", "orderComboLegs", "smartComboRoutingParams", "algoParams", "conditions")
# What the exchange keeps as values of its own and what only the gateway may say.
_OWN: Final = frozenset(
    {
        "action",
        "totalQuantity",
        "orderType",
        "lmtPrice",
        "tif",
        "account",
        "orderRef",
        "orderId",
        "clientId",
        "permId",
        "whatIf",
        "status",
        "sharesAllocation",
        "completedTime",
        "completedStatus",
        "filledQuantity",
        "conId",
        "symbol",
        "currency",
        "secType",
        "lastTradeDateOrContractMonth",
        "strike",
        "right",
        "multiplier",
        "localSymbol",
        "tradingClass",
    }
)
_DEFAULTS: Final[Mapping[str, str]] = {**defaults(COMPLETED_ORDER), **defaults(OPEN_ORDER)}
# An order can carry these; the exchange does not act on them, so an order that uses one is refused.
_UNSUPPORTED: Final[Mapping[str, frozenset[str]]] = {
    "parentId": frozenset({"", "0"}),
    "ocaGroup": frozenset({""}),
    "algoStrategy": frozenset({""}),
    "hedgeType": frozenset({""}),
    "goodAfterTime": frozenset({""}),
    "goodTillDate": frozenset({""}),
    "conditions": frozenset({"", "0"}),
    "deltaNeutralContract": frozenset({"", "0"}),
}


class OrderRefused(Exception):  # noqa: N818 - a refusal is an answer, not an error of the program
    """An order cannot be taken: the message code and text that answer it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def refuse_unsupported(record: Record) -> None:
    """Raise OrderRefused when an order asks for something that the exchange would not do."""
    for name, allowed in _UNSUPPORTED.items():
        if record[name] not in allowed:
            raise OrderRefused(201, f"Order rejected - reason:{name} is not supported by the simulated exchange")
    if record["orderType"] not in {"LMT", "MKT"}:
        raise OrderRefused(387, f"Unsupported order type for this exchange and security type: {record['orderType']}")
    if record["tif"] not in {"", "DAY", "GTC"}:
        raise OrderRefused(201, f"Order rejected - reason:time in force {record['tif']} is not supported")
    if record["transmit"] not in {"1", ""}:
        raise OrderRefused(201, "Order rejected - reason:orders that are held back (transmit 0) are not supported")
    if record["action"] not in {"BUY", "SELL"}:
        raise OrderRefused(321, f"Error validating request.-'bD' : cause - Invalid action {record['action']!r}")


def order_request(record: Record, client_id: int, account: str, legs: tuple[SimLeg, ...]) -> OrderRequest:
    """Return the order as the exchange takes it. Raises OrderRefused, FieldError."""
    refuse_unsupported(record)
    limit = read_float(record["lmtPrice"], "lmtPrice") if record["orderType"] == "LMT" else None
    if record["orderType"] == "LMT" and limit is None:
        raise OrderRefused(321, "Error validating request.-'bD' : cause - A limit order needs a limit price")
    return OrderRequest(
        client_id=client_id,
        order_id=int(record["orderId"]),
        action=record["action"],
        quantity=_quantity(record["totalQuantity"]),
        order_type=record["orderType"],
        limit=limit,
        tif=record["tif"] or "DAY",
        legs=legs,
        order_ref=record["orderRef"],
        account=account,
        raw=_echo(record),
    )


def _quantity(said: str) -> int:
    quantity = read_float(said, "totalQuantity")
    if not quantity:
        raise OrderRefused(434, "The order size cannot be zero.")
    if quantity < 0 or quantity != int(quantity):
        raise OrderRefused(321, f"Error validating request.-'bD' : cause - Invalid order size {said}")
    return int(quantity)


def _echo(record: Record) -> tuple[tuple[str, str], ...]:
    """Return the fields that openOrder and completedOrder give back and that are not as a gateway fills them."""
    values = [
        (name, value)
        for name, value in record.values.items()
        if name in _DEFAULTS and name not in _OWN and value not in {"", _DEFAULTS[name]}
    ]
    rows = [(f"{name}[]", "\0".join(row)) for name in _ROWS for row in record.rows.get(name, ())]
    if record["secType"] == BAG:
        rows.append(("secType", BAG))
    return (*values, *rows)


def _from_raw(raw: Sequence[tuple[str, str]]) -> tuple[dict[str, str], dict[str, tuple[tuple[str, ...], ...]]]:
    values: dict[str, str] = {}
    rows: dict[str, tuple[tuple[str, ...], ...]] = {}
    for name, value in raw:
        if name.endswith("[]"):
            rows[name[:-2]] = (*rows.get(name[:-2], ()), tuple(value.split("\0")))
        else:
            values[name] = value
    return values, rows


def is_bag(order: SimOrder) -> bool:
    """Whether an order came as a combo."""
    return ("secType", BAG) in order.request.raw


def _contract(order: SimOrder, listing: Listing, exchange: str) -> dict[str, str]:
    return named(bag11(listing.symbol, exchange) if is_bag(order) else contract11(listing, exchange))


def _common(order: SimOrder, listing: Listing) -> tuple[dict[str, str], dict[str, tuple[tuple[str, ...], ...]]]:
    """Return what openOrder and completedOrder share; ``listing`` is the first leg's."""
    request = order.request
    values, rows = _from_raw(request.raw)
    values |= _contract(order, listing, values.get("exchange", "SMART"))
    values |= {
        "action": request.action,
        "totalQuantity": str(request.quantity),
        "orderType": request.order_type,
        "lmtPrice": text(0.0 if request.limit is None else float(request.limit)),
        "tif": request.tif,
        "account": request.account,
        "orderRef": request.order_ref,
        "permId": str(order.perm_id),
        "status": str(order.status),
    }
    if is_bag(order):
        values["comboLegsDescrip"] = ",".join(f"{leg.con_id}|{leg.ratio}" for leg in request.legs)
    return values, rows


def open_order_record(order: SimOrder, listing: Listing, commission_usd: float | None = None) -> Record:
    """Return the fields of openOrder."""
    values, rows = _common(order, listing)
    request = order.request
    values |= {
        "orderId": str(request.order_id),
        "clientId": str(request.client_id),
        "sharesAllocation": f"{order.perm_id}.0/{request.account}/{request.quantity}",
    }
    if commission_usd is not None:
        values |= {"commission": text(round(commission_usd, 4)), "commissionCurrency": "USD"}
    return Record(values, rows)


@lru_cache(maxsize=256)  # what rests is listed again and again
def open_order_message(version: int, order: SimOrder, listing: Listing) -> bytes:
    """Return the openOrder message of an order as it stands."""
    return out.open_order(version, open_order_record(order, listing))


def what_if_record(order: SimOrder, listing: Listing, answer: WhatIf | None) -> Record:
    """Return openOrder with margins; ``answer`` None leaves them unset in the spelling that clients wait on."""
    values, rows = _common(order, listing)
    values |= {
        "orderId": str(order.request.order_id),
        "clientId": str(order.request.client_id),
        "whatIf": "1",
        "status": str(SimStatus.PRE_SUBMITTED),
    }
    if answer is None:
        # Lower case e: clients that compare the text keep waiting for the real reply.
        lower = UNSET_DOUBLE.replace("E308", "e+308")
        values |= {f"{name}{when}": lower for name in MARGIN_FIELDS for when in ("Before", "Change", "After")}
        return Record(values, rows)
    before = (answer.initial_before, answer.maintenance_before, answer.equity_before)
    after = (answer.initial_after, answer.maintenance_after, answer.equity_after)
    for name, was, becomes in zip(MARGIN_FIELDS, before, after, strict=True):
        values |= {
            f"{name}Before": text(round(was, 2)),
            f"{name}Change": text(round(becomes - was, 2)),
            f"{name}After": text(round(becomes, 2)),
        }
    values |= {"commission": text(round(answer.commission, 4)), "commissionCurrency": "USD"}
    return Record(values, rows)


def completed_order_record(order: SimOrder, listing: Listing) -> Record:
    """Return the fields of completedOrder; a filled order shows quantity 0 and what was filled."""
    values, rows = _common(order, listing)
    filled = order.status is SimStatus.FILLED
    ends = {SimStatus.FILLED: f"Filled Size: {order.filled}", SimStatus.INACTIVE: "Rejected by System"}
    values |= {
        "totalQuantity": "0" if filled else str(order.request.quantity),
        "filledQuantity": str(order.filled),
        "completedTime": time_text(order.completed_at or order.submitted_at),
        "completedStatus": ends.get(order.status, "Cancelled by Trader"),
    }
    return Record(values, rows)


def status_message(order: SimOrder) -> bytes:
    """Return the orderStatus message of an order."""
    request = order.request
    return out.order_status(
        request.order_id,
        str(order.status),
        order.filled,
        order.remaining,
        float(order.average_price),
        order.perm_id,
        0,
        float(order.last_price),
        request.client_id,
        "",
        0.0,
    )


def execution_record(execution: SimExecution, contract: tuple[str, ...], req_id: int) -> Record:
    """Return the fields of execDetails; ``contract`` is the leg's or the combo's."""
    return Record(
        {
            "reqId": str(req_id),
            "orderId": str(execution.order_id),
            **named(contract),
            "execId": execution.exec_id,
            "time": time_text(execution.at),
            "account": execution.account,
            "execExchange": contract[7],
            "side": execution.side,
            "shares": str(execution.quantity),
            "price": text(float(execution.price)),
            "permId": str(execution.perm_id),
            "clientId": str(execution.client_id),
            "cumQty": str(execution.cumulative),
            "avgPrice": text(float(execution.average_price)),
            "orderRef": execution.order_ref,
        }
    )


def commission_message(execution: SimExecution) -> bytes | None:
    """Return the commissionReport of an execution; None for a combo as a whole, which has none."""
    if execution.commission is None:
        return None
    realized = UNSET_DOUBLE if execution.realized_pnl is None else execution.realized_pnl
    return out.commission_report(execution.exec_id, execution.commission, realized)
