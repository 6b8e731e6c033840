"""Signals and adjustments in the whole daemon: what is not subscribed is neutral, what is in force is in the arithmetic."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from rehearsals import FIRST, Done, rehearse

from daemon.core.calendar.sessions import sessions_between
from daemon.core.hedge.budget import GUARDS
from daemon.core.hedge.signal_inputs import RATE_SERIES
from daemon.core.records import DecisionKind, Outcome, Standing
from daemon.sim.history import load_packaged

FEB19, MARCH4 = date(2020, 2, 19), date(2020, 3, 4)
NOT_SUBSCRIBED = "".join(f'[[fault]]\nkind = "not_subscribed"\nsymbol = "{name}"\n' for name in ("VVIX", "AD-NYSE"))
BANDS = {"low": (6, 8), "moderate": (12, 18), "high": (25, 35)}


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Twelve sessions over the beginning of the crash; two adjustments are due in them."""
    return rehearse(tmp_path_factory.mktemp("crash") / "out", MARCH4)


def test_indexes_that_are_not_subscribed_are_neutral_and_the_session_goes_on(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", FEB19, faults=NOT_SUBSCRIBED)

    assert done.result.summary.errors == 0
    assert done.store.hedge_computations(FEB19)
    for session in (FIRST, FEB19):
        signals = {signal.name: signal for signal in done.store.signals(session)}
        for name in ("vvix_macd", "breadth"):
            assert (signals[name].standing, signals[name].state) == (Standing.MISSING, "neutral")
            assert "not subscribed" in signals[name].text
            assert "code 354" in signals[name].text
        assert signals["vix_macd"].standing is Standing.FRESH


def test_adjustments_are_14_days_apart_and_recorded_with_their_inputs(crash: Done) -> None:
    sessions = sessions_between(FIRST, MARCH4)
    made = [
        decision
        for session in sessions
        for decision in crash.store.decisions(session)
        if decision.job == "signals" and decision.kind is DecisionKind.ADJUST
    ]

    assert len(made) == 2
    assert all((later.session - before.session).days >= 14 for before, later in pairwise(made))
    assert all(decision.inputs.keys() >= {"vix_rsi", "cost_of_capital", "events", "multiplier"} for decision in made)


def test_each_computation_is_the_ramp_times_the_multiplier_within_the_band_unless_the_budget_cuts_it(
    crash: Done,
) -> None:
    computations = [found for found in crash.store.hedge_computations() if found.session > FIRST]
    adjusted = {found: reason for found in computations for reason in found.reasons if reason.name == "adjusted"}

    assert len(adjusted) == len(computations) > 10
    for found, reason in adjusted.items():
        low, high = BANDS[found.regime]
        ramp, multiplier = (float(part) for part in reason.text.split(" = ")[0].replace(" %", "").split(" x "))
        asked = min(max(ramp * multiplier, low), high)
        if any("instead of" in reason.text for reason in found.reasons if reason.name in GUARDS):
            assert found.pct < asked
        else:
            assert found.pct == pytest.approx(asked, abs=0.01)


def test_switched_off_the_hedge_is_the_plain_one_and_says_what_would_have_been(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", FEB19, HEDGE_ADJUST_ENABLED="false")

    assert not any(r.name == "adjusted" for found in done.store.hedge_computations() for r in found.reasons)
    (decision,) = [found for found in done.store.decisions(FIRST) if found.job == "signals"]
    assert decision.kind is DecisionKind.SKIP
    assert decision.reasons[0].name == "adjustments_off"
    assert "multiplier_events" in {reason.name for reason in decision.reasons}


def test_the_cost_of_capital_is_measured_from_options_every_few_sessions(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", date(2020, 2, 21), HEDGE_ADJUST_STRIP_EVERY_SESSIONS="2")

    sessions = sessions_between(FIRST, date(2020, 2, 21))
    outcomes = [done.store.job_outcome(session, "cost_of_capital") for session in sessions]
    assert [found.outcome if found else None for found in outcomes] == [
        *(Outcome.DONE, Outcome.SKIPPED, Outcome.DONE, Outcome.SKIPPED)
    ]
    rates = done.store.daily_values(RATE_SERIES, last=10)
    assert [row.session for row in rates] == [sessions[0], sessions[2]]
    for row in rates:
        # The simulated exchange finances at the bill rate of its history; quotes round to a nickel and more.
        assert 100 * row.value == pytest.approx(load_packaged().facts(row.session).bill_rate_pct, abs=0.5)
        assert row.source.startswith("strip of SPXW 2020-03-")


def test_without_a_measurement_asked_for_there_is_no_such_job(crash: Done) -> None:
    assert crash.store.job_outcome(FEB19, "cost_of_capital") is None
    assert crash.store.daily_values(RATE_SERIES, last=10) == ()
