"""The drift of condors in the engine: levels told once, the roll of the untested side, and what gives way to what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from engine_fakes import SESSION, START
from exits_world import ACT, CHEAP, World, play

from daemon.core.condor.policy import DriftAction
from daemon.core.orders.broker_facts import AccountValues, Snapshot
from daemon.core.orders.intent import (
    IntentState,
    Purpose,
)


class TestDrift:
    def test_watching_tells_each_level_once_with_what_acting_would_do(self, tmp_path: Path) -> None:
        async def scene(world: World) -> None:
            for spx in (3335, 3295, 3335, 3295, 3250, 3200, 3250, 3200):
                world.broker.spx = spx
                await world.check()
            told = [
                (event.fields["drift_level"], event.fields.get("would"))
                for event in world.desk.store.events()
                if event.name == "condor_drifted" and event.level.value == "info"
            ]
            assert told == [
                ("watch", None),
                ("adjust", "acting would roll its call side towards SPX"),
                ("defend", "acting would close it"),
            ]
            assert world.sent == []
            assert world.orders(Purpose.DRIFT) == []

        play(tmp_path, scene)

    ROLL: ClassVar[dict[float, float]] = {strike: 30 - 0.12 * (strike - 3250) for strike in range(3255, 3470, 5)}
    """Calls that are worth 3 points more for every 25 points nearer."""

    def test_the_untested_side_is_rolled_by_one_order_that_keeps_its_credit(self, tmp_path: Path) -> None:
        async def scene(world: World) -> None:
            world.broker.spx = 3250.0  # drift -0.315
            world.broker.mids = CHEAP | self.ROLL | {3470: 0.5, 3495: 0.4}
            await world.check(3)
            (roll,) = world.orders(Purpose.DRIFT)
            assert len(roll.spec.legs) == len({leg.contract for leg in roll.spec.legs}) == 4
            assert roll.spec.net_limit_pts100 <= -250
            assert roll.spec.quantity == 2
            assert [i.state for i in world.orders(Purpose.EXIT)] == [IntentState.CANCELLED]
            world.broker.fill_at(
                roll.ref, {leg.contract: world.broker.mids[leg.contract.strike] for leg in roll.spec.legs}
            )
            await world.check(2)

            (condor,) = world.desk.view().condors
            assert condor.whole is not None
            assert condor.credit_pts == pytest.approx(4.0 + 2.9)
            (_, resting) = world.orders(Purpose.EXIT)
            assert resting.spec.net_limit_pts100 == 345  # half of 6.90
            assert {leg.contract for leg in resting.spec.legs} == set(condor.whole.contracts)
            assert world.orders(Purpose.DRIFT) == [world.desk.store.intent(roll.ref)]  # once in its life

        play(tmp_path, scene, **ACT)

    def test_a_roll_at_work_gives_way_to_an_exit(self, tmp_path: Path) -> None:
        async def scene(world: World) -> None:
            world.broker.spx = 3250.0
            world.broker.mids = CHEAP | self.ROLL | {3470: 0.5, 3495: 0.4}
            await world.check(3)
            assert [i.state for i in world.orders(Purpose.DRIFT)] == [IntentState.WORKING]
            world.broker.spx = 3205.0  # drift -0.48
            await world.check(4)
            assert [i.state for i in world.orders(Purpose.DRIFT)] == [IntentState.CANCELLED]
            assert [i.reasons[0].name for i in world.sent] == ["drift_defend"]

        play(tmp_path, scene, **ACT, ladder_step_s=600.0)

    def test_an_entry_waits_for_a_roll_only_until_it_is_sent(self, tmp_path: Path) -> None:
        async def scene(world: World) -> None:
            world.broker.spx = 3250.0
            world.broker.mids = CHEAP | self.ROLL | {3470: 0.5, 3495: 0.4}
            await world.check(2)
            await world.exits.check_exits(SESSION)
            before = world.desk.clock.now()
            await world.exits.closer.all_sent()
            assert len(world.orders(Purpose.DRIFT)) == 1
            assert world.desk.clock.now() - before < timedelta(seconds=1)

        play(tmp_path, scene, **ACT)

    def test_old_account_values_are_read_anew_before_a_roll(self, tmp_path: Path) -> None:
        async def scene(world: World) -> None:
            world.broker.spx = 3250.0
            world.broker.mids = CHEAP | self.ROLL | {3470: 0.5, 3495: 0.4}
            streamed = await world.broker.account_values()
            read = world.broker.snapshot

            async def snapshot() -> Snapshot:
                return replace(await read(), account=replace(streamed, at=world.desk.clock.now()))

            async def values() -> AccountValues:
                return replace(streamed, at=START - timedelta(hours=1))

            world.broker.account_values, world.broker.snapshot = values, snapshot  # type: ignore[method-assign]
            await world.check(3)
            assert len(world.orders(Purpose.DRIFT)) == 1

        play(tmp_path, scene, **ACT)

    def test_a_drift_that_has_eased_below_its_threshold_closes_nothing(self, tmp_path: Path) -> None:
        async def scene(world: World) -> None:
            # Drifts by the middle 3335 and the range 270: -0.452, -0.452, -0.441; the level itself is kept to 0.43.
            for spx in (3213.0, 3213.0, 3216.0, 3213.0, 3213.0):
                world.broker.spx = spx
                await world.check()
            assert world.sent == []
            await world.check()
            assert [(i.reasons[0].name, i.reasons[0].value) for i in world.sent] == [("drift_defend", -0.452)]

        play(tmp_path, scene, **ACT, drift_adjust_action=DriftAction.NOTHING)

    def test_a_roll_that_brings_too_little_is_not_sent_and_says_so_once(self, tmp_path: Path) -> None:
        async def scene(world: World) -> None:
            world.broker.spx = 3250.0
            world.broker.mids = CHEAP | dict.fromkeys(range(3255, 3470, 5), 2.0)
            await world.check(6)
            assert world.orders(Purpose.DRIFT) == []
            skipped = [d for d in world.desk.store.decisions(SESSION) if d.job == "exits"]
            assert [[r.name for r in d.reasons] for d in skipped] == [["roll_credit_too_small", "drift_adjust"]]
            assert [i.state for i in world.orders(Purpose.EXIT)] == [IntentState.WORKING]

        play(tmp_path, scene, **ACT)
