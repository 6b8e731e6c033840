"""Why no condor was entered: the sessions without an entry, by the reason of their decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from daemon.core.calendar.sessions import next_session
from daemon.core.orders.intent import Reason
from daemon.core.phrasing import words
from daemon.core.records import Decision, DecisionKind
from daemon.report.cells import Cell, Table, count
from daemon.report.day import condor_decision
from daemon.report.words import reason_text

SKIPS: Final = "skips_rows"
NO_REASON: Final = Reason("no_reason", "no reason is recorded", None)


@dataclass(frozen=True, slots=True)
class SkipLine:
    """One reason and the sessions it left without an entry, oldest first."""

    reason: str
    """The name of the reason in words."""
    text: str
    """Its sentence with value and limit, in the last of these sessions."""
    sessions: tuple[date, ...]


def skip_lines(decisions: Iterable[Decision]) -> tuple[SkipLine, ...]:
    """Group the skipped entries by their first reason, the most frequent first."""
    groups: dict[str, list[Decision]] = defaultdict(list)
    for decision in _skips(decisions):
        groups[_first(decision).name].append(decision)
    lines = [_line(name, found) for name, found in groups.items()]
    return tuple(sorted(lines, key=lambda line: (-len(line.sessions), line.reason)))


def _skips(decisions: Iterable[Decision]) -> list[Decision]:
    """Return the decision of each session that is a skip, as its last word on the entry was."""
    by_session: Mapping[date, list[Decision]] = defaultdict(list)
    for decision in decisions:
        by_session[decision.session].append(decision)
    last = [condor_decision(tuple(found)) for _, found in sorted(by_session.items())]
    return [decision for decision in last if decision is not None and decision.kind is DecisionKind.SKIP]


def _first(decision: Decision) -> Reason:
    return decision.reasons[0] if decision.reasons else NO_REASON


def _line(name: str, found: Sequence[Decision]) -> SkipLine:
    return SkipLine(words(name), reason_text(_first(found[-1])), tuple(decision.session for decision in found))


def runs(sessions: Sequence[date]) -> tuple[tuple[date, date], ...]:
    """Join sessions that follow one another, oldest first, to stretches."""
    starts = [sessions[0]] if sessions else []
    ends: list[date] = []
    for before, after in pairwise(sessions):
        if next_session(before) != after:
            ends.append(before)
            starts.append(after)
    return tuple(zip(starts, [*ends, *sessions[-1:]], strict=True))


def skip_table(lines: Sequence[SkipLine]) -> Table:
    """Make the table of the skipped entries."""
    rows = tuple(
        (
            Cell(line.reason),
            count(len(line.sessions)),
            Cell(
                ", ".join(f"{first}" if first == last else f"{first} to {last}" for first, last in runs(line.sessions))
            ),
            Cell(line.text),
        )
        for line in lines
    )
    headings = ("Reason", "Sessions", "When", "In the last of them")
    return Table(
        SKIPS, "Skipped entries by reason", headings, "<>ww", rows, "No condor entry was skipped in this period."
    )
