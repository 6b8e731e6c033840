"""How much of each limit is used, as lines of the end-of-day block and of the status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from daemon.core.records import LimitUse
from daemon.report.words import UNKNOWN, columns, percent, plural, whole_dollars

_NAMES: Final = {"order_rate": "orders within a minute", "rejects": "rejects in a row"}


def limits_section(uses: Sequence[LimitUse]) -> list[str]:
    """Write one line for each limit."""
    if not uses:
        return ["  not measured"]
    rows = [(_name(use), _value(use), _limit(use), _remark(use)) for use in uses]
    return columns(rows, "<>><")


def limits_words(uses: Sequence[LimitUse]) -> str:
    """Write the limits that are breached, then those that are used, and how many are not."""
    if not uses:
        return "not measured yet"
    used = sorted((use for use in uses if use.breached or use.value), key=lambda use: not use.breached)
    words = [f"{_name(use)} {_value(use)} {_limit(use)}{_mark(use)}" for use in used]
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


def _remark(use: LimitUse) -> str:
    return ", ".join(part for part in ("BREACHED" if use.breached else "", use.note) if part)


def _mark(use: LimitUse) -> str:
    return " ATTENTION: BREACHED" if use.breached else ""
