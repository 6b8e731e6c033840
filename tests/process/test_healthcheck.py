"""``condord healthcheck`` against a real daemon: waiting, ready, halted, frozen, gone."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from processes import wait_for, world

from daemon.cli import health_command
from daemon.errors import ExitCode


def test_the_health_of_a_daemon_is_told_in_every_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with world(tmp_path) as here:
        assert here.run("healthcheck").code == ExitCode.NOT_READY

        daemon = here.daemon()
        daemon.says("gateway waiting")
        waiting, asked = here.run("healthcheck"), here.run("healthcheck", "--ready")
        assert (waiting.code, asked.code) == (ExitCode.OK, ExitCode.NOT_READY)
        assert f"waits for the gateway: Nothing accepts connections at 127.0.0.1:{here.port}" in waiting.out
        assert len(waiting.out.splitlines()) == 1

        here.gateway()
        wait_for(lambda: here.run("healthcheck", "--ready").code == ExitCode.OK, "ready")
        assert here.run("halt", "--reason", "a test").code == ExitCode.OK
        assert "HALTED" in here.run("healthcheck", "--ready").out

        monkeypatch.setattr(health_command, "HEALTH_TIMEOUT_S", 0.3)
        daemon.popen.send_signal(signal.SIGSTOP)
        frozen = here.run("healthcheck", "--json")
        daemon.popen.send_signal(signal.SIGCONT)
        assert (frozen.code, frozen.json["health"]) == (ExitCode.FAILURE, "silent")
        assert "did not answer" in frozen.json["text"]

        assert daemon.stop() == ExitCode.OK
        gone = here.run("healthcheck")
        assert gone.code == ExitCode.NOT_READY
        assert "condord run" in gone.out


def test_a_setting_that_is_wrong_does_not_hide_the_health(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        ran = here.run("healthcheck", RISK_INDEX_MAX_AGE_S="banana")
        misspelled = here.run("healthcheck", STATE_DRI="/elsewhere")

    assert ran.code == ExitCode.NOT_READY
    assert misspelled.code == ExitCode.SETTINGS
    assert "did you mean CONDORD_STATE_DIR?" in misspelled.err
