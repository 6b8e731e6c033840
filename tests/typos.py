"""Every way to mistype a word by one edit: a letter lost, added, replaced, or swapped with its neighbour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from random import Random

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"


def one_edit(word: str, letters: str = LETTERS) -> Iterator[str]:
    """Yield each text that is one edit away from a word, once."""
    places, found = range(len(word)), {word}
    lost = (word[:at] + word[at + 1 :] for at in places)
    swapped = (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in places[:-1])
    added = (word[:at] + letter + word[at:] for at, letter in product(range(len(word) + 1), letters))
    replaced = (word[:at] + letter + word[at + 1 :] for at, letter in product(places, letters))
    for typos in (lost, swapped, added, replaced):
        for typo in typos:
            if typo not in found:
                found.add(typo)
                yield typo


def sample(words: Iterable[str], count: int, seed: int) -> list[tuple[str, str]]:
    """Return so many of all typos of all words, each with the word that was meant."""
    every: Mapping[str, list[str]] = {word: [*one_edit(word)] for word in words}
    pairs = [(word, typo) for word, typos in every.items() for typo in typos]
    return Random(seed).sample(pairs, min(count, len(pairs)))
