"""One client's side of the protocol: handshake, start, and the table of requests. No input or output of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from daemon.sim.gateway import (
    account_data,
    bar_data,
    calculations,
    contract_data,
    market_data,
    order_entry,
    pnl,
    tick_by_tick,
)
from daemon.sim.gateway import messages_in as read
from daemon.sim.gateway import messages_out as out
from daemon.sim.gateway.client import Client, ClientState
from daemon.sim.gateway.codec import (
    MAX_VERSION,
    MIN_VERSION,
    FieldError,
    Fields,
    FrameReader,
    ProtocolError,
    RequestRefused,
    split,
)
from daemon.sim.gateway.config import MARKER_CODE, MARKER_TEXT, MAX_CLIENTS
from daemon.sim.gateway.fault_plan import Kind
from daemon.sim.gateway.hub import Hub
from daemon.sim.gateway.messages_in import In
from daemon.sim.gateway.times import time_text

Handler = Callable[[Hub, Client, Fields], None]

_NOTICES: Final = (
    (2104, "Market data farm connection is OK:usfarm"),
    (2104, "Market data farm connection is OK:usopt"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefnj"),
    (MARKER_CODE, MARKER_TEXT),
)
_IN_USE: Final = "Unable to connect as the client id is already in use. Retry with a unique client id."


def _current_time(hub: Hub, client: Client, fields: Fields) -> None:
    read.nothing(fields)
    client.put(out.current_time(int(hub.now.timestamp())))


def _managed_accounts(hub: Hub, client: Client, fields: Fields) -> None:
    read.nothing(fields)
    client.put(out.managed_accounts(hub.config.accounts))


HANDLERS: Final[Mapping[int, Handler]] = {
    In.MARKET_DATA: market_data.open_line,
    In.CANCEL_MARKET_DATA: market_data.cancel_line,
    In.PLACE_ORDER: order_entry.place,
    In.CANCEL_ORDER: order_entry.cancel,
    In.OPEN_ORDERS: order_entry.open_orders,
    In.ACCOUNT_UPDATES: account_data.account_updates,
    In.EXECUTIONS: order_entry.executions,
    In.IDS: order_entry.next_ids,
    In.CONTRACT_DETAILS: contract_data.contract_details,
    In.AUTO_OPEN_ORDERS: order_entry.auto_open_orders,
    In.ALL_OPEN_ORDERS: order_entry.all_open_orders,
    In.MANAGED_ACCOUNTS: _managed_accounts,
    In.HISTORICAL_DATA: bar_data.historical_data,
    In.CANCEL_HISTORICAL_DATA: bar_data.cancel_historical_data,
    In.CURRENT_TIME: _current_time,
    In.REAL_TIME_BARS: bar_data.real_time_bars,
    In.CANCEL_REAL_TIME_BARS: bar_data.cancel_real_time_bars,
    In.IMPLIED_VOLATILITY: calculations.implied_volatility,
    In.OPTION_PRICE: calculations.option_price,
    In.CANCEL_IMPLIED_VOLATILITY: calculations.cancel,
    In.CANCEL_OPTION_PRICE: calculations.cancel,
    In.GLOBAL_CANCEL: order_entry.global_cancel,
    In.MARKET_DATA_TYPE: market_data.market_data_type,
    In.POSITIONS: account_data.positions,
    In.ACCOUNT_SUMMARY: account_data.account_summary,
    In.CANCEL_ACCOUNT_SUMMARY: account_data.cancel_feed,
    In.CANCEL_POSITIONS: account_data.cancel_positions,
    In.POSITIONS_MULTI: account_data.positions_multi,
    In.CANCEL_POSITIONS_MULTI: account_data.cancel_positions_multi,
    In.ACCOUNT_UPDATES_MULTI: account_data.account_updates_multi,
    In.CANCEL_ACCOUNT_UPDATES_MULTI: account_data.cancel_feed,
    In.OPTION_PARAMS: contract_data.option_params,
    In.MATCHING_SYMBOLS: contract_data.matching_symbols,
    In.HEAD_TIMESTAMP: bar_data.head_timestamp,
    In.CANCEL_HEAD_TIMESTAMP: bar_data.cancel_head_timestamp,
    In.MARKET_RULE: contract_data.market_rule,
    In.PNL: pnl.pnl,
    In.CANCEL_PNL: pnl.cancel,
    In.PNL_SINGLE: pnl.pnl_single,
    In.CANCEL_PNL_SINGLE: pnl.cancel,
    In.TICK_BY_TICK: tick_by_tick.open_stream,
    In.CANCEL_TICK_BY_TICK: tick_by_tick.cancel_stream,
    In.COMPLETED_ORDERS: order_entry.completed_orders,
}

_TRADING: Final = frozenset(
    {In.PLACE_ORDER, In.CANCEL_ORDER, In.GLOBAL_CANCEL, In.OPEN_ORDERS, In.ALL_OPEN_ORDERS, In.AUTO_OPEN_ORDERS}
)
"""What a read-only API refuses."""
_READ_ONLY: Final = "Error validating request.-'cY' : cause - The API interface is currently in Read-Only mode."

# Where the request id stands after the message id, for requests that have one: an error can then end the request.
REQ_ID_AT: Final[Mapping[int, int]] = {
    **dict.fromkeys(
        (3, 20, 78, 81, 83, 84, 86, 87, 88, 89, 90, 92, 93, 94, 95, 96, 97, 98, 100, 101, 102, 103, 104), 0
    ),
    **dict.fromkeys((1, 2, 4, 7, 9, 10, 11, 21, 25, 50, 51, 52, 53, 54, 55, 56, 57, 62, 63, 74, 75, 76, 77), 1),
}


class Session:
    """One client. ``feed`` takes bytes and never blocks; what it has to say goes through the client's ``send``."""

    def __init__(self, hub: Hub, client: Client, *, stepped: Callable[[], None]) -> None:
        self._hub = hub
        self._client = client
        self._stepped = stepped
        self._frames = FrameReader()

    @property
    def client_id(self) -> int:
        """The client's number, -1 before it started."""
        return self._client.client_id

    def hurry(self) -> None:
        """Close the connection unless it has said who it is."""
        if self._client.state in (ClientState.HELLO, ClientState.GREETED):
            self._hub.drop(self._client)

    def feed(self, data: bytes) -> None:
        """Take bytes from the client, split anywhere. Garbage closes this connection and no other."""
        if self._client.state is ClientState.CLOSED:
            return
        order_entry.route(self._hub, self._hub.catch_up())
        try:
            for payload in self._frames.feed(data):
                self._take(payload)
        except ProtocolError:
            self._client.closing = True
        market_data.send_first_ticks(self._hub, self._client)
        self._stepped()

    def closed(self) -> None:
        """Take note that the connection is gone."""
        self._hub.forget(self._client)

    def _take(self, payload: bytes) -> None:
        if self._client.closing:
            return
        state = self._client.state
        if state is ClientState.HELLO:
            self._greet(payload)
        elif state is ClientState.GREETED:
            self._start(payload)
        elif state is ClientState.STARTED:
            self._serve(payload)

    def _greet(self, payload: bytes) -> None:
        try:
            lowest, highest = read.hello(payload)
        except FieldError as cause:
            raise ProtocolError(str(cause)) from cause
        if highest < MIN_VERSION or lowest > MAX_VERSION:
            raise ProtocolError(f"the client offers versions {lowest} to {highest}")
        self._client.version = min(highest, MAX_VERSION)
        self._client.state = ClientState.GREETED
        self._client.put(out.handshake(self._client.version, time_text(self._hub.now)))

    def _start(self, payload: bytes) -> None:
        try:
            message_id, *rest = split(payload)
            client_id = read.start_api(Fields(rest)) if message_id == str(In.START_API.value) else -1
        except FieldError as cause:
            raise ProtocolError(str(cause)) from cause
        if client_id < 0:
            raise ProtocolError("the first message is not a start with a client id")
        client, hub = self._client, self._hub
        if hub.owner(client_id) is not None:
            hub.error(client, -1, 326, _IN_USE)
            client.closing = True
            return
        if len(hub.started()) >= MAX_CLIENTS:
            client.closing = True
            return
        client.client_id, client.state = client_id, ClientState.STARTED
        client.put(out.managed_accounts(hub.config.accounts))
        client.put(out.next_valid_id(hub.exchange.next_order_id(client_id)))
        for code, notice in _NOTICES:
            hub.error(client, -1, code, notice)

    def _serve(self, payload: bytes) -> None:
        fields: list[str] = []
        try:
            fields = split(payload)
            self._dispatch(fields)
        except FieldError as cause:
            self._hub.error(self._client, _req_id(fields), 320, f"Error reading request. {cause}")
        except RequestRefused as refusal:
            self._hub.error(self._client, refusal.req_id, refusal.code, str(refusal))

    def _dispatch(self, fields: list[str]) -> None:
        if not fields:
            raise FieldError("the message is empty")
        handler = HANDLERS.get(_message_id(fields))
        if handler is None:
            raise RequestRefused(
                _req_id(fields),
                321,
                f"Error validating request. Message {fields[0][:20]!r} is not served by this gateway.",
            )
        if _message_id(fields) in _TRADING and self._hub.faults.holds(Kind.READ_ONLY, self._hub.now):
            raise RequestRefused(_req_id(fields), 321, _READ_ONLY)
        handler(self._hub, self._client, Fields(fields[1:]))


def _message_id(fields: list[str]) -> int:
    head = fields[0]
    return int(head) if head.isascii() and head.isdigit() and len(head) < 5 else -1


def _req_id(fields: list[str]) -> int:
    """Return the request id of a message that cannot be served, -1 when it has none that can be read."""
    place = REQ_ID_AT.get(_message_id(fields)) if fields else None
    if place is None or len(fields) < place + 2:
        return -1
    said = fields[place + 1]
    return int(said) if said.isascii() and said.isdigit() and len(said) < 11 else -1
