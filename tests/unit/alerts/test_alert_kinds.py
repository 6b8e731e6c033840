"""The table of alerts: every warning has its row or its reason, every row fits the vocabulary."""

import re

from alert_values import event, halted

from daemon.core.alerts.kinds import ENDINGS, KINDS, NOT_ALERTED, AlertLevel, ending_of_cause, kind_of
from daemon.core.records import Level
from daemon.core.vocabulary import VOCABULARY

FIELD = re.compile(r"\{(\w+)\}")


def test_every_warning_and_error_alerts_or_says_why_it_does_not() -> None:
    severe = {name for name, word in VOCABULARY.items() if word.level in (Level.WARNING, Level.ERROR)}
    told = {row.event for row in KINDS}

    assert severe - told - NOT_ALERTED.keys() == set(), "add a row to KINDS, or a reason to NOT_ALERTED"
    assert told & NOT_ALERTED.keys() == set()


def test_every_row_is_about_an_event_of_the_vocabulary() -> None:
    named = {row.event for row in KINDS} | {row.event for row in ENDINGS} | NOT_ALERTED.keys()

    assert named <= VOCABULARY.keys()


def test_a_row_goes_by_fields_that_its_event_has() -> None:
    fields = {name: set(FIELD.findall(" ".join(word.phrases))) for name, word in VOCABULARY.items()}

    rows = [(row.event, row.subject, row.where) for row in KINDS]
    rows += [(row.event, row.subject, row.where) for row in ENDINGS]

    for name, subject, where in rows:
        assert {*subject, *(field for field, _ in where)} <= fields[name], name


def test_every_row_says_what_happened_and_what_to_do() -> None:
    for row in KINDS:
        assert row.title[0].isupper(), row.event
        assert not row.title.endswith("."), row.event
        assert row.todo.endswith(".") or (row.level is AlertLevel.INFO and not row.todo), row.event


def test_what_is_waited_for_because_it_may_pass_by_itself_can_end() -> None:
    assert [row.event for row in KINDS if row.patient and ending_of_cause(row.cause) is None] == []


def test_every_ending_ends_the_cause_of_a_row() -> None:
    assert {row.cause for row in ENDINGS} <= {row.cause for row in KINDS}


def test_a_halt_by_the_program_is_urgent_and_one_by_a_person_is_not() -> None:
    by_person = event("run_state_changed", state="HALTED", by="person", reason="away")
    resumed = event("run_state_changed", state="RUNNING", by="person", reason="back")

    assert [None if row is None else row.level for row in map(kind_of, (halted(), by_person, resumed))] == [
        AlertLevel.URGENT,
        AlertLevel.INFO,
        None,
    ]


def test_a_repetition_that_the_log_writes_as_a_detail_alerts_nobody() -> None:
    first = event("gateway_waiting", why="refused", retry_s=2)
    again = event("gateway_waiting", level=Level.DEBUG, why="refused", retry_s=4)

    assert kind_of(first) is not None
    assert kind_of(again) is None


def test_exits_that_crash_are_urgent_and_another_job_is_not() -> None:
    levels = [kind_of(event("job_crashed", job=job, error="x")) for job in ("exits", "signals")]

    assert [row.level for row in levels if row is not None] == [AlertLevel.URGENT, AlertLevel.ATTENTION]
