"""One daemon put together: store, log, broker, scheduler, engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TextIO

from daemon import __version__
from daemon.adapters.clock import SystemClock
from daemon.adapters.economic_calendar import load_economic_calendar
from daemon.adapters.halt_file import HaltFile
from daemon.adapters.ib import IbBroker, IbConfig, Transport
from daemon.adapters.log import EventLog, JournalSocket, build_logging, goes_to_journal
from daemon.adapters.macro_files import MacroFiles
from daemon.adapters.scheduler import ApScheduler
from daemon.adapters.store import DATABASE, SqliteStore
from daemon.app.governor import Governor
from daemon.core.calendar.sessions import log_session
from daemon.core.records import MODE_KEY, NextSession
from daemon.engine.alert_desk import AlertDesk
from daemon.engine.context import Desk, EnginePolicy
from daemon.engine.engine import Engine
from daemon.engine.journal import Journal
from daemon.ports import Notifier
from daemon.report.day import DayView, gather_day
from daemon.report.day_json import day_json
from daemon.report.day_text import render_day
from daemon.settings import Settings

EVIDENCE_WAIT_S = 20.0
PULSE_S = 30.0
"""How often the schedule looks at the time of day: so late a job may be after a host has slept."""

DayShown = Callable[[DayView], None]
"""Called with each session that has closed."""


@dataclass(slots=True)
class Program:
    """Everything of one run; ``engine`` is the life of it."""

    settings: Settings
    clock: SystemClock
    store: SqliteStore
    log: EventLog
    broker: IbBroker
    engine: Engine
    governor: Governor
    wanted: EnginePolicy
    """What the settings ask for; the desk follows it once its hedge policy is approved."""
    mode: str
    """SIMULATED or PAPER, as everything that is shown says."""
    alerts: AlertDesk | None = None
    """Tells people; None without an outlet."""


def engine_policy(settings: Settings) -> EnginePolicy:
    """Build what the engine follows. Raises SettingsError for files that cannot be read."""
    gateway = settings.gateway
    return EnginePolicy(
        condor=settings.condor_policy(),
        hedge=settings.hedge_policy(),
        limits=settings.risk_limits(),
        schedule=settings.schedule_policy(),
        resets=settings.reset_policy(),
        events=load_economic_calendar(settings.schedule.economic_calendar),
        signals=settings.signal_policy(),
        adjustment=settings.adjustment_policy(),
        monitors=settings.monitor_policy(),
        absence_proof_s=gateway.absence_proof_s,
        evidence_wait_s=EVIDENCE_WAIT_S,
        heartbeat_s=gateway.heartbeat_s,
        reconnect_min_s=gateway.reconnect_min_s,
        reconnect_max_s=gateway.reconnect_max_s,
    )


def ib_config(settings: Settings, *, host: str, port: int) -> IbConfig:
    """Build the connection's settings for an address."""
    gateway = settings.gateway
    return IbConfig(
        host=host,
        port=port,
        client_id=gateway.client_id,
        account=gateway.account or None,
        connect_timeout_s=gateway.connect_timeout_s,
        request_timeout_s=gateway.request_timeout_s,
        live_port_allowed=gateway.allow_live_port,
        max_lines=gateway.max_lines,
        quote_timeout_s=gateway.quote_timeout_s,
        record=gateway.record,
    )


def build_program(
    settings: Settings,
    *,
    clock: SystemClock,
    config: IbConfig,
    transport: Transport | None,
    notifier: Notifier,
    mode: str,
    terminal: TextIO | None,
    day_shown: DayShown | None = None,
) -> Program:
    """Put one daemon together; nothing runs yet. Raises StoreError when the state folder cannot be used."""
    store = SqliteStore(settings.state_dir / DATABASE, synchronous=settings.store.synchronous.value)
    store.set_meta(MODE_KEY, mode)
    session_of = partial(log_session, end_of_day=settings.schedule.end_of_day)
    to_journal = terminal is not None and goes_to_journal(terminal, settings.service.journal_stream)
    log = build_logging(
        settings.log,
        clock_now=clock.now,
        log_session=session_of,
        log_dir=settings.log_dir,
        terminal=terminal,
        header=f"condord {__version__}  {mode}  settings {settings.digest}",
        journal=JournalSocket() if to_journal else None,
    )
    journal = Journal(store, clock, session_of)
    journal.add_sink(log.write)
    governor = Governor(settings, store, journal)
    in_force, wanted = governor.settings_in_force(), engine_policy(settings)
    broker = IbBroker(config, clock, transport)
    macro_files = MacroFiles(settings.macro_dir)
    desk = Desk(
        broker=broker,
        store=store,
        clock=clock,
        journal=journal,
        policy=wanted if in_force is settings else engine_policy(in_force),
        halt_file=HaltFile(settings.state_dir),
        read_macro=macro_files.read,
        macro=macro_files.read(),
    )

    def day_closed(session: date, tomorrow: NextSession) -> None:
        # A session whose end was missed is told of later, and by other settings perhaps.
        digest = settings.digest if session == journal.session() else ""
        view = gather_day(store, session, tomorrow=tomorrow, settings_digest=digest)
        log.write_page(session, render_day(view), day_json(view))
        if day_shown is not None:
            day_shown(view)

    def job_crashed(name: str, error: BaseException) -> None:
        journal.emit("job_crashed", {"job": name, "error": f"{type(error).__name__}: {error}"})

    # Streams in memory come with virtual time, in which no host sleeps.
    scheduler = ApScheduler(clock, on_error=job_crashed, pulse_s=PULSE_S if transport is None else None)
    engine = Engine(desk, scheduler, notifier, day_closed)
    engine.at_start = governor.settle
    return Program(settings, clock, store, log, broker, engine, governor, wanted, mode)
