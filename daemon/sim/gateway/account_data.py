"""Requests about the account: positions, portfolio, account values, summaries."""

# ruff: noqa: ARG001 - every handler takes the same three arguments
from __future__ import annotations

from collections.abc import Iterable, Sequence

from daemon.sim.exchange.api import Listing, SimPosition
from daemon.sim.gateway import messages_in as read
from daemon.sim.gateway import messages_out as out
from daemon.sim.gateway.account import (
    EMPTY_ACCOUNT,
    Feed,
    FeedKind,
    account_rows,
    portfolio_messages,
    time_message,
    unset_rows,
    value_messages,
)
from daemon.sim.gateway.client import Client
from daemon.sim.gateway.codec import Fields, RequestRefused
from daemon.sim.gateway.contracts import contract11
from daemon.sim.gateway.fault_plan import Kind
from daemon.sim.gateway.hub import Hub

MAX_SUMMARIES = 2


def positions(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer reqPositions: every position, the end, and changes from then on."""
    read.nothing(fields)
    for position in hub.exchange.positions():
        if position.quantity:
            _send_position(hub, client, position.con_id, position.quantity, average_cost=position.average_cost)
    client.put(out.position_end())
    client.positions = True


def cancel_positions(hub: Hub, client: Client, fields: Fields) -> None:
    """Take cancelPositions."""
    read.nothing(fields)
    client.positions = False


def positions_multi(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer reqPositionsMulti."""
    request = read.account_of(fields)
    account = hub.account_or_refuse(request.account, request.req_id)
    held = hub.exchange.positions() if account == hub.config.account else []
    for position in held:
        if listing := hub.exchange.listing(position.con_id):
            client.put(
                out.position_multi(
                    request.req_id,
                    account,
                    contract11(listing, ""),
                    quantity=position.quantity,
                    average_cost=position.average_cost,
                )
            )
    client.put(out.position_multi_end(request.req_id))
    client.positions_multi[request.req_id] = account


def cancel_positions_multi(hub: Hub, client: Client, fields: Fields) -> None:
    """Take cancelPositionsMulti."""
    client.positions_multi.pop(read.number_only(fields, "reqId"), None)


def position_changed(hub: Hub, con_id: int, quantity: int, average_cost: float) -> None:
    """Tell everybody who listens to positions; a closed one is sent once with quantity 0."""
    for client in hub.started():
        if client.positions:
            _send_position(hub, client, con_id, quantity, average_cost=average_cost)
        for req_id, account in client.positions_multi.items():
            listing = hub.exchange.listing(con_id)
            if listing and account == hub.config.account:
                contract = contract11(listing, "")
                client.put(out.position_multi(req_id, account, contract, quantity=quantity, average_cost=average_cost))


def _send_position(hub: Hub, client: Client, con_id: int, quantity: int, *, average_cost: float) -> None:
    if listing := hub.exchange.listing(con_id):
        contract = contract11(listing, "")
        client.put(out.position(hub.config.account, contract, quantity, round(average_cost, 6)))


def account_updates(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer reqAccountUpdates: the full set, the end, and changes from then on."""
    request = read.account_updates(fields)
    if not request.subscribe:
        client.updates = None
        return
    account = hub.account_or_refuse(request.account, -1)
    if client.updates is not None and client.updates.account != account:
        hub.error(client, -1, 2100, "New account data requested. API client has been unsubscribed from account data.")
    client.updates = Feed(FeedKind.UPDATES, account)
    _refresh(hub, client, [client.updates])
    client.put(out.account_download_end(account))


def account_updates_multi(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer reqAccountUpdatesMulti."""
    request = read.account_of(fields, ledger=True)
    account = hub.account_or_refuse(request.account, request.req_id)
    feed = Feed(FeedKind.MULTI, account, req_id=request.req_id)
    client.feeds[request.req_id] = feed
    _refresh(hub, client, [feed])
    client.put(out.account_update_multi_end(request.req_id))


def account_summary(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer reqAccountSummary; two at a time are allowed."""
    request = read.summary(fields)
    open_ones = [feed for feed in client.feeds.values() if feed.kind is FeedKind.SUMMARY]
    if len(open_ones) >= MAX_SUMMARIES:
        raise RequestRefused(
            request.req_id,
            322,
            "Error processing request.-'cY' : cause - Maximum number of account summary requests exceeded",
        )
    feed = Feed(FeedKind.SUMMARY, hub.config.account, req_id=request.req_id, tags=request.tags)
    client.feeds[request.req_id] = feed
    _refresh(hub, client, [feed])
    client.put(out.account_summary_end(request.req_id))


def cancel_feed(hub: Hub, client: Client, fields: Fields) -> None:
    """Take cancelAccountSummary and cancelAccountUpdatesMulti."""
    client.feeds.pop(read.number_only(fields, "reqId"), None)


def listens(hub: Hub) -> bool:
    """Whether anybody follows account values."""
    return any(client.updates is not None or client.feeds for client in hub.started())


def send_account(hub: Hub, changed: Iterable[int] = ()) -> None:
    """Send account values and portfolio to everybody who follows them, as far as they changed."""
    changed = tuple(changed)
    for client in hub.started():
        feeds = [*([client.updates] if client.updates else []), *client.feeds.values()]
        if feeds:
            _refresh(hub, client, feeds, changed)


def _refresh(hub: Hub, client: Client, feeds: Sequence[Feed], changed: Sequence[int] = ()) -> None:
    held = hub.exchange.positions()
    ours = account_rows(hub.exchange.account(), held, hub.config.account)
    if hub.faults.holds(Kind.ACCOUNT_MISSING, hub.now):
        ours = unset_rows(ours)
    for feed in feeds:
        mine = feed.account == hub.config.account
        rows = ours if mine else account_rows(EMPTY_ACCOUNT, (), feed.account)
        messages = value_messages(feed, rows)
        if feed.kind is FeedKind.UPDATES:
            known = held if mine else []
            messages += portfolio_messages(feed, known, _listings(hub, known, (*feed.portfolio, *changed)), changed)
            messages += [time_message(hub.now)] if messages else []
        client.put_all(messages)


def _listings(hub: Hub, held: Sequence[SimPosition], also: Iterable[int]) -> dict[int, Listing]:
    found = ((con_id, hub.exchange.listing(con_id)) for con_id in {*(one.con_id for one in held), *also})
    return {con_id: listing for con_id, listing in found if listing is not None}
