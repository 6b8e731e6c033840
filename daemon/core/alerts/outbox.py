"""Messages on their way: which outlet each still has to reach, when it is tried again, and when it is given up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from daemon.core.alerts.state import AlertState, Message

RETRIES_S: Final = (30, 120, 600, 1800, 7200)
"""Pauses between attempts; after the last one a message is given up at the outlets it has not reached."""
OUTBOX_MAX: Final = 50
"""Most messages on their way; the oldest is given up for a further one."""
HISTORY_MAX: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message on its way."""

    message: Message
    left: tuple[str, ...]
    """The outlets it has not reached."""
    next_at: datetime
    reached: tuple[str, ...] = ()
    attempts: int = 0
    problems: tuple[tuple[str, str], ...] = ()
    """What the last attempt came to, by outlet."""

    @property
    def given_up(self) -> bool:
        """Whether every attempt is used up."""
        return bool(self.left) and self.attempts > len(RETRIES_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of a message, for people to look at."""

    message: Message
    ended_at: datetime
    reached: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    """The outlets it did not reach, each with what went wrong last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRecord:
    """Everything about alerts that outlives the process."""

    state: AlertState
    outbox: tuple[Parcel, ...] = ()
    history: tuple[Delivery, ...] = ()
    """The last messages whose way has ended, oldest first."""


def parcel(message: Message, outlets: Sequence[str]) -> Parcel:
    """Return a new message for every outlet."""
    return Parcel(message=message, left=tuple(outlets), next_at=message.at)


def addressed(known: Parcel, outlets: Sequence[str]) -> Parcel:
    """Return a message of an earlier run for the outlets there are now; one that nobody got goes to all of them."""
    left = tuple(name for name in known.left if name in outlets)
    return replace(known, left=left or (() if known.reached else tuple(outlets)))


def answered(sent: Parcel, problems: Mapping[str, str], now: datetime) -> Parcel:
    """Return a message after an attempt; ``problems`` says by outlet what went wrong, "" for nothing."""
    failed = tuple(name for name in sent.left if problems.get(name, "it was not tried"))
    reached = (*sent.reached, *(name for name in sent.left if name not in failed))
    attempts = sent.attempts + 1
    pause_s = RETRIES_S[min(attempts, len(RETRIES_S)) - 1]
    return replace(
        sent,
        left=failed,
        reached=reached,
        attempts=attempts,
        next_at=now + timedelta(seconds=pause_s),
        problems=tuple((name, problems.get(name, "it was not tried")) for name in failed),
    )


def delivery(ended: Parcel, now: datetime) -> Delivery:
    """Return what became of a message whose way has ended."""
    words = dict(ended.problems)
    failed = tuple((name, words.get(name, "it was not tried")) for name in ended.left)
    return Delivery(message=ended.message, ended_at=now, reached=ended.reached, failed=failed)
