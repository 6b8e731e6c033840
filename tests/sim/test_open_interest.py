"""Open interest as a condition of purchases, through the whole daemon."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from rehearsals import rehearse

from daemon.core.orders.intent import Strategy

LAST = date(2020, 2, 21)


def test_where_more_must_be_open_than_is_nothing_is_bought_and_every_refusal_says_so(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", LAST, HEDGE_MIN_OPEN_INTEREST="1000000")

    decisions = [d for day in done.store.days() for d in done.store.decisions(day.session) if d.job == "resize"]
    reasons = [reason for decision in decisions for reason in decision.reasons]
    assert {reason.name for reason in reasons} == {"hedge_open_interest_too_low"}
    assert all(isinstance(reason.value, int) and 0 <= reason.value < 1_000_000 for reason in reasons)
    assert {i.key.strategy for i in done.store.intents()} == {Strategy.CONDOR}
    assert (done.result.summary.errors, done.result.summary.breaks_open) == (0, 0)


def test_it_is_asked_for_at_purchases_alone(tmp_path: Path) -> None:
    plain = rehearse(tmp_path / "plain", LAST)
    asked = rehearse(tmp_path / "asked", LAST, HEDGE_MIN_OPEN_INTEREST="1")

    assert len(asked.store.entries()) == len(plain.store.entries())
    bought = [i for i in asked.store.intents() if i.key.strategy is Strategy.HEDGE]
    # A purchase of one option asks for one line more: opened, and closed.
    assert asked.result.requests - plain.result.requests == 2 * len(bought)
