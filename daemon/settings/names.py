"""Finding the setting a misspelled name was meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

PREFIX: Final = "CONDORD_"
"""Begins the name of every setting."""
_OTHER_PROGRAMS: Final = frozenset({"CONDOR_CONFIG", "CONDOR_IDS"})
"""Variables of HTCondor, which may run on the same machine (its manual, section on environment variables)."""


def distance(first: str, second: str, limit: int = 1000) -> int:
    """Return the fewest insertions, deletions, replacements and swaps of neighbours between two texts.

    From ``limit`` on the exact number does not matter, and ``limit`` is returned.
    """
    if abs(len(first) - len(second)) >= limit:
        return limit
    first, second = _without_common_ends(first, second)
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, char in enumerate(first, start=1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(second, start=1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != other))
            if i > 1 and j > 1 and char == second[j - 2] and first[i - 2] == other:
                best = min(best, earlier[j - 2] + 1)
            row.append(best)
        if min(row) >= limit and min(before) >= limit:
            return limit
    return min(row[-1], limit)


def _without_common_ends(first: str, second: str) -> tuple[str, str]:
    """Leave out what both begin and end with; it changes no distance and most names share much."""
    shorter = min(len(first), len(second))
    start = next((i for i in range(shorter) if first[i] != second[i]), shorter)
    end = next((i for i in range(shorter - start) if first[-1 - i] != second[-1 - i]), shorter - start)
    return first[start : len(first) - end], second[start : len(second) - end]


def looks_like_ours(name: str) -> bool:
    """Whether a variable's prefix is ours or within one edit of it, in whatever case."""
    upper = name.upper()
    if upper in _OTHER_PROGRAMS:
        return False
    size = len(PREFIX)
    return any(distance(upper[:length], PREFIX) <= 1 for length in (size - 1, size, size + 1))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that is the fewest edits away; of several the one of like length."""
    upper, best, fewest = name.upper(), "", 1000
    for candidate in sorted(known, key=lambda text: (abs(len(text) - len(upper)), text)):
        edits = distance(upper, candidate, fewest)
        if edits < fewest:
            best, fewest = candidate, edits
    return best
