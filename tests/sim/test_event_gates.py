"""Event gates in the whole daemon: CPI came on 13 February 2020, so its window is the 12th and the 13th."""

from datetime import date
from pathlib import Path

import pytest
from rehearsals import Done, rehearse

from daemon.core.orders.intent import Purpose, Reason
from daemon.core.records import Decision, DecisionKind
from daemon.report.day import gather_day
from daemon.report.day_text import render_day

FIRST, BEFORE, CPI_DAY, LAST = (date(2020, 2, day) for day in (11, 12, 13, 14))


def decision(done: Done, session: date) -> Decision:
    (found,) = [d for d in done.store.decisions(session) if d.job == "condor_entry"]
    return found


def named(reasons: tuple[Reason, ...], name: str) -> list[Reason]:
    return [reason for reason in reasons if reason.name == name]


@pytest.fixture(scope="module")
def off(tmp_path_factory: pytest.TempPathFactory) -> Done:
    return rehearse(tmp_path_factory.mktemp("off") / "out", LAST, first=FIRST)


def test_skip_enters_nothing_in_the_window_and_names_the_event(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", LAST, first=FIRST, CONDOR_EVENT_MODE="skip", CONDOR_EVENT_KINDS="cpi")

    found = [decision(done, day) for day in (FIRST, BEFORE, CPI_DAY, LAST)]

    assert [d.kind for d in found] == [DecisionKind.ENTER, DecisionKind.SKIP, DecisionKind.SKIP, DecisionKind.ENTER]
    for skipped in found[1:3]:
        assert [reason.name for reason in skipped.reasons] == ["event_cpi"]
        assert skipped.reasons[0].value == "2020-02-13"


def test_off_enters_and_says_what_would_have_refused(off: Done) -> None:
    for day in (BEFORE, CPI_DAY):
        entered = decision(off, day)
        assert entered.kind is DecisionKind.ENTER
        assert len(named(entered.reasons, "would_refuse_event_cpi")) == 1
    assert not any(reason.name.startswith("would_refuse") for reason in decision(off, LAST).reasons)


def test_the_day_block_shows_what_would_have_refused(off: Done) -> None:
    block = " ".join(render_day(gather_day(off.store, CPI_DAY)).split())

    assert "would have refused: CPI of January 2020, Thu 2020-02-13 08:30." in block


def test_half_enters_half_of_the_two_condors(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", CPI_DAY, first=FIRST, CONDOR_EVENT_MODE="half", CONDOR_EVENT_KINDS="cpi")

    wanted = {
        intent.key.session: intent.spec.quantity
        for intent in done.store.intents()
        if intent.key.purpose is Purpose.ENTRY
    }

    assert wanted == {FIRST: 2, BEFORE: 1, CPI_DAY: 1}
    assert named(decision(done, CPI_DAY).reasons, "event_cpi_halved")


def test_the_vix_gate_skips_a_session_by_its_name(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", FIRST, first=FIRST, CONDOR_VIX_GATE_MODE="skip", CONDOR_VIX_GATE_MIN="20")

    (reason,) = decision(done, FIRST).reasons

    assert (reason.name, reason.limit) == ("vix_too_low", 20)


def test_the_next_session_is_announced_with_its_events(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", BEFORE, first=BEFORE)

    log = (tmp_path / "out/logs").glob("*2020-02-12*")
    text = "".join(path.read_text(encoding="utf-8") for path in log)

    assert done.result.summary.sessions == 1
    assert "events: Thu 2020-02-13 08:30 CPI of January 2020" in text


def test_an_entry_that_returns_too_little_on_its_margin_is_refused_by_its_name(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", FIRST, first=FIRST, CONDOR_RETURN_GATE="true", CONDOR_RETURN_MIN_PCT="1000")

    (decision,) = [d for d in done.store.decisions(FIRST) if d.job == "condor_entry"]
    assert (decision.kind, decision.reasons[0].name) == (DecisionKind.SKIP, "return_too_small")
    assert not [intent for intent in done.store.intents(session=FIRST) if intent.is_condor_entry]


def test_switched_off_the_entry_is_made_and_told_what_would_have_refused_it(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", FIRST, first=FIRST, CONDOR_RETURN_MIN_PCT="1000")

    (decision,) = [d for d in done.store.decisions(FIRST) if d.job == "condor_entry"]
    assert decision.kind is DecisionKind.ENTER
    assert "would_refuse_return_too_small" in [reason.name for reason in decision.reasons]
