"""``condord hedge calendar``: the rolls to come, from settings and the first session alone."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from daemon.adapters.store import SqliteStore
from daemon.cli.hedge_commands import hedge
from daemon.core.records import JobOutcome, Outcome
from daemon.errors import NotReadyError, SettingsError

AT = datetime(2020, 2, 26, 15, 31, tzinfo=UTC)
SESSION = date(2020, 2, 26)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a state folder whose first session was 2020-02-18 and whose last is 02-26, not rolled yet."""
    store = SqliteStore(tmp_path / "condord.db", synchronous="OFF")
    store.set_meta("first_session", "2020-02-18")
    store.set_meta("last_session", SESSION.isoformat())
    store.close()
    return tmp_path


def ask(folder: Path, *arguments: str, **settings: str) -> Result:
    environment = {f"CONDORD_HEDGE_{name}": text for name, text in settings.items()} | {"HOME": str(folder)}
    return CliRunner().invoke(hedge, ["calendar", "--dir", str(folder), *arguments], env=environment)


def rolls(result: Result) -> list[tuple[str, str, str, int]]:
    assert result.exit_code == 0, result.output
    return [(r["session"], r["layer"], r["expiry"], r["dte"]) for r in json.loads(result.output)["rolls"]]


def test_the_rolls_to_come_are_told_with_expiry_and_days(folder: Path) -> None:
    # L1 every 8 days from 02-18, L2 every 21: 02-26, 03-05, 03-10. L3 is due on 04-08.
    assert rolls(ask(folder, "--until", "2020-03-12", "--json")) == [
        ("2020-02-26", "L1", "2020-03-10", 13),
        ("2020-03-05", "L1", "2020-03-18", 13),
        ("2020-03-10", "L2", "2020-04-15", 36),
    ]


def test_a_roll_that_is_dealt_with_is_left_out(folder: Path) -> None:
    store = SqliteStore(folder / "condord.db", synchronous="OFF")
    store.record_job(SESSION, "hedge_roll", JobOutcome(Outcome.DONE, "rolled", AT))
    store.close()

    assert rolls(ask(folder, "--until", "2020-03-05", "--json")) == [("2020-03-05", "L1", "2020-03-18", 13)]


def test_an_anchor_of_the_settings_counts_instead_of_the_first_session(folder: Path) -> None:
    found = rolls(ask(folder, "--until", "2020-03-05", "--json", L1_ANCHOR="2020-02-27"))

    assert [session for session, _, _, _ in found] == ["2020-02-27"]


def test_a_layer_without_weight_has_no_rolls(folder: Path) -> None:
    found = rolls(ask(folder, "--until", "2020-03-12", "--json", L1_WEIGHT="0", L2_WEIGHT="10", L3_WEIGHT="0"))

    assert [layer for _, layer, _, _ in found] == ["L2"]


def test_the_table_says_when_nothing_will_be_bought(folder: Path) -> None:
    assert "2020-03-05 Thu  L1     VIX 2020-03-18 Wed" in ask(folder).output
    assert "CONDORD_HEDGE_ENABLED" in ask(folder, ENABLED="false").output
    assert "CONDORD_HEDGE_ROLLS_ENABLED" in ask(folder, ROLLS_ENABLED="false").output


def test_the_window_of_each_roll_is_told(folder: Path) -> None:
    assert "13  03-05 to 03-06" in ask(folder).output
    assert "13  03-04 to 03-06" in ask(folder, ROLL_BY_VVIX="true").output


@pytest.mark.parametrize(
    ("until", "text"),
    [
        ("2020-02-20", "--until 2020-02-20 must be after 2020-02-25"),
        ("2120-01-01", "outside the trading calendar"),
    ],
)
def test_a_date_that_is_no_use_is_told_in_a_sentence(folder: Path, until: str, text: str) -> None:
    error = ask(folder, "--until", until).exception

    assert isinstance(error, SettingsError)
    assert text in str(error)


def test_before_the_first_session_there_is_no_calendar(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "condord.db", synchronous="OFF").close()

    error = ask(tmp_path).exception

    assert isinstance(error, NotReadyError)
    assert "no session is recorded yet" in str(error)
