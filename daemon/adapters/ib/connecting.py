"""Making a connection, saying what is wrong when there is none, and believing nothing that did not end."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime

from daemon.adapters.ib import codes
from daemon.adapters.ib.conversation import Conversation
from daemon.adapters.ib.greeting import DEFAULT_ZONE
from daemon.adapters.ib.messages import Kind
from daemon.adapters.ib.probe import refuse_web_server
from daemon.adapters.ib.recording import Tape
from daemon.adapters.ib.snapshots import read_snapshot
from daemon.adapters.ib.transport import Transport
from daemon.core.orders.broker_facts import Connected, LinkState
from daemon.errors import BrokerError, LinkDownError


async def connect(talk: Conversation, transport: Transport | None, *, above_id: int) -> Connected:
    """Connect, then re-check: every start-up answer ended, the gateway answers us, the account is ready.

    Raises LinkDownError for whatever may be over by itself; every other error needs a person.
    """
    # The library asks for the thread's loop, also while it is imported (so late); a loop made by a factory of
    # asyncio.Runner is not the thread's loop of itself, and timers of the throttle would wait on another one.
    asyncio.set_event_loop(asyncio.get_running_loop())
    from daemon.adapters.ib.wire import Wire  # noqa: PLC0415

    config, address = talk.config, f"{talk.config.host}:{talk.config.port}"
    talk.link.begin(f"connecting to {address} as client {config.client_id}")
    tape = None if config.record is None else Tape(config.record, talk.now, talk.own_notice)
    wire = talk.wire = Wire(talk, address, transport, orders=config.orders, tape=tape)
    try:
        await wire.connect(
            config.host, config.port, config.client_id, timeout_s=config.connect_timeout_s, account=config.account
        )
    except (OSError, TimeoutError) as error:
        if transport is None and wire.reached and not wire.heard:
            await refuse_web_server(config.host, config.port)
        raise LinkDownError(_why(talk, address, error)) from error
    if talk.missing_at_start:
        raise LinkDownError(
            f"The gateway at {address} did not finish telling its {', '.join(talk.missing_at_start)}{_last(talk)}."
        )
    wire.keep_above(above_id)
    if wire.greeting.zone is None:
        talk.own_notice(f"The gateway named no known time zone; times are read as {DEFAULT_ZONE}.")
    return await _recheck(talk, address)


async def _recheck(talk: Conversation, address: str) -> Connected:
    talk.link.move(LinkState.SYNCING, f"connected to {address}")
    try:
        async with talk.requests.alone:
            gateway_time = await ask_time(talk)
        await read_snapshot(talk)
    except LinkDownError:
        raise
    except BrokerError as error:
        raise LinkDownError(f"The account could not be read from the gateway at {address}: {error}") from error
    return Connected(
        account=talk.account.account,
        server_version=talk.open_wire.server_version,
        simulated=talk.simulated,
        gateway_time=gateway_time,
    )


async def ask_time(talk: Conversation) -> datetime:
    """Ask the gateway for its time; the lock of requests without an id must be held."""
    pending = talk.ask_kind(Kind.CURRENT_TIME)
    talk.open_wire.ask_time()
    rows: list[int] = await talk.requests.one(pending, "the time")
    return datetime.fromtimestamp(rows[-1], UTC)


def _why(talk: Conversation, address: str, error: OSError | TimeoutError) -> str:
    """Return one sentence on how far connecting came."""
    wire, seconds = talk.open_wire, f"{talk.config.connect_timeout_s:g} s"
    late = isinstance(error, TimeoutError)
    if talk.last_message is not None and talk.last_message[0] == codes.CLIENT_ID_IN_USE:
        return (
            f"Client id {talk.config.client_id} is in use at {address} (code {codes.CLIENT_ID_IN_USE}): "
            "end the other program, or wait until the gateway has noticed that it is gone."
        )
    if not wire.reached:
        why = f"no connection within {seconds}" if late else plain_reason(error)
        return f"Nothing accepts connections at {address} ({why}). Is the gateway running, and its API enabled?"
    if not late:
        stage = "after the handshake" if wire.greeting.done else "without an answer"
        return f"The gateway at {address} closed the connection {stage}{_last(talk)}."
    if not wire.heard:
        return f"Something accepts connections at {address} and says nothing within {seconds}."
    missing = (
        ", ".join(talk.missing_at_start) if talk.ended_at_start else "next order id" if talk.accounts else "accounts"
    )
    return f"The gateway at {address} did not finish telling its {missing} within {seconds}{_last(talk)}."


def plain_reason(error: Exception) -> str:
    """Return the system's own words for a failure, without the address that the caller names anyway."""
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _last(talk: Conversation) -> str:
    if talk.last_message is None:
        return ""
    code, text = talk.last_message
    return f"; its last message was {code}: {text}"
