"""Mistakes that users make, each with what the program must say to it: the table behind ``docs/mistakes.md``."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from processes import World

from daemon.adapters.store.connection import open_writing
from daemon.adapters.store.schema import STEPS
from daemon.errors import ExitCode

OK, SETTINGS, NOT_READY = ExitCode.OK, ExitCode.SETTINGS, ExitCode.NOT_READY
BROKER, DATABASE, RUNNING = ExitCode.BROKER, ExitCode.DATABASE, ExitCode.ALREADY_RUNNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake: what is done, the exit code, and the words that must be in the answer."""

    group: str
    what: str
    """As the document tells it."""
    command: tuple[str, ...]
    """``OUT`` in it is the folder of a rehearsal of 2020-02-18 and 19, ``WEB`` the port of a web server."""
    code: ExitCode
    says: tuple[str, ...]
    settings: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Without the prefix."""
    prepare: Callable[[World], object] | None = None


TABLE: Final[list[Mistake]] = []


def _add(group: str, *rows: tuple[Any, ...]) -> None:
    for what, command, code, says, *rest in rows:
        settings = next((each for each in rest if isinstance(each, dict)), {})
        prepare = next((each for each in rest if callable(each)), None)
        words = command.split() if isinstance(command, str) else command
        TABLE.append(
            Mistake(
                group=group,
                what=str(what),
                command=tuple(words),
                code=ExitCode(code),
                says=(says,) if isinstance(says, str) else tuple(says),
                settings=MappingProxyType(settings),
                prepare=prepare,
            )
        )


def file(name: str, text: str | bytes) -> Callable[[World], object]:
    """Write a file into the folder of the world."""

    def write(world: World) -> None:
        path = world.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    return write


def env(text: str | bytes) -> Callable[[World], object]:
    """Write the env file that the command is given."""
    return file("my.env", text)


HISTORY = "history/spx_daily.csv"
ROWS = "date,open,high,low,close\n2020-02-18,3369,3375,3355,3370\n"


def history(spx: str) -> Callable[[World], object]:
    def write(world: World) -> None:
        file(HISTORY, spx)(world)
        file("history/vix_daily.csv", "date,open,high,low,close\n2020-02-18,14,16,14,15\n")(world)

    return write


def foreign_database(world: World) -> None:
    world.state.mkdir()
    with sqlite3.connect(world.state / "condord.db") as conn:
        conn.execute("CREATE TABLE recipes (text TEXT)")


def newer_database(world: World) -> None:
    open_writing(world.state / "condord.db", "OFF", steps=(*STEPS, ("9999_of_tomorrow", lambda _db: None))).close()


def database(world: World) -> None:
    open_writing(world.state / "condord.db", "OFF").close()


def damaged_database(world: World) -> None:
    database(world)
    path = world.state / "condord.db"
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * (4096 - 100)
    path.write_bytes(bytes(content))


def folder(name: str) -> Callable[[World], object]:
    return lambda world: (world.folder / name).mkdir(parents=True)


CHECK = "config check --env-file my.env"
WINDOW = "rehearse --from 2020-02-18 --to 2020-02-18"

_add(
    "On the command line",
    ("A command is misspelled", "statsu", SETTINGS, ("No such command", "Did you mean 'status'?")),
    ("A command that is nothing like one", "frobnicate", SETTINGS, ("No such command", "--help")),
    ("A sub-command is misspelled", "config shwo", SETTINGS, "Did you mean 'show'?"),
    ("An option is misspelled", "status --jsn", SETTINGS, ("No such option", "--json")),
    ("An option has no value", "why --dir", SETTINGS, "requires an argument"),
    ("An argument too many", "status now", SETTINGS, "unexpected extra argument"),
    ("A halt without a reason", "halt", SETTINGS, "Missing option '--reason'"),
    ("A reason of blanks", ("halt", "--reason", "  "), SETTINGS, ("a reason is needed", "--reason TEXT")),
    (
        "A reason of 10,000 characters",
        ("halt", "--reason", "x" * 10_000),
        SETTINGS,
        ("10,000 characters", "at most 500"),
    ),
    (
        "A reason with control characters",
        ("halt", "--reason", "a\x1b[31mb\nc"),
        SETTINGS,
        ("control character", "plain"),
    ),
    ("A date as people write it elsewhere", "why 28.2.2020", SETTINGS, ("'28.2.2020' is no date", "YYYY-MM-DD")),
    ("A date that no calendar has", "why 2020-02-30", SETTINGS, "YYYY-MM-DD"),
    ("A Saturday", "why 2020-02-22 --dir OUT", SETTINGS, ("Saturday", "2020-02-21 or 2020-02-24")),
    ("A holiday", "log 2020-02-17 --dir OUT", SETTINGS, ("no trading session", "2020-02-14 or 2020-02-18")),
    ("A session that was never recorded", "why 2020-03-02 --dir OUT", NOT_READY, "2020-02-18 to 2020-02-19"),
    ("A year beyond the calendar", "log 1970-01-05 --dir OUT", SETTINGS, "1990 to 2035"),
    ("Dates of a report swapped", "report 2020-02-19 2020-02-18 --dir OUT", SETTINGS, "is after"),
    ("A report over sessions that were not", "report 2020-03-02 --dir OUT", NOT_READY, "2020-02-18 to 2020-02-19"),
    ("A report into a folder nobody may write", "report --dir OUT --out /proc/x/y.html", SETTINGS, "cannot be written"),
    (
        "A folder of results that is not there",
        "why --dir nowhere",
        NOT_READY,
        "there is no database nowhere/condord.db",
    ),
    ("A file in place of the folder of results", "why --dir a.txt", SETTINGS, "is a file", file("a.txt", "x")),
    ("A calendar of rolls into the past", "hedge calendar --until 2019-01-02 --dir OUT", SETTINGS, "must be after"),
    ("A watch every 0 seconds", "status --watch --every 0", SETTINGS, "0.5<=x<=3600"),
    ("Following a choice of lines", "log --follow --errors --dir OUT", SETTINGS, "leave out --errors"),
    (
        "A page of the reference that is none",
        "reference recipes",
        SETTINGS,
        "'commands', 'events', 'exit-codes', 'man'",
    ),
    ("A shell that is not completed", "completion csh", SETTINGS, "'bash', 'zsh', 'fish'"),
)
_add(
    "Rehearsals and the simulated gateway",
    ("Dates of a window swapped", "rehearse --from 2020-02-21 --to 2020-02-18", SETTINGS, "is after"),
    (
        "A window that begins on a holiday",
        "rehearse --from 2020-02-17 --to 2020-02-21",
        SETTINGS,
        "2020-02-14 or 2020-02-18",
    ),
    (
        "A window without shipped history",
        "rehearse --from 2019-06-03 --to 2019-06-05",
        SETTINGS,
        "no session 2019-06-03",
    ),
    ("A folder of history that is not there", f"{WINDOW} --history nowhere", SETTINGS, "nowhere"),
    ("An empty folder of history", f"{WINDOW} --history history", SETTINGS, "spx_daily.csv", folder("history")),
    (
        "History with a row cut short",
        f"{WINDOW} --history history",
        SETTINGS,
        ("spx_daily.csv", "3"),
        history(ROWS + "2020-02-19,3\n"),
    ),
    (
        "History with other columns",
        f"{WINDOW} --history history",
        SETTINGS,
        "spx_daily.csv",
        history("day,price\n2020-02-18,3369\n"),
    ),
    (
        "Results over files of others",
        f"{WINDOW} --out mine",
        SETTINGS,
        ("not empty", "--force"),
        file("mine/a.txt", "x"),
    ),
    ("Results into a file", f"{WINDOW} --out a.txt", SETTINGS, "is a file", file("a.txt", "x")),
    ("Results where nobody may write", f"{WINDOW} --out /proc/condord", SETTINGS, "cannot be used"),
    ("A seed below zero", f"{WINDOW} --seed -1", SETTINGS, "x>=0"),
    ("A plan of faults that is not there", f"{WINDOW} --faults nowhere.toml", SETTINGS, "nowhere.toml"),
    ("A plan of faults that is no TOML", f"{WINDOW} --faults a.toml", SETTINGS, "a.toml", file("a.toml", "x = [")),
    (
        "A fault that does not exist",
        f"{WINDOW} --faults a.toml",
        SETTINGS,
        ("fault 1", "'sillent'"),
        file("a.toml", '[[fault]]\nkind = "sillent"\n'),
    ),
    (
        "An arm that is no preset",
        "compare --from 2020-02-18 --to 2020-02-18 --arm x --presets p",
        SETTINGS,
        ("--arm x", "--presets"),
    ),
    ("A port that is no port", "gateway --port 99999", SETTINGS, "65535"),
    ("A clock that is no time", "gateway --port 0 --clock yesterday", SETTINGS, "YYYY-MM-DD HH:MM"),
    (
        "A clock outside the history",
        ("gateway", "--port", "0", "--clock", "2019-06-03 10:00"),
        SETTINGS,
        "no session 2019-06-03",
    ),
    ("An account that is no name", "gateway --port 0 --account 17", SETTINGS, ("is no account", "DU1234567")),
    (
        "A stored account of somebody else",
        "gateway --port 0 --state gw",
        SETTINGS,
        "gw",
        file("gw/exchange.json", "{}"),
    ),
)
_add(
    "Env files",
    (
        "It is not there",
        "config check --env-file nowhere.env",
        SETTINGS,
        ("nowhere.env does not exist", "check the path"),
    ),
    ("It is a folder", "config check --env-file .", SETTINGS, ("is a folder", "name a file")),
    ("It is no text", CHECK, SETTINGS, ("my.env:1", "not UTF-8"), env(b"\x00\xff\xfe\x80")),
    (
        "It was saved as UTF-16",
        CHECK,
        SETTINGS,
        "save the file as UTF-8",
        env("CONDORD_LOG_LEVEL=info\n".encode("utf-16")),
    ),
    ("It begins with a byte order mark", CHECK, SETTINGS, "without it", env(b"\xef\xbb\xbfA=1\n")),
    ("Lines end as on Windows", CHECK, SETTINGS, "Unix line ends", env("CONDORD_LOG_LEVEL=INFO\r\n")),
    (
        "A line begins with export",
        CHECK,
        SETTINGS,
        ("begins with export", "write CONDORD_LOG_LEVEL=INFO"),
        env("export CONDORD_LOG_LEVEL=INFO\n"),
    ),
    (
        "Spaces around the sign",
        CHECK,
        SETTINGS,
        ("my.env:1", "write CONDORD_LOG_LEVEL=INFO"),
        env("CONDORD_LOG_LEVEL = INFO\n"),
    ),
    ("A comment behind a value", CHECK, SETTINGS, "comment behind the value", env("CONDORD_LOG_LEVEL=INFO # quiet\n")),
    ("A name without a value", CHECK, SETTINGS, "has no value", env("CONDORD_LOG_LEVEL\n")),
    ("A value that is empty", CHECK, SETTINGS, "is empty", env("CONDORD_CONDOR_DTE_TARGET=\n")),
    (
        "A sentence where a setting should be",
        CHECK,
        SETTINGS,
        ("cannot be read", "NAME=VALUE"),
        env("please trade less\n"),
    ),
    ("A quote that does not end", CHECK, SETTINGS, "my.env:1", env('CONDORD_LOG_LEVEL="INFO\n')),
    (
        "A name given twice",
        CHECK,
        OK,
        "sets CONDORD_LOG_LEVEL again",
        env("CONDORD_LOG_LEVEL=INFO\nCONDORD_LOG_LEVEL=DEBUG\n"),
    ),
    (
        "A value in quotes",
        CHECK,
        OK,
        ("docker --env-file would keep", "write CONDORD_LOG_LEVEL=INFO"),
        env('CONDORD_LOG_LEVEL="INFO"\n'),
    ),
    ("A new file over one that is there", "config init my.env", SETTINGS, ("exists", "--force"), env("")),
    ("A new file where nobody may write", "config init /proc/x.env", SETTINGS, ("cannot be written", "another file")),
)


def setting(what: str, name: str, value: str, *says: str) -> tuple[Any, ...]:
    return (what, "config check", SETTINGS, says, {name: value})


_add(
    "Settings",
    setting("A name is misspelled", "CONDOR_DTE_TARGT", "30", "did you mean CONDORD_CONDOR_DTE_TARGET?"),
    ("The prefix is misspelled", CHECK, SETTINGS, "did you mean CONDORD_LOG_LEVEL?", env("CONDOR_LOG_LEVEL=INFO\n")),
    ("The prefix is left out", CHECK, SETTINGS, "did you mean CONDORD_LOG_LEVEL?", env("LOG_LEVEL=INFO\n")),
    (
        "The folder of the state is misspelled",
        "status",
        SETTINGS,
        "did you mean CONDORD_STATE_DIR?",
        {"STAET_DIR": "/x"},
    ),
    setting("A word for a number", "CONDOR_DTE_TARGET", "thirty", "is not a whole number", "allowed:"),
    setting("A unit behind a number", "CONDOR_DTE_TARGET", "30d", "is not a whole number", "allowed: 0 to 120 days"),
    setting("A decimal comma", "CONDOR_MIN_CREDIT_PCT", "7,5", "is not a number", "allowed:"),
    setting("A percent sign", "CONDOR_MIN_CREDIT_PCT", "7%", "is not a number", "%"),
    setting("A number out of range", "CONDOR_DTE_TARGET", "4000", "is out of range", "allowed:"),
    setting("Milliseconds for seconds", "GATEWAY_CONNECT_TIMEOUT_S", "10000", "is out of range", "allowed: 1 to 120 s"),
    setting("A choice that is none", "LOG_LEVEL", "LOUD", "is not one of the choices", "allowed:"),
    setting("A time that is none", "SCHEDULE_CONDOR_ENTRY", "3:30pm", "is not a time of day", "New York"),
    setting("Perhaps for true or false", "HEDGE_ENABLED", "perhaps", "is not true or false"),
    setting("Settings that contradict each other", "CONDOR_DTE_MIN", "40", "do not go together"),
    setting("A live account", "GATEWAY_ACCOUNT", "U1234567", "is not a paper account", "DU"),
    setting("An address in place of a host", "GATEWAY_HOST", "http://localhost", "is not a host name or address"),
    setting("A port usual for live trading (TWS)", "GATEWAY_PORT", "7496", "CONDORD_GATEWAY_ALLOW_LIVE_PORT"),
    setting("A port usual for live trading (IB Gateway)", "GATEWAY_PORT", "4001", "CONDORD_GATEWAY_ALLOW_LIVE_PORT"),
    setting("A folder of macro figures that is not there", "MACRO_DIR", "/nowhere", "/nowhere"),
    (
        "A file of macro figures that is malformed",
        "config check",
        SETTINGS,
        "usd_index.csv",
        {"MACRO_DIR": "macro"},
        file("macro/usd_index.csv", "a,b\n1\n"),
    ),
    (
        "An economic calendar that is malformed",
        "config check",
        SETTINGS,
        "calendar.csv",
        {"SCHEDULE_ECONOMIC_CALENDAR": "calendar.csv"},
        file("calendar.csv", "when,what\n2020,x\n"),
    ),
    setting("An economic calendar that is not there", "SCHEDULE_ECONOMIC_CALENDAR", "/nowhere.csv", "/nowhere.csv"),
    (
        "A key of an approver that is none",
        "config check",
        SETTINGS,
        "ann.pem",
        {"HEDGE_APPROVERS_DIR": "keys", "HEDGE_APPROVALS_NEEDED": "1"},
        file("keys/ann.pem", "no key"),
    ),
)
_add(
    "Gateway",
    ("No gateway runs", "plan", BROKER, ("Nothing accepts connections", "Is the gateway running")),
    (
        "Something else behind the port",
        "plan",
        BROKER,
        ("not a TWS or IB Gateway", "CONDORD_GATEWAY_PORT"),
        {"GATEWAY_PORT": "WEB"},
    ),
    ("A port in use for the simulated gateway", "gateway --port WEB", SETTINGS, ("in use", "--port")),
    ("A host that does not exist", "plan", BROKER, "no-such-host.invalid", {"GATEWAY_HOST": "no-such-host.invalid"}),
    ("A flattening without a gateway", ("flatten", "--reason", "out"), BROKER, "Is the gateway running"),
    (
        "An account that is live",
        "plan",
        BROKER,
        ("not paper accounts", "DU, DF, DI"),
        lambda world: world.gateway("2020-03-02 15:25", "--account", "U1234567"),
    ),
)
_add(
    "State and database",
    ("Asking before the first start", "why", NOT_READY, ("there is no database", "start the daemon")),
    (
        "A command for a daemon that does not run",
        "reconcile --reason x",
        NOT_READY,
        ("no daemon runs here", "condord run"),
    ),
    (
        "A database that is none",
        "book",
        DATABASE,
        ("is not an SQLite database", "another state folder"),
        file("state/condord.db", "no database" * 90),
    ),
    (
        "A database of another program",
        "book",
        DATABASE,
        ("belongs to another program", "another state folder"),
        foreign_database,
    ),
    (
        "A database of a newer version",
        "book",
        DATABASE,
        ("newer version of condord", "install that version"),
        newer_database,
    ),
    ("A database of no bytes", "book", DATABASE, "start the daemon once", file("state/condord.db", "")),
    ("A database that is damaged", "book", DATABASE, ("is damaged", "restore a backup"), damaged_database),
    ("A file in place of the state folder", "run", DATABASE, "cannot be written", file("state", "")),
    (
        "A state folder nobody may write",
        "run",
        DATABASE,
        ("/proc/condord cannot be written", "CONDORD_STATE_DIR"),
        {"STATE_DIR": "/proc/condord"},
    ),
    (
        "A path too long for a socket",
        "run",
        SETTINGS,
        ("control socket", "CONDORD_RUNTIME_DIR"),
        {"RUNTIME_DIR": "/tmp/" + "x" * 120},
    ),
    (
        "A restore while the daemon runs",
        "restore state/condord.db",
        RUNNING,
        ("stop it first",),
        lambda world: world.daemon().says("gateway waiting"),
    ),
    (
        "A second daemon",
        "run",
        RUNNING,
        ("another daemon (process", "CONDORD_STATE_DIR"),
        lambda world: world.daemon().says("gateway waiting"),
    ),
    (
        "A resume over the halt file",
        "resume --reason x",
        SETTINGS,
        ("HALT is still there", "take it away"),
        file("state/HALT", "stop"),
    ),
    ("A backup before the first start", "backup", NOT_READY, "there is no database"),
    ("A restore of a file that is not there", "restore nowhere.db", SETTINGS, "does not exist"),
    (
        "A restore of what is no backup",
        "restore a.db",
        DATABASE,
        "is not an SQLite database",
        file("a.db", "no database" * 90),
    ),
    (
        "A restore of a database of another program",
        "restore --check state/condord.db",
        DATABASE,
        "another program",
        foreign_database,
    ),
    ("An approval that is none", "approve add a.txt", SETTINGS, "a.txt", file("a.txt", "yes")),
    ("A proposal that is none", "approve sign a.txt --key a.txt --yes", SETTINGS, "a.txt", file("a.txt", "yes")),
    ("Keys over keys that are there", "approve keygen ann", SETTINGS, "ann.key", file("ann.key", "x")),
    ("A name for a key that is a path", "approve keygen ../ann", SETTINGS, "'../ann'"),
)


@dataclass(frozen=True, slots=True)
class ShellMistake:
    """One mistake around the program: a line for the shell, the exit code, and the words in the answer."""

    what: str
    line: str
    code: int
    says: tuple[str, ...]


AROUND: Final = (
    ShellMistake(
        "No home folder and none named",
        "env -u HOME -u CONDORD_STATE_DIR condord status",
        SETTINGS,
        ("CONDORD_STATE_DIR has no default", "set it"),
    ),
    ShellMistake(
        "A full disk for the output",
        "condord config show > /dev/full",
        ExitCode.FAILURE,
        ("the output cannot be written", "make room"),
    ),
    ShellMistake(
        "A full disk for the last line",
        "condord version > /dev/full",
        ExitCode.FAILURE,
        ("the output cannot be written", "make room"),
    ),
    ShellMistake("A reader that goes away", "condord config show | head -n 1", OK, ("CONDORD_STATE_DIR",)),
    ShellMistake(
        "A terminal that knows no UTF-8",
        "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 condord config show",
        OK,
        ("CONDORD_LOG_LEVEL",),
    ),
    ShellMistake(
        "A path with letters that the terminal does not know",
        "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 condord config check --env-file f\u00fcr.env",
        SETTINGS,
        ("does not exist", "check the path"),
    ),
    ShellMistake(
        "Settings that another user may not read",
        "chmod 000 my.env; setpriv --reuid=65534 --clear-groups condord config check --env-file my.env",
        SETTINGS,
        ("cannot be read", "check its permissions"),
    ),
)


def document() -> str:
    """Return ``docs/mistakes.md``: python tests/process/mistakes.py > docs/mistakes.md."""
    lines = [
        "# Mistakes, and what the program says to them",
        "",
        "Each line is a test: the program is run with the mistake, must end with the exit code, and its answer must hold",
        "the words. What each exit code asks for: [exit codes](reference/exit_codes.md).",
    ]
    groups = dict.fromkeys(each.group for each in TABLE)
    for group in groups:
        rows = [(each.what, each.code, each.says) for each in TABLE if each.group == group]
        lines += ["", f"## {group}", "", *_rows(rows)]
    lines += ["", "## Around the program", "", *_rows([(each.what, each.code, each.says) for each in AROUND])]
    return "\n".join(lines) + "\n"


def _rows(rows: Sequence[tuple[str, int, tuple[str, ...]]]) -> list[str]:
    head = ["| mistake | exit code | it says |", "|---|---|---|"]
    return [
        *head,
        *(f"| {what} | {int(code)} | {' ... '.join(f'`{part}`' for part in says)} |" for what, code, says in rows),
    ]


if __name__ == "__main__":
    sys.stdout.write(document())
