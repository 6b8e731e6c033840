"""What the alert desk remembers: causes that go on or are not told yet, and what has been sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from daemon.core.alerts.kinds import AlertLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause with the events that are signs of it."""

    name: str
    """``link``, or the name of its event."""
    subject: str
    level: AlertLevel
    title: str
    text: str
    """What the latest event says."""
    todo: str
    patient: bool
    lasts: bool
    """Whether it goes on until an event says that it is over; else it is something that happens."""
    first_at: datetime
    last_at: datetime
    count: int
    """Events so far."""
    told: int = 0
    """Of those, how many a message has told."""
    messages: int = 0
    told_at: datetime | None = None
    over_at: datetime | None = None
    """When an event said that it is over, which is then told."""
    over: str = ""
    """In which words."""

    @property
    def untold(self) -> int:
        """Return how many events no message has told."""
        return self.count - self.told

    @property
    def news(self) -> AlertLevel:
        """Return how soon a person should hear what is new about it: an end can wait, and a reminder wakes nobody."""
        if self.over_at is not None:
            return AlertLevel.INFO
        reminder = self.messages and not self.untold
        return AlertLevel.ATTENTION if reminder and self.level is AlertLevel.URGENT else self.level


@dataclass(frozen=True, slots=True)
class Digest:
    """The end of a session in words, to be told once."""

    session: date
    at: datetime
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Sent:
    """When a message was made and about which causes, for the limit of messages."""

    at: datetime
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Alerts since the desk began: each that came is told, has passed by itself, or waits."""

    came: int = 0
    told: int = 0
    passed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """Everything the desk remembers."""

    causes: tuple[Cause, ...] = ()
    digests: tuple[Digest, ...] = ()
    sent: tuple[Sent, ...] = ()
    """Of the last hour."""
    passed: tuple[tuple[str, int], ...] = ()
    """What has passed by itself since the last message, by title, with how often."""
    undelivered: int = 0
    """Messages that reached nobody since the last one that was made."""
    number: int = 0
    """Of the last message."""
    tally: Tally = Tally()
    seen_at: datetime | None = None
    """Of the last event that was looked at."""

    @property
    def waiting(self) -> int:
        """Return how many alerts no message has told yet."""
        return sum(cause.untold for cause in self.causes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent to people."""

    number: int
    at: datetime
    level: AlertLevel
    title: str
    body: str
    alerts: int
    """How many alerts it tells."""
