"""The sections of the page of a session: what each says, or in words why it says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from daemon.core.book.book import BookEntry
from daemon.core.calendar.sessions import NEW_YORK
from daemon.core.condor.distance import sigmas
from daemon.core.hedge.policy import BESIDE
from daemon.core.orders.intent import Strategy
from daemon.core.records import Decision, DecisionKind, Level, NextSession, Outcome
from daemon.report.beside import beside_table
from daemon.report.closing import condor_day_usd_cents, hedge_day_usd_cents
from daemon.report.condors import CondorLine
from daemon.report.day import DayView, attention, condor_decision
from daemon.report.hedge import LayerLine, budget_lines, hedge_arithmetic
from daemon.report.monitors import look_words
from daemon.report.orders import OrderLine
from daemon.report.signals import signals_line
from daemon.report.slippage import PARTS
from daemon.report.uptime import link_words
from daemon.report.words import (
    UNKNOWN,
    clipped,
    columns,
    dollars,
    dollars_and_cents,
    net_price,
    new_york_time,
    percent,
    plural,
    points,
    reason_text,
    whole_dollars,
)

NO_FIGURES: Final = "no closing figures recorded"
REASON_WIDTH: Final = 80
"""Of a job that did not run; its decision tells the whole of it."""
WOULD_REFUSE: Final = "would have refused: "
REASONS_SHOWN: Final = 3
"""Reasons of one decision on the page; ``why`` shows all of them."""
TROUBLES_SHOWN: Final = 6
SETTINGS_SHOWN: Final = 6
EXIT_JOBS: Final = ("exits", "last_resort")
CONDOR_KINDS: Final = (DecisionKind.ENTER, DecisionKind.EXIT)


def attention_texts(view: DayView) -> Sequence[str]:
    """Say what needs a hand."""
    return attention(view) or ("nothing",)


def market_texts(view: DayView) -> Iterator[str]:
    """Say where SPX and VIX closed, in which regime, and what signals and monitors say."""
    day, before = view.closing.day, view.closing.before
    if day is None:
        yield NO_FIGURES
    else:
        spx, vix = f"SPX {points(day.spx)}", f"VIX {points(day.vix)}"
        if before is not None:
            change_pct = percent(100 * (day.spx / before.spx - 1), digits=2, signed=True)
            spx += f" ({points(day.spx - before.spx, signed=True)}, {change_pct})"
            vix += f" ({points(day.vix - before.vix, signed=True)})"
        yield f"{spx}   {vix}   regime {day.regime or 'not computed'}"
    yield f"signals: {signals_line(view.signals)}"
    if view.monitors:
        yield f"monitors: {look_words(view.monitors)}"


def profit_texts(view: DayView) -> Iterator[str]:
    """Say what the day has brought, and what all days since the start."""
    day, before = view.closing.day, view.closing.before
    if day is None:
        yield NO_FIGURES
        return
    total, since = (
        dollars(cents, signed=True) for cents in (view.closing.pnl_day_usd_cents, view.closing.pnl_usd_cents)
    )
    wing = whole_dollars(day.wing_notional_usd)
    yield f"net liquidation {dollars_and_cents(day.net_liquidation_usd_cents)}, day {total}, since start {since}, W {wing}"
    condors = _since(condor_day_usd_cents(day, before), day.condor_pnl_usd_cents)
    yield f"condors {condors}, hedge {_since(hedge_day_usd_cents(day, before), day.hedge_pnl_usd_cents)}"


def _since(day_cents: int, start_cents: int) -> str:
    return f"{dollars(day_cents, signed=True)} (since start {dollars(start_cents, signed=True)})"


def hedge_texts(view: DayView) -> Iterator[str]:
    """Write the regime and the arithmetic of the hedge, with its budget."""
    computed = view.computation
    if computed is None:
        yield "no hedge computation recorded"
        return
    yield f"{new_york_time(computed.at)} {hedge_arithmetic(computed)}"
    yield from budget_lines(computed)


def entry_texts(view: DayView) -> Iterator[str]:
    """Say whether a condor was entered, and why or why not."""
    decision = condor_decision(view.decisions)
    if decision is None:
        yield "no decision recorded"
        return
    if decision.kind is DecisionKind.ENTER:
        yield from _decided(decision, f"entered {decision.subject}", shown=1)
        # Decision 20: a gate that is off is told of, not only counted among the reasons.
        told = [words for reason in decision.reasons if (words := reason.text.partition(WOULD_REFUSE)[2])]
        if told:
            yield f"  gates that are off {WOULD_REFUSE}{'; '.join(words.rstrip('.') for words in told)}."
    else:
        yield from _decided(decision, "skipped")


def exit_texts(view: DayView) -> Iterator[str]:
    """Say which condors were closed, adjusted or settled, and why."""
    ended = [
        f"{line.condor_id} {line.status} with {dollars(line.pnl_usd_cents, signed=True)}: {line.exit_reason}"
        for line in view.ended_condors
    ]
    subjects = {line.condor_id for line in view.ended_condors}
    open_still = [each for each in _exits(view) if each.subject not in subjects]
    yield from ended
    for decision in open_still:
        yield from _decided(decision, f"{decision.kind} {decision.subject}")
    if not ended and not open_still:
        yield "none was due" if view.open_condors else "no condor held"


def _exits(view: DayView) -> Iterator[Decision]:
    return (each for each in view.decisions if each.job in EXIT_JOBS)


def _decided(decision: Decision, what: str, shown: int = REASONS_SHOWN) -> Iterator[str]:
    """Write a decision with its first reason, further ones under it, and where the others are."""
    reasons = [reason_text(reason) for reason in decision.reasons] or ["no reason recorded"]
    left = len(reasons) - shown
    more = f"and {plural(left, 'more reason')}: condord why {decision.session}"
    first = f"{new_york_time(decision.at)} {what}: {reasons[0]}"
    yield f"{first}, {more}" if left > 0 and shown == 1 else first
    yield from (f"  {reason}" for reason in reasons[1:shown])
    if left > 0 and shown > 1:
        yield f"  {more}"


def fill_texts(view: DayView) -> Iterator[str]:
    """Write each order of the session: a filled one against its mid, any other with what became of it."""
    for order in view.orders:
        when = new_york_time(order.at) if order.session == view.session else f"{order.session:%m-%d}"
        head = f"{when} {order.purpose} {order.legs}:"
        if not order.filled:
            yield f"{head} limit {net_price(order.limit_pts)}, {order.state}"
            continue
        part = "" if order.filled == order.quantity else f"{order.filled} of {order.quantity} at "
        fees = f"fees {dollars_and_cents(order.fees_usd_e4 / 100)}" + " so far" * bool(order.fees_missing)
        yield f"{head} {part}{net_price(order.fill_pts)}, {_cost(order)}, {fees}"
        yield f"  {order.ref}{_parts(order)}"
    if not view.orders:
        yield "no orders today"


def _cost(order: OrderLine) -> str:
    """Say what a fill cost against the mid at its decision; positive is a cost."""
    if order.resting:
        return "resting order"
    if order.slippage_usd_cents is None:
        return f"no mid recorded, cost {UNKNOWN}"
    return f"mid {net_price(order.mid_pts)}, cost {dollars_and_cents(order.slippage_usd_cents, signed=True)}"


def _parts(order: OrderLine) -> str:
    parts = order.slippage_parts_usd_cents
    if order.resting or order.slippage_usd_cents is None:
        return ""
    if parts is None:
        return f": parts of the cost {UNKNOWN}"
    return ": " + ", ".join(f"{name} {dollars(cents, signed=True)}" for name, cents in zip(PARTS, parts, strict=True))


def condor_table(view: DayView) -> list[str]:
    """Write the open condors with the distance of SPX to both short strikes in points, percent and deviations."""
    if not view.open_condors:
        return []
    head = ("condor", "qty", "strikes", "expiry", "dte", "put", "%", "sig", "call", "%", "sig", "credit", "P&L")
    return columns([head, *(_condor(line, view) for line in view.open_condors)], "<><<>>>>>>>>>", gap=1)


def condor_texts(view: DayView) -> Iterator[str]:
    """Say how many condors are open, and how their table is read."""
    how = "put, call: SPX to the short strike in points, % and sigma, negative beyond it"
    yield f"{len(view.open_condors)} open; {how}" if view.open_condors else "no condor open"


def _condor(line: CondorLine, view: DayView) -> tuple[str, ...]:
    return (
        line.condor_id,
        f"{line.open_quantity}x",
        line.strikes,
        f"{line.record.expiry:%m-%d}",
        str(line.dte),
        *_distance(line, line.to_put_pts, view, call=False),
        *_distance(line, line.to_call_pts, view, call=True),
        points(line.credit_pts),
        dollars(line.pnl_usd_cents, signed=True),
    )


def _distance(line: CondorLine, away_pts: float | None, view: DayView, *, call: bool) -> tuple[str, str, str]:
    """Return a distance in points, percent of SPX and deviations; negative once SPX is through the strike."""
    if away_pts is None or line.spx is None:
        return (UNKNOWN, "-", "-")
    found = away_sigmas(line, away_pts, view, call=call)
    share = percent(line.share_of_spx_pct(away_pts)).replace(" ", "")
    return (f"{away_pts:,.0f}", share, "-" if found is None else f"{found:.1f}")


def away_sigmas(line: CondorLine, away_pts: float | None, view: DayView, *, call: bool) -> float | None:
    """Return the distance to a short strike in deviations, positive while SPX is on the good side of it."""
    if away_pts is None or line.spx is None or view.closing.day is None:
        return None
    strike_pts = line.spx + away_pts if call else line.spx - away_pts
    found = sigmas(line.spx, strike_pts, view.closing.day.vix, view.session, line.record.expiry)
    return found if found is None or call else -found


def layer_section(view: DayView) -> list[str]:
    """Write the layers against their targets, what stands beside them, what settled and what was decided."""
    settled = [_settled_option(entry) for entry in view.settlements if entry.strategy is Strategy.HEDGE]
    decided = [f"  {text}" for text in _hedge_decisions(view)]
    return [*layer_table(view.layers), *beside_table(view.beside), *settled, *decided]


def _hedge_decisions(view: DayView) -> Iterator[str]:
    """Write what was decided of the hedge, each with its first reason."""
    entry = condor_decision(view.decisions)
    for decision in view.decisions:
        if decision is entry or decision.kind in CONDOR_KINDS or decision.job in (*EXIT_JOBS, "condor_entry"):
            continue
        if decision.job == "signals" and decision.kind is DecisionKind.SKIP:
            continue
        why = reason_text(decision.reasons[0]) if decision.reasons else "no reason recorded"
        yield f"{new_york_time(decision.at)} {decision.kind} {decision.subject}: {why}"


def held_words(view: DayView) -> str:
    """Say what all layers hold together."""
    parts = [line.delta_usd for line in view.layers if line.held and line.layer not in BESIDE]
    if not parts:
        return "nothing held"
    known = [part for part in parts if part is not None]
    total = sum(known) if len(known) == len(parts) else None
    target = UNKNOWN if view.contracts_target is None else view.contracts_target
    return f"{view.contracts_held} of {target} contracts, delta-dollars {whole_dollars(total)}"


def layer_table(layers: Sequence[LayerLine]) -> list[str]:
    """Write the layers as a table."""
    if not layers:
        return ["  no layer held"]
    rows = [("layer", "contract", "held", "target", "mark", "dte", "delta-$", "next roll")]
    return columns([*rows, *map(_layer, layers)], "<<>>>>><")


def _settled_option(entry: BookEntry) -> str:
    sold = "" if entry.quantity < 0 else "short "
    return (
        f"  {entry.subject} settled: {sold}{abs(entry.quantity)} {entry.contract} at {points(entry.price_pts100 / 100)}"
    )


def _layer(layer: LayerLine) -> tuple[str, ...]:
    return (
        layer.layer,
        "nothing held" if layer.unit is None else str(layer.unit),
        str(layer.held),
        "-" if layer.target is None else str(layer.target),
        "-" if layer.unit is None else points(layer.mark_pts),
        "-" if layer.dte is None else str(layer.dte),
        "-" if layer.delta_usd is None else whole_dollars(layer.delta_usd),
        "-" if layer.next_roll is None else f"{layer.next_roll}",
    )


def reconciled_texts(view: DayView) -> Iterator[str]:
    """Say whether book and account agree."""
    day = view.closing.day
    if day is None:
        yield NO_FIGURES
    elif day.breaks_open:
        yield f"{plural(day.breaks_open, 'break')} open: entries stay blocked until explained (condord status)"
    else:
        yield "book and account agree, no break open"


def warning_texts(view: DayView) -> Iterator[str]:
    """Write warnings and errors, errors first, each once."""
    for trouble in view.troubles[:TROUBLES_SHOWN]:
        mark = "ERROR " if trouble.level is Level.ERROR else ""
        yield f"{mark}{trouble.name}: {trouble.text} ({trouble.when})"
    left = len(view.troubles) - TROUBLES_SHOWN
    if left > 0:
        yield f"and {left} more: condord log {view.session} --errors"
    if not view.troubles:
        yield "none"


def job_texts(view: DayView) -> Iterator[str]:
    """Count the jobs by outcome, and name those that did not run, or ran late."""
    known = [(job, outcome) for job, outcome in view.jobs if outcome is not None]
    if not known:
        yield "no outcome recorded"
    for outcome in (Outcome.FAILED, Outcome.MISSED, Outcome.DONE, Outcome.SKIPPED):
        jobs = [(job, found.reason) for job, found in known if found.outcome is outcome]
        if jobs:
            yield f"{len(jobs)} {outcome}" + (f": {_by_reason(jobs)}" if outcome is not Outcome.DONE else "")
    if view.late:
        yield f"late: {', '.join(view.late)}"


def _by_reason(jobs: Iterable[tuple[str, str]]) -> str:
    """Name jobs with their reason, those of one reason together."""
    reasons: dict[str, list[str]] = {}
    for job, why in jobs:
        reasons.setdefault(why, []).append(job)
    return "; ".join(f"{', '.join(names)} ({clipped(why, REASON_WIDTH)})" for why, names in reasons.items())


def link_texts(view: DayView) -> Sequence[str]:
    """Say how much of the session the connection was there."""
    return link_words(view.link)


def settings_texts(view: DayView) -> Iterator[str]:
    """Say which settings changed or wait for a restart, and name the digest of those in force."""
    digest = f"digest {view.settings_digest}" if view.settings_digest else "digest not recorded"
    yield digest if view.settings_told else f"{digest}, no change"
    yield from view.settings_told[:SETTINGS_SHOWN]
    left = len(view.settings_told) - SETTINGS_SHOWN
    if left > 0:
        yield f"and {left} more: condord log {view.session}"


def tomorrow_texts(tomorrow: NextSession | None) -> Iterator[str]:
    """Say what the next session brings."""
    if tomorrow is None:
        yield "not known"
        return
    opens, closes = (f"{at.astimezone(NEW_YORK):%H:%M}" for at in (tomorrow.open_at, tomorrow.close_at))
    early = ", an EARLY CLOSE" if tomorrow.early_close else ""
    yield f"{tomorrow.session:%A} {tomorrow.session}, market {opens} to {closes}{early}"
    yield f"jobs: {', '.join(f'{job} {new_york_time(at)}' for job, at in tomorrow.jobs)}"
    yield f"events: {', '.join(tomorrow.events) or 'none known'}"
    yield f"expiries: {', '.join(tomorrow.expiring) or 'none'}; near their exit by time: {_dated(tomorrow.leaving) or 'none'}"
    yield f"rolls: {_dated(tomorrow.rolls, due=tomorrow) or 'none, they are off'}"


def _dated(pairs: Iterable[tuple[str, object]], due: NextSession | None = None) -> str:
    today = None if due is None else due.session
    return ", ".join(f"{name} {day}" + " DUE" * (day == today) for name, day in pairs)
