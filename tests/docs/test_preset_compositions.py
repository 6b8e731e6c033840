"""Presets stand behind one another as README.md says; those that contradict one another are told in a sentence."""

from itertools import permutations, product
from pathlib import Path

import pytest

from daemon.errors import SettingsError
from daemon.settings import Settings, load

FOLDER = Path(__file__).parents[2] / "config" / "presets"
HOME = {"HOME": "/home/somebody"}

SETUPS = ("ladder30", "d45_exit21", "weekly7", "d1_credit", "d0")
"""What a condor is; one of them alone, or the last of several, counts."""
TIERS = ("d1_credit_070", "d1_credit_160")
LEAVING = ("ladder30", "d45_exit21", "weekly7")
"""Setups that the profiles with exits stand behind."""
LAYERS = ("seeds", "30_110_220")
WAYS = ("steward", "promoter")
PLAIN = ("single_layer", "fixed_442", "flat_10pct", "no_hedge")
MIXED = ("mixed_002", "vx_futures", "etf_extra")
ALL = sorted(path.stem for path in FOLDER.glob("*.env"))

DOCUMENTED = (
    *((setup, "set_and_forget") for setup in SETUPS),
    *product(LEAVING, ("adaptive", "standard")),
    *(("d1_credit", tier) for tier in TIERS),
    *(("d1_credit", tier, "set_and_forget") for tier in TIERS),
    *product(LEAVING, LAYERS, WAYS),
    *product(LEAVING, ("adaptive", "standard", "set_and_forget"), (*LAYERS, *WAYS, *PLAIN, *MIXED)),
    *product(("d1_credit", "d0"), (*LAYERS, "steward", *PLAIN, *MIXED)),
)


def together(names: tuple[str, ...]) -> Settings:
    return load([FOLDER / f"{name}.env" for name in names], HOME)


def contradiction(names: tuple[str, ...]) -> SettingsError | None:
    try:
        together(names)
    except SettingsError as error:
        return error
    return None


@pytest.mark.parametrize("names", DOCUMENTED, ids="+".join)
def test_a_documented_composition_is_read_without_a_problem(names: tuple[str, ...]) -> None:
    last = together(names)

    assert together((*names, names[-1])).digest == last.digest


def test_every_preset_stands_in_a_documented_composition() -> None:
    assert {name for names in DOCUMENTED for name in names} == set(ALL)


@pytest.mark.parametrize(("first", "last"), [*permutations(SETUPS, 2)], ids="+".join)
def test_of_several_setups_the_last_counts_whole(first: str, last: str) -> None:
    assert together((first, last)).digest == together((last,)).digest


@pytest.mark.parametrize(("first", "last"), [*permutations(LAYERS, 2), *permutations(WAYS, 2)], ids="+".join)
def test_of_two_presets_of_one_kind_the_last_counts_whole(first: str, last: str) -> None:
    assert together((first, last)).digest == together((last,)).digest


@pytest.mark.parametrize(("setup", "profile"), [*product(("d1_credit", "d0"), ("adaptive", "standard"))])
def test_exits_behind_a_setup_too_short_for_them_are_a_contradiction(setup: str, profile: str) -> None:
    with pytest.raises(SettingsError, match="do not go together"):
        together((setup, profile))


def test_whatever_contradicts_names_the_settings_with_their_files_and_says_why() -> None:
    told = {names: error for names in permutations(ALL, 2) if (error := contradiction(names)) is not None}

    assert len(told) >= 10
    for names, error in told.items():
        assert all(" do not go together: " in problem for problem in error.problems)
        assert all(f"{name}.env:" in str(error) for name in names), names
