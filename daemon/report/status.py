"""The one screen of ``status``: filled in by whoever knows, written here as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from textwrap import wrap
from typing import Final

from daemon.core.records import LimitUse
from daemon.report.json_types import JsonObject, JsonValue
from daemon.report.limits import limits_words
from daemon.report.risk import theta_words
from daemon.report.words import (
    UNKNOWN,
    clipped,
    dollars_and_cents,
    new_york_instant,
    new_york_time,
    percent,
    plural,
    points,
    whole_dollars,
)

WIDTH: Final = 100
"""Widest line where nobody says how wide the terminal is."""
WIDTH_MIN: Final = 60
LABEL_WIDTH: Final = 14
POLICY_LINES: Final = 2
"""Lines about a hedge policy that waits; `condord approve show` has all of them."""
ORDERS_SHOWN: Final = 2
NOT_RUNNING: Final = "not running (`condord config check` tells what a start would refuse)"
JOBS_SHOWN: Final = 4
LINES_MAX: Final = 2
"""Lines of one long text, an error of the gateway or a decision; the JSON has all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """How the program is. None means unknown, which is written as such and never as zero."""

    mode: str
    """``SIMULATED``, or ``PAPER`` with the account."""
    version: str
    pid: int | None = None
    """Process of the daemon; None when none runs or it does not answer."""
    silent: bool = False
    """Whether a daemon runs that does not answer."""
    now: datetime | None = None
    session: date | None = None
    session_note: str = ""
    """For example ``open until 16:00`` or ``next session``."""
    link: str | None = None
    """State of the connection, a value of ``LinkState``."""
    link_text: str = ""
    run_state: str | None = None
    run_state_by: str = ""
    run_state_reason: str = ""
    next_jobs: tuple[tuple[datetime, str], ...] = ()
    reconciled_at: datetime | None = None
    breaks_open: int | None = None
    positions: int | None = None
    """Contracts held."""
    condors_open: int | None = None
    wing_notional_usd: int | None = None
    spx: float | None = None
    vix: float | None = None
    regime: str | None = None
    hedge_pct: float | None = None
    hedge_target_usd: float | None = None
    hedge_held_usd: float | None = None
    contracts_held: int | None = None
    contracts_target: int | None = None
    beside_held: Mapping[str, int] = field(default_factory=dict)
    """What stands beside the layers, by its name: spreads of the drift hedge and the second engine, extra calls."""
    net_liquidation_usd_cents: int | None = None
    pnl_usd_cents: int | None = None
    risk_at: datetime | None = None
    """When the greeks and the stress were measured; None when they never were."""
    theta_usd: float | None = None
    """Condors and hedge together, for a calendar day."""
    worst_usd: float | None = None
    """What the worst scenario of the stress grid brings."""
    worst_scenario: str = ""
    limits: tuple[LimitUse, ...] = ()
    """How much of each limit is used."""
    halt_file: str = ""
    """Where a halt file would be."""
    halt_file_text: str | None = None
    """What is in it; None when there is none."""
    unknown_orders: tuple[str, ...] = ()
    """Order refs without evidence."""
    hedge_policy: tuple[str, ...] = ()
    """Which one is in force and who decides about changes, or which changes wait for approval."""
    settings_pending: int | None = 0
    """Changes of the settings that a restart would put into force; None where it could not read them."""
    last_decision: str = ""


def status_json(view: StatusView) -> JsonObject:
    """Return every field as a JSON value, money in dollars, instants and dates as text."""
    values: JsonObject = {}
    for each in fields(view):
        name, value = each.name, getattr(view, each.name)
        if name.endswith("_usd_cents"):
            values[name.removesuffix("_cents")] = None if value is None else value / 100
        else:
            values[name] = _json(value)
    values["next_jobs"] = [{"at": at.isoformat(), "job": job} for at, job in view.next_jobs]
    return values


def _json(value: object) -> JsonValue:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case datetime() | date():
            return value.isoformat()
        case tuple():
            return [_json(item) for item in value]
        case LimitUse():
            return asdict(value)
        case Mapping():
            return {str(name): _json(item) for name, item in value.items()}
        case _:
            raise TypeError(f"{value!r} has no JSON form")


def status_text(view: StatusView, width: int = WIDTH) -> str:
    """Write the screen, at most ``width`` characters wide."""
    screen = [f"condord {view.version}   {view.mode}"]
    for label, text, lines_max in _parts(view):
        screen += _block(label, text, max(width, WIDTH_MIN), lines_max)
    return "\n".join(screen) + "\n"


def _block(label: str, text: str, width: int, lines_max: int) -> list[str]:
    """Write a label with its text beside it, in as many lines as it takes and may take."""
    lines = wrap(text, width - LABEL_WIDTH, break_on_hyphens=False) or [""]
    if len(lines) > lines_max:
        lines = [*lines[: lines_max - 1], clipped(" ".join(lines[lines_max - 1 :]), width - LABEL_WIDTH)]
    return [f"{label if n == 0 else '':<{LABEL_WIDTH}}{line}" for n, line in enumerate(lines)]


def _parts(view: StatusView) -> Iterator[tuple[str, str, int]]:
    """Yield each part of the screen: label, text and the most lines it may have."""
    if view.pid is None and view.run_state is None and not view.silent:
        yield "daemon", "not running, and it never has here; `condord run` starts it", LINES_MAX
        return
    yield from _daemon(view)
    yield "run state", _run_state(view), 1
    if view.halt_file_text is not None:
        yield "halt file", f"ATTENTION: {view.halt_file} is there: {view.halt_file_text}", 1
    yield "reconciled", _reconciled(view), LINES_MAX
    if view.unknown_orders:
        yield "orders", _unknown_orders(view.unknown_orders), LINES_MAX
    yield "market", f"SPX {points(view.spx)}   VIX {points(view.vix)}   regime {view.regime or UNKNOWN}", 1
    yield "condors", _condors(view), LINES_MAX
    yield "hedge", _hedge(view), LINES_MAX
    for number, text in enumerate(_policy(view)):
        yield "" if number else "hedge policy", text, 1 if number else LINES_MAX + 1
    yield "risk", _risk(view), LINES_MAX
    yield "limits", limits_words(view.limits), LINES_MAX + 1
    yield "account", _account(view), LINES_MAX
    for text in _settings(view):
        yield "settings", text, LINES_MAX
    if view.last_decision:
        yield "last decision", view.last_decision, LINES_MAX
    if view.pid is not None:
        yield "next", _jobs(view.next_jobs), LINES_MAX


def _daemon(view: StatusView) -> Iterator[tuple[str, str, int]]:
    if view.pid is None:
        state = "ATTENTION: it runs and does not answer" if view.silent else NOT_RUNNING
        yield "daemon", f"{state}; what follows is what its database holds", LINES_MAX
        return
    yield "daemon", f"running, process {view.pid}", 1
    now = UNKNOWN if view.now is None else new_york_instant(view.now)
    yield "now", f"{now}, session {_with(f'{view.session or UNKNOWN}', view.session_note)}", LINES_MAX
    yield "link", _with(view.link or UNKNOWN, view.link_text), LINES_MAX


def _jobs(jobs: Sequence[tuple[datetime, str]]) -> str:
    """Return the next jobs, those of one day with their time only, and how many come after them."""
    shown = [
        f"{new_york_time(at) if n and at.date() == jobs[n - 1][0].date() else new_york_instant(at)} {job}"
        for n, (at, job) in enumerate(jobs[:JOBS_SHOWN])
    ]
    left = len(jobs) - JOBS_SHOWN
    return ", ".join([*shown, *([f"{left} more"] if left > 0 else [])]) or "none scheduled"


def _unknown_orders(refs: Sequence[str]) -> str:
    left = len(refs) - ORDERS_SHOWN
    more = f" and {left} more" if left > 0 else ""
    return f"ATTENTION: no evidence yet of {', '.join(refs[:ORDERS_SHOWN])}{more}"


def _with(text: str, note: str) -> str:
    return f"{text} ({note})" if note else text


def _run_state(view: StatusView) -> str:
    note = ": ".join(
        part for part in (f"by {view.run_state_by}" * bool(view.run_state_by), view.run_state_reason) if part
    )
    return _with(view.run_state or UNKNOWN, note)


def _reconciled(view: StatusView) -> str:
    if view.breaks_open is None:
        verdict = "open breaks unknown"
    elif view.breaks_open == 0:
        verdict = "no break open"
    else:
        verdict = f"ATTENTION: {plural(view.breaks_open, 'break')} open, entries are blocked"
    never = "not yet" if view.pid is not None else "time unknown"
    when = never if view.reconciled_at is None else new_york_instant(view.reconciled_at)
    return f"{when}, {verdict}"


def _condors(view: StatusView) -> str:
    condors, contracts = (
        _count(view.condors_open, "open", "open"),
        _count(view.positions, "position", "positions"),
    )
    return f"{condors}, wing notional {whole_dollars(view.wing_notional_usd)}; {contracts}"


def _count(number: int | None, noun: str, many: str) -> str:
    return f"{UNKNOWN} {many}" if number is None else plural(number, noun, many)


def _hedge(view: StatusView) -> str:
    held, target = (
        UNKNOWN if number is None else f"{number}" for number in (view.contracts_held, view.contracts_target)
    )
    return (
        f"{held} of {target} contracts; held {whole_dollars(view.hedge_held_usd)}, "
        f"target {whole_dollars(view.hedge_target_usd)} (p {percent(view.hedge_pct, digits=2)}){_beside(view)}"
    )


def _beside(view: StatusView) -> str:
    words = ", ".join(f"{name} {number}" for name, number in view.beside_held.items() if number)
    return f"; beside them {words}" if words else ""


def _policy(view: StatusView) -> tuple[str, ...]:
    """Return the lines of the hedge policy, of many changes the first."""
    left = len(view.hedge_policy) - POLICY_LINES
    return view.hedge_policy if left <= 0 else (*view.hedge_policy[:POLICY_LINES], f"and {left} more changes")


def _settings(view: StatusView) -> tuple[str, ...]:
    if view.settings_pending is None:
        return ("ATTENTION: a restart could not read them; condord config check says why",)
    waiting = f"{plural(view.settings_pending, 'change')} pending: restart to put into force (condord config diff)"
    return (waiting,) if view.settings_pending else ()


def _risk(view: StatusView) -> str:
    if view.risk_at is None:
        return "not measured yet"
    worst = UNKNOWN if view.worst_usd is None else view.worst_scenario
    return f"theta {theta_words(view.theta_usd)}; worst scenario {worst}; {new_york_instant(view.risk_at)}"


def _account(view: StatusView) -> str:
    pnl = dollars_and_cents(view.pnl_usd_cents, signed=True)
    return f"net liquidation {dollars_and_cents(view.net_liquidation_usd_cents)}, profit and loss since start {pnl}"
