"""Flattening in the whole daemon: condors, then the hedge; a second call goes on where the first ended."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from rehearsals import FIRST, Life, live

from daemon.app.views import flatten_now, flatten_plan_now
from daemon.core.book.condors import layer_positions
from daemon.core.calendar.sessions import new_york
from daemon.core.orders.intent import IntentState, Purpose, Strategy
from daemon.core.records import RunState
from daemon.errors import NotReadyError
from daemon.report.flatten import flatten_text

SECOND = date(2020, 2, 19)


@pytest.mark.parametrize("layers_of", ["call", "call_spread"])
def test_everything_is_closed_condors_before_the_hedge_and_nothing_is_entered_behind_it(
    tmp_path: Path, layers_of: str
) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        await life.until(SECOND, time(16, 30))
        store, engine = program.store, program.engine
        await life.until(date(2020, 2, 20), time(10, 0))
        shown = await flatten_plan_now(engine)
        layers = list(layer_positions(store.book()))
        assert layers
        assert [order["subject"] for order in shown["orders"]] == ["C20200218-1", "C20200219-1", *layers]
        assert all(order["mid"] is not None for order in shown["orders"])
        assert [len(order["cancels_first"]) for order in shown["orders"]] == [1, 1, *(0 for _ in layers)]
        assert "nothing is sent without --yes" in flatten_text(shown)
        assert store.run_state().state is RunState.RUNNING

        done = await flatten_now(engine, "moving house")

        assert all(end["closed"] for end in done["ends"]), done
        assert store.book().positions() == {}
        assert {f.contract: f.quantity for f in program.broker.positions().values() if f.quantity} == {}
        assert (store.run_state().state, store.run_state().by) == (RunState.EXITS_ONLY, "person")
        flattened = [i for i in store.intents() if i.key.purpose is Purpose.FLATTEN]
        last_condor = max(e.at for e in store.entries() if e.subject.startswith("C"))
        assert all(i.created_at >= last_condor for i in flattened if i.key.strategy is Strategy.HEDGE)
        sold = [len(i.spec.legs) for i in flattened if i.key.strategy is Strategy.HEDGE]
        assert set(sold) == ({2} if layers_of == "call_spread" else {1})
        assert store.intents(live_only=True) == ()

        await life.until(date(2020, 2, 20), time(16, 45))
        assert store.book().positions() == {}
        assert "still" not in flatten_text(await flatten_now_or_refusal(engine))

    structures: dict[str, Any] = {f"HEDGE_{layer}_STRUCTURE": layers_of for layer in ("L1", "L2", "L3")}
    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene, **structures)


async def flatten_now_or_refusal(engine) -> dict[str, object]:  # type: ignore[no-untyped-def]
    """Return an empty answer where the market is closed."""
    with pytest.raises(NotReadyError, match="market is closed"):
        await flatten_now(engine, "again")
    return {"at": engine.desk.clock.now().isoformat(), "sent": True, "ends": []}


def test_a_persons_halt_refuses_it_with_a_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        await life.until(SECOND, time(10, 0))
        await program.engine.halt("on holiday")

        with pytest.raises(NotReadyError, match=r"on holiday.*condord halt --exits-only"):
            await flatten_now(program.engine, "all of it")

        assert program.store.run_state().state is RunState.HALTED
        assert not [i for i in program.store.intents() if i.key.purpose is Purpose.FLATTEN]
        assert [i.state for i in program.store.intents(live_only=True)] == [IntentState.WORKING]  # the take-profit

    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene)


NO_QUOTES = '[[fault]]\nkind = "data_missing"\nsymbol = "SPX"\nfrom = "2020-02-19 09:40"\nuntil = "2020-02-19 11:00"\n'


def test_what_cannot_be_priced_is_named_keeps_its_take_profit_and_its_hedge_and_is_closed_by_a_second_call(
    tmp_path: Path,
) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        await life.until(SECOND, time(10, 0))

        first = await flatten_now(program.engine, "all of it")

        layers = list(layer_positions(program.store.book()))
        assert [end["subject"] for end in first["ends"]] == ["C20200218-1", *layers]
        assert not any(end["closed"] for end in first["ends"])
        assert "no two-sided quote" in first["ends"][0]["why"]
        assert all("kept for the 1 condors" in end["why"] for end in first["ends"][1:])
        assert [i.key.purpose for i in program.store.intents(live_only=True)] == [Purpose.EXIT]

        await life.until(SECOND, time(11, 5))
        second = await flatten_now(program.engine, "all of it")
        assert all(end["closed"] for end in second["ends"])
        assert program.store.book().positions() == {}

    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene, faults=NO_QUOTES)
