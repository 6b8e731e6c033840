"""How much of each limit is used, as lines of the end-of-day block and of the status."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from daemon.core.records import LimitUse
from daemon.report.words import UNKNOWN, columns, percent, plural, whole_dollars

_NAMES: Final = {"order_rate": "orders within a minute", "rejects": "rejects in a row"}


def limits_section(uses: Sequence[LimitUse]) -> list[str]:
    """Write the limits that are used in two columns, breached ones first, and name the others."""
    if not uses:
        return ["not measured"]
    used = sorted((use for use in uses if is_used(use)), key=lambda use: not use.breached)
    others = [_name(use) for use in uses if not is_used(use)]
    cells = [f"{limit_words(use)}{_mark(use)}" for use in used]
    half = (len(cells) + 1) // 2
    rows = columns([*zip_longest(cells[:half], cells[half:], fillvalue="")], "<<", indent=0, gap=4)
    return [*rows, *([f"nothing used of {', '.join(others)}"] if others else [])]


def is_used(use: LimitUse) -> bool:
    """Whether something of a limit is used, or not known."""
    return use.applies and (use.value is None or use.value > 0)


def limit_words(use: LimitUse) -> str:
    """Say how much of a limit is used."""
    return f"{_name(use)} {_value(use)} {_limit(use)}"


def limits_words(uses: Sequence[LimitUse]) -> str:
    """Write the limits that are breached, then those that are used, and how many are not."""
    if not uses:
        return "not measured yet"
    used = sorted((use for use in uses if use.breached or use.value), key=lambda use: not use.breached)
    words = [f"{limit_words(use)}{_mark(use)}" for use in used]
    unused = plural(len(uses) - len(used), "limit")
    return "; ".join([*words, f"nothing of {unused} more" if used else f"nothing used of {unused}"])


def _name(use: LimitUse) -> str:
    return _NAMES.get(use.name, use.name.replace("_", " "))


def _value(use: LimitUse) -> str:
    if use.unit == "%" and use.value is not None and use.value < 0:
        return f"gain {_amount(use, -use.value)}"
    return _amount(use, use.value)


def _limit(use: LimitUse) -> str:
    return f"of {'at least ' if use.least else ''}{_amount(use, use.limit)}"


def _amount(use: LimitUse, amount: float | None) -> str:
    if amount is None:
        return UNKNOWN if use.applies else "none yet"
    match use.unit:
        case "%":
            return percent(amount, digits=2)
        case "USD":
            return whole_dollars(amount)
        case "times":
            return f"{amount:,.2f}"
        case _:
            return f"{amount:,.0f}"


def _mark(use: LimitUse) -> str:
    return " ATTENTION: BREACHED" if use.breached else ""
