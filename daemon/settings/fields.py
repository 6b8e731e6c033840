"""How one setting is declared: its default, unit, range and sentence, and the types that texts are read into."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError, PydanticUndefined

from daemon.core.alerts.kinds import AlertLevel
from daemon.core.calendar.events import EventKind
from daemon.core.condor.policy import (
    DriftAction,
    DriftMode,
    DteUnit,
    GateMode,
    Sides,
    StrikesBy,
    TakeProfitOrder,
    TouchAction,
    WingsBy,
)
from daemon.core.hedge.adjustments import ShiftDirection
from daemon.core.hedge.policy import (
    DriftUpside,
    HedgeBase,
    HedgeMeasure,
    HedgeSplit,
    HedgeTotal,
    Instrument,
    LayerStructure,
    RollOrder,
)
from daemon.core.market.contracts import Underlying
from daemon.core.orders.broker_facts import PAPER_PREFIXES
from daemon.core.records import Level
from daemon.core.risk.limits import ExitsWithoutData

NOT_ALLOWED: Final = "not_allowed"
"""Type of our own validation errors; their text continues the sentence ``NAME=value in place ...``."""


class Group(BaseModel):
    """Settings that share the first part of their name."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_enum_values=False)


def setting(  # noqa: PLR0913 -- a declaration has as many parts
    default: object,
    text: str,
    *,
    unit: str = "",
    allowed: str = "",
    default_text: str | None = None,
    approval: bool = True,
    ge: object = None,
    le: object = None,
    multiple_of: object = None,
) -> Any:
    """Declare a setting; ``text`` is its one sentence, ``allowed`` names the range where bounds do not say it.

    Settings of the hedge need the approvers' signatures (004-22) unless ``approval`` is off: those say how orders are
    worked and what a signal is made of, never what the hedge is.
    """
    extra: dict[str, Any] = {"unit": unit, "allowed": allowed, "default_text": default_text, "approval": approval}
    bounds: dict[str, Any] = {"ge": ge, "le": le, "multiple_of": multiple_of}
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    value = PydanticUndefined if default is ... else default
    return Field(default=value, description=text, json_schema_extra=extra, **given)


def refuse(text: str) -> PydanticCustomError:
    """Make the error whose text continues the sentence about a value."""
    return PydanticCustomError(NOT_ALLOWED, "{text}", {"text": text})


def _read_time(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", value):
        raise refuse("is not a time of day")
    hour, minute = value.split(":")
    return time(int(hour), int(minute))


def _read_date(value: object) -> object:
    if not isinstance(value, str) or value == "":
        return value or None
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise refuse("is not a date")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise refuse("is not a date of the calendar") from None


def _read_path(value: object) -> object:
    return (value or None) if isinstance(value, str) else value


def _any_case(kind: type[StrEnum]) -> Callable[[object], object]:
    by_text = {member.value.casefold(): member for member in kind}

    def read(value: object) -> object:
        return by_text.get(value.casefold(), value) if isinstance(value, str) else value

    return read


def _paper(account: str) -> str:
    if account and not (account.startswith(PAPER_PREFIXES) and account.isalnum()):
        raise refuse("is not a paper account")
    return account


def _no_roll(action: DriftAction) -> DriftAction:
    if action is DriftAction.ROLL:
        raise refuse("comes too late: a condor to defend is closed or left")
    return action


def _fund(symbol: Underlying) -> Underlying:
    if not symbol.is_fund:
        raise refuse("is no fund")
    return symbol


def _host(host: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:_-]+", host):
        raise refuse("is not a host name or address")
    return host


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise refuse("is no time zone") from None
    return name


def _prom(path: Path | None) -> Path | None:
    if path is not None and path.suffix != ".prom":
        raise refuse("has another ending, and the textfile collector reads files that end in .prom only")
    return path


def _read_kinds(value: object) -> object:
    if not isinstance(value, str):
        return value
    names = [name.strip().casefold() for name in value.split(",")]
    for name in names:
        if name not in [*EventKind]:
            raise refuse(f"names {name!r}, which is no event" if name else "has an empty place in its list")
        if names.count(name) > 1:
            raise refuse(f"names {name} twice")
    return tuple(map(EventKind, names))


class GatewayMode(StrEnum):
    """Where orders go."""

    SIMULATED = "simulated"
    IB = "ib"


class LogFormat(StrEnum):
    """How lines look on the terminal and in the journal."""

    TEXT = "text"
    JSON = "json"


class Synchronous(StrEnum):
    """SQLite's ``synchronous`` pragma (sqlite.org/pragma.html)."""

    EXTRA = "EXTRA"
    FULL = "FULL"
    NORMAL = "NORMAL"
    OFF = "OFF"


TimeOfDay = Annotated[time, BeforeValidator(_read_time)]
OptionalDate = Annotated[date | None, BeforeValidator(_read_date)]
PromFile = Annotated[Path | None, BeforeValidator(_read_path), AfterValidator(_prom)]
OptionalFolder = Annotated[Path | None, BeforeValidator(_read_path)]
OptionalFile = Annotated[Path | None, BeforeValidator(_read_path)]
Folder = Annotated[Path, BeforeValidator(_read_path)]
PaperAccount = Annotated[str, AfterValidator(_paper)]
Host = Annotated[str, AfterValidator(_host)]
Points = Annotated[Decimal, AfterValidator(Decimal.normalize)]
DataLack = Annotated[ExitsWithoutData, BeforeValidator(_any_case(ExitsWithoutData))]
EntryGate = Annotated[GateMode, BeforeValidator(_any_case(GateMode))]
CountedIn = Annotated[DteUnit, BeforeValidator(_any_case(DteUnit))]
EntrySides = Annotated[Sides, BeforeValidator(_any_case(Sides))]
StrikeChoice = Annotated[StrikesBy, BeforeValidator(_any_case(StrikesBy))]
WingChoice = Annotated[WingsBy, BeforeValidator(_any_case(WingsBy))]
BaseChoice = Annotated[HedgeBase, BeforeValidator(_any_case(HedgeBase))]
MeasureChoice = Annotated[HedgeMeasure, BeforeValidator(_any_case(HedgeMeasure))]
SplitChoice = Annotated[HedgeSplit, BeforeValidator(_any_case(HedgeSplit))]
RollOrderChoice = Annotated[RollOrder, BeforeValidator(_any_case(RollOrder))]
InstrumentChoice = Annotated[Instrument, BeforeValidator(_any_case(Instrument))]
StructureChoice = Annotated[LayerStructure, BeforeValidator(_any_case(LayerStructure))]
UpsideChoice = Annotated[DriftUpside, BeforeValidator(_any_case(DriftUpside))]
FundChoice = Annotated[Underlying, BeforeValidator(_any_case(Underlying)), AfterValidator(_fund)]
TotalChoice = Annotated[HedgeTotal, BeforeValidator(_any_case(HedgeTotal))]
TakeProfit = Annotated[TakeProfitOrder, BeforeValidator(_any_case(TakeProfitOrder))]
Touch = Annotated[TouchAction, BeforeValidator(_any_case(TouchAction))]
Drift = Annotated[DriftMode, BeforeValidator(_any_case(DriftMode))]
AdjustAction = Annotated[DriftAction, BeforeValidator(_any_case(DriftAction))]
DefendAction = Annotated[DriftAction, BeforeValidator(_any_case(DriftAction)), AfterValidator(_no_roll)]
Direction = Annotated[ShiftDirection, BeforeValidator(_any_case(ShiftDirection))]
EventKinds = Annotated[tuple[EventKind, ...], BeforeValidator(_read_kinds)]
Mode = Annotated[GatewayMode, BeforeValidator(_any_case(GatewayMode))]
Format = Annotated[LogFormat, BeforeValidator(_any_case(LogFormat))]
TimeZone = Annotated[str, AfterValidator(_zone)]
LeastAlert = Annotated[AlertLevel, BeforeValidator(_any_case(AlertLevel))]
LeastLevel = Annotated[Level, BeforeValidator(_any_case(Level))]
SyncMode = Annotated[Synchronous, BeforeValidator(_any_case(Synchronous))]


def pts100(points: Decimal) -> int:
    """Return points as points x 100; the field's step makes it whole."""
    scaled = points * 100
    assert scaled == int(scaled), "a price setting is declared with a step of at least 0.01"
    return int(scaled)
