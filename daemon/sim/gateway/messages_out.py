"""Messages from the gateway to a client: one function a message, bytes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from daemon.sim.gateway.codec import Value, frame, text
from daemon.sim.gateway.layout import Layout, Record, Rows, encode, plain
from daemon.sim.gateway.order_layouts import COMPLETED_ORDER, CONTRACT11, OPEN_ORDER
from daemon.sim.gateway.shapes import SHAPES, Out

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


@dataclass(frozen=True, slots=True)
class SymbolSample:
    """One answer to a search: con id, symbol, kind, primary exchange and currency, what is derived of it, its name."""

    head: Texts
    derivatives: Texts
    description: str


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


def tick_generic(req_id: int, kind: int, value: float) -> bytes:
    """Send a number that is neither a price nor a size."""
    return _message(Out.TICK_GENERIC, req_id, kind, value)


def tick_string(req_id: int, kind: int, value: str) -> bytes:
    """Send a value that is a text."""
    return _message(Out.TICK_STRING, req_id, kind, value)


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


def historical_data_update(req_id: int, bar: tuple[Value, ...]) -> bytes:
    """Send the newest bar of a list that goes on; it has the fields of ``historical_data``, in another order."""
    date, opened, high, low, close, volume, average, count = bar
    return _message(Out.HISTORICAL_DATA_UPDATE, req_id, count, date, opened, close, high, low, average, volume)


def head_timestamp(req_id: int, said: str) -> bytes:
    """Say when the earliest bar starts."""
    return _message(Out.HEAD_TIMESTAMP, req_id, said)


def real_time_bar(req_id: int, start_epoch_s: int, prices: Sequence[float]) -> bytes:
    """Send a bar of five seconds (open, high, low, close); nothing trades here, so volume and count are 0."""
    return _message(Out.REAL_TIME_BAR, req_id, start_epoch_s, *prices, 0, prices[-1], 0)


def tick_by_tick(req_id: int, kind: int, epoch_s: int, values: Sequence[Value]) -> bytes:
    """Send one tick: 1 last and 2 all last (price, size, mask, exchange, conditions), 3 bid and ask, 4 mid."""
    assert len(values) == {1: 5, 2: 5, 3: 5, 4: 1}[kind], f"{len(values)} values for kind {kind}"
    return _message(Out.TICK_BY_TICK, req_id, kind, epoch_s, *values)


def symbol_samples(version: int, req_id: int, samples: Sequence[SymbolSample]) -> bytes:
    """Send what a search has found."""
    fields = [str(req_id), str(len(samples))]
    for one in samples:
        fields += [*one.head, str(len(one.derivatives)), *one.derivatives]
        fields += [one.description, ""] if version >= 176 else []
    return _texts(Out.SYMBOL_SAMPLES, *fields)


def pnl(req_id: int, values: Sequence[Value]) -> bytes:
    """Send daily, unrealised and realised result of an account."""
    return _message(Out.PNL, req_id, *values)


def pnl_single(req_id: int, values: Sequence[Value]) -> bytes:
    """Send position, daily, unrealised and realised result and value of one contract."""
    return _message(Out.PNL_SINGLE, req_id, *values)


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
