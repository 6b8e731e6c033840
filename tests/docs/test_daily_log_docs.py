"""docs/daily_log.md explains every section of the page, in its order, and shows a page that looks like one."""

import re
from datetime import date
from pathlib import Path

from daemon.adapters.store import SqliteStore
from daemon.report.day import gather_day
from daemon.report.day_text import WIDTH, sections

PAGE = (Path(__file__).parents[2] / "docs" / "daily_log.md").read_text(encoding="utf-8")


def headings(folder: Path) -> list[str]:
    """Return the headings of a page, which are the same on a day of which nothing is known."""
    store = SqliteStore(folder / "empty.db", synchronous="OFF")
    view = gather_day(store, date(2020, 3, 2))
    store.close()
    return [each.heading for group in sections(view) for each in group]


def test_the_table_explains_every_section_in_the_order_of_the_page(tmp_path: Path) -> None:
    assert re.findall(r"^\| ([A-Z]+) \|", PAGE, re.MULTILINE) == headings(tmp_path)


def test_the_page_shown_has_the_sections_and_the_width_of_a_page(tmp_path: Path) -> None:
    (shown,) = re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    lines = shown.splitlines()

    assert [line.split()[0] for line in lines[2:] if line[:1].isalpha()] == headings(tmp_path)
    assert max(map(len, lines)) <= WIDTH
