"""The beat of the metrics: takes the figures of a running daemon and hands them over, where somebody asked for it."""

from __future__ import annotations

import asyncio
import math
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from daemon import __version__
from daemon.adapters.metrics import PrometheusMetrics
from daemon.app.program import Program
from daemon.app.views import market_now
from daemon.core.book.condors import layer_positions
from daemon.core.hedge.units import layer_holding
from daemon.core.metrics import PREFIX, Sample, Snapshot
from daemon.core.orders.broker_facts import LinkState
from daemon.core.orders.intent import IntentState
from daemon.core.records import HedgeComputation, LimitUse, RunState
from daemon.errors import CondordError
from daemon.report.day import JOBS
from daemon.settings import Settings

REGIMES: Final = ("low", "moderate", "high")


def open_metrics(settings: Settings) -> PrometheusMetrics | None:
    """Open the port and the file of the settings; None where neither is asked for. Raises SettingsError."""
    group = settings.metrics
    if not group.wanted:
        return None
    return PrometheusMetrics(port=group.port, file=group.file, every_s=group.every_s)


@asynccontextmanager
async def measured(program: Program, metrics: PrometheusMetrics | None) -> AsyncIterator[None]:
    """Take the figures of a program beside it, where there is anybody to hand them to."""
    if metrics is None:
        yield
        return
    task = asyncio.create_task(_Beat(program, metrics).run(), name="metrics")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        metrics.close()


@dataclass(slots=True)
class _Beat:
    """Takes the figures at its pace; what fails is told once and tried again."""

    program: Program
    metrics: PrometheusMetrics
    failed: bool = False

    async def run(self) -> None:
        every_s, now_s = self.program.settings.metrics.every_s, asyncio.get_running_loop().time
        started, late_s = self.program.clock.now(), 0.0
        while True:
            await self._once(started, late_s)
            due_s = now_s() + every_s
            await asyncio.sleep(every_s)
            late_s = max(0.0, now_s() - due_s)

    async def _once(self, started: datetime, late_s: float) -> None:
        try:
            self.metrics.publish(await take_snapshot(self.program, started=started, late_s=late_s))
        except (CondordError, OSError) as error:
            self._tell(str(error))
        except Exception as error:  # noqa: BLE001 -- a defect in figures is told, and must not end them unseen
            self._tell(f"{type(error).__name__}: {error}")
        else:
            self.failed = False

    def _tell(self, text: str) -> None:
        if not self.failed:
            self.failed = True
            self.program.engine.desk.journal.emit("metrics_failed", {"text": text})


async def take_snapshot(program: Program, *, started: datetime, late_s: float) -> Snapshot:
    """Return the figures of this moment; what is unknown is left out. Raises CondordError when the store fails."""
    market = await market_now(program.engine)
    uses = await program.engine.watch.uses(program.engine.desk.journal.session())
    now = program.clock.now()
    found = {
        "snapshot_timestamp_seconds": now.timestamp(),
        "start_timestamp_seconds": started.timestamp(),
        "event_loop_lag_seconds": late_s,
        **_process(),
        **_connection(program, now),
        **_book(program),
        **_market(program, market),
        **_risk(program),
    }
    samples = [Sample(PREFIX + name, value) for name, value in found.items() if value is not None]
    samples += [
        *_info(program),
        *_states(program),
        *_orders(program),
        *_hedge(program),
        *_limits(uses),
        *_jobs(program),
        *_alerts(program),
    ]
    return Snapshot(now, tuple(samples))


Values = Mapping[str, float | None]


def _one_of(name: str, chosen: str | None, choices: Iterable[str]) -> Iterator[Sample]:
    """Yield 1 for the choice that holds and 0 for the others; nothing where it is not known."""
    if chosen is not None:
        for choice in choices:
            yield Sample(PREFIX + name, float(choice == chosen), (choice,))


def _process() -> Values:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return {
        "process_cpu_seconds_total": time.process_time(),
        "process_resident_memory_bytes": pages * resource.getpagesize(),
    }


def _connection(program: Program, now: datetime) -> Values:
    link, broker, commits = program.engine.desk.link, program.broker, program.store.commits
    return {
        "ready": float(link.ready),
        "heartbeat_age_seconds": _age_s(link.heard_at, now),
        "clock_skew_seconds": link.clock_skew_s,
        "reconciliation_age_seconds": _age_s(link.reconciled_at, now),
        "store_commits_total": commits.count,
        "store_commit_seconds_total": commits.total_s,
        "gateway_messages_sent_total": broker.requests_sent,
        "gateway_received_bytes_total": broker.bytes_received,
        "market_data_lines": broker.lines_open,
        "market_data_lines_max": program.settings.gateway.max_lines,
    }


def _age_s(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else (now - at).total_seconds()


def _book(program: Program) -> Values:
    desk = program.engine.desk
    view, days = desk.view(), program.store.days()
    return {
        "executions_total": len(program.store.entries()),
        "breaks_open": None if desk.link.reconciled_at is None else desk.link.breaks_open,
        "condors_open": len(view.condors),
        "wing_notional_usd": view.wing_notional_usd,
        "last_close_timestamp_seconds": _midnight_s(days[-1].session) if days else None,
    }


def _midnight_s(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _market(program: Program, market: Mapping[str, Any]) -> Values:
    worth, profit = market.get("net_liquidation_usd_cents"), market.get("pnl_usd_cents")
    today = program.engine.desk.journal.session()
    before = [day.net_liquidation_usd_cents for day in program.store.days() if day.session < today]
    return {
        "spx_points": market.get("spx"),
        "vix_points": market.get("vix"),
        "net_liquidation_usd": _usd(worth),
        "profit_usd": _usd(profit),
        "profit_session_usd": _usd(worth - before[-1]) if worth is not None and before else None,
    }


def _usd(cents: int | None) -> float | None:
    return None if cents is None else cents / 100


def _risk(program: Program) -> Values:
    risk, hedge = program.store.last_risk(), program.store.last_hedge_computation()
    return {
        "theta_usd": None if risk is None else risk.theta_usd,
        "stress_worst_usd": None if risk is None or risk.worst is None else risk.worst.pnl_usd,
        "risk_measured_timestamp_seconds": None if risk is None else risk.at.timestamp(),
        "hedge_notional_usd": None if hedge is None else hedge.held_usd,
        "hedge_notional_target_usd": None if hedge is None else hedge.target_usd,
        "hedge_notional_ratio": None if hedge is None else hedge.pct / 100,
    }


def _info(program: Program) -> Iterator[Sample]:
    labels = (__version__, program.mode, program.engine.desk.link.account, program.settings.digest)
    yield Sample(f"{PREFIX}info", 1, labels)


def _states(program: Program) -> Iterator[Sample]:
    engine = program.engine
    hedge = program.store.last_hedge_computation()
    yield from _one_of("link_state", engine.desk.broker.link.value, LinkState)
    yield from _one_of("run_state", engine.run_states.now().state.value, RunState)
    yield from _one_of("regime", hedge.regime if hedge is not None else None, REGIMES)


def _orders(program: Program) -> Iterator[Sample]:
    today = program.engine.desk.journal.session()
    counts = Counter(intent.state for intent in program.store.intents(session=today))
    for state in IntentState:
        yield Sample(f"{PREFIX}orders", counts[state], (state.value,))


def _hedge(program: Program) -> Iterator[Sample]:
    held = layer_positions(program.engine.desk.view().book)
    targets = _targets(program.store.last_hedge_computation())
    names = {layer.name for layer in program.engine.desk.policy.hedge.layers} | held.keys()
    for name in sorted(names):
        positions = held.get(name)
        yield Sample(f"{PREFIX}hedge_contracts", layer_holding(positions).quantity if positions else 0, (name,))
        if name in targets:
            yield Sample(f"{PREFIX}hedge_contracts_target", targets[name], (name,))


def _targets(hedge: HedgeComputation | None) -> Mapping[str, int]:
    return {} if hedge is None else {layer.layer: layer.target for layer in hedge.layers}


def _limits(uses: Iterable[LimitUse]) -> Iterator[Sample]:
    for use in uses:
        over, under = (use.limit, use.value) if use.least else (use.value, use.limit)
        if use.applies and over is not None and under is not None and (over or under):
            yield Sample(f"{PREFIX}limit_used_ratio", over / under if under else math.inf, (use.name,))


def _jobs(program: Program) -> Iterator[Sample]:
    today = program.engine.desk.journal.session()
    for job in JOBS:
        outcome = program.store.job_outcome(today, job)
        if outcome is not None:
            yield Sample(f"{PREFIX}job_outcome", 1, (job, outcome.outcome.value))


def _alerts(program: Program) -> Iterator[Sample]:
    if program.alerts is None:
        return
    record, ended = program.alerts.record, program.alerts.ended
    tally = record.state.tally
    for became, count in (("told", tally.told), ("passed", tally.passed)):
        yield Sample(f"{PREFIX}alerts_total", count, (became,))
    yield Sample(f"{PREFIX}alerts_waiting", record.state.waiting)
    yield Sample(f"{PREFIX}alert_messages_waiting", len(record.outbox))
    for result, count in (("sent", ended.sent), ("failed", ended.failed)):
        yield Sample(f"{PREFIX}alert_messages_total", count, (result,))
