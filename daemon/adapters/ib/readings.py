"""Numbers as the gateway writes them: -1, NaN and unset end here and become None."""

from __future__ import annotations

import math
from typing import Final

_UNSET_FLOOR: Final = 1e300
"""Nothing above it is a number: unset doubles arrive as 1.797e308 in several spellings."""
_OFF_CENT: Final = 1e-6
DELTA_UNSET: Final = -2.0


def finite(value: float) -> float | None:
    """Return a number that says something, else None."""
    return value if math.isfinite(value) and abs(value) < _UNSET_FLOOR else None


def number(text: str) -> float | None:
    """Read a number; None when it is empty, unset or no number at all."""
    try:
        return finite(float(text))
    except ValueError:
        return None


def pts100(points: float) -> int:
    """Return points x 100, rounded to the cent."""
    return round(points * 100)


def is_on_cent(points: float) -> bool:
    """Whether a price is a whole number of cents."""
    return abs(points * 100 - round(points * 100)) < _OFF_CENT


def usd_cents(text: str) -> int | None:
    """Read an amount of dollars as whole cents; None when unset."""
    value = number(text)
    return None if value is None else round(value * 100)


def usd_e4(value: float) -> int | None:
    """Return an amount of dollars in 1/10,000 dollar; None when unset."""
    known = finite(value)
    return None if known is None else round(known * 10_000)
