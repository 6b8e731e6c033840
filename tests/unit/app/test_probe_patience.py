"""A probe is made once and in no hurry: an answer that takes seconds is waited for, and every line is closed again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from daemon.adapters.ib.examiner import IbExaminer, WantedLine
from daemon.adapters.virtual_time import run_virtual
from daemon.app.probe import put_checklist
from daemon.core.doctor.contact import Contact
from daemon.core.doctor.market import BrokerHours, Sample
from daemon.core.market.contracts import ContractInfo, OptionContract, OptionParams, Underlying

NOON = datetime(2020, 2, 18, 17, tzinfo=UTC)
ANSWER_S = 6.0


class SlowExaminer:
    """A gateway that takes six seconds for everything, and never tells a price."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answered: list[str] = []

    async def contact(self, *, limit_s: float) -> Contact:
        return Contact(address="127.0.0.1:4002", client_id=18, gateway_time=NOON, our_time=NOON)

    async def _takes(self, name: str, wait_s: float = ANSWER_S) -> None:
        self.asked.append(name)
        await asyncio.sleep(wait_s)
        self.answered.append(name)

    async def hours(self) -> BrokerHours:
        await self._takes("hours")
        return BrokerHours("", None)

    async def chain(self, underlying: Underlying) -> tuple[OptionParams, ...]:
        await self._takes(f"chain of {underlying}")
        return ()

    async def contracts(self, wanted: Sequence[OptionContract]) -> Mapping[OptionContract, ContractInfo]:
        await self._takes("contracts")
        return {}

    async def samples(self, wanted: Sequence[WantedLine], *, limit_s: float) -> list[Sample]:
        await self._takes(f"samples {len(wanted)}", limit_s)
        return [Sample(last=20.0) for _ in wanted]

    def close(self) -> None:
        self.answered.append("closed")


def test_answers_that_take_their_time_are_waited_for() -> None:
    examiner = SlowExaminer()

    run_virtual(lambda: put_checklist(cast("IbExaminer", examiner)), NOON)

    assert len(examiner.asked) == 7
    assert sorted(examiner.answered) == sorted([*examiner.asked, "closed"])
