"""The text of a message, for the screen of a phone: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from daemon.core.alerts.kinds import AlertLevel
from daemon.core.alerts.state import AlertState, Cause, Digest, Message

CAUSES_SHOWN: Final = 8
"""Causes in one message; of more, the others are counted."""
TEXT_MAX: Final = 400
"""Longest sentence of one cause; texts of a gateway may be of any length."""
HELD_AFTER: Final = timedelta(minutes=15)
"""Age from which a message says that it was held back."""


def compose(
    state: AlertState,
    causes: Sequence[Cause],
    digests: Sequence[Digest],
    *,
    now: datetime,
    zone: ZoneInfo,
    mode: str,
) -> Message:
    """Return one message about some causes and the ends of some sessions."""
    ordered = sorted(causes, key=lambda cause: (cause.over_at is not None, -cause.level.rank, cause.first_at))
    level = max((cause.level for cause in causes), key=lambda level: level.rank, default=AlertLevel.INFO)
    parts = [*_held(ordered, now), *(_cause(cause, now, zone) for cause in ordered[:CAUSES_SHOWN])]
    parts += _more(ordered[CAUSES_SHOWN:])
    parts += [
        digest.text if len(digests) == 1 and not causes else f"{digest.title}\n{digest.text}" for digest in digests
    ]
    parts += _open(state, causes, now) if digests else []
    parts += _notes(state)
    return Message(
        number=state.number + 1,
        at=now,
        level=level,
        title=f"condord {mode}: {_headline(ordered, digests)}",
        body="\n\n".join(parts),
        alerts=sum(cause.untold for cause in causes),
    )


def duration_words(length: timedelta) -> str:
    """Return how long something took, in the two largest units."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if minutes < 60:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {minutes % 60} min"
    return f"{days} d {hours % 24} h"


def _headline(causes: Sequence[Cause], digests: Sequence[Digest]) -> str:
    if not causes:
        return digests[-1].title if len(digests) == 1 else f"{len(digests)} sessions have ended"
    first = causes[0]
    urgent = "URGENT: " if first.level is AlertLevel.URGENT and first.over_at is None else ""
    more = f", and {len(causes) - 1} more" if len(causes) > 1 else ""
    return f"{urgent}{first.over if first.over_at is not None and first.over else first.title}{more}"


def _cause(cause: Cause, now: datetime, zone: ZoneInfo) -> str:
    """Return one cause: new, come again, still there, or over."""
    text = cause.text if len(cause.text) <= TEXT_MAX else f"{cause.text[: TEXT_MAX - 1]}…"
    if cause.over_at is not None and cause.over and cause.messages:
        lasted = duration_words(cause.over_at - cause.first_at)
        return f"{_clock(cause.over_at, now, zone)} {cause.over}, after {lasted}. It was: {text}"
    lines = [f"{_clock(cause.first_at, now, zone)} {cause.title}: {text}{_again(cause, now, zone)}"]
    if cause.over_at is not None:
        if cause.over:
            lasted = duration_words(cause.over_at - cause.first_at)
            lines.append(f"{_clock(cause.over_at, now, zone)} {cause.over}, after {lasted}.")
    elif cause.todo:
        lines.append(f"Do: {cause.todo}")
    return "\n".join(lines)


def _again(cause: Cause, now: datetime, zone: ZoneInfo) -> str:
    if cause.lasts:
        return f" (still so after {duration_words(now - cause.first_at)})" if cause.messages else ""
    if cause.count == 1:
        return ""
    last = _clock(cause.last_at, now, zone)
    return (
        f" ({cause.count} times, last at {last})" if not cause.told else f" ({cause.untold} more times, last at {last})"
    )


def _clock(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    local, today = at.astimezone(zone), now.astimezone(zone)
    return f"{local:%H:%M %Z}" if local.date() == today.date() else f"{local:%a %d %b %H:%M %Z}"


def _held(causes: Iterable[Cause], now: datetime) -> list[str]:
    """Say why a message tells old things; what was told before, or must last to be told, is not held back."""
    held = any(
        (cause.messages == 0 and not cause.patient and now - cause.first_at > HELD_AFTER)
        or (cause.over_at is not None and now - cause.over_at > HELD_AFTER)
        for cause in causes
    )
    return ["Held back until now by quiet hours or by the limit of messages."] if held else []


def _more(causes: Sequence[Cause]) -> list[str]:
    """Count what has no room."""
    counts: dict[str, int] = {}
    for cause in causes:
        counts[cause.title] = counts.get(cause.title, 0) + max(cause.untold, 1)
    named = ", ".join(f"{title} ({count})" for title, count in counts.items())
    return [f"And: {named}. `condord alert list` shows them."] if named else []


def _open(state: AlertState, told: Sequence[Cause], now: datetime) -> list[str]:
    """Name what goes on and was told before, for the end of the day."""
    left = [cause for cause in state.causes if cause.messages and cause.over_at is None and cause not in told]
    named = "; ".join(f"{cause.title} ({duration_words(now - cause.first_at)})" for cause in left[:CAUSES_SHOWN])
    return [f"Told before: {named}."] if named else []


def _notes(state: AlertState) -> list[str]:
    notes = [f"Passed by itself: {title}, {count} x." for title, count in state.passed]
    if state.undelivered:
        notes.append(f"{state.undelivered} earlier message{'s' * (state.undelivered > 1)} could not be delivered.")
    return notes
