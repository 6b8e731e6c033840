"""A password of an outlet is in nothing that the daemon writes, also not when sending fails."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from io import StringIO
from pathlib import Path

from alert_values import END, policy

from daemon.adapters.clock import SystemClock
from daemon.adapters.log import build_logging
from daemon.adapters.outlets import AppriseOutlets, StoredAlerts, read_outlets
from daemon.adapters.store import SqliteStore
from daemon.core.alerts.outbox import RETRIES_S
from daemon.core.alerts.state import Message
from daemon.core.calendar.sessions import log_session
from daemon.engine.alert_desk import AlertDesk
from daemon.engine.journal import Journal
from daemon.report.alerts import alerts_text
from daemon.settings import load

SECRET = "hunter2geheim"
HALT = {"state": "HALTED", "by": "program", "reason": "5 rejects in a row"}


class Watched:
    """Outlets that say when a message was tried."""

    def __init__(self, outlets: AppriseOutlets) -> None:
        self._outlets = outlets
        self.names = outlets.names
        self.tried = asyncio.Event()

    async def send(self, message: Message, to: Sequence[str]) -> Mapping[str, str]:
        found = await self._outlets.send(message, to)
        self.tried.set()
        return found


def test_a_password_is_in_nothing_that_is_written_when_sending_fails(tmp_path: Path) -> None:
    urls, state = tmp_path / "alert_urls", tmp_path / "state"
    urls.write_text(f"json://me:{SECRET}@127.0.0.1:9/{SECRET}\ntgram://{SECRET}\nmailto://{SECRET}:x@127.0.0.1:9\n")
    settings = load([], {"HOME": str(tmp_path), "CONDORD_ALERT_URLS_FILE": str(urls)})
    screen = StringIO()

    async def main() -> str:
        clock, store = SystemClock(), SqliteStore(state / "condord.db", synchronous="OFF")
        session_of = partial(log_session, end_of_day=END)
        journal = Journal(store, clock, session_of)
        log = build_logging(
            settings.log,
            clock_now=clock.now,
            log_session=session_of,
            log_dir=state / "logs",
            terminal=screen,
            header="condord",
        )
        journal.add_sink(log.write)
        outlets = Watched(AppriseOutlets(read_outlets(urls), deadline_s=60))
        desk = AlertDesk(
            policy(gather_s=0),
            clock=clock,
            store=store,
            write=journal.emit,
            outlets=outlets,
            memory=StoredAlerts(store),
            mode=lambda: "SIMULATED",
            deadline_s=60,
        )
        journal.add_sink(desk.take)
        task = asyncio.create_task(desk.run())
        journal.emit("run_state_changed", HALT)
        await outlets.tried.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        (waiting,) = desk.record.outbox
        last = replace(waiting, attempts=len(RETRIES_S))
        desk._record = replace(desk.record, outbox=(last,))
        await desk._attempt(last)
        shown = f"{alerts_text(desk.record)} {desk.record!r} {settings!r}"
        log.close()
        store.close()
        return shown

    shown = asyncio.run(main())

    written = [path for path in state.rglob("*") if path.is_file()]
    assert len(written) >= 3
    assert "alert failed" in screen.getvalue()
    assert SECRET not in screen.getvalue() + shown
    assert [path.name for path in written if SECRET.encode() in path.read_bytes()] == []
