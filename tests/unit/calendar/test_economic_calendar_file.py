"""The file of economic events: what ships, and how a bad one is refused."""

from importlib.resources import files
from pathlib import Path

import pytest

from daemon.adapters.economic_calendar import COLUMNS, SHIPPED, load_economic_calendar
from daemon.adapters.economic_calendar.extract import extract
from daemon.core.calendar.events import EventKind
from daemon.errors import SettingsError

ROOT = Path(__file__).parents[3]
TABLE = ROOT / "../shared/data/macro_calendar.csv"
HEADER = ",".join(COLUMNS)


def write(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "calendar.csv"
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def refusal(path: Path) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_economic_calendar(path)
    return caught.value.problems


def test_the_file_of_the_configuration_is_the_one_in_the_package() -> None:
    assert (ROOT / "config/economic_calendar.csv").resolve() == SHIPPED.resolve()
    assert files("daemon.adapters.economic_calendar").joinpath("economic_calendar.csv").is_file()


@pytest.mark.skipif(not TABLE.exists(), reason="the collected table of events is not beside the project")
def test_the_shipped_file_is_what_the_extraction_writes(tmp_path: Path) -> None:
    target = tmp_path / "again.csv"

    extract(TABLE, target)

    assert target.read_text(encoding="utf-8") == SHIPPED.read_text(encoding="utf-8")


def test_a_file_of_ones_own_replaces_the_shipped_one(tmp_path: Path) -> None:
    path = write(tmp_path, "# GDP, advance estimates", "", "2026-01-29,gdp,08:30,", "2026-01-29,fomc,,")

    calendar = load_economic_calendar(path)

    assert [(event.kind, event.at is None) for event in calendar.published] == [
        (EventKind.GDP, False),
        (EventKind.FOMC, True),
    ]


@pytest.mark.parametrize(
    ("row", "value", "allowed"),
    [
        ("2026-13-01,cpi,08:30,", "date='2026-13-01'", "allowed: a date such as"),
        ("20260112,cpi,08:30,", "date='20260112'", "allowed: a date such as"),
        ("1826-01-12,cpi,08:30,", "date='1826-01-12'", "from 1990 to 2034"),
        ("2035-12-31,cpi,08:30,", "date='2035-12-31'", "from 1990 to 2034"),
        ("2026-01-13,cip,08:30,", "event='cip'", "allowed: fomc, cpi, ppi, payrolls, gdp"),
        ("2026-01-16,opex,16:00,", "event='opex', which is computed", "allowed: fomc"),
        ("2026-01-13,cpi,8:30,", "time_et='8:30'", "allowed: a New York time such as 08:30"),
        ("2026-01-13,cpi,25:00,", "time_et='25:00'", "allowed: a New York time such as 08:30"),
        ("2026-01-13,cpi,08:30", "has 3 cells", "allowed: 4, which are date,event,time_et,detail"),
        ('2026-01-13,cpi,08:30,"open', "has cpi on 2026-01-13 a second time", "allowed: one row for each"),
        ("2026-01-12,ppi,08:30,", "date=2026-01-12 behind 2026-01-13", "allowed: rows in the order"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_value_and_what_is_allowed(
    tmp_path: Path, row: str, value: str, allowed: str
) -> None:
    path = write(tmp_path, "# a comment counts as a line", "2026-01-13,cpi,08:30,December 2025", row)

    (problem,) = refusal(path)

    assert problem.startswith(f"{path}:4 ")
    assert value in problem
    assert allowed in problem


def test_all_bad_rows_are_named_up_to_ten(tmp_path: Path) -> None:
    problems = refusal(write(tmp_path, *["x"] * 12))

    assert len(problems) == 11
    assert problems[-1].endswith("and 2 more rows like these")


def test_another_header_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, header="date,name")

    assert refusal(path) == (f"{path}:1 is date,name; allowed: the header {HEADER}",)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe")
    empty = tmp_path / "empty.csv"
    empty.touch()

    assert "cannot be read: No such file" in refusal(tmp_path / "none.csv")[0]
    assert "cannot be read: Is a directory" in refusal(tmp_path)[0]
    assert "is not UTF-8 text (byte 0)" in refusal(binary)[0]
    assert refusal(empty) == (f"{empty}:1 is nothing; allowed: the header {HEADER}",)
