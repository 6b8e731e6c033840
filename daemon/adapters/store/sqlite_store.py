"""The store: one SQLite file, one writing connection, every method one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Final

from daemon.adapters.store import codec
from daemon.adapters.store.connection import CommitTimes, Connection, open_reading, open_writing
from daemon.adapters.store.intents import Intents
from daemon.adapters.store.ledger import Ledger
from daemon.core.book.book import Book, BookEntry
from daemon.core.hedge.governance import GovernanceEntry
from daemon.core.orders.broker_facts import ExecId, exec_stem
from daemon.core.orders.intent import ComboPrice, Intent, IntentState, OrderRef, PermId
from daemon.core.records import (
    PERSON,
    CondorRecord,
    DailyValue,
    DayRecord,
    Decision,
    EventRecord,
    HedgeComputation,
    JobOutcome,
    Monitor,
    RiskRecord,
    RunState,
    RunStateRecord,
    Signal,
    strictest,
)
from daemon.errors import StoreError

DATABASE: Final = "condord.db"
"""Name of the file in a state folder."""
_DAY_SQL: Final = """
    INSERT OR REPLACE INTO days (session, spx, vix, net_liquidation_usd_cents, condor_pnl_usd_cents,
        hedge_pnl_usd_cents, wing_notional_usd, hedge_pct, hedge_target_usd, hedge_held_usd, regime, breaks_open,
        positions)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_RISK_SQL: Final = """
    INSERT OR REPLACE INTO risks (session, at, spx, vix, theta_usd, linked_delta_usd, worst_usd, wing_notional_usd,
        maintenance_margin_usd_cents, details)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class SqliteStore:
    """Everything the program remembers (see ``daemon.ports.Store``).

    A method that writes has either committed when it returns, or changed nothing when it raises.
    """

    def __init__(self, path: Path, synchronous: str = "FULL", *, readonly: bool = False) -> None:
        """Open the database for writing (create it, bring it up to date) or reading. Raises StoreError."""
        self._connection: Connection = open_reading(path) if readonly else open_writing(path, synchronous)
        self._writable = not readonly
        self._seen_version = self._connection.pragma("data_version")
        self._ledger = Ledger(self._connection)
        self._intents = Intents(self._connection)
        self._days: tuple[DayRecord, ...] | None = None
        self._computed: dict[date | None, tuple[HedgeComputation, ...]] = {}
        self._run_state: RunStateRecord | None = None
        self._meta: dict[str, str | None] = {}

    @property
    def path(self) -> Path:
        """Return the file."""
        return self._connection.path

    def last_event_at(self) -> datetime | None:
        """Return when the last recorded event happened."""
        row = self._connection.row("SELECT at FROM events ORDER BY id DESC LIMIT 1")
        return None if row is None else codec.instant(row["at"])

    @property
    def commits(self) -> CommitTimes:
        """Return how long the commits of this process took."""
        return self._connection.commits

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if not self._writable:
            raise StoreError(f"database {self.path} was opened for reading; only the daemon writes it")
        with self._connection.transaction():
            yield

    def _refresh(self) -> None:
        """Read anew what the daemon has written since, when this is not the daemon."""
        if self._writable:
            return
        version = self._connection.pragma("data_version")
        if version != self._seen_version:
            self._seen_version = version
            self._ledger.load()
            self._intents.load()
            self._days = self._run_state = None
            self._computed.clear()
            self._meta.clear()

    # --- named values, run state, jobs -------------------------------------------------------------------

    def meta(self, key: str) -> str | None:
        """Return a named value."""
        self._refresh()
        if key not in self._meta:
            row = self._connection.row("SELECT value FROM meta WHERE key = ?", (key,))
            self._meta[key] = None if row is None else str(row["value"])
        return self._meta[key]

    def set_meta(self, key: str, value: str) -> None:
        """Keep a named value."""
        with self._transaction():
            self._connection.write("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
        self._meta[key] = value

    def run_state(self) -> RunStateRecord:
        """Return the persistent run state that holds: the strictest of a person's and the program's."""
        self._refresh()
        if self._run_state is None:
            rows = self._connection.rows("SELECT * FROM run_states")
            self._run_state = strictest(map(codec.run_state, rows))
        return self._run_state

    def set_run_state(self, record: RunStateRecord) -> None:
        """Change a person's or the program's run state; a person's RUNNING takes both back."""
        at = None if record.at is None else codec.instant_text(record.at)
        values = (record.by, record.state.value, record.reason, at)
        with self._transaction():
            if record.by == PERSON and record.state is RunState.RUNNING:
                self._connection.write("DELETE FROM run_states")
            self._connection.write("INSERT OR REPLACE INTO run_states VALUES (?, ?, ?, ?)", values)
        self._run_state = None

    def job_outcome(self, session: date, job: str) -> JobOutcome | None:
        """Return what became of a job of a session."""
        sql = "SELECT outcome, reason, at FROM jobs WHERE session = ? AND job = ?"
        row = self._connection.row(sql, (session.isoformat(), job))
        return None if row is None else codec.job_outcome(row)

    def record_job(self, session: date, job: str, outcome: JobOutcome) -> bool:
        """Record an outcome; False when the job already has one (the first stays)."""
        values = (session.isoformat(), job, outcome.outcome.value, outcome.reason, codec.instant_text(outcome.at))
        with self._transaction():
            return self._connection.write("INSERT OR IGNORE INTO jobs VALUES (?, ?, ?, ?, ?)", values) == 1

    # --- decisions and intents ---------------------------------------------------------------------------

    def record_decision(self, decision: Decision) -> None:
        """Record a decision with its reasons."""
        named = (decision.session.isoformat(), decision.job, decision.kind.value, decision.subject)
        why = (codec.reasons_text(decision.reasons), codec.json_text(dict(decision.inputs)))
        with self._transaction():
            self._connection.write(
                "INSERT INTO decisions (session, job, kind, subject, at, reasons, inputs) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*named, codec.instant_text(decision.at), *why),
            )

    def decisions(self, session: date) -> tuple[Decision, ...]:
        """Return the decisions of a session in order."""
        sql = "SELECT * FROM decisions WHERE session = ? ORDER BY id"
        return tuple(codec.decision(row) for row in self._connection.rows(sql, (session.isoformat(),)))

    def plan_intent(self, intent: Intent, condor: CondorRecord | None = None) -> None:
        """Commit a new intent (and the condor it opens). Raises InvariantError on a key that exists."""
        with self._transaction():
            self._intents.write(intent, condor)
        self._intents.remember(intent, condor)

    def advance_intent(
        self, ref: OrderRef, state: IntentState, at: datetime, why: str, perm_id: PermId | None = None
    ) -> Intent:
        """Move an intent on, keep the transition, return the intent as it now is.

        Raises InvariantError on a change that ``docs/orders.md`` does not allow.
        """
        with self._transaction():
            intent = self._intents.write_advance(ref, state, at=at, why=why, perm_id=perm_id)
        return self._intents.remember(intent)

    def reprice_intent(self, ref: OrderRef, net_limit_pts100: int, quoted: ComboPrice | None, at: datetime) -> None:
        """Commit a new limit price, and the market it was made from, before it is sent."""
        with self._transaction():
            intent = self._intents.write_price(ref, net_limit_pts100, quoted, at=at)
        self._intents.remember(intent)

    def intent(self, ref: OrderRef) -> Intent | None:
        """Return one intent."""
        self._refresh()
        return self._intents.get(ref)

    def intents(
        self, *, session: date | None = None, subject: str | None = None, live_only: bool = False
    ) -> tuple[Intent, ...]:
        """Return intents in the order they were planned."""
        self._refresh()
        return self._intents.select(session=session, subject=subject, live_only=live_only)

    def intent_refs(self) -> AbstractSet[OrderRef]:
        """Return the refs of all intents ever planned."""
        self._refresh()
        return self._intents.refs()

    def condors(self) -> tuple[CondorRecord, ...]:
        """Return every condor ever planned."""
        self._refresh()
        return self._intents.condors()

    # --- executions and the book -------------------------------------------------------------------------

    def record_execution(self, entry: BookEntry, event: EventRecord) -> bool:
        """Book one execution or settlement in one transaction: execution, intent (FILLED when complete), event.

        False, and nothing written, when this stem and revision (or a higher one) is booked already. A fee that
        came first is added.
        """
        if not self._ledger.is_news(entry.exec_id):
            return False
        intent = None if entry.order_ref is None else self._intents.get(entry.order_ref)
        with self._transaction():
            written, fee_revision = self._ledger.write(entry)
            if intent is not None:
                intent = self._intents.write_fill(intent, self._ledger.filled(intent, entry), entry.at)
            self._write_event(event)
        self._ledger.remember(written, fee_revision)
        if intent is not None:
            self._intents.remember(intent)
        return True

    def record_fee(self, exec_id: ExecId, fee_usd_e4: int) -> bool:
        """Add the fee of an execution; False when it is known, or the execution is not (the fee then waits for it)."""
        with self._transaction():
            written = self._ledger.write_fee(exec_id, fee_usd_e4)
        if written is None:
            return False
        self._ledger.remember(written, fee_revision=exec_stem(exec_id)[1])
        return True

    def entries(self) -> tuple[BookEntry, ...]:
        """Return every booked entry, oldest first, superseded revisions left out."""
        self._refresh()
        return self._ledger.entries()

    def booked(self) -> Mapping[str, BookEntry]:
        """Return the booked entries by the stem of their execution id."""
        self._refresh()
        return self._ledger.booked()

    def book(self) -> Book:
        """Return the fold of all entries, kept up to date with each of them."""
        self._refresh()
        return self._ledger.book()

    # --- what was computed and what happened -------------------------------------------------------------

    def record_hedge_computation(self, computation: HedgeComputation) -> None:
        """Record the hedge notional per regime; required before any VIX order."""
        found = (computation.vix, computation.regime, computation.pct, computation.wing_notional_usd)
        sized = (computation.target_usd, computation.held_usd, computation.contracts)
        why = (codec.layers_text((*computation.layers, *computation.beside)), codec.reasons_text(computation.reasons))
        sizing = codec.sizing_text(computation.sizing)
        with self._transaction():
            self._connection.write(
                "INSERT INTO hedge_computations (session, at, vix, regime, pct, wing_notional_usd, target_usd,"
                " held_usd, contracts, layers, reasons, sizing) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (computation.session.isoformat(), codec.instant_text(computation.at), *found, *sized, *why, sizing),
            )
        self._computed.clear()

    def hedge_computations(self, session: date | None = None) -> tuple[HedgeComputation, ...]:
        """Return recorded computations, oldest first."""
        self._refresh()
        if session not in self._computed:
            where, values = ("", ()) if session is None else ("WHERE session = ?", (session.isoformat(),))
            sql = f"SELECT * FROM hedge_computations {where} ORDER BY id"  # noqa: S608 - two fixed texts
            rows = self._connection.rows(sql, values)
            self._computed[session] = tuple(codec.hedge_computation(row) for row in rows)
        return self._computed[session]

    def last_hedge_computation(self) -> HedgeComputation | None:
        """Return the latest recorded computation."""
        row = self._connection.row("SELECT * FROM hedge_computations ORDER BY id DESC LIMIT 1")
        return None if row is None else codec.hedge_computation(row)

    def record_day(self, day: DayRecord) -> None:
        """Record the closing figures of a session, replacing an earlier record of it."""
        with self._transaction():
            self._connection.write(_DAY_SQL, codec.day_values(day))
        if self._days is not None:
            others = (known for known in self._days if known.session != day.session)
            self._days = tuple(sorted((*others, day), key=lambda known: known.session))

    def days(self) -> tuple[DayRecord, ...]:
        """Return the closing figures of every session, oldest first."""
        self._refresh()
        if self._days is None:
            rows = self._connection.rows("SELECT * FROM days ORDER BY session")
            self._days = tuple(map(codec.day, rows))
        return self._days

    def last_day(self) -> DayRecord | None:
        """Return the closing figures of the last session that has closed."""
        row = self._connection.row("SELECT * FROM days ORDER BY session DESC LIMIT 1")
        return None if row is None else codec.day(row)

    def record_risk(self, risk: RiskRecord) -> None:
        """Record what is at risk, replacing an earlier record of the session."""
        with self._transaction():
            self._connection.write(_RISK_SQL, codec.risk_values(risk))

    def risks(self, session: date | None = None) -> tuple[RiskRecord, ...]:
        """Return what was at risk, the last record of each session, oldest first."""
        where, values = ("", ()) if session is None else ("WHERE session = ?", (session.isoformat(),))
        sql = f"SELECT * FROM risks {where} ORDER BY session"  # noqa: S608 - two fixed texts
        return tuple(codec.risk(row) for row in self._connection.rows(sql, values))

    def last_risk(self) -> RiskRecord | None:
        """Return what was at risk when it was measured last."""
        row = self._connection.row("SELECT * FROM risks ORDER BY session DESC LIMIT 1")
        return None if row is None else codec.risk(row)

    def _write_daily_values(self, values: Mapping[str, Sequence[DailyValue]]) -> None:
        rows = [(series, *codec.daily_value_values(one)) for series, found in sorted(values.items()) for one in found]
        for row in rows:
            self._connection.write("INSERT OR IGNORE INTO daily_values VALUES (?, ?, ?, ?, ?)", row)

    def daily_values(self, series: str, *, last: int) -> tuple[DailyValue, ...]:
        """Return the last closes of an index, oldest first."""
        sql = "SELECT * FROM daily_values WHERE series = ? ORDER BY session DESC LIMIT ?"
        rows = self._connection.rows(sql, (series, last))
        return tuple(codec.daily_value(row) for row in reversed(rows))

    def record_signals(
        self, session: date, signals: Sequence[Signal], closes: Mapping[str, Sequence[DailyValue]]
    ) -> None:
        """Record what the signals said before a session, replacing what was recorded of it, and the new closes.

        A session of an index that has a close keeps it.
        """
        day = session.isoformat()
        with self._transaction():
            self._write_daily_values(closes)
            self._connection.write("DELETE FROM signals WHERE session = ?", (day,))
            for place, signal in enumerate(signals):
                values = (day, place, *codec.signal_values(signal))
                self._connection.write("INSERT INTO signals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def signals(self, session: date | None = None) -> tuple[Signal, ...]:
        """Return what the signals said before a session, or before every session, in their order."""
        where, values = ("", ()) if session is None else ("WHERE session = ?", (session.isoformat(),))
        sql = f"SELECT * FROM signals {where} ORDER BY session, place"  # noqa: S608 - two fixed texts
        return tuple(codec.signal(row) for row in self._connection.rows(sql, values))

    def record_monitors(self, lines: Sequence[Monitor], values: Mapping[str, Sequence[DailyValue]]) -> None:
        """Record what monitors saw, replacing what they saw of the same in the session, and what they measured."""
        with self._transaction():
            self._write_daily_values(values)
            for line in lines:
                self._connection.write(
                    "INSERT OR REPLACE INTO monitors (session, at, kind, subject, value, cap, unit, text) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    codec.monitor_values(line),
                )

    def monitors(self, first: date, last: date) -> tuple[Monitor, ...]:
        """Return what monitors saw from one session to another, in their order."""
        sql = "SELECT * FROM monitors WHERE session BETWEEN ? AND ? ORDER BY session, id"
        rows = self._connection.rows(sql, (first.isoformat(), last.isoformat()))
        return tuple(codec.monitor(row) for row in rows)

    def record_governance(self, entries: Sequence[GovernanceEntry], events: Sequence[EventRecord]) -> None:
        """Continue the governance log, and tell it, in one transaction."""
        with self._transaction():
            for entry in entries:
                values = codec.governance_values(entry)
                self._connection.write("INSERT INTO governance VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
            for event in events:
                self._write_event(event)

    def governance(self) -> tuple[GovernanceEntry, ...]:
        """Return the governance log from its beginning. Raises StoreError for an entry that nobody wrote so."""
        rows = self._connection.rows("SELECT * FROM governance ORDER BY number")
        try:
            return tuple(map(codec.governance_entry, rows))
        except ValueError as error:
            raise StoreError(
                f"the governance log cannot be read from {self.path}: {error}; restore a backup of the database"
            ) from error

    def append_event(self, event: EventRecord) -> None:
        """Append a fact to the event log."""
        with self._transaction():
            self._write_event(event)

    def _write_event(self, event: EventRecord) -> None:
        when = (event.session.isoformat(), codec.instant_text(event.at))
        what = (event.name, event.level.value, codec.json_text(dict(event.fields)))
        self._connection.write(
            "INSERT INTO events (session, at, name, level, fields) VALUES (?, ?, ?, ?, ?)", (*when, *what)
        )

    def events(self, *, session: date | None = None) -> tuple[EventRecord, ...]:
        """Return events in the order they happened."""
        where, values = ("", ()) if session is None else ("WHERE session = ?", (session.isoformat(),))
        sql = f"SELECT * FROM events {where} ORDER BY id"  # noqa: S608 - two fixed texts
        rows = self._connection.rows(sql, values)
        return tuple(codec.event(row) for row in rows)


def open_readonly(path: Path) -> SqliteStore:
    """Open the database of a daemon that may be running, for reading only.

    Raises NotReadyError when there is none, StoreError when it cannot be read.
    """
    return SqliteStore(path, readonly=True)
