"""Changes of the settings as a daemon tells them, and as ``condord config diff`` shows them."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from daemon.adapters.store import DATABASE, SqliteStore
from daemon.app.standing import last_start, pending_count, tell_pending, tell_start
from daemon.cli.config_commands import config
from daemon.engine.journal import Journal
from daemon.settings import Settings, load

NOW = datetime(2020, 3, 2, 14, 0, tzinfo=UTC)
SESSION = date(2020, 3, 2)


class Clock:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


class Host:
    """A state folder with one env file, and daemons that start on it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "condord.env"
        self.state = folder / "state"
        self.state.mkdir()
        self.store = SqliteStore(self.state / DATABASE, synchronous="OFF")
        self.journal = Journal(self.store, Clock(), lambda _: SESSION)

    def write(self, *lines: str) -> Settings:
        self.path.write_text("\n".join([f"CONDORD_STATE_DIR={self.state}", *lines]))
        return load([self.path], {"HOME": "/home/somebody"})

    def start(self, settings: Settings) -> None:
        tell_start(settings, self.store, self.journal, now=NOW)

    def close_session(self, settings: Settings) -> None:
        tell_pending(settings, self.store, self.journal)

    def events(self, name: str) -> list[dict[str, object]]:
        return [dict(event.fields) for event in self.store.events() if event.name == name]

    def diff(self, *arguments: str) -> Result:
        runner = CliRunner(env={"HOME": "/home/somebody", "CONDORD_ENV_FILES": str(self.path)})
        return runner.invoke(config, ["diff", *arguments])


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_the_first_start_tells_its_settings_and_no_change(host: Host) -> None:
    settings = host.write("CONDORD_GATEWAY_SEED=2")

    host.start(settings)

    (told,) = host.events("settings_loaded")
    assert (told["changed"], told["digest"]) == (2, settings.digest)
    assert host.events("settings_changed") == []
    kept = last_start(host.store)
    assert kept is not None
    assert kept.digest == settings.digest


def test_a_later_start_tells_each_change_once(host: Host) -> None:
    host.start(host.write("CONDORD_GATEWAY_SEED=2"))
    later = host.write("CONDORD_GATEWAY_SEED=3", "CONDORD_GATEWAY_HISTORY=")

    host.start(later)
    host.start(later)

    assert host.events("settings_changed") == [
        {"setting": "CONDORD_GATEWAY_SEED", "value": "3", "before": "2", "source": f"{host.path}:2"}
    ]


def test_a_value_that_is_empty_is_told_as_empty(host: Host) -> None:
    host.start(host.write("CONDORD_HEDGE_L1_ANCHOR=2020-03-02"))

    host.start(host.write())

    assert [(told["value"], told["before"]) for told in host.events("settings_changed")] == [("empty", "2020-03-02")]


def test_an_edit_under_a_running_daemon_is_told_as_pending_at_the_close(host: Host) -> None:
    running = host.write("CONDORD_GATEWAY_SEED=2")
    host.start(running)
    host.close_session(running)
    assert host.events("settings_pending") == []
    host.write("CONDORD_GATEWAY_SEED=3")

    host.close_session(running)

    assert host.events("settings_pending") == [
        {"changes": "1 change", "settings": ["CONDORD_GATEWAY_SEED 3 (in force 2)"]}
    ]
    assert pending_count(running, host.store) == 1


def test_a_file_that_a_restart_would_refuse_is_a_warning_at_the_close(host: Host) -> None:
    running = host.write()
    host.start(running)
    host.path.write_text("CONDORD_GATEWAY_SED=3\n")

    host.close_session(running)

    (told,) = host.events("settings_unreadable")
    assert "did you mean CONDORD_GATEWAY_SEED?" in str(told["text"])
    assert pending_count(running, host.store) is None


def test_diff_says_when_nothing_has_been_started_yet(host: Host) -> None:
    host.write()

    result = host.diff()

    assert result.exit_code == 0
    assert result.stdout.startswith(f"nothing has been started in {host.state} yet")
    assert json.loads(host.diff("--json").stdout)["started_at"] is None


def test_diff_says_when_nothing_has_changed(host: Host) -> None:
    host.start(host.write())

    assert host.diff().stdout.startswith("nothing has changed since the start of 2020-03-02 09:00 EST with settings ")


def test_diff_shows_name_before_now_and_source(host: Host) -> None:
    host.start(host.write("CONDORD_GATEWAY_SEED=2"))
    host.write("CONDORD_GATEWAY_SEED=3")

    head, _, row = host.diff().stdout.splitlines()

    assert head.startswith("1 change since the start of 2020-03-02 09:00 EST with settings ")
    assert head.endswith("; in force from the next start")
    assert row.split() == ["CONDORD_GATEWAY_SEED", "2", "3", f"{host.path}:2"]


def test_diff_as_json_holds_the_same(host: Host) -> None:
    host.start(host.write("CONDORD_GATEWAY_SEED=2"))
    settings = host.write("CONDORD_GATEWAY_SEED=3")

    found = json.loads(host.diff("--json").stdout)

    assert (found["running"], found["pending"], found["digest_now"]) == (False, 0, settings.digest)
    assert found["changes"] == [
        {
            "name": "CONDORD_GATEWAY_SEED",
            "before": "2",
            "now": "3",
            "source": f"{host.path}:2",
            "alters_exit_of": [],
        }
    ]


def test_diff_of_settings_that_are_wrong_names_what_is_wrong(host: Host) -> None:
    host.start(host.write())
    host.path.write_text("CONDORD_GATEWAY_SEED=x\n")

    result = host.diff()

    assert result.exit_code != 0
    assert "is not a whole number" in str(result.exception)
