"""What the daemon would do now, as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
_SIDES: Final = ("put", "call")


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
    if condor["inputs"]:
        lines += columns(_rows(condor["inputs"]), "<<", indent=4)
    shown = _CHOICES if condor["kind"] == "enter" else frozenset()
    return [*lines, *_reasons([reason for reason in condor["reasons"] if reason["name"] not in shown])]


def _when(condor: Mapping[str, Any]) -> str:
    if condor["decided"] is None:
        return f"entry decision at {new_york_time(datetime.fromisoformat(condor['entry_at']))}"
    return f"decided at {new_york_time(datetime.fromisoformat(condor['decided_at']))}: {condor['decided']}"


def _rows(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was found, and with it the order when there is to be one."""
    rows = [_found(inputs), ("credit", _credit(inputs)), ("deltas", _deltas(inputs))]
    if "expected_move_pts" in inputs:
        rows.append(("expected move", _moves(inputs)))
    if "quantity" in inputs:
        margin = inputs["margin_after_usd"]
        after = "the broker names no margin" if margin is None else f"margin {whole_dollars(margin)} after it"
        rows.append(("account", f"net liquidation {whole_dollars(inputs['net_liquidation_usd'])}, {after}"))
    return [*rows, ("market", f"SPX {points(inputs['spx'])}, VIX {points(inputs['vix'])}")]


def _found(inputs: Mapping[str, Any]) -> tuple[str, str]:
    expiry = date.fromisoformat(inputs["expiry"])
    sides = [(inputs[f"{side}_short"], inputs[f"{side}_long"], side[0].upper()) for side in _SIDES]
    strikes = " ".join(f"{short:g}/{long:g}{right}" for short, long, right in sides if short is not None)
    found = f"{strikes}, expiry {expiry} ({expiry:%a})"
    return ("order", f"{inputs['quantity']}x {found}") if "quantity" in inputs else ("condor", found)


def _credit(inputs: Mapping[str, Any]) -> str:
    said = f"mid {points(inputs['mid_credit_pts'])}, natural {points(inputs['natural_credit_pts'])}"
    if "credit_target_pts" not in inputs:
        return said
    each = _each(inputs, "{}_credit_pts", lambda side, credit: f"{side} side {points(credit)}")
    return f"{said}; target {points(inputs['credit_target_pts'])}: {each}"


def _deltas(inputs: Mapping[str, Any]) -> str:
    def said(side: str, delta: float) -> str:
        own = inputs.get(f"{side}_delta_own")
        return f"short {side} {delta:.3f}" + ("" if own is None else f" (our own {abs(own):.3f})")

    return _each(inputs, "{}_delta", said)


def _moves(inputs: Mapping[str, Any]) -> str:
    each = _each(inputs, "{}_moves", lambda side, moves: f"short {side} {moves:.2f} moves away")
    return f"{points(inputs['expected_move_pts'])} around a forward of {points(inputs['forward_pts'])}: {each}"


def _each(inputs: Mapping[str, Any], name: str, said: Callable[[str, float], str]) -> str:
    """Say a number of each side that there is."""
    values = [(side, inputs.get(name.format(side))) for side in _SIDES]
    return ", ".join(said(side, value) for side, value in values if value is not None)


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
