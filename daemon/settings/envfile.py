"""Reading env files so that python-dotenv, systemd and ``docker --env-file`` would all read the same.

The three agree on lines that are literally ``NAME=VALUE``, blank, or begin with ``#``. They differ on quotes
(docker keeps them), comments behind a value, ``export`` and continued lines: see systemd.exec(5) under
EnvironmentFile, and the reference of ``docker run --env-file``.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from dotenv.parser import parse_stream


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


def read_env_file(path: Path) -> EnvFile:
    """Read one file; whatever is wrong with it is in ``problems``, never raised."""
    try:
        text = path.read_bytes().decode()
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
        # Line by line, so that an open quote cannot swallow the lines below it.
        for name, value, error in (piece[:2] + piece[3:] for piece in parse_stream(io.StringIO(raw))):
            if name is None and not error:
                continue
            problem = _problem(raw, name, value, error=error)
            if problem or name is None or value is None:
                problems.append(f"{place} {problem}")
                continue
            warnings += [f"{place} {text}" for text in _oddities(raw, name, value)]
            if name in last:
                warnings.append(f"{place} sets {name} again; this line counts, {last[name].place} does not")
            last[name] = Assignment(name, value, place)
    return EnvFile(tuple(last.values()), tuple(problems), tuple(warnings))


def _problem(raw: str, name: str | None, value: str | None, *, error: bool) -> str:
    """Say why a line cannot be read, or would be read as something else by systemd or docker."""
    line = raw.strip()
    if error or name is None:
        return f"cannot be read: {line!r}; write NAME=VALUE, or begin the line with #"
    if value is None:
        return f"has no value: {line!r}; write {name}=VALUE"
    reason = _ambiguity(line, _spellings(name, value))
    return f"{reason}; write {name}={value}" if reason else ""


def _ambiguity(line: str, spellings: tuple[str, ...]) -> str:
    """Say why systemd or docker would read a line as something else; "" when they would not."""
    if line.endswith("\\"):
        return "ends in a backslash, which systemd takes as a sign that the line goes on"
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
    """Name what only docker reads differently."""
    found = []
    if raw.strip() != f"{name}={value}":
        found.append(f"has quotes, which docker --env-file would keep; write {name}={value}")
    if raw != raw.rstrip():
        found.append("ends in spaces, which docker --env-file would keep; remove them")
    return found
