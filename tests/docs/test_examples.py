"""Every command line, setting and event that a document shows exists as it is written there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from daemon.cli.main import condord
from daemon.settings.catalogue import catalogue

ROOT = Path(__file__).parents[2]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
SETTINGS = {spec.name for spec in catalogue()}
OTHER_NAMES = {"CONDORD_ENV_FILES", "CONDORD_EVENT"}
"""What begins like a setting and is none: where commands find their files, and a field of the journal."""


def lines(document: Path) -> list[tuple[str, bool]]:
    """Return the command lines of a document, and whether each stands in a block of shell and so is whole."""
    text = document.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:sh)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    whole = [(line, True) for block in blocks for line in block.splitlines()]
    return whole + [(code, False) for line in text.splitlines() for code in line.split("`")[1::2]]


def condord_words(line: str) -> list[list[str]]:
    """Return the words of each call of condord in a command line."""
    found = []
    for part in re.split(r"[;&|]|\$\(|\)", line.split(" #", maxsplit=1)[0]):
        try:
            words = shlex.split(part)
        except ValueError:
            continue  # prose between back quotes
        at = [n for n, word in enumerate(words) if re.fullmatch(r"([^=]*bin/)?condord", word) and n + 1 < len(words)]
        if at and (at[0] == 0 or words[at[0] - 1] in {"--", "timeout"} or "=" in words[at[0] - 1]):
            found.append(words[at[0] + 1 :])
    return [words for words in found if "[OPTIONS]" not in words]  # those are how the reference shows a use


CALLS = [
    pytest.param(words, whole, id=f"{document.name}: {' '.join(words)}")
    for document in DOCUMENTS
    for line, whole in lines(document)
    for words in condord_words(line)
]


def test_there_are_examples_to_check() -> None:
    assert len(CALLS) > 60


@pytest.mark.parametrize(("words", "whole"), CALLS)
def test_an_example_names_a_command_and_its_options(words: list[str], *, whole: bool) -> None:
    command: click.Command = condord
    context = click.Context(condord, info_name="condord", **condord.context_settings)
    while isinstance(command, click.Group) and words:
        found = command.get_command(context, words[0])
        if found is None:
            assert command is not condord, f"condord {words[0]} is no command"
            break  # the group's own form with an argument
        command, words = found, words[1:]
        context = click.Context(command, parent=context, info_name=command.name)
    try:
        given, _, _ = command.make_parser(context).parse_args(list(words))  # raises for an option that it does not have
    except click.BadOptionUsage:  # one without its value
        assert not whole
        return

    needed = {option.name for option in command.params if isinstance(option, click.Option) and option.required}
    assert not whole or needed <= given.keys() or "--help" in words


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_row_of_a_table_has_lost_its_heading(document: Path) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", document.read_text(encoding="utf-8"), re.MULTILINE)

    assert [table for table in tables if not re.match(r".*\n\|[-|: ]+\|\n", table)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_preset_replaces_the_local_settings_which_name_the_gateway(document: Path) -> None:
    assert not re.search(r"^(install|cp) .*presets/.*/local\.env$", document.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_setting_that_a_document_names_is_one(document: Path) -> None:
    named = set(re.findall(r"\bCONDORD_[A-Z0-9_]*[A-Z0-9]\b(?![*_])", document.read_text(encoding="utf-8")))

    assert named - SETTINGS - OTHER_NAMES == set()
