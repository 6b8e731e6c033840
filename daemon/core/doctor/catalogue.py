"""Every check of ``condord doctor``: what it looks at, what its states mean and what to do; also ``docs/doctor.md``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from daemon.errors import ExitCode


class Group(StrEnum):
    """What belongs together, in the order in which it is looked at."""

    PROGRAM = "The program"
    SETTINGS = "Settings and files of your own"
    HOST = "Folders, database and daemon"
    SERVICE = "Service and alerts"
    GATEWAY = "The gateway and the account"
    MARKET = "Market data and permissions"


@dataclass(frozen=True, slots=True)
class Spec:
    """One question."""

    name: str
    group: Group
    looks_at: str
    warns: str
    fails: str
    remedy: str
    exit_code: ExitCode = ExitCode.FAILURE


NEVER: Final = "never"
_PROGRAM, _SETTINGS, _HOST = Group.PROGRAM, Group.SETTINGS, Group.HOST
_SERVICE, _GATEWAY, _MARKET = Group.SERVICE, Group.GATEWAY, Group.MARKET
_2, _4, _5 = ExitCode.SETTINGS, ExitCode.BROKER, ExitCode.DATABASE
_SHARE: Final = "subscribe in the broker's account management and share it with the paper user"

CATALOGUE: Final[tuple[Spec, ...]] = (
    Spec(
        "python", _PROGRAM, "the version of Python", NEVER, "it is not one that condord is made for",
        "install condord with Python 3.11 to 3.13",
    ),
    Spec(
        "packages", _PROGRAM, "each package that condord needs, and its version",
        "it runs from its source and is not installed, so that nothing says what it needs",
        "one is missing, or has a version that does not fit",
        "install again: `make install`, or pip with `requirements/run.txt`",
    ),
    Spec(
        "name_clash", _PROGRAM, "whose the Python package `daemon` is, which other packages use as a name too",
        "another one lies further back on the path", "another package has put its files among ours",
        "install condord in an environment of its own",
    ),
    Spec(
        "sqlite", _PROGRAM, "SQLite's version, write-ahead log and JSON functions", NEVER,
        "it is older than 3.37, or was built without one of them", "use a Python with a newer SQLite",
    ),
    Spec(
        "time_zone", _PROGRAM, "New York's clock changes in the zone database: second Sunday in March, first in November",
        NEVER, "it has others, so that every job would run at a wrong hour", "update the package tzdata",
    ),
    Spec(
        "settings", _SETTINGS, "every setting, as `condord config check` does", "a setting is allowed but worth a look",
        "one is wrong, or a name is none", "correct what is named; `condord config show` has all ranges", _2,
    ),
    Spec(
        "hedge_policy", _SETTINGS, "whether the hedge's settings are approved where approval is asked for",
        "a change waits for approvals", "the keys or the log of approvals cannot be used",
        "`condord approve show`", _2,
    ),
    Spec(
        "economic_calendar", _SETTINGS, "how far the calendar of economic events reaches",
        "it has gaps, or ends within 60 days, for events that count", "its file cannot be read",
        "bring the file of `CONDORD_SCHEDULE_ECONOMIC_CALENDAR` up to date", _2,
    ),
    Spec(
        "macro_files", _SETTINGS, "the folder of macro figures, if one is named", NEVER, "a file of it cannot be read",
        "correct the line that is named, or take the file away", _2,
    ),
    Spec(
        "state_folder", _HOST, "the state folder: there or to be made, owner, rights, writable",
        "everybody may write it", "it cannot be made or written, or is no folder",
        "give it to the user of the daemon, or name another with `CONDORD_STATE_DIR`", _5,
    ),
    Spec(
        "log_folder", _HOST, "the same of the folder of session files", "everybody may write it",
        "it cannot be made or written, or is no folder", "as above, with `CONDORD_LOG_DIR`", _5,
    ),
    Spec(
        "runtime_folder", _HOST, "the same of the folder of the control socket",
        "everybody may write it", "it cannot be made or written, or is no folder, or its path is too long for a socket",
        "as above, with `CONDORD_RUNTIME_DIR`", _5,
    ),
    Spec(
        "file_system", _HOST, "the file system of the state folder", "the database is a link to another one",
        "it is a network file system, on which SQLite keeps no write-ahead log",
        "put the state folder on a local disk", _5,
    ),
    Spec(
        "disk", _HOST, "free space for state and logs", "less than 1 GB is free", "less than 100 MB is free",
        "free some space; `CONDORD_LOG_KEEP_DAYS` and `CONDORD_STORE_BACKUPS_KEEP` bound what we keep", _5,
    ),
    Spec(
        "database", _HOST, "the database: ours, its version, its write-ahead log, its size",
        "the next start has to mend it: an earlier version wrote it, or a restore has just put it there", "it cannot be opened, or is not ours",
        "what the sentence says; `condord restore FILE` puts a backup in its place", _5,
    ),
    Spec(
        "integrity", _HOST, "every page of the database, by SQLite's own check", "the check did not end in time",
        "it is damaged", "`condord restore FILE` with the newest backup", _5,
    ),
    Spec(
        "backups", _HOST, "the newest backup: its age, and whether it can be restored",
        "there is none, or it is older than four days", "the newest cannot be restored",
        "`condord backup`; `systemctl list-timers condord-backup`", _5,
    ),
    Spec(
        "daemon", _HOST, "whether a daemon runs here, answers, and is connected and reconciled", "it cannot be asked, waits for the gateway, or has breaks open",
        "it does not answer", "`condord log`, then `systemctl restart condord`",
    ),
    Spec(
        "halt_file", _HOST, "the file HALT in the state folder", "it is there: nothing new is sent", NEVER,
        "take it away, then `condord resume`",
    ),
    Spec(
        "run_state", _HOST, "whether a person or the program has halted", "EXITS_ONLY or HALTED", NEVER,
        "`condord resume` once the reason is gone",
    ),
    Spec(
        "clock", _HOST, "the computer's date, and that it has not gone back behind what is recorded",
        "the last event is in the future", "the date is before this version or beyond the calendar", "set the clock; run NTP",
    ),
    Spec(
        "unit_file", _SERVICE, "the installed unit against the one that came with the program",
        "they differ; drop-ins are told, and are no difference", NEVER, "`make install`; keep changes of your own in a drop-in",
    ),
    Spec(
        "unit_security", _SERVICE, "`systemd-analyze security` of the installed unit",
        "it scores above 1.2, which it has with the network opened for alerts", "it scores above 5.0", "look for the drop-in that opens it; `make install`",
    ),
    Spec(
        "alerts", _SERVICE, "the outlets for alerts; with `--notify` a test is sent through each",
        "there is none, or every user may read their file", "they cannot be used, or a test did not arrive",
        "[alerts.md](alerts.md)",
    ),
    Spec(
        "gateway_port", _GATEWAY, "whether something accepts connections at the address",
        NEVER, "nothing does, or the port is usual for live accounts", "start the gateway, enable its API", _4,
    ),
    Spec(
        "protocol", _GATEWAY, "the first answer behind the port, and its version", NEVER,
        "it is silent, hangs up, or speaks something else", "check host and port; restart a gateway that hangs", _4,
    ),
    Spec(
        "client_id", _GATEWAY, "whether our client number is free; it is not the daemon's", NEVER,
        "another program uses it (code 326)", "`condord doctor --client-id N`", _4,
    ),
    Spec(
        "paper_account", _GATEWAY, "every account of the login: DU, DF, DI are paper", NEVER, "one is a live account",
        "log the gateway in to the paper account", _4,
    ),
    Spec(
        "own_account", _GATEWAY, "which account is ours, and whether the book is of it", NEVER,
        "the login has several and none is named, or the book is another account's",
        "`CONDORD_GATEWAY_ACCOUNT`, or another state folder", _2,
    ),
    Spec(
        "read_only", _GATEWAY, "whether the API takes orders", NEVER, "it is read-only (code 321)",
        "untick 'Read-Only API' in the gateway's settings", _4,
    ),
    Spec(
        "account_data", _GATEWAY, "positions, orders, executions and account values, read as one whole",
        "account values are missing", "the gateway did not finish telling them",
        "wait for a reset to end; look at the gateway's window", _4,
    ),
    Spec(
        "broker_link", _GATEWAY, "what the gateway says of its own connections to the broker",
        "a data farm is not connected", "it has lost the broker (1100)", "wait; log the gateway in again", _4,
    ),
    Spec(
        "gateway_clock", _GATEWAY, "our clock against the gateway's", "it differs by more than half of what is allowed",
        "it differs by more than `CONDORD_RISK_CLOCK_SKEW_MAX_S`", "run NTP on both; `--clock gateway` for a simulated one",
        _4,
    ),
    Spec(
        "data_spx", _MARKET, "data of the index SPX", "no value outside trading hours, or no line is free",
        "not subscribed, delayed, in use by another session, or silent", _SHARE, _4,
    ),
    Spec(
        "data_vix", _MARKET, "data of the index VIX", "as data_spx",
        "not subscribed, delayed, in use by another session, or silent", _SHARE, _4,
    ),
    Spec(
        "data_vx", _MARKET, "data of the next VIX future", "as data_vix, where no setting trades futures",
        "as data_vix, where one does", _SHARE, _4,
    ),
    Spec(
        "data_vvix", _MARKET, "data of the index VVIX, a signal", "as data_vix fails: the signal is neutral then", NEVER,
        _SHARE, _4,
    ),
    Spec(
        "data_ad_nyse", _MARKET, "data of AD-NYSE, advancing and declining issues, a signal",
        "as data_vix fails: the signal is neutral then", NEVER, _SHARE, _4,
    ),
    Spec(
        "data_spx_options", _MARKET, "quotes of an SPXW option", "no quote outside trading hours",
        "as data_spx", _SHARE, _4,
    ),
    Spec(
        "data_vix_options", _MARKET, "quotes of a VIX option",
        "no quote outside trading hours; or as it fails, with the hedge off", "as data_vix", _SHARE, _4,
    ),
    Spec(
        "permission_spx", _MARKET, "the margin preview of an SPX condor in four legs; nothing is sent to the exchange",
        "the broker previews without figures, or no combos", "it would refuse the order",
        "ask for option permissions of the paper account's level", _4,
    ),
    Spec(
        "permission_vix", _MARKET, "the margin preview of a VIX call; nothing is sent to the exchange",
        "the broker previews without figures; or as it fails, with the hedge off", "it would refuse the order",
        "ask for option permissions on volatility products", _4,
    ),
    Spec(
        "broker_hours", _MARKET, "the broker's hours of SPX for the coming days against our calendar of sessions",
        "the broker tells none", "a session, an open or a close differs",
        "update the package holidays; do not trade on that day", _4,
    ),
)  # fmt: skip
"""Every check, in the order of the output."""


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Spec]:
    return {one.name: one for one in CATALOGUE}


def spec(name: str) -> Spec:
    """Return the question of a name."""
    return _by_name()[name]


def names_of(group: Group) -> tuple[str, ...]:
    """Return the checks of a group."""
    return tuple(one.name for one in CATALOGUE if one.group is group)
