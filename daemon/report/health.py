"""The one line of ``healthcheck``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from daemon.errors import ExitCode


class Health(StrEnum):
    """How the daemon is. One that waits for its gateway, or is halted, is healthy: it does what it should."""

    READY = "ready"
    """Connected and reconciled."""
    WAITING = "waiting"
    """It runs without a reconciled connection."""
    SILENT = "silent"
    """It runs and does not answer: its loop stands still."""
    DOWN = "not running"


@dataclass(frozen=True, slots=True)
class HealthView:
    """What was found, with the sentence about it."""

    health: Health
    text: str

    @property
    def healthy(self) -> bool:
        """Whether nothing needs to be restarted."""
        return self.health in (Health.READY, Health.WAITING)


_CODES: Final = {Health.READY: ExitCode.OK, Health.SILENT: ExitCode.FAILURE, Health.DOWN: ExitCode.NOT_READY}


def health_of(answer: Mapping[str, Any]) -> HealthView:
    """Judge what the running daemon answered."""
    who = f"{answer['account']}, {answer['run_state']}"
    if not answer["ready"]:
        return HealthView(Health.WAITING, f"healthy, not ready: {who}, {_waiting(answer['waiting'])}")
    breaks = answer["breaks_open"]
    left = f"{breaks} break{'s' if breaks > 1 else ''} open" if breaks else "no break open"
    return HealthView(Health.READY, f"healthy and ready: {who}, {left}")


def _waiting(why: str) -> str:
    return f"waits for the gateway: {why}" if why else "connects to the gateway and reconciles"


def health_code(view: HealthView, *, ready: bool) -> ExitCode:
    """Return 0 for a healthy daemon; with ``ready`` only for one that is ready too."""
    return _CODES.get(view.health, ExitCode.NOT_READY if ready else ExitCode.OK)


def health_json(view: HealthView, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the verdict, and what the daemon said of itself."""
    return {"healthy": view.healthy, "health": view.health.value, "text": view.text, **answer}
