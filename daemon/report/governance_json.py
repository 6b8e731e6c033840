"""The hedge policy and its log as JSON values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from daemon.core.hedge.approvals import PolicyText
from daemon.core.hedge.governance import GovernanceEntry, Standing
from daemon.report.json_types import JsonObject, JsonValue


def show_json(state: Standing, wanted: PolicyText, found: Sequence[str], now: datetime) -> JsonObject:
    """Return the policy in force and what the settings ask for."""
    in_force = state.in_force
    signed = state.signed(wanted, now)
    return {
        "in_force": None if in_force is None else in_force.digest,
        "since": None if state.adopted is None else state.adopted.at.isoformat(),
        "decided_by": None if state.adopted is None else state.adopted.step.who,
        "needed": 0 if in_force is None else in_force.needed,
        "approvers": [] if in_force is None else [*sorted(in_force.approvers)],
        "asked": wanted.digest,
        "changes": [*found],
        "signed": [{"approver": each.approver, "expires_at": each.expires_at.isoformat()} for each in signed],
    }


def log_json(entries: Iterable[GovernanceEntry]) -> list[JsonValue]:
    """Return the governance log as JSON values, with the texts that were signed."""
    return [
        {
            "number": entry.number,
            "at": entry.at.isoformat(),
            "session": entry.session.isoformat(),
            "act": entry.step.act.value,
            "policy": entry.step.policy,
            "who": entry.step.who,
            "text": entry.step.text,
            "body": entry.step.body,
            "before": entry.before,
            "digest": entry.digest,
        }
        for entry in entries
    ]
