"""The run state: what a person and the program have set, and the halt file, which is a person's word too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from daemon.core.records import PERSON, PROGRAM, Level, RunState, RunStateRecord
from daemon.engine.context import Desk
from daemon.engine.journal import Journal
from daemon.ports import Store

REJECTS: Final = "rejects_in_a_row"
"""Counts, in the store, the orders that the broker has rejected one after the other."""
COUNTED_FROM: Final = "orders_counted_from"
"""Keeps, in the store, the instant of a person's last resume, from which orders are counted."""


class RunStates:
    """Keeps the run state. The program only ever tightens it; a person alone lifts a halt."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._listeners: list[Callable[[], None]] = []

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after each later change."""
        self._listeners.append(listener)

    def now(self) -> RunStateRecord:
        """Return the run state as it is at this moment; the halt file is looked for first."""
        self.look()
        return self._desk.store.run_state()

    def look(self) -> None:
        """Look for the halt file; one that is there sets a person's HALTED, which outlives the file."""
        reason = self._desk.halt_file.reason()
        if reason is None:
            return
        record = self._desk.store.run_state()
        if record.state is not RunState.HALTED or record.by != PERSON:
            self._set(RunStateRecord(RunState.HALTED, PERSON, f"halt file: {reason}", self._desk.clock.now()))

    def halt(self, reason: str, state: RunState) -> None:
        """Set a person's EXITS_ONLY or HALTED."""
        self._set(RunStateRecord(state, PERSON, reason, self._desk.clock.now()))

    def resume(self, reason: str) -> None:
        """Trade again by a person's word, and count orders anew. Raises UserError while the halt file is there."""
        self._desk.halt_file.must_be_gone()
        self._set(RunStateRecord(RunState.RUNNING, PERSON, reason, self._desk.clock.now()))

    def halt_by_program(self, reason: str) -> None:
        """Halt what runs away; says nothing when everything is halted already."""
        if self._desk.store.run_state().state is not RunState.HALTED:
            self._set(RunStateRecord(RunState.HALTED, PROGRAM, reason, self._desk.clock.now()), Level.ERROR)

    @property
    def rejects(self) -> int:
        """Return how many orders the broker has rejected one after the other."""
        return int(self._desk.store.meta(REJECTS) or 0)

    def answered(self, *, rejected: bool) -> None:
        """Count rejections of the broker; anything else it says of an order ends the row."""
        store, limit, count = self._desk.store, self._desk.policy.limits.rejects_max, self.rejects
        if rejected:
            store.set_meta(REJECTS, str(count + 1))
            if count + 1 >= limit:
                self.halt_by_program(f"{count + 1} orders were rejected in a row, the limit is {limit}")
        elif count:
            store.set_meta(REJECTS, "0")

    @property
    def counted_from(self) -> datetime | None:
        """Return the instant of a person's last resume; None when there was none."""
        text = self._desk.store.meta(COUNTED_FROM)
        return None if text is None else datetime.fromisoformat(text)

    def _set(self, record: RunStateRecord, level: Level | None = None) -> None:
        write_run_state(self._desk.store, self._desk.journal, record, level)
        for listener in self._listeners:
            listener()


def write_run_state(store: Store, journal: Journal, record: RunStateRecord, level: Level | None = None) -> None:
    """Set a run state and tell it; a person's resume lets the counts of orders and of rejections begin anew."""
    if record.by == PERSON and record.state is RunState.RUNNING and record.at is not None:
        store.set_meta(REJECTS, "0")
        store.set_meta(COUNTED_FROM, record.at.isoformat())
    store.set_run_state(record)
    journal.emit(
        "run_state_changed", {"state": record.state.value, "by": record.by, "reason": record.reason}, level=level
    )
