"""How the daemon is: what the one that runs tells, joined with what the database holds; or the database alone."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from daemon import __version__
from daemon.adapters.clock import computer_now
from daemon.adapters.control import SilentDaemonError, ask, daemon_listens
from daemon.adapters.halt_file import HaltFile
from daemon.adapters.store import DATABASE, open_readonly
from daemon.core.book.book import Book
from daemon.core.book.condors import layer_positions, open_condors
from daemon.core.hedge.policy import BESIDE
from daemon.core.hedge.units import layer_holding
from daemon.core.orders.intent import IntentState
from daemon.core.records import ACCOUNT_KEY, MODE_KEY, LimitUse
from daemon.errors import NotReadyError
from daemon.ports import Store
from daemon.report.governance import policy_lines
from daemon.report.risk import stress_words
from daemon.report.status import StatusView
from daemon.report.words import new_york_instant, reason_text
from daemon.settings.folders import Folders

Json = dict[str, Any]
NO_DATABASE: Final = "no database yet"
STATUS_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the daemon."""

    view: StatusView
    silence: SilentDaemonError | None
    """Why a daemon that runs told nothing."""


def look(folders: Folders) -> Look:
    """Ask the daemon, if one runs, and read the database. Raises StoreError, NotReadyError for what is not ours to read."""
    live: Mapping[str, Any] | None = None
    silence: SilentDaemonError | None = None
    if daemon_listens(folders.runtime_dir):
        try:
            live = ask(folders.runtime_dir, "status", timeout_s=STATUS_TIMEOUT_S, alike=True)
        except SilentDaemonError as error:
            silence = error
    halt_file = HaltFile(folders.state_dir)
    try:
        store = open_readonly(folders.state_dir / DATABASE)
    except NotReadyError:
        return Look(status_view(None, live, halt_file=halt_file, silent=silence is not None), silence)
    with closing(store):
        return Look(status_view(store, live, halt_file=halt_file, silent=silence is not None), silence)


def status_view(
    store: Store | None, live: Mapping[str, Any] | None, *, halt_file: HaltFile, silent: bool = False
) -> StatusView:
    """Join what the database tells with what a running daemon told, if one runs and is not ``silent``."""
    fields: dict[str, Any] = {"version": __version__, "mode": NO_DATABASE, "silent": silent}
    fields |= {"halt_file": str(halt_file.path), "halt_file_text": halt_file.reason()}
    if store is not None:
        fields |= _stored(store)
    if live is not None:
        fields |= _told(live)
    return StatusView(**fields)


def _told(live: Mapping[str, Any]) -> Json:
    """Return the fields of a running daemon's answer."""
    told = dict(live)
    account = told.pop("account")
    return {
        **told,
        "mode": f"{told['mode']} {account}".strip(),
        "now": datetime.fromisoformat(told["now"]),
        "session": date.fromisoformat(told["session"]),
        "reconciled_at": None if told["reconciled_at"] is None else datetime.fromisoformat(told["reconciled_at"]),
        "next_jobs": tuple((datetime.fromisoformat(when), name) for when, name in told["next_jobs"]),
        "limits": tuple(LimitUse(**use) for use in told["limits"]),
    }


def _stored(store: Store) -> Json:
    entries = store.entries()
    book = store.book()
    condors = open_condors(book, store.condors(), entries)
    state, day, hedge = store.run_state(), store.last_day(), store.last_hedge_computation()
    unknown = (IntentState.UNKNOWN, IntentState.SENDING)
    return {
        "mode": store.meta(ACCOUNT_KEY) or f"{store.meta(MODE_KEY) or 'never run'}, no account yet",
        "run_state": state.state.value,
        "run_state_by": state.by,
        "run_state_reason": state.reason,
        "positions": len(book.positions()),
        "condors_open": len(condors),
        "wing_notional_usd": sum(condor.wing_notional_usd for condor in condors),
        "spx": None if day is None else day.spx,
        "vix": None if hedge is None else hedge.vix,
        "regime": None if hedge is None else hedge.regime,
        "hedge_pct": None if hedge is None else hedge.pct,
        "hedge_target_usd": None if hedge is None else hedge.target_usd,
        "hedge_held_usd": None if hedge is None else hedge.held_usd,
        **_units_held(book),
        "contracts_target": None if hedge is None else hedge.contracts,
        "net_liquidation_usd_cents": None if day is None else day.net_liquidation_usd_cents,
        "pnl_usd_cents": None if day is None else day.condor_pnl_usd_cents + day.hedge_pnl_usd_cents,
        "breaks_open": None if day is None else day.breaks_open,
        **_risk(store),
        "unknown_orders": tuple(i.ref for i in store.intents(live_only=True) if i.state in unknown),
        "hedge_policy": policy_lines(store.governance(), computer_now()),
        "last_decision": _last_decision(store),
    }


def _units_held(book: Book) -> Json:
    """Return how many contracts the layers hold, a spread as one, and apart from them what stands beside them."""
    held = {name: layer_holding(positions).quantity for name, positions in layer_positions(book).items()}
    beside = {name: held.pop(name, 0) for name in BESIDE}
    return {"contracts_held": sum(held.values()), "beside_held": beside}


def _risk(store: Store) -> Json:
    """Return what the last measurement found."""
    risk = store.last_risk()
    if risk is None:
        return {}
    return {
        "risk_at": risk.at,
        "theta_usd": risk.theta_usd,
        "worst_usd": None if risk.worst is None else risk.worst.pnl_usd,
        "worst_scenario": stress_words(risk.worst),
        "limits": risk.limits,
    }


def _last_decision(store: Store) -> str:
    """Return the latest decision of the last session in one line."""
    last = store.meta("last_session")
    day = store.last_day()
    sessions = {*([date.fromisoformat(last)] if last else ()), *([day.session] if day else ())}
    for session in sorted(sessions, reverse=True):
        decisions = store.decisions(session)
        if decisions:
            found = decisions[-1]
            why = "; ".join(map(reason_text, found.reasons[:2]))
            return f"{new_york_instant(found.at)}  {found.kind.value} {found.subject}" + (f": {why}" if why else "")
    return ""
