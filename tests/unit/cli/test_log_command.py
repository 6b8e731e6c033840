"""``condord log``: which lines are shown, and what stands there when there are none."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from daemon.adapters.store import SqliteStore
from daemon.cli.log_command import log
from daemon.core.records import DayRecord, Decision, DecisionKind, EventRecord, Level
from daemon.errors import NotReadyError

FIRST, SECOND = date(2020, 2, 18), date(2020, 2, 19)
ENTRY = "cd.20200218.condor.ENTRY.C20200218-1.1"
EXIT = "cd.20200218.condor.EXIT.C20200218-1.1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the state of two sessions; an order of the first is filled in the second."""
    store = SqliteStore(tmp_path / "condord.db", synchronous="OFF")
    store.set_meta("last_session", SECOND.isoformat())
    for name, session, level, fields in (
        ("order_planned", FIRST, Level.INFO, {"order_ref": ENTRY}),
        ("gateway_waiting", FIRST, Level.WARNING, {"why": "no route"}),
        ("order_filled", SECOND, Level.INFO, {"order_ref": ENTRY}),
        ("order_filled", SECOND, Level.INFO, {"order_ref": EXIT}),
    ):
        at = datetime(session.year, session.month, session.day, 20, 30, tzinfo=UTC)
        store.append_event(EventRecord(name, at, session, level, fields))
    store.close()
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / f"{SECOND}.log").write_text("# header\nlines\n\nthe page\n")
    return tmp_path


def ask(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(log, ["--dir", str(folder), *arguments], env={"HOME": str(folder)})


def shown(result: Result) -> list[tuple[str, str]]:
    assert result.exit_code == 0, result.output
    return [(event["session"], event["event"]) for event in json.loads(result.output)]


def test_without_a_choice_it_is_the_file_of_the_last_session(folder: Path) -> None:
    assert ask(folder).output == "# header\nlines\n\nthe page\n"


def test_the_last_session_is_the_one_under_way_and_after_its_close_still_that_one(folder: Path) -> None:
    store = SqliteStore(folder / "condord.db", synchronous="OFF")
    store.record_day(DayRecord(FIRST, 3370.0, 14.8, 100_000_000, 0, 0, 0, None, None, None, None, 0))
    at = datetime(2020, 2, 19, 14, tzinfo=UTC)
    store.record_decision(Decision(SECOND, "signals", DecisionKind.ADJUST, "hedge", at, ()))
    store.close()
    under_way = ask(folder).output

    store = SqliteStore(folder / "condord.db", synchronous="OFF")
    store.record_day(DayRecord(SECOND, 3386.0, 14.4, 100_000_000, 0, 0, 0, None, None, None, None, 0))
    store.set_meta("last_session", "2020-02-20")
    store.close()

    assert under_way == ask(folder).output == "# header\nlines\n\nthe page\n"


def test_a_line_that_a_full_disk_cut_within_a_letter_is_shown(folder: Path) -> None:
    (folder / "logs" / f"{SECOND}.log").write_bytes(b"# header\ncut \xe2\x82")

    assert ask(folder).output == "# header\ncut \N{REPLACEMENT CHARACTER}"


def test_errors_are_the_warnings_and_errors_of_a_session(folder: Path) -> None:
    assert shown(ask(folder, "2020-02-18", "--errors", "--json")) == [("2020-02-18", "gateway_waiting")]
    assert ask(folder, "2020-02-18", "--errors").output == (
        "# session 2020-02-18\n15:30:00 ET ! gateway waiting       why no route\n"
    )
    assert ask(folder, "--errors").output == "nothing of that kind was logged\n"


def test_an_order_is_followed_through_all_sessions_unless_one_is_named(folder: Path) -> None:
    both = [("2020-02-18", "order_planned"), ("2020-02-19", "order_filled")]

    assert shown(ask(folder, "--order", ENTRY, "--json")) == both
    assert shown(ask(folder, "2020-02-19", "--order", ENTRY, "--json")) == both[1:]
    assert len(shown(ask(folder, "--order", "cd.20200218.condor", "--json"))) == 3


def test_the_id_of_a_condor_names_all_its_orders_and_decisions(folder: Path) -> None:
    store = SqliteStore(folder / "condord.db", synchronous="OFF")
    at = datetime(2020, 2, 19, 15, tzinfo=UTC)
    for subject in ("C20200218-1", "C20200218-10"):
        store.append_event(EventRecord("exit_decided", at, SECOND, Level.INFO, {"subject": subject}))
    store.close()

    named = [name for _, name in shown(ask(folder, "--order", "C20200218-1", "--json"))]

    assert named == ["order_planned", "order_filled", "order_filled", "exit_decided"]


def test_words_of_an_event_are_no_name_of_an_order(folder: Path) -> None:
    assert ask(folder, "--order", "no route").output == "nothing of that kind was logged\n"


def test_a_session_without_a_file_is_told_with_the_path(folder: Path) -> None:
    result = ask(folder, "2020-02-18")

    assert isinstance(result.exception, NotReadyError)
    assert f"{folder}/logs/2020-02-18.log does not exist" in str(result.exception)


@pytest.mark.parametrize("choice", [["--errors"], ["--order", ENTRY], ["--json"]])
def test_a_choice_of_lines_cannot_be_followed(folder: Path, choice: list[str]) -> None:
    result = ask(folder, "--follow", *choice)

    assert result.exit_code == 2
    assert "--follow shows the file as it grows" in result.output
