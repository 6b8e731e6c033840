"""The adjustment channel: decided once a session from the signals, kept in the store, applied by every computation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from daemon.core.hedge.adjustments import Adjustment, AdjustmentState, decide_adjustment
from daemon.core.orders.intent import Reason
from daemon.core.records import Decision, DecisionKind, Signal
from daemon.engine.context import Desk

ADJUSTMENT: Final = "hedge.adjustment"
"""Named value of the store: what is in force, since when, and whether the buy-gate is shut."""
JOB: Final = "signals"


@dataclass(frozen=True, slots=True)
class InForce:
    """What the adjustment channel asks of a computation."""

    state: AdjustmentState
    buy_gate_shut: bool


def adjust(desk: Desk, session: date, signals: Sequence[Signal]) -> Adjustment:
    """Decide what is in force from a session on; keep it, and record every input where there is something to tell."""
    found = decide_adjustment(session, signals, _kept(desk).state, desk.policy.adjustment)
    _keep(desk, found)
    if found.changed or found.speaks:
        _record(desk, session, signals, found=found)
    if found.changed:
        state = found.state
        fields = {"multiplier": round(state.multiplier, 4), "shift_pct": state.shift_pct, "applied": _applied(desk)}
        desk.journal.emit("hedge_adjusted", fields)
    return found


def in_force(desk: Desk) -> InForce:
    """Return what a computation must apply; nothing while adjustments are switched off."""
    return _kept(desk) if _applied(desk) else InForce(AdjustmentState(), buy_gate_shut=False)


def _applied(desk: Desk) -> bool:
    return desk.policy.adjustment.enabled


def _record(desk: Desk, session: date, signals: Sequence[Signal], *, found: Adjustment) -> None:
    off = Reason("adjustments_off", "adjustments are switched off: nothing of this is applied")
    reasons = found.reasons if _applied(desk) else (off, *found.reasons)
    inputs: dict[str, float | int | str | None] = {
        signal.name: f"{signal.state} {signal.value:.4g}" for signal in signals if signal.value is not None
    }
    inputs |= {"multiplier": round(found.state.multiplier, 6), "shift_pct": found.state.shift_pct}
    kind = DecisionKind.ADJUST if found.changed and _applied(desk) else DecisionKind.SKIP
    desk.store.record_decision(Decision(session, JOB, kind, "hedge", desk.clock.now(), reasons, inputs))


def _keep(desk: Desk, found: Adjustment) -> None:
    state = found.state
    values = {
        "multiplier": state.multiplier,
        "shift_pct": state.shift_pct,
        "last_layer_pct": state.last_layer_pct,
        "since": None if state.since is None else state.since.isoformat(),
        "buy_gate_shut": found.buy_gate_shut,
    }
    desk.store.set_meta(ADJUSTMENT, json.dumps(values, sort_keys=True))


def _kept(desk: Desk) -> InForce:
    text = desk.store.meta(ADJUSTMENT)
    if text is None:
        return InForce(AdjustmentState(), buy_gate_shut=False)
    values = json.loads(text)
    shut, since = values.pop("buy_gate_shut"), values.pop("since")
    state = AdjustmentState(**values, since=None if since is None else date.fromisoformat(since))
    return InForce(state, buy_gate_shut=shut)
