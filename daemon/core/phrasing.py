"""Telling an event in words: names without underscores, values with their units, reasons as sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from enum import Enum
from typing import Final

from daemon.core.orders.intent import Reason
from daemon.core.vocabulary import VOCABULARY

_FIELD: Final = re.compile(r"\{(\w+)\}")
_UNITS: Final = ("_usd_cents", "_usd_e4", "_pts100", "_usd", "_pts", "_pct", "_s")
"""Endings of names that say the unit, longer ones before the shorter ones they contain."""


def words(name: str) -> str:
    """Return an event's name in words."""
    return name.replace("_", " ")


def sentence(name: str, fields: Mapping[str, object]) -> str:
    """Return what an event says; fields that its phrases do not mention follow with their names."""
    word = VOCABULARY.get(name)
    given = {key: value for key, value in fields.items() if value not in (None, "", (), [])}
    shown: set[str] = set()
    parts: list[str] = []
    for phrase in word.phrases if word is not None else ():
        wanted = _FIELD.findall(phrase)
        if given.keys() >= set(wanted):
            shown.update(wanted)
            parts.append(_FIELD.sub(lambda found: value_text(found[1], given[found[1]]), phrase))
    parts += [f"{_label(key)} {value_text(key, value)}" for key, value in given.items() if key not in shown]
    return ", ".join(parts)


def value_text(name: str, value: object) -> str:
    """Return a value in words, with the unit that its name ends in."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _plain(value)
    unit = _unit(name)
    return _AMOUNTS[unit](value) if unit else _number(value)


def _label(name: str) -> str:
    return words(name.removesuffix(_unit(name)))


def _unit(name: str) -> str:
    return next((unit for unit in _UNITS if f"_{name}".endswith(unit)), "")


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def _dollars(value: float, digits: int) -> str:
    return f"{'-' if value < 0 else ''}${abs(value):,.{digits}f}"


_AMOUNTS: Final[Mapping[str, Callable[[float], str]]] = {
    "_usd_cents": lambda cents: _dollars(cents / 100, 2),
    "_usd_e4": lambda parts: _dollars(parts / 10_000, 4),
    "_pts100": lambda scaled: f"{scaled / 100:.2f}",
    "_usd": lambda usd: _dollars(usd, 0 if float(usd).is_integer() else 2),
    "_pts": lambda points: f"{points:.2f}",
    "_pct": lambda share: f"{share:.4g} %",
    "_s": lambda seconds: f"{seconds:.4g} s",
}


def _plain(value: object) -> str:
    match value:
        case bool():
            text = "yes" if value else "no"
        case Enum():
            text = str(value.value)
        case date() | time():
            text = value.isoformat()
        case Reason():
            text = f"{value.text} ({value.name})"
        case Mapping():
            text = " ".join(f"{key} {value_text(str(key), item)}" for key, item in value.items())
        case Sequence() if not isinstance(value, str):
            text = ", ".join(value_text("", item) for item in value)
        case _:
            text = str(value)
    return text
