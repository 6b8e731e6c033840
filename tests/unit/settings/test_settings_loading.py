"""Reading settings: which source wins, where each value came from, and every problem at once."""

from datetime import date, time
from pathlib import Path

import pytest

from daemon.core.records import Level
from daemon.errors import ExitCode, SettingsError
from daemon.settings import GatewayMode, LogFormat, Settings, SourceKind, Synchronous, load, rows
from daemon.settings.catalogue import catalogue

HOME = {"HOME": "/home/somebody"}
KINDS = "one or more of fomc, cpi, ppi, payrolls, gdp, opex, vix_expiry, early_close, with commas between"


def write(folder: Path, text: str, name: str = "condord.env") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def problems(*files: Path, **environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(files, HOME | environ)
    return caught.value.problems


def source(settings: Settings, name: str) -> str:
    return next(str(row.source) for row in rows(settings) if row.spec.name == name)


def test_everything_has_its_default_in_an_empty_environment() -> None:
    settings = load([], HOME)

    assert settings.gateway.mode is GatewayMode.SIMULATED
    assert settings.gateway.port == 4002
    assert not any(row.changed for row in rows(settings))
    assert {row.source.kind for row in rows(settings)} == {SourceKind.DEFAULT}


def test_later_files_win_over_earlier_ones_and_the_environment_over_files(tmp_path: Path) -> None:
    first = write(tmp_path, "CONDORD_GATEWAY_PORT=1001\nCONDORD_GATEWAY_SEED=2\nCONDORD_LOG_LEVEL=debug\n", "a.env")
    second = write(tmp_path, "# preset\nCONDORD_GATEWAY_PORT=1002\nCONDORD_GATEWAY_SEED=3\n", "b.env")

    settings = load([first, second], HOME | {"CONDORD_GATEWAY_SEED": "4"})

    assert (settings.gateway.port, settings.gateway.seed, settings.log.level) == (1002, 4, Level.DEBUG)
    assert source(settings, "CONDORD_GATEWAY_PORT") == f"{second}:2"
    assert source(settings, "CONDORD_GATEWAY_SEED") == "environment"
    assert source(settings, "CONDORD_LOG_LEVEL") == f"{first}:3"
    assert source(settings, "CONDORD_GATEWAY_HOST") == "default"


def test_the_command_line_wins_over_everything() -> None:
    settings = load([], HOME | {"CONDORD_GATEWAY_SEED": "4"}, overrides={"CONDORD_GATEWAY_SEED": "5"})

    assert settings.gateway.seed == 5
    assert source(settings, "CONDORD_GATEWAY_SEED") == "command line"


def test_a_file_stays_the_source_when_the_service_manager_passes_the_same_value(tmp_path: Path) -> None:
    path = write(tmp_path, "CONDORD_GATEWAY_PORT=7497\n")

    settings = load([path], HOME | {"CONDORD_GATEWAY_PORT": "7497"})

    assert source(settings, "CONDORD_GATEWAY_PORT") == f"{path}:1"


def test_every_kind_of_value_is_read() -> None:
    settings = load(
        [],
        HOME
        | {
            "CONDORD_GATEWAY_MODE": "IB",
            "CONDORD_GATEWAY_ACCOUNT": "DU1234567",
            "CONDORD_GATEWAY_HISTORY": "~/history",
            "CONDORD_CONDOR_ENABLED": "no",
            "CONDORD_CONDOR_SHORT_DELTA": "0.16",
            "CONDORD_SCHEDULE_CONDOR_ENTRY": "10:05",
            "CONDORD_HEDGE_L2_ANCHOR": "2020-02-18",
            "CONDORD_STORE_SYNCHRONOUS": "normal",
            "CONDORD_LOG_FORMAT": "json",
        },
    )

    assert settings.gateway.mode is GatewayMode.IB
    assert settings.gateway.account == "DU1234567"
    assert settings.gateway.history == Path("/home/somebody/history")
    assert settings.condor.enabled is False
    assert settings.condor.short_delta == 0.16
    assert settings.schedule.condor_entry == time(10, 5)
    assert settings.hedge.l2.anchor == date(2020, 2, 18)
    assert settings.store.synchronous is Synchronous.NORMAL
    assert settings.log.format is LogFormat.JSON


@pytest.mark.parametrize(
    ("name", "text", "wrong", "allowed"),
    [
        ("CONDORD_GATEWAY_PORT", "abc", "is not a whole number", "1 to 65535"),
        ("CONDORD_GATEWAY_PORT", "4002.5", "is not a whole number", "1 to 65535"),
        ("CONDORD_GATEWAY_PORT", "70000", "is out of range", "1 to 65535"),
        ("CONDORD_GATEWAY_PORT", "0", "is out of range", "1 to 65535"),
        ("CONDORD_GATEWAY_PORT", "", "is empty", "1 to 65535"),
        ("CONDORD_GATEWAY_MODE", "live", "is not one of the choices", "simulated, ib"),
        ("CONDORD_CONDOR_EVENT_MODE", "on", "is not one of the choices", "off, half, skip"),
        ("CONDORD_CONDOR_EVENT_KINDS", "fomc,cip", "names 'cip', which is no event", KINDS),
        ("CONDORD_CONDOR_EVENT_KINDS", "cpi,CPI", "names cpi twice", KINDS),
        ("CONDORD_CONDOR_EVENT_KINDS", "cpi,", "has an empty place in its list", KINDS),
        ("CONDORD_GATEWAY_HOST", "a b", "is not a host name or address", "a host name or address without spaces"),
        (
            "CONDORD_GATEWAY_ACCOUNT",
            "U123",
            "is not a paper account",
            "empty, or an account that begins with DU, DF or DI",
        ),
        ("CONDORD_CONDOR_ENABLED", "maybe", "is not true or false", "true or false"),
        ("CONDORD_CONDOR_SHORT_DELTA", "nan", "is not a number", "0.01 to 0.5 delta"),
        ("CONDORD_CONDOR_SHORT_DELTA", "0,15", "is not a number", "0.01 to 0.5 delta"),
        ("CONDORD_CONDOR_WING_PTS", "12", "is not a multiple of 5", "5 to 500 in steps of 5 points"),
        ("CONDORD_CONDOR_LADDER_STEP_PTS", "0.07", "is not a multiple of 0.05", "0.05 to 5 in steps of 0.05 points"),
        ("CONDORD_SCHEDULE_CONDOR_ENTRY", "1530", "is not a time of day", "09:35 to 15:55 New York"),
        ("CONDORD_SCHEDULE_CONDOR_ENTRY", "25:00", "is not a time of day", "09:35 to 15:55 New York"),
        ("CONDORD_SCHEDULE_CONDOR_ENTRY", "16:30", "is out of range", "09:35 to 15:55 New York"),
        ("CONDORD_HEDGE_L1_ANCHOR", "20200218", "is not a date", "empty, or YYYY-MM-DD"),
        ("CONDORD_HEDGE_L1_ANCHOR", "2020-02-30", "is not a date of the calendar", "empty, or YYYY-MM-DD"),
        ("CONDORD_RISK_CLOCK_SKEW_MAX_S", "inf", "is not a number", "0.5 to 60 s"),
        ("CONDORD_LOG_DIR", "", "is empty", "a folder"),
    ],
)
def test_a_wrong_value_is_named_with_its_place_and_what_is_allowed(
    tmp_path: Path, name: str, text: str, wrong: str, allowed: str
) -> None:
    path = write(tmp_path, f"\n{name}={text}\n")

    assert problems(path) == (f"{name}={text} in {path}:2 {wrong}; allowed: {allowed}",)


def test_a_wrong_value_of_the_environment_says_so() -> None:
    assert problems(CONDORD_GATEWAY_PORT="abc") == (
        "CONDORD_GATEWAY_PORT=abc in the environment is not a whole number; allowed: 1 to 65535",
    )


def test_control_characters_of_a_value_do_not_reach_the_terminal() -> None:
    (problem,) = problems(CONDORD_GATEWAY_PORT="1\x1b[31m")

    assert problem.isprintable()


def test_misspelled_names_in_file_and_environment_are_named_with_the_nearest_real_one(tmp_path: Path) -> None:
    path = write(tmp_path, "CONDORD_GATEWAY_PROT=1\n")

    found = problems(path, CONDOR_LOG_LEVEL="info")

    assert found == (
        f"CONDORD_GATEWAY_PROT in {path}:1 is not a setting; did you mean CONDORD_GATEWAY_PORT?",
        "CONDOR_LOG_LEVEL in the environment is not a setting; did you mean CONDORD_LOG_LEVEL?",
    )


def test_a_name_without_the_prefix_is_reported_in_a_file_only(tmp_path: Path) -> None:
    path = write(tmp_path, "GATEWAY_PORT=1\nTZ=UTC\n")

    assert problems(path) == (f"GATEWAY_PORT in {path}:1 is not a setting; did you mean CONDORD_GATEWAY_PORT?",)
    assert load([], HOME | {"GATEWAY_PORT": "1"}).gateway.port == 4002


def test_the_name_of_a_whole_group_is_no_setting() -> None:
    assert "is not a setting" in problems(CONDORD_GATEWAY='{"port": 1}')[0]


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "CONDORD_GATEWAY_PORT=abc\nCONDORD_LOG_LEVL=debug\nnonsense\nCONDORD_CONDOR_DTE_MIN=33\nCONDORD_HEDGE_L1_WEIGHT=-1\n",
    )

    found = problems(path, tmp_path / "missing.env", CONDORD_CONDOR_WING_PTS="7")

    told = ("GATEWAY_PORT=abc", "LOG_LEVL", "nonsense", "DTE_MIN=33", "L1_WEIGHT=-1", "missing.env", "WING_PTS=7")
    assert len(found) == len(told)
    assert all(any(part in problem for problem in found) for part in told)
    assert SettingsError(*found).exit_code == ExitCode.SETTINGS


def test_warnings_do_not_stop_the_program(tmp_path: Path) -> None:
    path = write(tmp_path, "CONDORD_GATEWAY_SEED=1\nCONDORD_GATEWAY_SEED=2\n")

    settings = load([path], HOME)

    assert settings.gateway.seed == 2
    assert len(settings.warnings) == 1


def test_the_folders_of_the_user_are_the_defaults() -> None:
    settings = load([], HOME)

    assert settings.state_dir == Path("/home/somebody/.local/state/condord")
    assert settings.log_dir == Path("/home/somebody/.local/state/condord/logs")
    assert settings.runtime_dir == settings.state_dir


def test_the_folders_of_the_service_manager_are_the_defaults_of_a_unit() -> None:
    environ = {
        "STATE_DIRECTORY": "/var/lib/condord:/x",
        "LOGS_DIRECTORY": "/var/log/condord",
        "RUNTIME_DIRECTORY": "/run/c",
    }

    settings = load([], environ)

    assert (settings.state_dir, settings.log_dir) == (Path("/var/lib/condord"), Path("/var/log/condord"))
    assert settings.runtime_dir == Path("/run/c")
    assert source(settings, "CONDORD_STATE_DIR") == "default (STATE_DIRECTORY)"
    assert not any(row.changed for row in rows(settings))


def test_logs_and_control_socket_follow_a_chosen_state_folder() -> None:
    settings = load([], HOME | {"CONDORD_STATE_DIR": "~/paper"})

    assert settings.state_dir == Path("/home/somebody/paper")
    assert settings.log_dir == Path("/home/somebody/paper/logs")
    assert settings.runtime_dir == Path("/home/somebody/paper")


def test_a_relative_folder_is_written_out() -> None:
    assert load([], HOME | {"CONDORD_STATE_DIR": "paper"}).state_dir == Path.cwd() / "paper"


def test_without_home_and_service_manager_a_state_folder_must_be_named() -> None:
    with pytest.raises(SettingsError) as caught:
        load([], {})

    assert caught.value.problems == (
        "CONDORD_STATE_DIR has no default, because neither STATE_DIRECTORY nor HOME is set; set it",
    )
    assert load([], {"CONDORD_STATE_DIR": "/srv/condord"}).log_dir == Path("/srv/condord/logs")


def test_the_digest_changes_with_a_setting_and_not_with_spelling_or_folders() -> None:
    plain = load([], HOME).digest

    assert load([], HOME | {"CONDORD_STATE_DIR": "/elsewhere"}).digest == plain
    assert load([], HOME | {"CONDORD_CONDOR_LADDER_THROUGH_PTS": "0.200"}).digest == plain
    assert load([], HOME | {"CONDORD_CONDOR_TIME_EXIT_DTE": "4"}).digest != plain


def test_what_the_service_manager_tells_is_passed_on() -> None:
    environ = HOME | {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "30000000", "JOURNAL_STREAM": "8:1"}

    service = load([], environ).service

    assert (service.notify_socket, service.watchdog_usec, service.journal_stream) == ("@x", 30_000_000, "8:1")
    assert load([], environ | {"WATCHDOG_PID": "1"}).service.watchdog_usec is None
    assert load([], environ | {"WATCHDOG_USEC": "soon"}).service.watchdog_usec is None


def test_every_default_written_out_is_read_as_no_change() -> None:
    given = {spec.name: spec.default for spec in catalogue()}

    settings = load([], HOME | given)

    assert [row.spec.name for row in rows(settings) if row.changed] == []


def test_settings_cannot_be_changed() -> None:
    settings = load([], HOME)

    with pytest.raises(ValueError, match="frozen"):
        settings.gateway.port = 1
