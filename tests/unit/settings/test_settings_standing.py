"""What has changed since a start: seen by the daemon itself, and by somebody else who reads the same files."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from daemon.errors import SettingsError
from daemon.settings import Settings, load
from daemon.settings.catalogue import catalogue
from daemon.settings.standing import Change, KeptSettings, changes, kept, kept_text, pending, reread

HOME = {"HOME": "/home/somebody"}
NOW = datetime(2020, 3, 2, 14, 0, tzinfo=UTC)


def read(path: Path, text: str, **environ: str) -> Settings:
    path.write_text(text)
    return load([path], {**HOME, **{f"CONDORD_{name}": value for name, value in environ.items()}})


def start(settings: Settings) -> KeptSettings:
    """Return what a store gives back of a start."""
    return kept(kept_text(settings, NOW))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "condord.env"


def test_the_settings_of_a_start_are_kept_with_its_time_and_its_digest(path: Path) -> None:
    settings = read(path, "CONDORD_GATEWAY_SEED=2\n")

    found = start(settings)

    assert (found.at, found.digest) == (NOW, settings.digest)
    assert found.values["CONDORD_GATEWAY_SEED"] == "2"
    assert len(found.values) == len(catalogue())
    assert changes(found, settings) == pending(found, settings) == ()


def test_a_change_names_both_values_and_where_the_new_one_stands(path: Path) -> None:
    before = start(read(path, "CONDORD_GATEWAY_SEED=2\nCONDORD_LOG_LEVEL=debug\n"))

    now = read(path, "CONDORD_GATEWAY_SEED=3\n")

    expected = (
        Change("CONDORD_GATEWAY_SEED", "2", "3", f"{path}:1"),
        Change("CONDORD_LOG_LEVEL", "debug", "info", "default"),
    )
    assert changes(before, now) == pending(before, now) == expected


def test_the_same_value_written_otherwise_is_no_change(path: Path) -> None:
    before = start(read(path, "CONDORD_CONDOR_CREDIT_TARGET_PTS=1.10\n"))

    assert changes(before, read(path, "# moved\n\nCONDORD_CONDOR_CREDIT_TARGET_PTS=1.1\n")) == ()


def test_a_setting_that_an_earlier_version_did_not_know_had_its_default(path: Path) -> None:
    before = start(read(path, ""))
    older = KeptSettings(before.at, before.digest, {k: v for k, v in before.values.items() if "_SEED" not in k}, {})

    assert changes(older, read(path, "")) == ()
    assert changes(older, read(path, "CONDORD_GATEWAY_SEED=3\n")) == (
        Change("CONDORD_GATEWAY_SEED", "1", "3", f"{path}:1"),
    )


def test_what_only_the_daemon_was_given_is_no_change_for_somebody_else(path: Path) -> None:
    before = start(load([], {"HOME": "/", "STATE_DIRECTORY": "/var/lib/condord", "CONDORD_LOG_LEVEL": "debug"}))

    outside = read(path, "")

    assert {each.name for each in changes(before, outside)} >= {"CONDORD_LOG_LEVEL", "CONDORD_STATE_DIR"}
    assert pending(before, outside) == ()
    assert [each.name for each in pending(before, read(path, "CONDORD_LOG_LEVEL=error\n"))] == ["CONDORD_LOG_LEVEL"]


def test_a_daemon_sees_an_edit_of_its_file_although_the_service_manager_passed_the_file_as_environment(
    path: Path,
) -> None:
    running = read(path, "CONDORD_GATEWAY_SEED=2\nCONDORD_LOG_LEVEL=debug\n", GATEWAY_SEED="2", LOG_LEVEL="debug")
    before = start(running)
    path.write_text("CONDORD_GATEWAY_SEED=3\n")

    found = changes(before, reread(running))

    assert [(each.name, each.before, each.now) for each in found] == [
        ("CONDORD_GATEWAY_SEED", "2", "3"),
        ("CONDORD_LOG_LEVEL", "debug", "info"),
    ]


def test_what_the_environment_alone_gave_a_daemon_stays_when_it_reads_its_files_again(path: Path) -> None:
    running = read(path, "", LOG_LEVEL="debug")
    before = start(running)
    path.write_text("CONDORD_LOG_LEVEL=error\n")

    assert changes(before, reread(running)) == ()


def test_files_that_a_restart_could_not_read_are_said_with_what_is_wrong(path: Path) -> None:
    running = read(path, "")
    path.write_text("CONDORD_GATEWAY_SEED=many\n")

    with pytest.raises(SettingsError, match="is not a whole number"):
        reread(running)


def test_no_setting_holds_a_secret_so_all_of_them_may_be_kept_and_told() -> None:
    telling = ("PASSWORD", "TOKEN", "SECRET", "URL", "KEY")
    secret = [spec.name for spec in catalogue() if any(word in spec.name for word in telling)]

    assert [name for name in secret if not name.endswith(("_FILE", "_DIR"))] == []
