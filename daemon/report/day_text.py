"""The text of one session: the end-of-day block, and one line for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Final

from daemon.core.book.book import BookEntry
from daemon.core.hedge.policy import BESIDE
from daemon.core.orders.intent import Strategy
from daemon.core.records import Decision
from daemon.report.beside import beside_text
from daemon.report.closing import condor_day_usd_cents, hedge_day_usd_cents
from daemon.report.day import DayView, attention, condor_decision, done_in_words
from daemon.report.hedge import LayerLine, budget_lines, hedge_arithmetic
from daemon.report.limits import limits_section
from daemon.report.monitors import look_words
from daemon.report.orders import OrderLine
from daemon.report.risk import risk_section
from daemon.report.signals import signals_line
from daemon.report.slippage import fill_words
from daemon.report.words import (
    clipped,
    columns,
    dollars,
    dollars_and_cents,
    net_price,
    new_york_time,
    percent,
    plural,
    points,
    reason_short,
    reason_text,
    whole_dollars,
)

WIDTH: Final = 110
LINE_WIDTH: Final = 150
PROBLEM_WIDTH: Final = 40
SHORT_KINDS: Final = {"first purchase": "buy"}
TROUBLES_SHOWN: Final = 8
REASONS_SHOWN: Final = 3
"""Reasons of one decision in the block; ``why`` shows all of them."""


def render_day(view: DayView) -> str:
    """Write the end-of-day block: fixed sections in a fixed order, empty ones in words."""
    title = f"{view.session:%A} {view.session}"
    sections = (
        ("MARKET", _market(view)),
        ("DECISIONS", _decisions(view)),
        ("ORDERS AND FILLS", _orders(view)),
        (f"CONDORS  {len(view.open_condors)} open", _condors(view)),
        ("HEDGE", _hedge(view)),
        ("RISK", risk_section(view.risk)),
        ("LIMITS", limits_section(() if view.risk is None else view.risk.limits)),
        ("PROFIT AND LOSS", _pnl(view)),
        ("RECONCILIATION", _reconciliation(view)),
        ("WARNINGS AND ERRORS", _troubles(view)),
        ("JOBS", _jobs(view)),
        ("NEXT", [f"  {action}" for action in view.next_actions] or ["  no next action given"]),
    )
    lines = [f"{title}{view.mode:>{WIDTH - len(title)}}", "=" * WIDTH, *_hanging("VERDICT  ", verdict(view))]
    for heading, body in sections:
        lines += ["", heading, *body]
    return "\n".join(lines) + "\n"


def verdict(view: DayView) -> str:
    """Return the session in one sentence: ok and what was done, or what needs attention."""
    problems = attention(view)
    if problems:
        return f"ATTENTION: {'; '.join(problems)}. {'; '.join(done_in_words(view))}."
    return f"ok: {'; '.join(done_in_words(view))}; book and account agree."


def _market(view: DayView) -> list[str]:
    day, before = view.closing.day, view.closing.before
    signals = _hanging("  signals  ", signals_line(view.signals))
    if view.monitors:
        signals += _hanging("  monitors  ", look_words(view.monitors))
    if day is None:
        return ["  no closing figures recorded", *signals]
    spx, vix = f"SPX {points(day.spx)}", f"VIX {points(day.vix)}"
    if before is not None:
        spx += f" ({points(day.spx - before.spx, signed=True)}, {_change_pct(day.spx, before.spx)})"
        vix += f" ({points(day.vix - before.vix, signed=True)})"
    return [f"  {spx}   {vix}   regime {day.regime or 'not computed'}", *signals]


def _change_pct(now: float, before: float) -> str:
    return percent(100 * (now / before - 1), digits=2, signed=True)


def _decisions(view: DayView) -> list[str]:
    if not view.decisions:
        return ["  none recorded"]
    return [line for decision in view.decisions for line in _decision(decision)]


def _decision(decision: Decision) -> list[str]:
    head = f"  {new_york_time(decision.at)}  {decision.kind:<6}  {decision.subject:<12}  "
    shown = [reason_text(reason) for reason in decision.reasons[:REASONS_SHOWN]] or ["no reason recorded"]
    left = len(decision.reasons) - REASONS_SHOWN
    if left > 0:
        shown.append(f"and {plural(left, 'more reason')}: condord why {decision.session}")
    return _hanging(head, *shown)


def _hanging(head: str, *texts: str) -> list[str]:
    """Write texts behind a heading, wrapped to the width and aligned below one another."""
    lines = [line for text in texts for line in wrap(text, WIDTH - len(head))]
    return [head + lines[0], *(" " * len(head) + line for line in lines[1:])]


def _orders(view: DayView) -> list[str]:
    if not view.orders:
        return ["  no orders today"]
    return [line for order in view.orders for line in _order(order)]


def _order(order: OrderLine) -> list[str]:
    state = f"limit {net_price(order.limit_pts)}  {order.filled} of {order.quantity} filled  {order.state}"
    head = f"  {new_york_time(order.at)}  {order.purpose:<9}  {order.subject:<12}  {order.legs}  {state}"
    return [
        head,
        f"         {order.ref}",
        *(f"         {words}" for words in (fill_words(order) if order.filled else ())),
    ]


def _condors(view: DayView) -> list[str]:
    ended = [
        f"  {line.condor_id} {line.status} with {dollars(line.pnl_usd_cents, signed=True)}: {line.exit_reason}"
        for line in view.ended_condors
    ]
    if not view.open_condors:
        return [*ended, "  no condor open"]
    rows = [("condor", "qty", "strikes", "expiry", "dte", "to put", "", "to call", "", "credit", "P&L")]
    rows += [
        (
            line.condor_id,
            f"{line.open_quantity}x",
            line.strikes,
            f"{line.record.expiry}",
            str(line.dte),
            points(line.to_put_pts),
            percent(line.share_of_spx_pct(line.to_put_pts)),
            points(line.to_call_pts),
            percent(line.share_of_spx_pct(line.to_call_pts)),
            points(line.credit_pts),
            dollars(line.pnl_usd_cents, signed=True),
        )
        for line in view.open_condors
    ]
    return [*ended, *columns(rows, "<><<>>>>>>>")]


def _hedge(view: DayView) -> list[str]:
    computation = view.computation
    arithmetic = (
        "no hedge computation recorded"
        if computation is None
        else f"{new_york_time(computation.at)}  {hedge_arithmetic(computation)}"
    )
    budget = [] if computation is None else [f"  {line}" for line in budget_lines(computation)]
    settled = [_settled_option(entry) for entry in view.settlements if entry.strategy is Strategy.HEDGE]
    held = [*layer_table(view.layers), f"  at the close: {_held_at_close(view)}", *beside_text(view.beside)]
    return [f"  {arithmetic}", *budget, *settled, *held]


def _held_at_close(view: DayView) -> str:
    parts = [line.delta_usd for line in view.layers if line.held and line.layer not in BESIDE]
    if not parts:
        return "nothing held"
    known = [part for part in parts if part is not None]
    total = sum(known) if len(known) == len(parts) else None
    return f"{plural(view.contracts_held, 'contract')}, delta-dollars {whole_dollars(total)}"


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


def _pnl(view: DayView) -> list[str]:
    day, before = view.closing.day, view.closing.before
    if day is None:
        return ["  no closing figures recorded"]
    parts = (
        ("condors", condor_day_usd_cents(day, before), day.condor_pnl_usd_cents),
        ("hedge", hedge_day_usd_cents(day, before), day.hedge_pnl_usd_cents),
        ("total", view.closing.pnl_day_usd_cents, view.closing.pnl_usd_cents),
    )
    rows = [("", "day", "since start")]
    rows += [(name, dollars(now, signed=True), dollars(since, signed=True)) for name, now, since in parts]
    net = f"  net liquidation {dollars_and_cents(day.net_liquidation_usd_cents)}"
    return [*columns(rows, "<>>", gap=4), f"{net}   wing notional {whole_dollars(day.wing_notional_usd)}"]


def _reconciliation(view: DayView) -> list[str]:
    day = view.closing.day
    if day is None:
        return ["  no closing figures recorded"]
    if day.breaks_open:
        return [f"  {plural(day.breaks_open, 'break')} open: entries stay blocked until explained (condord status)"]
    return ["  book and account agree, no break open"]


def _troubles(view: DayView) -> list[str]:
    if not view.troubles:
        return ["  none"]
    lines: list[str] = []
    for trouble in view.troubles[:TROUBLES_SHOWN]:
        lines += _hanging(f"  {trouble.level:<7}  ", f"{trouble.name}: {trouble.text} ({trouble.when})")
    left = len(view.troubles) - TROUBLES_SHOWN
    return lines + [f"  and {left} more: condord log {view.session}"] * (left > 0)


def _jobs(view: DayView) -> list[str]:
    rows = [(job, str(outcome.outcome), outcome.reason) for job, outcome in view.jobs if outcome is not None]
    return columns(rows, "<<<") or ["  no outcome recorded"]


def session_line(view: DayView) -> str:
    """Write one session in one line of at most 150 columns; what was decided is cut first."""
    day = view.closing.day
    if day is None:
        return clipped(f"{view.session}  ATTENTION: {'; '.join(attention(view))}", LINE_WIDTH)
    head = f"{view.session}  SPX {day.spx:.2f}  VIX {day.vix:.2f}  "
    earned = dollars(view.closing.pnl_day_usd_cents, signed=True).replace("$", "")
    money = f"NLV {round(day.net_liquidation_usd_cents / 100):,} ({earned})"
    problems = attention(view)
    end = f"ATTENTION: {clipped(problems[0], PROBLEM_WIDTH)}" if problems else "ok"
    tail = f" | {_hedge_words(view)} | {money} | {end}"
    room = LINE_WIDTH - len(head) - len(tail)
    words = next((text for text in _action_words(view) if len(text) <= room), _action_words(view)[-1])
    return head + clipped(words, room) + tail


def _action_words(view: DayView) -> tuple[str, ...]:
    """Return what became of the entry and how many condors ended, the longest wording first."""
    ended = f", {len(view.ended_condors)} ended" if view.ended_condors else ""
    filled = [order for order in view.entries if order.filled]
    if not filled:
        return (_skip_words(view) + ended,)
    order = filled[-1]
    price = "unknown" if order.fill_pts is None else f"{-order.fill_pts:.2f}"
    return tuple(f"entered {subject}{order.legs} @ {price}{ended}" for subject in (f"{order.subject} ", ""))


def _skip_words(view: DayView) -> str:
    if view.entries:
        order = view.entries[-1]
        return f"not filled: {order.legs} @ {-order.limit_pts:.2f} {order.state}"
    decision = condor_decision(view.decisions)
    if decision is None:
        return "no condor decision"
    return f"skipped: {reason_short(decision.reasons[0])}" if decision.reasons else "skipped, no reason recorded"


def _hedge_words(view: DayView) -> str:
    target = "unknown" if view.contracts_target is None else view.contracts_target
    kinds: dict[str, list[str]] = {}
    for change in view.changes:
        kinds.setdefault(SHORT_KINDS.get(change.kind, change.kind), []).append(change.layer)
    done = ", ".join(f"{kind} {'+'.join(layers)}" for kind, layers in kinds.items())
    return f"hedge {view.contracts_held} of {target}" + (f" ({done})" if done else "")
