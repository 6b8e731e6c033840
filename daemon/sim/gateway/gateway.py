"""The simulated gateway: clients on one side, the exchange on the other, and the beat between them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from daemon.sim.gateway.account_data import listens, send_account
from daemon.sim.gateway.client import Client
from daemon.sim.gateway.config import MAX_CLIENTS, GatewayConfig
from daemon.sim.gateway.exchange_port import ExchangePort
from daemon.sim.gateway.faults import FaultPlan, Faults
from daemon.sim.gateway.hub import Hub
from daemon.sim.gateway.market_data import send_ticks
from daemon.sim.gateway.order_entry import route
from daemon.sim.gateway.session import Session

STATE_VERSION: Final = 1
_LONGEST_SLEEP_S: Final = 3600.0
_SHORTEST_SLEEP_S: Final = 0.001
"""For something that is still due after a step: it must not spin."""


class Gateway:
    """A gateway over one exchange.

    ``on_change`` is called after every step in which an order, an execution or a position changed, before anybody
    hears of it: what a client was told can then not be forgotten by a crash.
    """

    def __init__(
        self,
        exchange: ExchangePort,
        clock: Callable[[], datetime],
        faults: FaultPlan | None = None,
        config: GatewayConfig | None = None,
        *,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self._clock = clock
        self._hub = Hub(exchange, clock, Faults(faults or FaultPlan(), clock()), config or GatewayConfig())
        self._on_change = on_change
        self._broken: asyncio.Future[None] | None = None
        """Ends the pump when a step fails; None while there is no pump."""
        self._timer: asyncio.TimerHandle | None = None
        self._due: datetime | None = None
        """When the pump's timer goes off; None while it waits as long as it ever does."""
        self._fast_at: datetime | None = None
        self._slow_at: datetime | None = None
        self._account_at: datetime | None = None

    @property
    def clients(self) -> int:
        """How many connections there are."""
        return len(self._hub.clients)

    def attach(self, send: Callable[[bytes], None], close: Callable[[], None]) -> Session:
        """Take a new connection.

        ``send`` must deliver later (a client may not be called from inside its own request); ``close`` ends the
        connection after what was sent. A connection that is one too many is closed at once.
        """
        client = Client(send, close)
        self._hub.clients.append(client)
        if len(self._hub.clients) > MAX_CLIENTS or self._hub.faults.refuses(self._hub.now):
            self._hub.drop(client)
        return Session(self._hub, client, stepped=self._stepped)

    def dump(self) -> dict[str, Any]:
        """Return everything that a restart must find again, ready for JSON."""
        return {"version": STATE_VERSION, "account": self._hub.config.account, "exchange": self._hub.exchange.dump()}

    async def pump(self) -> None:
        """Drive exchange and clients by the clock, until cancelled."""
        self._broken = asyncio.get_running_loop().create_future()
        self._tick()
        try:
            await self._broken
        finally:
            self._cancel_timer()

    def _tick(self) -> None:
        """Do what is due and set the timer for what is due next; the pump is told of a failure."""
        try:
            self.step()
            self._set_timer(self._next_due(), least_s=_SHORTEST_SLEEP_S)
        except Exception as error:  # noqa: BLE001 - a timer has nobody to raise it to
            assert self._broken is not None, "only a pump sets timers"
            self._broken.set_exception(error)

    def step(self) -> None:
        """Do everything that is due now."""
        hub = self._hub
        route(hub, hub.catch_up())
        if hub.faults.drops(hub.now):
            for client in tuple(hub.clients):
                hub.drop(client)
        self._beat()
        self._settle()

    def _beat(self) -> None:
        hub, now = self._hub, self._hub.now
        if self._fast_at is not None and self._fast_at <= now:
            self._fast_at = None
            send_ticks(hub, slow=False)
        if self._slow_at is not None and self._slow_at <= now:
            self._slow_at = None
            send_ticks(hub, slow=True)
        if self._account_at is not None and self._account_at <= now:
            self._account_at = None
            send_account(hub)

    def _plan(self) -> None:
        """Set the beats that are not set, also those just sent; a beat that nobody listens to is not set."""
        hub, config = self._hub, self._hub.config
        kinds = {line.slow for client in hub.clients for line in client.lines.values()}
        self._fast_at = self._planned(self._fast_at, config.tick_interval_s, wanted=False in kinds)
        self._slow_at = self._planned(self._slow_at, config.index_interval_s, wanted=True in kinds)
        self._account_at = self._planned(self._account_at, config.portfolio_interval_s, wanted=listens(hub))

    def _planned(self, at: datetime | None, interval_s: float, *, wanted: bool) -> datetime | None:
        return (at or self._hub.next_beat(interval_s)) if wanted else None

    def _stepped(self) -> None:
        """End a step that a client caused: what it asked for may change when the pump must wake."""
        self._settle()
        if self._timer is None:
            return
        due = self._next_due()
        if due != self._due or (due is not None and due <= self._hub.now):
            self._set_timer(due, least_s=0.0)

    def _settle(self) -> None:
        if self._hub.changed:
            if self._on_change is not None:
                self._on_change()
            # Only now: a save that failed is tried again at the next step, and nobody has heard anything.
            self._hub.changed = False
        self._hub.flush()

    def _next_due(self) -> datetime | None:
        """Plan the next beats and return when something is due next, None when nothing ever is."""
        self._plan()
        hub = self._hub
        due = (
            hub.exchange.next_event_at(),
            self._fast_at,
            self._slow_at,
            self._account_at,
            hub.faults.next_change_at(hub.now),
            hub.next_held_at(),
        )
        return min((instant for instant in due if instant is not None), default=None)

    def _set_timer(self, due: datetime | None, *, least_s: float) -> None:
        self._cancel_timer()
        left_s = _LONGEST_SLEEP_S if due is None else (due - self._clock()).total_seconds()
        sleep_s = min(left_s, _LONGEST_SLEEP_S) if left_s > 0 else least_s
        self._due, self._timer = due, asyncio.get_running_loop().call_later(sleep_s, self._tick)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
