"""What the clients of one gateway share: the exchange and its time, who is connected, what goes to whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from daemon.core.calendar.sessions import is_session, new_york_date, next_session, session
from daemon.sim.exchange.api import ContractQuery, ExchangeEvent, Listing, SimOrder
from daemon.sim.gateway import messages_out as out
from daemon.sim.gateway.client import MAX_HELD_BYTES, Client, ClientState
from daemon.sim.gateway.codec import RequestRefused
from daemon.sim.gateway.config import GatewayConfig
from daemon.sim.gateway.contracts import kind_of
from daemon.sim.gateway.exchange_port import ExchangePort
from daemon.sim.gateway.fault_plan import Kind
from daemon.sim.gateway.faults import Faults
from daemon.sim.gateway.standing import Standing

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_FIRST_WHAT_IF_PERM_ID: Final = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Hours:
    """The trading hours of the current or the next session."""

    open_at: datetime
    close_at: datetime


class Hub:
    """Shared state of a gateway."""

    def __init__(
        self, exchange: ExchangePort, clock: Callable[[], datetime], faults: Faults, config: GatewayConfig
    ) -> None:
        self.exchange = exchange
        self.faults = faults
        self.config = config
        self.clients: list[Client] = []
        self.standing = Standing()
        self.now = clock()
        self.changed = False
        """Whether something happened that must survive a restart."""
        self._clock = clock
        self._hours = _hours(self.now)
        self._what_ifs = 0
        self._indices: dict[str, int] = {}

    def catch_up(self) -> list[ExchangeEvent]:
        """Bring the exchange to the clock and return what happened on the way."""
        # A clock that is set back must not move the exchange back.
        self.now = max(self.now, self._clock())
        return self.exchange.advance(self.now)

    def started(self) -> list[Client]:
        """Return the clients that are past the handshake, in the order they came."""
        return [client for client in self.clients if client.state is ClientState.STARTED]

    def owner(self, client_id: int) -> Client | None:
        """Return the connected client of a client id."""
        return next((client for client in self.started() if client.client_id == client_id), None)

    def audience(self, client_id: int) -> list[Client]:
        """Return who is told of a client's orders: itself and the master client."""
        wanted = (client_id, self.config.master_client_id)
        return [client for client in self.started() if client.client_id in wanted]

    def error(self, client: Client, req_id: int, code: int, message: str) -> None:
        """Queue a message code for a client."""
        client.put(out.error(client.version, req_id, code, message))

    def lines(self) -> int:
        """Return how many market-data lines are open."""
        return sum(len(client.lines) for client in self.clients)

    def order(self, perm_id: int) -> SimOrder | None:
        """Return a working order or one completed today."""
        orders: Iterable[SimOrder] = (*self.exchange.open_orders(), *self.exchange.completed_orders())
        return next((order for order in orders if order.perm_id == perm_id), None)

    def first_listing(self, order: SimOrder) -> Listing:
        """Return the listing of an order's first leg."""
        listing = self.exchange.listing(order.request.legs[0].con_id)
        assert listing is not None, "the exchange took an order in a contract that it does not know"
        return listing

    def what_if_perm_id(self) -> int:
        """Return a number for a margin preview, above those of real orders."""
        self._what_ifs += 1
        return _FIRST_WHAT_IF_PERM_ID + self._what_ifs % 100_000_000

    def underlying_con_id(self, symbol: str) -> int:
        """Return the contract number of an index or a fund, 0 when it is not listed."""
        if symbol not in self._indices:
            found = self.exchange.listings(ContractQuery(symbol=symbol, sec_type=kind_of(symbol)))
            self._indices[symbol] = found[0].con_id if found else 0
        return self._indices[symbol]

    def account_or_refuse(self, account: str, req_id: int) -> str:
        """Return the account that is meant, ours when none is named; raise RequestRefused for a stranger's."""
        if account in {"", *self.config.accounts}:
            return account or self.config.account
        raise RequestRefused(req_id, 321, f"Error validating request.-'bH' : cause - Invalid account code '{account}'.")

    def hours(self) -> Hours:
        """Return the hours of the session that is on or comes next."""
        if self.now > self._hours.close_at:
            self._hours = _hours(self.now)
        return self._hours

    def next_beat(self, interval_s: float) -> datetime:
        """Return the next multiple of an interval within trading hours, so that lines tick together; the last is the close.

        Without that last one the values that a session is closed with would be up to an interval old.
        """
        hours = self.hours()
        if self.now < hours.open_at:
            return hours.open_at
        step = round(interval_s * 1_000_000)
        elapsed = (self.now - EPOCH) // _MICROSECOND
        beat = EPOCH + (elapsed // step + 1) * step * _MICROSECOND
        if self.now < hours.close_at:
            return min(beat, hours.close_at)
        return _hours(hours.close_at + _MICROSECOND).open_at

    def flush(self) -> None:
        """Send everything that is queued, as far as the faults allow."""
        for client in tuple(self.clients):
            if client.outbox or client.held:
                self._pass_faults(client)
                client.flush()
            if client.closing:
                self.drop(client)

    def _pass_faults(self, client: Client) -> None:
        if Kind.WITHHOLD in self.faults:
            client.outbox = [message for message in client.outbox if not self._withheld(message)]
        if silent := self.faults.holds(Kind.SILENT, self.now):
            if silent.argument("lost", False):
                client.outbox.clear()
            # Held without an end: the first step after the fault lets it go.
            client.hold(self.now)
        elif delay := self.faults.holds(Kind.DELAY, self.now):
            client.hold(self.now + timedelta(seconds=float(delay.argument("seconds", 0))))
            client.release(self.now)
        elif client.held:
            client.hold(client.held[-1][0])
            client.release(self.now)
        if client.held_bytes > MAX_HELD_BYTES:
            client.closing = True

    def _withheld(self, message: bytes) -> bool:
        head, _, _ = message[4:12].partition(b"\0")
        return head.isdigit() and self.faults.withholds(int(head), self.now)

    def next_held_at(self) -> datetime | None:
        """Return when a message that is held back is due; silence has no such time, it ends with its fault."""
        if self.faults.holds(Kind.SILENT, self.now):
            return None
        return min((client.held[0][0] for client in self.clients if client.held), default=None)

    def drop(self, client: Client) -> None:
        """Close a connection and forget the client."""
        if client.state is not ClientState.CLOSED:
            self.forget(client)
            client.close()

    def forget(self, client: Client) -> None:
        """Forget a client whose connection is gone."""
        client.state = ClientState.CLOSED
        for kept in (client.lines, client.opened, client.bars, client.five_seconds, client.ticks, client.pnl):
            kept.clear()
        client.outbox.clear()
        client.held.clear()
        if client in self.clients:
            self.clients.remove(client)


def _hours(now: datetime) -> Hours:
    day = new_york_date(now)
    if not is_session(day) or now > session(day).options_close_at:
        day = next_session(day)
    times = session(day)
    return Hours(times.open_at, times.options_close_at)
