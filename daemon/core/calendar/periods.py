"""Periods as a person names them: a day, a week, a month, a year, a range, or everything so far."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

ALLOWED: Final = (
    "name a period as 2020-03-09, 2020-W10, 2020-03 or 2020, as day, week, month or year (with a date inside it, or the "
    "one of the last session), as all, or as two of these for everything from the first to the second"
)
SINCE_START: Final = "since the start"
_MONTH: Final = re.compile(r"(\d{4})-(\d{1,2})")
_WEEK: Final = re.compile(r"(\d{4})-?[Ww](\d{1,2})")


@dataclass(frozen=True, slots=True)
class Period:
    """Calendar days from the first to the last, both included, and what a person calls them."""

    first: date
    last: date
    name: str


def parse_period(words: Sequence[str], *, started: date, latest: date) -> Period:
    """Return the period that some words name, nothing for everything from ``started`` to ``latest``.

    ``last`` is the date ``latest``. Raises ValueError with what is wrong and what is allowed.
    """
    if not words or [*words] == ["all"]:
        return Period(started, latest, SINCE_START)
    if len(words) > 2:
        raise ValueError(f"{' '.join(words)!r} is more than two words; {ALLOWED}")
    if words[0] in _SPANS:
        return _around(words[0], words[1:], latest)
    spans = [_span(word, latest) for word in words]
    begin, end = spans[0], spans[-1]
    if begin.first > end.first:
        raise ValueError(f"{words[0]} is after {words[-1]}; give the earlier one first")
    return begin if len(spans) == 1 else Period(begin.first, end.last, f"{begin.first} to {end.last}")


def _around(kind: str, rest: Sequence[str], latest: date) -> Period:
    """Return the day, week, month or year that a date lies in."""
    return _SPANS[kind](_date(rest[0], latest) if rest else latest)


def _span(word: str, latest: date) -> Period:
    if word in _SPANS:
        return _SPANS[word](latest)
    try:
        if found := _WEEK.fullmatch(word):
            return _week(date.fromisocalendar(int(found[1]), int(found[2]), 1))
        if found := _MONTH.fullmatch(word):
            return _month(date(int(found[1]), int(found[2]), 1))
        if word.isdecimal() and len(word) == 4:
            return _year(date(int(word), 1, 1))
    except ValueError:
        raise ValueError(f"there is no {word!r} in the calendar; {ALLOWED}") from None
    return _day(_date(word, latest))


def _date(word: str, latest: date) -> date:
    if word == "last":
        return latest
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise ValueError(f"{word!r} is no date and no period; {ALLOWED}") from None


def _day(of: date) -> Period:
    return Period(of, of, f"{of}")


def _week(of: date) -> Period:
    year, week, _ = of.isocalendar()
    try:
        monday = of - timedelta(days=of.weekday())
        return Period(monday, monday + timedelta(days=6), f"week {week} of {year}")
    except OverflowError:
        raise ValueError(f"the week of {of} reaches beyond the calendar") from None


def _month(of: date) -> Period:
    last = of.replace(day=monthrange(of.year, of.month)[1])
    return Period(of.replace(day=1), last, f"{of:%B %Y}")


def _year(of: date) -> Period:
    return Period(date(of.year, 1, 1), date(of.year, 12, 31), f"{of.year}")


_SPANS: Final = {"day": _day, "week": _week, "month": _month, "year": _year}
