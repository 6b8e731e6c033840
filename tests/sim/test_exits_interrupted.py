"""Time exits that meet missing data or a lost gateway: they wait, each for itself, and close their condors later."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from rehearsals import FIRST, Life, live, rehearse

from daemon.core.calendar.sessions import new_york
from daemon.core.orders.intent import IntentState, Purpose, TimeInForce
from daemon.core.records import Level

LAST = date(2020, 2, 24)
WEEKLY: dict[str, Any] = {
    "CONDOR_DTE_TARGET": "7",
    "CONDOR_DTE_MIN": "5",
    "CONDOR_DTE_MAX": "9",
    "CONDOR_TIME_EXIT_DTE": "4",
    "CONDOR_TAKE_PROFIT_ENABLED": "false",
}
FAULTS = {
    "no quotes": '[[fault]]\nkind = "data_missing"\nsymbol = "SPX"\nfrom = "2020-02-24 09:40"\nuntil = "2020-02-24 10:00"\n',
    "link lost while quoting": '[[fault]]\nkind = "drop_connection"\nat = "2020-02-24 09:45:00"\n',
}


@pytest.mark.parametrize("name", FAULTS)
def test_an_exit_that_cannot_be_priced_is_made_at_a_later_check(tmp_path: Path, name: str) -> None:
    done = rehearse(tmp_path / "out", LAST, first=date(2020, 2, 20), faults=FAULTS[name], **WEEKLY)

    exits = [intent for intent in done.store.intents(session=LAST) if intent.key.purpose is Purpose.EXIT]
    assert exits
    assert all(intent.spec.tif is TimeInForce.DAY for intent in exits)
    assert {intent.key.subject for intent in exits if intent.state is IntentState.FILLED} == {
        intent.key.subject for intent in exits
    }
    assert [event.name for event in done.store.events() if event.level is Level.ERROR] == []
    assert done.result.summary.breaks_open == 0


def test_an_exit_that_never_gets_its_order_out_does_not_cost_the_session_its_entry(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        assert program.engine.exits.closer.claim("C20200101-1")  # somebody works on it, and never sends
        await life.until(FIRST, time(15, 40))

        (entry,) = [i for i in program.store.intents(session=FIRST) if i.key.purpose is Purpose.ENTRY]
        late = entry.created_at - new_york(FIRST, time(15, 30))
        assert timedelta(minutes=2) <= late < timedelta(minutes=3)
        program.engine.exits.closer.release("C20200101-1")

    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene)
