"""What becomes of an intent: one table of (state, event) pairs, no behaviour beside it.

Executions outrank statuses: a fill is taken in every state, also after the broker said that the order
ended. A status that comes late changes nothing. ``docs/orders.md`` shows the same table to a reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from daemon.core.orders.intent import IntentState
from daemon.errors import InvariantError


class IntentEvent(StrEnum):
    """What can happen to an intent."""

    SENT_COMMITTED = "SENT_COMMITTED"
    """We wrote down that the bytes go out now."""
    WITHDRAWN = "WITHDRAWN"
    """We dropped a plan before anything was sent: a gate refused, the program stopped or was restarted."""
    NOT_SENT = "NOT_SENT"
    """The order certainly never left: the adapter refused it, or the link was down before the first byte."""
    ACKNOWLEDGED = "ACKNOWLEDGED"
    """The broker answered on the connection that sent the order: it is live."""
    EVIDENCE_WORKING = "EVIDENCE_WORKING"
    """A complete list of the broker's open orders carries our ref or its permanent id."""
    COMPLETELY_FILLED = "COMPLETELY_FILLED"
    """The booked executions add up to the whole quantity."""
    CANCEL_CONFIRMED = "CANCEL_CONFIRMED"
    """The broker confirmed a cancel by a status or among the completed orders."""
    REJECTED = "REJECTED"
    """The broker refused the order with a code."""
    DAY_ENDED = "DAY_ENDED"
    """The order, or the plan, ended with its session."""
    LINK_LOST = "LINK_LOST"
    """The connection went down."""
    OUTCOME_UNCLEAR = "OUTCOME_UNCLEAR"
    """No answer in time, a status that proves nothing, an unknown code, or no trace in a complete sync."""
    ABSENCE_PROVEN = "ABSENCE_PROVEN"
    """Two complete syncs found no order, no completed order and no execution, with positions unchanged."""


_S = IntentState
_E = IntentEvent

_BEFORE: Final[Mapping[IntentState, Mapping[IntentEvent, IntentState]]] = {
    # Nothing was sent. A working order or a fill is taken all the same, because a restored backup may be
    # older than the order; every other answer to an order that never left is our own fault.
    _S.PLANNED: {
        _E.SENT_COMMITTED: _S.SENDING,
        _E.WITHDRAWN: _S.CANCELLED,
        _E.NOT_SENT: _S.REJECTED,
        _E.EVIDENCE_WORKING: _S.WORKING,
        _E.COMPLETELY_FILLED: _S.FILLED,
        _E.DAY_ENDED: _S.EXPIRED,
        _E.LINK_LOST: _S.PLANNED,
    },
    _S.SENDING: {
        _E.NOT_SENT: _S.REJECTED,
        _E.ACKNOWLEDGED: _S.WORKING,
        _E.EVIDENCE_WORKING: _S.WORKING,
        _E.COMPLETELY_FILLED: _S.FILLED,
        _E.CANCEL_CONFIRMED: _S.CANCELLED,
        _E.REJECTED: _S.REJECTED,
        _E.DAY_ENDED: _S.EXPIRED,
        _E.LINK_LOST: _S.UNKNOWN,
        _E.OUTCOME_UNCLEAR: _S.UNKNOWN,
    },
    _S.WORKING: {
        _E.ACKNOWLEDGED: _S.WORKING,
        _E.EVIDENCE_WORKING: _S.WORKING,
        _E.COMPLETELY_FILLED: _S.FILLED,
        _E.CANCEL_CONFIRMED: _S.CANCELLED,
        _E.REJECTED: _S.REJECTED,
        _E.DAY_ENDED: _S.EXPIRED,
        _E.LINK_LOST: _S.UNKNOWN,
        _E.OUTCOME_UNCLEAR: _S.UNKNOWN,
    },
    _S.UNKNOWN: {
        _E.ACKNOWLEDGED: _S.WORKING,
        _E.EVIDENCE_WORKING: _S.WORKING,
        _E.COMPLETELY_FILLED: _S.FILLED,
        _E.CANCEL_CONFIRMED: _S.CANCELLED,
        _E.REJECTED: _S.REJECTED,
        _E.DAY_ENDED: _S.EXPIRED,
        _E.LINK_LOST: _S.UNKNOWN,
        _E.OUTCOME_UNCLEAR: _S.UNKNOWN,
        _E.ABSENCE_PROVEN: _S.ABSENT,
    },
}


def _ended(state: IntentState, **changes: IntentState) -> Mapping[IntentEvent, IntentState]:
    """Return the row of a terminal state: late news change nothing, save for ``changes``."""
    late = (
        _E.ACKNOWLEDGED,
        _E.EVIDENCE_WORKING,
        _E.COMPLETELY_FILLED,
        _E.CANCEL_CONFIRMED,
        _E.REJECTED,
        _E.DAY_ENDED,
        _E.LINK_LOST,
        _E.OUTCOME_UNCLEAR,
        _E.ABSENCE_PROVEN,
    )
    return dict.fromkeys(late, state) | {_E(name): to for name, to in changes.items()}


TRANSITIONS: Final[Mapping[IntentState, Mapping[IntentEvent, IntentState]]] = {
    **_BEFORE,
    _S.FILLED: _ended(_S.FILLED),
    # The list of open orders outranks our belief that an order ended; a single late status does not.
    _S.CANCELLED: _ended(_S.CANCELLED, EVIDENCE_WORKING=_S.WORKING, COMPLETELY_FILLED=_S.FILLED),
    _S.REJECTED: {
        **_ended(_S.REJECTED, EVIDENCE_WORKING=_S.WORKING, COMPLETELY_FILLED=_S.FILLED),
        _E.NOT_SENT: _S.REJECTED,
    },
    _S.EXPIRED: _ended(_S.EXPIRED, EVIDENCE_WORKING=_S.WORKING, COMPLETELY_FILLED=_S.FILLED),
    # ABSENT is a conclusion from silence: any word of the broker outranks it.
    _S.ABSENT: _ended(
        _S.ABSENT,
        ACKNOWLEDGED=_S.WORKING,
        EVIDENCE_WORKING=_S.WORKING,
        COMPLETELY_FILLED=_S.FILLED,
        CANCEL_CONFIRMED=_S.CANCELLED,
        REJECTED=_S.REJECTED,
        DAY_ENDED=_S.EXPIRED,
    ),
}
"""Every possible pair; a pair that is missing is impossible."""


def advance(state: IntentState, event: IntentEvent) -> IntentState:
    """Return the state after an event. Raises InvariantError on a pair that cannot happen."""
    after = TRANSITIONS[state].get(event)
    if after is None:
        raise InvariantError(f"an intent in state {state} cannot meet {event}; it must never have been asked for")
    return after


def allowed(before: IntentState, after: IntentState) -> bool:
    """Whether some event leads from one state to the other (or leaves it as it is)."""
    return after in TRANSITIONS[before].values()
