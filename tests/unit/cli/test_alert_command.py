"""``condord alert``: the sentence and the exit code of each outcome; what counts as the file of outlets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from daemon.adapters.outlets import AppriseOutlets, StoredAlerts, sender
from daemon.adapters.store import DATABASE, SqliteStore
from daemon.app.alerts import CREDENTIAL, counting_outlets, open_outlets, outlet_warnings, outlets_file
from daemon.cli.alert_command import alert
from daemon.cli.main import run_command
from daemon.core.alerts.outbox import DeskRecord
from daemon.core.alerts.state import AlertState
from daemon.errors import SettingsError, StoreError
from daemon.settings import Settings, load


@pytest.fixture
def urls(tmp_path: Path) -> Path:
    path = tmp_path / "alert_urls"
    path.write_text("json://127.0.0.1:9/one\njson://127.0.0.1:9/two\n")
    path.chmod(0o600)
    return path


def run(folder: Path, *arguments: str, **names: str) -> Result:
    environment = {"HOME": str(folder), "CONDORD_STATE_DIR": str(folder / "state")}
    return CliRunner(env=environment | names).invoke(alert, [*arguments])


def settings(folder: Path, **names: str) -> Settings:
    return load([], {"HOME": str(folder)} | names)


def answers(monkeypatch: pytest.MonkeyPatch, problems: Mapping[str, str]) -> None:
    async def send(_self: object, _message: object, to: tuple[str, ...]) -> Mapping[str, str]:
        return {name: problems[name] for name in to}

    monkeypatch.setattr(AppriseOutlets, "send", send)


def test_a_test_without_an_outlet_says_how_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("HOME", tmp_path), ("CONDORD_STATE_DIR", tmp_path)):
        monkeypatch.setenv(name, str(value))

    code = run_command(["alert", "test"])

    assert code == 3
    assert "CONDORD_ALERT_URLS_FILE" in capsys.readouterr().err


def test_a_test_says_of_each_outlet_what_came_of_it(
    tmp_path: Path, urls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, {"1 json": "", "2 json": "no answer within 30 s"})

    done = run(tmp_path, "test", CONDORD_ALERT_URLS_FILE=str(urls))

    assert done.output == "1 json: sent\n2 json: FAILED, no answer within 30 s\n"


def test_a_test_speaks_json(tmp_path: Path, urls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, {"1 json": "", "2 json": ""})

    done = run(tmp_path, "test", "--json", CONDORD_ALERT_URLS_FILE=str(urls))

    assert json.loads(done.output) == {"daemon_running": False, "outlets": {"1 json": "", "2 json": ""}}


def test_a_list_before_the_first_outlet_says_so(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "state" / DATABASE).close()

    assert run(tmp_path, "list").output.startswith("no alert desk has run here")
    assert json.loads(run(tmp_path, "list", "--json").output) == {"desk": False}


def test_a_list_has_every_part_also_when_it_is_empty(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state" / DATABASE)
    StoredAlerts(store).save(DeskRecord(state=AlertState()))
    store.close()

    text = run(tmp_path, "list").output

    for heading in ("SENT", "ON ITS WAY", "WAITS FOR ITS TIME", "GOES ON, TOLD BEFORE"):
        assert f"\n{heading}\n" in text


def test_a_record_of_another_version_is_told_in_a_sentence(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state" / DATABASE)
    store.set_meta("alerts", '{"outbox": 5}')
    store.close()

    found = run(tmp_path, "list").exception

    assert isinstance(found, StoreError)
    assert "another version" in str(found)


def test_kinds_are_told_the_most_severe_first(tmp_path: Path) -> None:
    found = json.loads(run(tmp_path, "kinds", "--json").output)

    levels = [row["level"] for row in found]
    assert levels == sorted(levels, key=["urgent", "attention", "info"].index)


def test_the_file_of_the_settings_wins_over_the_credential_of_the_service(tmp_path: Path, urls: Path) -> None:
    (tmp_path / CREDENTIAL).write_text("json://127.0.0.1:9/credential\n")
    service = {"CREDENTIALS_DIRECTORY": str(tmp_path)}

    assert outlets_file(settings(tmp_path)) is None
    assert outlets_file(settings(tmp_path, **service)) == tmp_path / CREDENTIAL
    assert outlets_file(settings(tmp_path, **service, CONDORD_ALERT_URLS_FILE=str(urls))) == urls


def test_a_service_without_that_credential_has_no_outlet(tmp_path: Path) -> None:
    assert open_outlets(settings(tmp_path, CREDENTIALS_DIRECTORY=str(tmp_path))) is None


def test_outlets_without_the_package_say_how_to_get_it(
    tmp_path: Path, urls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "find_spec", lambda _name: None)
    configured = settings(tmp_path, CONDORD_ALERT_URLS_FILE=str(urls))

    with pytest.raises(SettingsError, match="make install EXTRAS=yes"):
        open_outlets(configured)
    assert open_outlets(settings(tmp_path)) is None
    counted = counting_outlets(configured)
    assert counted is not None
    assert counted.names == ("1 json", "2 json")


def test_a_file_that_everybody_may_read_is_a_warning(tmp_path: Path, urls: Path) -> None:
    configured = settings(tmp_path, CONDORD_ALERT_URLS_FILE=str(urls))
    closed = outlet_warnings(configured)
    urls.chmod(0o644)

    assert closed == ()
    assert "chmod 600" in outlet_warnings(configured)[0]
