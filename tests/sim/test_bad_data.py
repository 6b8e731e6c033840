"""What is missing, old or refused: a named skip, nothing sent, one alert a cause, and the next session unaffected."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from rehearsals import FIRST, Done, rehearse

from daemon.core.orders.intent import IntentState, Purpose
from daemon.core.records import Decision, DecisionKind

NEXT = date(2020, 2, 19)
ALL_DAY = 'from = "2020-02-18 08:45"\nuntil = "2020-02-18 17:00"\n'
SESSION = 'from = "2020-02-18 14:00"\nuntil = "2020-02-18 16:00"\n'
# What goes wrong on the first of two sessions, and the name that its skip must bear.
FAULTS = {
    "no SPX": (f'kind = "data_missing"\nsymbol = "SPX"\n{ALL_DAY}', "index_missing"),
    "no VIX": (f'kind = "data_missing"\nsymbol = "VIX"\n{ALL_DAY}', "index_missing"),
    "old SPX": (f'kind = "data_stale"\nsymbol = "SPX"\n{SESSION}', "stale_index"),
    "old VIX": (f'kind = "data_stale"\nsymbol = "VIX"\n{SESSION}', "stale_index"),
    "no account": (f'kind = "account_missing"\n{ALL_DAY}', "account_missing"),
    "what-if refused": (f'kind = "what_if_refused"\ncode = 360\n{ALL_DAY}', "margin_unknown"),
    "no permission": (
        f'kind = "what_if_refused"\ncode = 460\ntext = "No trading permissions"\n{ALL_DAY}',
        "no_trading_permission",
    ),
    "what-if unset": (f'kind = "what_if_unset"\nthen_real = false\n{ALL_DAY}', "margin_unknown"),
    "what-if too high": (f'kind = "what_if_higher"\nfactor = 1.2\n{ALL_DAY}', "margin_above_estimate"),
}


def entry_decision(done: Done, session: date) -> Decision:
    (decision,) = [d for d in done.store.decisions(session) if d.job == "condor_entry"]
    return decision


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_missing_is_a_named_skip_with_nothing_sent_and_the_next_session_enters(
    tmp_path: Path, name: str
) -> None:
    fault, reason = FAULTS[name]
    done = rehearse(tmp_path / "out", NEXT, faults=f"[[fault]]\n{fault}")

    skipped, entered = (entry_decision(done, session) for session in (FIRST, NEXT))
    assert (skipped.kind, entered.kind) == (DecisionKind.SKIP, DecisionKind.ENTER)
    assert skipped.reasons[0].name == reason
    entries = [intent for intent in done.store.intents() if intent.key.purpose is Purpose.ENTRY]
    assert [intent.key.session for intent in entries] == [NEXT]
    assert done.result.summary.breaks_open == 0


@pytest.mark.parametrize(
    ("fault", "data"),
    [
        (f'kind = "data_missing"\nsymbol = "VIX"\n{ALL_DAY}', "VIX"),
        (f'kind = "data_stale"\nsymbol = "SPX"\n{SESSION}', "SPX"),
    ],
)
def test_data_that_lack_are_told_once_and_once_more_when_they_are_there_again(
    tmp_path: Path, fault: str, data: str
) -> None:
    done = rehearse(tmp_path / "out", NEXT, faults=f"[[fault]]\n{fault}")

    told = [event for event in done.store.events() if event.name in ("data_lost", "data_regained")]
    assert [(event.name, event.fields["data"]) for event in told] == [("data_lost", data), ("data_regained", data)]


def test_a_margin_above_the_estimate_shows_what_was_asked_and_what_was_allowed(tmp_path: Path) -> None:
    fault, _ = FAULTS["what-if too high"]
    done = rehearse(tmp_path / "out", FIRST, faults=f"[[fault]]\n{fault}")

    # Two condors with wings of 25 points need 5,000 dollars; 6,000 are asked for and 5,500 allowed.
    (reason,) = entry_decision(done, FIRST).reasons
    assert (reason.value, reason.limit) == (6_000.0, 5_500.0)


def test_less_margin_than_estimated_is_an_offset_that_is_only_recorded(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", FIRST, faults='[[fault]]\nkind = "what_if_higher"\nfactor = 0.5\n')

    decision = entry_decision(done, FIRST)
    assert decision.kind is DecisionKind.ENTER
    figures = decision.inputs["margin_change_usd"], decision.inputs["margin_estimate_usd"]
    assert figures == (2_500.0, 5_000.0)


def test_a_close_without_a_value_of_the_session_is_told_and_not_recorded_from_an_older_one(tmp_path: Path) -> None:
    # Until after the close of 19 February nothing is told of SPX; what was known last is of the 18th.
    fault = 'kind = "data_missing"\nsymbol = "SPX"\nfrom = "2020-02-19 08:45"\nuntil = "2020-02-19 16:30"\n'
    done = rehearse(tmp_path / "out", NEXT, faults=f"[[fault]]\n{fault}")

    assert [day.session for day in done.store.days()] == [FIRST]
    outcome = done.store.job_outcome(NEXT, "end_of_day")
    assert outcome is not None
    assert "not both of this session; the older one is of 2020-02-18 1" in outcome.reason


def test_an_account_that_is_there_again_after_the_close_is_recorded(tmp_path: Path) -> None:
    # Its values are not streamed again, because nothing changes them any more; the reconciliation has read them.
    fault = 'kind = "account_missing"\nfrom = "2020-02-19 12:00"\nuntil = "2020-02-19 16:30"\n'
    done = rehearse(tmp_path / "out", NEXT, faults=f"[[fault]]\n{fault}")

    assert [day.session for day in done.store.days()] == [FIRST, NEXT]
    # On the first session account and marks are of one time, and explain each other.
    assert {event.session for event in done.store.events() if event.name == "pnl_unexplained"} <= {NEXT}


@pytest.mark.parametrize(("setting", "earliest", "latest"), [("go_on", "14:45", "14:46"), ("wait", "16:00", "16:10")])
def test_time_exits_go_on_without_data_unless_the_setting_says_wait(
    tmp_path: Path, setting: str, earliest: str, latest: str
) -> None:
    # Entered on 18 February for 24 February, closed 5 days before: on the 19th from 09:45, 14:45 UTC. SPX stands
    # still until 11:00, 16:00 UTC.
    done = rehearse(
        tmp_path / "out",
        NEXT,
        faults='[[fault]]\nkind = "data_stale"\nsymbol = "SPX"\nfrom = "2020-02-19 09:40"\nuntil = "2020-02-19 11:00"\n',
        CONDOR_DTE_TARGET="7",
        CONDOR_DTE_MIN="6",
        CONDOR_DTE_MAX="9",
        CONDOR_TAKE_PROFIT_ENABLED="false",
        RISK_EXITS_WITHOUT_DATA=setting,
    )

    (closed,) = [intent for intent in done.store.intents() if intent.key.purpose is Purpose.EXIT]
    assert closed.state is IntentState.FILLED
    assert earliest <= f"{closed.created_at:%H:%M}" <= latest
