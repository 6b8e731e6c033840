"""docs/daily_log.md explains every section of the page, in its order, and shows a page that looks like one."""

import re
from datetime import date
from pathlib import Path

from report_fakes import FakeStore

from daemon.report.day import gather_day
from daemon.report.day_text import WIDTH, sections

PAGE = (Path(__file__).parents[2] / "docs" / "daily_log.md").read_text(encoding="utf-8")
HEADINGS = [each.heading for group in sections(gather_day(FakeStore(), date(2020, 3, 2))) for each in group]


def test_the_table_explains_every_section_in_the_order_of_the_page() -> None:
    assert re.findall(r"^\| ([A-Z]+) \|", PAGE, re.MULTILINE) == HEADINGS


def test_the_page_shown_has_the_sections_and_the_width_of_a_page() -> None:
    (shown,) = re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    lines = shown.splitlines()

    assert [line.split()[0] for line in lines[2:] if line[:1].isalpha()] == HEADINGS
    assert max(map(len, lines)) <= WIDTH
