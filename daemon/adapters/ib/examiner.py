"""A look at a gateway through a connection that can send no order: how far it lets us in, what it tells, what it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from daemon.adapters.ib import codes
from daemon.adapters.ib.config import IbConfig
from daemon.adapters.ib.connecting import connect
from daemon.adapters.ib.conversation import Conversation
from daemon.adapters.ib.executions import FeeLedger
from daemon.adapters.ib.greeting import known_zone
from daemon.adapters.ib.lines import Batch, Line
from daemon.adapters.ib.link import Link, check_port
from daemon.adapters.ib.market import Market
from daemon.adapters.ib.messages import ContractRow
from daemon.adapters.ib.orders import OrderRegister
from daemon.adapters.ib.trading import Trading
from daemon.adapters.ib.transport import Transport
from daemon.core.doctor.contact import Contact, Trouble
from daemon.core.doctor.market import BrokerHours, Refusal, Sample
from daemon.core.market.contracts import ContractInfo, OptionContract, OptionParams, Underlying
from daemon.core.orders.broker_facts import BrokerFact, Connected, LinkState, Margin, NoticeFact
from daemon.core.orders.intent import OrderSpec
from daemon.errors import (
    BrokerError,
    LinkDownError,
    LiveAccountError,
    SettingsError,
    WrongProtocolError,
)
from daemon.ports import Clock

_BROKER_LOST: Final = "the gateway has lost its connection to the broker (code 1100): it can send no order"
_FARMS_LOST: Final = frozenset({2103, 2105, 2157})
_FARMS_BACK: Final = {2104: 2103, 2106: 2105, 2158: 2157}

_VERDICTS: Final = (
    (LiveAccountError, Trouble.LIVE_ACCOUNT),
    (WrongProtocolError, Trouble.WRONG_PROTOCOL),
    (SettingsError, Trouble.OWN_ACCOUNT),
)


@dataclass(frozen=True, slots=True)
class WantedLine:
    """A market-data line to look at: an index by its symbol, or a contract."""

    instrument: str | ContractInfo
    two_sided: bool
    """Whether bid and ask are waited for; else the last value."""


class IbExaminer:
    """Looks at one gateway, once. It has no method that places or cancels, and its wire refuses both."""

    def __init__(self, config: IbConfig, clock: Clock, transport: Transport | None = None) -> None:
        self._config = replace(config, orders=False)
        self._clock = clock
        self._transport = transport
        self._market = Market(self._config)
        self._notices: list[NoticeFact] = []
        self._talk: Conversation | None = None

    async def contact(self, *, limit_s: float) -> Contact:
        """Connect, and tell how far that came; whatever the gateway does is an answer."""
        try:
            check_port(self._config.port, allowed=self._config.live_port_allowed)
        except LiveAccountError as error:
            return self._told(self._conversation(), Trouble.LIVE_PORT, str(error))
        talk = self._talk = self._conversation()
        try:
            async with asyncio.timeout(limit_s):
                connected = await connect(talk, self._transport, above_id=0)
        except (BrokerError, SettingsError, TimeoutError) as error:
            self.close()
            return self._told(talk, _trouble(talk, error), str(error) or f"No answer within {limit_s:g} s.")
        now = self._clock.now()
        talk.link.synced("the account was read")
        return self._connected(talk, connected, now)

    def _conversation(self) -> Conversation:
        talk = Conversation(
            self._config,
            link=Link(self._note),
            orders=OrderRegister(),
            fees=FeeLedger(),
            tell=self._note,
            now=self._clock.now,
        )
        talk.on_closed = lambda _text: self.close()
        return talk

    def _note(self, fact: BrokerFact) -> None:
        if isinstance(fact, NoticeFact):
            self._notices.append(fact)

    def _told(self, talk: Conversation, trouble: Trouble, text: str) -> Contact:
        """Return a contact that ended, with what was told until then."""
        wire = talk.wire
        said = talk.last_message[1] if trouble is Trouble.READ_ONLY and talk.last_message is not None else text
        return Contact(
            address=f"{self._config.host}:{self._config.port}",
            client_id=self._config.client_id,
            trouble=trouble,
            text=said,
            server_version=0 if wire is None else wire.greeting.server_version,
            accounts=talk.accounts,
            account="" if talk.view is None else talk.view.account,
            simulated=talk.simulated,
        )

    def _connected(self, talk: Conversation, connected: Connected, now: datetime) -> Contact:
        degraded = talk.link.state is LinkState.DEGRADED
        try:
            net_liquidation = talk.account.values().net_liquidation_usd_cents
        except BrokerError:
            net_liquidation = None
        return Contact(
            address=f"{self._config.host}:{self._config.port}",
            client_id=self._config.client_id,
            server_version=connected.server_version,
            accounts=talk.accounts,
            account=connected.account,
            simulated=connected.simulated,
            gateway_time=connected.gateway_time,
            our_time=now,
            net_liquidation_usd_cents=net_liquidation,
            broker_lost=_BROKER_LOST if degraded else "",
            farms_lost=farms_lost(self._notices),
        )

    def _open(self) -> Conversation:
        if self._talk is None:
            raise LinkDownError("The gateway has closed the connection.")
        return self._talk

    async def hours(self) -> BrokerHours:
        """Return the hours of the SPX index as the broker writes them."""
        talk = self._open()
        request_id = talk.open_wire.next_id()
        pending = talk.requests.ask_id(request_id)
        talk.open_wire.ask_index(request_id, Underlying.SPX.value)
        rows: list[ContractRow] = await talk.requests.one(pending, "the hours of SPX")
        if not rows:
            raise BrokerError("The gateway knows no index SPX.", codes.UNKNOWN_CONTRACT)
        # Older gateways write "EST (Eastern Standard Time)".
        return BrokerHours(rows[0].liquid_hours, known_zone(rows[0].time_zone.partition(" (")[0]))

    async def samples(self, wanted: Sequence[WantedLine], *, limit_s: float) -> list[Sample]:
        """Open lines, wait until each has said enough or was refused, close them, and tell what each said."""
        talk = self._open()
        wire, batch = talk.open_wire, Batch(len(wanted))
        wire.want_frozen()
        lines = [talk.lines.add(Line(wire.next_id(), batch, only_last=not one.two_sided)) for one in wanted]
        for line, one in zip(lines, wanted, strict=True):
            if isinstance(one.instrument, str):
                wire.open_index_line(line.request_id, one.instrument)
            else:
                wire.open_line(line.request_id, one.instrument)
        await batch.wait(limit_s)
        open_still = [line for line in lines if talk.lines.knows(line.request_id)]
        talk.lines.remove(open_still)
        for line in open_still:
            if line.refusal is None:
                wire.close_line(line.request_id)
        return [_sample(line) for line in lines]

    async def chain(self, underlying: Underlying) -> tuple[OptionParams, ...]:
        """List classes, expiries and strikes."""
        return await self._market.option_params(self._open(), underlying)

    async def contracts(self, wanted: Sequence[OptionContract]) -> Mapping[OptionContract, ContractInfo]:
        """Look contracts up; one that does not exist is absent from the answer."""
        return await self._market.contracts(self._open(), wanted)

    async def preview(self, spec: OrderSpec) -> Margin:
        """Ask what an order would do to the margin; it is marked as a question and is never transmitted."""
        return await Trading(self._open(), self.contracts).what_if(spec)

    def close(self) -> None:
        """Close the connection; does nothing when there is none."""
        talk, self._talk = self._talk, None
        if talk is not None:
            if talk.wire is not None:
                talk.wire.close()
            talk.over("The connection was closed.")


def farms_lost(notices: Sequence[NoticeFact]) -> tuple[str, ...]:
    """Return what was said of data farms that are not connected, without those that have come back since."""
    lost: dict[tuple[int, str], str] = {}
    for notice in notices:
        farm = notice.text.rpartition(":")[2]
        if notice.code in _FARMS_LOST:
            lost[notice.code, farm] = notice.text
        elif notice.code in _FARMS_BACK:
            lost.pop((_FARMS_BACK[notice.code], farm), None)
    return tuple(lost.values())


def _trouble(talk: Conversation, error: Exception) -> Trouble:
    """Return what ended a first contact, by the error and by how far it came."""
    if isinstance(error, BrokerError) and error.code == codes.VALIDATION:
        return Trouble.READ_ONLY
    for kind, trouble in _VERDICTS:
        if isinstance(error, kind):
            return trouble
    return _how_far(talk)


def _how_far(talk: Conversation) -> Trouble:
    """Return what ended a first contact that nobody passed a verdict on."""
    if talk.last_message is not None and talk.last_message[0] == codes.CLIENT_ID_IN_USE:
        return Trouble.CLIENT_ID_IN_USE
    wire = talk.wire
    if wire is None or not wire.reached:
        return Trouble.NO_LISTENER
    if not wire.greeting.done:
        return Trouble.SILENT
    return Trouble.UNFINISHED if talk.accounts else Trouble.HALF_OPEN


def _sample(line: Line) -> Sample:
    refusal = None if line.refusal is None else Refusal(*line.refusal)
    return Sample(kind=line.kind, last=line.last, bid=line.bid, ask=line.ask, refusal=refusal)
