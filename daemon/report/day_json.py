"""The page of one session as JSON values: the facts of its sections, under the same names."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from daemon.core.records import NextSession
from daemon.report.beside import ledger_sums
from daemon.report.closing import condor_day_usd_cents, hedge_day_usd_cents
from daemon.report.condors import CondorLine
from daemon.report.day import DayView, attention, condor_decision
from daemon.report.day_sections import EXIT_JOBS, away_sigmas
from daemon.report.day_text import verdict
from daemon.report.hedge import LayerLine, hedge_arithmetic
from daemon.report.orders import OrderLine
from daemon.report.slippage import fill_json

Json = dict[str, Any]


def day_json(view: DayView) -> Json:
    """Return the facts of the page; money in dollars, what is unknown null."""
    decision = condor_decision(view.decisions)
    return {
        "mode": view.mode,
        "verdict": verdict(view),
        "attention": attention(view),
        "market": _market(view),
        "profit": _profit(view),
        "hedge": _hedge(view),
        "entry": None
        if decision is None
        else {"kind": decision.kind, "subject": decision.subject, "at": decision.at, "reasons": decision.reasons},
        "exits": [
            {
                "condor": line.condor_id,
                "status": line.status,
                "why": line.exit_reason,
                "pnl_usd": _usd(line.pnl_usd_cents),
            }
            for line in view.ended_condors
        ],
        "exit_decisions": [
            {"kind": each.kind, "subject": each.subject, "at": each.at, "reasons": each.reasons}
            for each in view.decisions
            if each.job in EXIT_JOBS
        ],
        "fills": [_fill(order) for order in view.orders],
        "condors": [_condor(line, view) for line in view.open_condors],
        "layers": [_layer(line) for line in view.layers],
        "beside": {line.subject: ledger_sums(line.ledger) for line in view.beside},
        "risk": None if view.risk is None else asdict(view.risk) | {"theta_usd": view.risk.theta_usd, "limits": None},
        "limits": [] if view.risk is None else [asdict(use) | {"breached": use.breached} for use in view.risk.limits],
        "reconciled": {"breaks_open": None if view.closing.day is None else view.closing.day.breaks_open},
        "warnings": [asdict(trouble) for trouble in view.troubles],
        "jobs": {job: None if found is None else asdict(found) for job, found in view.jobs},
        "late": view.late,
        "link": asdict(view.link),
        "settings": {"digest": view.settings_digest or None, "told": view.settings_told},
        "tomorrow": None if view.tomorrow is None else _tomorrow(view.tomorrow),
    }


def _usd(cents: float | None) -> float | None:
    return None if cents is None else cents / 100


def _market(view: DayView) -> Json | None:
    day, before = view.closing.day, view.closing.before
    if day is None:
        return None
    return {
        "spx": day.spx,
        "vix": day.vix,
        "spx_before": None if before is None else before.spx,
        "vix_before": None if before is None else before.vix,
        "regime": day.regime,
        "signals": {signal.name: [signal.state, signal.standing] for signal in view.signals},
        "monitors_beyond": [f"{line.kind} of {line.subject}" for line in view.monitors if line.beyond],
    }


def _profit(view: DayView) -> Json | None:
    day, before = view.closing.day, view.closing.before
    if day is None:
        return None
    return {
        "net_liquidation_usd": _usd(day.net_liquidation_usd_cents),
        "wing_notional_usd": day.wing_notional_usd,
        "day_usd": _usd(view.closing.pnl_day_usd_cents),
        "day_condors_usd": _usd(condor_day_usd_cents(day, before)),
        "day_hedge_usd": _usd(hedge_day_usd_cents(day, before)),
        "since_start_usd": _usd(view.closing.pnl_usd_cents),
        "since_start_condors_usd": _usd(day.condor_pnl_usd_cents),
        "since_start_hedge_usd": _usd(day.hedge_pnl_usd_cents),
    }


def _hedge(view: DayView) -> Json | None:
    computed = view.computation
    if computed is None:
        return None
    return {
        "at": computed.at,
        "arithmetic": hedge_arithmetic(computed),
        "vix": computed.vix,
        "regime": computed.regime,
        "pct": computed.pct,
        "target_usd": computed.target_usd,
        "held_usd": computed.held_usd,
        "contracts_held": view.contracts_held,
        "contracts_target": view.contracts_target,
        "budget": None if computed.sized.budget is None else asdict(computed.sized.budget),
    }


def _fill(order: OrderLine) -> Json:
    told = {
        "purpose": order.purpose,
        "subject": order.subject,
        "legs": order.legs,
        "at": order.at,
        "state": order.state,
    }
    return {**told, "limit_pts": order.limit_pts, "fees_usd": order.fees_usd_e4 / 10_000, **fill_json(order)}


def _condor(line: CondorLine, view: DayView) -> Json:
    return {
        "condor": line.condor_id,
        "quantity": line.open_quantity,
        "strikes": line.strikes,
        "expiry": line.record.expiry,
        "dte": line.dte,
        "to_put_pts": line.to_put_pts,
        "to_put_pct": line.share_of_spx_pct(line.to_put_pts),
        "to_put_sigmas": away_sigmas(line, line.to_put_pts, view, call=False),
        "to_call_pts": line.to_call_pts,
        "to_call_pct": line.share_of_spx_pct(line.to_call_pts),
        "to_call_sigmas": away_sigmas(line, line.to_call_pts, view, call=True),
        "credit_pts": line.credit_pts,
        "pnl_usd": _usd(line.pnl_usd_cents),
    }


def _layer(line: LayerLine) -> Json:
    return {
        "layer": line.layer,
        "contract": None if line.unit is None else str(line.unit),
        "held": line.held,
        "target": line.target,
        "mark_pts": line.mark_pts,
        "dte": line.dte,
        "delta_usd": line.delta_usd,
        "next_roll": line.next_roll,
    }


def _tomorrow(tomorrow: NextSession) -> Json:
    pairs = {name: dict(getattr(tomorrow, name)) for name in ("jobs", "leaving", "rolls")}
    return asdict(tomorrow) | pairs
