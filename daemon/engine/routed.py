"""What a harvest of the first layer buys for the second, kept in the store between sessions."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Final

from daemon.core.hedge.harvest import Routed
from daemon.engine.context import Desk

ROUTED: Final = "hedge.routed"
"""Named value of the store: what the last harvest of the first layer buys for the second."""


def keep_routed(desk: Desk, routed: Routed) -> None:
    """Keep what a harvest buys."""
    desk.store.set_meta(ROUTED, json.dumps(asdict(routed), default=str, sort_keys=True))


def routed_before(desk: Desk) -> Routed | None:
    """Return what the last harvest of the first layer buys for the second."""
    text = desk.store.meta(ROUTED)
    if text is None:
        return None
    values = json.loads(text)
    return Routed(session=date.fromisoformat(values["session"]), unit=values["unit"], contracts=values["contracts"])
