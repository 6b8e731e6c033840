"""Events, rules and outlets for the tests of alerts."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from daemon.core.alerts.desk import due, next_at, take
from daemon.core.alerts.kinds import AlertLevel
from daemon.core.alerts.policy import AlertPolicy
from daemon.core.alerts.state import AlertState, Message
from daemon.core.calendar.resets import ResetPolicy
from daemon.core.calendar.sessions import log_session
from daemon.core.records import EventRecord, Level
from daemon.core.vocabulary import level_of

NOON = datetime(2026, 3, 3, 17, 0, tzinfo=UTC)  # a Tuesday, 12:00 in New York
END = time(16, 40)
RESETS = ResetPolicy(
    night_from=time(0, 15), night_until=time(1, 45), weekend_from=time(23), weekend_until=time(3), weekly_login=time(1)
)


def policy(
    level: AlertLevel = AlertLevel.ATTENTION,
    *,
    quiet: tuple[str, str] = ("00:00", "00:00"),
    zone: str = "America/New_York",
    quiet_urgent: bool = True,
    gather_s: float = 10,
    wait_s: float = 120,
    kind_per_hour: int = 4,
    per_hour: int = 12,
) -> AlertPolicy:
    """Return rules with the defaults of the settings."""
    return AlertPolicy(
        level=level,
        quiet_from=time.fromisoformat(quiet[0]),
        quiet_until=time.fromisoformat(quiet[1]),
        zone=ZoneInfo(zone),
        quiet_urgent=quiet_urgent,
        gather_s=gather_s,
        wait_s=wait_s,
        repeat_min=60,
        kind_per_hour=kind_per_hour,
        per_hour=per_hour,
        digest=True,
        resets=RESETS,
    )


def event(name: str, at: datetime = NOON, *, level: Level | None = None, **fields: object) -> EventRecord:
    """Return an event as the journal makes it."""
    return EventRecord(name, at, log_session(at, end_of_day=END), level or level_of(name), fields)


def halted(at: datetime = NOON) -> EventRecord:
    """Return a halt by the program."""
    return event("run_state_changed", at, level=Level.ERROR, state="HALTED", by="program", reason="5 rejects in a row")


def taken(rules: AlertPolicy, *events: EventRecord) -> AlertState:
    """Return the state after some events and no message."""
    state = AlertState()
    for each in events:
        state = take(state, each, rules)
    return state


class Reader:
    """A person who gets the messages of a desk at the instants they are due."""

    def __init__(self, rules: AlertPolicy) -> None:
        self.rules = rules
        self.state = AlertState()
        self.messages: list[Message] = []
        self.now: datetime | None = None

    def hear(self, *events: EventRecord) -> None:
        """Let events happen, each after everything that is due before it."""
        for each in events:
            self.wait_until(each.at)
            self.state = take(self.state, each, self.rules)

    def wait_until(self, instant: datetime) -> None:
        """Let the time pass, and read what comes."""
        now = self.now or instant
        while (at := next_at(self.state, now, self.rules)) is not None and at <= instant:
            now = max(at, now)
            self.state, message = due(self.state, now, self.rules, mode="SIMULATED")
            assert message is not None, "what is due makes a message"
            self.messages.append(message)
        self.now = instant

    @property
    def titles(self) -> list[str]:
        """Return the titles without the name of the program."""
        return [message.title.removeprefix("condord SIMULATED: ") for message in self.messages]


def minutes(count: float) -> timedelta:
    """Return a length of time."""
    return timedelta(minutes=count)
