from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.orders.intent import TERMINAL, IntentState
from daemon.core.orders.machine import TRANSITIONS, IntentEvent, advance, allowed
from daemon.errors import InvariantError

DOCUMENT = Path(__file__).parents[3] / "docs" / "orders.md"
EVIDENCE = {
    IntentEvent.ACKNOWLEDGED,
    IntentEvent.EVIDENCE_WORKING,
    IntentEvent.COMPLETELY_FILLED,
    IntentEvent.CANCEL_CONFIRMED,
    IntentEvent.REJECTED,
    IntentEvent.DAY_ENDED,
    IntentEvent.ABSENCE_PROVEN,
}


def documented_table() -> dict[tuple[IntentState, IntentEvent], str]:
    """Read the table "Every pair" of the document: one row an event, one column a state."""
    lines = DOCUMENT.read_text().split("## Every pair")[1].split("\n## ")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    states = [IntentState(name) for name in rows[0][1:]]
    return {(state, IntentEvent(row[0])): cell for row in rows[2:] for state, cell in zip(states, row[1:], strict=True)}


class TestTable:
    @pytest.mark.parametrize("state", IntentState)
    @pytest.mark.parametrize("event", IntentEvent)
    def test_every_pair_does_what_the_document_says(self, state: IntentState, event: IntentEvent) -> None:
        documented = documented_table()[state, event]

        if documented == "-":
            with pytest.raises(InvariantError, match=f"{state} cannot meet {event}"):
                advance(state, event)
        else:
            assert advance(state, event) == IntentState(documented)

    def test_the_document_lists_each_state_and_event_with_its_meaning(self) -> None:
        text = DOCUMENT.read_text()

        listed = {line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")}

        assert set(IntentState) <= listed
        assert set(IntentEvent) <= listed

    def test_terminal_states_are_the_ones_that_the_intent_calls_terminal(self) -> None:
        assert {state for state in IntentState if state.terminal} == TERMINAL


class TestPromises:
    @pytest.mark.parametrize("state", sorted(set(IntentState) - {IntentState.PLANNED}))
    def test_an_intent_is_sent_from_planned_only(self, state: IntentState) -> None:
        with pytest.raises(InvariantError):
            advance(state, IntentEvent.SENT_COMMITTED)

    @pytest.mark.parametrize("state", IntentState)
    def test_a_complete_fill_is_taken_in_every_state(self, state: IntentState) -> None:
        assert advance(state, IntentEvent.COMPLETELY_FILLED) is IntentState.FILLED

    def test_nothing_leaves_filled(self) -> None:
        assert set(TRANSITIONS[IntentState.FILLED].values()) == {IntentState.FILLED}

    @pytest.mark.parametrize("event", sorted(set(IntentEvent) - EVIDENCE))
    def test_unknown_is_left_by_evidence_only(self, event: IntentEvent) -> None:
        assert TRANSITIONS[IntentState.UNKNOWN].get(event, IntentState.UNKNOWN) is IntentState.UNKNOWN

    @pytest.mark.parametrize("state", [IntentState.SENDING, IntentState.WORKING])
    def test_a_lost_link_makes_an_order_unknown(self, state: IntentState) -> None:
        assert advance(state, IntentEvent.LINK_LOST) is IntentState.UNKNOWN

    @pytest.mark.parametrize("state", sorted(set(IntentState) - {IntentState.UNKNOWN} - TERMINAL))
    def test_absence_is_proven_of_unknown_intents_only(self, state: IntentState) -> None:
        with pytest.raises(InvariantError):
            advance(state, IntentEvent.ABSENCE_PROVEN)

    @pytest.mark.parametrize("state", sorted(TERMINAL - {IntentState.ABSENT}))
    @pytest.mark.parametrize(
        "event", [IntentEvent.ACKNOWLEDGED, IntentEvent.CANCEL_CONFIRMED, IntentEvent.REJECTED, IntentEvent.LINK_LOST]
    )
    def test_a_late_status_changes_nothing(self, state: IntentState, event: IntentEvent) -> None:
        assert advance(state, event) is state

    @given(st.lists(st.sampled_from(IntentEvent), max_size=40))
    def test_no_order_of_events_sends_an_intent_twice(self, events: list[IntentEvent]) -> None:
        state, sent = IntentState.PLANNED, 0
        for event in events:
            if event in TRANSITIONS[state]:
                state = advance(state, event)
                sent += event is IntentEvent.SENT_COMMITTED

        assert sent <= 1


class TestAllowed:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (IntentState.PLANNED, IntentState.SENDING),
            (IntentState.WORKING, IntentState.WORKING),
            (IntentState.CANCELLED, IntentState.FILLED),
            (IntentState.UNKNOWN, IntentState.ABSENT),
        ],
    )
    def test_a_change_that_some_event_makes_is_allowed(self, before: IntentState, after: IntentState) -> None:
        assert allowed(before, after)

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (IntentState.SENDING, IntentState.SENDING),
            (IntentState.WORKING, IntentState.SENDING),
            (IntentState.WORKING, IntentState.ABSENT),
            (IntentState.FILLED, IntentState.CANCELLED),
            (IntentState.UNKNOWN, IntentState.PLANNED),
        ],
    )
    def test_a_change_that_no_event_makes_is_not_allowed(self, before: IntentState, after: IntentState) -> None:
        assert not allowed(before, after)
