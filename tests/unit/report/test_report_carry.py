"""What the hedge costs against its limits by month, and skipped entries by reason."""

from dataclasses import replace
from datetime import date

import pytest
from report_values import day_record, noon

from daemon.core.calendar.sessions import sessions_between
from daemon.core.hedge.budget import CARRY_GUARD
from daemon.core.orders.intent import Reason
from daemon.core.records import Decision, DecisionKind, HedgeBudget, HedgeComputation, HedgeSizing
from daemon.report.carry import budget_lines, carry_months, carry_table
from daemon.report.pnl import equity_curve
from daemon.report.skips import runs, skip_lines, skip_table

BUDGET = HedgeBudget(
    wanted=5,
    carry_usd=100.0,
    carry_max_usd=140.0,
    debits_usd=50.0,
    credits_usd=1000.0,
    debits_max_usd=200.0,
    guarded=True,
    suspended=False,
)
FRIDAY, MONDAY, TUESDAY = date(2020, 2, 28), date(2020, 3, 2), date(2020, 3, 3)


def computation(session: date, budget: HedgeBudget | None, *reasons: str) -> HedgeComputation:
    sizing = HedgeSizing(base_usd=10_000, budget=budget)
    return HedgeComputation(
        session,
        noon(session),
        20.0,
        "moderate",
        15.0,
        10_000,
        1500.0,
        1400.0,
        contracts=3,
        layers=(),
        reasons=tuple(Reason(name, name) for name in reasons),
        sizing=sizing,
    )


def months(*computations: HedgeComputation) -> list[list[str]]:
    """Return the table of three sessions in which the hedge gained 10, 20 and -50 dollars."""
    days = [day_record(FRIDAY, hedge_usd=10), day_record(MONDAY, hedge_usd=30), day_record(TUESDAY, hedge_usd=-20)]
    table = carry_table(carry_months(equity_curve(days), budget_lines(computations)))
    return [[cell.text for cell in row] for row in table.rows]


def test_a_month_has_its_gain_the_mean_of_the_expected_cost_and_the_last_debits() -> None:
    found = months(
        computation(FRIDAY, BUDGET),
        computation(MONDAY, replace(BUDGET, carry_usd=900.0)),
        computation(MONDAY, replace(BUDGET, carry_usd=200.0, carry_max_usd=100.0)),
        computation(TUESDAY, replace(BUDGET, debits_usd=75.0, debits_max_usd=300.0)),
    )

    assert found == [
        ["2020-02", "1", "+$10", "$100", "$140", "$50", "$200", "0", "0"],
        ["2020-03", "2", "-$30", "$150", "$120", "$75", "$300", "0", "0"],
    ]


def test_sessions_in_which_a_guard_held_or_rested_are_counted_once() -> None:
    found = months(
        computation(MONDAY, BUDGET, CARRY_GUARD),
        computation(MONDAY, BUDGET, CARRY_GUARD, "another"),
        computation(TUESDAY, replace(BUDGET, suspended=True), "another"),
    )

    assert [row[-2:] for row in found] == [["0", "0"], ["1", "1"]]


def test_a_month_of_which_no_budget_is_recorded_is_unknown() -> None:
    assert [row[3:7] for row in months(computation(MONDAY, None))] == [["unknown"] * 4] * 2


@pytest.mark.parametrize(
    ("sessions", "found"),
    [
        ([], []),
        (["2020-03-06"], [("2020-03-06", "2020-03-06")]),
        # Over a weekend, and over Good Friday of 2020, on which the exchange was closed.
        (["2020-03-06", "2020-03-09"], [("2020-03-06", "2020-03-09")]),
        (["2020-04-09", "2020-04-13"], [("2020-04-09", "2020-04-13")]),
        (["2020-03-05", "2020-03-09", "2020-03-10"], [("2020-03-05", "2020-03-05"), ("2020-03-09", "2020-03-10")]),
    ],
)
def test_sessions_that_follow_one_another_are_one_stretch(sessions: list[str], found: list[tuple[str, str]]) -> None:
    assert [(f"{a}", f"{b}") for a, b in runs([date.fromisoformat(each) for each in sessions])] == found


def decision(session: date, kind: DecisionKind, *names: str, job: str = "condor_entry") -> Decision:
    reasons = tuple(Reason(name, f"because of {name}", 2.0, 1.0) for name in names)
    return Decision(session, job, kind, "condor", noon(session), reasons)


def test_skips_are_counted_by_their_first_reason_and_told_with_their_sessions() -> None:
    days = sessions_between(date(2020, 3, 2), date(2020, 3, 6))
    found = skip_lines(
        [
            decision(days[0], DecisionKind.SKIP, "vix_too_high", "quotes_wide"),
            decision(days[1], DecisionKind.SKIP, "quotes_wide"),
            decision(days[2], DecisionKind.SKIP, "vix_too_high"),
            decision(days[3], DecisionKind.SKIP, "vix_too_high"),
            decision(days[4], DecisionKind.ENTER, "filled"),
            decision(days[4], DecisionKind.SKIP, "hedge_on_target", job="hedge_resize"),
        ]
    )

    assert [[cell.text for cell in row] for row in skip_table(found).rows] == [
        ["vix too high", "3", "2020-03-02, 2020-03-04 to 2020-03-05", "because of vix_too_high [2, limit 1]"],
        ["quotes wide", "1", "2020-03-03", "because of quotes_wide [2, limit 1]"],
    ]


def test_an_entry_after_a_first_refusal_is_no_skip() -> None:
    assert (
        skip_lines([decision(MONDAY, DecisionKind.SKIP, "late"), decision(MONDAY, DecisionKind.ENTER, "filled")]) == ()
    )


def test_a_skip_without_a_reason_says_that_none_is_recorded() -> None:
    (line,) = skip_lines([decision(MONDAY, DecisionKind.SKIP)])

    assert (line.reason, line.text) == ("no reason", "no reason is recorded")
