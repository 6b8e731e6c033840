"""The folder of macro figures: what is read, what a day may know, and one sentence for everything that is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from daemon.adapters.macro_files import MacroFiles, load_macro_files
from daemon.core.market.macro import MacroKind
from daemon.errors import SettingsError


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_without_a_folder_nothing_is_known() -> None:
    assert load_macro_files(None).until(MacroKind.REER, date(2020, 2, 18)) is None


def test_a_day_knows_what_was_published_until_then(tmp_path: Path) -> None:
    written(tmp_path, "reer.csv", "# BIS, broad\ndate,index\n2020-01-17,118.2\n2020-02-19,119.5\n")
    data = load_macro_files(tmp_path)

    before, after = (data.until(MacroKind.REER, date(2020, 2, day)) for day in (18, 19))

    assert before is not None
    assert before.values == (118.2,)
    assert after is not None
    assert after.values == (118.2, 119.5)
    assert data.until(MacroKind.REER, date(2020, 1, 16)) is None
    assert data.until(MacroKind.PE, date(2020, 2, 19)) is None


def test_breadth_is_advances_less_declines(tmp_path: Path) -> None:
    written(tmp_path, "breadth.csv", "date,advancing,declining\n2020-02-28,700,1946\n")

    found = load_macro_files(tmp_path).until(MacroKind.BREADTH, date(2020, 3, 2))

    assert found is not None
    assert found.values == (-1246.0,)
    assert found.source == "breadth.csv"


def test_a_consensus_column_may_be_there_with_empty_cells(tmp_path: Path) -> None:
    written(tmp_path, "cpi.csv", "date,change_pct,consensus_pct\n2020-01-14,0.2,0.3\n2020-02-13,0.1,\n")
    written(tmp_path, "ppi.csv", "date,change_pct\n2020-01-15,0.1\n")

    data = load_macro_files(tmp_path)

    with_consensus, without = (data.until(kind, date(2020, 2, 14)) for kind in (MacroKind.CPI, MacroKind.PPI))
    assert with_consensus is not None
    assert (with_consensus.values, with_consensus.expected) == ((0.2, 0.1), (0.3, None))
    assert without is not None
    assert without.expected == ()
    known = data.until(MacroKind.CPI, date(2020, 1, 14))
    assert known is not None
    assert known.expected == (0.3,)


def test_files_are_read_again_only_when_one_has_changed(tmp_path: Path) -> None:
    files = MacroFiles(written(tmp_path, "pe.csv", "date,ratio\n2020-01-02,20\n"))
    first = files.read()

    assert files.read() is first
    written(tmp_path, "pe.csv", "date,ratio\n2020-01-02,20\n2020-02-03,21\n")
    assert files.read() is not first
    written(tmp_path, "pe.csv", "date,ratio\n2020-01-02,much\n")
    for _ in range(2):
        with pytest.raises(SettingsError, match="ratio='much'"):
            files.read()


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("reer.csv", "date,value\n", "reer.csv:1 is date,value; allowed: the header date,index"),
        ("pe.csv", "date,ratio\n2020-13-01,20\n", "pe.csv:2 has date='2020-13-01'; allowed: a date such as"),
        ("pe.csv", "date,ratio\n2020-01-02,nan\n", "pe.csv:2 has ratio='nan'; allowed: a number from 0.1 to 1000"),
        ("pcf.csv", "date,ratio\n2020-01-02,-4\n", "pcf.csv:2 has ratio='-4'; allowed: a number from 0.1 to 1000"),
        ("gdp.csv", "date,growth_pct\n2020-01-30,2.1,x\n", "gdp.csv:2 has 3 cells; allowed: 2, which are"),
        (
            "bill_rate.csv",
            "date,rate_pct\n2020-01-30,1.5\n\n2020-01-30,1.6\n",
            "bill_rate.csv:4 has date=2020-01-30 behind 2020-01-30; allowed: rows in the order of their dates",
        ),
        (
            "cpi.csv",
            "date,change_pct,forecast\n",
            "cpi.csv:1 is date,change_pct,forecast; allowed: the header date,change_pct or date,change_pct,consensus_pct",
        ),
        (
            "ppi.csv",
            "date,change_pct,consensus_pct\n2020-01-15,0.1,none\n",
            "ppi.csv:2 has consensus_pct='none'; allowed: a number from -50 to 50",
        ),
        (
            "concentration.csv",
            "date,top10_pct\n2020-01-31,130\n",
            "has top10_pct='130'; allowed: a number from 1 to 100",
        ),
        ("reed.csv", "date,index\n", "reed.csv is no file of macro figures; allowed: bill_rate.csv, breadth.csv,"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_sentence(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_macro_files(written(tmp_path, name, text))

    (problem,) = error.value.problems
    assert sentence in problem
    assert str(tmp_path / name) in problem


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is not there"):
        load_macro_files(tmp_path / "none")
