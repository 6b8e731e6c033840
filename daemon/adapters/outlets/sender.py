"""Sending through outlets: one process an outlet and a message, killed when its deadline has passed.

A process and no thread: whatever a mail server does to a library, it can be killed, while a thread that hangs stays;
and the 30 MB and the hundred modules of ``apprise`` never enter the daemon. It costs 0.2 s of a core a message.
The URL goes through a pipe: arguments and environment of a process can be read by others.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Final

from daemon.adapters.outlets.files import Outlet
from daemon.core.alerts.state import Message
from daemon.errors import SettingsError

CHILD: Final = ("-P", "-m", "daemon.adapters.outlets.child")
ANSWER_MAX: Final = 500
"""Longest words that are taken from the child."""


def require_apprise() -> None:
    """Raise SettingsError, with the way to install it, where the library is missing."""
    if find_spec("apprise") is None:
        raise SettingsError(
            "alerts have an outlet and the package apprise is not installed: `make install EXTRAS=yes`, or "
            "`pip install 'condord[alerts]'`; or take the outlets out of CONDORD_ALERT_URLS_FILE"
        )


class AppriseOutlets:
    """The outlets of a file."""

    def __init__(self, outlets: Sequence[Outlet], deadline_s: float) -> None:
        self._outlets = {outlet.name: outlet for outlet in outlets}
        self._deadline_s = deadline_s

    @property
    def names(self) -> tuple[str, ...]:
        """Return how each outlet is called."""
        return tuple(self._outlets)

    async def send(self, message: Message, to: Sequence[str]) -> Mapping[str, str]:
        """Send a message to some outlets at once; return by name what went wrong, "" for nothing."""
        outlets = [self._outlets[name] for name in to]
        problems = await asyncio.gather(*(self._one(outlet, message) for outlet in outlets))
        return dict(zip(to, problems, strict=True))

    async def _one(self, outlet: Outlet, message: Message) -> str:
        request = {"url": outlet.url, "level": message.level.value, "title": message.title, "body": message.body}
        try:
            child = await asyncio.create_subprocess_exec(
                sys.executable, *CHILD, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True
            )
        except OSError as error:
            return f"its process could not be started: {error.strerror}"
        try:
            async with asyncio.timeout(self._deadline_s):
                answer, _ = await child.communicate(json.dumps(request).encode())
        except TimeoutError:
            return f"no answer within {self._deadline_s:g} s"
        finally:
            await _end(child)
        return _problem(answer, child)


def _problem(answer: bytes, child: Process) -> str:
    try:
        return str(json.loads(answer)["problem"])[:ANSWER_MAX]
    except (ValueError, KeyError, TypeError):
        return f"its process ended without an answer, with status {child.returncode}"


async def _end(child: Process) -> None:
    """Kill what still runs, with whatever it has started itself."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
