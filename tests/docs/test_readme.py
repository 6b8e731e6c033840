"""What the README and the documents say exists, exists."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from daemon.cli.main import COMMANDS, HELP, condord

ROOT = Path(__file__).parents[2]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "config").glob("*.md")))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_a_document_names_is_one(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:[A-Z_]+=\S+ )*condord ([a-z]+)", text))

    assert named <= set(COMMANDS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"make ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8")))

    assert {"demo", "test"} <= named
    assert [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_stands_in_the_overview(name: str) -> None:
    command = condord.get_command(click.Context(condord), name)

    assert command is not None
    assert command.help
    assert HELP[name].endswith(".")


@pytest.mark.parametrize(
    "name", ["status", "why", "book", "hedge", "log", "report", "plan", "rehearse", "doctor", "version"]
)
def test_every_reading_command_speaks_json(name: str) -> None:
    command = condord.get_command(click.Context(condord), name)

    assert command is not None
    assert "--json" in {option for parameter in command.params for option in parameter.opts}
