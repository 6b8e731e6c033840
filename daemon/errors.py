"""Every exception of the program, and the exit code each ends with.

CondordError
|-- UserError            the user can fix it: one sentence with the fix
|   |-- SettingsError    a setting, an argument or an env file is wrong       (exit 2)
|   |-- HistoryError     a market-history file is missing or malformed        (exit 2)
|   |-- NotReadyError    what was asked for does not exist yet                (exit 3)
|   `-- AlreadyRunning   another daemon holds the state folder                (exit 6)
|-- WorldError           broker, network or disk failed
|   |-- BrokerError      the gateway refused or did not answer                (exit 4)
|   |   |-- BrokerTimeout
|   |   |-- LinkDown     not connected just now: wait and come back
|   |   |-- LiveAccount  a live account behind the gateway: never
|   |   `-- WrongProtocol
|   `-- StoreError       the database or the state folder failed              (exit 5)
`-- InvariantError       we are wrong: stop opening risk                      (exit 1)
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple


class ExitCode(IntEnum):
    """Exit codes of every ``condord`` command."""

    OK = 0
    FAILURE = 1
    SETTINGS = 2
    NOT_READY = 3
    BROKER = 4
    DATABASE = 5
    ALREADY_RUNNING = 6
    INTERRUPTED = 130


class ExitText(NamedTuple):
    """What an exit code means, and what to do."""

    meaning: str
    remedy: str


EXIT_TEXTS: Final = {
    ExitCode.OK: ExitText("ok", "nothing"),
    ExitCode.FAILURE: ExitText(
        "failure", "read the sentence; a defect of ours says so, and where: report it. Restart a daemon that hangs"
    ),
    ExitCode.SETTINGS: ExitText(
        "settings or arguments",
        "the sentence names the setting, option or file and what is allowed; `condord config check`",
    ),
    ExitCode.NOT_READY: ExitText(
        "not ready",
        "what was asked for is not there yet: start the daemon, or wait until it has a session or a gateway",
    ),
    ExitCode.BROKER: ExitText(
        "broker", "look at the gateway: is it running, on this port, logged in to a paper account, its API enabled?"
    ),
    ExitCode.DATABASE: ExitText(
        "database or folder", "make room, give the rights that the sentence names, or restore a backup"
    ),
    ExitCode.ALREADY_RUNNING: ExitText("already running", "stop the other process first, or name another state folder"),
    ExitCode.INTERRUPTED: ExitText("interrupted", "nothing: somebody pressed Ctrl-C"),
}


class CondordError(Exception):
    """Base of every exception the program raises on purpose."""

    exit_code = ExitCode.FAILURE


class UserError(CondordError):
    """Something the user can fix; the text says how."""

    exit_code = ExitCode.SETTINGS


class SettingsError(UserError):
    """One or more settings or arguments are wrong."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class HistoryError(UserError):
    """A market-history file is missing, malformed, or has no such session."""


class NotReadyError(UserError):
    """What was asked for does not exist yet."""

    exit_code = ExitCode.NOT_READY


class AlreadyRunningError(UserError):
    """Another daemon holds the state folder."""

    exit_code = ExitCode.ALREADY_RUNNING


class WorldError(CondordError):
    """The broker, the network or the disk failed."""


class BrokerError(WorldError):
    """The gateway refused a request; ``code`` is its message code when it gave one."""

    exit_code = ExitCode.BROKER

    def __init__(self, text: str, code: int | None = None) -> None:
        super().__init__(text)
        self.code = code


class BrokerTimeoutError(BrokerError):
    """The gateway did not answer within the time-out."""


class LinkDownError(BrokerError):
    """There is no usable connection just now; waiting may help."""


class LiveAccountError(BrokerError):
    """The gateway serves an account that is not a paper account."""


class WrongProtocolError(BrokerError):
    """Whatever listens behind the port does not speak the TWS protocol."""


class StoreError(WorldError):
    """The database or the state folder cannot be used."""

    exit_code = ExitCode.DATABASE


class InvariantError(CondordError):
    """A condition that must always hold does not: our own fault."""
