"""What the daemons of a campaign are told: settings over folders of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from daemon.settings import Settings, load

FIXED: Final = {
    "CONDORD_STORE_SYNCHRONOUS": "OFF",
    "CONDORD_GATEWAY_HEARTBEAT_S": "3600",
    "CONDORD_SCHEDULE_EXITS_EVERY_MIN": "15",
    "CONDORD_SCHEDULE_RISK_EVERY_MIN": "30",
    "CONDORD_SCHEDULE_RECONCILE_EVERY_MIN": "15",
    "CONDORD_RISK_MEASURE_EVERY_MIN": "0",
}
"""Slower beats than usual: most of them would only find what the one before has found."""


def settings(folder: Path, changes: Mapping[str, str]) -> Settings:
    """Return the settings of a daemon of a campaign."""
    names = {f"CONDORD_{name}": value for name, value in changes.items()}
    folders = {"CONDORD_STATE_DIR": str(folder), "CONDORD_LOG_DIR": str(folder), "CONDORD_RUNTIME_DIR": str(folder)}
    return load([], folders | FIXED | names)
