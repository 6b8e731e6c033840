"""When messages are made and what they say, in virtual time."""

from datetime import UTC, date, datetime, timedelta

import pytest
from alert_values import NOON, Reader, event, halted, minutes, policy

from daemon.core.alerts.desk import CAUSES_MAX, close_day, next_at, not_delivered, take
from daemon.core.alerts.kinds import AlertLevel
from daemon.core.alerts.state import AlertState, Digest
from daemon.core.records import EventRecord

NIGHT = ("22:00", "07:00")
MIDNIGHT = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)  # 00:00 in New York
MORNING = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # 07:00 in New York


def down(at: datetime) -> EventRecord:
    return event("link_changed", at, state="DOWN", text="")


def rejected(at: datetime, ref: str = "cd.1") -> EventRecord:
    return event("order_rejected", at, order_ref=ref, why="no")


def test_a_halt_is_told_with_its_reason_and_what_to_do() -> None:
    reader = Reader(policy())

    reader.hear(halted())
    reader.wait_until(NOON + minutes(1))

    (message,) = reader.messages
    assert message.at == NOON + timedelta(seconds=10)
    assert message.title == "condord SIMULATED: URGENT: The program has stopped trading"
    assert "12:00 EST" in message.body
    assert "5 rejects in a row" in message.body
    assert "condord resume" in message.body


def test_what_happens_at_the_same_time_comes_in_one_message_the_worst_first() -> None:
    reader = Reader(policy())

    reader.hear(event("job_failed", NOON, job="signals", reason="no closes"), halted(NOON + timedelta(seconds=4)))
    reader.wait_until(NOON + minutes(1))

    # The first is due at 10 s and the other at 14 s: urgent waits for its own moment, not for ever.
    assert reader.titles == ["A job has failed", "URGENT: The program has stopped trading"]


def test_two_causes_of_one_moment_share_a_message() -> None:
    reader = Reader(policy())

    reader.hear(event("gateway_refused", why="a live account"), event("daemon_failed", text="a live account"))
    reader.wait_until(NOON + minutes(1))

    assert reader.titles == ["URGENT: The gateway cannot be used, and 1 more"]


def test_what_is_below_the_level_is_not_sent() -> None:
    reader = Reader(policy())

    reader.hear(event("order_filled", order_ref="cd.1", filled=1))
    reader.wait_until(NOON + minutes(600))

    assert reader.messages == []
    assert reader.state.tally.came == 0


def test_a_link_that_is_up_again_at_once_is_counted_and_not_told() -> None:
    reader = Reader(policy())

    reader.hear(down(NOON), event("link_changed", NOON + minutes(1), state="SYNCED", text=""))
    reader.wait_until(NOON + minutes(10))
    counted = reader.state.passed
    reader.hear(halted(NOON + minutes(11)))
    reader.wait_until(NOON + minutes(12))

    assert counted == (("No link to the gateway", 1),)
    assert "Passed by itself: No link to the gateway, 1 x." in reader.messages[0].body
    assert reader.state.passed == ()


def test_a_link_that_stays_away_is_told_and_so_is_its_return() -> None:
    reader = Reader(policy())

    reader.hear(down(NOON), event("gateway_waiting", NOON + minutes(1), why="refused", retry_s=2))
    reader.hear(event("link_changed", NOON + minutes(12), state="SYNCED", text=""))
    reader.wait_until(NOON + minutes(100))

    assert reader.titles == ["No link to the gateway", "The link is up again"]
    assert reader.messages[0].at == NOON + minutes(2)
    assert "after 12 min" in reader.messages[1].body
    assert reader.state.causes == ()


def test_an_announced_reset_of_the_broker_is_told_only_when_it_outlasts_its_window() -> None:
    night = datetime(2026, 3, 4, 5, 20, tzinfo=UTC)  # 00:20 in New York, in the window from 00:15 to 01:45
    short, long = Reader(policy()), Reader(policy())

    short.hear(down(night), event("link_changed", night + minutes(20), state="SYNCED", text=""))
    long.hear(down(night))
    for reader in (short, long):
        reader.wait_until(night + minutes(90))

    assert short.messages == []
    assert short.state.passed == (("No link to the gateway", 1),)
    assert [message.at for message in long.messages] == [datetime(2026, 3, 4, 6, 45, tzinfo=UTC)]


def test_a_link_that_stays_away_is_told_again_ever_more_rarely() -> None:
    reader = Reader(policy())

    reader.hear(down(NOON))
    reader.wait_until(NOON + timedelta(days=3))

    pauses = [later.at - earlier.at for earlier, later in zip(reader.messages, reader.messages[1:], strict=False)]
    assert pauses[:6] == [timedelta(hours=hours) for hours in (1, 2, 4, 8, 16, 24)]
    assert "still so after 1 h 2 min" in reader.messages[1].body


def test_what_repeats_is_counted_and_told_after_its_pause() -> None:
    reader = Reader(policy())

    reader.hear(*(rejected(NOON + minutes(3 * number), f"cd.{number}") for number in range(15)))
    reader.wait_until(NOON + minutes(300))

    assert reader.titles == ["An order was rejected"] * 2
    assert "14 times since the last message" in reader.messages[1].body
    assert sum(message.alerts for message in reader.messages) == 15


def test_what_has_not_come_again_for_its_pause_is_new_when_it_comes() -> None:
    reader = Reader(policy())

    reader.hear(rejected(NOON), rejected(NOON + minutes(200)))
    reader.wait_until(NOON + minutes(300))

    assert [message.at for message in reader.messages] == [
        NOON + timedelta(seconds=10),
        NOON + minutes(200) + timedelta(seconds=10),
    ]


def test_quiet_hours_hold_back_until_their_end_and_tell_all_in_one() -> None:
    reader = Reader(policy(quiet=NIGHT))

    reader.hear(
        rejected(MIDNIGHT),
        event("job_failed", MIDNIGHT + minutes(30), job="signals", reason="no closes"),
        rejected(MIDNIGHT + minutes(90)),
    )
    reader.wait_until(MORNING + minutes(1))

    (message,) = reader.messages
    assert message.at == MORNING
    assert message.body.startswith("Held back until now")
    assert "01:30 EST An order was rejected: cd.1, no (2 times since 00:00 EST)" in message.body
    assert message.alerts == 3


def test_urgent_alerts_pass_the_quiet_hours_unless_told_otherwise() -> None:
    passing, holding = Reader(policy(quiet=NIGHT)), Reader(policy(quiet=NIGHT, quiet_urgent=False))

    for reader in (passing, holding):
        reader.hear(halted(MIDNIGHT))
        reader.wait_until(MORNING)

    assert [message.at for message in passing.messages][:1] == [MIDNIGHT + timedelta(seconds=10)]
    assert [message.at for message in holding.messages] == [MORNING]


def test_a_reminder_wakes_nobody() -> None:
    reader = Reader(policy(quiet=NIGHT))
    evening = MIDNIGHT - timedelta(hours=3)

    reader.hear(halted(evening))
    reader.wait_until(MORNING)

    assert [message.at for message in reader.messages] == [evening + timedelta(seconds=10), MORNING]
    assert reader.titles == ["URGENT: The program has stopped trading", "still: The program has stopped trading"]
    assert "still so after 10 h 0 min" in reader.messages[1].body
    assert reader.messages[1].level is AlertLevel.ATTENTION


def test_the_end_of_something_urgent_is_not_urgent() -> None:
    reader = Reader(policy(quiet=NIGHT))

    reader.hear(halted(MIDNIGHT))
    reader.hear(event("run_state_changed", MIDNIGHT + minutes(5), state="RUNNING", by="person", reason="ok"))
    reader.wait_until(MORNING)

    assert [(message.at, message.level) for message in reader.messages][1] == (MORNING, AlertLevel.INFO)


def test_a_link_that_came_back_in_the_quiet_hours_is_one_line_in_the_morning() -> None:
    reader = Reader(policy(quiet=NIGHT))

    reader.hear(down(MIDNIGHT), event("link_changed", MIDNIGHT + minutes(30), state="SYNCED", text=""))
    reader.wait_until(MORNING + minutes(60))

    (message,) = reader.messages
    assert "00:30 EST The link is up again, after 30 min." in message.body
    assert "Do:" not in message.body


def test_quiet_hours_are_of_the_zone_of_the_settings() -> None:
    berlin = Reader(policy(quiet=NIGHT, zone="Europe/Berlin"))
    evening = datetime(2026, 7, 1, 20, 30, tzinfo=UTC)  # 22:30 in Berlin, 16:30 in New York

    berlin.hear(rejected(evening))
    berlin.wait_until(evening + timedelta(hours=12))

    assert [message.at for message in berlin.messages] == [datetime(2026, 7, 2, 5, 0, tzinfo=UTC)]
    assert "22:30 CEST" in berlin.messages[0].body


@pytest.mark.parametrize(
    ("quiet", "hour", "until"),
    [
        (("22:00", "07:00"), 21, 21),
        (("22:00", "07:00"), 23, 31),
        (("22:00", "07:00"), 3, 7),
        (("22:00", "07:00"), 7, 7),
        (("12:00", "14:00"), 13, 14),
        (("12:00", "14:00"), 15, 15),
        (("08:00", "08:00"), 8, 8),
    ],
)
def test_quiet_hours_end_when_they_say(quiet: tuple[str, str], hour: int, until: int) -> None:
    midnight = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)

    passed = policy(quiet=quiet).after_quiet(midnight + timedelta(hours=hour), AlertLevel.ATTENTION)

    assert passed == midnight + timedelta(hours=until)


def test_one_kind_makes_no_more_messages_an_hour_than_it_may() -> None:
    reader = Reader(policy(kind_per_hour=2))

    reader.hear(*(event("break_found", NOON + minutes(n), kind="orphan", text=f"break {n}") for n in range(10)))
    reader.wait_until(NOON + minutes(62))

    assert [message.alerts for message in reader.messages] == [1, 1, 8]
    assert reader.messages[2].at >= NOON + minutes(60)


def test_urgent_alerts_pass_the_limit_of_all_messages() -> None:
    reader = Reader(policy(per_hour=2))

    reader.hear(
        *(event("job_failed", NOON + minutes(n), job=f"job{n}", reason="x") for n in range(5)),
        halted(NOON + minutes(6)),
    )
    reader.wait_until(NOON + minutes(10))

    assert reader.titles == ["A job has failed", "A job has failed", "URGENT: The program has stopped trading"]


def test_many_causes_of_one_kind_share_a_count() -> None:
    reader = Reader(policy())

    reader.hear(*(event("break_found", NOON, kind="orphan", text=f"break {n}") for n in range(50)))
    reader.wait_until(NOON + minutes(1))

    (message,) = reader.messages
    assert message.alerts == 50
    assert len(reader.state.causes) == CAUSES_MAX + 1
    assert message.body.count("\n") < 40


def test_a_halt_that_follows_a_persons_is_told_as_something_new() -> None:
    reader = Reader(policy(AlertLevel.INFO))

    reader.hear(event("run_state_changed", NOON, state="EXITS_ONLY", by="person", reason="away"))
    reader.hear(halted(NOON + minutes(5)))
    reader.wait_until(NOON + minutes(6))

    assert reader.titles == ["A person has stopped trading", "URGENT: The program has stopped trading"]


def test_a_resume_is_told_to_whom_the_halt_was_told() -> None:
    reader = Reader(policy())

    reader.hear(halted(), event("run_state_changed", NOON + minutes(26), state="RUNNING", by="person", reason="ok"))
    reader.wait_until(NOON + minutes(30))

    assert reader.titles == ["URGENT: The program has stopped trading", "Trading goes on"]


def test_a_restart_ends_in_silence_what_the_daemon_tells_anew_but_not_a_halt() -> None:
    reader = Reader(policy())

    reader.hear(down(NOON), halted(NOON), event("daemon_started", NOON + minutes(30)))
    reader.wait_until(NOON + minutes(31))

    assert [cause.name for cause in reader.state.causes] == ["run_state"]
    assert len(reader.messages) == 2


def test_the_end_of_the_day_is_a_message_of_its_own_and_names_what_goes_on() -> None:
    reader = Reader(policy())
    reader.hear(down(NOON))
    reader.wait_until(NOON + minutes(10))

    reader.wait_until(NOON + minutes(20))
    digest = Digest(date(2026, 3, 3), NOON + minutes(20), "session 2026-03-03 ok", "ok: no condor entered")
    reader.state = close_day(reader.state, digest, reader.rules)
    reader.wait_until(NOON + minutes(21))

    assert reader.titles == ["No link to the gateway", "session 2026-03-03 ok, still: No link to the gateway"]
    assert reader.messages[1].body == "ok: no condor entered\n\nGoes on, told before: No link to the gateway (20 min)."


def test_a_clock_that_is_set_back_does_not_silence_the_desk() -> None:
    state = take(AlertState(), halted(NOON), policy())

    assert next_at(state, NOON - timedelta(days=2000), policy()) == NOON - timedelta(days=2000)


def test_a_message_that_reached_nobody_is_told_by_the_next() -> None:
    reader = Reader(policy())
    reader.state = not_delivered(reader.state)

    reader.hear(halted())
    reader.wait_until(NOON + minutes(1))

    assert "1 earlier message could not be delivered." in reader.messages[0].body


def test_a_text_of_any_length_leaves_a_message_that_a_phone_can_show() -> None:
    reader = Reader(policy())

    reader.hear(event("data_lost", data="spx", text="x" * 10_000))
    reader.wait_until(NOON + minutes(5))

    assert len(reader.messages[0].body) < 1000
