from typing import Any

import pytest

from daemon.errors import ExitCode
from daemon.report.health import Health, HealthView, health_code, health_json, health_of

READY: dict[str, Any] = {
    "pid": 4711,
    "account": "PAPER DU123",
    "run_state": "RUNNING",
    "ready": True,
    "breaks_open": 0,
    "waiting": "",
}
WAITING = {**READY, "ready": False, "waiting": "nothing listens on 127.0.0.1:4002"}


def test_a_daemon_that_is_connected_and_reconciled_is_ready() -> None:
    view = health_of(READY)

    assert view == HealthView(Health.READY, "healthy and ready: PAPER DU123, RUNNING, no break open")
    assert health_code(view, ready=True) is ExitCode.OK


@pytest.mark.parametrize("state", ["HALTED", "EXITS_ONLY"])
def test_a_halt_is_healthy(state: str) -> None:
    view = health_of({**READY, "run_state": state, "breaks_open": 2})

    assert view.healthy
    assert view.text == f"healthy and ready: PAPER DU123, {state}, 2 breaks open"


def test_a_daemon_that_waits_for_its_gateway_is_healthy_and_not_ready() -> None:
    view = health_of(WAITING)

    assert "waits for the gateway: nothing listens on 127.0.0.1:4002" in view.text
    assert health_code(view, ready=False) is ExitCode.OK
    assert health_code(view, ready=True) is ExitCode.NOT_READY


def test_a_daemon_that_reconciles_just_now_is_not_ready_yet() -> None:
    assert "connects to the gateway and reconciles" in health_of({**WAITING, "waiting": ""}).text


@pytest.mark.parametrize(("health", "code"), [(Health.SILENT, ExitCode.FAILURE), (Health.DOWN, ExitCode.NOT_READY)])
@pytest.mark.parametrize("ready", [False, True])
def test_a_daemon_that_does_not_answer_is_not_healthy(health: Health, code: ExitCode, *, ready: bool) -> None:
    view = HealthView(health, "why")

    assert not view.healthy
    assert health_code(view, ready=ready) is code


def test_json_has_the_verdict_beside_what_the_daemon_said() -> None:
    found = health_json(health_of(WAITING), WAITING)

    assert (found["healthy"], found["health"], found["ready"], found["pid"]) == (True, "waiting", False, 4711)
