"""The commands of the control socket, as the running daemon carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from daemon.app.alerts import trial_now
from daemon.app.health import health_now
from daemon.app.program import Program
from daemon.app.views import flatten_now, flatten_plan_now, plan_now, status_now
from daemon.core.orders.broker_facts import LinkState
from daemon.core.records import RunState
from daemon.engine.adoption import AdoptionRequest
from daemon.engine.engine import Engine
from daemon.errors import LinkDownError, SettingsError

REASON_MAX: Final = 500
"""Longest reason, in characters: it stands in one line of the log and of the status."""
SHOWN_MAX: Final = 40


async def handle(  # noqa: PLR0911 - one return a command
    program: Program, command: str, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Carry out one command of the control socket; raises CondordError when it is refused."""
    engine = program.engine
    match command:
        case "status":
            return await status_now(program)
        case "health":
            return health_now(program)
        case "plan":
            require_link(engine)
            return await plan_now(engine)
        case "halt" | "resume":
            return await _change_run_state(engine, command, arguments)
        case "reconcile":
            return await _reconcile(engine, arguments)
        case "flatten":
            require_link(engine)
            return await flatten(engine, arguments)
        case "approve":
            return _approve(program, arguments)
        case "alert_test":
            return await trial_now(program, arguments)
    raise SettingsError(f"the daemon knows no command {command!r}")


async def _reconcile(engine: Engine, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Compare book and account; what a person adopts is booked first."""
    adopts, reason = tuple(map(str, arguments.get("adopt", ()))), reason_of(arguments)
    require_link(engine)
    if adopts:
        asked = AdoptionRequest(
            what=adopts, into=str(arguments.get("into")), reason=reason, price_pts100=arguments.get("price_pts100")
        )
        result = await engine.reconciler.adopt(asked)
    else:
        result = await engine.reconciler.run(f"asked for: {reason}")
    return {
        "breaks": [{"con_id": found.con_id, "kind": found.kind.value, "text": found.text} for found in result.breaks],
        "breaks_open": engine.desk.link.breaks_open,
    }


def _approve(program: Program, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take an approval; the last one that was needed puts the policy in force at once."""
    found = program.governor.add(str(arguments.get("approval", "")))
    if found["adopted"]:
        program.engine.adopt(program.wanted)
    return found


async def _change_run_state(engine: Engine, command: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    reason = reason_of(arguments)
    if command == "halt":
        await engine.halt(reason, halted_state(arguments))
    else:
        await engine.resume(reason)
    return {"run_state": engine.desk.store.run_state().state.value}


async def flatten(engine: Engine, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Flatten when the arguments say ``yes``, else show what that would be; raises CondordError when it is refused."""
    reason = reason_of(arguments)
    return await flatten_now(engine, reason) if arguments.get("yes") else await flatten_plan_now(engine)


def reason_of(arguments: Mapping[str, Any]) -> str:
    """Return the reason of a command; raises SettingsError without one."""
    reason = str(arguments.get("reason", "")).strip()
    if not reason:
        raise SettingsError("a reason is needed, which the log keeps: --reason TEXT")
    if len(reason) > REASON_MAX:
        raise SettingsError(
            f"the reason has {len(reason):,} characters and may have at most {REASON_MAX}; say it shortly"
        )
    if not reason.isprintable():
        raise SettingsError(
            f"the reason {reason[:SHOWN_MAX]!r} has control characters; write it as plain text on one line"
        )
    return reason


def halted_state(arguments: Mapping[str, Any]) -> RunState:
    """Return the run state that a halt asks for; raises SettingsError for none of the two."""
    text = str(arguments.get("state", RunState.HALTED.value))
    if text not in (RunState.HALTED.value, RunState.EXITS_ONLY.value):
        raise SettingsError(f"{text!r} is no state to halt in; HALTED or EXITS_ONLY is")
    return RunState(text)


def require_link(engine: Engine) -> None:
    """Raise LinkDownError, with what the daemon waits for, while there is no connection to ask through."""
    state, waiting = engine.desk.broker.link, engine.link.waiting
    if state in (LinkState.DOWN, LinkState.CONNECTING):
        raise LinkDownError(
            f"the daemon has no connection to the gateway ({state.value}) and waits for one"
            + (f": {waiting}" if waiting else "")
        )
