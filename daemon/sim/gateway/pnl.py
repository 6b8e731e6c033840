"""Results as streams: reqPnL of the account, reqPnLSingle of one contract; changes once a beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from daemon.sim.exchange.api import SimAccount, SimPosition
from daemon.sim.gateway import messages_in as read
from daemon.sim.gateway import messages_out as out
from daemon.sim.gateway.client import Client, PnlFeed
from daemon.sim.gateway.codec import UNSET_DOUBLE, Fields, RequestRefused, Value
from daemon.sim.gateway.hub import Hub

_NOTHING: Final = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class _Results:
    """What all feeds of one beat are told from."""

    account: SimAccount
    positions: dict[int, SimPosition]
    daily: dict[int, float]


def pnl(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer reqPnL at once, and with changes from then on."""
    _open(hub, client, read.pnl(fields))


def pnl_single(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer reqPnLSingle; a contract that is not held has position 0 and no results."""
    _open(hub, client, read.pnl(fields, single=True))


def _open(hub: Hub, client: Client, request: read.PnlRequest) -> None:
    account = hub.account_or_refuse(request.account, request.req_id)
    if request.req_id in client.pnl:
        raise RequestRefused(request.req_id, 102, "Duplicate ticker ID")
    feed = client.pnl[request.req_id] = PnlFeed(request.req_id, account, request.con_id)
    _refresh(hub, client, feed, _results(hub))


def cancel(_hub: Hub, client: Client, fields: Fields) -> None:
    """Take cancelPnL and cancelPnLSingle."""
    client.pnl.pop(read.number_alone(fields, "reqId"), None)


def listens(hub: Hub) -> bool:
    """Whether anybody follows results."""
    return any(client.pnl for client in hub.started())


def send_pnl(hub: Hub) -> None:
    """Send results that changed to everybody who follows them."""
    results = _results(hub)
    for client in hub.started():
        for feed in client.pnl.values():
            _refresh(hub, client, feed, results)


def _results(hub: Hub) -> _Results:
    exchange = hub.exchange
    held = {position.con_id: position for position in exchange.positions()}
    return _Results(exchange.account(), held, exchange.daily_pnl())


def _refresh(hub: Hub, client: Client, feed: PnlFeed, results: _Results) -> None:
    mine = feed.account == hub.config.account
    values = (_of_account(results) if mine else _NOTHING) if feed.con_id is None else _of_contract(feed, results, mine)
    if values != feed.sent:
        feed.sent = values
        client.put((out.pnl if feed.con_id is None else out.pnl_single)(feed.req_id, values))


def _of_account(results: _Results) -> tuple[Value, ...]:
    account = results.account
    amounts = (sum(results.daily.values()), account.unrealized_pnl, account.realized_pnl)
    return tuple(round(amount + 0.0, 2) for amount in amounts)


def _of_contract(feed: PnlFeed, results: _Results, mine: bool) -> tuple[Value, ...]:  # noqa: FBT001 - private
    position = results.positions.get(feed.con_id or 0)
    daily = results.daily.get(feed.con_id or 0)
    if not mine or (position is None and daily is None):
        return (0, UNSET_DOUBLE, UNSET_DOUBLE, UNSET_DOUBLE, 0.0)
    if position is None:
        return (0, round(daily or 0.0, 2), 0.0, UNSET_DOUBLE, 0.0)
    amounts = (daily or 0.0, position.unrealized_pnl, position.realized_pnl, position.market_value)
    return (position.quantity, *(round(amount + 0.0, 2) for amount in amounts))
