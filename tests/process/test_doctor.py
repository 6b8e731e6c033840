"""``condord doctor`` as a command: what it exits with, beside a daemon too, and that it leaves everything as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import Ran, World, world

CLOCK = "2020-03-02 11:00"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, GATEWAY_CONNECT_TIMEOUT_S="1") as made:
        yield made


def doctor(here: World, *arguments: str, **changes: str) -> Ran:
    return here.run("doctor", "--clock", "gateway", "--json", *arguments, **changes)


def states(ran: Ran) -> dict[str, str]:
    return {check["name"]: check["state"] for check in ran.json["checks"]}


def failed(ran: Ran) -> list[str]:
    return [name for name, state in states(ran).items() if state == "FAIL"]


def faulty(here: World, fault: str) -> None:
    plan = here.folder / "plan.toml"
    plan.write_text(f"[[fault]]\n{fault}\n")
    here.gateway(CLOCK, "--faults", str(plan))


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file but the two that SQLite makes for whoever reads."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal")))
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in found}


def test_with_a_gateway_that_is_well_nothing_fails(here: World) -> None:
    here.gateway(CLOCK)

    ran = doctor(here)

    assert (ran.code, failed(ran)) == (0, [])
    assert ran.json["mode"] == "SIMULATED"
    assert not here.state.exists()


def test_beside_a_running_daemon_nothing_fails_and_the_account_is_left_alone(here: World) -> None:
    here.gateway(CLOCK)
    daemon = here.daemon()
    daemon.says("daemon ready")
    before = here.account()

    ran = doctor(here)

    assert (ran.code, failed(ran)) == (0, [])
    assert states(ran)["daemon"] == "OK"
    assert here.account() == before
    assert daemon.alive


def test_a_state_folder_is_left_as_it_was(here: World) -> None:
    here.gateway(CLOCK)
    daemon = here.daemon()
    daemon.says("daemon ready")
    assert daemon.stop() == 0
    before = files(here.state)

    ran = doctor(here)

    assert failed(ran) == []
    assert files(here.state) == before


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ('kind = "read_only"', "read_only"),
        ('kind = "silent"', "protocol"),
        ('kind = "withhold"\nmessage = "positionEnd"', "account_data"),
        ('kind = "not_subscribed"\nsymbol = "VIX"', "data_vix"),
        ('kind = "what_if_refused"\ncode = 460\nsymbol = "SPX"', "permission_spx"),
    ],
)
def test_a_gateway_that_is_not_well_ends_with_the_brokers_code(here: World, fault: str, check: str) -> None:
    faulty(here, fault)

    ran = doctor(here)

    assert ran.code == 4
    assert check in failed(ran)


def test_an_absent_gateway_ends_at_once_with_the_brokers_code(here: World) -> None:
    ran = doctor(here)

    assert (ran.code, failed(ran)) == (4, ["gateway_port"])


def test_a_live_account_fails_and_nothing_more_is_asked(here: World) -> None:
    here.gateway(CLOCK, "--account", "U1234567")

    ran = doctor(here)

    assert (ran.code, failed(ran)) == (4, ["paper_account"])
    assert states(ran)["data_spx"] == "SKIPPED"


def test_wrong_settings_leave_the_folders_to_be_looked_at(here: World) -> None:
    ran = doctor(here, CONDOR_WING_PTS="-1")

    assert (ran.code, failed(ran)) == (2, ["settings"])
    assert states(ran)["state_folder"] == "OK"
    assert states(ran)["gateway_port"] == "SKIPPED"


def test_a_broken_database_ends_with_its_code(here: World) -> None:
    here.state.mkdir()
    (here.state / "condord.db").write_text("no database at all, however long this text may be")

    ran = doctor(here, "--offline")

    assert (ran.code, failed(ran)) == (5, ["database"])
    assert states(ran)["hedge_policy"] == "SKIPPED"


def test_the_text_has_a_line_a_check_and_counts_them(here: World) -> None:
    ran = here.run("doctor", "--offline")

    lines = ran.out.splitlines()
    counted = [line for line in lines if line.startswith(("OK ", "WARN ", "FAIL ", "SKIPPED "))]
    assert ran.code == 0
    assert lines[-1].startswith(f"{len(counted)} checks: ")
