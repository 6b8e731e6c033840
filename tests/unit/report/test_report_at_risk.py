"""What the book stands to gain or lose: the payoff of what is open, and the scenarios as maps."""

from dataclasses import replace
from datetime import date

import pytest
from report_values import (
    CALL_LONG,
    CALL_SHORT,
    CONDOR,
    LEGS,
    MONDAY,
    PUT_LONG,
    PUT_SHORT,
    day_record,
    intent,
    noon,
    trade,
    vix_call,
)

from daemon.core.orders.intent import Leg, Purpose
from daemon.core.records import DayRecord, PositionLine, RiskRecord, StressTable
from daemon.report.at_risk import BookPayoff, book_payoff, payoff_table, stress_note, stress_tables
from daemon.report.closing import closing

CALL = vix_call(22, date(2020, 3, 18))
ENTRY = intent(Purpose.ENTRY, CONDOR, LEGS)
BUY = intent(Purpose.ROLL_BUY, "L1", (Leg(CALL, 1),))
PRICES_PTS = {PUT_LONG: 3.00, PUT_SHORT: 5.00, CALL_SHORT: 4.00, CALL_LONG: 1.50}
"""2800/2775P 3265/3290C at 4.50 points, four fees of a dollar."""


def payoff_of(marks: dict[str, float | None]) -> BookPayoff | None:
    """Return the payoff of one condor and two calls bought at 1.25; ``marks`` are those of the hedge."""
    ratios = {leg.contract: leg.ratio for leg in LEGS}
    entries = [trade(ENTRY, contract, ratios[contract], price) for contract, price in PRICES_PTS.items()]
    entries.append(trade(BUY, CALL, 2, 1.25))
    lines = tuple(PositionLine("hedge", name, CALL, 2, mark) for name, mark in marks.items())
    return book_payoff(closing(MONDAY, entries, [day(lines)]))


def day(lines: tuple[PositionLine, ...] = ()) -> DayRecord:
    return day_record(MONDAY, spx=3000, positions=lines)


def rows(found: BookPayoff | None) -> dict[str, tuple[str, str]]:
    return {row[0].text: (row[1].text, row[2].text) for row in payoff_table(found).rows}


def test_a_condor_and_what_the_hedge_has_gained() -> None:
    # Credit 450 less 4 of fees; the calls have gained (2.00 - 1.25) x 2 x 100 = 150.
    assert rows(payoff_of({"L1": 2.0})) == {
        "largest gain": ("+$446", "+$596"),
        "largest loss": ("-$2,054", "-$1,904"),
        "with SPX where it closed, 3,000.00": ("+$446", "+$596"),
        "break-even 1": ("2,795.54", "2,794.04"),
        "break-even 2": ("3,269.46", "3,270.96"),
    }


def test_without_a_mark_of_the_hedge_what_it_adds_is_unknown() -> None:
    found = rows(payoff_of({"L1": None}))

    assert found["largest loss"] == ("-$2,054", "unknown")
    assert found["break-even 1"] == ("2,795.54", "")


def test_without_an_open_condor_there_is_a_sentence() -> None:
    found = book_payoff(closing(MONDAY, [], [day()]))

    assert found is None
    assert payoff_table(found).rows == ()
    assert "No condor was open" in payoff_table(found).empty


def test_a_short_call_without_its_wing_has_no_largest_loss() -> None:
    alone = book_payoff(closing(MONDAY, [trade(ENTRY, CALL_SHORT, -1, 4.00)], [day()]))

    assert rows(alone)["largest loss"] == ("without bound", "without bound")
    assert rows(alone)["break-even 1"] == ("3,268.99", "3,268.99")


RISK = RiskRecord(
    session=MONDAY,
    at=noon(MONDAY),
    spx=3000.0,
    vix=20.0,
    condors=None,
    hedge=None,
    linked_delta_usd=None,
    wing_notional_usd=0,
    maintenance_margin_usd_cents=0,
    max_loss_usd=(),
    worst=None,
    stress=(
        StressTable(days=0.0, spx_pcts=(-20.0, 0.0), vix_pcts=(0.0, 200.0), pnl_usd=((-1000, 0), (-801, 200))),
        StressTable(days=1.0, spx_pcts=(0.0,), vix_pcts=(0.0,), pnl_usd=((0,),)),
    ),
)


def test_each_horizon_is_a_map_whose_shades_grow_with_the_amount() -> None:
    at_once, next_day = stress_tables(RISK)

    assert (at_once.title, next_day.title) == ("Gain and loss at once", "Gain and loss after 1 day")
    assert at_once.headings == ("VIX / SPX", "-20 %", "0 %")
    assert [[cell.text for cell in row] for row in at_once.rows] == [
        ["0 %", "-$1,000", "$0"],
        ["+200 %", "-$801", "+$200"],
    ]
    # Five shades: the fifth from 80 % of the largest amount on, none for nothing.
    assert [[cell.tint for cell in row[1:]] for row in at_once.rows] == [["loss5", ""], ["loss5", "gain1"]]
    assert [cell.tint for cell in next_day.rows[0]] == ["", ""]


@pytest.mark.parametrize(
    ("risk", "words"),
    [
        (None, "was not measured at the last close"),
        (replace(RISK, stress=()), "unknown: its record has no tables."),
        (replace(RISK, stress=RISK.stress[1:]), "Nothing was held at the last close"),
        (replace(RISK, stress=(), unknown=("no mark of A",)), "unknown: no mark of A."),
        (replace(RISK, stress=(), unknown=("a", "b", "c", "d", "e")), "unknown: a; b; c; and 2 more."),
    ],
)
def test_what_was_not_measured_is_a_sentence_and_no_empty_map(risk: RiskRecord | None, words: str) -> None:
    (table,) = stress_tables(risk)

    assert table.rows == ()
    assert words in table.empty


@pytest.mark.parametrize("risk", [None, replace(RISK, stress=())])
def test_without_a_measurement_nothing_is_told_of_one(risk: RiskRecord | None) -> None:
    assert stress_note(risk) == ""


def test_it_is_told_when_and_on_what_it_was_measured() -> None:
    assert stress_note(RISK) == "Measured on 2020-03-02 at 12:00 from SPX 3,000.00 and VIX 20.00."
    assert stress_note(replace(RISK, estimated=1)).endswith("; 1 contract at an estimated volatility.")
