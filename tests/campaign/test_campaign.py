"""A small fixed campaign, and every seed that ever failed, in every run of the tests."""

from __future__ import annotations

from dataclasses import replace

import pytest
from campaign.campaigns import one, seeds_kept
from campaign.plans import Fault, Kind, Plan, draw
from campaign.shrink import shrink

FIXED = range(1, 26)


FIXED_CODEC = range(1, 8)
CASES = [*(("process", seed) for seed in FIXED), *(("codec", seed) for seed in FIXED_CODEC), *seeds_kept()]


@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_a_seeded_plan_breaks_no_invariant(kind: str, seed: int) -> None:
    outcome = one(seed, codec=kind == "codec")

    assert not outcome.violations, f"{outcome.plan}\n" + "\n".join(map(str, outcome.violations))


def test_the_fixed_seeds_draw_every_kind_of_fault() -> None:
    assert {fault.kind for seed in FIXED for fault in draw(seed).faults} == set(Kind)


def test_a_plan_that_fails_is_made_as_small_as_it_can_be() -> None:
    plan = draw(3)
    guilty = plan.faults[1]

    def fails(candidate: Plan) -> bool:
        return any((fault.kind, fault.start) == (guilty.kind, guilty.start) for fault in candidate.faults)

    small = shrink(plan, fails)

    assert [(fault.kind, fault.start) for fault in small.faults] == [(guilty.kind, guilty.start)]
    assert small.faults[0].end - guilty.start < guilty.end - guilty.start
    assert (small.settings, small.partial_share) == ({}, 0.0)


def test_a_fault_that_is_needed_for_its_whole_time_is_left_as_it_is() -> None:
    plan = draw(3)
    needed: tuple[Fault, ...] = plan.faults

    small = shrink(plan, lambda candidate: candidate.faults == needed)

    assert small.faults == needed
    assert small == replace(plan, settings={}, partial_share=0.0)
