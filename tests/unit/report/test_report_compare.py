from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from report_world import FIRST, LAST, World

from daemon.report.compare import ArmFigures, arm_figures, comparison_text, likeness


@pytest.fixture(scope="module")
def layered(world: World) -> ArmFigures:
    return arm_figures("default", world.store, FIRST, LAST)


def test_equal_condors_are_told_as_equal(layered: ArmFigures) -> None:
    plain = replace(layered, name="no_hedge")
    text = comparison_text([layered, plain])

    assert f"no_hedge: the same {layered.condor_fills.total()} executions of condors as default" in text
    assert "Mar 2020 (part)" in text


def test_other_condors_are_counted_and_the_first_session_of_them_is_named(layered: ArmFigures) -> None:
    fills = Counter(layered.condor_fills)
    changed = max(fills)
    del fills[changed]
    fills[date(2020, 3, 20), "SPXW 2020-04-17 2000P", 1, 500] += 1
    found = likeness(layered, replace(layered, condor_fills=fills))

    assert (found.same, found.of) == (layered.condor_fills.total() - 1, layered.condor_fills.total() + 1)
    assert found.first_other == min(changed[0], date(2020, 3, 20))


def test_contracts_are_those_held_at_each_close(layered: ArmFigures, world: World) -> None:
    last = [line.quantity for line in world.store.days()[-1].positions if line.strategy == "hedge"]

    assert len(layered.contracts) == 31
    assert layered.contracts[-1] == sum(last)
