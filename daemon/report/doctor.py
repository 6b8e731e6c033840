"""What an examination found, as lines, as JSON, and the table of all checks as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from textwrap import wrap
from typing import Final

from daemon.core.doctor.catalogue import CATALOGUE, Group, Spec, names_of
from daemon.core.doctor.check import Check, State, exit_code
from daemon.report.json_types import JsonObject
from daemon.report.words import new_york_instant

_STATE_WIDTH: Final = max(len(state) for state in State)
_NAME_WIDTH: Final = max(len(one.name) for one in CATALOGUE)
_INDENT: Final = " " * (_STATE_WIDTH + _NAME_WIDTH + 4)
_TEXT_LEAST: Final = 40
_COUNTED: Final = ((State.OK, "ok"), (State.WARN, "to look at"), (State.FAIL, "failed"), (State.SKIPPED, "skipped"))


def doctor_text(checks: Sequence[Check], *, mode: str, version: str, at: datetime, width: int | None = None) -> str:
    """Write one line a check, with what to do under what is not well; folded where it is given the width of a terminal."""
    head = f"condord {version}  {mode}  {new_york_instant(at)}"
    return "\n".join([head, *_lines(checks, width), closing_line(checks)])


def _lines(checks: Sequence[Check], width: int | None) -> list[str]:
    lines: list[str] = []
    for group in Group:
        names = names_of(group)
        lines.append("")
        lines.append(group.value)
        lines += [line for check in checks if check.name in names for line in _check_lines(check, width)]
    return [*lines, ""]


def _check_lines(check: Check, width: int | None) -> list[str]:
    said = [*check.text.splitlines(), *([f"fix: {check.fix}"] if check.fix else [])]
    first, *more = [line for text in said for line in _folded(text, width)]
    return [f"{check.state:<{_STATE_WIDTH}}  {check.name:<{_NAME_WIDTH}}  {first}", *(_INDENT + line for line in more)]


def _folded(text: str, width: int | None) -> list[str]:
    if width is None:
        return [text]
    return wrap(text, max(width - len(_INDENT), _TEXT_LEAST), break_long_words=False, break_on_hyphens=False) or [text]


def closing_line(checks: Sequence[Check]) -> str:
    """Count the checks by state."""
    counts = Counter(check.state for check in checks)
    return f"{len(checks)} checks: " + ", ".join(f"{counts[state]} {word}" for state, word in _COUNTED)


def doctor_json(checks: Sequence[Check], *, mode: str, version: str, at: datetime) -> JsonObject:
    """Return the examination as one object."""
    counts = Counter(check.state for check in checks)
    return {
        "version": version,
        "mode": mode,
        "at": at.isoformat(),
        "exit_code": int(exit_code(checks)),
        "counts": {state.value: counts[state] for state in State},
        "checks": [
            {
                "name": check.name,
                "state": check.state.value,
                "text": check.text,
                "value": check.value,
                "fix": check.fix or None,
            }
            for check in checks
        ],
    }


def checks_table() -> str:
    """Write every check as Markdown, a table for each group."""
    return "\n".join(line for group in Group for line in (*_table(group), "")).rstrip() + "\n"


def _table(group: Group) -> list[str]:
    head = ["| check | looks at | WARN | FAIL | what to do | exit |", "|---|---|---|---|---|---|"]
    return [f"## {group.value}", "", *head, *(_row(one) for one in CATALOGUE if one.group is group)]


def _row(one: Spec) -> str:
    cells = (f"`{one.name}`", one.looks_at, one.warns, one.fails, one.remedy, str(int(one.exit_code)))
    return f"| {' | '.join(cells)} |"
