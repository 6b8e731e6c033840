"""What has changed in the settings since the last start, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from daemon.report.words import columns, new_york_instant, plural
from daemon.settings.standing import Change

CONDORS_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesView:
    """The settings as files and environment have them now against those of the last start."""

    state_dir: Path
    running: bool
    """Whether a daemon runs, with the settings of that start."""
    started_at: datetime | None
    """None where nothing was ever started."""
    digest_before: str
    digest_now: str
    changes: tuple[Change, ...]
    exits_altered: Mapping[str, tuple[str, ...]]
    """By setting, the open condors that were entered with another exit rule (decision 19)."""

    @property
    def pending(self) -> int:
        """Return how many changes a running daemon does not follow yet."""
        return len(self.changes) if self.running else 0


def changes_text(view: ChangesView) -> str:
    """Write what has changed, when it comes into force, and which open condors it closes otherwise."""
    if view.started_at is None:
        return (
            f"nothing has been started in {view.state_dir} yet, so there is nothing to compare with;\n"
            "condord config show --changed lists what differs from the defaults\n"
        )
    start = f"since the start of {new_york_instant(view.started_at)} with settings {view.digest_before}"
    if not view.changes:
        return f"nothing has changed {start}\n"
    rows = [("setting", "before", "now", "source")]
    rows += [(each.name, each.before or "empty", each.now or "empty", each.source) for each in view.changes]
    head = f"{plural(len(view.changes), 'change')} {start}; {_when(view)}"
    return "\n".join([head, *columns(rows, "<<<<"), *_exits(view)]) + "\n"


def _when(view: ChangesView) -> str:
    return "pending: restart the daemon to put it into force" if view.running else "in force from the next start"


def _exits(view: ChangesView) -> Iterator[str]:
    changed = {each.name for each in view.changes}
    for name, condors in view.exits_altered.items():
        if name in changed:
            left = len(condors) - CONDORS_SHOWN
            more = f" and {left} more" if left > 0 else ""
            yield f"{name} alters the exit of open condors: {', '.join(condors[:CONDORS_SHOWN])}{more}"


def changes_json(view: ChangesView) -> dict[str, Any]:
    """Return the same as JSON values."""
    return {
        "started_at": None if view.started_at is None else view.started_at.isoformat(),
        "running": view.running,
        "pending": view.pending,
        "digest_before": view.digest_before or None,
        "digest_now": view.digest_now,
        "changes": [
            {**asdict(each), "alters_exit_of": [*view.exits_altered.get(each.name, ())]} for each in view.changes
        ],
    }
