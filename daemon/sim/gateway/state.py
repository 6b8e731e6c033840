"""The gateway's state as one JSON file that is never half written."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from daemon.errors import SettingsError, StoreError


def save(path: Path, state: Mapping[str, Any]) -> None:
    """Write the state so that a crash leaves the old file or the new one; raise StoreError."""
    partial = path.with_name(f"{path.name}.new")
    try:
        with partial.open("w", encoding="utf-8") as file:
            json.dump(state, file, separators=(",", ":"), allow_nan=False)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as cause:
        raise StoreError(
            f"{path}: the gateway's state cannot be written ({cause.strerror}); give a writable --state."
        ) from cause


def load(path: Path) -> dict[str, Any] | None:
    """Read a state; None when there is none yet. Raises SettingsError for a file that is not one."""
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as cause:
        raise SettingsError(f"{path}: this is not a gateway's state ({cause}); move it away to begin anew.") from cause
    if not isinstance(state, dict) or "exchange" not in state:
        raise SettingsError(f"{path}: this is not a gateway's state; move it away to begin anew.")
    return state
