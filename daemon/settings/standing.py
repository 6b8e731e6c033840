"""What the settings were when the daemon started, and what has changed in files and environment since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from daemon.settings.catalogue import by_name
from daemon.settings.document import Row, rows
from daemon.settings.folders import FOLDERS
from daemon.settings.loading import load
from daemon.settings.model import Settings, SourceKind
from daemon.settings.names import PREFIX

_FOLDERS: Final = tuple(f"{PREFIX}{name.upper()}" for name in FOLDERS)
_UNSEEN: Final = (SourceKind.ENVIRONMENT, SourceKind.COMMAND_LINE)
"""Where only the daemon itself sees what was given to it."""


@dataclass(frozen=True, slots=True)
class KeptSettings:
    """The settings of a start, as its store keeps them."""

    at: datetime
    digest: str
    values: Mapping[str, str]
    """The text of every setting by its full name."""
    sources: Mapping[str, SourceKind]
    """By full name; a name that is absent had its default."""


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that is not what it was."""

    name: str
    before: str
    now: str
    source: str
    """Where the new value comes from."""


def kept_text(settings: Settings, at: datetime) -> str:
    """Write the settings of a start for its store. None of them is a secret: those stand in files that settings name."""
    found = rows(settings)
    sources = {row.spec.name: row.source.kind for row in found if row.source.kind is not SourceKind.DEFAULT}
    values = {row.spec.name: row.value for row in found}
    return json.dumps({"at": at.isoformat(), "digest": settings.digest, "values": values, "sources": sources})


def kept(text: str) -> KeptSettings:
    """Read what ``kept_text`` wrote."""
    read = json.loads(text)
    sources = {name: SourceKind(kind) for name, kind in read["sources"].items()}
    return KeptSettings(datetime.fromisoformat(read["at"]), read["digest"], read["values"], sources)


def changes(before: KeptSettings, settings: Settings) -> tuple[Change, ...]:
    """Return what differs from the settings of an earlier start; a setting it did not know had its default."""
    known = {row: before.values.get(row.spec.name, row.default) for row in rows(settings)}
    return tuple(
        Change(row.spec.name, text, row.value, str(row.source)) for row, text in known.items() if text != row.value
    )


def pending(before: KeptSettings, settings: Settings) -> tuple[Change, ...]:
    """Return what files and environment, as somebody else reads them, change at the next start.

    What the daemon alone was given, by its environment, its command line or the service manager, stays as it is.
    """
    seen = {row.spec.name: row for row in rows(settings)}
    return tuple(each for each in changes(before, settings) if not _unseen(before, seen[each.name]))


def _unseen(before: KeptSettings, row: Row) -> bool:
    source = before.sources.get(row.spec.name, SourceKind.DEFAULT)
    by_default = row.source.kind is SourceKind.DEFAULT
    return by_default and (source in _UNSEEN or (source is SourceKind.DEFAULT and row.spec.name in _FOLDERS))


def reread(settings: Settings) -> Settings:
    """Read the same files again as they are now. Raises SettingsError for what is wrong with them.

    What came from a file is not looked for in the environment: the service manager passes its files as both.
    """
    reading, sources = settings.origin.reading, settings.origin.sources
    filed = {name for name in by_name() if name in sources and sources[name].kind is SourceKind.FILE}
    environ = {name: text for name, text in reading.environ.items() if name not in filed}
    return load(reading.env_files, environ, overrides=reading.overrides)
