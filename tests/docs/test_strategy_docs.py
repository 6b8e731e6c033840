"""Each row of ``docs/strategy.md`` names settings with their defaults, and a test; all of them exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from daemon.settings.catalogue import by_name

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (00[0-4]-\d\d) \| (.+) \| ?(.*?) ?\| ?(.*?) ?\| `([^`]+)` \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs/strategy.md").read_text(encoding="utf-8"))
RULES = (ROOT / "docs/rules.md").read_text(encoding="utf-8")

RULES_OF_TEXTS = {"000": 26, "001": 24, "002": 13, "003": 19, "004": 24}
"""How many rules each of the five texts has."""


def test_every_rule_has_one_row_and_is_explained() -> None:
    ids = [row[0] for row in ROWS]

    assert sorted(ids) == [f"{text}-{n:02d}" for text, last in RULES_OF_TEXTS.items() for n in range(1, last + 1)]
    assert [rule for rule in ids if f"| {rule} |" not in RULES] == []


@pytest.mark.parametrize(("settings", "defaults"), [row[2:4] for row in ROWS], ids=[row[0] for row in ROWS])
def test_the_settings_of_a_row_exist_with_these_defaults(settings: str, defaults: str) -> None:
    names = [f"CONDORD_{name}" for name in re.findall(r"`([A-Z0-9_]+)`", settings)]

    assert [name for name in names if name not in by_name()] == []
    known = [by_name()[name].default for name in names]
    assert [default for default in known if default] == [text.strip() for text in defaults.split(",") if text.strip()]


@pytest.mark.parametrize("place", [row[4] for row in ROWS], ids=[row[0] for row in ROWS])
def test_the_test_of_a_row_exists(place: str) -> None:
    file, _, name = place.partition("::")
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}

    assert name in defined
