"""``condord report``: which period, in which form, to where, and what is said when there is none."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from daemon.adapters.store import SqliteStore
from daemon.cli.report_command import report
from daemon.core.calendar.sessions import sessions_between
from daemon.core.records import DayRecord
from daemon.errors import NotReadyError, SettingsError

FIRST, LAST = date(2020, 2, 18), date(2020, 3, 4)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to and return the state folder of a program that has closed the sessions from 2020-02-18 to Wednesday 2020-03-04."""
    store = SqliteStore(tmp_path / "condord.db", synchronous="OFF")
    store.set_meta("first_session", FIRST.isoformat())
    store.set_meta("last_session", LAST.isoformat())
    for session in sessions_between(FIRST, LAST):
        store.record_day(
            DayRecord(
                session,
                3000.0,
                20.0,
                100_000_000,
                condor_pnl_usd_cents=0,
                hedge_pnl_usd_cents=0,
                wing_notional_usd=0,
                hedge_pct=None,
                hedge_target_usd=None,
                hedge_held_usd=None,
                regime=None,
                breaks_open=0,
            )
        )
    store.close()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ask(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(report, [*arguments, "--dir", str(folder)], env={"HOME": str(folder)})


def values(folder: Path, *arguments: str) -> tuple[str, str, int]:
    found = ask(folder, *arguments, "--json")
    assert found.exit_code == 0, found.output
    told = json.loads(found.output)
    return told["from"], told["to"], told["sessions"]


@pytest.mark.parametrize(
    ("words", "first", "last", "sessions"),
    [
        ("", "2020-02-18", "2020-03-04", 12),
        ("all", "2020-02-18", "2020-03-04", 12),
        ("day", "2020-03-04", "2020-03-04", 1),
        ("2020-02-24", "2020-02-24", "2020-02-24", 1),
        ("week", "2020-03-02", "2020-03-04", 3),
        ("2020-W08", "2020-02-18", "2020-02-21", 4),
        ("month", "2020-03-02", "2020-03-04", 3),
        ("2020-02", "2020-02-18", "2020-02-28", 9),
        ("2020-02-24 2020-03-02", "2020-02-24", "2020-03-02", 6),
        ("2020", "2020-02-18", "2020-03-04", 12),
    ],
)
def test_a_period_has_the_sessions_of_it_that_have_closed(
    folder: Path, words: str, first: str, last: str, sessions: int
) -> None:
    assert values(folder, *words.split()) == (first, last, sessions)


@pytest.mark.parametrize(
    ("words", "error", "part"),
    [
        ("2020-02-22", SettingsError, "Saturday"),
        ("2020-03-05", NotReadyError, "closing figures are recorded from 2020-02-18 to 2020-03-04"),
        ("2019", NotReadyError, "no session from 2019-01-01 to 2019-12-31 has closed"),
        ("2020-03-04 2020-02-18", SettingsError, "give the earlier one first"),
        ("1980 last", SettingsError, "1990 to 2035"),
        ("2020-02-20 2099", SettingsError, "1990 to 2035"),
        ("week 9999-12-31", SettingsError, "beyond the calendar"),
        ("week 10", SettingsError, "'10' is no date"),
        ("fortnight", SettingsError, "name a period as"),
        ("--section nothing", SettingsError, "name one of equity, pnl, hedge"),
        ("--out page.pdf", SettingsError, "ends with none of .txt, .json, .html, .htm"),
        ("--out /proc/condord/x.html", SettingsError, "cannot be written"),
    ],
)
def test_what_cannot_be_reported_is_refused_in_a_sentence(
    folder: Path, words: str, error: type[Exception], part: str
) -> None:
    found = ask(folder, *words.split())

    assert isinstance(found.exception, error)
    assert part in str(found.exception)


def test_before_the_first_close_there_is_nothing_to_report(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "condord.db", synchronous="OFF").close()

    found = ask(tmp_path)

    assert isinstance(found.exception, NotReadyError)
    assert "no session has closed yet" in str(found.exception)


def test_text_is_printed_when_no_form_is_asked_for(folder: Path) -> None:
    found = ask(folder, "week")

    assert found.output.startswith(
        "MODE NOT RECORDED  week 10 of 2020: 2020-03-02 to 2020-03-04, 3 sessions; in part: 2 other"
    )


@pytest.mark.parametrize(
    ("arguments", "name", "begins"),
    [
        ("--out a.html", "a.html", "<!DOCTYPE html>"),
        ("--out a.json", "a.json", "{"),
        ("--out deep/a.txt", "deep/a.txt", "MODE NOT RECORDED"),
        ("--format html", "report.html", "<!DOCTYPE html>"),
        ("--format text --out a.page", "a.page", "MODE NOT RECORDED"),
        ("--format json --out a.txt", "a.txt", "{"),
    ],
)
def test_a_file_has_the_form_of_its_ending_or_the_one_asked_for(
    folder: Path, arguments: str, name: str, begins: str
) -> None:
    found = ask(folder, "all", *arguments.split())

    assert found.exit_code == 0, found.output
    assert (folder / name).read_text().startswith(begins)
    assert found.output.startswith("report of since the start")
    assert f"written to {name}" in found.output


def test_json_may_be_printed_while_a_page_is_written(folder: Path) -> None:
    page = folder / "one.html"

    assert values(folder, "2020-02-24", "--out", str(page)) == ("2020-02-24", "2020-02-24", 1)
    assert page.read_text().startswith("<!DOCTYPE html>")


def test_one_section_may_be_shown_alone(folder: Path) -> None:
    found = ask(folder, "week", "--section", "stress")

    assert "== Stress ==" in found.output
    assert "== Condors ==" not in found.output


@pytest.mark.parametrize(
    ("typed", "incomplete", "offered"),
    [([], "w", ["week"]), ([], "", ["all", "day", "last", "month", "week", "year"]), (["--section"], "st", ["stress"])],
)
def test_a_shell_is_offered_words_of_periods_and_names_of_sections(
    typed: list[str], incomplete: str, offered: list[str]
) -> None:
    found = ShellComplete(report, {}, "report", "_REPORT_COMPLETE").get_completions(typed, incomplete)

    assert [each.value for each in found] == offered
