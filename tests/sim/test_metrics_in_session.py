"""The figures of a daemon that trades: all are known in a session, and what is not known is absent."""

import asyncio
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import cast

import pytest
from rehearsals import FIRST, Life, live

from daemon.adapters.metrics import PrometheusMetrics
from daemon.app.health import health_now
from daemon.app.metrics import measured, take_snapshot
from daemon.app.program import Program
from daemon.core.calendar.sessions import new_york
from daemon.core.metrics import METRICS, Snapshot

NEXT = date(2020, 2, 19)
ALERTS = {metric.name for metric in METRICS if metric.name.startswith("condord_alert")}


async def figures(program: Program) -> Mapping[tuple[str, ...], float]:
    """Return the figures by name and labels."""
    found = await take_snapshot(program, started=program.clock.now(), late_s=0.0)
    return {(sample.name.removeprefix("condord_"), *sample.labels): sample.value for sample in found.samples}


def test_in_a_session_every_figure_is_known_and_agrees_with_the_book(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        await life.until(NEXT, time(15, 55))
        found = await figures(program)

        assert {f"condord_{name}" for name, *_ in found} == {metric.name for metric in METRICS} - ALERTS
        desk, today = program.engine.desk, program.store.hedge_computations()[-1]
        assert found["condors_open",] == len(desk.view().condors) > 0
        assert found["executions_total",] == len(program.store.entries()) > 4
        assert found["orders", "FILLED"] == sum(i.state == "FILLED" for i in program.store.intents(session=NEXT))
        assert [found["hedge_contracts_target", layer.layer] for layer in today.layers] == [
            layer.target for layer in today.layers
        ]
        assert found["ready",] == found["link_state", "SYNCED"] == found["run_state", "RUNNING"] == 1
        assert sum(found["regime", name] for name in ("low", "moderate", "high")) == 1
        closed = program.store.days()[-1].net_liquidation_usd_cents
        assert found["profit_session_usd",] == pytest.approx(found["net_liquidation_usd",] - closed / 100)
        assert found["job_outcome", "condor_entry", "done"] == 1
        assert found["limit_used_ratio", "open_condors"] == len(desk.view().condors) / 40

    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene)


def test_without_a_link_what_the_account_and_the_market_say_is_absent(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        await program.broker.disconnect()
        program.engine.desk.link.synced = False
        found = await figures(program)

        assert found["ready",] == found["link_state", "SYNCED"] == 0
        unknown = {"spx_points", "vix_points", "net_liquidation_usd", "profit_usd", "profit_session_usd", "theta_usd"}
        assert unknown.isdisjoint(name for name, *_ in found)
        assert "margin" not in {labels[0] for name, *labels in found if name == "limit_used_ratio"}

    live(tmp_path / "state", new_york(FIRST, time(8, 0)), scene)


class Reader:
    """Takes figures after the first, over which it stumbles."""

    def __init__(self) -> None:
        self.taken: list[Snapshot] = []
        self.asked = 0

    def publish(self, snapshot: Snapshot) -> None:
        self.asked += 1
        if self.asked == 1:
            raise ValueError("a label too many")
        self.taken.append(snapshot)

    def close(self) -> None:
        """Has nothing to close."""


def test_a_defect_in_the_figures_is_told_once_and_does_not_end_them(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        program, reader = await life.start(), Reader()
        async with measured(program, cast("PrometheusMetrics", reader)):
            await asyncio.sleep(2.5 * program.settings.metrics.every_s)
        told = [event.fields["text"] for event in program.store.events() if event.name == "metrics_failed"]

        assert told == ["ValueError: a label too many"]
        assert len(reader.taken) == 2

    live(tmp_path / "state", new_york(FIRST, time(8, 0)), scene)


def test_a_daemon_is_ready_only_once_book_and_account_have_been_compared(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        await life.until(FIRST, time(8, 5))
        assert health_now(program)["ready"] is True
        assert (await figures(program))["ready",] == 1

        program.engine.desk.link.reconciled_at = None

        assert program.engine.desk.link.synced
        assert health_now(program)["ready"] is False
        assert (await figures(program))["ready",] == 0

    live(tmp_path / "state", new_york(FIRST, time(8, 0)), scene)
