"""Messages from the gateway to a client: one table of shapes, one function a message, bytes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from daemon.sim.gateway.codec import Value, frame, text
from daemon.sim.gateway.layout import Layout, Record, Rows, encode, plain
from daemon.sim.gateway.order_layouts import COMPLETED_ORDER, CONTRACT11, OPEN_ORDER


class Out(IntEnum):
    """Message ids."""

    TICK_PRICE = 1
    TICK_SIZE = 2
    ORDER_STATUS = 3
    ERROR = 4
    OPEN_ORDER = 5
    ACCOUNT_VALUE = 6
    PORTFOLIO = 7
    ACCOUNT_TIME = 8
    NEXT_VALID_ID = 9
    CONTRACT_DETAILS = 10
    EXECUTION = 11
    MANAGED_ACCOUNTS = 15
    HISTORICAL_DATA = 17
    TICK_GREEKS = 21
    CURRENT_TIME = 49
    CONTRACT_DETAILS_END = 52
    OPEN_ORDER_END = 53
    ACCOUNT_DOWNLOAD_END = 54
    EXECUTION_END = 55
    TICK_SNAPSHOT_END = 57
    MARKET_DATA_TYPE = 58
    COMMISSION_REPORT = 59
    POSITION = 61
    POSITION_END = 62
    ACCOUNT_SUMMARY = 63
    ACCOUNT_SUMMARY_END = 64
    POSITION_MULTI = 71
    POSITION_MULTI_END = 72
    ACCOUNT_UPDATE_MULTI = 73
    ACCOUNT_UPDATE_MULTI_END = 74
    OPTION_PARAMS = 75
    OPTION_PARAMS_END = 76
    TICK_REQ_PARAMS = 81
    MARKET_RULE = 93
    COMPLETED_ORDER = 101
    COMPLETED_ORDERS_END = 102


@dataclass(frozen=True, slots=True)
class Shape:
    """How a message begins (its id, and the constant of those that have a version field) and its exact field count.

    ``count`` None means that it depends on the content; the layouts assert those.
    """

    head: tuple[str, ...]
    count: int | None


def _shape(kind: Out, constant: str | None, count: int | None) -> Shape:
    return Shape((str(kind.value),) if constant is None else (str(kind.value), constant), count)


SHAPES: Final[Mapping[Out, Shape]] = {
    kind: _shape(kind, constant, count)
    for kind, constant, count in (
        (Out.TICK_PRICE, "6", 7),
        (Out.TICK_SIZE, "6", 5),
        (Out.ORDER_STATUS, None, 12),
        (Out.ERROR, "2", None),
        (Out.OPEN_ORDER, None, None),
        (Out.ACCOUNT_VALUE, "2", 6),
        (Out.PORTFOLIO, "8", 20),
        (Out.ACCOUNT_TIME, "1", 3),
        (Out.NEXT_VALID_ID, "1", 3),
        (Out.CONTRACT_DETAILS, None, None),
        (Out.EXECUTION, None, None),
        (Out.MANAGED_ACCOUNTS, "1", 3),
        (Out.HISTORICAL_DATA, None, None),
        (Out.TICK_GREEKS, None, 12),
        (Out.CURRENT_TIME, "1", 3),
        (Out.CONTRACT_DETAILS_END, "1", 3),
        (Out.OPEN_ORDER_END, "1", 2),
        (Out.ACCOUNT_DOWNLOAD_END, "1", 3),
        (Out.EXECUTION_END, "1", 3),
        (Out.TICK_SNAPSHOT_END, "1", 3),
        (Out.MARKET_DATA_TYPE, "1", 4),
        (Out.COMMISSION_REPORT, "1", 8),
        (Out.POSITION, "3", 16),
        (Out.POSITION_END, "1", 2),
        (Out.ACCOUNT_SUMMARY, "1", 7),
        (Out.ACCOUNT_SUMMARY_END, "1", 3),
        (Out.POSITION_MULTI, "1", 18),
        (Out.POSITION_MULTI_END, "1", 3),
        (Out.ACCOUNT_UPDATE_MULTI, "1", 8),
        (Out.ACCOUNT_UPDATE_MULTI_END, "1", 3),
        (Out.OPTION_PARAMS, None, None),
        (Out.OPTION_PARAMS_END, None, 2),
        (Out.TICK_REQ_PARAMS, None, 5),
        (Out.MARKET_RULE, None, None),
        (Out.COMPLETED_ORDER, None, None),
        (Out.COMPLETED_ORDERS_END, None, 1),
    )
}

CONTRACT_DETAILS: Final[Layout] = (
    *plain(
        "messageVersion=8@-163 reqId symbol secType lastTradeDate strike=0 right exchange currency localSymbol "
        "marketName tradingClass conId=0 minTick=0 mdSizeMultiplier=100@-163 multiplier orderTypes validExchanges "
        "priceMagnifier=1 underConId=0 longName primaryExchange contractMonth industry category subcategory "
        "timeZoneId tradingHours liquidHours evRule evMultiplier=0"
    ),
    Rows("secIds", 2),
    *plain(
        "aggGroup=1 underSymbol underSecType marketRuleIds realExpirationDate stockType "
        "minSize=1@164 sizeIncrement=1@164 suggestedSizeIncrement=1@163"
    ),
)
EXECUTION: Final[Layout] = (
    *plain("reqId=-1 orderId"),
    *CONTRACT11,
    *plain(
        "execId time account execExchange side shares price permId clientId liquidation=0 cumQty avgPrice orderRef "
        "evRule evMultiplier modelCode lastLiquidity=2 pendingPriceRevision=0@178"
    ),
)

Texts = Sequence[str]
_GREEKS: Final = 8


def _message(kind: Out, *values: Value) -> bytes:
    return _texts(kind, *map(text, values))


def _texts(kind: Out, *texts: str) -> bytes:
    """Return a message whose fields are texts already."""
    shape = SHAPES[kind]
    fields = [*shape.head, *texts]
    assert shape.count is None or len(fields) == shape.count, f"{kind.name} has {len(fields)} fields"
    return frame(fields)


def _record_message(kind: Out, layout: Layout, version: int, record: Record) -> bytes:
    return frame([*SHAPES[kind].head, *encode(layout, version, record)])


def handshake(version: int, connection_time: str) -> bytes:
    """Answer the client's hello; the only message without an id."""
    return frame([str(version), connection_time])


def error(version: int, req_id: int, code: int, message: str) -> bytes:
    """Send a message code; ``req_id`` -1 when it belongs to no request."""
    if version >= 166:
        return _message(Out.ERROR, req_id, code, message, "")
    return _message(Out.ERROR, req_id, code, message)


def managed_accounts(accounts: Sequence[str]) -> bytes:
    """List the accounts of the login."""
    return _message(Out.MANAGED_ACCOUNTS, ",".join(accounts))


def next_valid_id(order_id: int) -> bytes:
    """Say which order id this client may use next."""
    return _message(Out.NEXT_VALID_ID, order_id)


def current_time(epoch_s: int) -> bytes:
    """Answer the heartbeat."""
    return _message(Out.CURRENT_TIME, epoch_s)


def tick_price(req_id: int, kind: int, price: float, size: int) -> bytes:
    """Send a price with its size; price -1 with size 0 is "none"."""
    return _message(Out.TICK_PRICE, req_id, kind, price, size, 0)


def tick_size(req_id: int, kind: int, size: int) -> bytes:
    """Send a size whose price did not change."""
    return _message(Out.TICK_SIZE, req_id, kind, size)


def tick_greeks(req_id: int, kind: int, numbers: Sequence[float]) -> bytes:
    """Send iv, delta, price, present value of dividends, gamma, vega, theta, underlying price (already rounded).

    By far the most frequent message, so it does without the table.
    """
    assert len(numbers) == _GREEKS, f"{len(numbers)} greeks"
    return frame(["21", str(req_id), str(kind), "0", *map(repr, numbers)])


def tick_req_params(req_id: int, min_tick: float, bbo_exchange: str) -> bytes:
    """Open a stream: smallest price step and the key of its exchanges."""
    return _message(Out.TICK_REQ_PARAMS, req_id, min_tick, bbo_exchange, 3)


def tick_snapshot_end(req_id: int) -> bytes:
    """End a snapshot."""
    return _message(Out.TICK_SNAPSHOT_END, req_id)


def market_data_type(req_id: int, kind: int) -> bytes:
    """Say how fresh a line is: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""
    return _message(Out.MARKET_DATA_TYPE, req_id, kind)


def open_order(version: int, record: Record) -> bytes:
    """Show an order."""
    return _record_message(Out.OPEN_ORDER, OPEN_ORDER, version, record)


def open_order_end() -> bytes:
    """End the list of open orders."""
    return _message(Out.OPEN_ORDER_END)


def completed_order(version: int, record: Record) -> bytes:
    """Show an order that is over."""
    return _record_message(Out.COMPLETED_ORDER, COMPLETED_ORDER, version, record)


def completed_orders_end() -> bytes:
    """End the list of completed orders."""
    return _message(Out.COMPLETED_ORDERS_END)


def order_status(*values: Value) -> bytes:
    """Send order id, status, filled, remaining, average price, perm id, parent, last price, client, held, cap."""
    return _message(Out.ORDER_STATUS, *values)


def execution(version: int, record: Record) -> bytes:
    """Report one fill."""
    return _record_message(Out.EXECUTION, EXECUTION, version, record)


def execution_end(req_id: int) -> bytes:
    """End the list of executions."""
    return _message(Out.EXECUTION_END, req_id)


def commission_report(exec_id: str, commission_usd: float, realized: Value) -> bytes:
    """Report the fee of one execution; an unset realised result is given in the gateway's spelling."""
    return _message(Out.COMMISSION_REPORT, exec_id, commission_usd, "USD", realized, "1.7976931348623157E308", "")


def contract_details(version: int, record: Record) -> bytes:
    """Describe one contract."""
    return _record_message(Out.CONTRACT_DETAILS, CONTRACT_DETAILS, version, record)


def contract_details_end(req_id: int) -> bytes:
    """End the contracts of one request."""
    return _message(Out.CONTRACT_DETAILS_END, req_id)


def option_params(req_id: int, head: tuple[str, int, str, str], expiries: Texts, strikes: Texts) -> bytes:
    """List what is listed of one class at one exchange; ``head``: exchange, underlying con id, class, multiplier."""
    return _message(Out.OPTION_PARAMS, req_id, *head, len(expiries), *expiries, len(strikes), *strikes)


def option_params_end(req_id: int) -> bytes:
    """End the option parameters of one request."""
    return _message(Out.OPTION_PARAMS_END, req_id)


def historical_data(req_id: int, start: str, end: str, bars: Sequence[tuple[Value, ...]]) -> bytes:
    """Send bars: date, open, high, low, close, volume, average, count."""
    assert all(len(bar) == 8 for bar in bars)
    return _message(Out.HISTORICAL_DATA, req_id, start, end, len(bars), *(value for bar in bars for value in bar))


def market_rule(rule_id: int, steps: Sequence[tuple[float, float]]) -> bytes:
    """Send the price steps of a rule: lower edge, increment."""
    return _message(Out.MARKET_RULE, rule_id, len(steps), *(value for step in steps for value in step))


def position(account: str, contract: Texts, quantity: int, average_cost: float) -> bytes:
    """Send one position; its contract has no exchange."""
    return _texts(Out.POSITION, account, *contract, text(quantity), text(average_cost))


def position_end() -> bytes:
    """End the first list of positions."""
    return _message(Out.POSITION_END)


def position_multi(req_id: int, account: str, contract: Texts, *, quantity: int, average_cost: float) -> bytes:
    """Send one position to a request for one account."""
    return _message(Out.POSITION_MULTI, req_id, account, *contract, quantity, average_cost, "")


def position_multi_end(req_id: int) -> bytes:
    """End the first list of positions of such a request."""
    return _message(Out.POSITION_MULTI_END, req_id)


def portfolio(contract: Texts, values: Sequence[float], account: str) -> bytes:
    """Send position, price, value, average cost, unrealised and realised result of one contract."""
    return _texts(Out.PORTFOLIO, *contract, *map(text, values), account)


def account_value(key: str, value: str, currency: str, account: str) -> bytes:
    """Send one account value."""
    return _texts(Out.ACCOUNT_VALUE, key, value, currency, account)


def account_time(clock_text: str) -> bytes:
    """Say when the account was last updated, as HH:MM."""
    return _message(Out.ACCOUNT_TIME, clock_text)


def account_download_end(account: str) -> bytes:
    """End the first set of account values."""
    return _message(Out.ACCOUNT_DOWNLOAD_END, account)


def account_update_multi(req_id: int, account: str, *, key: str, value: str, currency: str) -> bytes:
    """Send one account value to a request for one account."""
    return _message(Out.ACCOUNT_UPDATE_MULTI, req_id, account, "", key, value, currency)


def account_update_multi_end(req_id: int) -> bytes:
    """End the first set of such a request."""
    return _message(Out.ACCOUNT_UPDATE_MULTI_END, req_id)


def account_summary(req_id: int, account: str, *, tag: str, value: str, currency: str) -> bytes:
    """Send one value of an account summary."""
    return _message(Out.ACCOUNT_SUMMARY, req_id, account, tag, value, currency)


def account_summary_end(req_id: int) -> bytes:
    """End the first set of an account summary."""
    return _message(Out.ACCOUNT_SUMMARY_END, req_id)
