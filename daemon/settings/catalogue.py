"""The list of all settings, read off the declarations: name, place in the model, unit, range, default, sentence."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache
from typing import Any, get_args

from annotated_types import Ge, Le, MultipleOf
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from daemon.settings.fields import Group
from daemon.settings.model import Settings
from daemon.settings.names import PREFIX


class Kind(StrEnum):
    """What a text is read into; the value is how a wrong text is described."""

    BOOLEAN = "is not true or false"
    WHOLE = "is not a whole number"
    NUMBER = "is not a number"
    CHOICE = "is not one of the choices"
    TIME = "is not a time of day"
    DATE = "is not a date"
    TEXT = "is not a text"
    FOLDER = "is not a folder"


@dataclass(frozen=True, slots=True)
class Spec:
    """One setting as it is declared."""

    name: str
    """Full name, for example ``CONDORD_HEDGE_L1_ROLL_DAYS``."""
    path: tuple[str, ...]
    """Where it stands in ``Settings``, for example ``("hedge", "l1", "roll_days")``."""
    kind: Kind
    unit: str
    allowed: str
    default: str
    """The default as text; "" is empty."""
    text: str
    multiple_of: str
    approval: bool
    """Whether a change is a change of the hedge policy, which approvers sign (004-22)."""

    @property
    def range(self) -> str:
        """Return what is allowed, numbers and times with their unit."""
        counted = self.kind in (Kind.WHOLE, Kind.NUMBER, Kind.TIME)
        return f"{self.allowed} {self.unit}" if counted and self.unit else self.allowed

    @property
    def group(self) -> str:
        """Return the group's name, "" for the folders."""
        return self.path[0] if len(self.path) > 1 else ""


def as_text(value: object) -> str:
    """Write a value the way an env file does, so that reading it gives the value again."""
    match value:
        case None:
            text = ""
        case bool():
            text = "true" if value else "false"
        case Enum():
            text = str(value.value)
        case time():
            text = f"{value:%H:%M}"
        case float():
            text = repr(value).removesuffix(".0")
        case Decimal():
            text = f"{value.normalize():f}"
        case tuple():
            text = ",".join(as_text(part) for part in value)
        case _:
            text = str(value)
    return text


@cache
def catalogue() -> tuple[Spec, ...]:
    """Return every setting in the order of declaration."""
    return tuple(_walk(Settings.model_fields, (), None))


@cache
def by_name() -> Mapping[str, Spec]:
    """Return every setting by its full name."""
    return types.MappingProxyType({spec.name: spec for spec in catalogue()})


@cache
def group_texts() -> Mapping[str, str]:
    """Return the sentence of each group by the group's name."""
    fields = Settings.model_fields
    return types.MappingProxyType({name: _doc(field) for name, field in fields.items() if _group(field) is not None})


def _doc(field: FieldInfo) -> str:
    group = _group(field)
    assert group is not None, "only groups have a sentence of their own"
    return (group.__doc__ or "").strip()


def value_of(settings: BaseModel, path: tuple[str, ...]) -> object:
    """Return the value at a place of the model."""
    value: object = settings
    for part in path:
        value = getattr(value, part)
    return value


def approval_texts(settings: BaseModel) -> Mapping[str, str]:
    """Return the value of every setting that needs approval as text, by full name."""
    return {spec.name: as_text(value_of(settings, spec.path)) for spec in catalogue() if spec.approval}


@cache
def approval_defaults() -> Mapping[str, str]:
    """Return the default of every setting that needs approval as text, by full name."""
    return types.MappingProxyType({spec.name: spec.default for spec in catalogue() if spec.approval})


def _walk(fields: Mapping[str, FieldInfo], path: tuple[str, ...], defaults: BaseModel | None) -> Iterator[Spec]:
    for name, field in fields.items():
        here = (*path, name)
        given = getattr(defaults, name) if defaults is not None else field.default
        group = _group(field)
        if group is None:
            yield _spec(here, field, given)
        else:
            assert isinstance(given, BaseModel), f"group {here} needs its defaults"
            yield from _walk(group.model_fields, here, given)


def _group(field: FieldInfo) -> type[Group] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Group) else None


def _spec(path: tuple[str, ...], field: FieldInfo, default: object) -> Spec:
    extra: dict[str, Any] = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    known = None if default is PydanticUndefined else default
    assert field.description, f"{path} has no sentence"
    step = _bound(field, MultipleOf)
    return Spec(
        name=PREFIX + "_".join(path).upper(),
        path=path,
        kind=_kind(field),
        unit=extra["unit"],
        allowed=extra["allowed"] or _range(field),
        default=extra["default_text"] if extra["default_text"] is not None else as_text(known),
        text=_prefixed(path, field.description),
        multiple_of=as_text(step) if step is not None else "",
        approval=path[0] == "hedge" and extra["approval"],
    )


def _prefixed(path: tuple[str, ...], text: str) -> str:
    """Say which layer or regime a sentence is about where several share it."""
    if len(path) <= 2:
        return text
    part = path[1]
    label = part.upper() if part[1:].isdigit() else part.capitalize()
    first = text[0] if text[1].isupper() else text[0].lower()
    return f"{label}: {first}{text[1:]}"


def _kind(field: FieldInfo) -> Kind:
    annotation = field.annotation
    plain = next((part for part in get_args(annotation) if part is not types.NoneType), annotation)
    assert isinstance(plain, type), f"no kind for {annotation}"
    for kind, types_of_kind in _KINDS.items():
        if plain.__name__ in types_of_kind or (kind is Kind.CHOICE and issubclass(plain, Enum)):
            return kind
    raise AssertionError(f"no kind for {annotation}")


_KINDS: Mapping[Kind, tuple[str, ...]] = types.MappingProxyType(
    {
        Kind.BOOLEAN: ("bool",),
        Kind.WHOLE: ("int",),
        Kind.NUMBER: ("float", "Decimal"),
        Kind.CHOICE: (),
        Kind.TIME: ("time",),
        Kind.DATE: ("date",),
        Kind.TEXT: ("str",),
        Kind.FOLDER: ("Path",),
    }
)


def _bound(field: FieldInfo, kind: type[Ge | Le | MultipleOf]) -> object:
    found = next((part for part in field.metadata if isinstance(part, kind)), None)
    match found:
        case Ge():
            return found.ge
        case Le():
            return found.le
        case MultipleOf():
            return found.multiple_of
        case _:
            return None


def _range(field: FieldInfo) -> str:
    annotation = field.annotation
    if annotation is bool:
        return "true or false"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ", ".join(as_text(member) for member in annotation)
    low, high, step = (_bound(field, kind) for kind in (Ge, Le, MultipleOf))
    assert low is not None, f"{field.description} needs a range"
    assert high is not None, f"{field.description} needs a range"
    steps = f" in steps of {as_text(step)}" if step is not None else ""
    return f"{as_text(low)} to {as_text(high)}{steps}"
