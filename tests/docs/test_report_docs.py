"""The page about the report names what the report has."""

import re
from pathlib import Path

from daemon.cli.report_command import ENDINGS, Form
from daemon.report.cells import LONG_SESSIONS, ROWS_SHOWN, Unit
from daemon.report.period import ROLLS_AHEAD_DAYS
from daemon.report.sections import SECTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "report.md").read_text()


def test_every_section_has_its_row_in_the_order_of_the_page() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE.split("## Read it")[1], re.MULTILINE) == [*SECTIONS]


def test_every_unit_form_and_ending_is_named() -> None:
    flat = " ".join(PAGE.split())

    assert all(f"`{unit.value}`" in flat for unit in Unit)
    assert all(form.value in flat for form in Form)
    assert all(ending in flat for ending in ENDINGS if ending != ".htm")


def test_the_bounds_are_those_of_the_code() -> None:
    assert f"newest {ROWS_SHOWN} rows, of more than {LONG_SESSIONS} sessions its newest {ROWS_SHOWN // 2}" in PAGE
    assert f"next {ROLLS_AHEAD_DAYS} days" in PAGE
