"""The rows that are read from a store, and what is printed of them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from report_fakes import FakeStore
from report_values import MONDAY, TUESDAY, WEDNESDAY, day_record, intent, settlement, trade, vix_call
from report_world import FIRST, LAST, World

from daemon.core.analysis.rows import CONDORS
from daemon.core.calendar.sessions import add_sessions
from daemon.core.market.contracts import SignalIndex
from daemon.core.orders.intent import Leg, Purpose
from daemon.core.records import (
    DailyValue,
    DayRecord,
    LayerExposure,
    PositionLine,
    RiskRecord,
    Sensitivity,
    Signal,
    Standing,
)
from daemon.report.analysis import Analysis, analyse
from daemon.report.analysis_rows import session_rows
from daemon.report.analysis_text import analysis_json, analysis_text
from daemon.report.html import render_html
from daemon.report.period import gather_report
from daemon.report.sections import document

CALL = vix_call(22, date(2020, 3, 18))
GREEKS = Sensitivity(delta_usd=100.0, gamma_usd=2.0, theta_usd=-12.0, vega_usd=30.0)


def risk(session: date, margin_usd: int, layers: tuple[LayerExposure, ...] | None = ()) -> RiskRecord:
    return RiskRecord(
        session=session,
        at=datetime(2020, 3, 2, 21, tzinfo=UTC),
        spx=3000.0,
        vix=20.0,
        condors=None,
        hedge=GREEKS,
        linked_delta_usd=None,
        wing_notional_usd=0,
        maintenance_margin_usd_cents=margin_usd * 100,
        max_loss_usd=(),
        worst=None,
        layers=layers,
    )


def held(session: date, mark_pts: float | None, *, hedge_usd: float = 0.0, quantity: int = 2) -> DayRecord:
    line = PositionLine("hedge", "L1", CALL, quantity, mark_pts)
    return day_record(session, hedge_usd=hedge_usd, positions=(line,))


@pytest.fixture
def store() -> FakeStore:
    """Two calls bought at 1.25 on Monday for 251 dollars, worth 1.75 at the close and 3.00 on Tuesday."""
    made = FakeStore()
    buy = intent(Purpose.RESIZE, "L1", (Leg(CALL, 1),), quantity=2, limit_pts100=125)
    made.plan_intent(buy)
    made.record_execution(trade(buy, CALL, 2, 1.25))
    made.record_day(held(MONDAY, 1.75, hedge_usd=99))
    made.record_day(held(TUESDAY, 3.0, hedge_usd=349))
    return made


def analysed(store: FakeStore, first: date = MONDAY, last: date = WEDNESDAY) -> Analysis:
    found = analyse(store, first, last)
    assert found is not None
    return found


class TestRows:
    def test_cash_fees_and_value_are_the_gain_of_a_layer(self, store: FakeStore) -> None:
        first, second = session_rows(store, MONDAY, TUESDAY)

        assert (first.gains["L1"].usd, second.gains["L1"].usd) == (99, 250)
        assert (first.hedge_usd, second.hedge_usd) == (99, 250)
        assert first.gains[CONDORS].usd == 0

    def test_a_missing_mark_makes_the_gain_unknown_until_two_closes_are_known(self, store: FakeStore) -> None:
        store.record_day(held(TUESDAY, None))
        store.record_day(held(WEDNESDAY, 2.0))

        assert [one.gains["L1"].usd for one in session_rows(store, MONDAY, WEDNESDAY)] == [99, None, None]

    def test_a_settlement_is_cash(self, store: FakeStore) -> None:
        store.ledger.append(settlement("L1", CALL, -2, 4.0, WEDNESDAY))
        store.record_day(day_record(WEDNESDAY))

        gain = session_rows(store, WEDNESDAY, WEDNESDAY)[0].gains["L1"]
        assert (gain.cash_usd_e4, gain.usd) == (8_000_000, 200)

    def test_what_was_booked_in_a_session_that_was_not_closed_belongs_to_the_next_one(self, store: FakeStore) -> None:
        del store.day_by_session[MONDAY]
        (only,) = session_rows(store, MONDAY, TUESDAY)

        assert only.gains["L1"].usd == 349

    def test_a_session_after_one_without_closing_figures_is_not_consecutive(self, store: FakeStore) -> None:
        del store.day_by_session[TUESDAY]
        store.record_day(held(WEDNESDAY, 2.0))

        assert [one.consecutive for one in session_rows(store, MONDAY, WEDNESDAY)] == [True, False]

    def test_before_the_first_session_the_closes_of_the_signals_are_known(self, store: FakeStore) -> None:
        friday = DailyValue(date(2020, 2, 28), 2954.22, "broker", datetime(2020, 3, 2, tzinfo=UTC))
        store.record_monitors((), {SignalIndex.SPX.value: [friday]})
        first = session_rows(store, MONDAY, TUESDAY)[0]

        assert (first.spx_before_pts, first.vix_before_pts) == (2954.22, None)

    def test_margin_theta_and_layers_are_unknown_where_no_risk_was_recorded(self, store: FakeStore) -> None:
        store.record_risk(risk(TUESDAY, 2_500))
        first, second = session_rows(store, MONDAY, TUESDAY)

        assert (first.margin_before_usd_cents, first.margin_usd_cents, first.hedge_theta_usd) == (0, None, None)
        assert (second.margin_before_usd_cents, second.margin_usd_cents) == (None, 250_000)
        assert (first.layers, second.layers) == (None, ())

    def test_a_signal_that_is_not_fresh_said_nothing_and_is_not_taken_for_neutral(self, store: FakeStore) -> None:
        def signal(name: str, state: str, standing: Standing) -> Signal:
            return Signal(
                session=MONDAY, name=name, value=1, state=state, as_of=None, source="", standing=standing, text=""
            )

        said = [signal("curve", "backwardation", Standing.FRESH), signal("reer", "neutral", Standing.STALE)]
        store.record_signals(MONDAY, said, {})
        first, second = session_rows(store, MONDAY, TUESDAY)

        assert first.states == {"curve": "backwardation", "reer": "unknown"}
        assert second.states is None

    def test_realised_volatility_is_that_of_the_21_sessions_before(self, store: FakeStore) -> None:
        days = _sessions_before(MONDAY, 22)
        # 1 % up and down by turns: 0.01 x sqrt(252) a year, to the logarithm's third digit.
        closes = [3000.0 if n % 2 else 3030.0 for n in range(22)]
        read_at = datetime(2020, 3, 2, tzinfo=UTC)
        values = [DailyValue(day, close, "broker", read_at) for day, close in zip(days, closes, strict=True)]
        store.record_monitors((), {SignalIndex.SPX.value: values})
        first, _ = session_rows(store, MONDAY, TUESDAY)

        assert first.realised_vol == pytest.approx(0.01 * 252**0.5, rel=0.01)
        store.closes.clear()
        assert session_rows(store, MONDAY, TUESDAY)[0].realised_vol is None


def _sessions_before(day: date, count: int) -> list[date]:
    return [add_sessions(day, -n) for n in range(count, 0, -1)]


class TestWorld:
    def test_the_gains_of_all_sources_are_the_recorded_profit_of_every_session(self, world: World) -> None:
        for one in session_rows(world.store, FIRST, LAST):
            hedge = sum(gain.usd or 0 for source, gain in one.gains.items() if source != CONDORS)
            assert hedge == pytest.approx(one.hedge_usd, abs=0.011)
            assert one.gains[CONDORS].usd == pytest.approx(one.condor_usd, abs=0.011)

    @pytest.mark.parametrize(("begin", "end"), [(0, 30), (10, 20), (7, 7)])
    def test_the_sources_are_the_change_of_net_liquidation_to_rounding(
        self, world: World, begin: int, end: int
    ) -> None:
        days = world.store.days()
        found = analysed(world.store, days[begin].session, days[end].session).attribution
        before = 100_000_000 if begin == 0 else days[begin - 1].net_liquidation_usd_cents

        assert found.change_usd_cents == days[end].net_liquidation_usd_cents - before
        assert found.other_usd_cents == pytest.approx(0, abs=len(found.totals) + 1)  # a cent of rounding each

    def test_slices_by_regime_add_up_to_all_sessions(self, world: World) -> None:
        found = analysed(world.store, FIRST, LAST)

        assert sum(one.sessions for one in found.regimes) == len(found.rows)
        assert sum(one.hedge_usd for one in found.regimes) == pytest.approx(found.hedge_usd)


class TestText:
    def test_little_data_is_said_in_words(self, store: FakeStore) -> None:
        text = analysis_text(analysed(store))

        for words in (
            "2020-03-02 to 2020-03-03, 2 sessions",
            "too few sessions",
            "Fewer than 63 sessions are too short",
            "No known crash window has 5 sessions",
            "No signal is recorded",
            "No 3-session fall of 3, 5, 7 or 10 %",
            "There are no 60 sessions in a row",
            "The greeks of the layers were not recorded",
        ):
            assert words in text

    def test_greeks_of_the_layers_are_those_of_the_last_close_that_held_any(self, store: FakeStore) -> None:
        layer = LayerExposure(layer="L1", contracts=2, delta_usd=954.4, greeks=GREEKS)
        store.record_risk(risk(MONDAY, 0, (layer,)))
        store.record_risk(risk(TUESDAY, 0, ()))
        text = analysis_text(analysed(store))

        assert "GREEKS OF THE LAYERS AT THE CLOSE OF 2020-03-02" in text
        assert "L1        2           $954    2.0  +$30   -$12" in text

    def test_a_hedge_that_made_a_loss_larger_is_said_so(self, store: FakeStore) -> None:
        store.record_day(
            replace(
                held(MONDAY, 1.75),
                hedge_pnl_usd_cents=-20_000,
                net_liquidation_usd_cents=99_880_000,
                condor_pnl_usd_cents=-100_000,
            )
        )
        (line,) = [row for row in analysis_text(analysed(store, MONDAY, MONDAY)).splitlines() if "max drawdown" in row]

        assert line.split() == ["max", "drawdown", "1", "-$1,000", "-$1,200", "20.0", "%", "larger"]

    def test_nothing_closed_is_nothing(self, store: FakeStore) -> None:
        assert analyse(store, WEDNESDAY, WEDNESDAY) is None


def test_every_source_of_the_hedge_has_its_line(store: FakeStore) -> None:
    names = [f"L{number}" for number in range(1, 7)]
    for name in names[1:]:
        buy = intent(Purpose.RESIZE, name, (Leg(CALL, 1),), quantity=2, limit_pts100=125)
        store.plan_intent(buy)
        store.record_execution(trade(buy, CALL, 2, 1.25))

    page = render_html(document(gather_report(store, MONDAY, TUESDAY)))

    wide = page[page.index("Gain of each layer") :].split("</svg>", maxsplit=1)[0]
    assert [name for name in names if f">{name}</text>" in wide] == names


class TestJson:
    def test_figures_and_what_follows_from_them_are_plain_values(self, world: World) -> None:
        found: Mapping[str, object] = json.loads(
            json.dumps(analysis_json(analysed(world.store, FIRST, LAST)), allow_nan=False)
        )

        assert found["sessions"] == 31
        assert {"attribution", "losses", "moves", "regimes", "states", "falls", "buckets", "returns"} <= set(found)
        assert "rows" not in found

    def test_what_is_unknown_is_null(self, store: FakeStore) -> None:
        found = analysis_json(analysed(store))

        assert found["greeks"] is None
        assert found["losses"][2]["hedged_usd"] is None
        assert found["returns"][0]["hedged"] == "too short"
