"""The page about the doctor has the table of checks as the program prints it."""

from __future__ import annotations

from pathlib import Path

from daemon.core.doctor.check import State
from daemon.report.doctor import checks_table

PAGE = Path(__file__).parents[2] / "docs/doctor.md"


def test_the_table_of_checks_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8").endswith(checks_table()), "take over: condord doctor --list"


def test_every_state_is_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert [state for state in State if f"| {state} |" not in text] == []
