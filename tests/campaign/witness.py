"""Watches a daemon and its account from outside, and hands what it sees to the checkers after every step."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from campaign.checkers import AT_REST, CLOSING, STEP, Violation
from campaign.record import Record, Shown
from campaign.seen import Closed, Rebuilt, Seen, Sent

from daemon.adapters.store import SqliteStore, open_readonly
from daemon.core.calendar.expiries import settlement_at
from daemon.core.orders.intent import OrderRef, OrderSpec
from daemon.core.records import EventRecord
from daemon.engine.engine import Engine

STEPS = frozenset(
    {
        "book_reconciled",
        "execution_booked",
        "order_absent",
        "order_acknowledged",
        "order_cancelled",
        "order_expired",
        "order_filled",
        "order_rejected",
        "order_sent",
        "order_unknown",
        "position_settled",
        "run_state_changed",
    }
)
"""Events after which everything is looked at; the others change nothing that a checker reads."""
JOB_EVENTS = ("job_done", "job_skipped", "job_failed", "job_missed")
VIOLATIONS_MAX = 5


@dataclass(slots=True)
class Witness:
    """Collects what is seen over all lives of a daemon, and every violation."""

    database: Path
    record: Record
    shown: Shown
    quiet_from: datetime
    """When everything must have come to rest."""
    violations: list[Violation] = field(default_factory=list)
    steps: int = 0
    _engine: Engine | None = None
    _reader: sqlite3.Connection | None = None
    _sent: list[Sent] = field(default_factory=list)
    _times_sent: Counter[OrderRef] = field(default_factory=Counter)
    _of_session: dict[date, list[OrderRef]] = field(default_factory=lambda: defaultdict(list))
    _outcomes: dict[tuple[date, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def watch(self, engine: Engine) -> None:
        """Watch a daemon that begins to live; the one before is dead."""
        self._engine = engine
        self.shown.begin()
        engine.desk.journal.add_sink(self._told)
        if self._reader is None:
            self._reader = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        tap_orders(engine, self._sends)

    def unwatch(self) -> None:
        """Learn that the daemon is gone."""
        self._engine = None

    def close(self) -> None:
        """Let go of the database."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def crashed(self, error: BaseException) -> None:
        """Write down that the daemon ended by itself."""
        self._add(Violation(0, f"the daemon ended by itself: {type(error).__name__}: {error}"))

    @property
    def orders(self) -> int:
        """Return how many orders were sent."""
        return sum(self._times_sent.values())

    # -- steps --------------------------------------------------------------------------------

    def _told(self, event: EventRecord) -> None:
        if event.name in JOB_EVENTS:
            session = date.fromisoformat(str(event.fields["of_session"]))
            self._outcomes[session, str(event.fields["job"])].append(event.name.removeprefix("job_"))
        elif event.name in ("job_crashed", "daemon_failed"):
            self._add(Violation(0, f"{event.name}: {event.fields}"))
        if event.name in STEPS and self._engine is not None:
            self.look()

    def _sends(self, ref: OrderRef, spec: OrderSpec) -> None:
        engine = self._engine
        assert engine is not None, "only a watched daemon sends orders"
        desk = engine.desk
        self._times_sent[ref] += 1
        session = desk.journal.session()
        self._of_session[session].append(ref)
        self._sent.append(
            Sent(
                at=desk.clock.now(),
                session=session,
                ref=ref,
                spec=spec,
                account=desk.link.account,
                committed=self._committed(ref),
                link_synced=desk.link.synced,
                reconciled_at=desk.link.reconciled_at,
                run_state=desk.store.run_state().state,
                breaks_open=desk.link.breaks_open,
                index_at=self.shown.index_at,
            )
        )
        self.look()

    def _committed(self, ref: OrderRef) -> str | None:
        assert self._reader is not None, "a daemon is watched only with its database"
        row = self._reader.execute("SELECT state FROM intents WHERE ref = ?", (ref,)).fetchone()
        return None if row is None else str(row[0])

    def look(self) -> None:
        """Let the checkers of every step look at what is now."""
        self.steps += 1
        seen = self._seen()
        for checker in STEP:
            self._check(checker, seen)

    def _seen(self) -> Seen:
        engine = self._engine
        assert engine is not None, "only a living daemon is looked at"
        desk, record = engine.desk, self.record
        if self.shown.at is not None:
            record.were_listed(self.shown.at)
        sent, self._sent = tuple(self._sent), []
        store = desk.store
        return Seen(
            at=desk.clock.now(),
            sent=sent,
            times_sent=self._times_sent,
            sent_in_session={day: tuple(refs) for day, refs in self._of_session.items()},
            counted_from=engine.run_states.counted_from,
            working=record.working(),
            fills=record.fills,
            account=record.alive(desk.clock.now()),
            moved_at=record.moved_at,
            shown_at=self.shown.at,
            reconciled_at=desk.link.reconciled_at,
            entries=store.entries(),
            book=store.book(),
            breaks_open=desk.link.breaks_open,
            intents=store.intents(),
            limits=desk.policy.limits,
        )

    # -- the end of a session -----------------------------------------------------------------

    def close_session(self, sessions: tuple[date, ...]) -> None:
        """Let the checkers of closed sessions look, and those of rest once all must have come to it."""
        engine = self._engine
        if engine is None:
            return
        self.look()
        closed = self._closed(engine, sessions)
        for checker in (*CLOSING, *(AT_REST if closed.quiet else ())):
            self._check(checker, closed)

    def _closed(self, engine: Engine, sessions: tuple[date, ...]) -> Closed:
        desk, record = engine.desk, self.record
        store = desk.store
        now = desk.clock.now()
        rebuilt = open_readonly(self.database)
        try:
            fresh = _rebuilt(rebuilt)
        finally:
            rebuilt.close()
        assert isinstance(store, SqliteStore)
        return Closed(
            seen=self._seen(),
            sessions=sessions,
            jobs=tuple(job.name for job in engine.jobs._daily),
            outcomes={key: tuple(told) for key, told in self._outcomes.items()},
            decisions={session: store.decisions(session) for session in sessions},
            events=store.events(session=sessions[-1]) if sessions else (),
            rebuilt=fresh,
            remembered=_rebuilt(store),
            change_usd_cents=record.change_usd_cents,
            marks_usd_cents=record.marks_usd_cents(),
            by_hand_usd_cents=record.by_hand_usd_cents(),
            forgotten=record.forgotten(store.booked().keys()),
            quiet=now >= self.quiet_from,
            link_synced=desk.link.synced,
            due=tuple(
                f"{contract} of {holding.subject}"
                for holding in store.book().holdings.values()
                for contract in holding.positions
                if settlement_at(contract.trading_class, contract.expiry) < now
            ),
        )

    def _check(self, checker: Callable[..., tuple[Violation, ...]], seen: Seen | Closed) -> None:
        for violation in checker(seen):
            self._add(violation)

    def _add(self, violation: Violation) -> None:
        if violation not in self.violations and len(self.violations) < VIOLATIONS_MAX:
            self.violations.append(violation)


def _rebuilt(store: SqliteStore) -> Rebuilt:
    return Rebuilt(book=store.book(), intents=store.intents(), run_state=store.run_state().state)


def tap_orders(engine: Engine, sends: Callable[[OrderRef, OrderSpec], None]) -> None:
    """Tell ``sends`` of every new order at the moment the engine hands it to the broker."""
    broker = engine.desk.broker
    place = broker.place

    async def tapped(ref: OrderRef, spec: OrderSpec) -> None:
        sends(ref, spec)
        await place(ref, spec)

    broker.place = tapped  # type: ignore[method-assign]
