"""Alerts put together: outlets from the settings, the desk beside a running daemon, a test without one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from daemon.adapters.clock import computer_now
from daemon.adapters.outlets import AppriseOutlets, StoredAlerts, read_outlets, readable_by_all, require_apprise
from daemon.app.program import Program
from daemon.core.alerts.kinds import AlertLevel
from daemon.core.alerts.state import Message
from daemon.engine.alert_desk import AlertDesk, Write, trial_message
from daemon.errors import NotReadyError
from daemon.ports import Outlets
from daemon.report.day import DayView
from daemon.report.digest import digest_of
from daemon.settings import GatewayMode, Settings

CREDENTIAL: Final = "credentials_alert_urls"
"""What the service manager makes of the file ``alert_urls`` in the folder that the unit loads as ``credentials``
(systemd.exec(5), LoadCredential=)."""
HOW: Final = "name a file of outlets with CONDORD_ALERT_URLS_FILE (docs/alerts.md)"


def outlets_file(settings: Settings) -> Path | None:
    """Return the file of the outlets: the one of the settings, else the credential of the service, if there is one."""
    if settings.alert.urls_file is not None:
        return settings.alert.urls_file
    folder = settings.service.credentials_dir
    path = None if folder is None else Path(folder) / CREDENTIAL
    return path if path is not None and path.exists() else None


def open_outlets(settings: Settings) -> AppriseOutlets | None:
    """Return the outlets, or None where none is configured. Raises SettingsError for what cannot be used."""
    path = outlets_file(settings)
    found = () if path is None else read_outlets(path)
    if not found:
        return None
    require_apprise()
    return AppriseOutlets(found, settings.alert.deadline_s)


def outlet_warnings(settings: Settings) -> tuple[str, ...]:
    """Say what is worth a look about the file of the outlets."""
    path = settings.alert.urls_file
    if path is None or not readable_by_all(path):
        return ()
    return (f"{path} holds passwords and every user of this host may read it: chmod 600 {path}",)


class CountingOutlets:
    """The outlets of a rehearsal: they count what they would have sent, and nothing leaves this process."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.messages = 0

    async def send(self, message: Message, to: Sequence[str]) -> Mapping[str, str]:
        """Count a message as sent."""
        self.messages += 1
        return dict.fromkeys(to, "")


def counting_outlets(settings: Settings) -> CountingOutlets | None:
    """Return outlets that only count, or None where none is configured. Raises SettingsError."""
    path = outlets_file(settings)
    found = () if path is None else read_outlets(path)
    return CountingOutlets([outlet.name for outlet in found]) if found else None


def build_alert_desk(program: Program, outlets: Outlets, write: Write) -> AlertDesk:
    """Put the desk of a program together; it hears every later event."""
    desk = program.engine.desk
    made = AlertDesk(
        program.settings.alert_policy(),
        clock=program.clock,
        store=program.store,
        write=write,
        outlets=outlets,
        memory=StoredAlerts(program.store),
        mode=lambda: program.mode,
        deadline_s=program.settings.alert.deadline_s,
    )
    made.catch_up()
    desk.journal.add_sink(made.take)
    program.log.on_trouble = made.take
    return made


@asynccontextmanager
async def alerting(program: Program, outlets: Outlets | None, *, write: Write | None = None) -> AsyncIterator[None]:
    """Run the desk of a program beside it, where there is an outlet; at the end send what cannot wait.

    ``write`` takes what the desk says of itself, instead of the journal.
    """
    if outlets is None:
        yield
        return
    program.alerts = build_alert_desk(program, outlets, write or program.engine.desk.journal.emit)
    task = asyncio.create_task(program.alerts.run(), name="alerts")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await program.alerts.close()


def try_outlets(settings: Settings, level: AlertLevel = AlertLevel.INFO) -> Mapping[str, str]:
    """Send a test to every outlet; return by name what went wrong, "" for nothing.

    Takes at most CONDORD_ALERT_DEADLINE_S. Raises SettingsError for outlets that cannot be used, NotReadyError where
    none is configured.
    """
    outlets = open_outlets(settings)
    if outlets is None:
        raise NotReadyError(f"no outlet is configured here; {HOW}")
    mode = "SIMULATED" if settings.gateway.mode is GatewayMode.SIMULATED else "PAPER"
    return asyncio.run(outlets.send(trial_message(level, computer_now(), mode), outlets.names))


async def trial_now(program: Program, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Send a test through the outlets of the running daemon."""
    if program.alerts is None:
        raise NotReadyError(f"the running daemon has no outlet; {HOW} and restart it")
    return {"outlets": dict(await program.alerts.trial(AlertLevel(str(arguments["level"]))))}


def tell_day(program: Program, view: DayView) -> None:
    """Give the end of a session to the desk of alerts, where there is one."""
    if program.alerts is not None:
        program.alerts.close_day(view.session, *digest_of(view))
