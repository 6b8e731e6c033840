"""Where state, logs and control socket are: all that a command needs which only looks at a daemon.

They are read here without the other settings, so that such a command is quick, and works while one of those is wrong.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daemon.errors import SettingsError
from daemon.settings.names import PREFIX, distance

FOLDERS: Final = ("state_dir", "log_dir", "runtime_dir")
"""Where things lie; they change no decision and are no part of the digest."""
_NAMES: Final = tuple(f"{PREFIX}{name.upper()}" for name in FOLDERS)
_STATE_DIR, _LOG_DIR, _RUNTIME_DIR = _NAMES
_TYPO_EDITS: Final = 2
"""A name this near to one of the three, in single edits, is one of them misspelled; no other setting is."""


@dataclass(frozen=True, slots=True)
class Folders:
    """The three folders, written out from the root."""

    state_dir: Path
    log_dir: Path
    runtime_dir: Path


@dataclass(frozen=True, slots=True)
class DefaultFolder:
    """Where a folder is when nobody names it, and the variable of the service manager that says so, if one does."""

    text: str
    variable: str = ""


def environment() -> Mapping[str, str]:
    """Return the environment of the process; nothing else in the program reads it."""
    return os.environ


def read_folders(env_files: Sequence[Path], environ: Mapping[str, str]) -> Folders:
    """Read the three folders alone; raises SettingsError for a file, a name or a value that cannot be what is meant."""
    given, problems = _given(env_files, environ)
    problems += no_home(given, environ)
    problems += [f"{name} is empty; allowed: a folder" for name, text in given.items() if text == ""]
    if problems:
        raise SettingsError(*problems)
    defaults = {name: found.text for name, found in default_folders(given, environ).items()}
    return Folders(*(Path(full_folder((defaults | given)[name], environ)) for name in _NAMES))


def _given(env_files: Sequence[Path], environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the texts that files and environment give, the environment winning, with what is wrong."""
    places: list[tuple[str, str, str]] = []
    problems: list[str] = []
    if env_files:
        from daemon.settings.envfile import read_env_file  # noqa: PLC0415 - needed only where there are files

        for file in map(read_env_file, env_files):
            problems += file.problems
            places += [(item.name, item.text, f"in {item.place}") for item in file.assignments]
    places += [(name, text, "in the environment") for name, text in environ.items()]
    problems += [
        f"{name} {place} is not a setting; did you mean {meant}?"
        for name, _, place in places
        if (meant := _meant(name))
    ]
    return {name: text for name, text, _ in places if name in _NAMES}, problems


def _meant(name: str) -> str:
    """Return the folder whose name is misspelled; "" when none is."""
    if name in _NAMES:
        return ""
    limit = _TYPO_EDITS + 1
    return next((known for known in _NAMES if distance(name.upper(), known, limit) < limit), "")


def no_home(given: Mapping[str, str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """Say that the state folder has no default where nothing tells of one; nothing otherwise."""
    if _STATE_DIR in given or environ.get("STATE_DIRECTORY") or environ.get("HOME"):
        return ()
    return (f"{_STATE_DIR} has no default, because neither STATE_DIRECTORY nor HOME is set; set it",)


def default_folders(given: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, DefaultFolder]:
    """Return the folders of the service manager (systemd.exec(5)), else those of the user, by full name."""
    state = _default(environ, "STATE_DIRECTORY", f"{environ.get('HOME', '')}/.local/state/condord")
    chosen = full_folder(given.get(_STATE_DIR) or state.text, environ)
    return {
        _STATE_DIR: state,
        _LOG_DIR: _default(environ, "LOGS_DIRECTORY", f"{chosen}/logs"),
        _RUNTIME_DIR: _default(environ, "RUNTIME_DIRECTORY", chosen),
    }


def _default(environ: Mapping[str, str], variable: str, otherwise: str) -> DefaultFolder:
    first = environ.get(variable, "").partition(":")[0]
    return DefaultFolder(first, variable) if first else DefaultFolder(otherwise)


def full_folder(text: str, environ: Mapping[str, str]) -> str:
    """Write a folder out from the root, so that it means the same from everywhere."""
    if text == "":
        return ""
    home = environ.get("HOME")
    if home and (text == "~" or text.startswith("~/")):
        text = home + text[1:]
    return str(Path(text).absolute())
