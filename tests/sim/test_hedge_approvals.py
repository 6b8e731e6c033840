"""A change of the hedge waits for its signatures while the daemon trades, and holds from the next roll or resize on."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path

import pytest
from rehearsals import FIRST, Life, live

from daemon.adapters.approvals import make_key, sign
from daemon.app.commands import handle
from daemon.app.program import Program
from daemon.core.calendar.sessions import new_york
from daemon.core.hedge.approvals import Approval
from daemon.core.hedge.governance import Act, standing
from daemon.errors import SettingsError
from daemon.report.day import attention, gather_day
from daemon.report.why import why_text

SECOND = date(2020, 2, 19)
ONLY_L1 = {"HEDGE_L1_WEIGHT": "10", "HEDGE_L2_WEIGHT": "0", "HEDGE_L3_WEIGHT": "0"}


def keys(folder: Path) -> Path:
    """Make the keys of three people; return the folder of the public ones."""
    (folder / "keys").mkdir(parents=True)
    for name in ("alice", "bob", "carol"):
        private, public = make_key(name, folder)
        public.rename(folder / "keys" / public.name)
        assert private.exists()
    return folder / "keys"


def signed(folder: Path, program: Program, name: str) -> dict[str, str]:
    """Return what ``approve add`` sends, signed with somebody's key."""
    adopted, now = standing(program.store.governance()).adopted, program.clock.now()
    assert adopted is not None
    unsigned = Approval(
        policy=program.governor.wanted.digest,
        replaces=adopted.step.policy,
        follows=adopted.digest,
        approver=name,
        issued_at=now,
        expires_at=now + timedelta(days=14),
    )
    return {"approval": sign(unsigned, folder / f"{name}.key").text}


def weights(program: Program) -> list[int]:
    return [layer.weight for layer in program.engine.desk.policy.hedge.layers]


def layers(program: Program, session: date) -> set[str]:
    """Return the layers that the last computation of a session wants anything of."""
    return {line.layer for line in program.store.hedge_computations(session)[-1].layers if line.target}


def test_the_approved_hedge_is_held_until_enough_have_signed_and_a_death_between_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "people"
    approvers = str(keys(folder))

    async def scene(life: Life) -> None:
        await life.start()
        await life.until(FIRST, time(16, 45))
        await life.die()
        life.change(HEDGE_APPROVERS_DIR=approvers, **ONLY_L1)

        program = await life.start()
        assert weights(program) == [4, 4, 2]
        await life.until(SECOND, time(14, 0))
        assert (await handle(program, "approve", signed(folder, program, "alice")))["adopted"] is False
        await life.die()  # between the first approval and the second

        program = await life.start()
        with pytest.raises(SettingsError, match="alice has approved this policy already"):
            await handle(program, "approve", signed(folder, program, "alice"))
        assert weights(program) == [4, 4, 2]
        assert (await handle(program, "approve", signed(folder, program, "carol")))["adopted"] is True
        await life.die()  # before the engine has followed it

        program = await life.start()
        assert weights(program) == [10, 0, 0]
        await life.until(SECOND, time(16, 45))

        assert layers(program, SECOND) == {"L1"}
        acts = [entry.step.act for entry in program.store.governance()]
        assert acts == [Act.ADOPTED, Act.PROPOSED, Act.APPROVED, Act.REFUSED, Act.APPROVED, Act.ADOPTED]
        assert "adopted by alice, carol" in why_text(program.store, SECOND)

    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene, HEDGE_APPROVERS_DIR=approvers)


def test_a_running_daemon_follows_the_adopted_policy_from_its_next_resize(tmp_path: Path) -> None:
    folder = tmp_path / "people"
    approvers = str(keys(folder))

    async def scene(life: Life) -> None:
        await life.start()
        await life.die()
        life.change(HEDGE_APPROVERS_DIR=approvers, **ONLY_L1)
        program = await life.start()
        engine = program.engine

        async with engine.hedge.turn:  # a roll is at work
            for name in ("alice", "bob"):
                await handle(program, "approve", signed(folder, program, name))
            await life.clock.sleep(1)
            at_work = weights(program)
        await life.clock.sleep(1)
        after = weights(program)
        await life.until(FIRST, time(16, 45))

        assert (at_work, after) == ([4, 4, 2], [10, 0, 0])
        assert layers(program, FIRST) == {"L1"}

    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene, HEDGE_APPROVERS_DIR=approvers)


def test_every_page_asks_for_attention_while_a_policy_waits(tmp_path: Path) -> None:
    approvers = str(keys(tmp_path / "people"))

    async def scene(life: Life) -> None:
        await life.start()
        await life.until(FIRST, time(16, 45))
        await life.die()
        life.change(HEDGE_APPROVERS_DIR=approvers, **ONLY_L1)
        program = await life.start()
        await life.until(date(2020, 2, 20), time(16, 45))

        pages = [attention(gather_day(program.store, day)) for day in (FIRST, SECOND, date(2020, 2, 20))]
        assert [len(page) for page in pages] == [0, 1, 1]
        assert "waits for approval" in pages[2][0]

    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene, HEDGE_APPROVERS_DIR=approvers)
