"""Finding the setting a misspelled name was meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_PREFIX: Final = "CONDORD_"
_OTHER_PROGRAMS: Final = frozenset({"CONDOR_CONFIG", "CONDOR_IDS"})
"""Variables of HTCondor, which may run on the same machine (its manual, section on environment variables)."""


def distance(first: str, second: str) -> int:
    """Return the fewest insertions, deletions, replacements and swaps of neighbours between two texts."""
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, char in enumerate(first, start=1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(second, start=1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != other))
            if i > 1 and j > 1 and char == second[j - 2] and first[i - 2] == other:
                best = min(best, earlier[j - 2] + 1)
            row.append(best)
    return row[-1]


def looks_like_ours(name: str) -> bool:
    """Whether a variable's prefix is ours or within one edit of it, in whatever case."""
    upper = name.upper()
    if upper in _OTHER_PROGRAMS:
        return False
    size = len(_PREFIX)
    return any(distance(upper[:length], _PREFIX) <= 1 for length in (size - 1, size, size + 1))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that is the fewest edits away; the first in order of the alphabet where several are."""
    upper = name.upper()
    return min(sorted(known), key=lambda candidate: distance(upper, candidate))
