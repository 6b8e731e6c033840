"""What the daemon would do now, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from daemon.report.words import columns, new_york_instant, new_york_time, points, value_text, whole_dollars

VERDICTS: Final = {"enter": "now it would be to enter", "skip": "now it would be not to enter"}
VERDICTS_LATER: Final = {
    "enter": "there is one decision a session; another now would be to enter",
    "skip": "there is one decision a session; another now would be not to enter",
}
UNDECIDED: Final = "cannot be decided now"
_CHOICES: Final = frozenset({"expiry_in_window", "put_short_delta", "call_short_delta", "credit"})
"""Reasons that the condor's own lines show already."""


def plan_text(plan: Mapping[str, Any]) -> str:
    """Render the answer of the ``plan`` command."""
    head = f"Plan of session {plan['session']}, as of {new_york_instant(datetime.fromisoformat(plan['at']))}"
    state = "" if plan["run_state"] == "RUNNING" else f"; the run state is {plan['run_state']}"
    hint = ["", plan["hint"]] if plan.get("hint") else []
    return "\n".join(
        [f"{head}; nothing is sent{state}.", "", *_condor(plan["condor"]), "", *_hedge(plan["hedge"]), *hint]
    )


def _condor(condor: Mapping[str, Any]) -> list[str]:
    verdict = (VERDICTS if condor["decided"] is None else VERDICTS_LATER).get(condor["kind"], UNDECIDED)
    lines = [f"CONDOR  {_when(condor)}", f"  {verdict}"]
    if condor["kind"] == "enter":
        lines += columns(_entry_rows(condor["inputs"]), "<<", indent=4)
    shown = _CHOICES if condor["kind"] == "enter" else frozenset()
    return [*lines, *_reasons([reason for reason in condor["reasons"] if reason["name"] not in shown])]


def _when(condor: Mapping[str, Any]) -> str:
    if condor["decided"] is None:
        return f"entry decision at {new_york_time(datetime.fromisoformat(condor['entry_at']))}"
    return f"decided at {new_york_time(datetime.fromisoformat(condor['decided_at']))}: {condor['decided']}"


def _entry_rows(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    expiry = date.fromisoformat(inputs["expiry"])
    sides = [(inputs[f"{side}_short"], inputs[f"{side}_long"], side[0].upper()) for side in ("put", "call")]
    strikes = " ".join(f"{short:g}/{long:g}{right}" for short, long, right in sides if short is not None)
    margin = inputs["margin_after_usd"]
    after = "the broker names no margin" if margin is None else f"margin {whole_dollars(margin)} after it"
    return [
        ("order", f"{inputs['quantity']}x {strikes}, expiry {expiry} ({expiry:%a})"),
        ("credit", f"mid {points(inputs['mid_credit_pts'])}, natural {points(inputs['natural_credit_pts'])}"),
        ("deltas", f"short put {inputs['put_delta']:.3f}, short call {inputs['call_delta']:.3f}"),
        ("account", f"net liquidation {whole_dollars(inputs['net_liquidation_usd'])}, {after}"),
        ("market", f"SPX {points(inputs['spx'])}, VIX {points(inputs['vix'])}"),
    ]


def _hedge(hedge: Mapping[str, Any]) -> list[str]:
    due = ", ".join(f"{name} (since {day})" for name, day in hedge["due"].items()) or "none"
    lines = [f"HEDGE   rolls due: {due}"]
    if hedge["kind"] != "computed":
        return [*lines, f"  the target {UNDECIDED}", *_reasons(hedge["reasons"])]
    lines.append(f"  {hedge['arithmetic']}")
    rows = [("layer", "held", "target", "measured by", "forward", "delta", "delta-$")]
    rows += [
        (
            row["layer"],
            str(row["held"]),
            str(row["target"]),
            row["contract"] or "nothing",
            points(row["forward_pts"]),
            "unknown" if row["delta"] is None else f"{row['delta']:.2f}",
            whole_dollars(row["delta_usd"]),
        )
        for row in hedge["layers"]
    ]
    return [*lines, *columns(rows, "<>><>>>"), *_reasons(hedge["reasons"])]


def _reasons(reasons: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"  - {reason['text']}{_numbers(reason)} ({reason['name']})" for reason in reasons]


def _numbers(reason: Mapping[str, Any]) -> str:
    value, limit = reason["value"], reason["limit"]
    parts = [] if value is None else [value_text(value)]
    if limit is not None:
        parts.append(f"limit {value_text(limit)}")
    return f" [{', '.join(parts)}]" if parts else ""
