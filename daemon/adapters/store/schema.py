"""The tables, as a row of migrations: each is applied once, in a transaction, in this order.

Instants are ISO 8601 text in UTC with microseconds, sessions and expiries ISO dates; money and prices are
whole numbers in the unit that the column's name ends in. Lists and mappings are JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlite_utils import Database

_FIRST_TABLES = (
    """CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT""",
    """CREATE TABLE run_state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        state TEXT NOT NULL,
        by TEXT NOT NULL,
        reason TEXT NOT NULL,
        at TEXT
    ) STRICT""",
    """CREATE TABLE jobs (
        session TEXT NOT NULL,
        job TEXT NOT NULL,
        outcome TEXT NOT NULL,
        reason TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (session, job)
    ) STRICT""",
    """CREATE TABLE decisions (
        id INTEGER PRIMARY KEY,
        session TEXT NOT NULL,
        job TEXT NOT NULL,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        at TEXT NOT NULL,
        reasons TEXT NOT NULL,
        inputs TEXT NOT NULL
    ) STRICT""",
    """CREATE INDEX decisions_by_session ON decisions (session)""",
    """CREATE TABLE intents (
        id INTEGER PRIMARY KEY,
        ref TEXT NOT NULL UNIQUE,
        session TEXT NOT NULL,
        strategy TEXT NOT NULL,
        purpose TEXT NOT NULL,
        subject TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        legs TEXT NOT NULL,
        quantity INTEGER NOT NULL CHECK (quantity > 0),
        net_limit_pts100 INTEGER NOT NULL,
        tif TEXT NOT NULL,
        created_at TEXT NOT NULL,
        state TEXT NOT NULL,
        perm_id INTEGER,
        filled INTEGER NOT NULL DEFAULT 0 CHECK (filled >= 0),
        reasons TEXT NOT NULL,
        mid_at_decision_pts REAL,
        UNIQUE (session, strategy, purpose, subject, attempt)
    ) STRICT""",
    # One row a change of state or of the limit price; both states are equal where only the price changed.
    """CREATE TABLE intent_transitions (
        id INTEGER PRIMARY KEY,
        ref TEXT NOT NULL REFERENCES intents (ref),
        at TEXT NOT NULL,
        from_state TEXT NOT NULL,
        to_state TEXT NOT NULL,
        net_limit_pts100 INTEGER NOT NULL,
        why TEXT NOT NULL
    ) STRICT""",
    """CREATE INDEX intent_transitions_by_ref ON intent_transitions (ref)""",
    """CREATE TABLE contracts (
        con_id INTEGER PRIMARY KEY,
        trading_class TEXT NOT NULL,
        expiry TEXT NOT NULL,
        strike_pts100 INTEGER NOT NULL,
        right TEXT NOT NULL,
        UNIQUE (trading_class, expiry, strike_pts100, right)
    ) STRICT""",
    # Every revision stays; the book reads the highest one of each stem. fee_revision says whose report the fee is of.
    """CREATE TABLE executions (
        stem TEXT NOT NULL,
        revision INTEGER NOT NULL,
        exec_id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        order_ref TEXT,
        strategy TEXT NOT NULL,
        subject TEXT NOT NULL,
        con_id INTEGER NOT NULL REFERENCES contracts (con_id),
        quantity INTEGER NOT NULL,
        price_pts100 INTEGER NOT NULL,
        fee_usd_e4 INTEGER,
        fee_revision INTEGER,
        at TEXT NOT NULL,
        session TEXT NOT NULL,
        PRIMARY KEY (stem, revision)
    ) STRICT""",
    """CREATE INDEX executions_by_subject ON executions (subject)""",
    """CREATE INDEX executions_by_order_ref ON executions (order_ref)""",
    # Fees that came before their execution, or for one that is never booked (a combo's own).
    """CREATE TABLE parked_fees (
        id INTEGER PRIMARY KEY,
        stem TEXT NOT NULL,
        revision INTEGER NOT NULL,
        fee_usd_e4 INTEGER NOT NULL,
        UNIQUE (stem, revision)
    ) STRICT""",
    """CREATE TABLE condors (
        id INTEGER PRIMARY KEY,
        condor_id TEXT NOT NULL UNIQUE,
        entry_session TEXT NOT NULL,
        put_long TEXT NOT NULL,
        put_short TEXT NOT NULL,
        call_short TEXT NOT NULL,
        call_long TEXT NOT NULL,
        policy TEXT NOT NULL,
        intent_ref TEXT NOT NULL REFERENCES intents (ref)
    ) STRICT""",
    """CREATE TABLE hedge_computations (
        id INTEGER PRIMARY KEY,
        session TEXT NOT NULL,
        at TEXT NOT NULL,
        vix REAL NOT NULL,
        regime TEXT NOT NULL,
        pct REAL NOT NULL,
        wing_notional_usd INTEGER NOT NULL,
        target_usd REAL NOT NULL,
        held_usd REAL NOT NULL,
        contracts INTEGER NOT NULL,
        layers TEXT NOT NULL,
        reasons TEXT NOT NULL
    ) STRICT""",
    """CREATE INDEX hedge_computations_by_session ON hedge_computations (session)""",
    """CREATE TABLE days (
        session TEXT PRIMARY KEY,
        spx REAL NOT NULL,
        vix REAL NOT NULL,
        net_liquidation_usd_cents INTEGER NOT NULL,
        condor_pnl_usd_cents INTEGER NOT NULL,
        hedge_pnl_usd_cents INTEGER NOT NULL,
        wing_notional_usd INTEGER NOT NULL,
        hedge_pct REAL,
        hedge_target_usd REAL,
        hedge_held_usd REAL,
        regime TEXT,
        breaks_open INTEGER NOT NULL,
        positions TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        session TEXT NOT NULL,
        at TEXT NOT NULL,
        name TEXT NOT NULL,
        level TEXT NOT NULL,
        fields TEXT NOT NULL
    ) STRICT""",
    """CREATE INDEX events_by_session ON events (session)""",
    # The event log is append-only, whoever holds the connection.
    """CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN
        SELECT RAISE(ABORT, 'an event is never changed');
    END""",
    """CREATE TRIGGER events_remain BEFORE DELETE ON events BEGIN
        SELECT RAISE(ABORT, 'an event is never removed');
    END""",
)


def first_tables(db: Database) -> None:
    """Create the tables of the first version."""
    for statement in _FIRST_TABLES:
        db.execute(statement)


def risks(db: Database) -> None:
    """Create the table of what was at risk in each session."""
    db.execute(
        """CREATE TABLE risks (
            session TEXT PRIMARY KEY,
            at TEXT NOT NULL,
            spx REAL,
            vix REAL,
            theta_usd REAL,
            linked_delta_usd REAL,
            worst_usd REAL,
            wing_notional_usd INTEGER NOT NULL,
            maintenance_margin_usd_cents INTEGER NOT NULL,
            details TEXT NOT NULL
        ) STRICT"""
    )


def one_sided_condors(db: Database) -> None:
    """Let a condor have only one side: SQLite takes a column's NOT NULL back only in a new table."""
    db.execute("ALTER TABLE condors RENAME TO condors_before")
    db.execute(
        """CREATE TABLE condors (
            id INTEGER PRIMARY KEY,
            condor_id TEXT NOT NULL UNIQUE,
            entry_session TEXT NOT NULL,
            put_long TEXT,
            put_short TEXT,
            call_short TEXT,
            call_long TEXT,
            policy TEXT NOT NULL,
            intent_ref TEXT NOT NULL REFERENCES intents (ref)
        ) STRICT"""
    )
    db.execute("INSERT INTO condors SELECT * FROM condors_before")
    db.execute("DROP TABLE condors_before")


def markets_of_orders(db: Database) -> None:
    """Keep the market behind the price of an order and of its fill; of older orders it is not known."""
    db.execute("ALTER TABLE intents ADD COLUMN quoted_mid_pts REAL")
    db.execute("ALTER TABLE intents ADD COLUMN quoted_natural_pts100 INTEGER")
    db.execute("ALTER TABLE intents ADD COLUMN fill_mid_pts REAL")
    db.execute("ALTER TABLE intents ADD COLUMN fill_natural_pts REAL")


def hedge_sizing(db: Database) -> None:
    """Keep by which settings a hedge was sized; a computation of before has none."""
    db.execute("ALTER TABLE hedge_computations ADD COLUMN sizing TEXT")


def spx_at_entry(db: Database) -> None:
    """Keep where SPX was when a condor was entered; for earlier condors the decision to enter tells it."""
    db.execute("ALTER TABLE condors ADD COLUMN spx_at_entry_pts REAL")
    db.execute(
        """UPDATE condors SET spx_at_entry_pts = (
            SELECT json_extract(decisions.inputs, '$.spx') FROM decisions
            WHERE decisions.kind = 'enter' AND decisions.subject = condors.condor_id
            ORDER BY decisions.id DESC LIMIT 1
        )"""
    )


def signals(db: Database) -> None:
    """Create the tables of daily closes as they were read, and of what signals said before each session."""
    db.execute(
        """CREATE TABLE daily_values (
            series TEXT NOT NULL,
            session TEXT NOT NULL,
            value REAL NOT NULL,
            source TEXT NOT NULL,
            read_at TEXT NOT NULL,
            PRIMARY KEY (series, session)
        ) STRICT, WITHOUT ROWID"""
    )
    db.execute(
        """CREATE TABLE signals (
            session TEXT NOT NULL,
            place INTEGER NOT NULL,
            name TEXT NOT NULL,
            value REAL,
            state TEXT NOT NULL,
            as_of TEXT,
            source TEXT NOT NULL,
            standing TEXT NOT NULL,
            text TEXT NOT NULL,
            PRIMARY KEY (session, place)
        ) STRICT, WITHOUT ROWID"""
    )


def run_states(db: Database) -> None:
    """Keep a person's run state and the program's side by side."""
    db.execute(
        """CREATE TABLE run_states (
            by TEXT PRIMARY KEY,
            state TEXT NOT NULL,
            reason TEXT NOT NULL,
            at TEXT
        ) STRICT"""
    )
    db.execute("INSERT INTO run_states SELECT by, state, reason, at FROM run_state")
    db.execute("DROP TABLE run_state")


def monitors(db: Database) -> None:
    """Create the table of what the arbitrage monitors saw."""
    db.execute(
        """CREATE TABLE monitors (
            id INTEGER PRIMARY KEY,
            session TEXT NOT NULL,
            at TEXT NOT NULL,
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            value REAL,
            cap REAL,
            unit TEXT NOT NULL,
            text TEXT NOT NULL,
            UNIQUE (session, kind, subject)
        ) STRICT"""
    )


def governance(db: Database) -> None:
    """Create the log of what was decided about the hedge policy: a chain that nobody changes."""
    db.execute(
        """CREATE TABLE governance (
            number INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            session TEXT NOT NULL,
            act TEXT NOT NULL,
            policy TEXT NOT NULL,
            who TEXT NOT NULL,
            text TEXT NOT NULL,
            body TEXT NOT NULL,
            before TEXT NOT NULL,
            digest TEXT NOT NULL
        ) STRICT"""
    )
    db.execute(
        """CREATE TRIGGER governance_stays BEFORE UPDATE ON governance BEGIN
            SELECT RAISE(ABORT, 'an entry of the governance log is never changed');
        END"""
    )
    db.execute(
        """CREATE TRIGGER governance_remains BEFORE DELETE ON governance BEGIN
            SELECT RAISE(ABORT, 'an entry of the governance log is never removed');
        END"""
    )


Steps = tuple[tuple[str, Callable[["Database"], None]], ...]
"""Migrations with their names, in the order they are applied in."""
STEPS: Final[Steps] = (
    ("0001_first_tables", first_tables),
    ("0002_risks", risks),
    ("0003_one_sided_condors", one_sided_condors),
    ("0004_markets_of_orders", markets_of_orders),
    ("0005_hedge_sizing", hedge_sizing),
    ("0006_spx_at_entry", spx_at_entry),
    ("0007_signals", signals),
    ("0008_run_states", run_states),
    ("0009_monitors", monitors),
    ("0010_governance", governance),
)
