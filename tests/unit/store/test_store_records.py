import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from ledger_values import AT, PUT_SHORT, SESSION, VIX_CALL

from daemon.adapters.store import SqliteStore, event_digest
from daemon.core.orders.intent import Reason
from daemon.core.records import (
    PERSON,
    PROGRAM,
    CondorBreakEvens,
    DailyValue,
    DayRecord,
    Decision,
    DecisionKind,
    EventRecord,
    HedgeBudget,
    HedgeComputation,
    HedgeSizing,
    JobOutcome,
    LayerComputation,
    LayerExposure,
    Level,
    Monitor,
    MonitorKind,
    Outcome,
    PositionLine,
    RiskRecord,
    RunState,
    RunStateRecord,
    Sensitivity,
    Signal,
    Standing,
    StressCell,
    StressTable,
)
from daemon.errors import InvariantError

TOMORROW = date(2020, 2, 19)
REASONS = (Reason("min_credit", "the credit of 3.55 is below 3.75", 3.55, 3.75), Reason("regime", "VIX", "low", None))
DECISION = Decision(
    SESSION,
    "condor_entry",
    DecisionKind.SKIP,
    "condor",
    AT,
    REASONS,
    {"spx": 3370.29, "dte": 31, "why": None, "x": "y"},
)
COMPUTATION = HedgeComputation(
    session=SESSION,
    at=AT,
    vix=14.83,
    regime="low",
    pct=7.932,
    wing_notional_usd=25_000,
    target_usd=1983.0,
    held_usd=0.0,
    contracts=3,
    layers=(
        LayerComputation("L1", VIX_CALL, 15.4, 0.31, 477.4, 0, 1),
        LayerComputation("L3", None, None, None, None, 0, 1),
    ),
    reasons=REASONS,
)
DAY = DayRecord(
    session=SESSION,
    spx=3370.29,
    vix=14.83,
    net_liquidation_usd_cents=100_012_345,
    condor_pnl_usd_cents=-1_234,
    hedge_pnl_usd_cents=0,
    wing_notional_usd=25_000,
    hedge_pct=7.932,
    hedge_target_usd=1983.0,
    hedge_held_usd=None,
    regime=None,
    breaks_open=0,
    positions=(
        PositionLine("condor", "C20200218-1", PUT_SHORT, -2, 31.55),
        PositionLine("hedge", "L1", VIX_CALL, 4, None),
    ),
)

RISK = RiskRecord(
    session=SESSION,
    at=AT,
    spx=3370.29,
    vix=14.83,
    condors=Sensitivity(delta_usd=-11.5, gamma_usd=-0.75, theta_usd=62.25, vega_usd=-310.0),
    hedge=Sensitivity(delta_usd=160.0, gamma_usd=30.5, theta_usd=-21.75, vega_usd=7.5),
    linked_delta_usd=-18.25,
    wing_notional_usd=25_000,
    maintenance_margin_usd_cents=2_500_000,
    max_loss_usd=((date(2020, 3, 18), 2_065.0), (date(2020, 3, 20), None)),
    worst=StressCell(spx_pct=-20.0, vix_pct=-40.0, days=21.0, condor_usd=-2_065.5, hedge_usd=-300.25),
    crash=(StressCell(spx_pct=-20.0, vix_pct=200.0, days=0.0, condor_usd=-1_900.0, hedge_usd=4_100.0),),
    break_evens=(
        CondorBreakEvens(
            condor_id="C20200218-1", low_pts=3200.65, high_pts=3464.35, hedged_low_pts=3190.0, hedged_high_pts=None
        ),
    ),
    unknown=("the portfolio gave no mark for SPXW 2020-03-20 3200P",),
    estimated=2,
    layers=(
        LayerExposure(
            layer="L1",
            contracts=4,
            delta_usd=1_909.6,
            greeks=Sensitivity(delta_usd=160.0, gamma_usd=30.5, theta_usd=-21.75, vega_usd=7.5),
        ),
        LayerExposure(layer="L2", contracts=4, delta_usd=None, greeks=None),
    ),
    stress=(
        StressTable(days=0.0, spx_pcts=(-20.0, 0.0, 10.0), vix_pcts=(0.0, 200.0), pnl_usd=((-9, 0, -4), (41, 7, -2))),
    ),
)
UNKNOWN_RISK = RiskRecord(
    session=TOMORROW,
    at=AT,
    spx=None,
    vix=None,
    condors=None,
    hedge=None,
    linked_delta_usd=None,
    wing_notional_usd=0,
    maintenance_margin_usd_cents=0,
    max_loss_usd=(),
    worst=None,
)


class TestWhatIsKept:
    def test_a_decision_comes_back_with_its_reasons_and_inputs(self, store: SqliteStore) -> None:
        store.record_decision(DECISION)

        assert store.decisions(SESSION) == (DECISION,)
        assert store.decisions(TOMORROW) == ()

    def test_a_hedge_computation_comes_back_with_its_layers(self, store: SqliteStore) -> None:
        store.record_hedge_computation(COMPUTATION)

        assert store.hedge_computations() == store.hedge_computations(SESSION) == (COMPUTATION,)
        assert store.hedge_computations(TOMORROW) == ()

    def test_a_hedge_computation_comes_back_with_what_it_was_sized_by(self, store: SqliteStore) -> None:
        by_premium = HedgeSizing(
            total="flat", base="margin", base_usd=7_300, measure="premium", break_even_contracts=None
        )
        layer = LayerComputation("L1", VIX_CALL, 15.4, 0.31, 477.4, 0, 1, 61.0)
        sized = replace(COMPUTATION, sizing=by_premium, layers=(layer,))
        budget = HedgeBudget(
            wanted=17,
            carry_usd=1388.0,
            carry_max_usd=1400.0,
            debits_usd=1300.0,
            credits_usd=26_000.0,
            debits_max_usd=5200.0,
            guarded=True,
            suspended=False,
        )
        guarded = replace(sized, sizing=replace(by_premium, budget=budget))
        store.record_hedge_computation(sized)
        store.record_hedge_computation(guarded)

        assert store.hedge_computations() == (sized, guarded)
        assert store.last_hedge_computation() == guarded

    def test_a_computation_of_before_sizes_could_be_chosen_was_of_wing_notional_in_delta_dollars(self) -> None:
        sized = COMPUTATION.sized

        assert (sized.base, sized.base_usd) == ("wing_notional", COMPUTATION.wing_notional_usd)
        assert (sized.total, sized.measure) == ("regime", "delta_dollars")
        assert [layer.counts_usd for layer in COMPUTATION.layers] == [477.4, None]

    def test_there_is_no_last_record_of_what_was_never_recorded(self, store: SqliteStore) -> None:
        assert (store.last_day(), store.last_risk(), store.last_hedge_computation()) == (None, None, None)

    def test_a_day_replaces_an_earlier_record_of_it(self, store: SqliteStore) -> None:
        later = DayRecord(TOMORROW, 3386.15, 14.38, 100_020_000, 1, 2, 3, None, None, None, "low", 1)
        for day in (later, DayRecord(SESSION, 1.0, 1.0, 1, 1, 1, 1, None, None, None, None, 0), DAY):
            store.record_day(day)

        assert (store.days(), store.last_day()) == ((DAY, later), later)

    def test_what_is_at_risk_replaces_an_earlier_record_of_its_session(self, store: SqliteStore) -> None:
        for risk in (UNKNOWN_RISK, replace(RISK, vix=99.0, worst=None), RISK):
            store.record_risk(risk)

        assert (store.risks(), store.last_risk()) == ((RISK, UNKNOWN_RISK), UNKNOWN_RISK)
        assert store.risks(SESSION) == (RISK,)
        assert store.risks(TOMORROW) == (UNKNOWN_RISK,)

    def test_layers_of_a_record_of_before_they_were_kept_are_unknown_and_not_none_held(
        self, store: SqliteStore
    ) -> None:
        store.record_risk(replace(RISK, layers=()))
        with closing(sqlite3.connect(store.path)) as conn, conn:
            conn.execute("UPDATE risks SET details = json_remove(details, '$.layers')")

        assert store.risks()[0].layers is None

    def test_a_record_of_before_the_stress_was_kept_as_tables_has_none(self, store: SqliteStore) -> None:
        store.record_risk(RISK)
        with closing(sqlite3.connect(store.path)) as conn, conn:
            conn.execute("UPDATE risks SET details = json_remove(details, '$.stress')")

        assert store.risks() == (replace(RISK, stress=()),)

    def test_the_first_outcome_of_a_job_stays(self, store: SqliteStore) -> None:
        first, second = JobOutcome(Outcome.SKIPPED, "no credit", AT), JobOutcome(Outcome.DONE, "", AT)

        assert store.record_job(SESSION, "condor_entry", first)
        assert not store.record_job(SESSION, "condor_entry", second)

        assert store.job_outcome(SESSION, "condor_entry") == first
        assert store.job_outcome(SESSION, "hedge_roll") is None
        assert store.job_outcome(TOMORROW, "condor_entry") is None

    def test_the_run_state_is_running_until_someone_sets_it(self, store: SqliteStore, path: Path) -> None:
        fresh = store.run_state()
        halted = RunStateRecord(RunState.HALTED, "person", "on holiday", AT)

        store.set_run_state(RunStateRecord(RunState.EXITS_ONLY, "program", "a break", None))
        store.set_run_state(halted)

        assert (fresh.state, fresh.at) == (RunState.RUNNING, None)
        with closing(SqliteStore(path, "OFF")) as reopened:
            assert reopened.run_state() == halted

    @pytest.mark.parametrize("first_by", [PERSON, PROGRAM])
    def test_of_a_persons_run_state_and_the_programs_the_stricter_holds_whoever_came_first(
        self, store: SqliteStore, first_by: str
    ) -> None:
        person = RunStateRecord(RunState.EXITS_ONLY, PERSON, "travelling", AT)
        program = RunStateRecord(RunState.HALTED, PROGRAM, "5 orders were rejected in a row", AT)

        for record in sorted((person, program), key=lambda record: record.by != first_by):
            store.set_run_state(record)

        assert store.run_state() == program

    def test_of_equal_run_states_a_persons_holds(self, store: SqliteStore) -> None:
        person = RunStateRecord(RunState.HALTED, PERSON, "travelling", AT)

        store.set_run_state(person)
        store.set_run_state(RunStateRecord(RunState.HALTED, PROGRAM, "5 orders were rejected in a row", AT))

        assert store.run_state() == person

    def test_a_persons_word_to_run_takes_the_programs_halt_back_too(self, store: SqliteStore, path: Path) -> None:
        running = RunStateRecord(RunState.RUNNING, PERSON, "looked into it", AT)

        store.set_run_state(RunStateRecord(RunState.HALTED, PROGRAM, "5 orders were rejected in a row", AT))
        store.set_run_state(running)

        with closing(SqliteStore(path, "OFF")) as reopened:
            assert store.run_state() == reopened.run_state() == running

    def test_a_named_value_is_replaced(self, store: SqliteStore) -> None:
        store.set_meta("account", "DU1")
        store.set_meta("account", "DU2")

        assert store.meta("account") == "DU2"
        assert store.meta("nothing") is None

    def test_events_come_back_in_the_order_they_happened(self, store: SqliteStore) -> None:
        late = EventRecord("order_sent", AT, SESSION, Level.INFO, {"order_ref": "cd.1", "legs": ["+1 a"]})
        early = EventRecord("order_planned", AT - timedelta(hours=1), SESSION, Level.WARNING, {})
        other = EventRecord("link_changed", AT, TOMORROW, Level.ERROR, {"state": "DOWN"})
        for event in (late, early, other):
            store.append_event(event)

        assert store.events() == (late, early, other)
        assert store.events(session=SESSION) == (late, early)


class TestTimes:
    def test_an_instant_of_another_zone_is_kept_as_the_same_instant_in_utc(self, store: SqliteStore) -> None:
        new_york = datetime(2020, 2, 18, 15, 31, 5, 250_000, tzinfo=timezone(timedelta(hours=-5)))

        store.append_event(EventRecord("order_sent", new_york, SESSION, Level.INFO, {}))

        (event,) = store.events()
        assert event.at == new_york
        assert event.at.tzinfo is UTC

    def test_an_instant_without_zone_is_refused(self, store: SqliteStore) -> None:
        with pytest.raises(InvariantError, match="no time zone"):
            store.append_event(EventRecord("order_sent", AT.replace(tzinfo=None), SESSION, Level.INFO, {}))

        assert store.events() == ()


class TestEventLog:
    @pytest.mark.parametrize("change", ["UPDATE events SET name = 'x'", "DELETE FROM events"])
    def test_it_is_append_only(self, store: SqliteStore, change: str) -> None:
        store.append_event(EventRecord("order_sent", AT, SESSION, Level.INFO, {}))

        with pytest.raises(InvariantError, match="never"), store._transaction():
            store._connection.write(change)

        assert len(store.events()) == 1

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}, b"x"])
    def test_a_field_without_a_text_is_refused(self, store: SqliteStore, value: object) -> None:
        with pytest.raises(InvariantError, match="cannot be kept"):
            store.append_event(EventRecord("order_sent", AT, SESSION, Level.INFO, {"value": value}))

    def test_dates_and_contracts_in_fields_become_text(self, store: SqliteStore) -> None:
        fields = {"expiry": SESSION, "at": AT, "contract": VIX_CALL, "inner": {"b": 1, "a": None}}
        store.append_event(EventRecord("order_sent", AT, SESSION, Level.INFO, fields))

        assert store.events()[0].fields == {
            "expiry": "2020-02-18",
            "at": "2020-02-18T20:31:05.250000+00:00",
            "contract": ["VIX", "2020-03-18", 1800, "C"],
            "inner": {"a": None, "b": 1},
        }


class TestDigest:
    def event(self, **changed: Any) -> EventRecord:
        return replace(EventRecord("order_sent", AT, SESSION, Level.INFO, {"a": 1, "b": (1, 2.5)}), **changed)

    def test_it_is_the_same_for_the_same_log(self, store: SqliteStore) -> None:
        events = [self.event(), self.event(fields={"b": [1, 2.5], "a": 1, "when": AT})]
        for event in events:
            store.append_event(event)

        assert event_digest(events) == event_digest(store.events())

    def test_it_is_the_documented_hash(self) -> None:
        # printf '["order_sent","2020-02-18T20:31:05.250000+00:00","2020-02-18","info",{"a":1,"b":[1,2.5]}]\n' | sha256sum
        expected = "4192097f940efb18951b4d22a65c7332f0f6dc4047e295d17a4315fc79c30b98"

        assert event_digest([self.event()]) == expected

    @pytest.mark.parametrize(
        "changed",
        [
            {"name": "order_planned"},
            {"at": AT + timedelta(microseconds=1)},
            {"session": TOMORROW},
            {"level": Level.WARNING},
            {"fields": {"a": 2, "b": [1, 2.5]}},
        ],
    )
    def test_it_changes_with_every_part_of_an_event(self, changed: dict[str, Any]) -> None:
        assert event_digest([self.event(**changed)]) != event_digest([self.event()])

    def test_it_changes_with_the_order_of_events(self) -> None:
        first, second = self.event(), self.event(name="order_planned")

        assert event_digest([first, second]) != event_digest([second, first])


class TestSignals:
    CLOSES = (DailyValue(SESSION, 14.83, "broker", AT), DailyValue(TOMORROW, 15.5, "broker", AT))
    FRESH = Signal(
        session=TOMORROW,
        name="vix_macd",
        value=-0.25,
        state="bearish",
        as_of=SESSION,
        source="broker, daily bars of VIX",
        standing=Standing.FRESH,
        text="histogram",
    )
    MISSING = replace(FRESH, name="reer", value=None, state="neutral", as_of=None, standing=Standing.MISSING)

    def test_signals_come_back_in_their_order_and_are_replaced(self, store: SqliteStore) -> None:
        store.record_signals(TOMORROW, (self.MISSING, self.FRESH), {})
        store.record_signals(TOMORROW, (self.FRESH, self.MISSING), {})

        assert store.signals(TOMORROW) == (self.FRESH, self.MISSING)
        assert store.signals() == (self.FRESH, self.MISSING)
        assert store.signals(SESSION) == ()

    def test_closes_come_back_the_last_ones_oldest_first(self, store: SqliteStore) -> None:
        store.record_signals(TOMORROW, (), {"VIX": self.CLOSES, "VVIX": self.CLOSES[:1]})

        assert store.daily_values("VIX", last=10) == self.CLOSES
        assert store.daily_values("VIX", last=1) == self.CLOSES[1:]
        assert store.daily_values("SPX", last=10) == ()

    def test_a_session_keeps_the_close_it_has(self, store: SqliteStore) -> None:
        store.record_signals(SESSION, (), {"VIX": self.CLOSES})
        store.record_signals(TOMORROW, (), {"VIX": (replace(self.CLOSES[0], value=99.0),)})

        assert store.daily_values("VIX", last=10) == self.CLOSES


class TestMonitors:
    LINE = Monitor(
        session=SESSION,
        at=datetime(2020, 2, 18, 20, 57, tzinfo=UTC),
        kind=MonitorKind.CONVERSION,
        subject="VIX 2020-03-18",
        value=-0.25,
        limit=0.0,
        unit="points",
        text="after spreads and fees",
    )
    UNTOLD = replace(LINE, kind=MonitorKind.KINK, subject="VIX M1 M2 M3", value=None, limit=None)

    def test_lines_come_back_by_session_in_their_order(self, store: SqliteStore) -> None:
        later = replace(self.LINE, session=TOMORROW)
        store.record_monitors((later,), {})
        store.record_monitors((self.LINE, self.UNTOLD), {"VIX_M1": TestSignals.CLOSES[:1]})

        assert store.monitors(SESSION, TOMORROW) == (self.LINE, self.UNTOLD, later)
        assert store.monitors(TOMORROW, TOMORROW) == (later,)
        assert store.daily_values("VIX_M1", last=5) == TestSignals.CLOSES[:1]

    def test_a_second_look_of_a_session_replaces_what_it_saw_anew(self, store: SqliteStore) -> None:
        again = replace(self.LINE, value=0.1)
        store.record_monitors((self.LINE, self.UNTOLD), {})
        store.record_monitors((again,), {})

        assert store.monitors(SESSION, SESSION) == (self.UNTOLD, again)
