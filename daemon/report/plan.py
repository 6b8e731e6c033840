"""What the daemon would do now, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def plan_text(plan: Mapping[str, Any]) -> str:
    """Render the answer of the ``plan`` command."""
    lines = [f"Plan of session {plan['session']}, as of {plan['at']}; nothing is sent.", ""]
    condor, hedge = plan["condor"], plan["hedge"]
    verdict = {"enter": "would enter", "skip": "would not enter"}.get(condor["kind"], "cannot be decided")
    lines += [f"CONDOR  {verdict}", *_reasons(condor["reasons"])]
    lines += [f"  {name:<22} {value}" for name, value in condor["inputs"].items()]
    due = ", ".join(f"{name} (since {day})" for name, day in hedge["due"].items()) or "none"
    lines += ["", f"HEDGE   rolls due: {due}"]
    if hedge["kind"] == "computed":
        lines.append(
            f"  VIX {hedge['vix']:.2f} -> {hedge['regime']}, p {hedge['pct']:.2f} % x W ${hedge['wing_notional_usd']:,} "
            f"= ${hedge['target_usd']:,.0f}; held ${hedge['held_usd']:,.0f}"
        )
        lines += [
            f"  {row['layer']}  held {row['held']}  target {row['target']}  {row['contract']}  "
            f"forward {row['forward_pts']:.2f}  delta {row['delta']:.2f}  delta-dollars {row['delta_usd']:,.0f}"
            for row in hedge["layers"]
        ]
    lines += _reasons(hedge["reasons"])
    return "\n".join(lines)


def _reasons(reasons: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"  - {reason['name']}: {reason['text']}{_numbers(reason)}" for reason in reasons]


def _numbers(reason: Mapping[str, Any]) -> str:
    value, limit = reason["value"], reason["limit"]
    if value is None and limit is None:
        return ""
    return f" [{'' if value is None else value}{'' if limit is None else f'; limit {limit}'}]"
