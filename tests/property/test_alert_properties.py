"""Nothing is lost: every alert is told, has passed by itself, or waits, whatever happens in whatever order."""

from datetime import timedelta

from alert_values import NOON, Reader, event, policy
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.alerts.kinds import AlertLevel
from daemon.core.alerts.policy import AlertPolicy
from daemon.core.records import EventRecord

Happened = list[tuple[float, tuple[str, str, str]]]


HAPPENS = (
    ("link_changed", "state", ("DOWN", "SYNCED")),
    ("gateway_waiting", "why", ("refused",)),
    ("data_lost", "data", ("spx", "vix")),
    ("data_regained", "data", ("spx", "vix")),
    ("limit_breached", "limit", ("a", "b", "c")),
    ("limit_kept", "limit", ("a", "b", "c")),
    ("break_found", "text", tuple(f"break {number}" for number in range(30))),
    ("order_rejected", "order_ref", ("cd.1", "cd.2")),
    ("order_unknown", "order_ref", ("cd.1", "cd.2")),
    ("order_filled", "order_ref", ("cd.1", "cd.2")),
    ("job_crashed", "job", ("exits", "signals")),
    ("daemon_started", "version", ("0.1",)),
    ("daemon_failed", "text", ("disk full",)),
)

steps = st.lists(
    st.tuples(
        st.floats(0, 20_000),
        st.sampled_from([(name, field, value) for name, field, values in HAPPENS for value in values]),
    ),
    max_size=40,
)
rules = st.builds(
    policy,
    st.sampled_from(AlertLevel),
    quiet=st.sampled_from([("00:00", "00:00"), ("22:00", "07:00"), ("11:30", "13:00")]),
    zone=st.sampled_from(["America/New_York", "Asia/Tokyo"]),
    quiet_urgent=st.booleans(),
    gather_s=st.sampled_from([0, 10, 300]),
    wait_s=st.sampled_from([0, 120, 3600]),
    kind_per_hour=st.integers(1, 4),
    per_hour=st.integers(1, 12),
)


def _events(given_steps: Happened) -> list[EventRecord]:
    at, found = NOON, []
    for pause_s, (name, field, value) in given_steps:
        at += timedelta(seconds=pause_s)
        found.append(event(name, at, level=None, **{field: value}))
    return found


@given(rules, steps)
def test_every_alert_is_told_or_has_passed_or_waits(desk_policy: AlertPolicy, happened: Happened) -> None:
    reader = Reader(desk_policy)

    for each in _events(happened):
        reader.hear(each)
        tally = reader.state.tally
        assert tally.came == tally.told + tally.passed + reader.state.waiting
        assert tally.told == sum(message.alerts for message in reader.messages)


@given(rules, steps)
def test_what_waits_is_told_in_the_end(desk_policy: AlertPolicy, happened: Happened) -> None:
    reader = Reader(desk_policy)
    reader.hear(*_events(happened))

    reader.wait_until((reader.state.seen_at or NOON) + timedelta(days=9))

    assert reader.state.waiting == 0


@given(rules, steps)
def test_no_hour_has_more_messages_than_it_may_unless_they_are_urgent(
    desk_policy: AlertPolicy, happened: Happened
) -> None:
    reader = Reader(desk_policy)
    reader.hear(*_events(happened))
    reader.wait_until((reader.state.seen_at or NOON) + timedelta(days=1))

    usual = [message.at for message in reader.messages if message.level is not AlertLevel.URGENT]
    for first in usual:
        assert sum(first <= at < first + timedelta(hours=1) for at in usual) <= desk_policy.per_hour


@given(rules, steps)
def test_quiet_hours_are_quiet(desk_policy: AlertPolicy, happened: Happened) -> None:
    reader = Reader(desk_policy)
    reader.hear(*_events(happened))
    reader.wait_until((reader.state.seen_at or NOON) + timedelta(days=1))

    for message in reader.messages:
        assert desk_policy.after_quiet(message.at, message.level) == message.at


@given(rules, steps)
def test_what_the_desk_remembers_stays_small(desk_policy: AlertPolicy, happened: Happened) -> None:
    reader = Reader(desk_policy)
    reader.hear(*_events(happened * 3))

    names = [cause.name for cause in reader.state.causes]
    assert all(names.count(name) <= 21 for name in names)
