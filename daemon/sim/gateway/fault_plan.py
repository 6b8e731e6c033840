"""Fault plans: a TOML file that says what goes wrong, when and how often.

Example::

    seed = 7
    [[fault]]
    kind = "reject_order"
    from = "2020-03-02 15:30"
    until = "2020-03-02 15:40"
    count = 2
    code = 201
    text = "Order rejected - reason: no trading permissions"

Times are New York: a moment (``2020-03-02 15:30``), a time of every session (``15:30``), or an offset of every
session (``open+15m``, ``close-10m``).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from daemon.core.calendar.sessions import NEW_YORK, new_york, session
from daemon.errors import SettingsError

MAX_FAULTS: Final = 1_000
Argument = str | int | float | bool


class Kind(StrEnum):
    """Kinds of fault; ``ABOUT`` says what each does."""

    REJECT_ORDER = "reject_order"
    WHAT_IF_REFUSED = "what_if_refused"
    WHAT_IF_UNSET = "what_if_unset"
    WHAT_IF_HIGHER = "what_if_higher"
    DATA_MISSING = "data_missing"
    GREEKS_MISSING = "greeks_missing"
    CHAIN_LIMITED = "chain_limited"
    DATA_STALE = "data_stale"
    DATA_DELAYED = "data_delayed"
    NOT_SUBSCRIBED = "not_subscribed"
    ACCOUNT_MISSING = "account_missing"
    DROP_CONNECTION = "drop_connection"
    SILENT = "silent"
    DELAY = "delay"
    READ_ONLY = "read_only"
    WITHHOLD = "withhold"


ABOUT: Final[Mapping[Kind, str]] = {
    Kind.REJECT_ORDER: "Refuse an order with a message code (code, text; symbol limits it to one underlying).",
    Kind.WHAT_IF_REFUSED: "Refuse a margin preview with a message code (code, text; symbol limits it).",
    Kind.WHAT_IF_UNSET: "Answer a margin preview with unset values first; then_real = false leaves it at that.",
    Kind.WHAT_IF_HIGHER: "Ask in a margin preview for a multiple of what the order needs (factor).",
    Kind.DATA_MISSING: "Send -1 for every price and no greeks (symbol limits it).",
    Kind.GREEKS_MISSING: "Send prices of options and no greeks (symbol limits it).",
    Kind.CHAIN_LIMITED: "List only the option strikes from low to high points, both included (symbol limits it).",
    Kind.DATA_STALE: "Let quotes stand still: new lines get the old values, open lines get nothing (symbol limits it).",
    Kind.DATA_DELAYED: "Send delayed data with the delayed tick numbers and the warning 10167 (symbol limits it).",
    Kind.NOT_SUBSCRIBED: "Refuse market-data lines and historical bars with code 354, or another (code, text; symbol limits it).",
    Kind.ACCOUNT_MISSING: "Send account values unset, as a gateway does that has none (1.797e308).",
    Kind.DROP_CONNECTION: "Close every connection and refuse new ones for refuse_s seconds.",
    Kind.SILENT: "Take what clients send and let nothing out; lost = true drops it, else it comes when the fault ends.",
    Kind.DELAY: "Send every message seconds late.",
    Kind.READ_ONLY: "Refuse orders, previews and questions about open orders with code 321, as a read-only API does.",
    Kind.WITHHOLD: "Never send one of the messages that a client waits for at the start (message).",
}
"""What each kind does, with its arguments."""

WITHHOLDABLE: Final[Mapping[str, int]] = {
    "nextValidId": 9,
    "managedAccounts": 15,
    "openOrderEnd": 53,
    "accountDownloadEnd": 54,
    "execDetailsEnd": 55,
    "positionEnd": 62,
    "accountUpdateMultiEnd": 74,
    "completedOrdersEnd": 102,
}

ARGUMENTS: Final[Mapping[Kind, Mapping[str, type]]] = {
    Kind.REJECT_ORDER: {"code": int, "text": str, "symbol": str},
    Kind.WHAT_IF_REFUSED: {"code": int, "text": str, "symbol": str},
    Kind.WHAT_IF_UNSET: {"then_real": bool},
    Kind.WHAT_IF_HIGHER: {"factor": float},
    Kind.DATA_MISSING: {"symbol": str},
    Kind.GREEKS_MISSING: {"symbol": str},
    Kind.CHAIN_LIMITED: {"low": float, "high": float, "symbol": str},
    Kind.DATA_STALE: {"symbol": str},
    Kind.DATA_DELAYED: {"symbol": str},
    Kind.NOT_SUBSCRIBED: {"code": int, "text": str, "symbol": str},
    Kind.ACCOUNT_MISSING: {},
    Kind.DROP_CONNECTION: {"refuse_s": float},
    Kind.SILENT: {"lost": bool},
    Kind.DELAY: {"seconds": float},
    Kind.READ_ONLY: {},
    Kind.WITHHOLD: {"message": str},
}
LASTING: Final = frozenset(
    {
        Kind.DATA_MISSING,
        Kind.GREEKS_MISSING,
        Kind.CHAIN_LIMITED,
        Kind.DATA_STALE,
        Kind.DATA_DELAYED,
        Kind.ACCOUNT_MISSING,
        Kind.SILENT,
        Kind.DELAY,
        Kind.READ_ONLY,
    }
)
"""Faults that hold for a stretch of time; the others happen to one message and can be counted."""
_REQUIRED: Final[Mapping[Kind, str]] = {
    Kind.WHAT_IF_HIGHER: "factor",
    Kind.DELAY: "seconds",
    Kind.WITHHOLD: "message",
}
_COMMON: Final[Mapping[str, type]] = {
    "kind": str,
    "at": str,
    "from": str,
    "until": str,
    "count": int,
    "probability": float,
}

_OFFSET: Final = re.compile(r"(open|close)(?:([+-])(\d{1,3})m)?")
_TIME: Final = re.compile(r"(?:(\d{4}-\d\d-\d\d)[ T])?(\d\d:\d\d(?::\d\d)?)")


@dataclass(frozen=True, slots=True)
class Moment:
    """A point of time in a plan: absolute, or the same in every session."""

    instant: datetime | None = None
    clock: time | None = None
    anchor: str = ""
    offset: timedelta = timedelta(0)

    @property
    def daily(self) -> bool:
        """Whether it comes once a session."""
        return self.instant is None

    def on(self, day: date) -> datetime:
        """Return the instant it stands for on a session."""
        if self.instant is not None:
            return self.instant
        if self.clock is not None:
            return new_york(day, self.clock)
        times = session(day)
        return (times.open_at if self.anchor == "open" else times.close_at) + self.offset


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of a plan. ``count`` None: every time."""

    kind: Kind
    start: Moment | None = None
    end: Moment | None = None
    count: int | None = None
    probability: float = 1.0
    arguments: Mapping[str, Argument] = field(default_factory=dict)

    def argument(self, name: str, default: Argument) -> Argument:
        """Return an argument of this fault."""
        return self.arguments.get(name, default)


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Everything that goes wrong; an empty plan is a gateway without faults."""

    faults: tuple[Fault, ...] = ()
    seed: int = 0


def load(path: Path) -> FaultPlan:
    """Read a plan; raise SettingsError naming every mistake with its place and what to write instead."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as cause:
        raise SettingsError(f"{path}: the fault plan cannot be read ({cause.strerror}); name a TOML file.") from cause
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise SettingsError(f"{path}: the fault plan is not valid TOML: {cause}.") from cause
    problems: list[str] = []
    plan = _plan(table, problems)
    if problems:
        raise SettingsError(*(f"{path}: {problem}" for problem in problems))
    return plan


def _plan(table: Mapping[str, Any], problems: list[str]) -> FaultPlan:
    if unknown := sorted(set(table) - {"seed", "fault"}):
        problems.append(f"{unknown[0]!r} is unknown: a plan holds seed and [[fault]] entries.")
    seed, entries = table.get("seed", 0), table.get("fault", [])
    if not isinstance(seed, int) or isinstance(seed, bool):
        problems.append(f"seed is {seed!r}: write a whole number.")
        seed = 0
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        problems.append("fault is no list of tables: write each fault under its own [[fault]] line.")
        entries = []
    if len(entries) > MAX_FAULTS:
        problems.append(f"{len(entries)} faults are too many: at most {MAX_FAULTS} are allowed.")
        entries = []
    faults = [_fault(entry, f"fault {number}", problems) for number, entry in enumerate(entries, start=1)]
    return FaultPlan(tuple(fault for fault in faults if fault is not None), seed)


def _fault(entry: Mapping[str, Any], place: str, problems: list[str]) -> Fault | None:
    name = entry.get("kind")
    if name not in set(Kind):
        problems.append(f"{place}: kind is {name!r}; known kinds are {', '.join(Kind)}.")
        return None
    kind = Kind(name)
    found = [*_unknown(entry, kind), *_types(entry, kind), *_rules(entry, kind)]
    moments = {key: _moment(entry[key], key, found) for key in ("at", "from", "until") if key in entry}
    start, end = moments.get("at") or moments.get("from"), moments.get("until")
    if start and end and start.daily != end.daily:
        found.append("from and until mix a date with a time of every session; give both the same form.")
    if found:
        problems.extend(f"{place} ({kind}): {text}" for text in found)
        return None
    count = entry.get("count", 1 if "at" in entry and kind not in LASTING else None)
    arguments = {key: entry[key] for key in ARGUMENTS[kind] if key in entry}
    return Fault(kind, start, end, count=count, probability=float(entry.get("probability", 1.0)), arguments=arguments)


def _unknown(entry: Mapping[str, Any], kind: Kind) -> list[str]:
    known = {**_COMMON, **ARGUMENTS[kind]}
    return [f"{key!r} is unknown; allowed are {', '.join(known)}." for key in sorted(set(entry) - set(known))]


def _types(entry: Mapping[str, Any], kind: Kind) -> list[str]:
    known = {**_COMMON, **ARGUMENTS[kind]}
    found = []
    for key, value in entry.items():
        wanted = known.get(key)
        fits = isinstance(value, (int, float)) if wanted is float else wanted is None or isinstance(value, wanted)
        if not fits or (isinstance(value, bool) and wanted is not bool):
            found.append(f"{key} is {value!r}; write {_SPOKEN[wanted or str]}.")
    return found


_SPOKEN: Final[Mapping[type, str]] = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def _rules(entry: Mapping[str, Any], kind: Kind) -> list[str]:
    found = []
    required = _REQUIRED.get(kind)
    if required and required not in entry:
        found.append(f"{required} is missing; every {kind} fault needs it.")
    if "at" in entry and "from" in entry:
        found.append("at and from exclude each other; keep one.")
    if kind in LASTING and ("count" in entry or "probability" in entry):
        found.append("count and probability do not fit a fault that lasts; give from and until instead.")
    if kind is Kind.DROP_CONNECTION and "at" not in entry:
        found.append("at is missing; say when the connection drops.")
    if kind is Kind.WITHHOLD and entry.get("message") not in {None, *WITHHOLDABLE}:
        found.append(f"message is {entry['message']!r}; one of {', '.join(WITHHOLDABLE)} is needed.")
    found += [
        f"{key} is {entry[key]!r}; write {said}." for key, said, bad in _BOUNDS if key in entry and bad(entry[key])
    ]
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_BOUNDS: Final = (
    ("count", "1 or more", lambda value: _is_number(value) and value < 1),
    ("probability", "a number above 0 and up to 1", lambda value: _is_number(value) and not 0 < value <= 1),
    ("factor", "a number from 0 to 100", lambda value: _is_number(value) and not 0 <= value <= 100),
    ("seconds", "a number from 0 to 3600", lambda value: _is_number(value) and not 0 <= value <= 3600),
    ("low", "a number from 0 to 100000", lambda value: _is_number(value) and not 0 <= value <= 100_000),
    ("high", "a number from 0 to 100000", lambda value: _is_number(value) and not 0 <= value <= 100_000),
    ("refuse_s", "a number from 0 to 86400", lambda value: _is_number(value) and not 0 <= value <= 86400),
)


def _moment(value: object, key: str, found: list[str]) -> Moment | None:
    said = str(value)
    if offset := _OFFSET.fullmatch(said):
        anchor, sign, minutes = offset.groups()
        shift = timedelta(minutes=int(minutes or 0))
        return Moment(anchor=anchor, offset=-shift if sign == "-" else shift)
    if match := _TIME.fullmatch(said):
        day, clock = match.groups()
        try:
            if day is None:
                return Moment(clock=time.fromisoformat(clock))
            local = datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=NEW_YORK)
            return Moment(instant=new_york(local.date(), local.time()))
        except ValueError:
            pass
    found.append(f"{key} is {said!r}; write '2020-03-02 15:30', '15:30', 'open+15m' or 'close-10m' (New York time).")
    return None
