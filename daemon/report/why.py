"""The answer of ``why DATE``: every decision of a session with its reasons, on one screen, and as JSON values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import chain, groupby
from textwrap import TextWrapper, wrap
from types import MappingProxyType
from typing import Final

from daemon.core.orders.intent import Intent, Purpose, Reason, Strategy
from daemon.core.records import Decision, DecisionKind
from daemon.ports import Store
from daemon.report.governance import session_lines
from daemon.report.governance_json import log_json
from daemon.report.json_types import JsonObject
from daemon.report.orders import OrderLine, order_lines
from daemon.report.slippage import fill_json, fill_words
from daemon.report.tables import reason_json
from daemon.report.words import columns, net_price, new_york_time, points, value_text

WHY_WIDTH: Final = 125
SCREEN_LINES: Final = 50
"""A session whose decisions need more than one screen goes without blank lines between them."""
EXITS_JOB: Final = "exits"
DECIDED_AFTER: Final = frozenset(Purpose) - {Purpose.ENTRY, Purpose.EXIT, Purpose.FLATTEN, Purpose.REPAIR}
"""Purposes of the hedge whose decisions are recorded with what came of their orders."""
SIGNALS_JOB: Final = "signals"
"""Its inputs, and which signals are missing, are a table of `condord signals`."""
ON_THE_PAGE: Final = frozenset({"expiry_in_window", "filled", "signals_missing"})
"""Reasons that the page of the day tells in its own tables."""
INPUTS_ON_THE_PAGE: Final = frozenset({"call_long", "margin_after_usd", "net_liquidation_usd", "put_long"})
TOLD_BY: Final = MappingProxyType(
    {
        "call_delta": "call_short_delta",
        "call_short": "call_short_delta",
        "expiry": "expiry_in_window",
        "mid_credit_pts": "credit",
        "natural_credit_pts": "credit",
        "put_delta": "put_short_delta",
        "put_short": "put_short_delta",
        "quantity": "filled",
    }
)
"""Inputs that ``why`` does not repeat beside the reason that tells them."""
COUNTS: Final = frozenset({"data_lines", "data_requests", "messages_sent"})
"""What a decision cost the broker explains nothing of it."""
FILLS_IN_FULL: Final = 4
"""Most fills whose costs are told in parts; beyond, the page of the day has them."""
FILLS_A_LINE: Final = 3
NO_BREAK: Final = "\N{NO-BREAK SPACE}"


def why_json(store: Store, session: date) -> JsonObject:
    """Return the decisions of a session with all their reasons and the numbers they rested on."""
    return {
        "session": session.isoformat(),
        "decisions": [
            {
                "job": decision.job,
                "kind": decision.kind.value,
                "subject": decision.subject,
                "at": decision.at.isoformat(),
                "reasons": [reason_json(reason) for reason in decision.reasons],
                "inputs": dict(decision.inputs),
            }
            for decision in store.decisions(session)
        ],
        "undecided": [
            {"order": intent.ref, "reasons": [reason_json(reason) for reason in intent.reasons]}
            for intent in _undecided(store, session)
        ],
        "hedge_policy": log_json(entry for entry in store.governance() if entry.session == session),
        "fills": [
            {"purpose": f"{line.strategy} {line.purpose}", **fill_json(line)} for line in _filled(store, session)
        ],
    }


def _filled(store: Store, session: date) -> tuple[OrderLine, ...]:
    """Return the orders that were filled in a session, or planned in it and filled since."""
    entries = store.entries()
    refs = {entry.order_ref for entry in entries if entry.session == session}
    intents = (i for i in store.intents() if i.key.session == session or i.ref in refs)
    return tuple(line for line in order_lines(intents, entries) if line.filled)


def _undecided(store: Store, session: date) -> tuple[Intent, ...]:
    """Return the filled orders of the hedge that no decision of the session tells: the process died before it was recorded."""
    decided = [decision for decision in store.decisions(session) if decision.kind is not DecisionKind.SKIP]
    return tuple(
        intent
        for intent in store.intents(session=session)
        if intent.key.strategy is Strategy.HEDGE and intent.filled and intent.key.purpose in DECIDED_AFTER
        if not any(one.subject == _told_as(intent) and one.at >= intent.created_at for one in decided)
    )


def _told_as(intent: Intent) -> str:
    """Return the subject of the decision that tells an order: a resize is told for all layers at once."""
    return "hedge" if intent.key.purpose is Purpose.RESIZE else intent.key.subject


def _why_undecided(intent: Intent) -> list[str]:
    when = f"{intent.key.session} {new_york_time(intent.created_at)}"
    what = f"{intent.key.purpose}  {intent.key.subject}"
    head = f"{when}  {what}  (the daemon stopped before it recorded what came of {intent.ref})"
    return [head, *_reason_rows(intent.reasons)]


def why_text(store: Store, session: date) -> str:
    """Write the decisions of a session: every reason with value and limit, and the inputs."""
    decisions, undecided = store.decisions(session), _undecided(store, session)
    if not decisions and not undecided:
        return f"{session}: no decision is recorded of this session\n"
    exits = [decision for decision in decisions if decision.job == EXITS_JOB]
    jobs = groupby((one for one in decisions if one.job != EXITS_JOB), lambda decision: decision.job)
    blocks = ["\n".join(line for one in group for line in _why(one)) for _, group in jobs]
    blocks += ["\n".join(_why_undecided(intent)) for intent in undecided]
    if exits:
        blocks.append("\n".join(_why_exits(session, exits)))
    if acts := session_lines(entry for entry in store.governance() if entry.session == session):
        blocks.append("\n".join(acts))
    if filled := _filled(store, session):
        blocks.append("\n".join(["FILLS", *_fills(filled)]))
    lines = sum(block.count("\n") + 2 for block in blocks) - 1
    return ("\n\n" if lines <= SCREEN_LINES else "\n").join(blocks) + "\n"


def _fills(orders: Sequence[OrderLine]) -> list[str]:
    """Write fills with their costs; many of them in short words, several to a line."""
    if len(orders) <= FILLS_IN_FULL:
        return [line for order in orders for line in _fill(order)]
    cells = [_fill_cells(order) for order in orders]
    lines = [cells[start : start + FILLS_A_LINE] for start in range(0, len(cells), FILLS_A_LINE)]
    empty = ("",) * len(cells[0])
    rows = [[*chain(*line), *empty * (FILLS_A_LINE - len(line))] for line in lines]
    return columns(rows, "<<>>" * FILLS_A_LINE)


def _fill_cells(order: OrderLine) -> tuple[str, ...]:
    filled = f"{order.filled}x" if order.filled == order.quantity else f"{order.filled} of {order.quantity}"
    return order.purpose, order.subject, filled, net_price(order.fill_pts)


def _fill(order: OrderLine) -> list[str]:
    head, *costs = fill_words(order)
    return [f"  {order.ref}: {order.filled} of {order.quantity} {head}", *(f"    {cost}" for cost in costs)]


def _why_exits(session: date, decisions: Sequence[Decision]) -> list[str]:
    """Write the exits and adjustments of a session, a line for each and each sentence once: there may be many."""
    words = {reason.name: reason.text for decision in decisions for reason in _told(decision)}
    rows = [_exit_row(decision) for decision in decisions]
    told = "; ".join(f"{name}: {text}" for name, text in words.items())
    meaning = wrap(told, WHY_WIDTH - 2)
    head = f"{session}  EXITS AND ADJUSTMENTS  (job {EXITS_JOB})"
    return [head, *columns(rows, "<<<<>><"), *(f"  {line}" for line in meaning)]


def _told(decision: Decision) -> tuple[Reason, ...]:
    """Return what a row tells by name: of what was done the rule, of what was not what refused it and the rule."""
    return decision.reasons if decision.kind is DecisionKind.SKIP else decision.reasons[:1]


def _exit_row(decision: Decision) -> tuple[str, ...]:
    first, *others = _told(decision)
    beside = [f"{one.name} {value_text(one.value)} (limit {value_text(one.limit)})" for one in others]
    return (
        new_york_time(decision.at),
        decision.kind.upper(),
        decision.subject,
        first.name,
        value_text(first.value),
        _limit_words(first),
        ", ".join(filter(None, [_exit_numbers(decision), *beside])),
    )


def _exit_numbers(decision: Decision) -> str:
    """Write how many condors were to be closed or adjusted, into what, and at which prices."""
    found = decision.inputs
    prices = [("credit", found.get("credit_pts")), ("mid", found.get("mid_pts"))]
    natural = found.get("natural_pts100")
    prices.append(("natural", None if not isinstance(natural, int) else natural / 100))
    prices.append(("least", found.get("least_credit_pts")))
    words = [f"{name} {points(value)}" for name, value in prices if isinstance(value, float | int)]
    quantity = found.get("quantity")
    rolls_to = found.get("rolls_to")
    head = [] if quantity is None else [f"{quantity}x" if rolls_to is None else f"{quantity}x to {rolls_to}"]
    return ", ".join([*head, *words])


def _why(decision: Decision) -> list[str]:
    when = f"{decision.session} {new_york_time(decision.at)}"
    head = f"{when}  {decision.kind.upper()}  {decision.subject}  (job {decision.job})"
    told = [reason for reason in decision.reasons if reason.name not in ON_THE_PAGE]
    reasons, inputs = _reason_rows(told), _inputs(decision)
    if len(inputs) == 1 and len(head) + len(inputs[0]) <= WHY_WIDTH:
        head, inputs = head + inputs[0], []
    return [head, *reasons, *inputs]


def _reason_rows(reasons: Sequence[Reason]) -> list[str]:
    """Write a table without column heads: a violent session has many short ones."""
    if not reasons:
        return ["  no reason recorded"]
    rows = [(reason.name, value_text(reason.value), _limit_words(reason), reason.text) for reason in reasons]
    return columns(rows, "<>><")


def _limit_words(reason: Reason) -> str:
    return "" if reason.limit is None else f"limit {value_text(reason.limit)}"


def _inputs(decision: Decision) -> list[str]:
    """Write the numbers a decision rested on as running text, so that a session's decisions fit one screen.

    What a reason tells already, or the page of the day, is not repeated; the JSON has all of it.
    """
    if decision.job == SIGNALS_JOB:
        return []
    reasons = {reason.name for reason in decision.reasons}
    hidden = COUNTS if decision.kind is DecisionKind.SKIP else COUNTS | INPUTS_ON_THE_PAGE
    pairs = [
        f"{name} {value_text(value)}".replace(" ", NO_BREAK)
        for name, value in decision.inputs.items()
        if name not in hidden and TOLD_BY.get(name) not in reasons
    ]
    wrapper = TextWrapper(
        WHY_WIDTH,
        initial_indent="  rests on ",
        subsequent_indent="    ",
        break_on_hyphens=False,
        break_long_words=False,
    )
    return [line.replace(NO_BREAK, " ") for line in wrapper.wrap(", ".join(pairs))] if pairs else []
