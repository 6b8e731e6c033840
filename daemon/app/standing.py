"""What has changed in the settings: told at a start, once a session while the daemon runs, and to whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from daemon.adapters.store import open_readonly
from daemon.core.book.condors import open_condors
from daemon.core.condor.exits import changed_rules
from daemon.engine.journal import Journal
from daemon.errors import NotReadyError, SettingsError
from daemon.ports import Store
from daemon.report.changes import ChangesView
from daemon.report.words import plural
from daemon.settings import Settings, rows
from daemon.settings.standing import Change, KeptSettings, changes, kept, kept_text, pending, reread

SETTINGS_KEY: Final = "settings_of_start"
"""Names, in the store, the settings of the last start."""


def last_start(store: Store) -> KeptSettings | None:
    """Return the settings of the last start; None where there was none."""
    text = store.meta(SETTINGS_KEY)
    return None if text is None else kept(text)


def tell_start(settings: Settings, store: Store, journal: Journal, *, now: datetime) -> None:
    """Say with which settings a daemon starts and what has changed since its last start, then keep them."""
    before, found = last_start(store), rows(settings)
    changed = sum(row.changed for row in found)
    journal.emit("settings_loaded", {"settings": len(found), "changed": changed, "digest": settings.digest})
    for each in () if before is None else changes(before, settings):
        fields = {"setting": each.name, "value": _shown(each.now), "before": _shown(each.before)}
        journal.emit("settings_changed", {**fields, "source": each.source})
    store.set_meta(SETTINGS_KEY, kept_text(settings, now))


def tell_pending(settings: Settings, store: Store, journal: Journal) -> None:
    """Say what the files ask for now that is not in force, or that a restart could not read them."""
    before = last_start(store)
    assert before is not None, "a daemon that runs has told its start"
    try:
        found = changes(before, reread(settings))
    except SettingsError as error:
        journal.emit("settings_unreadable", {"text": str(error)})
        return
    if found:
        journal.emit("settings_pending", {"changes": plural(len(found), "change"), "settings": _named(found)})


def pending_count(settings: Settings, store: Store) -> int | None:
    """Return how many changes wait for a restart; None where a restart could not read the files."""
    before = last_start(store)
    try:
        return 0 if before is None else len(changes(before, reread(settings)))
    except SettingsError:
        return None


def changed_since_start(settings: Settings, path: Path, *, running: bool) -> ChangesView:
    """Hold what files and environment say now against the last start that a database knows. Raises StoreError."""
    try:
        store = open_readonly(path)
    except NotReadyError:
        return _view(settings, None, running=running)
    with closing(store):
        before = last_start(store)
        return _view(settings, before, running=running, altered=exits_altered(settings, store))


def _view(
    settings: Settings,
    before: KeptSettings | None,
    *,
    running: bool,
    altered: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> ChangesView:
    return ChangesView(
        state_dir=settings.state_dir,
        running=running,
        started_at=None if before is None else before.at,
        digest_before="" if before is None else before.digest,
        digest_now=settings.digest,
        changes=() if before is None else pending(before, settings),
        exits_altered=altered,
    )


def exits_altered(settings: Settings, store: Store) -> dict[str, tuple[str, ...]]:
    """Return, by setting, the open condors that were entered with another exit rule (decision 19)."""
    policy = settings.condor_policy()
    altered: dict[str, tuple[str, ...]] = {}
    for condor in open_condors(store.book(), store.condors(), store.entries()):
        for name in changed_rules(condor.record.policy, policy):
            full = f"CONDORD_CONDOR_{name.upper()}"
            altered[full] = (*altered.get(full, ()), condor.record.condor_id)
    return altered


def _named(found: tuple[Change, ...]) -> list[str]:
    return [f"{each.name} {_shown(each.now)} (in force {_shown(each.before)})" for each in found]


def _shown(value: str) -> str:
    return value or "empty"
