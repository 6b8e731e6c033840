"""Keeping the connection: connect with back-off without end, heartbeat, resync after every gap."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import date, datetime

from daemon.core.calendar.resets import login_ended, reset_until
from daemon.core.calendar.sessions import NEW_YORK
from daemon.core.orders.broker_facts import Connected, LinkFact, LinkState
from daemon.core.records import Level
from daemon.engine.context import Desk
from daemon.engine.facts import FactRecorder
from daemon.errors import BrokerError, LinkDownError, UserError
from daemon.ports import Notifier

Resync = Callable[[], Awaitable[None]]


class LinkKeeper:
    """Owns the connection. Nothing else connects or disconnects."""

    def __init__(self, desk: Desk, facts: FactRecorder, notifier: Notifier, resync: Resync) -> None:
        self._desk = desk
        self._notifier = notifier
        self._resync = resync
        self._changed = asyncio.Event()
        self._ready = asyncio.Event()
        self._failure: BaseException | None = None
        self._waiting: str | None = None
        self._said: set[tuple[date, str, str]] = set()
        self._stood_at: datetime | None = None
        """When the connection was last known to stand; None before the first."""
        self.turns = 0
        """Grows with each attempt, change and heartbeat: what stands still is not looked after any more."""
        self.on_connected: Callable[[Connected], None] = lambda _connected: None
        """Called with each new connection before anything is done with it."""
        self.on_lost: Callable[[], None] = lambda: None
        """Called when the connection is down."""
        facts.on_link(self._on_link)

    async def wait_ready(self) -> None:
        """Wait for the first synchronised and reconciled connection; raise what makes one impossible."""
        await self._ready.wait()
        if self._failure is not None:
            raise self._failure

    @property
    def failure(self) -> BaseException | None:
        """What made a connection impossible, if anything did."""
        return self._failure

    @property
    def waiting(self) -> str | None:
        """Why there is no connection just now, in a sentence; None while there is one or none was tried."""
        return self._waiting

    @property
    def status_line(self) -> str | None:
        """What the service manager shows while there is no connection; None else."""
        return None if self._waiting is None else f"waiting for the gateway: {self._waiting}"

    async def run(self) -> None:
        """Connect, watch, and come back, until cancelled or a connection is impossible."""
        try:
            while True:
                await self._connect()
                await self._watch()
        except (BrokerError, UserError) as error:
            self._failure = error
            self._desk.journal.emit("gateway_refused", {"why": str(error)})
            self._ready.set()

    async def _connect(self) -> None:
        """Try without end; what waiting cannot cure is raised at once (decision 11)."""
        policy = self._desk.policy
        wait_s = policy.reconnect_min_s
        while (why := await self._attempt()) is not None:
            self.turns += 1
            self._say_waiting(why, wait_s)
            self._notifier.status(str(self.status_line))
            self._notifier.ready()
            await self._desk.clock.sleep(wait_s)
            wait_s = min(wait_s * 2, policy.reconnect_max_s)
        self._waiting, self._said = None, set()
        self._ready.set()
        self._notifier.ready()

    def _say_waiting(self, why: str, retry_s: float) -> None:
        """Warn of each reason once a session; a weekend has thousands of attempts, and one is like the other.

        What is announced, the broker's own resets, is no warning until it lasts longer than announced.
        """
        journal, announced = self._desk.journal, self._announced()
        note = announced or self._login_needed()
        said = (journal.session(), why, note)
        if said not in self._said:
            level = Level.INFO if announced else None
            journal.emit("gateway_waiting", {"why": why, "retry_s": retry_s, "note": note}, level=level)
        self._said = {other for other in self._said if other[0] == said[0]} | {said}
        self._waiting = f"{why} {note}".rstrip()

    def _announced(self) -> str:
        until = reset_until(self._desk.clock.now(), self._desk.policy.resets)
        return "" if until is None else f"The broker's reset lasts until {until.astimezone(NEW_YORK):%H:%M} New York."

    def _login_needed(self) -> str:
        """Return what a person has to do when the weekly end of logins has passed since the connection stood."""
        now = self._desk.clock.now()
        ended = login_ended(self._stood_at or now, now, self._desk.policy.resets)
        return (
            "" if ended is None else f"Logins ended on {ended.astimezone(NEW_YORK):%A %H:%M}: log the gateway in anew."
        )

    async def _attempt(self) -> str | None:
        """Connect and reconcile once; return why it did not work, or None."""
        desk = self._desk
        self._changed.clear()
        try:
            connected = await desk.broker.connect()
        except LinkDownError as error:
            return str(error)
        self.on_connected(connected)
        desk.link.account, desk.link.simulated, desk.link.paper = connected.account, connected.simulated, True
        try:
            await self._measure_skew()
            desk.link.synced = True
            await self._resync()
        except BrokerError as error:
            desk.link.synced = False
            await desk.broker.disconnect()
            return str(error)
        return None

    async def _watch(self) -> None:
        """Return when the connection is lost; a gateway that falls silent counts as lost."""
        desk = self._desk
        while desk.broker.link is not LinkState.DOWN:
            self.turns += 1
            self._stood_at = desk.clock.now()
            # Not wait_for: of Python 3.11 it swallows a cancel that comes together with the change, and a stop then hangs.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(desk.policy.heartbeat_s):
                    await self._changed.wait()
            if self._changed.is_set():
                self._changed.clear()
                await self._after_change()
            else:
                await self._beat()
        desk.link.synced = False

    async def _after_change(self) -> None:
        state = self._desk.broker.link
        if state is LinkState.DOWN or state is LinkState.DEGRADED:
            self._desk.link.synced = False
        elif state is LinkState.SYNCING or not self._desk.link.synced:
            await self._resync_or_drop()

    async def _resync_or_drop(self) -> None:
        try:
            self._desk.link.synced = True
            await self._resync()
        except BrokerError as error:
            await self._drop(f"the resync failed: {error}")

    async def _beat(self) -> None:
        try:
            await self._measure_skew()
        except BrokerError as error:
            await self._drop(f"no heartbeat: {error}")

    async def _drop(self, why: str) -> None:
        self._desk.link.synced = False
        announced = self._announced()
        level = Level.INFO if announced else None
        self._desk.journal.emit("link_dropped", {"why": why, "note": announced}, level=level)
        await self._desk.broker.disconnect()

    async def _measure_skew(self) -> None:
        gateway = await self._desk.broker.gateway_time()
        self._desk.link.heard_at = self._desk.clock.now()
        self._desk.link.clock_skew_s = (self._desk.link.heard_at - gateway).total_seconds()

    async def _on_link(self, fact: LinkFact) -> None:
        if fact.state in (LinkState.DOWN, LinkState.DEGRADED):
            self._desk.link.synced = False
        if fact.state is LinkState.DOWN:
            self.on_lost()
        self._changed.set()
