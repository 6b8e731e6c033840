"""What the running daemon tells commands: how it is just now, and what it would do."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import date, datetime
from functools import partial
from typing import Any, Final, TypeVar

from daemon.app.program import Program
from daemon.app.standing import pending_count
from daemon.core.calendar.schedule import instant
from daemon.core.calendar.sessions import NEW_YORK, new_york_date, session
from daemon.core.hedge.units import HedgeUnit
from daemon.core.orders.intent import Reason
from daemon.engine.context import BASELINE
from daemon.engine.earlier_entries import JOB as ENTRY_JOB
from daemon.engine.engine import Engine
from daemon.engine.flatten_plan import flatten_plan
from daemon.engine.gather import Refusal, indexes
from daemon.errors import BrokerError
from daemon.report.hedge import hedge_arithmetic
from daemon.report.tables import reason_json

Json = dict[str, Any]
Answer = TypeVar("Answer")
PLAN_S: Final = 25.0
"""Longest time each half of a plan may take; whoever asked waits at the other end."""
ASK_S: Final = 2.0
"""How long a status waits for the account and then for the market; both together less than who asked waits."""


async def status_now(program: Program) -> Json:
    """Return what only the running daemon knows of itself."""
    engine = program.engine
    engine.run_states.look()
    desk, now = engine.desk, program.clock.now()
    today = desk.journal.session()
    return {
        "pid": os.getpid(),
        "mode": program.mode,
        "now": now.isoformat(),
        "session": today.isoformat(),
        "session_note": session_note(now, today),
        "link": desk.broker.link.value,
        "link_text": engine.link.waiting or "",
        "account": desk.link.account,
        "reconciled_at": None if desk.link.reconciled_at is None else desk.link.reconciled_at.isoformat(),
        "breaks_open": None if desk.link.reconciled_at is None else desk.link.breaks_open,
        "next_jobs": [[when.isoformat(), name] for name, when in engine.jobs.next_instants(today)],
        "limits": [asdict(use) for use in await engine.watch.uses(today)],
        "settings_pending": pending_count(program.settings, program.store),
        **await market_now(engine),
    }


async def market_now(engine: Engine) -> Json:
    """Return index values and account as they are now; what is not known in a moment is left out."""
    desk = engine.desk
    found: Json = {}
    if not desk.link.synced:
        return found
    with contextlib.suppress(BrokerError, TimeoutError):
        account = await asyncio.wait_for(desk.broker.account_values(), ASK_S)
        found["net_liquidation_usd_cents"] = account.net_liquidation_usd_cents
        baseline = desk.store.meta(BASELINE)
        if baseline is not None:
            found["pnl_usd_cents"] = account.net_liquidation_usd_cents - int(baseline)
    with contextlib.suppress(BrokerError, TimeoutError, Refusal):
        seen = await asyncio.wait_for(indexes(desk), ASK_S)
        found |= {"spx": seen.spx, "vix": seen.vix}
    return found


def session_note(now: datetime, today: date) -> str:
    """Say whether the market is open, or when it opens; ``today`` is the session that log lines belong to now."""
    hours = session(today)
    opens, closes = hours.open_at.astimezone(NEW_YORK), hours.close_at.astimezone(NEW_YORK)
    if now >= hours.close_at:
        return f"market closed at {closes:%H:%M}"
    if now >= hours.open_at:
        return f"market open until {closes:%H:%M}" + (", an early close" if hours.early_close else "")
    if new_york_date(now) == today:
        return f"market opens at {opens:%H:%M}"
    return f"the next session; market opens {opens:%A at %H:%M}"


async def plan_now(engine: Engine) -> Json:
    """Return what the entry and the hedge would do now; records and sends nothing."""
    today = engine.desk.journal.session()
    return {
        "session": today.isoformat(),
        "at": engine.desk.clock.now().isoformat(),
        "run_state": engine.run_states.now().state.value,
        "condor": {**await _condor_plan(engine, today), **_entry_job(engine, today)},
        "hedge": await _hedge_plan(engine, today),
    }


def _entry_job(engine: Engine, today: date) -> Json:
    """Return when the session's entry decision is made, or what came of it."""
    store = engine.desk.store
    outcome = store.job_outcome(today, ENTRY_JOB)
    return {
        "entry_at": instant(today, engine.desk.policy.schedule.condor_entry).isoformat(),
        "decided": None if outcome is None else f"{outcome.outcome.value}, {outcome.reason}",
        "decided_at": None if outcome is None else outcome.at.isoformat(),
    }


async def _condor_plan(engine: Engine, today: date) -> Json:
    found = await _asked(engine, today, partial(engine.entries.preview, today))
    if isinstance(found, list):
        return {"kind": "unknown", "reasons": found, "inputs": {}}
    return {
        "kind": found.kind.value,
        "reasons": [reason_json(reason) for reason in found.reasons],
        "inputs": dict(found.inputs),
    }


async def _hedge_plan(engine: Engine, today: date) -> Json:
    due = engine.hedge.due(today)
    dates = {name: day.isoformat() for name, day in due.items()}
    view = await _asked(engine, today, partial(engine.hedge_reader.read, today, frozenset(due)))
    if isinstance(view, list):
        return {"kind": "unknown", "reasons": view, "due": dates}
    computed = view.computation
    return {
        "kind": "computed",
        "vix": computed.vix,
        "regime": computed.regime,
        "pct": computed.pct,
        "wing_notional_usd": computed.wing_notional_usd,
        "target_usd": computed.target_usd,
        "held_usd": computed.held_usd,
        "base": computed.sized.base,
        "base_usd": computed.sized.base_usd,
        "measure": computed.sized.measure,
        "total": computed.sized.total,
        "break_even_contracts": computed.sized.break_even_contracts,
        "arithmetic": hedge_arithmetic(computed),
        "due": dates,
        "layers": [
            {
                "layer": layer.layer,
                "contract": None if layer.contract is None else str(HedgeUnit(layer.contract, layer.short)),
                "forward_pts": layer.forward_pts,
                "delta": layer.delta,
                "delta_usd": layer.delta_usd,
                "unit_usd": layer.counts_usd,
                "held": layer.held,
                "target": layer.target,
            }
            for layer in computed.layers
        ],
        "reasons": [reason_json(reason) for reason in computed.reasons],
    }


async def flatten_plan_now(engine: Engine) -> Json:
    """Return what flattening would send now, in its order; sends nothing."""
    found = await asyncio.wait_for(flatten_plan(engine.desk), PLAN_S)
    return {
        **_flatten_head(engine),
        "sent": False,
        "orders": [
            {
                "strategy": order.strategy.value,
                "subject": order.subject,
                "legs": [f"{leg.ratio * order.quantity:+d} {leg.contract}" for leg in order.legs],
                "quantity": order.quantity,
                "mid": order.mid_pts,
                "natural": order.natural_pts,
                "note": order.note,
                "cancels_first": list(order.resting),
            }
            for order in found
        ],
    }


async def flatten_now(engine: Engine, reason: str) -> Json:
    """Flatten, and return what was closed, what was not, and why."""
    ends = await engine.flatten(reason)
    rows = [
        {"strategy": end.strategy.value, "subject": end.subject, "closed": not end.why, "why": end.why} for end in ends
    ]
    return {**_flatten_head(engine), "sent": True, "ends": rows}


def _flatten_head(engine: Engine) -> Json:
    return {
        "session": engine.desk.journal.session().isoformat(),
        "at": engine.desk.clock.now().isoformat(),
        "run_state": engine.desk.store.run_state().state.value,
    }


async def _asked(engine: Engine, today: date, ask: Callable[[], Awaitable[Answer]]) -> Answer | list[Json]:
    """Return an answer from the market, or the reasons why there is none."""
    hours, now = session(today), engine.desk.clock.now()
    if not hours.open_at <= now < hours.close_at:
        opens = f"{hours.open_at.astimezone(NEW_YORK):%Y-%m-%d %H:%M}"
        when = f"it opens at {opens}" if now < hours.open_at else "this session is over"
        return [reason_json(Reason("market_closed", f"the market is closed, so there are no quotes; {when}"))]
    try:
        return await asyncio.wait_for(ask(), PLAN_S)
    except Refusal as refusal:
        return [reason_json(reason) for reason in refusal.reasons]
    except BrokerError as error:
        return [reason_json(Reason("broker_failed", str(error), error.code))]
    except TimeoutError:
        return [reason_json(Reason("too_slow", "the market data did not arrive in time, in seconds", None, PLAN_S))]
