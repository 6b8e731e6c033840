"""What the commands show of a daemon: its status, live or from the database alone, and what it would do now."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from daemon import __version__
from daemon.app.program import Program
from daemon.core.book.book import fold
from daemon.core.book.condors import layer_positions, open_condors
from daemon.core.calendar.sessions import is_session, new_york_date, session
from daemon.core.orders.intent import IntentState, Reason
from daemon.core.risk.exposure import wing_notional_usd
from daemon.engine.engine import Engine
from daemon.engine.gather import Refusal
from daemon.errors import BrokerError
from daemon.ports import Store
from daemon.report.day import MODE_KEY
from daemon.report.status import StatusView

Json = dict[str, Any]


def status_now(program: Program) -> Json:
    """Return what only the running daemon knows of itself."""
    engine = program.engine
    desk, now = engine.desk, program.clock.now()
    today = desk.journal.session()
    return {
        "pid": os.getpid(),
        "now": now.isoformat(),
        "session": today.isoformat(),
        "session_note": session_note(now),
        "link": desk.broker.link.value,
        "account": desk.link.account,
        "reconciled_at": None if desk.link.reconciled_at is None else desk.link.reconciled_at.isoformat(),
        "breaks_open": desk.link.breaks_open,
        "next_jobs": [[when.isoformat(), name] for name, when in engine.jobs.next_instants(today)],
    }


def session_note(now: datetime) -> str:
    """Say whether the market is open."""
    day = new_york_date(now)
    if not is_session(day):
        return "market closed"
    hours = session(day)
    if now < hours.open_at:
        return "before the open"
    return "market open" if now < hours.close_at else "after the close"


def status_view(store: Store | None, live: Mapping[str, Any] | None) -> StatusView:
    """Join what the database tells with what a running daemon told, if one runs."""
    live = live or {}
    fields: dict[str, Any] = {"version": __version__, "mode": "no database yet"}
    if store is not None:
        fields |= _stored(store)
    if live:
        fields |= {
            "pid": live["pid"],
            "now": datetime.fromisoformat(live["now"]),
            "session": date.fromisoformat(live["session"]),
            "session_note": live["session_note"],
            "link": live["link"],
            "reconciled_at": None if live["reconciled_at"] is None else datetime.fromisoformat(live["reconciled_at"]),
            "breaks_open": live["breaks_open"],
            "next_jobs": tuple((datetime.fromisoformat(when), name) for when, name in live["next_jobs"]),
        }
        if live["account"]:
            fields["mode"] = f"{fields['mode']} {live['account']}"
    return StatusView(**fields)


def _stored(store: Store) -> Json:
    entries = store.entries()
    book = fold(entries)
    condors = open_condors(book, store.condors(), entries)
    state, days, hedges = store.run_state(), store.days(), store.hedge_computations()
    hedge = hedges[-1] if hedges else None
    day = days[-1] if days else None
    unknown = (IntentState.UNKNOWN, IntentState.SENDING)
    return {
        "mode": store.meta(MODE_KEY) or "mode not recorded",
        "run_state": state.state.value,
        "run_state_by": state.by,
        "run_state_reason": state.reason,
        "positions": len(book.positions()),
        "condors_open": len(condors),
        "wing_notional_usd": wing_notional_usd((condor.record, condor.quantity) for condor in condors),
        "spx": None if day is None else day.spx,
        "vix": None if hedge is None else hedge.vix,
        "regime": None if hedge is None else hedge.regime,
        "hedge_pct": None if hedge is None else hedge.pct,
        "hedge_target_usd": None if hedge is None else hedge.target_usd,
        "hedge_held_usd": None if hedge is None else hedge.held_usd,
        "calls_held": sum(sum(layer.values()) for layer in layer_positions(book).values()),
        "calls_target": None if hedge is None else hedge.contracts,
        "net_liquidation_usd_cents": None if day is None else day.net_liquidation_usd_cents,
        "pnl_usd_cents": None if day is None else day.condor_pnl_usd_cents + day.hedge_pnl_usd_cents,
        "breaks_open": None if day is None else day.breaks_open,
        "unknown_orders": tuple(i.ref for i in store.intents(live_only=True) if i.state in unknown),
    }


async def plan_now(engine: Engine) -> Json:
    """Return what the entry and the hedge would do now; records and sends nothing."""
    today = engine.desk.journal.session()
    return {
        "session": today.isoformat(),
        "at": engine.desk.clock.now().isoformat(),
        "condor": await _condor_plan(engine, today),
        "hedge": await _hedge_plan(engine, today),
    }


async def _condor_plan(engine: Engine, today: date) -> Json:
    try:
        decision = await engine.condors.preview(today)
    except BrokerError as error:
        return {"kind": "unknown", "reasons": [_broker_failed(error)], "inputs": {}}
    return {
        "kind": decision.kind.value,
        "reasons": [reason_json(reason) for reason in decision.reasons],
        "inputs": dict(decision.inputs),
    }


async def _hedge_plan(engine: Engine, today: date) -> Json:
    due = engine.hedge.due(today)
    try:
        view = await engine.hedge.read(today, frozenset(due))
    except (Refusal, BrokerError) as error:
        reasons = [reason_json(r) for r in error.reasons] if isinstance(error, Refusal) else [_broker_failed(error)]
        return {"kind": "unknown", "reasons": reasons, "due": {name: day.isoformat() for name, day in due.items()}}
    computed = view.computation
    return {
        "kind": "computed",
        "vix": computed.vix,
        "regime": computed.regime,
        "pct": computed.pct,
        "wing_notional_usd": computed.wing_notional_usd,
        "target_usd": computed.target_usd,
        "held_usd": computed.held_usd,
        "due": {name: day.isoformat() for name, day in due.items()},
        "layers": [
            {
                "layer": layer.layer,
                "contract": None if layer.contract is None else str(layer.contract),
                "forward_pts": layer.forward_pts,
                "delta": layer.delta,
                "delta_usd": layer.delta_usd,
                "held": layer.held,
                "target": layer.target,
            }
            for layer in computed.layers
        ],
        "reasons": [reason_json(reason) for reason in computed.reasons],
    }


def reason_json(reason: Reason) -> Json:
    """Return a reason as JSON."""
    return {"name": reason.name, "text": reason.text, "value": reason.value, "limit": reason.limit}


def _broker_failed(error: BrokerError) -> Json:
    return reason_json(Reason("broker_failed", str(error), error.code))
