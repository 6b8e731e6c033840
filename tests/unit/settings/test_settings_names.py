"""A misspelled name is recognised and the right one suggested."""

from random import Random

import pytest

from daemon.settings.catalogue import by_name
from daemon.settings.names import distance, looks_like_ours, nearest

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"


@pytest.mark.parametrize(
    ("first", "second", "edits"),
    [
        # Wagner and Fischer 1974, and the textbook pair of the restricted Damerau distance.
        ("kitten", "sitting", 3),
        ("saturday", "sunday", 3),
        ("ca", "abc", 3),
        ("ab", "ba", 1),
        ("", "abc", 3),
        ("same", "same", 0),
        ("aaa", "aa", 1),
    ],
)
def test_distance_counts_single_edits_and_swaps(first: str, second: str, edits: int) -> None:
    assert distance(first, second) == edits
    assert distance(second, first) == edits


@pytest.mark.parametrize(
    "name",
    [
        "CONDORD_X",
        "CONDOR_GATEWAY_PORT",
        "CONDRD_GATEWAY_PORT",
        "CONDROD_GATEWAY_PORT",
        "KONDORD_GATEWAY_PORT",
        "CCONDORD_GATEWAY_PORT",
        "CONDORDGATEWAY_PORT",
        "CONDORD-GATEWAY_PORT",
        "ONDORD_GATEWAY_PORT",
        "condord_gateway_port",
    ],
)
def test_a_prefix_within_one_edit_is_taken_as_ours(name: str) -> None:
    assert looks_like_ours(name)


@pytest.mark.parametrize("name", ["PATH", "HOME", "CONDA_PREFIX", "CONDUIT_X", "_CONDOR_X", "CONDOR_CONFIG", "CON", ""])
def test_variables_of_other_programs_are_left_alone(name: str) -> None:
    assert not looks_like_ours(name)


def _typos(name: str, random: Random) -> list[str]:
    at = random.randrange(len(name) - 1)
    other = random.choice([letter for letter in LETTERS if letter != name[at]])
    swapped = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return [name[:at] + name[at + 1 :], name[:at] + other + name[at:], name[:at] + other + name[at + 1 :], swapped]


def test_one_edit_typos_of_every_name_are_caught_with_the_right_suggestion() -> None:
    random = Random(20200218)
    names = by_name()
    typos = [(name, typo) for name in names for typo in _typos(name, random) if typo not in names]

    missed = [typo for _, typo in typos if not looks_like_ours(typo)]
    right = sum(nearest(typo, names) == name for name, typo in typos)

    assert len(typos) > 4 * len(names) * 0.9
    assert missed == []
    assert right / len(typos) >= 0.95
