"""Theta and quick ratio in the whole daemon: SPX fell through the put strikes in the last week of February 2020."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from rehearsals import FIRST, Done, rehearse

from daemon.core.calendar.sessions import sessions_between
from daemon.core.records import Decision, DecisionKind

LAST = date(2020, 2, 26)


def decisions(done: Done) -> list[Decision]:
    found = [d for day in sessions_between(FIRST, LAST) for d in done.store.decisions(day)]
    return [decision for decision in found if decision.job == "condor_entry"]


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Done:
    return rehearse(tmp_path_factory.mktemp("gated") / "out", LAST, RISK_THETA_GATE="true")


def test_a_condor_after_which_time_costs_money_is_refused_with_value_and_limit(gated: Done) -> None:
    refused = [d for d in decisions(gated) if any(reason.name == "theta" for reason in d.reasons)]

    assert refused
    for decision in refused:
        assert decision.kind is DecisionKind.SKIP
        (reason,) = decision.reasons
        assert isinstance(reason.value, float)
        assert reason.value <= 0
        assert reason.limit == 0


def test_an_entry_shows_the_theta_and_the_quick_ratio_it_leaves(gated: Done) -> None:
    entered = [d for d in decisions(gated) if d.kind is DecisionKind.ENTER]

    assert entered
    for decision in entered:
        theta_usd, ratio = (decision.inputs[name] for name in ("theta_after_usd", "quick_ratio_after"))
        assert isinstance(theta_usd, float)
        assert isinstance(ratio, float)
        assert theta_usd > 0
        assert ratio >= 1.5


def test_switched_off_as_by_default_the_theta_gate_refuses_nothing_and_tells_what_it_would_have(
    gated: Done, tmp_path: Path
) -> None:
    done = rehearse(tmp_path / "out", LAST)

    entered, with_gate = ([d.kind for d in decisions(run)].count(DecisionKind.ENTER) for run in (done, gated))
    assert entered > with_gate
    names = {reason.name for decision in decisions(done) for reason in decision.reasons}
    assert "theta" not in names
    assert "would_refuse_theta" in names


def test_a_quick_ratio_beyond_the_cash_refuses_every_entry(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", date(2020, 2, 19), RISK_QUICK_RATIO_MIN="100", CONDOR_ENTRY_RISK_PCT="100")

    found = [d for day in sessions_between(FIRST, date(2020, 2, 19)) for d in done.store.decisions(day)]
    names = [[reason.name for reason in d.reasons] for d in found if d.job == "condor_entry"]
    assert names == [["quick_ratio"]] * 2
