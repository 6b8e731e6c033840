"""Reading env files so that python-dotenv, systemd and ``docker --env-file`` would all read the same.

The three agree on lines that are literally ``NAME=VALUE``, blank, or begin with ``#``. They differ on quotes
(docker keeps them), comments behind a value, ``export``, backslashes and continued lines: see systemd.exec(5) under
EnvironmentFile, and the reference of ``docker run --env-file``.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dotenv.parser import parse_stream

MAY_BE_MISSING: Final = "-"
_BLANKS: Final = " \t"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What environ(7) and the shell take as a name."""
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+]*://")
"""Begins an outlet for alerts, which holds a password: a file of them that is taken for an env file is never repeated."""
_SWALLOWS: Final = (
    "is a comment that ends in a backslash: systemd reads the next line as part of it; remove the backslash"
)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One name with its text and the place it stands at."""

    name: str
    text: str
    place: str
    """file:line"""


@dataclass(frozen=True, slots=True)
class EnvFile:
    """What one file says; of a name given twice the last line counts."""

    assignments: tuple[Assignment, ...]
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_env_file(named: Path) -> EnvFile:
    """Read one file; whatever is wrong with it is in ``problems``, never raised.

    With ``-`` in front of its path it may be missing, as in systemd's ``EnvironmentFile=-/path``.
    """
    path, may_be_missing = Path(str(named).removeprefix(MAY_BE_MISSING)), str(named).startswith(MAY_BE_MISSING)
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError as error:
        return EnvFile((), problems=() if may_be_missing else (_unreadable(path, error),))
    except OSError as error:
        return EnvFile((), problems=(_unreadable(path, error),))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return EnvFile((), problems=(f"{path}:{line} is not UTF-8 text; save the file as UTF-8",))
    if text.startswith("\ufeff"):
        return EnvFile((), problems=(f"{path}:1 begins with a byte order mark; save the file as UTF-8 without it",))
    if "\r" in text:
        line = text[: text.index("\r")].count("\n") + 1
        return EnvFile((), problems=(f"{path}:{line} ends as on Windows; save the file with Unix line ends",))
    return _parse(path, text)


def _unreadable(path: Path, error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return f"env file {path} does not exist; check the path"
        case IsADirectoryError():
            return f"env file {path} is a folder; name a file"
        case _:
            return f"env file {path} cannot be read: {error.strerror}; check its permissions"


def _parse(path: Path, text: str) -> EnvFile:
    last: dict[str, Assignment] = {}
    problems: list[str] = []
    warnings: list[str] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        place = f"{path}:{number}"
        if _says_nothing(raw):
            problems += [f"{place} {_SWALLOWS}"] * raw.endswith("\\")
            continue
        # Line by line, so that an open quote cannot swallow the lines below it.
        name, value, _, error = next(iter(parse_stream(io.StringIO(raw))))
        problem = _problem(raw, name, value, error=error)
        if problem or name is None or value is None:
            problems.append(f"{place} {problem}")
            continue
        warnings += [f"{place} {text}" for text in _oddities(raw, name, value)]
        if name in last:
            warnings.append(f"{place} sets {name} again; this line counts, {last[name].place} does not")
        last[name] = Assignment(name, value, place)
    return EnvFile(tuple(last.values()), tuple(problems), tuple(warnings))


def _says_nothing(raw: str) -> bool:
    line = raw.strip(_BLANKS)
    return not line or line.startswith("#")


def _problem(raw: str, name: str | None, value: str | None, *, error: bool) -> str:
    """Say why a line cannot be read, or would be read as something else by systemd or docker."""
    line = raw.strip(_BLANKS)
    if _URL.match(line):
        return "is a URL; name the file of outlets with CONDORD_ALERT_URLS_FILE=PATH instead (docs/alerts.md)"
    if error or name is None:
        return f"cannot be read: {line!r}; write NAME=VALUE, or begin the line with #"
    if value is None:
        return f"has no value: {line!r}; write {name}=VALUE"
    if not _NAME.fullmatch(name):
        return f"has the name {name!r}, which systemd leaves out; write a name of letters, digits and _"
    reason = _ambiguity(line, _spellings(name, value))
    if not reason:
        return ""
    return f"{reason}; write the value without it" if "\\" in line else f"{reason}; write {name}={value}"


def _ambiguity(line: str, spellings: tuple[str, ...]) -> str:
    """Say why systemd or docker would read a line as something else; "" when they would not."""
    if "\\" in line:
        return "has a backslash, which systemd takes out, or as a sign that the line goes on"
    if line in spellings:
        return ""
    if line.startswith("export "):
        return "begins with export, which systemd and docker do not know"
    if line.startswith(spellings) and "#" in line:
        return "has a comment behind the value, which systemd and docker take as part of it"
    return "has spaces or quotes that are not read alike everywhere"


def _spellings(name: str, value: str) -> tuple[str, str, str]:
    return f"{name}={value}", f'{name}="{value}"', f"{name}='{value}'"


def _oddities(raw: str, name: str, value: str) -> list[str]:
    """Name what only docker, or only a reader that interpolates, reads differently."""
    found = []
    if raw.strip(_BLANKS) != f"{name}={value}":
        found.append(f"has quotes, which docker --env-file would keep; write {name}={value}")
    if raw != raw.rstrip():
        found.append("ends in spaces, which docker --env-file would keep; remove them")
    if "${" in value:
        found.append(f"has {value!r} as it stands: nothing is put in the place of ${{...}} here; write it out")
    return found
