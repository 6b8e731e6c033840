"""Makes a plan that fails as small as it can be: faults are dropped one at a time, then shortened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from campaign.plans import Fault, Plan

RUNS_MAX = 150
SHORTEST_S = 1.0


def shrink(plan: Plan, fails: Callable[[Plan], bool]) -> Plan:
    """Return the smallest plan found that still fails; the plan itself where nothing can be left out."""
    runs = 0
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(plan):
            runs += 1
            if runs > RUNS_MAX:
                return plan
            if fails(candidate):
                plan, smaller = candidate, True
                break
    return plan


def _smaller(plan: Plan) -> Iterator[Plan]:
    """Yield what is a step smaller, the largest steps first."""
    faults = plan.faults
    for number in range(len(faults)):
        yield replace(plan, faults=(*faults[:number], *faults[number + 1 :]))
    if plan.settings:
        yield replace(plan, settings={})
    if plan.partial_share:
        yield replace(plan, partial_share=0.0)
    for number, fault in enumerate(faults):
        if (shorter := _shorter(fault)) is not None:
            yield replace(plan, faults=(*faults[:number], shorter, *faults[number + 1 :]))


def _shorter(fault: Fault) -> Fault | None:
    half = (fault.end - fault.start) / 2
    return replace(fault, end=fault.start + half) if half.total_seconds() >= SHORTEST_S else None
