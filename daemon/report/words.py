"""How values are written for a person: money, points, legs, times. The same words in text and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from daemon.core.calendar.sessions import NEW_YORK
from daemon.core.market.contracts import OptionContract, Right
from daemon.core.orders.intent import Leg, Reason

UNKNOWN: Final = "unknown"
"""Stands wherever a figure is missing; never zero."""
MINUS: Final = "\N{MINUS SIGN}"
"""Lines up with the plus sign; text for a terminal keeps the hyphen."""

_CONDOR_LEGS: Final = 4


def dollars(cents: int | None, *, signed: bool = False) -> str:
    """Write whole cents as whole dollars, ``$1,234`` or ``+$1,234``."""
    if cents is None:
        return UNKNOWN
    return _money(round(cents / 100), "d", signed=signed)


def dollars_and_cents(cents: float | None, *, signed: bool = False) -> str:
    """Write cents as dollars and cents, ``$12.30`` or ``-$12.30``."""
    return UNKNOWN if cents is None else _money(cents / 100, ".2f", signed=signed)


def whole_dollars(usd: float | None, *, signed: bool = False) -> str:
    """Write dollars without cents."""
    return UNKNOWN if usd is None else _money(round(usd), "d", signed=signed)


def _money(amount: float, form: str, *, signed: bool) -> str:
    digits = f"{abs(amount):,{form}}"
    if not any(digit in digits for digit in "123456789"):
        return f"${digits}"
    sign = "-" if amount < 0 else "+" if signed else ""
    return f"{sign}${digits}"


def points(pts: float | None, *, signed: bool = False) -> str:
    """Write index points with two decimals."""
    return number_text(pts, digits=2, signed=signed)


def number_text(value: float | None, *, digits: int = 0, signed: bool = False) -> str:
    """Write a number with so many decimals."""
    if value is None:
        return UNKNOWN
    shown = round(value, digits) + 0.0  # never "-0.00"
    return f"{shown:+,.{digits}f}" if signed and shown else f"{shown:,.{digits}f}"


def percent(pct: float | None, *, digits: int = 1, signed: bool = False) -> str:
    """Write a percentage with its sign, ``5.9 %``."""
    return UNKNOWN if pct is None else f"{number_text(pct, digits=digits, signed=signed)} %"


def net_price(pts: float | None) -> str:
    """Write a net price: positive is a debit (``1.20 db``), negative a credit (``4.35 cr``)."""
    if pts is None:
        return UNKNOWN
    return f"{abs(pts):.2f} {'cr' if pts < 0 else 'db'}"


def strike_text(strike_pts100: int) -> str:
    """Write a strike without needless decimals."""
    return f"{strike_pts100 / 100:.2f}".rstrip("0").rstrip(".")


def legs_text(legs: Sequence[Leg], quantity: int) -> str:
    """Write legs shortly: ``2x 3170/3145P 3480/3505C``, or ``+4 VIXW 2020-03-25 22C``."""
    contracts = [leg.contract for leg in legs]
    if is_condor(contracts):
        return f"{quantity}x {condor_strikes(contracts)}"
    return "  ".join(f"{leg.ratio * quantity:+d} {leg.contract}" for leg in legs)


def is_condor(contracts: Sequence[OptionContract]) -> bool:
    """Say whether contracts are two puts and two calls of one expiry."""
    puts = sum(contract.right is Right.PUT for contract in contracts)
    one_series = len({(contract.trading_class, contract.expiry) for contract in contracts}) == 1
    return len(contracts) == _CONDOR_LEGS and puts == _CONDOR_LEGS // 2 and one_series


def condor_strikes(contracts: Sequence[OptionContract]) -> str:
    """Write the strikes of a condor, the short one first: ``3170/3145P 3480/3505C``; a side may be missing."""
    puts = sorted((c.strike_pts100 for c in contracts if c.right is Right.PUT), reverse=True)
    calls = sorted(c.strike_pts100 for c in contracts if c.right is Right.CALL)
    sides = [
        f"{'/'.join(map(strike_text, strikes))}{right}" for strikes, right in ((puts, "P"), (calls, "C")) if strikes
    ]
    return " ".join(sides)


def reason_text(reason: Reason) -> str:
    """Write a reason as its sentence, with the value found and the limit where they are recorded."""
    numbers = _numbers(reason)
    return f"{reason.text} [{numbers}]" if numbers else reason.text


def reason_short(reason: Reason) -> str:
    """Write a reason in a few words: its name, the value found and the limit."""
    numbers = _numbers(reason)
    name = reason.name.replace("_", " ")
    return f"{name} ({numbers})" if numbers else name


def _numbers(reason: Reason) -> str:
    found = "" if reason.value is None else value_text(reason.value)
    limit = "" if reason.limit is None else f"limit {value_text(reason.limit)}"
    return ", ".join(part for part in (found, limit) if part)


def value_text(value: object) -> str:
    """Write a recorded value: at most six significant digits, ``-`` for None."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 1000 else f"{value:.6g}"
    return str(value)


def new_york_time(at: datetime) -> str:
    """Write the New York time of an instant, ``15:30``."""
    return f"{at.astimezone(NEW_YORK):%H:%M}"


def new_york_instant(at: datetime) -> str:
    """Write date, time and zone of an instant in New York, ``2020-03-09 15:30 EDT``."""
    return f"{at.astimezone(NEW_YORK):%Y-%m-%d %H:%M %Z}"


def plural(count: int, noun: str, many: str | None = None) -> str:
    """Write a count with its noun, ``1 condor``, ``2 condors``."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def clipped(text: str, width: int) -> str:
    """Cut text to a width, with three dots where something is missing."""
    return text if len(text) <= width else text[: max(0, width - 3)].rstrip() + "..."


def columns(rows: Sequence[Sequence[str]], aligns: str, *, indent: int = 2, gap: int = 2) -> list[str]:
    """Lay rows out in columns; ``aligns`` has one ``<`` or ``>`` for each column."""
    widths = [max((len(row[n]) for row in rows), default=0) for n in range(len(aligns))]
    return [
        (
            " " * indent
            + (" " * gap).join(f"{cell:{align}{width}}" for cell, align, width in zip(row, aligns, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
