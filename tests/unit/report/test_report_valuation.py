"""Financial formulas over a recorded period, by hand arithmetic, and what is said where something is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from report_fakes import FakeStore
from report_values import CONDOR, LEGS, PUT_SHORT, day_record, intent, noon, trade, vix_call

from daemon.core.analysis.betas import Beta
from daemon.core.orders.intent import Purpose
from daemon.core.records import (
    DailyValue,
    HedgeBudget,
    HedgeComputation,
    HedgeSizing,
    LayerComputation,
    Monitor,
    MonitorKind,
    PositionLine,
    RiskRecord,
    Signal,
    Standing,
)
from daemon.report.analysis import analyse
from daemon.report.html import render_html
from daemon.report.period import gather_report
from daemon.report.sections import document
from daemon.report.valuation import ValuationLine, valuation_lines
from daemon.report.valuation_tables import monitor_table

FIRST, LAST = date(2020, 1, 31), date(2020, 3, 2)
SIGNAL = Signal(
    session=LAST,
    name="curve",
    value=1.08,
    state="contango",
    as_of=date(2020, 2, 28),
    source="broker",
    standing=Standing.FRESH,
    text="",
)
LINE = Monitor(
    session=FIRST,
    at=noon(FIRST),
    kind=MonitorKind.CONVERSION,
    subject="VIX 2020-03-18",
    value=-0.25,
    limit=0.0,
    unit="points",
    text="after spreads and fees",
)


@pytest.fixture
def store() -> FakeStore:
    """Condors that took in 1,200 dollars within 30 days and gained 930 in 31; two layers worth 300 and 600."""
    made = FakeStore()
    sold = intent(Purpose.ENTRY, CONDOR, LEGS, session=date(2020, 2, 20))
    made.plan_intent(sold)
    made.record_execution(trade(sold, PUT_SHORT, -1, 12.0))
    lines = (
        PositionLine("hedge", "L1", vix_call(20, date(2020, 3, 18)), 3, 1.0),
        PositionLine("hedge", "L2", vix_call(20, date(2020, 4, 15)), 2, 3.0),
    )
    made.record_day(day_record(FIRST))
    made.record_day(day_record(LAST, condor_usd=930, positions=lines))
    budget = HedgeBudget(
        wanted=5,
        carry_usd=400,
        carry_max_usd=1400,
        debits_usd=0,
        credits_usd=0,
        debits_max_usd=0,
        guarded=True,
        suspended=False,
    )
    layers = tuple(
        LayerComputation(name, vix_call(24, date(2020, 4, 15)), 22.0, 0.4, 880.0, 2, 2, carry_usd=65.0)
        for name in ("L1", "L2")
    )
    sizing = HedgeSizing(base_usd=2500, budget=budget)
    made.record_hedge_computation(
        HedgeComputation(LAST, noon(LAST), 20.0, "moderate", 15.0, 2500, 375.0, 400.0, 5, layers, (), sizing)
    )
    made.record_risk(
        RiskRecord(
            session=LAST,
            at=datetime(2020, 3, 2, 21, tzinfo=UTC),
            spx=3000.0,
            vix=20.0,
            condors=None,
            hedge=None,
            linked_delta_usd=None,
            wing_notional_usd=0,
            maintenance_margin_usd_cents=6_000_000,
            max_loss_usd=(),
            worst=None,
        )
    )
    made.record_signals(LAST, (SIGNAL,), {})
    return made


def valued(store: FakeStore) -> Mapping[str, ValuationLine]:
    return {line.name: line for line in valuation_lines(store, None, store.days())}


def test_each_layer_has_its_multiple_of_a_months_credit(store: FakeStore) -> None:
    lines = valued(store)

    assert lines["P/CF of L1"].value == pytest.approx(300 / 1200)
    assert lines["P/CF of L2"].value == pytest.approx(600 / 1200)
    assert lines["P/CF of the hedge"].value == pytest.approx(0.75)
    assert lines["P/CF of L2"].text.endswith("within the target of 0.5")
    assert lines["P/CF of the hedge"].text.endswith("above the target of 0.5")


def test_a_mark_that_is_missing_makes_the_multiple_unknown(store: FakeStore) -> None:
    last = store.day_by_session[LAST]
    store.record_day(replace(last, positions=(replace(last.positions[0], mark_pts=None), last.positions[1])))

    lines = valued(store)

    assert lines["P/CF of L1"].value is None
    assert lines["P/CF of L2"].value == pytest.approx(0.5)
    assert lines["P/CF of the hedge"].value is None


def test_the_dividend_is_what_condors_earned_less_the_carry_beside_the_slope(store: FakeStore) -> None:
    store.record_monitors((), {"COST_OF_CAPITAL": [DailyValue(LAST, 0.08, "strip of SPXW 2020-04-01", noon(LAST))]})

    lines = valued(store)

    # 930 dollars in 31 days are 900 in 30; less 400 of carry. 6,000 a year at 8 % are 75,000; on 60,000 they are 10 %.
    assert lines["cost of equity"].value == pytest.approx(8.0)
    assert lines["synthetic dividend"].value == pytest.approx(500)
    assert lines["its value"].value == pytest.approx(75_000)
    assert lines["its yield"].value == pytest.approx(10)
    assert (lines["slope beside it"].value, lines["slope beside it"].text) == (1.08, "contango on 2020-02-28")


def test_a_dividend_that_is_paid_in_has_no_value(store: FakeStore) -> None:
    store.record_day(replace(store.day_by_session[LAST], condor_pnl_usd_cents=-93_000))

    lines = valued(store)

    assert lines["synthetic dividend"].value == pytest.approx(-1300)
    assert lines["its value"].value is None


def test_a_dividend_has_no_value_at_a_cost_that_is_not_above_zero(store: FakeStore) -> None:
    store.record_monitors((), {"COST_OF_CAPITAL": [DailyValue(LAST, -0.002, "strip of SPXW 2020-04-01", noon(LAST))]})

    lines = valued(store)

    assert lines["synthetic dividend"].value == pytest.approx(500)
    assert lines["its value"].value is None
    assert lines["its value"].text == "a cost of equity of -0.20 % a year values no dividend"


def test_without_a_measurement_the_cost_of_equity_is_that_of_vix(store: FakeStore) -> None:
    line = valued(store)["cost of equity"]

    # (0.985 x 0.20)^2 = 3.88 %.
    assert line.value == pytest.approx(3.8809)
    assert line.text == "by VIX 20.00, over the riskless rate"


def test_the_second_layers_carry_stands_beside_its_place_on_the_curve(store: FakeStore) -> None:
    line = valued(store)["cost of L2"]

    assert line.value == 65.0
    assert "its forward 22.00 is +10.0 % from VIX: the curve takes" in line.text


def test_capm_holds_the_return_against_two_betas(store: FakeStore) -> None:
    analysis = analyse(store, FIRST, LAST)
    assert analysis is not None
    condors = Beta(session=LAST, spx_usd=2_000.0, vix_usd=-3_000.0, r_squared=0.5)
    hedge = Beta(session=LAST, spx_usd=-1_000.0, vix_usd=5_000.0, r_squared=0.5)
    betas = replace(analysis, condor_betas=(condors,), hedge_betas=(hedge,))

    lines = {line.name: line for line in valuation_lines(store, betas, store.days())}

    # 1,000 dollars a percent of a million are a beta of 0.1; 2,000 a point of a VIX of 20 one of 0.04:
    # 0.1 x 3.8809 % - 0.04 x 30 % = -0.812 %.
    assert lines["return asked for"].value == pytest.approx(-0.81191, abs=1e-4)
    # 930 dollars in two sessions are 0.093 % x 126 a year.
    assert lines["return earned"].value == pytest.approx(11.718)
    assert lines["return earned"].text.startswith("as much as its betas ask for: beta 0.100 to SPX and 0.040 to VIX")


def test_betas_of_vix_are_told_by_third_of_growth(store: FakeStore) -> None:
    beta = replace(SIGNAL, name="vix_beta", state="neutral")
    growth = replace(SIGNAL, name="gdp", value=2.0)
    store.record_signals(FIRST, (replace(beta, session=FIRST, value=-4.0),), {})
    store.record_signals(LAST, (SIGNAL, replace(beta, value=-6.0), replace(growth, state="weak")), {})

    lines = valued(store)

    assert lines["beta of VIX"].value == pytest.approx(-5.0)
    assert lines["beta in weak growth"].value == pytest.approx(-6.0)


def test_where_little_is_known_it_is_said() -> None:
    store = FakeStore()
    store.record_day(day_record(LAST))

    lines = valued(store)

    assert valuation_lines(store, None, ()) == ()
    assert {name for name, line in lines.items() if line.value is None} == {
        *("P/CF of the hedge", "synthetic dividend", "CAPM", "beta of VIX"),
    }
    assert lines["CAPM"].text == "betas need 60 sessions in a row"


def test_the_report_shows_both_tables(store: FakeStore) -> None:
    store.record_monitors((LINE, replace(LINE, session=LAST, value=0.31)), {})

    data = gather_report(store, FIRST, LAST)
    page = render_html(document(data))

    assert "Arbitrage and valuation" in page
    for text in ("P/CF of L1", "synthetic dividend", "VIX 2020-03-18", "0.31"):
        assert text in page
    ((kind, looks, beyond, worst, limit, unit, subject, _),) = monitor_table(data.monitors).rows
    assert [cell.text for cell in (kind, unit, subject)] == ["conversion", "points", "VIX 2020-03-18"]
    assert [cell.amount.value for cell in (looks, beyond, worst, limit) if cell.amount is not None] == [2, 1, 0.31, 0.0]
    assert subject.under == "2020-03-02"
