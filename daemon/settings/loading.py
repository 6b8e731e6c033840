"""Reading the settings: defaults, then files in order, then the environment, then the command line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from daemon.errors import SettingsError
from daemon.settings.catalogue import Kind, Spec, as_text, by_name, catalogue, value_of
from daemon.settings.envfile import Assignment, read_env_file
from daemon.settings.fields import NOT_ALLOWED
from daemon.settings.folders import default_folders, full_folder, no_home
from daemon.settings.model import Origin, Reading, ServiceManager, Settings, Source, SourceKind
from daemon.settings.names import PREFIX, distance, looks_like_ours, nearest
from daemon.settings.pairs import Conflict, conflicts, remarks

_BOUNDS: Final = ("greater_than_equal", "less_than_equal")
_SHOWN_MAX: Final = 80
"""Longest value that a sentence repeats."""


@dataclass(frozen=True, slots=True)
class _Given:
    """The text of one setting and where it was given."""

    text: str
    source: Source


_ByName = dict[str, _Given]


def load(
    env_files: Sequence[Path], environ: Mapping[str, str], *, overrides: Mapping[str, str] | None = None
) -> Settings:
    """Read and check every setting; ``overrides`` are full names with texts from the command line.

    Raises SettingsError with every problem, not only the first.
    """
    given, problems, warnings = _gather(env_files, environ, overrides or {})
    texts = {name: item.text for name, item in given.items()}
    problems += no_home(texts, environ)
    folders = {
        name: _Given(found.text, Source(SourceKind.DEFAULT, found.variable))
        for name, found in default_folders(texts, environ).items()
    }
    settings, wrong = _validate(folders | given, folders, environ)
    problems += wrong.values()
    problems += [
        _conflict_text(found, settings, given) for found in conflicts(settings) if wrong.keys().isdisjoint(found.names)
    ]
    if problems:
        raise SettingsError(*problems)
    settings._origin = Origin(  # noqa: SLF001 -- part of making the value; nobody else does
        sources=MappingProxyType({name: item.source for name, item in (folders | given).items()}),
        folder_defaults=MappingProxyType({name: item.text for name, item in folders.items()}),
        warnings=(*warnings, *remarks(settings)),
        service=_service_manager(environ),
        reading=Reading(tuple(env_files), environ, overrides or {}),
    )
    return settings


def replaced(settings: Settings, texts: Mapping[str, str]) -> Settings:
    """Return the settings with other texts for some of them: those of the hedge policy in force.

    Names that no setting has any more are left out. Raises SettingsError where they do not go together with the rest.
    """
    sources = settings.origin.sources
    given = {
        spec.name: _Given(texts[spec.name], Source(SourceKind.APPROVED))
        if spec.name in texts
        else _Given(as_text(value_of(settings, spec.path)), sources.get(spec.name, Source(SourceKind.DEFAULT)))
        for spec in catalogue()
    }
    made, wrong = _validate(given, {}, {})
    problems = [*wrong.values(), *(_conflict_text(found, made, given) for found in conflicts(made))]
    if problems:
        raise SettingsError(*problems)
    made._origin = replace(  # noqa: SLF001 -- part of making the value; nobody else does
        settings.origin, sources=MappingProxyType({name: item.source for name, item in given.items()})
    )
    return made


def _gather(
    env_files: Sequence[Path], environ: Mapping[str, str], overrides: Mapping[str, str]
) -> tuple[_ByName, list[str], list[str]]:
    """Collect texts by name, with the problems and warnings of reading them."""
    given: _ByName = {}
    problems: list[str] = []
    warnings: list[str] = []
    for path in env_files:
        file = read_env_file(path)
        problems += file.problems
        problems += _unknown_in_file(file.assignments)
        warnings += file.warnings
        ours = (item for item in file.assignments if item.name in by_name())
        given |= {item.name: _Given(item.text, Source(SourceKind.FILE, item.place)) for item in ours}
    problems += [
        _unknown(name, "in the environment")
        for name in sorted(environ)
        if looks_like_ours(name) and name not in by_name()
    ]
    for name in by_name().keys() & environ.keys():
        # The service manager passes the same file as environment: the file stays the source.
        if name not in given or given[name].text != environ[name]:
            given[name] = _Given(environ[name], Source(SourceKind.ENVIRONMENT))
    assert overrides.keys() <= by_name().keys(), "the command line overrides settings that exist"
    given |= {name: _Given(text, Source(SourceKind.COMMAND_LINE)) for name, text in overrides.items()}
    return given, problems, warnings


def _unknown_in_file(assignments: Iterable[Assignment]) -> Iterator[str]:
    """Report names that were meant for us; a file may also set variables of other programs."""
    for item in assignments:
        without_prefix = PREFIX + item.name.upper() in by_name()
        if item.name not in by_name() and (without_prefix or looks_like_ours(item.name)):
            yield _unknown(item.name, f"in {item.place}")


def _unknown(name: str, place: str) -> str:
    return f"{name} {place} is not a setting; did you mean {nearest(name, by_name())}?"


def _validate(given: _ByName, folders: _ByName, environ: Mapping[str, str]) -> tuple[Settings, dict[str, str]]:
    """Return the settings and the problems by name; a wrong value is replaced by its default to look further."""
    try:
        return Settings(**_nested(given, environ)), {}
    except ValidationError as error:
        found = {spec.name: (spec, item) for item in error.errors() for spec in (_spec_at(item["loc"]),)}
    wrong = {name: _value_text(spec, item, given[name]) for name, (spec, item) in found.items()}
    right = {name: item for name, item in given.items() if name not in found}
    return Settings(**_nested(folders | right, environ)), wrong


def _spec_at(place: tuple[int | str, ...]) -> Spec:
    return by_name()[PREFIX + "_".join(str(part) for part in place).upper()]


def _nested(given: _ByName, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return every setting's text in the shape of the model."""
    tree: dict[str, Any] = {}
    for spec in catalogue():
        text = given[spec.name].text if spec.name in given else spec.default
        branch = tree
        for part in spec.path[:-1]:
            branch = branch.setdefault(part, {})
        branch[spec.path[-1]] = full_folder(text, environ) if spec.kind is Kind.FOLDER else text
    return tree


def _value_text(spec: Spec, error: Mapping[str, Any], given: _Given) -> str:
    """Say what is wrong with one value, where it stands, and what is allowed."""
    start = f"{spec.name}={_shown(given.text)} {_place(given.source)}"
    return f"{start} {_wrong(spec, error, given.text)}; allowed: {spec.range}{_meant(spec, given.text)}"


def _meant(spec: Spec, text: str) -> str:
    """Suggest the choice that a misspelled one is near."""
    choices = {choice.upper(): choice for choice in spec.allowed.split(", ")}
    if spec.kind is not Kind.CHOICE or any(" " in choice for choice in choices):
        return ""
    best = nearest(text, choices)
    return f"; did you mean {choices[best]}?" if distance(text.upper(), best) == 1 else ""


def _wrong(spec: Spec, error: Mapping[str, Any], text: str) -> str:
    if text == "":
        return "is empty"
    match error["type"]:
        case t if t == NOT_ALLOWED:
            return str(error["msg"])
        case t if t in _BOUNDS:
            return "is out of range"
        case "multiple_of":
            return f"is not a multiple of {spec.multiple_of}"
        case _:
            return spec.kind.value


def _shown(text: str) -> str:
    return text if text.isprintable() and len(text) <= _SHOWN_MAX else repr(text[:_SHOWN_MAX])


def _place(source: Source) -> str:
    match source.kind:
        case SourceKind.ENVIRONMENT:
            return "in the environment"
        case SourceKind.COMMAND_LINE:
            return "on the command line"
        case SourceKind.FILE:
            return f"in {source.place}"
        case SourceKind.DEFAULT | SourceKind.APPROVED:
            return f"by {source}"


def _conflict_text(conflict: Conflict, settings: Settings, given: _ByName) -> str:
    """Say which settings do not go together, each with its value and place."""
    parts = []
    for name in conflict.names:
        value = as_text(value_of(settings, by_name()[name].path))
        source = given[name].source if name in given else Source(SourceKind.DEFAULT)
        parts.append(f"{name}={value} ({source})")
    return f"{', '.join(parts[:-1])} and {parts[-1]} do not go together: {conflict.text}"


def _service_manager(environ: Mapping[str, str]) -> ServiceManager:
    usec = environ.get("WATCHDOG_USEC", "")
    meant_for_us = environ.get("WATCHDOG_PID") in (None, str(os.getpid()))
    return ServiceManager(
        notify_socket=environ.get("NOTIFY_SOCKET"),
        watchdog_usec=int(usec) if usec.isdecimal() and meant_for_us else None,
        journal_stream=environ.get("JOURNAL_STREAM"),
        credentials_dir=environ.get("CREDENTIALS_DIRECTORY"),
    )
