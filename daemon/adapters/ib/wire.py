"""One connection to a gateway: our requests as the library's calls."""

# Most of the library is untyped.
# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, cast

from daemon.adapters.ib.connections import Listener, MemoryConnection, TcpConnection
from daemon.adapters.ib.contracts import (
    COMBO,
    CURRENCY,
    SMART,
    exchange_of,
    kind_of,
    place_of,
    sec_type_of,
)
from daemon.adapters.ib.greeting import Greeting
from daemon.adapters.ib.messages import Inbox, LegOrder, OptionQuery, OrderTicket
from daemon.adapters.ib.receiver import Alarm, RawHandlers, Receiver
from daemon.adapters.ib.recording import Tape
from daemon.adapters.ib.transport import Transport
from daemon.adapters.ib.vendor import (
    IB,
    Client,
    ComboLeg,
    Connection,
    Contract,
    ExecutionFilter,
    Order,
    quiet_logger,
)
from daemon.core.market.contracts import ContractInfo, OptionContract
from daemon.errors import InvariantError, LinkDownError

ROOM_LOOK_S: Final = 0.01
"""Least time between two looks for room in the throttle."""


class OwnIb(IB):
    """The library's entry object with our receiver and our connection in place of its own."""

    def __init__(self, inbox: Inbox, connection: Connection) -> None:
        super().__init__()
        self.wrapper = Receiver(self, inbox)
        self.client = client = Client(self.wrapper)
        client.conn = connection
        # The two lines that the client's own constructor has for its own connection.
        connection.hasData += client._onSocketHasData  # noqa: SLF001
        connection.disconnected += client._onSocketDisconnected  # noqa: SLF001
        client.decoder.logger = cast("logging.Logger", Alarm(client.decoder.logger, inbox))
        client.decoder.handlers.update(RawHandlers(client, inbox).table())

    def __del__(self) -> None:
        """Do nothing: the connection is closed by its owner, not by the collector of garbage."""


class Wire:
    """One connection to a gateway, used once."""

    def __init__(
        self,
        inbox: Inbox,
        address: str,
        transport: Transport | None,
        *,
        orders: bool = True,
        tape: Tape | None = None,
    ) -> None:
        """Make a connection; without ``orders`` it sends no order that is more than a preview."""
        quiet_logger()
        self._orders = orders
        self.greeting = Greeting(address)
        self._inbox = inbox
        self._verdict: asyncio.Future[None] | None = None
        self._closing = False
        self.last_id = 0
        self._listener = listener = Listener(self.greeting, self.fail, tape=tape)
        self._connection = (
            TcpConnection(listener, self._lost)
            if transport is None
            else MemoryConnection(listener, self._lost, transport)
        )
        self._ib = OwnIb(inbox, self._connection)

    async def room(self) -> None:
        """Wait until the library's throttle lets a request leave at once; without a connection do not wait."""
        client, now = self._ib.client, asyncio.get_running_loop().time
        while client.isConnected():
            recent = [at for at in client._timeQ if now() - at <= client.RequestsInterval]  # noqa: SLF001
            if len(recent) < client.MaxRequests and not client._msgQ:  # noqa: SLF001
                return
            oldest = recent[0] if recent else now()
            await asyncio.sleep(max(ROOM_LOOK_S, oldest + client.RequestsInterval - now()))

    async def connect(self, host: str, port: int, client_id: int, *, timeout_s: float, account: str | None) -> None:
        """Run the library's connect; raises the first verdict passed on the peer, or what the library raised."""
        self._verdict = asyncio.get_running_loop().create_future()
        self._verdict.add_done_callback(lambda future: future.cancelled() or future.exception())
        connecting = asyncio.ensure_future(
            self._ib.connectAsync(host, port, client_id, timeout=timeout_s, account=account or "")
        )
        try:
            await asyncio.wait({connecting, self._verdict}, return_when=asyncio.FIRST_COMPLETED)
            # What the library found comes first: it hangs up after its own time-outs, which looks like a verdict.
            await (connecting if connecting.done() else self._verdict)
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            self._verdict.cancel()
            self._verdict = None

    def fail(self, error: Exception) -> None:
        """Pass a verdict on the peer while connecting."""
        if self._verdict is not None and not self._verdict.done():
            self._verdict.set_exception(error)

    def close(self) -> None:
        """Close the connection; nothing more is heard of it."""
        self._closing = True
        self._ib.client.disconnect()
        self._listener.over()

    @property
    def bytes_received(self) -> int:
        """Bytes that have come."""
        return self._connection.bytes_received

    @property
    def sent(self) -> int:
        """Messages sent."""
        return int(self._connection.numMsgSent)

    @property
    def server_version(self) -> int:
        """The version that the gateway announced."""
        return int(self._ib.client.serverVersion())

    @property
    def reached(self) -> bool:
        """Whether the port accepted the connection."""
        return self._listener.reached

    @property
    def heard(self) -> bool:
        """Whether the peer has sent a single byte."""
        return self._listener.heard

    def next_id(self) -> int:
        """Return a new id, above every order id seen and every id used."""
        self.last_id = int(self._call(self._ib.client.getReqId))
        return self.last_id

    def keep_above(self, used_id: int) -> None:
        """Never use an id up to this one."""
        self._ib.client.updateReqId(used_id + 1)

    def _lost(self, text: str) -> None:
        self.fail(ConnectionResetError(text or "end of file"))
        if not self._closing:
            self._inbox.closed(text)

    def _call(self, method: Callable[..., Any], *args: Any) -> Any:
        try:
            return method(*args)
        except ConnectionError as error:
            raise LinkDownError(f"The request was not sent: {error}.") from error

    def ask_time(self) -> None:
        """Ask for the gateway's time."""
        self._call(self._ib.client.reqCurrentTime)

    def ask_positions(self) -> None:
        """Ask for all positions."""
        self._call(self._ib.client.reqPositions)

    def ask_open_orders(self) -> None:
        """Ask for the open orders of every client."""
        self._call(self._ib.client.reqAllOpenOrders)

    def ask_completed_orders(self) -> None:
        """Ask for the orders that ended today."""
        self._call(self._ib.client.reqCompletedOrders, False)

    def ask_executions(self, request_id: int) -> None:
        """Ask for today's executions of every client."""
        self._call(self._ib.client.reqExecutions, request_id, ExecutionFilter())

    def ask_summary(self, request_id: int, tags: str) -> None:
        """Ask for account values."""
        self._call(self._ib.client.reqAccountSummary, request_id, "All", tags)

    def cancel_summary(self, request_id: int) -> None:
        """End the subscription that every summary is."""
        self._call(self._ib.client.cancelAccountSummary, request_id)

    def ask_index(self, request_id: int, symbol: str) -> None:
        """Ask for the details of an index or a fund."""
        self._call(self._ib.client.reqContractDetails, request_id, _index(symbol))

    def ask_option(self, request_id: int, query: OptionQuery) -> None:
        """Ask for the details of an option or a future."""
        contract = Contract(
            secType=query.sec_type,
            symbol=query.symbol,
            lastTradeDateOrContractMonth=query.expires,
            strike=query.strike,
            right=query.right,
            multiplier=query.multiplier,
            exchange=query.exchange,
            currency=CURRENCY,
            tradingClass=query.trading_class,
        )
        self._call(self._ib.client.reqContractDetails, request_id, contract)

    def ask_rule(self, rule_id: int) -> None:
        """Ask for the price steps of a market rule."""
        self._call(self._ib.client.reqMarketRule, rule_id)

    def ask_chain(self, request_id: int, symbol: str, con_id: int) -> None:
        """Ask for the option parameters of an index or a fund."""
        self._call(self._ib.client.reqSecDefOptParams, request_id, symbol, "", kind_of(symbol), con_id)

    def ask_bars(self, request_id: int, symbol: str, *, duration: str, size: str) -> None:
        """Ask for bars of an index or a fund up to now, in regular hours."""
        self._call(
            self._ib.client.reqHistoricalData,
            request_id,
            _index(symbol),
            "",
            duration,
            size,
            "TRADES",
            True,
            2,
            False,
            [],
        )

    def open_index_line(self, request_id: int, symbol: str) -> None:
        """Open a market-data line of an index or a fund."""
        self._call(self._ib.client.reqMktData, request_id, _index(symbol), "", False, False, [])

    def open_line(self, request_id: int, info: ContractInfo, *, ticks: str = "") -> None:
        """Open a market-data line of a contract; ``ticks`` are the generic ones wanted besides prices and greeks."""
        wanted = _contract(info.con_id, info.contract)
        self._call(self._ib.client.reqMktData, request_id, wanted, ticks, False, False, [])

    def want_frozen(self) -> None:
        """Ask for the last values of a market that is closed; an open one tells live values all the same."""
        self._call(self._ib.client.reqMarketDataType, 2)

    def close_line(self, request_id: int) -> None:
        """Close a market-data line."""
        self._call(self._ib.client.cancelMktData, request_id)

    def order_contract(self, first: OptionContract, legs: tuple[LegOrder, ...]) -> Any:
        """Return the library's contract of one contract, or of a guaranteed combo routed by SMART."""
        if len(legs) == 1:
            return _contract(legs[0].con_id, first)
        combo = [
            ComboLeg(conId=leg.con_id, ratio=abs(leg.ratio), action="BUY" if leg.ratio > 0 else "SELL", exchange=SMART)
            for leg in legs
        ]
        return Contract(
            secType=COMBO, symbol=first.underlying.value, exchange=SMART, currency=CURRENCY, comboLegs=combo
        )

    def place(self, order_id: int, contract: Any, ticket: OrderTicket, *, what_if: bool = False) -> None:
        """Send an order, or its new price under the id it has."""
        if not (what_if or self._orders):
            raise InvariantError("this connection only looks: it sends no orders")
        order = Order(
            orderId=order_id,
            action=ticket.action,
            totalQuantity=ticket.quantity,
            orderType="LMT",
            lmtPrice=ticket.limit,
            tif=ticket.tif,
            orderRef=ticket.order_ref,
            account=ticket.account,
            transmit=True,
            whatIf=what_if,
        )
        self._call(self._ib.client.placeOrder, order_id, contract, order)

    def cancel(self, order_id: int) -> None:
        """Ask for the cancel of an order."""
        if not self._orders:
            raise InvariantError("this connection only looks: it cancels no orders")
        self._call(self._ib.client.cancelOrder, order_id)


def _contract(con_id: int, contract: OptionContract) -> Any:
    # Only what cannot contradict the number: a date in another zone would be refused (code 478).
    return Contract(
        conId=con_id,
        secType=sec_type_of(contract),
        symbol=contract.underlying.value,
        exchange=exchange_of(contract),
        currency=CURRENCY,
    )


def _index(symbol: str) -> Any:
    return Contract(secType=kind_of(symbol), symbol=symbol, exchange=place_of(symbol), currency=CURRENCY)
