"""The alert desk at work: takes events in at once, sends what is due beside everything else, forgets nothing.

Whoever writes an event never waits for it: ``take`` only counts, and the task of the desk sends and saves. A message is
saved before its first attempt, so that one may arrive twice after a crash and none is lost; events that were written
while no desk ran, or that a crash cut off, are found in the store at the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from daemon.core.alerts import desk as rules
from daemon.core.alerts.kinds import AlertLevel
from daemon.core.alerts.outbox import HISTORY_MAX, OUTBOX_MAX, DeskRecord, Parcel, addressed, answered, delivery, parcel
from daemon.core.alerts.policy import AlertPolicy
from daemon.core.alerts.state import AlertState, Digest, Message
from daemon.core.calendar.sessions import sessions_between
from daemon.core.records import EventRecord
from daemon.errors import StoreError
from daemon.ports import AlertMemory, Clock, Outlets, Store

CATCH_UP: Final = timedelta(days=3)
"""How far back a start looks for alerts that no desk has seen."""
AROUND: Final = timedelta(days=7)
"""What an event is of another day than its session at most: a Friday's evening belongs to the Monday, or later."""
Write = Callable[[str, Mapping[str, object]], None]
"""Writes an event by its name and its fields."""
SAVE_EVERY_S: Final = 3600.0
"""How long it may take until is saved up to where events were looked at, when nothing else is to be saved."""
CLOSE_S: Final = 10.0
"""How long the last messages may keep a program from its end."""
SEND_GRACE_S: Final = 5.0
"""What outlets may take beyond their deadline until they are given up."""


@dataclass(slots=True)
class Ended:
    """Messages of this process whose way has ended."""

    sent: int = 0
    """Reached every outlet."""
    failed: int = 0


class AlertDesk:
    """Owns what is known about alerts, and the messages on their way."""

    def __init__(
        self,
        policy: AlertPolicy,
        *,
        clock: Clock,
        store: Store,
        write: Write,
        outlets: Outlets,
        memory: AlertMemory,
        mode: Callable[[], str],
        deadline_s: float,
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._store = store
        self._write = write
        self._outlets = outlets
        self._memory = memory
        self._mode = mode
        self._deadline_s = deadline_s + SEND_GRACE_S
        self._record = self._remembered() or DeskRecord(state=AlertState(seen_at=clock.now()))
        self._saved: DeskRecord | None = None
        self._wake = asyncio.Event()
        self._failed = False
        self.ended = Ended()

    def _remembered(self) -> DeskRecord | None:
        """Return what an earlier run knew; what cannot be read any more is told as lost."""
        try:
            return self._memory.load()
        except StoreError as error:
            self._write("alert_failed", {"why": f"what waited to be sent is lost: {error}"})
            return None

    @property
    def record(self) -> DeskRecord:
        """Return everything that is known about alerts."""
        return self._record

    # -- what comes in -------------------------------------------------------------------------------------------------

    def take(self, event: EventRecord) -> None:
        """Take an event in; never raises and never waits."""
        if self._failed:
            return
        before = self._record.state
        try:
            self._set(rules.take(before, event, self._policy))
        except Exception as error:  # noqa: BLE001 -- a defect in alerts must not stop the fact that is being written
            self._fail(error)
        if self._record.state.causes is not before.causes:
            self._wake.set()

    def close_day(self, session: date, title: str, text: str) -> None:
        """Take the end of a session in."""
        digest = Digest(session, self._clock.now(), title, text)
        self._set(rules.close_day(self._record.state, digest, self._policy))
        self._wake.set()

    def _set(self, state: AlertState) -> None:
        self._record = replace(self._record, state=state)

    def _fail(self, error: BaseException) -> None:
        self._failed = True
        text = f"{type(error).__name__}: {error}"
        self._write("alert_failed", {"why": f"the alert desk has failed and sends nothing any more: {text}"})

    # -- life ----------------------------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Take in what was written since the desk last looked, and address what is still on its way."""
        now, seen = self._clock.now(), self._record.state.seen_at
        outbox = tuple(addressed(known, self._outlets.names) for known in self._record.outbox)
        self._record = replace(self._record, outbox=outbox)
        if seen is None:
            return
        first = max(seen, now - CATCH_UP)
        for session in sessions_between((first - AROUND).date(), (now + AROUND).date()):
            for event in self._store.events(session=session):
                if event.at > first:
                    self.take(event)

    async def run(self) -> None:
        """Send what is due until cancelled."""
        try:
            while not self._failed:
                self._wake.clear()
                self._make(self._policy)
                self._save()
                await self._deliver()
                await self._wait()
        except Exception as error:  # noqa: BLE001 -- the program trades on without alerts
            self._fail(error)

    async def close(self) -> None:
        """Send what cannot wait for the next start, for a moment, and save the rest."""
        if not self._failed:
            self._make(replace(self._policy, gather_s=0))
            self._save()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    while await self._deliver():
                        pass
        self._save(whole=True)

    async def trial(self, level: AlertLevel) -> Mapping[str, str]:
        """Send a test to every outlet, past all rules; return by name what went wrong, "" for nothing."""
        message = trial_message(level, self._clock.now(), self._mode())
        return await self._outlets.send(message, self._outlets.names)

    def _make(self, policy: AlertPolicy) -> None:
        """Make a message of what is due; what has no room in the outbox is given up."""
        state, message = rules.due(self._record.state, self._clock.now(), policy, mode=self._mode())
        self._set(state)
        if message is not None:
            outbox = (*self._record.outbox, parcel(message, self._outlets.names))
            for lost in outbox[:-OUTBOX_MAX]:
                self._end(lost)
            self._record = replace(self._record, outbox=outbox[-OUTBOX_MAX:])

    async def _deliver(self) -> bool:
        """Attempt the message that was tried least: what is new waits for one outlet that hangs, not for each of its turns.

        Returns whether there was one.
        """
        waiting = [known for known in self._record.outbox if known.next_at <= self._clock.now()]
        if waiting:
            await self._attempt(min(waiting, key=lambda known: known.attempts))
        return bool(waiting)

    async def _attempt(self, waiting: Parcel) -> None:
        problems: Mapping[str, str] = dict.fromkeys(waiting.left, "no answer in time")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._deadline_s):
                problems = await self._outlets.send(waiting.message, waiting.left)
        after = answered(waiting, problems, self._clock.now())
        if len(after.reached) > len(waiting.reached):
            outlets = ", ".join(after.reached[len(waiting.reached) :])
            self._write("alert_sent", {"title": after.message.title, "outlets": outlets})
        on = after.left and not after.given_up
        self._record = replace(
            self._record,
            outbox=tuple(
                left
                for known in self._record.outbox
                for left in ((known,) if known is not waiting else (after,) if on else ())
            ),
        )
        if not on:
            self._end(after)
        self._save()

    def _end(self, ended: Parcel) -> None:
        """Write down what became of a message."""
        found = delivery(ended, self._clock.now())
        self._record = replace(self._record, history=(*self._record.history, found)[-HISTORY_MAX:])
        title = ended.message.title
        if not found.reached:
            self._set(rules.not_delivered(self._record.state))
        if not found.failed:
            self.ended.sent += 1
        else:
            self.ended.failed += 1
            why = "; ".join(f"{name}: {words}" for name, words in found.failed)
            fields = {"title": title, "outlets": ", ".join(name for name, _ in found.failed), "why": why}
            self._write("alert_failed", fields)

    async def _wait(self) -> None:
        """Wait until something is due, or something comes in."""
        now = self._clock.now()
        instants = [waiting.next_at for waiting in self._record.outbox]
        due_at = rules.next_at(self._record.state, now, self._policy)
        instants += [due_at] if due_at is not None else []
        left_s = min(((at - now).total_seconds() for at in instants), default=SAVE_EVERY_S)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), min(max(left_s, 0.0), SAVE_EVERY_S))
        if self._seen_long_ago():
            self._save(whole=True)

    def _seen_long_ago(self) -> bool:
        saved, seen = self._saved, self._record.state.seen_at
        at = None if saved is None else saved.state.seen_at
        return at is not None and seen is not None and (seen - at).total_seconds() > SAVE_EVERY_S

    def _save(self, *, whole: bool = False) -> None:
        """Save what has changed; up to where events were looked at alone is worth it only with ``whole``."""
        if self._saved is not None and not whole and _without_seen(self._saved) == _without_seen(self._record):
            return
        with contextlib.suppress(StoreError):  # a store that fails ends the daemon, which is an alert of its own
            self._memory.save(self._record)
            self._saved = self._record


def trial_message(level: AlertLevel, now: datetime, mode: str) -> Message:
    """Return a message that only says that messages arrive."""
    urgent = "URGENT: " if level is AlertLevel.URGENT else ""
    body = f"This is a test of level {level.value}, asked for by a person. Nothing has happened."
    return Message(number=0, at=now, level=level, title=f"condord {mode}: {urgent}test", body=body, alerts=0)


def _without_seen(record: DeskRecord) -> DeskRecord:
    return replace(record, state=replace(record.state, seen_at=None))
