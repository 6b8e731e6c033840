"""Periods as they are typed, against a calendar on paper."""

import re
from datetime import date

import pytest

from daemon.core.calendar.periods import Period, parse_period

STARTED, LATEST = date(2020, 2, 18), date(2020, 3, 18)


def parsed(*words: str) -> Period:
    return parse_period(words, started=STARTED, latest=LATEST)


@pytest.mark.parametrize(
    ("words", "first", "last", "name"),
    [
        ("", "2020-02-18", "2020-03-18", "since the start"),
        ("all", "2020-02-18", "2020-03-18", "since the start"),
        ("day", "2020-03-18", "2020-03-18", "2020-03-18"),
        ("last", "2020-03-18", "2020-03-18", "2020-03-18"),
        ("2020-03-09", "2020-03-09", "2020-03-09", "2020-03-09"),
        ("week", "2020-03-16", "2020-03-22", "week 12 of 2020"),
        ("week 2020-03-08", "2020-03-02", "2020-03-08", "week 10 of 2020"),
        ("2020-W10", "2020-03-02", "2020-03-08", "week 10 of 2020"),
        ("2020w10", "2020-03-02", "2020-03-08", "week 10 of 2020"),
        ("week 2021-01-01", "2020-12-28", "2021-01-03", "week 53 of 2020"),
        ("month", "2020-03-01", "2020-03-31", "March 2020"),
        ("2020-02", "2020-02-01", "2020-02-29", "February 2020"),
        ("month 2021-02-03", "2021-02-01", "2021-02-28", "February 2021"),
        ("year", "2020-01-01", "2020-12-31", "2020"),
        ("2019", "2019-01-01", "2019-12-31", "2019"),
        ("2020-02-20 2020-03-05", "2020-02-20", "2020-03-05", "2020-02-20 to 2020-03-05"),
        ("2020-02-20 last", "2020-02-20", "2020-03-18", "2020-02-20 to 2020-03-18"),
        ("2020-02 2020-03", "2020-02-01", "2020-03-31", "2020-02-01 to 2020-03-31"),
        ("2020-W08 2020-W09", "2020-02-17", "2020-03-01", "2020-02-17 to 2020-03-01"),
        ("2020-W10 2020-03-04", "2020-03-02", "2020-03-04", "2020-03-02 to 2020-03-04"),
    ],
)
def test_a_period_is_read_as_a_person_means_it(words: str, first: str, last: str, name: str) -> None:
    assert parsed(*words.split()) == Period(date.fromisoformat(first), date.fromisoformat(last), name)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("2020-W54", "no '2020-W54' in the calendar"),
        ("2021-W53", "no '2021-W53' in the calendar"),
        ("2020-13", "no '2020-13' in the calendar"),
        ("0000", "no '0000' in the calendar"),
        ("fortnight", "'fortnight' is no date and no period"),
        ("2020-02-30", "'2020-02-30' is no date and no period"),
        ("week yesterday", "'yesterday' is no date and no period"),
        ("2020-03-05 2020-02-20", "2020-03-05 is after 2020-02-20; give the earlier one first"),
        ("all 2020-02-20", "'all' is no date and no period"),
        ("week 9999-12-31", "the week of 9999-12-31 reaches beyond the calendar"),
        ("week 0001-01-01 2020", "more than two words"),
        ("2020-02-20 to 2020-03-05", "more than two words"),
    ],
)
def test_what_is_no_period_is_refused_in_a_sentence(words: str, part: str) -> None:
    with pytest.raises(ValueError, match=re.escape(part)):
        parsed(*words.split())


def test_what_is_no_period_is_told_with_what_is_allowed() -> None:
    with pytest.raises(ValueError, match="name a period as 2020-03-09, 2020-W10, 2020-03 or 2020"):
        parsed("fortnight")
