from datetime import date
from pathlib import Path

import pytest

from daemon.errors import HistoryError
from daemon.sim.history import load_folder

SPX = "date,open,high,low,close,volume\n2020-03-16,2508.59,2562.98,2380.94,2386.13,1\n2020-03-17,2425.66,2553.93,2367.04,2529.19,1\n"
VIX = "date,open,high,low,close,source\n2020-03-16,57.83,83.56,57.83,82.69,cboe\n2020-03-17,82.69,84.83,70.37,75.91,cboe\n"
CURVE = (
    "date,m1_expiry,m1_dte,m1,m2,m3,m4,m5,m6,m7,m8,m9\n"
    "2020-03-16,2020-03-18,2,72.6250,59.1500,44.8750,38.9500,34.9750,32.1750,30.8750,30.6750,\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "spx_daily.csv").write_text(SPX)
    (tmp_path / "vix_daily.csv").write_text(VIX)
    return tmp_path


def test_two_files_are_enough_and_everything_else_is_a_named_estimate(folder: Path) -> None:
    facts = load_folder(folder).facts(date(2020, 3, 16))

    assert (facts.spx.close, facts.vix.high) == (2386.13, 83.56)
    assert set(facts.proxies) == {"vix9d", "vix3m", "vix6m", "vvix", "skew", "bill_rate_pct", "futures"}
    assert facts.advancing is None
    assert len(facts.futures) == 7


def test_published_settles_are_taken_as_they_are_from_the_first_month_after_the_day(folder: Path) -> None:
    (folder / "vix_futures_term_structure_daily.csv").write_text(CURVE)

    facts = load_folder(folder).facts(date(2020, 3, 16))

    assert facts.futures[:2] == ((date(2020, 3, 18), 72.625), (date(2020, 4, 15), 59.15))
    assert facts.futures[-1] == (date(2020, 10, 21), 30.675)
    assert "futures" not in facts.proxies


def test_an_estimate_beside_a_published_row_does_not_depend_on_other_rows(folder: Path) -> None:
    both = load_folder(folder).facts(date(2020, 3, 17))
    (folder / "spx_daily.csv").write_text(SPX.replace("2020-03-16,2508.59,2562.98,2380.94,2386.13,1\n", ""))

    assert load_folder(folder).facts(date(2020, 3, 17)) == both


def test_a_high_below_the_close_is_widened(folder: Path) -> None:
    (folder / "vix_daily.csv").write_text(VIX.replace("83.56", "80.00"))

    assert load_folder(folder).facts(date(2020, 3, 16)).vix.high == 82.69


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("spx_daily.csv", "2562.98", "high", "spx_daily.csv:2: column high is 'high'; expected a number above zero"),
        ("spx_daily.csv", "2386.13", "", "spx_daily.csv:2: column close is empty; expected a number above zero"),
        ("spx_daily.csv", "2386.13", "nan", "spx_daily.csv:2: column close is 'nan'; expected a number above zero"),
        ("vix_daily.csv", "70.37", "-70.37", "vix_daily.csv:3: column low is '-70.37'; expected a number above zero"),
        ("vix_daily.csv", "2020-03-17", "17/03/2020", "vix_daily.csv:3: column date is '17/03/2020'; expected a date"),
        ("vix_daily.csv", "2020-03-17", "2020-03-16", "expected a date after 2020-03-16"),
        ("vix_daily.csv", "2020-03-17", "2020-03-21", "'2020-03-21'; expected a trading session"),
        ("vix_daily.csv", "75.91,cboe", "75.91", "vix_daily.csv:3: 5 cells; expected 6 as in the header"),
        ("vix_daily.csv", "open", "first", "vix_daily.csv:1: no column open in the header"),
    ],
)
def test_a_malformed_cell_is_named_with_file_line_column_value_and_expectation(
    folder: Path, file: str, old: str, new: str, sentence: str
) -> None:
    path = folder / file
    path.write_text(path.read_text().replace(old, new, 1))

    with pytest.raises(HistoryError) as caught:
        load_folder(folder)

    assert sentence in str(caught.value)


def test_a_curve_that_starts_at_a_wrong_month_is_refused(folder: Path) -> None:
    (folder / "vix_futures_term_structure_daily.csv").write_text(CURVE.replace("2020-03-18", "2020-03-17"))

    with pytest.raises(HistoryError, match="m1_expiry is '2020-03-17'; expected 2020-03-18"):
        load_folder(folder)


def test_a_missing_required_file_is_named(folder: Path) -> None:
    (folder / "vix_daily.csv").unlink()

    with pytest.raises(HistoryError, match=r"vix_daily\.csv cannot be read: No such file"):
        load_folder(folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="nowhere is not a folder"):
        load_folder(tmp_path / "nowhere")


def test_a_file_that_is_not_text_is_named(folder: Path) -> None:
    (folder / "spx_daily.csv").write_bytes(b"date,open,high,low,close\n\xff\xfe\n")

    with pytest.raises(HistoryError, match=r"spx_daily\.csv is not text in UTF-8"):
        load_folder(folder)
