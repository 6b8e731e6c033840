"""Alerts in words: what was sent, what goes on and what waits, and the table of everything that alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from daemon.core.alerts.kinds import ENDINGS, KINDS, NOT_ALERTED, AlertKind, AlertLevel, ending_of_cause
from daemon.core.alerts.outbox import Delivery, DeskRecord, Parcel
from daemon.core.alerts.state import Cause
from daemon.core.phrasing import words
from daemon.report.words import clipped, columns, new_york_instant, plural

TEXT_WIDTH = 100


def alerts_text(record: DeskRecord | None) -> str:
    """Write what is known about alerts; None says that no desk has ever run here."""
    if record is None:
        return "no alert desk has run here: the daemon has had no outlet yet (docs/alerts.md)"
    tally = record.state.tally
    sections = (
        ("SENT", [line for sent in reversed(record.history) for line in _delivery(sent)] or ["  nothing yet"]),
        ("ON ITS WAY", [line for known in record.outbox for line in _parcel(known)] or ["  nothing"]),
        ("WAITS FOR ITS TIME", _causes(record, waiting=True)),
        ("GOES ON, TOLD BEFORE", _causes(record, waiting=False)),
    )
    lines = [
        f"alerts     {tally.came} came: {tally.told} told, {tally.passed} passed by themselves, {record.state.waiting} wait"
    ]
    for heading, body in sections:
        lines += ["", heading, *body]
    return "\n".join(lines)


def alerts_json(record: DeskRecord | None) -> Mapping[str, Any]:
    """Return what is known about alerts as JSON."""
    if record is None:
        return {"desk": False}
    state = record.state
    return {
        "desk": True,
        "tally": {
            "came": state.tally.came,
            "told": state.tally.told,
            "passed": state.tally.passed,
            "waiting": state.waiting,
        },
        "sent": [_delivery_json(sent) for sent in record.history],
        "on_its_way": [
            {
                **_message(known),
                "reached": known.reached,
                "left": known.left,
                "attempts": known.attempts,
                "next_at": known.next_at.isoformat(),
            }
            for known in record.outbox
        ],
        "causes": [
            {
                "name": cause.name,
                "subject": cause.subject,
                "level": cause.level.value,
                "title": cause.title,
                "text": cause.text,
                "first_at": cause.first_at.isoformat(),
                "last_at": cause.last_at.isoformat(),
                "count": cause.count,
                "untold": cause.untold,
                "over_at": None if cause.over_at is None else cause.over_at.isoformat(),
            }
            for cause in state.causes
        ],
    }


def _delivery(sent: Delivery) -> list[str]:
    reached = ", ".join(sent.reached) or "nobody"
    head = f"  {new_york_instant(sent.message.at)}  {sent.message.title}"
    return [head, f"    to {reached}", *(f"    FAILED {name}: {problem}" for name, problem in sent.failed)]


def _delivery_json(sent: Delivery) -> Mapping[str, Any]:
    return {**_message(sent), "reached": sent.reached, "failed": dict(sent.failed)}


def _message(found: Delivery | Parcel) -> dict[str, Any]:
    message = found.message
    return {
        "at": message.at.isoformat(),
        "level": message.level.value,
        "title": message.title,
        "body": message.body,
        "alerts": message.alerts,
    }


def _parcel(known: Parcel) -> list[str]:
    reached = [f"    to {', '.join(known.reached)}"] if known.reached else []
    tried = f"tried {plural(known.attempts, 'time')}, next at {new_york_instant(known.next_at)}"
    problems = [f"    {name}: {problem}" for name, problem in known.problems]
    return [f"  {new_york_instant(known.message.at)}  {known.message.title}", *reached, f"    {tried}", *problems]


def _causes(record: DeskRecord, *, waiting: bool) -> list[str]:
    found = [cause for cause in record.state.causes if (cause.untold if waiting else cause.lasts and not cause.untold)]
    return [_cause(cause) for cause in found] or ["  nothing"]


def _cause(cause: Cause) -> str:
    times = f" ({plural(cause.count, 'time')})" if cause.count > 1 else ""
    text = clipped(f"{cause.title}: {cause.text}", TEXT_WIDTH)
    return f"  {new_york_instant(cause.first_at)}  {cause.level.value:<9}  {text}{times}"


# -- the table ---------------------------------------------------------------------------------------------------------


def kinds_text() -> str:
    """Write the table of everything that alerts."""
    rows = [("level", "event", "title", "over with")]
    rows += [(row.level.value, _event(row), row.title, _over(row)) for row in _by_level()]
    return "\n".join(columns(rows, "<<<<"))


def kinds_json() -> Sequence[Mapping[str, Any]]:
    """Return the table of everything that alerts as JSON."""
    return [
        {
            "event": row.event,
            "where": {name: list(allowed) for name, allowed in row.where},
            "level": row.level.value,
            "title": row.title,
            "todo": row.todo,
            "patient": row.patient,
            "ended_by": [ending.event for ending in ENDINGS if ending.cause == row.cause],
        }
        for row in _by_level()
    ]


def kinds_markdown() -> str:
    """Write the table of everything that alerts as Markdown, for the documents."""
    lines = ["| level | event | you read | what to do | over with |", "|---|---|---|---|---|"]
    lines += [
        f"| {row.level.value} | {_event(row)} | {row.title}{' *' if row.patient else ''} | {row.todo or 'nothing'} | {_over(row)} |"
        for row in _by_level()
    ]
    lines += ["", "Warnings that alert nobody:", "", "| event | why not |", "|---|---|"]
    lines += [f"| {words(name)} | {why} |" for name, why in NOT_ALERTED.items()]
    return "\n".join(lines) + "\n"


def _by_level() -> Sequence[AlertKind]:
    return [row for level in reversed(AlertLevel) for row in KINDS if row.level is level]


def _event(row: AlertKind) -> str:
    where = ", ".join(" or ".join(allowed) for _, allowed in row.where)
    return words(row.event) + (f" ({where})" if where else "")


def _over(row: AlertKind) -> str:
    ending = ending_of_cause(row.cause)
    return "" if ending is None else ending.title
