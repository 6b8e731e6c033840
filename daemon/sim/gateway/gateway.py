"""The simulated gateway: clients on one side, the exchange on the other, and the beat between them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from daemon.sim.gateway import account_data, bar_data, market_data, pnl, tick_by_tick
from daemon.sim.gateway.client import Client
from daemon.sim.gateway.config import MAX_STRANGERS, GatewayConfig
from daemon.sim.gateway.exchange_port import ExchangePort
from daemon.sim.gateway.faults import FaultPlan, Faults
from daemon.sim.gateway.hub import Hub
from daemon.sim.gateway.order_entry import route
from daemon.sim.gateway.session import Session

STATE_VERSION: Final = 1
PNL_INTERVAL_S: Final = 1.0
_LONGEST_SLEEP_S: Final = 3600.0
_SHORTEST_SLEEP_S: Final = 0.001
"""For something that is still due after a step: it must not spin."""


@dataclass(slots=True)
class _Beat:
    """Something that is sent again and again while somebody listens; ``at`` is when next, None while nobody does."""

    interval_s: float
    wanted: Callable[[Hub], bool]
    send: Callable[[Hub], None]
    at: datetime | None = None


def _beats(config: GatewayConfig) -> tuple[_Beat, ...]:
    """Return every beat; those that are due together go out in this order."""
    return (
        _Beat(
            config.tick_interval_s,
            partial(market_data.listens, slow=False),
            partial(market_data.send_ticks, slow=False),
        ),
        _Beat(
            config.index_interval_s, partial(market_data.listens, slow=True), partial(market_data.send_ticks, slow=True)
        ),
        _Beat(config.tick_interval_s, tick_by_tick.listens, tick_by_tick.send_streams),
        _Beat(bar_data.BAR_S, bar_data.listens, bar_data.send_bars),
        _Beat(PNL_INTERVAL_S, pnl.listens, pnl.send_pnl),
        _Beat(config.portfolio_interval_s, account_data.listens, account_data.send_account),
    )


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
        self._beats = _beats(self._hub.config)

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
        strangers = len(self._hub.clients) - len(self._hub.started())
        if strangers > MAX_STRANGERS or self._hub.faults.refuses(self._hub.now):
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
        for beat in self._beats:
            if beat.at is not None and beat.at <= self._hub.now:
                beat.at = None
                beat.send(self._hub)

    def _plan(self) -> None:
        """Set the beats that are not set, also those just sent; a beat that nobody listens to is not set."""
        for beat in self._beats:
            wanted = beat.wanted(self._hub)
            beat.at = (beat.at or self._hub.next_beat(beat.interval_s)) if wanted else None

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
            *(beat.at for beat in self._beats),
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
