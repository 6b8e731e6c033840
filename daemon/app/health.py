"""Whether the daemon is well, as it says itself."""

from __future__ import annotations

import os
from typing import Any

from daemon.app.program import Program


def health_now(program: Program) -> dict[str, Any]:
    """Return, at once and without asking the gateway, what a monitor wants to know of the running daemon."""
    engine = program.engine
    link = engine.desk.link
    return {
        "pid": os.getpid(),
        "account": f"{program.mode} {link.account}".strip(),
        "run_state": engine.run_states.now().state.value,
        "ready": link.ready,
        "breaks_open": link.breaks_open,
        "waiting": engine.link.waiting or "",
        "alerts": program.alerts is not None,
    }
