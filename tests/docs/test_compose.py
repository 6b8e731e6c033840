"""compose.yaml: paper only, on loopback only, without rights or secrets it could do without, in step with the image."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml  # type: ignore[import-untyped]  # it has no types, and its stubs are no part of the lock

from daemon.cli.main import COMMANDS
from daemon.settings.catalogue import by_name

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
DOCKERFILE: Final = (ROOT / "Dockerfile").read_text()
OURS: Final = [name for name, service in SERVICES.items() if service["image"] == "condord"]
DAEMONS: Final = ["daemon", "simulated-daemon"]


def test_each_profile_is_one_daemon_behind_one_gateway() -> None:
    """A service without a profile would start with either of them."""
    members: dict[str, list[str]] = {}
    for name, service in SERVICES.items():
        (profile,) = service["profiles"]
        members.setdefault(profile, []).append(name)

    assert members == {"paper": ["daemon", "ib-gateway"], "simulated": ["simulated-daemon", "simulated-gateway"]}


def test_a_daemon_starts_when_its_gateway_is_healthy() -> None:
    for name in DAEMONS:
        ((gateway, how),) = SERVICES[name]["depends_on"].items()
        assert how == {"condition": "service_healthy"}
        assert SERVICES[gateway]["healthcheck"]["test"]


def test_the_gateway_is_of_one_version_and_logs_in_to_paper_trading() -> None:
    gateway = SERVICES["ib-gateway"]

    assert re.fullmatch(r"ghcr\.io/gnzsnz/ib-gateway:\d+\.\d+\.\w+(@sha256:[0-9a-f]{64})?", gateway["image"])
    assert gateway["environment"]["TRADING_MODE"] == "paper"
    assert gateway["environment"]["READ_ONLY_API"] == "no"


def test_ports_are_open_to_this_host_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_passwords_come_from_files_and_none_stands_here() -> None:
    assert COMPOSE["secrets"] == {"tws_password": {"file": "secrets/tws_password"}}
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name:
                assert name.endswith("_FILE")
                assert value.removeprefix("/run/secrets/") in service["secrets"]


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_without_rights_over_a_file_system_that_is_read_only(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "cap_add" not in service
    assert "user" not in service, "the image has its user"


@pytest.mark.parametrize("name", OURS)
def test_our_services_get_as_long_to_stop_as_the_unit_does(name: str) -> None:
    unit = (ROOT / "systemd/condord.service").read_text()
    (limit,) = re.findall(r"^TimeoutStopSec=(\d+s)$", unit, re.MULTILINE)

    assert SERVICES[name]["stop_grace_period"] == limit


@pytest.mark.parametrize("name", DAEMONS)
def test_all_that_a_daemon_writes_is_a_volume_or_memory(name: str) -> None:
    service = SERVICES[name]
    written = set(re.findall(r"CONDORD_\w+_DIR=(\S+)", DOCKERFILE))
    volumes = {volume.partition(":")[2]: volume.partition(":")[0] for volume in service["volumes"]}
    memory = {entry.partition(":")[0]: entry.partition(":")[2] for entry in service["tmpfs"]}

    assert written <= volumes.keys() | memory.keys()
    assert set(volumes.values()) <= COMPOSE["volumes"].keys()
    (number,) = re.findall(r"useradd --system --uid (\d+)", DOCKERFILE)
    assert f"uid={number},gid={number}" in memory["/run/condord"]


def test_no_two_services_share_a_volume() -> None:
    used = [volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]

    assert sorted(used) == sorted(COMPOSE["volumes"])


def test_settings_and_commands_that_are_named_exist() -> None:
    for service in SERVICES.values():
        ours = {name for name in service.get("environment", {}) if name.startswith("CONDORD_")}
        assert ours <= by_name().keys()
        if "command" in service:
            assert service["command"][1] in COMMANDS


def test_the_image_asks_the_daemon_whether_it_is_healthy() -> None:
    (command,) = re.findall(r'^HEALTHCHECK .*CMD \["condord", "(\w+)"\]$', DOCKERFILE, re.MULTILINE)

    assert command in COMMANDS
