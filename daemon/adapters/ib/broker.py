"""The Broker port over ib_insync."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from daemon.adapters.ib.config import IbConfig
from daemon.adapters.ib.connecting import ask_time, connect
from daemon.adapters.ib.conversation import Conversation
from daemon.adapters.ib.executions import FeeLedger
from daemon.adapters.ib.link import Link, check_port
from daemon.adapters.ib.market import Market
from daemon.adapters.ib.orders import OrderRegister
from daemon.adapters.ib.snapshots import read_snapshot
from daemon.adapters.ib.trading import Trading
from daemon.adapters.ib.transport import Transport
from daemon.core.market.contracts import (
    ConId,
    ContractInfo,
    OptionContract,
    OptionParams,
    SignalIndex,
    TradingClass,
    Underlying,
)
from daemon.core.market.quotes import Bar, IndexQuote, Mark, Quote
from daemon.core.orders.broker_facts import (
    AccountValues,
    BrokerFact,
    Connected,
    LinkState,
    Margin,
    PositionFact,
    Snapshot,
)
from daemon.core.orders.intent import OrderRef, OrderSpec
from daemon.errors import LinkDownError
from daemon.ports import Clock, FactSink


class IbBroker:
    """A paper account behind a TWS gateway (the Broker port). ``transport`` None means TCP."""

    def __init__(self, config: IbConfig, clock: Clock, transport: Transport | None = None) -> None:
        self._config = config
        self._clock = clock
        self._transport = transport
        self._sinks: list[FactSink] = []
        self._link = Link(self._tell)
        self._orders = OrderRegister()
        self._fees = FeeLedger()
        self._market = Market(config)
        self._talk: Conversation | None = None
        self._sent_before = 0
        self._received_before = 0
        self._last_id = 0

    @property
    def link(self) -> LinkState:
        """State of the connection."""
        return self._link.state

    @property
    def requests_sent(self) -> int:
        """Messages sent since the start, over all connections."""
        wire = None if self._talk is None else self._talk.wire
        return self._sent_before + (0 if wire is None else wire.sent)

    @property
    def bytes_received(self) -> int:
        """Bytes that have come since the start, over all connections."""
        wire = None if self._talk is None else self._talk.wire
        return self._received_before + (0 if wire is None else wire.bytes_received)

    @property
    def lines_open(self) -> int:
        """Market-data lines that are open now."""
        return 0 if self._talk is None else self._talk.lines.open

    def subscribe(self, sink: FactSink) -> None:
        """Send every later fact to ``sink``."""
        self._sinks.append(sink)

    def _tell(self, fact: BrokerFact) -> None:
        for sink in self._sinks:
            sink(fact)

    async def connect(self) -> Connected:
        """Connect, check that every account is paper, and re-check the start-up answers.

        Raises LinkDownError for whatever waiting may cure. Every other error needs a person: LiveAccountError,
        WrongProtocolError, SettingsError when it is not clear which account is ours, and BrokerError with code
        321 for a gateway whose API is read-only.
        """
        check_port(self._config.port, allowed=self._config.live_port_allowed)
        await self.disconnect()
        self._orders.new_connection()
        talk = self._talk = self._new_conversation()
        try:
            connected = await connect(talk, self._transport, above_id=self._last_id)
            self._link.synced("positions, orders, executions and account values are read")
            await self._market.reopen(talk)
        except BaseException as error:
            self._lost(talk, str(error) or type(error).__name__)
            raise
        return connected

    def _new_conversation(self) -> Conversation:
        talk = Conversation(
            self._config,
            link=self._link,
            orders=self._orders,
            fees=self._fees,
            tell=self._tell,
            now=self._clock.now,
        )
        talk.on_closed = lambda text: self._lost(talk, text or "the gateway closed the connection")
        talk.on_data_lost = lambda: self._market.renew(talk)
        return talk

    async def disconnect(self) -> None:
        """Close the connection; does nothing when there is none."""
        if self._talk is not None:
            self._lost(self._talk, "closed by us")
            # The other end learns of it in the next steps of the loop, before a new connection begins.
            await asyncio.sleep(0)

    def _lost(self, talk: Conversation, text: str) -> None:
        if self._talk is not talk:
            return
        self._talk = None
        if talk.wire is not None:
            self._sent_before += talk.wire.sent
            self._received_before += talk.wire.bytes_received
            self._last_id = max(self._last_id, talk.wire.last_id)
            talk.wire.close()
        self._market.connection_over()
        talk.over(f"The connection was lost: {text}.")
        self._link.move(LinkState.DOWN, text)

    def _open(self) -> Conversation:
        if self._talk is None or self._link.state in (LinkState.DOWN, LinkState.CONNECTING):
            raise LinkDownError(f"There is no connection to the gateway ({self._link.state}).")
        return self._talk

    async def gateway_time(self) -> datetime:
        """Ask the gateway for its time."""
        talk = self._open()
        async with talk.requests.alone:
            return await ask_time(talk)

    async def snapshot(self) -> Snapshot:
        """Read the account as one consistent whole; the link counts as synchronised after it."""
        snapshot = await read_snapshot(self._open())
        self._link.synced("the account was read anew")
        return snapshot

    async def account_values(self) -> AccountValues:
        """Return the account values as streamed last; raises while any is unknown."""
        return self._open().account.values()

    def positions(self) -> Mapping[ConId, PositionFact]:
        """Return the positions as streamed so far."""
        return {} if self._talk is None or self._talk.view is None else self._talk.view.positions()

    def marks(self) -> Mapping[ConId, Mark]:
        """Return the portfolio's own values as streamed so far."""
        return {} if self._talk is None or self._talk.view is None else self._talk.view.marks()

    async def settlement_value(self, trading_class: TradingClass, expiry: date) -> float | None:
        """Return the final settlement value in points, or None while it is not published."""
        return await self._market.settlement_value(self._open(), trading_class, expiry)

    async def option_params(self, underlying: Underlying) -> tuple[OptionParams, ...]:
        """List trading classes, expiries (settlement dates) and strikes."""
        return await self._market.option_params(self._open(), underlying)

    async def contracts(self, wanted: Sequence[OptionContract]) -> Mapping[OptionContract, ContractInfo]:
        """Look contracts up; one that does not exist is absent from the answer."""
        return await self._market.contracts(self._open(), wanted)

    async def index_quote(self, underlying: Underlying) -> IndexQuote:
        """Return the last value of an index, from a line that stays open; BrokerError 354 without data."""
        return await self._market.index_quote(self._open(), underlying)

    async def quotes(self, wanted: Sequence[ContractInfo], *, greeks: bool) -> Mapping[OptionContract, Quote]:
        """Open lines, wait until each has a two-sided quote (and model greeks), close them."""
        return await self._market.quotes(self._open(), wanted, greeks=greeks)

    async def open_interest(self, wanted: Sequence[ContractInfo]) -> Mapping[OptionContract, int]:
        """Return the open contracts at the exchange; one of which it is not known in time is absent."""
        return await self._market.open_interest(self._open(), wanted)

    async def bars(self, index: Underlying | SignalIndex, *, minutes: int, count: int) -> tuple[Bar, ...]:
        """Return the last ``count`` bars of an index; ``minutes`` 1440 means daily bars."""
        return await self._market.bars(self._open(), index, minutes=minutes, count=count)

    async def what_if(self, spec: OrderSpec) -> Margin:
        """Ask for the margin an order would need, without placing it."""
        return await self._trading().what_if(spec)

    async def place(self, ref: OrderRef, spec: OrderSpec) -> None:
        """Send a new order. Raises when it certainly was not sent."""
        await self._trading().place(ref, spec)

    async def modify(self, ref: OrderRef, net_limit_pts100: int) -> None:
        """Change the price of a working order that this connection knows."""
        self._trading().modify(ref, net_limit_pts100)

    async def cancel(self, ref: OrderRef) -> None:
        """Ask for a cancel; it is final only with evidence."""
        self._trading().cancel(ref)

    def _trading(self) -> Trading:
        return Trading(self._open(), self.contracts)
