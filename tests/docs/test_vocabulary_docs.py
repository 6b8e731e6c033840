"""Every event that the program writes is in the vocabulary."""

import ast
from collections.abc import Iterator
from pathlib import Path

from daemon.core.orders.intent import IntentState
from daemon.core.records import Outcome
from daemon.core.vocabulary import VOCABULARY
from daemon.engine.facts import STATE_EVENTS

DAEMON = Path(__file__).parents[2] / "daemon"
WRITERS = ("emit", "make")


def _written() -> Iterator[tuple[str, str]]:
    """Yield file and event name of every call that writes an event by a literal name."""
    for path in sorted(DAEMON.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITERS:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield path.name, first.value


def test_every_event_named_in_the_code_is_in_the_vocabulary() -> None:
    written = list(_written())

    assert len(written) > 20
    assert [(file, name) for file, name in written if name not in VOCABULARY] == []


def test_every_outcome_of_a_job_has_its_event() -> None:
    assert {f"job_{outcome.value}" for outcome in Outcome} <= VOCABULARY.keys()


def test_every_state_an_order_can_be_told_of_has_its_event() -> None:
    assert set(STATE_EVENTS.values()) <= VOCABULARY.keys()
    assert {state for state in IntentState if state.terminal} <= STATE_EVENTS.keys()
