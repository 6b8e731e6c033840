"""A misspelled name is recognised and the right one suggested."""

from pathlib import Path
from random import Random

import pytest
from typos import one_edit, sample

from daemon.errors import SettingsError
from daemon.settings import load
from daemon.settings.catalogue import Kind, by_name, catalogue
from daemon.settings.names import distance, looks_like_ours, nearest


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


def test_one_edit_typos_of_every_name_are_caught_with_the_right_suggestion() -> None:
    """Of all typos of all names, prefix included; one that is another real name counts as not caught."""
    names = by_name()
    typos = sample(names, 1000, seed=20200218)

    right = sum(typo not in names and looks_like_ours(typo) and nearest(typo, names) == name for name, typo in typos)

    assert {name[:9] for name, _ in typos} > {"CONDORD_C", "CONDORD_H", "CONDORD_R"}
    assert any(typo[:8] != "CONDORD_" for _, typo in typos)
    assert right / len(typos) >= 0.95


def test_a_typo_in_the_environment_and_in_a_file_is_refused_with_the_suggestion(tmp_path: Path) -> None:
    for name, typo in sample(by_name(), 40, seed=7):
        if typo in by_name() or not typo.isidentifier():  # the three grammars refuse such a name before it is looked at
            continue
        path = tmp_path / "typo.env"
        path.write_text(f"{typo}=1\n")

        for files, environ in (([], {typo: "1"}), ([path], {})):
            with pytest.raises(SettingsError, match=f"{typo} .* is not a setting; did you mean CONDORD_") as raised:
                load(files, {"HOME": "/home/somebody", **environ})
            assert len(raised.value.problems) == 1, (name, typo)


def test_one_edit_typos_of_every_choice_are_refused_with_the_right_suggestion() -> None:
    chosen = [spec for spec in catalogue() if spec.kind is Kind.CHOICE and not spec.allowed.startswith("one or more")]
    meant = [(spec, choice) for spec in chosen for choice in spec.allowed.split(", ")]
    every = [(spec, choice, typo) for spec, choice in meant for typo in one_edit(choice.upper())]
    typos = Random(20200218).sample(every, 300)

    right = 0
    for spec, choice, typo in typos:
        try:
            load([], {"HOME": "/home/somebody", spec.name: typo})
        except SettingsError as error:
            right += str(error).count(f"; did you mean {choice}?")

    assert right / len(typos) >= 0.95


def test_a_value_that_is_near_no_choice_gets_the_list_alone() -> None:
    with pytest.raises(SettingsError) as raised:
        load([], {"HOME": "/home/somebody", "CONDORD_LOG_FORMAT": "syslog"})

    assert str(raised.value).endswith("is not one of the choices; allowed: text, json")
