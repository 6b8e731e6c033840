"""Messages of many fields as tables: one interpreter reads and writes them for every version.

A layout is a tuple of parts in wire order. Plain fields have a name, a default text and the versions that carry
them; groups depend on an earlier field or repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from daemon.sim.gateway.codec import MAX_VERSION, MIN_VERSION, FieldError, Fields, read_float, read_int

MAX_ROWS: Final = 1_000

Test = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Plain:
    """One field and the server versions that carry it."""

    name: str
    default: str = ""
    since: int = MIN_VERSION
    until: int = MAX_VERSION


@dataclass(frozen=True, slots=True)
class Rows:
    """A count followed by that many rows of ``width`` fields."""

    name: str
    width: int


@dataclass(frozen=True, slots=True)
class When:
    """Parts that are present when an earlier field passes a test, from a version on."""

    name: str
    test: Test
    parts: tuple[Part, ...]
    since: int = MIN_VERSION


@dataclass(frozen=True, slots=True)
class Conditions:
    """The order conditions: a count, then rows whose first field decides their width."""

    name: str = "conditions"


Part = Plain | Rows | When | Conditions
Layout = tuple[Part, ...]
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """The texts of one message by field name, and its repeated groups."""

    values: Mapping[str, str]
    rows: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


CONDITION_WIDTHS: Final[Mapping[int, int]] = {1: 6, 3: 3, 4: 3, 5: 4, 6: 5, 7: 5}
"""Fields after the type: price, time, margin, execution, volume, percent change."""


def plain(spec: str) -> tuple[Plain, ...]:
    """Return fields from a compact list: ``name``, ``name=default``, ``name@158`` (since), ``name@-176`` (until)."""
    return tuple(_one(token) for token in spec.split())


def _one(token: str) -> Plain:
    head, _, gate = token.partition("@")
    name, _, default = head.partition("=")
    if gate.startswith("-"):
        return Plain(name, default, until=int(gate[1:]))
    return Plain(name, default, since=int(gate)) if gate else Plain(name, default)


def not_empty(value: str) -> bool:
    """Whether a field says anything."""
    return value != ""


def is_true(value: str) -> bool:
    """Whether a flag is set."""
    return read_int(value, "flag") != 0


def is_positive(value: str) -> bool:
    """Whether a number is set and above zero."""
    number = read_float(value, "number")
    return number is not None and number > 0


def equals(*texts: str) -> Test:
    """Return a test for one of some texts."""
    return lambda value: value in texts


def defaults(layout: Layout) -> dict[str, str]:
    """Return the default text of every plain field, groups included."""
    found: dict[str, str] = {}
    for part in layout:
        if isinstance(part, Plain):
            found.setdefault(part.name, part.default)
        elif isinstance(part, When):
            found |= defaults(part.parts)
    return found


def encode(layout: Layout, version: int, record: Record) -> list[str]:
    """Return the fields of a message; a field the record does not name takes its default."""
    out: list[str] = []
    _encode(layout, version, record, out)
    return out


def _encode(layout: Layout, version: int, record: Record, out: list[str]) -> None:
    seen: dict[str, str] = {}
    values = record.values
    for part in layout:
        if isinstance(part, Plain):
            if part.since <= version <= part.until:
                seen[part.name] = value = values.get(part.name, part.default)
                out.append(value)
        elif isinstance(part, When):
            if version >= part.since and part.test(seen.get(part.name, values.get(part.name, ""))):
                _encode(part.parts, version, record, out)
        else:
            rows = record.rows.get(part.name, ())
            seen[part.name] = str(len(rows))
            out.append(seen[part.name])
            for row in rows:
                assert len(row) == (part.width if isinstance(part, Rows) else condition_width(row[0]) + 1)
                out.extend(row)


def decode(layout: Layout, version: int, fields: Sequence[str]) -> Record:
    """Read a whole message; raise FieldError when a field is missing or left over."""
    source = Fields(list(fields))
    values: dict[str, str] = {}
    rows: dict[str, tuple[Row, ...]] = {}
    _decode(layout, version, source, into=(values, rows))
    source.end()
    return Record(values, rows)


def _decode(
    layout: Layout, version: int, source: Fields, *, into: tuple[dict[str, str], dict[str, tuple[Row, ...]]]
) -> None:
    values, rows = into
    for part in layout:
        if isinstance(part, Plain):
            if part.since <= version <= part.until:
                values[part.name] = source.take(part.name)
        elif isinstance(part, When):
            if version >= part.since and part.test(values.get(part.name, "")):
                _decode(part.parts, version, source, into=into)
        elif isinstance(part, Rows):
            rows[part.name] = tuple(_row(source, part.name, part.width) for _ in range(_count(source, part.name)))
        else:
            rows[part.name] = tuple(_condition(source) for _ in range(_count(source, part.name)))
            values[part.name] = str(len(rows[part.name]))


def _count(source: Fields, name: str) -> int:
    count = source.integer(f"number of {name}")
    if not 0 <= count <= MAX_ROWS:
        raise FieldError(f"number of {name} is {count}: 0 to {MAX_ROWS} are allowed")
    return count


def _row(source: Fields, name: str, width: int) -> Row:
    return tuple(source.take(name) for _ in range(width))


def _condition(source: Fields) -> Row:
    kind = source.take("condition type")
    return (kind, *_row(source, "condition", condition_width(kind)))


def condition_width(kind: str) -> int:
    """Return how many fields follow a condition's type; raise FieldError for an unknown type."""
    width = CONDITION_WIDTHS.get(read_int(kind, "condition type"))
    if width is None:
        raise FieldError(f"condition type is {kind!r}: known are {sorted(CONDITION_WIDTHS)}")
    return width
