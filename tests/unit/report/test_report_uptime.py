"""How much of a session the connection was there, as its events tell."""

from datetime import UTC, date, datetime

import pytest

from daemon.core.calendar.sessions import NEW_YORK
from daemon.core.records import EventRecord, Level
from daemon.report.uptime import link_use, link_words

MONDAY = date(2020, 3, 2)
HALF = date(2019, 11, 29)
"""The session after Thanksgiving 2019, which closed at 13:00."""


def at(clock: str, day: date = MONDAY) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


def event(clock: str, name: str, day: date = MONDAY, **fields: object) -> EventRecord:
    return EventRecord(name, at(clock, day), day, Level.INFO, fields)


def link(clock: str, state: str, text: str = "", day: date = MONDAY) -> EventRecord:
    return event(clock, "link_changed", day, state=state, text=text)


def told(*events: EventRecord, day: date = MONDAY) -> list[tuple[str, str, str]]:
    """Return the outages as New York times with their reasons."""
    return [
        (f"{each.first_at.astimezone(NEW_YORK):%H:%M}", f"{each.last_at.astimezone(NEW_YORK):%H:%M}", each.why)
        for each in link_use(day, events).outages
    ]


JOB = event("09:00", "job_done", job="preflight")
STARTED = event("11:00", "daemon_started")


def test_a_session_without_a_change_of_the_link_had_it_all_along() -> None:
    assert link_use(MONDAY, [JOB]).pct == 100
    assert link_words(link_use(MONDAY, [JOB])) == ("100 % of the trading hours, no outage",)


def test_a_session_without_any_event_is_not_known() -> None:
    assert link_use(MONDAY, []).pct is None


def test_an_outage_lasts_from_the_loss_to_the_next_synchronised_connection() -> None:
    events = (
        link("10:00", "DOWN", "the gateway closed the connection"),
        event("10:00", "gateway_waiting", why="nothing accepts connections"),
        link("10:30", "CONNECTING"),
        link("10:38", "SYNCING"),
        link("10:39", "SYNCED"),
    )

    assert told(*events) == [("10:00", "10:39", "the gateway closed the connection")]
    assert link_use(MONDAY, events).pct == pytest.approx(90)


def test_a_degraded_connection_is_an_outage_too() -> None:
    assert told(link("12:00", "DEGRADED", "broken"), link("12:01", "SYNCED")) == [("12:00", "12:01", "broken")]


def test_only_trading_hours_count() -> None:
    before = (link("08:00", "CONNECTING"), link("08:01", "SYNCED"))
    after = (link("16:10", "DOWN", "the nightly restart"), link("16:30", "SYNCED"))

    assert link_use(MONDAY, (*before, *after)).pct == 100
    assert told(link("09:00", "DOWN", "restart"), link("09:45", "SYNCED")) == [("09:30", "09:45", "restart")]


def test_an_early_close_ends_the_hours() -> None:
    """Three hours and a half: an hour without a connection before 13:00 is 28.6 %."""
    use = link_use(HALF, [link("12:00", "DOWN", "lost", HALF), link("14:00", "SYNCED", "", HALF)])

    assert use.pct == pytest.approx(100 * 2.5 / 3.5)


def test_a_late_start_was_without_a_connection_before() -> None:
    assert told(STARTED, link("11:00", "CONNECTING"), link("11:02", "SYNCED")) == [
        ("09:30", "11:02", "the daemon was not running")
    ]
    assert told(link("11:00", "CONNECTING"), link("11:02", "SYNCED")) == [
        ("09:30", "11:02", "the daemon was not running")
    ]


def test_a_stop_and_a_start_are_an_outage_with_the_reason_of_the_stop() -> None:
    events = (JOB, event("10:30", "daemon_stopped", why="stopped by a signal"), STARTED, link("11:03", "SYNCED"))

    assert told(*events) == [("10:30", "11:03", "stopped by a signal")]


def test_a_daemon_that_was_killed_was_there_at_its_last_event_at_the_latest() -> None:
    last = event("10:45", "job_done", job="exits")

    assert told(JOB, last, STARTED, link("11:03", "SYNCED")) == [
        ("10:45", "11:03", "the daemon had ended without a word")
    ]


def test_an_outage_that_lasts_beyond_the_close_ends_with_it() -> None:
    assert told(JOB, link("15:00", "DOWN", "lost")) == [("15:00", "16:00", "lost")]


def test_of_many_outages_the_first_are_told_and_the_others_counted() -> None:
    events = [link(f"{10 + n // 2}:{30 * (n % 2):02}", state) for n, state in enumerate(("DOWN", "SYNCED") * 6)]

    words = link_words(link_use(MONDAY, events))

    assert len(words) == 1 + 4 + 1
    assert words[-1] == "and 2 more"


def test_the_shortest_outage_is_never_told_as_a_whole_session() -> None:
    lost = EventRecord("link_changed", at("12:00"), MONDAY, Level.INFO, {"state": "DOWN", "text": "blink"})
    back = EventRecord("link_changed", at("12:00").replace(second=1), MONDAY, Level.INFO, {"state": "SYNCED"})

    assert link_words(link_use(MONDAY, [lost, back])) == (
        "99.99 % of the trading hours",
        "12:00 to 12:00 (1 s): blink",
    )
