"""The whole examination: the program and the host by looking, the gateway by a connection that can send no order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from daemon.adapters.clock import computer_now
from daemon.adapters.control import ask
from daemon.adapters.doctor import host, program, units
from daemon.adapters.economic_calendar import load_economic_calendar
from daemon.adapters.halt_file import HaltFile
from daemon.adapters.macro_files import load_macro_files
from daemon.adapters.store import DATABASE, backups
from daemon.app.alerts import open_outlets, outlet_warnings, try_outlets
from daemon.app.doctor.gateway import Wanted, gateway_checks
from daemon.app.governor import unapproved
from daemon.app.run import mode_text
from daemon.core.alerts.kinds import AlertLevel
from daemon.core.calendar.sessions import new_york_date
from daemon.core.doctor import host as judge_host
from daemon.core.doctor import program as judge_program
from daemon.core.doctor import service as judge_service
from daemon.core.doctor.catalogue import Group
from daemon.core.doctor.check import Check, State, all_checks, skipped
from daemon.core.doctor.host import DaemonFacts, DatabaseFacts
from daemon.core.doctor.service import AlertFacts
from daemon.errors import CondordError, NotReadyError, SettingsError, StoreError
from daemon.settings import Settings, rows
from daemon.settings.folders import Folders

UNKNOWN_MODE: Final = "unknown"
SIMULATED: Final = "SIMULATED"
_OFFLINE: Final = "--offline leaves the gateway out"
_WRONG_SETTINGS: Final = "the settings are wrong"


@dataclass(frozen=True, slots=True)
class Examination:
    """Every check, and whose account they are about: SIMULATED, PAPER, or unknown."""

    mode: str
    at: datetime
    checks: tuple[Check, ...]


def examine(settings: Settings | SettingsError, folders: Folders | None, wanted: Wanted) -> Examination:
    """Make every check that can be made; with wrong settings those of the program and of the folders, if they are known."""
    made = [*_program_checks(), _settings_check(settings)]
    mode, why_not = UNKNOWN_MODE, _WRONG_SETTINGS
    if folders is not None:
        database, running = host.database_facts(folders.state_dir / DATABASE), _daemon(folders)
        made += _host_checks(folders, database, running)
    if not isinstance(settings, SettingsError):
        assert folders is not None, "right settings name the folders"
        made += [*_own_files(settings), *_service_checks(settings, running, wanted)]
        mode, why_not = mode_text(settings, follow_gateway_clock=wanted.follow_gateway_clock), _OFFLINE
        if not wanted.offline:
            found = asyncio.run(gateway_checks(settings, wanted, book_of=database.account))
            made += found.checks
            mode, why_not = SIMULATED if found.simulated else mode, _what_broke(found.checks)
    return Examination(mode, computer_now(), all_checks(made, why_not=dict.fromkeys(Group, why_not)))


def _daemon(folders: Folders) -> DaemonFacts:
    return host.daemon_facts(folders.state_dir, folders.runtime_dir)


def _what_broke(checks: Sequence[Check]) -> str:
    """Say behind what the gateway's other checks were not made."""
    return next((f"{check.name} failed" for check in reversed(checks) if check.state is State.FAIL), "")


def _program_checks() -> Iterator[Check]:
    yield judge_program.python_check(program.python_facts())
    yield judge_program.packages_check(program.package_facts())
    yield judge_program.clash_check(program.clash_facts())
    yield judge_program.sqlite_check(program.sqlite_facts())
    year = computer_now().year
    yield judge_program.zone_check(program.zone_facts(judge_program.zone_instants((2007, year, year + 1))))


def _settings_check(settings: Settings | SettingsError) -> Check:
    if isinstance(settings, SettingsError):
        return judge_service.settings_check(settings.problems, (), changed=0)
    changed = sum(row.changed for row in rows(settings))
    return judge_service.settings_check((), settings.warnings, changed=changed)


def _own_files(settings: Settings) -> Iterator[Check]:
    """Yield the checks of files that the user keeps: approvals, events, macro figures."""
    try:
        waiting = unapproved(settings, settings.state_dir / DATABASE)
        yield judge_service.hedge_policy_check("", waiting)
    except NotReadyError:
        yield judge_service.hedge_policy_check("", ())  # before the first start everything is adopted
    except StoreError:
        yield skipped("hedge_policy", "the database cannot be read")
    except SettingsError as error:
        yield judge_service.hedge_policy_check(str(error), ())
    try:
        calendar, kinds = load_economic_calendar(settings.schedule.economic_calendar), settings.condor.event_kinds
        gaps = (*calendar.gaps(kinds), *calendar.staleness(new_york_date(computer_now()), kinds))
        yield judge_service.economic_calendar_check("", gaps)
    except SettingsError as error:
        yield judge_service.economic_calendar_check(str(error), ())
    try:
        macro = load_macro_files(settings.macro_dir)
        yield judge_service.macro_files_check("", None if settings.macro_dir is None else len(macro.series))
    except SettingsError as error:
        yield judge_service.macro_files_check(str(error), None)


def _host_checks(folders: Folders, database: DatabaseFacts, running: DaemonFacts) -> Iterator[Check]:
    state_dir, log_dir, runtime_dir = folders.state_dir, folders.log_dir, folders.runtime_dir
    state = host.folder_facts(state_dir)
    yield judge_host.folder_check("state_folder", state)
    yield judge_host.folder_check("log_folder", host.folder_facts(log_dir))
    yield judge_host.folder_check("runtime_folder", host.folder_facts(runtime_dir, socket=True))
    yield judge_host.file_system_check(host.file_system_facts(state_dir, state_dir / DATABASE))
    yield judge_host.disk_check(host.free_bytes(state_dir, log_dir))
    yield judge_host.clock_check(computer_now(), database.last_event_at)
    if state.exists and not state.readable:
        names = ("database", "integrity", "backups", "daemon", "halt_file", "run_state")
        yield from (skipped(name, "the state folder is closed to us") for name in names)
        return
    yield judge_host.daemon_check(running)
    halt_file = HaltFile(state_dir)
    yield judge_host.halt_file_check(halt_file.reason(), str(halt_file.path))
    yield from _database_checks(state_dir, database)


def _database_checks(state_dir: Path, database: DatabaseFacts) -> Iterator[Check]:
    yield judge_host.database_check(database)
    checked = True
    if database.exists and not database.problem:
        integrity = host.integrity_facts(state_dir / DATABASE)
        checked = integrity.said is not None
        yield judge_host.integrity_check(integrity)
        yield judge_host.run_state_check(database.run_state)
    else:
        why = "the database cannot be opened" if database.exists else "there is no database yet"
        yield skipped("integrity", why)
        yield skipped("run_state", why)
    # A backup is as large as the database: one that takes too long to check is not read either.
    facts = host.backup_facts(state_dir / backups.FOLDER, read=checked)
    yield judge_host.backups_check(facts, now=computer_now(), database=database.exists)


def _service_checks(settings: Settings, running: DaemonFacts, wanted: Wanted) -> Iterator[Check]:
    facts = units.unit_facts()
    yield judge_service.unit_file_check(facts)
    yield judge_service.unit_security_check(facts)
    yield judge_service.alerts_check(_alerts(settings, running, wanted))


def _alerts(settings: Settings, running: DaemonFacts, wanted: Wanted) -> AlertFacts:
    """Look at the outlets; a test goes through the running daemon, which sends with its own rights, where one runs."""
    try:
        outlets = open_outlets(settings)
        names = () if outlets is None else outlets.names
        known = AlertFacts(outlets=names, of_the_daemon=running.alerts, warnings=outlet_warnings(settings))
        if not (wanted.notify and (names or running.alerts)):
            return known
        sent = _trial_of_the_daemon(settings) if running.alerts else try_outlets(settings)
    except CondordError as error:
        return AlertFacts(problem=str(error))
    return replace(known, sent=sent)


def _trial_of_the_daemon(settings: Settings) -> Mapping[str, str]:
    timeout_s = settings.alert.deadline_s + host.ASK_S
    said = ask(settings.runtime_dir, "alert_test", {"level": AlertLevel.INFO.value}, timeout_s=timeout_s)
    sent: Mapping[str, str] = said["outlets"]
    return sent
