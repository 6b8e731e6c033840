"""The section of what is at risk: known in dollars, unknown in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from report_fakes import FakeStore
from report_values import MONDAY, noon

from daemon.core.calendar.sessions import session as hours_of
from daemon.core.records import CondorBreakEvens, RiskRecord, Sensitivity, StressCell
from daemon.report.day import gather_day
from daemon.report.day_text import WIDTH, render_day
from daemon.report.risk import risk_texts, stress_words, theta_words

WORST = StressCell(spx_pct=-20.0, vix_pct=-40.0, days=21.0, condor_usd=-2_065.4, hedge_usd=-300.2)
RISK = RiskRecord(
    session=MONDAY,
    at=noon(MONDAY),
    spx=3090.23,
    vix=33.42,
    condors=Sensitivity(delta_usd=-11.5, gamma_usd=-0.75, theta_usd=62.25, vega_usd=-310.0),
    hedge=Sensitivity(delta_usd=160.0, gamma_usd=30.5, theta_usd=-21.75, vega_usd=7.5),
    linked_delta_usd=-18.25,
    wing_notional_usd=5_000,
    maintenance_margin_usd_cents=500_000,
    max_loss_usd=((date(2020, 3, 20), 4_130.0), (date(2020, 4, 1), 2_000.0)),
    worst=WORST,
    crash=(replace(WORST, vix_pct=200.0, days=0.0, hedge_usd=4_100.0),),
    break_evens=(
        CondorBreakEvens(
            condor_id="C20200302-1", low_pts=2795.65, high_pts=3269.35, hedged_low_pts=2790.1, hedged_high_pts=None
        ),
    ),
)


def section(risk: RiskRecord | None) -> str:
    return "\n".join(risk_texts(risk))


def test_the_section_tells_greeks_losses_stress_and_break_evens() -> None:
    text = section(RISK)

    assert "condors on SPX: delta -11.50, gamma -0.75, vega -310.00, theta +62.25 a day" in text
    assert "theta of all +$40 a day" in text
    assert "largest loss at 2 expiries together $6,130, at one $4,130 (2020-03-20)" in text
    assert "worst scenario: -$2,366 with SPX -20 %, VIX -40 %, after 21 days" in text
    assert "SPX -20, VIX +200 %: +$2,035 now" in text
    assert text.endswith("tightest break-evens: put 2,795.65 (hedged 2,790.10), call 3,269.35 (hedged none)")


def test_of_several_break_evens_the_highest_of_the_puts_and_the_lowest_of_the_calls_are_told() -> None:
    (first,) = RISK.break_evens
    wider = replace(first, condor_id="C20200303-1", low_pts=2700.0, high_pts=3300.0)

    assert section(replace(RISK, break_evens=(wider, first))).splitlines()[-1] == section(RISK).splitlines()[-1]


def test_a_condor_without_puts_has_no_break_even_below() -> None:
    (first,) = RISK.break_evens

    text = section(replace(RISK, break_evens=(replace(first, low_pts=None, hedged_low_pts=None),)))

    assert text.endswith("tightest break-evens: call 3,269.35 (hedged none)")


def test_what_was_measured_last_before_the_close_says_when() -> None:
    closed = replace(RISK, at=hours_of(MONDAY).close_at)

    assert section(RISK).startswith("as of 12:00; nothing was measured after the close\n")
    assert "as of" not in section(closed)


def test_it_stands_in_the_block_of_the_day_within_its_width() -> None:
    store = FakeStore()
    store.record_risk(RISK)

    text = render_day(gather_day(store, MONDAY))

    assert all(line in text for line in section(RISK).splitlines())
    assert max(map(len, text.splitlines())) <= WIDTH


def test_a_session_without_a_measurement_says_so() -> None:
    assert "\nRISK        not measured\n" in render_day(gather_day(FakeStore(), MONDAY))


def test_what_is_unknown_is_said_with_its_reason_and_never_zero() -> None:
    unknown = replace(
        RISK,
        hedge=None,
        linked_delta_usd=None,
        worst=None,
        crash=(),
        break_evens=(),
        unknown=tuple(f"the forward of VIX call {n} is unknown" for n in range(5)),
    )

    text = section(unknown)

    assert "theta of all unknown" in text
    assert "worst scenario: unknown" in text
    assert "crash: unknown" in text
    assert "unknown: the forward of VIX call 0 is unknown" in text
    assert "and 2 more unknown" in text
    assert theta_words(None) == stress_words(None) == "unknown"


def test_an_uncovered_short_call_needs_attention() -> None:
    uncovered = replace(RISK, max_loss_usd=((date(2020, 3, 20), None),))

    assert "ATTENTION: a short call is uncovered" in section(uncovered)


def test_an_estimated_volatility_is_told() -> None:
    assert "1 contract counts at a volatility that is not from its own mark" in section(replace(RISK, estimated=1))
