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
    ordered = sorted(causes, key=lambda cause: (-cause.news.rank, cause.over_at is not None, cause.first_at))
    level = max((cause.news for cause in causes), key=lambda level: level.rank, default=AlertLevel.INFO)
    goes_on = _goes_on(state, causes)
    parts = (
        *_held(ordered, now),
        *(_cause(cause, now, zone) for cause in ordered[:CAUSES_SHOWN]),
        *_more(ordered[CAUSES_SHOWN:]),
        *_ends(digests, alone=not causes),
        *(_open(goes_on, now) if digests else ()),
        *_notes(state),
    )
    return Message(
        number=state.number + 1,
        at=now,
        level=level,
        title=f"condord {mode}: {_headline(ordered, digests, goes_on)}",
        body="\n\n".join(parts),
        alerts=sum(cause.untold for cause in causes),
    )


def _goes_on(state: AlertState, told: Sequence[Cause]) -> list[Cause]:
    """Return what was told before, goes on, and is not told now."""
    known = (cause for cause in state.causes if cause.lasts and cause.messages and cause.over_at is None)
    return [cause for cause in known if cause not in told]


def _ends(digests: Sequence[Digest], *, alone: bool) -> list[str]:
    """Return the ends of sessions; a single one stands under its title already."""
    return [digest.text if alone and len(digests) == 1 else f"{digest.title}\n{digest.text}" for digest in digests]


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


def _headline(causes: Sequence[Cause], digests: Sequence[Digest], goes_on: Sequence[Cause]) -> str:
    if not causes:
        ended = digests[-1].title if len(digests) == 1 else f"{len(digests)} sessions have ended"
        return f"{ended}, still: {goes_on[0].title}" if goes_on else ended
    first = causes[0]
    urgent = "URGENT: " if first.news is AlertLevel.URGENT else ""
    still = "still: " if first.messages and first.lasts and first.over_at is None else ""
    more = f", and {len(causes) - 1} more" if len(causes) > 1 else ""
    return f"{urgent}{still}{first.over if first.over_at is not None and first.over else first.title}{more}"


def _cause(cause: Cause, now: datetime, zone: ZoneInfo) -> str:
    """Return one cause: new, come again, still there, or over."""
    text = cause.text if len(cause.text) <= TEXT_MAX else f"{cause.text[: TEXT_MAX - 1]}…"
    if cause.over_at is not None and cause.over and cause.messages:
        lasted = duration_words(cause.over_at - cause.first_at)
        return f"{_clock(cause.over_at, now, zone)} {cause.over}, after {lasted}. It was: {text}"
    seen_at = cause.first_at if cause.lasts else cause.last_at
    lines = [f"{_clock(seen_at, now, zone)} {cause.title}: {text}{_again(cause, now, zone)}"]
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
    if cause.untold == 1:
        return ""
    since = "the last message" if cause.messages else _clock(cause.first_at, now, zone)
    return f" ({cause.untold} times since {since})"


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


def _open(goes_on: Sequence[Cause], now: datetime) -> list[str]:
    """Name what goes on and was told before, for the end of the day."""
    named = "; ".join(f"{cause.title} ({duration_words(now - cause.first_at)})" for cause in goes_on[:CAUSES_SHOWN])
    return [f"Goes on, told before: {named}."] if named else []


def _notes(state: AlertState) -> list[str]:
    notes = [f"Passed by itself: {title}, {count} x." for title, count in state.passed]
    if state.undelivered:
        notes.append(f"{state.undelivered} earlier message{'s' * (state.undelivered > 1)} could not be delivered.")
    return notes
