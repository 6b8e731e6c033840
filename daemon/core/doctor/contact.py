"""Judging the first contact with a gateway: each rung of the ladder is a check, and the first that breaks ends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from daemon.core.doctor.check import Check, fail, ok, warn


class Trouble(StrEnum):
    """What ended a first contact."""

    LIVE_PORT = "live_port"
    NO_LISTENER = "no_listener"
    SILENT = "silent"
    WRONG_PROTOCOL = "wrong_protocol"
    HALF_OPEN = "half_open"
    """The handshake was answered, and nothing after it."""
    CLIENT_ID_IN_USE = "client_id_in_use"
    LIVE_ACCOUNT = "live_account"
    OWN_ACCOUNT = "own_account"
    READ_ONLY = "read_only"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What a first contact brought to light, however far it came."""

    address: str
    client_id: int
    trouble: Trouble | None = None
    text: str = ""
    """What was in the way, in a sentence."""
    server_version: int = 0
    accounts: tuple[str, ...] = ()
    account: str = ""
    simulated: bool = False
    gateway_time: datetime | None = None
    our_time: datetime | None = None
    net_liquidation_usd_cents: int | None = None
    """None while the gateway does not tell all account values."""
    broker_lost: str = ""
    """What the gateway said of a lost connection to the broker."""
    farms_lost: tuple[str, ...] = ()


RUNGS: Final[Mapping[str, frozenset[Trouble]]] = MappingProxyType(
    {
        "gateway_port": frozenset({Trouble.LIVE_PORT, Trouble.NO_LISTENER}),
        "protocol": frozenset({Trouble.SILENT, Trouble.WRONG_PROTOCOL, Trouble.HALF_OPEN}),
        "client_id": frozenset({Trouble.CLIENT_ID_IN_USE}),
        "paper_account": frozenset({Trouble.LIVE_ACCOUNT}),
        "own_account": frozenset({Trouble.OWN_ACCOUNT}),
        "read_only": frozenset({Trouble.READ_ONLY}),
        "account_data": frozenset({Trouble.UNFINISHED}),
    }
)
"""The checks of a first contact in order, each with what breaks it."""

_FIXES: Final[Mapping[Trouble, str]] = MappingProxyType(
    {
        Trouble.LIVE_PORT: "CONDORD_GATEWAY_PORT=4002 for a paper IB Gateway, 7497 for a paper TWS",
        Trouble.NO_LISTENER: "start IB Gateway or TWS and enable its API; check CONDORD_GATEWAY_HOST and _PORT",
        Trouble.SILENT: "restart the gateway; behind a port forwarder: see whether the gateway itself runs",
        Trouble.WRONG_PROTOCOL: "check CONDORD_GATEWAY_HOST and CONDORD_GATEWAY_PORT; update an old gateway",
        Trouble.HALF_OPEN: "look at the gateway's window: a login or a dialog waits there; else restart it",
        Trouble.CLIENT_ID_IN_USE: "end the other program, or take another number: condord doctor --client-id N",
        Trouble.LIVE_ACCOUNT: "log the gateway in to the paper account; no setting allows a live one",
        Trouble.OWN_ACCOUNT: "name ours with CONDORD_GATEWAY_ACCOUNT",
        Trouble.READ_ONLY: "untick 'Read-Only API' in the gateway's settings, API, Settings",
        Trouble.UNFINISHED: "wait for a reset of the broker to end; look at the gateway's window; restart it",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPolicy:
    """What a contact is held against."""

    clock_skew_max_s: float
    follow_gateway_clock: bool
    """Whether the clock of a simulated gateway is followed, as ``run --clock gateway`` does."""
    book_of: str | None
    """Whose positions the book holds, ``PAPER DU1234567``; None before the first start."""
    scratch: bool
    """Whether the gateway is an exchange of our own, made for this look."""


def contact_checks(contact: Contact, policy: ContactPolicy) -> tuple[Check, ...]:
    """Judge a first contact; the checks behind the rung that broke are left out."""
    made: list[Check] = []
    for name, troubles in RUNGS.items():
        if contact.trouble in troubles:
            assert contact.trouble is not None, "a trouble breaks its rung"
            return (*made, fail(name, contact.text, _FIXES[contact.trouble], contact.trouble))
        made.append(_well(name, contact, policy))
    return (*made, _link(contact), _clock(contact, policy))


def _well(name: str, contact: Contact, policy: ContactPolicy) -> Check:
    if name == "own_account":
        return _own_account(contact, policy)
    if name == "account_data":
        return _account_data(contact)
    scratch, kind = "SIMULATED: an exchange of our own, made for this look", ", SIMULATED" if contact.simulated else ""
    said: dict[str, tuple[str, str | float]] = {
        "gateway_port": (scratch if policy.scratch else contact.address, contact.address),
        "protocol": (f"TWS protocol, version {contact.server_version}{kind}", contact.server_version),
        "client_id": (f"{contact.client_id} is free", contact.client_id),
        "paper_account": (f"{', '.join(contact.accounts)}: paper", ", ".join(contact.accounts)),
        "read_only": ("the API takes orders", "no"),
    }
    return ok(name, *said[name])


def _own_account(contact: Contact, policy: ContactPolicy) -> Check:
    ours = f"{'SIMULATED' if contact.simulated else 'PAPER'} {contact.account}"
    if policy.book_of not in (None, ours) and not policy.scratch:
        return fail(
            "own_account", f"{ours}, and the state folder holds the book of {policy.book_of}",
            "name another folder with CONDORD_STATE_DIR, or connect to the account of the book", contact.account,
        )  # fmt: skip
    return ok("own_account", ours, contact.account)


def _account_data(contact: Contact) -> Check:
    if contact.net_liquidation_usd_cents is None:
        return warn(
            "account_data", "the gateway tells no account values, without which no condor is entered",
            "wait for a reset of the broker to end; look at the account in the gateway's window",
        )  # fmt: skip
    usd = contact.net_liquidation_usd_cents / 100
    return ok("account_data", f"read as one whole; net liquidation ${usd:,.0f}", usd)


def _link(contact: Contact) -> Check:
    fix = "wait, resets come every night; else log the gateway in again"
    if contact.broker_lost:
        return fail("broker_link", contact.broker_lost, fix)
    if contact.farms_lost:
        return warn("broker_link", "; ".join(contact.farms_lost), fix, len(contact.farms_lost))
    return ok("broker_link", "the gateway names no lost connection")


def _clock(contact: Contact, policy: ContactPolicy) -> Check:
    name, allowed_s = "gateway_clock", policy.clock_skew_max_s
    assert contact.gateway_time is not None, "a contact without trouble has told the time"
    assert contact.our_time is not None, "a contact without trouble has told the time"
    if policy.follow_gateway_clock:
        if contact.simulated:
            return ok(name, f"followed: {contact.gateway_time:%Y-%m-%d %H:%M:%S} UTC")
        return fail(
            name, "--clock gateway: this gateway does not say that it is simulated", "leave --clock gateway out"
        )
    ahead_s = (contact.our_time - contact.gateway_time).total_seconds()
    said = f"ours is {abs(ahead_s):,.1f} s {'ahead of' if ahead_s > 0 else 'behind'} the gateway's (allowed: {allowed_s:g} s)"
    fix = "set both clocks by NTP" + ("; a simulated one is followed with --clock gateway" if contact.simulated else "")
    if abs(ahead_s) > allowed_s:
        return fail(name, said, fix, ahead_s)
    # The gateway tells whole seconds.
    if abs(ahead_s) > max(allowed_s / 2, 1.0):
        return warn(name, said, fix, ahead_s)
    return ok(name, said, ahead_s)
