"""A change of the settings over a restart: told before it acts (decision 19), and shown to who asks before."""

from datetime import date, time
from pathlib import Path

from rehearsals import FIRST, Life, live, settings

from daemon.app.standing import exits_altered
from daemon.core.calendar.sessions import new_york
from daemon.core.orders.intent import Purpose

NEXT = date(2020, 2, 19)
ACTS = ("order_planned", "order_sent", "order_cancel_sent", "exit_decided")


def test_an_edit_that_alters_an_open_condors_exit_is_listed_before_it_acts(tmp_path: Path) -> None:
    rules = {"CONDOR_TAKE_PROFIT_PCT": "60", "CONDOR_TIME_EXIT_DTE": "29"}
    edited = {**rules, "CONDOR_DTE_MIN": "30", "CONDOR_DTE_TARGET": "33"}

    async def scene(life: Life) -> None:
        program = await life.start()
        await life.until(FIRST, time(16, 45))
        (condor,) = [each.record.condor_id for each in program.engine.desk.view().condors]
        altered = exits_altered(settings(tmp_path / "state", **edited), program.store)
        assert altered == {f"CONDORD_{name}": (condor,) for name in rules}
        count = len(program.store.events())
        await life.die()
        life.change(**edited)
        await life.until(NEXT, time(9, 0))
        program = await life.start()
        await life.until(NEXT, time(10, 0))

        names = [event.name for event in program.store.events()[count:]]
        told = [event.fields for event in program.store.events() if event.name == "exit_rule_changed"]
        assert [(each["setting"], each["before"], each["value"], each["condors"]) for each in told] == [
            ("CONDORD_CONDOR_TAKE_PROFIT_PCT", "50.0", "60.0", [condor]),
            ("CONDORD_CONDOR_TIME_EXIT_DTE", "5", "29", [condor]),
        ]
        acted = min(names.index(name) for name in ACTS if name in names)
        assert max(n for n, name in enumerate(names) if name == "exit_rule_changed") < acted
        exits = [i for i in program.store.intents(session=NEXT) if i.key.purpose is Purpose.EXIT]
        assert [intent.key.subject for intent in exits][-1] == condor

    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene)
