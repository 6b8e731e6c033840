"""Hold what a real gateway said against what the simulated one says to the same requests.

Prices, sizes and ids differ and mean nothing. What counts is the form: which messages come, how many fields each has, of which
kind each field is, and in which order the messages of one answer follow each other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Final

from daemon.sim.gateway.shapes import SHAPES, Out

_WHOLE: Final = re.compile(r"-?\d+")
_NUMBER: Final = re.compile(r"-?(\d+\.\d*|\d*\.\d+|\d+)([eE][+-]?\d+)?|-?Infinity|NaN")
_WITHOUT_REQUEST: Final = frozenset(
    {
        Out.ACCOUNT_VALUE,
        Out.PORTFOLIO,
        Out.ACCOUNT_TIME,
        Out.ACCOUNT_DOWNLOAD_END,
        Out.NEXT_VALID_ID,
        Out.MANAGED_ACCOUNTS,
        Out.CURRENT_TIME,
        Out.POSITION,
        Out.POSITION_END,
        Out.OPEN_ORDER_END,
        Out.COMPLETED_ORDER,
        Out.COMPLETED_ORDERS_END,
        Out.COMMISSION_REPORT,
        Out.MARKET_RULE,
    }
)
"""Messages that name no request or order."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of a recording."""

    at: datetime
    connection: str
    from_client: bool
    fields: tuple[str, ...]


class DifferenceKind(StrEnum):
    """Ways in which two gateways differ."""

    MISSING = "missing"
    """A message that only the recorded gateway sent."""
    EXTRA = "extra"
    """A message that only the simulated gateway sent."""
    FIELD_COUNT = "field count"
    FIELD_KIND = "field kind"
    """A field that is a number here and a text there, or empty always here and never there."""
    ORDER = "order"
    """The messages of one answer follow each other in another order."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference, of all the times it was seen."""

    kind: DifferenceKind
    message: str
    """Name of the message, or of the first of an answer."""
    text: str
    seen: int
    """How many messages, or answers, of the recording show it."""


def message_name(fields: Sequence[str]) -> str:
    """Return the name of a gateway's message, or its number where it has none here."""
    number = fields[0] if fields else ""
    return Out(int(number)).name if number.isdecimal() and int(number) in {*Out} else f"message {number}"


def compare(theirs: Iterable[Frame], ours: Iterable[Frame]) -> tuple[Difference, ...]:
    """Return every difference between a recording and our answers to it; the greetings are left out by the caller."""
    there = [frame.fields for frame in theirs if not frame.from_client]
    here = [frame.fields for frame in ours if not frame.from_client]
    of_theirs, of_ours = _by_name(there), _by_name(here)
    shared = [name for name in of_theirs if name in of_ours]
    found = [Difference(DifferenceKind.MISSING, name, "is never sent here", len(of_theirs[name])) for name in of_theirs]
    extra = [Difference(DifferenceKind.EXTRA, name, "is sent here only", len(of_ours[name])) for name in of_ours]
    return (
        *(difference for difference in found if difference.message not in of_ours),
        *(difference for difference in extra if difference.message not in of_theirs),
        *(difference for name in shared for difference in _fields(name, of_theirs[name], of_ours[name])),
        *_orders(there, here),
    )


def _by_name(messages: Iterable[tuple[str, ...]]) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for fields in messages:
        found[message_name(fields)].append(fields)
    return dict(sorted(found.items()))


def _fields(name: str, theirs: Sequence[tuple[str, ...]], ours: Sequence[tuple[str, ...]]) -> list[Difference]:
    """Compare the forms of one message; positions only where both have messages of the same length."""
    counts, own = {len(fields) for fields in theirs}, {len(fields) for fields in ours}
    if not counts & own:
        text = f"has {_listed(counts)} fields, here {_listed(own)}"
        return [Difference(DifferenceKind.FIELD_COUNT, name, text, len(theirs))]
    found = []
    for count in sorted(counts & own):
        there = [fields for fields in theirs if len(fields) == count]
        here = [fields for fields in ours if len(fields) == count]
        for place in range(1, count):
            kinds, mine = {_kind(fields[place]) for fields in there}, {_kind(fields[place]) for fields in here}
            if not _alike(kinds, mine):
                example = next((fields[place] for fields in there if fields[place]), "")
                text = f"field {place} of {count} is {_listed(kinds)}, here {_listed(mine)}; theirs, for example: {example[:60]!r}"
                found.append(Difference(DifferenceKind.FIELD_KIND, name, text, len(there)))
    return found


def _kind(text: str) -> str:
    if not text:
        return "empty"
    return "a whole number" if _WHOLE.fullmatch(text) else "a number" if _NUMBER.fullmatch(text) else "a text"


def _alike(kinds: set[str], mine: set[str]) -> bool:
    """Whether two sets of kinds may be the same field: whole numbers are numbers, and some may be empty."""
    if kinds == {"empty"} or mine == {"empty"}:
        return "empty" in kinds & mine
    plain = {"a number" if kind == "a whole number" else kind for kind in kinds - {"empty"}}
    return bool(plain & {"a number" if kind == "a whole number" else kind for kind in mine - {"empty"}})


def _listed(items: Iterable[object]) -> str:
    return " or ".join(str(item) for item in sorted(items, key=str))


def _orders(theirs: Iterable[tuple[str, ...]], ours: Iterable[tuple[str, ...]]) -> list[Difference]:
    """Compare answer by answer which messages follow each other; repetitions count once."""
    there, here = _answers(theirs), _answers(ours)
    seen: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = defaultdict(int)
    for request, answer in there.items():
        mine = here.get(request, ())
        if mine and set(mine) == set(answer) and mine != answer:
            seen[answer, mine] += 1
    return [
        Difference(DifferenceKind.ORDER, answer[0], f"{', '.join(answer)}; here {', '.join(mine)}", count)
        for (answer, mine), count in sorted(seen.items())
    ]


def _answers(messages: Iterable[tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return by request or order id the messages that name it."""
    found: dict[str, list[str]] = defaultdict(list)
    for fields in messages:
        request = _request_of(fields)
        if request is not None:
            found[request].append(message_name(fields))
    return {request: tuple(name for name, _ in groupby(names)) for request, names in found.items()}


def _request_of(fields: tuple[str, ...]) -> str | None:
    number = fields[0]
    if not number.isdecimal() or int(number) not in {*Out} or Out(int(number)) in _WITHOUT_REQUEST:
        return None
    place = len(SHAPES[Out(int(number))].head)
    return fields[place] if len(fields) > place and fields[place] != "-1" else None
