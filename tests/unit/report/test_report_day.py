import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from report_fakes import HEADINGS, FakeStore
from report_values import CONDOR, LEGS, MONDAY, TUESDAY, WEDNESDAY, condor_record, day_record, intent, noon, trade
from report_world import FIRST, LAST, World

from daemon.core.calendar.sessions import NEW_YORK, sessions_between
from daemon.core.event_lines import json_value
from daemon.core.orders.intent import IntentState, Leg, Purpose, Reason, TimeInForce
from daemon.core.records import (
    Decision,
    DecisionKind,
    EventRecord,
    JobOutcome,
    Level,
    LimitUse,
    NextSession,
    Outcome,
    RiskRecord,
    RunState,
    RunStateRecord,
)
from daemon.report.day import attention, condor_decision, gather_day
from daemon.report.day_json import day_json
from daemon.report.day_text import LINE_WIDTH, WIDTH, render_day, session_line
from daemon.report.period import gather_report
from daemon.report.period_tables import tables_of

TOMORROW = NextSession(
    session=date(2020, 4, 1),
    open_at=datetime(2020, 4, 1, 13, 30, tzinfo=UTC),
    close_at=datetime(2020, 4, 1, 20, 0, tzinfo=UTC),
    early_close=False,
    jobs=(("preflight", datetime(2020, 4, 1, 13, 0, tzinfo=UTC)),),
    events=("Wed 2020-04-01 10:00 a release",),
    expiring=("C20200302-1",),
    leaving=(("C20200303-1", date(2020, 4, 6)),),
    rolls=(("L1", date(2020, 4, 1)), ("L2", date(2020, 4, 21))),
)


UNMEASURED = RiskRecord(
    session=MONDAY,
    at=noon(MONDAY),
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


def entered_store() -> FakeStore:
    """Return a store with one session: two condors entered for 4.35 at a mid of 4.45."""
    store = FakeStore()
    order = intent(Purpose.ENTRY, CONDOR, LEGS, quantity=2, mid_pts=-4.45)
    store.plan_intent(order, condor_record())
    for leg, price in zip(LEGS, (3.00, 5.10, 3.30, 1.05), strict=True):
        store.record_execution(trade(order, leg.contract, 2 * leg.ratio, price))
    reason = Reason("filled", "2 of 2 filled")
    store.record_decision(Decision(MONDAY, "condor_entry", DecisionKind.ENTER, CONDOR, noon(MONDAY), (reason,)))
    store.record_day(day_record(MONDAY, net_usd=999_812, condor_usd=-188, spx=3090.23))
    store.set_meta("mode", "SIMULATED")
    return store


def headings(text: str) -> list[str]:
    """Return the headings of a page in their order."""
    return [line.split()[0] for line in text.splitlines()[2:] if line[:1].isalpha()]


def section(text: str, heading: str) -> str:
    """Return what stands under one heading."""
    body = re.split(rf"^{heading} +", text, flags=re.MULTILINE)[1]
    return re.split(r"\n[A-Z]", body)[0].rstrip()


def flat(text: str) -> str:
    """Return a text without its line breaks."""
    return " ".join(text.split())


def happened(name: str, hour: int, minute: int, level: Level = Level.INFO, **fields: object) -> EventRecord:
    """Return an event of Monday, at a time in New York."""
    at = datetime(2020, 3, 2, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)
    return EventRecord(name, at, MONDAY, level, fields)


class TestPage:
    def test_all_sections_stand_in_their_order_on_every_day(self, world: World) -> None:
        for session in sessions_between(FIRST, LAST):
            assert headings(render_day(gather_day(world.store, session))) == [*HEADINGS], session

    def test_all_of_them_stand_on_a_day_of_which_nothing_is_known(self) -> None:
        text = render_day(gather_day(FakeStore(), MONDAY))

        assert headings(text) == [*HEADINGS]
        assert all(section(text, heading) for heading in HEADINGS)
        assert flat(section(text, "ATTENTION")) == "no closing figures recorded no condor decision recorded"
        for heading, words in {
            "HEDGE": "no hedge computation recorded",
            "ENTRY": "no decision recorded",
            "EXITS": "no condor held",
            "FILLS": "no orders today",
            "CONDORS": "no condor open",
            "RISK": "not measured",
            "LIMITS": "not measured",
            "WARNINGS": "none",
            "JOBS": "no outcome recorded",
            "LINK": "nothing is recorded of this session",
            "SETTINGS": "digest not recorded, no change",
            "TOMORROW": "not known",
        }.items():
            assert section(text, heading) == words
        assert section(text, "LAYERS") == "nothing held\n  no layer held"

    def test_it_keeps_its_width_on_every_day(self, world: World) -> None:
        for session in sessions_between(FIRST, LAST):
            lines = render_day(gather_day(world.store, session, tomorrow=TOMORROW)).splitlines()

            assert max(map(len, lines)) <= WIDTH == 100
            assert all(line == line.rstrip() for line in lines)

    def test_the_header_says_on_which_account_it_was_made(self) -> None:
        assert render_day(gather_day(entered_store(), MONDAY)).splitlines()[0].endswith("SIMULATED")
        assert "PAPER DU1" in render_day(gather_day(entered_store(), MONDAY, mode="PAPER DU1")).splitlines()[0]
        assert "MODE NOT RECORDED" in render_day(gather_day(FakeStore(), MONDAY)).splitlines()[0]

    def test_a_fill_is_shown_against_the_mid_with_its_reference(self) -> None:
        text = section(render_day(gather_day(entered_store(), MONDAY)), "FILLS")

        assert "ENTRY 2x 2800/2775P 3265/3290C: 4.35 cr, mid 4.45 cr, cost +$20.00, fees $4.00" in text
        assert "cd.20200302.condor.ENTRY.C20200302-1.1: parts of the cost unknown" in text

    def test_a_condor_shows_its_distance_to_both_short_strikes_in_points_percent_and_sigma(self) -> None:
        """SPX 3090.23, VIX 20, 30 days: a sigma is 5.734 %; ln(3090.23/2800) is 9.863 %, ln(3265/3090.23) 5.501 %."""
        row = section(render_day(gather_day(entered_store(), MONDAY)), "CONDORS").splitlines()[-1].split()

        assert row[:5] == ["C20200302-1", "2x", "2800/2775P", "3265/3290C", "04-01"]
        assert row[5:12] == ["30", "290", "9.4%", "1.7", "175", "5.7%", "1.0"]

    def test_profit_is_shown_for_the_day_and_since_the_start(self) -> None:
        store = entered_store()
        store.record_day(day_record(TUESDAY, net_usd=1_000_500, condor_usd=200, hedge_usd=300))

        text = section(render_day(gather_day(store, TUESDAY)), "PROFIT")

        assert "net liquidation $1,000,500.00, day +$688, since start +$500" in text
        assert "condors +$388 (since start +$200), hedge +$300 (since start +$300)" in text

    def test_the_next_session_is_told_with_its_hours_jobs_events_expiries_exits_and_rolls(self, world: World) -> None:
        text = section(render_day(gather_day(world.store, LAST, tomorrow=TOMORROW)), "TOMORROW")

        assert [line.strip() for line in text.splitlines()] == [
            "Wednesday 2020-04-01, market 09:30 to 16:00",
            "jobs: preflight 09:00",
            "events: Wed 2020-04-01 10:00 a release",
            "expiries: C20200302-1; near their exit by time: C20200303-1 2020-04-06",
            "rolls: L1 2020-04-01 DUE, L2 2020-04-21",
        ]

    def test_an_early_close_is_told_the_day_before(self) -> None:
        early = replace(TOMORROW, close_at=datetime(2020, 4, 1, 17, 0, tzinfo=UTC), early_close=True)

        text = section(render_day(gather_day(FakeStore(), MONDAY, tomorrow=early)), "TOMORROW")

        assert text.startswith("Wednesday 2020-04-01, market 09:30 to 13:00, an EARLY CLOSE")

    def test_the_next_roll_of_a_layer_stands_with_it(self, world: World) -> None:
        text = section(render_day(gather_day(world.store, LAST, tomorrow=TOMORROW)), "LAYERS")

        assert "2020-04-21" in next(line for line in text.splitlines() if line.startswith("  L2"))

    def test_reasons_of_a_skip_are_wrapped_and_not_cut(self) -> None:
        store = FakeStore()
        reasons = (Reason("long", "word " * 60 + "end"), *(Reason("more", f"reason {n}") for n in range(4)))
        store.record_decision(Decision(MONDAY, "condor_entry", DecisionKind.SKIP, "condor", noon(MONDAY), reasons))

        text = section(render_day(gather_day(store, MONDAY)), "ENTRY")

        assert flat(text).startswith("12:00 skipped: word word")
        assert "word end" in flat(text)
        assert text.endswith("and 2 more reasons: condord why 2020-03-02")

    def test_the_figures_of_a_long_reason_of_the_hedge_are_not_cut_off(self) -> None:
        store = FakeStore()
        reason = Reason("layer_rolled", "word " * 20 + "in contracts", 5, 4)
        store.record_decision(Decision(MONDAY, "hedge_resize", DecisionKind.RESIZE, "hedge", noon(MONDAY), (reason,)))

        text = section(render_day(gather_day(store, MONDAY)), "LAYERS")

        assert flat(text).endswith("word in contracts [5, limit 4]")

    def test_a_warning_that_repeats_is_told_once_with_its_number(self) -> None:
        store = entered_store()
        for minute in (45, 50, 55):
            store.append_event(happened("exit_postponed", 9, minute, Level.WARNING, subject=CONDOR, why="no quote"))

        text = section(render_day(gather_day(store, MONDAY)), "WARNINGS")

        assert text == "exit postponed: C20200302-1, no quote (3 times, 09:45 to 09:55)"

    def test_jobs_are_counted_and_those_that_did_not_run_are_named_with_their_reason(self) -> None:
        store = entered_store()
        store.record_job(MONDAY, "preflight", JobOutcome(Outcome.DONE, "fine", noon(MONDAY)))
        store.record_job(MONDAY, "settlement", JobOutcome(Outcome.SKIPPED, "nothing due", noon(MONDAY)))
        store.append_event(happened("job_caught_up", 11, 0, job="preflight"))

        text = section(render_day(gather_day(store, MONDAY)), "JOBS")

        assert [line.strip() for line in text.splitlines()] == [
            "1 done",
            "1 skipped: settlement (nothing due)",
            "late: preflight",
        ]

    def test_changed_and_pending_settings_are_told_with_the_digest(self) -> None:
        store = entered_store()
        store.append_event(
            happened("settings_changed", 8, 30, setting="CONDORD_X", value="2", before="1", source="a.env:3")
        )
        store.append_event(
            happened("settings_pending", 16, 40, changes="1 change", settings=["CONDORD_X 3 (in force 2)"])
        )

        text = section(render_day(gather_day(store, MONDAY, settings_digest="0123456789ab")), "SETTINGS")

        assert [line.strip() for line in text.splitlines()] == [
            "digest 0123456789ab",
            "08:30 settings changed: CONDORD_X is 2, was 1, by a.env:3",
            "16:40 settings pending: 1 change pending until a restart, CONDORD_X 3 (in force 2)",
        ]

    def test_an_outage_is_told_with_its_time_its_length_and_its_reason(self) -> None:
        store = entered_store()
        store.append_event(happened("link_changed", 10, 0, state="DOWN", text="the gateway closed the connection"))
        store.append_event(happened("link_changed", 10, 39, state="SYNCED", text=""))

        text = section(render_day(gather_day(store, MONDAY)), "LINK")

        assert [line.strip() for line in text.splitlines()] == [
            "90.00 % of the trading hours",
            "10:00 to 10:39 (39 min): the gateway closed the connection",
        ]

    def test_a_day_without_closing_figures_shows_unknown_and_never_zero(self) -> None:
        store = entered_store()
        store.day_by_session.clear()

        text = render_day(gather_day(store, MONDAY))

        assert "unknown" in section(text, "CONDORS")
        assert "$0" not in text
        assert section(text, "PROFIT") == "no closing figures recorded"

    def test_the_json_lines_hold_the_same_facts(self) -> None:
        view = gather_day(entered_store(), MONDAY, tomorrow=TOMORROW, settings_digest="0123456789ab")

        found = json.loads(json.dumps(day_json(view), default=json_value))

        assert found["verdict"] == "ok: entered C20200302-1; book and account agree."
        assert found["profit"]["day_usd"] == -188.0
        (fill,) = found["fills"]
        assert (fill["order_ref"], fill["slippage_usd"]) == ("cd.20200302.condor.ENTRY.C20200302-1.1", 20.0)
        (condor,) = found["condors"]
        assert (condor["to_put_pts"], condor["to_call_sigmas"]) == (
            pytest.approx(290.23),
            pytest.approx(0.959, abs=1e-3),
        )
        assert found["settings"] == {"digest": "0123456789ab", "told": []}
        assert found["tomorrow"]["rolls"] == {"L1": "2020-04-01", "L2": "2020-04-21"}
        assert found["risk"] is None

    def test_the_json_of_every_day_can_be_written(self, world: World) -> None:
        for session in sessions_between(FIRST, LAST):
            text = json.dumps(day_json(gather_day(world.store, session)), default=json_value, allow_nan=False)

            assert len(text) < 50_000


class TestAttention:
    def test_a_good_day_needs_none(self) -> None:
        view = gather_day(entered_store(), MONDAY)

        assert attention(view) == ()
        text = render_day(view)
        assert section(text, "VERDICT") == "ok: entered C20200302-1; book and account agree."
        assert section(text, "ATTENTION") == "nothing"

    def test_an_open_break_needs_it(self) -> None:
        store = entered_store()
        store.record_day(day_record(MONDAY, breaks_open=1))

        assert attention(gather_day(store, MONDAY)) == ("1 break open between book and account",)

    @pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.MISSED])
    def test_a_job_that_failed_or_was_missed_needs_it(self, outcome: Outcome) -> None:
        store = entered_store()
        store.record_job(MONDAY, "settlement", JobOutcome(outcome, "no answer", noon(MONDAY)))

        assert attention(gather_day(store, MONDAY)) == (f"job settlement {outcome}: no answer",)

    def test_jobs_undone_for_one_reason_are_told_together(self) -> None:
        store = entered_store()
        for job in ("preflight", "settlement"):
            store.record_job(MONDAY, job, JobOutcome(Outcome.MISSED, "no daemon", noon(MONDAY)))

        assert attention(gather_day(store, MONDAY)) == ("jobs preflight, settlement missed: no daemon",)

    def test_a_halt_a_breached_limit_and_settings_that_cannot_be_read_need_it(self) -> None:
        store = entered_store()
        store.set_run_state(RunStateRecord(RunState.HALTED, "person", "away", noon(MONDAY)))
        store.append_event(happened("settings_unreadable", 16, 40, Level.WARNING, text="X is not a setting"))
        ratio = LimitUse("quick_ratio", 0.9, 1.0, "times", least=True)
        store.record_risk(replace(UNMEASURED, limits=(ratio,)))

        assert attention(gather_day(store, MONDAY)) == (
            "HALTED by person: away",
            "limit breached: quick ratio 0.90 of at least 1.00",
            "16:40 settings unreadable: a restart would fail: X is not a setting",
        )

    def test_a_skipped_job_does_not(self) -> None:
        store = entered_store()
        store.record_job(MONDAY, "settlement", JobOutcome(Outcome.SKIPPED, "nothing due", noon(MONDAY)))

        assert attention(gather_day(store, MONDAY)) == ()

    def test_an_order_without_evidence_needs_it(self) -> None:
        store = entered_store()
        lost = intent(Purpose.EXIT, CONDOR, LEGS, state=IntentState.UNKNOWN)
        store.plan_intent(lost)

        assert attention(gather_day(store, MONDAY)) == (f"no evidence yet of {lost.ref}",)

    def test_an_error_needs_it_and_a_warning_does_not(self) -> None:
        store = entered_store()
        store.append_event(EventRecord("exit_postponed", noon(MONDAY), MONDAY, Level.WARNING, {}))
        store.append_event(EventRecord("job_failed", noon(MONDAY), MONDAY, Level.ERROR, {}))

        assert attention(gather_day(store, MONDAY)) == ("1 error (job failed)",)

    def test_a_session_without_a_condor_decision_or_closing_figures_needs_it(self) -> None:
        found = attention(gather_day(FakeStore(), MONDAY))

        assert found == ("no closing figures recorded", "no condor decision recorded")


class TestCondorDecision:
    def decision(self, job: str, kind: DecisionKind) -> Decision:
        return Decision(MONDAY, job, kind, "condor", noon(MONDAY), ())

    def test_a_skip_of_another_job_is_not_the_condor_decision(self) -> None:
        assert condor_decision((self.decision("hedge_resize", DecisionKind.SKIP),)) is None

    def test_a_later_entry_counts_over_an_earlier_refusal(self) -> None:
        skip, enter = (
            self.decision("condor_entry", DecisionKind.SKIP),
            self.decision("condor_entry", DecisionKind.ENTER),
        )

        assert condor_decision((skip, enter)) == enter


class TestSessionLine:
    def test_it_names_the_entry_the_hedge_the_account_and_the_verdict(self) -> None:
        line = session_line(gather_day(entered_store(), MONDAY))

        assert line == (
            "2020-03-02  SPX 3090.23  VIX 20.00  entered C20200302-1 2x 2800/2775P 3265/3290C @ 4.35"
            " | hedge 0 of unknown | NLV 999,812 (-188) | ok"
        )

    def test_it_gives_the_reason_of_a_skip(self) -> None:
        store = FakeStore()
        reasons = (Reason("combo_spread_too_wide", "The quotes are too wide.", 31.5, 25.0),)
        store.record_decision(Decision(MONDAY, "condor_entry", DecisionKind.SKIP, "condor", noon(MONDAY), reasons))
        store.record_day(day_record(MONDAY))

        assert "  skipped: combo spread too wide (31.5, limit 25) | " in session_line(gather_day(store, MONDAY))

    def test_it_says_that_an_order_was_not_filled(self) -> None:
        store = FakeStore()
        store.plan_intent(intent(Purpose.ENTRY, CONDOR, LEGS, quantity=2, state=IntentState.CANCELLED), condor_record())
        reasons = (Reason("entry_not_filled", "the order ended CANCELLED with nothing filled"),)
        store.record_decision(Decision(MONDAY, "condor_entry", DecisionKind.SKIP, "condor", noon(MONDAY), reasons))
        store.record_day(day_record(MONDAY))

        line = session_line(gather_day(store, MONDAY))

        assert "  not filled: 2x 2800/2775P 3265/3290C @ 4.35 CANCELLED | " in line

    def test_it_fits_the_terminal_in_every_session(self, world: World) -> None:
        lines = [session_line(gather_day(world.store, session)) for session in sessions_between(FIRST, LAST)]

        assert len(lines) == 31
        assert max(map(len, lines)) <= LINE_WIDTH
        assert all(line.endswith(" | ok") for line in lines)

    def test_trouble_stands_at_its_end_and_fits_too(self) -> None:
        store = entered_store()
        store.record_job(MONDAY, "settlement", JobOutcome(Outcome.FAILED, "a long story " * 20, noon(MONDAY)))
        store.record_day(day_record(MONDAY, net_usd=123_456_789, condor_usd=-98_765_432))

        line = session_line(gather_day(store, MONDAY))

        assert len(line) <= LINE_WIDTH
        assert " | ATTENTION: job settlement failed: a long" in line

    def test_without_closing_figures_it_says_so(self) -> None:
        line = session_line(gather_day(FakeStore(), MONDAY))

        assert line.startswith("2020-03-02  ATTENTION: no closing figures recorded")


class TestView:
    def resting_exit(self) -> FakeStore:
        """Return a store in which a take-profit rests from Monday on and fills on Wednesday."""
        store = entered_store()
        legs = tuple(Leg(leg.contract, -leg.ratio) for leg in LEGS)
        order = intent(Purpose.EXIT, CONDOR, legs, quantity=2, limit_pts100=215, tif=TimeInForce.GTC)
        store.plan_intent(order)
        for leg, price in zip(legs, (2.00, 3.10, 1.80, 0.75), strict=True):
            store.record_execution(trade(order, leg.contract, 2 * leg.ratio, price, session=WEDNESDAY))
        return store

    def test_a_session_has_the_orders_planned_in_it_and_those_filled_in_it(self) -> None:
        store = self.resting_exit()

        found = [[line.purpose for line in gather_day(store, day).orders] for day in (MONDAY, TUESDAY, WEDNESDAY)]

        assert found == [[Purpose.ENTRY, Purpose.EXIT], [], [Purpose.EXIT]]

    def test_an_earlier_session_is_shown_as_it_stood_then(self) -> None:
        store = self.resting_exit()

        monday, wednesday = gather_day(store, MONDAY), gather_day(store, WEDNESDAY)

        assert [line.condor_id for line in monday.open_condors] == [CONDOR]
        assert (monday.ended_condors, wednesday.open_condors) == ((), ())
        assert [line.condor_id for line in wednesday.ended_condors] == [CONDOR]

    def test_marked_profit_of_open_condors_and_results_of_ended_ones_are_what_the_days_recorded(
        self, world: World
    ) -> None:
        ended = 0
        for day in world.store.days():
            view = gather_day(world.store, day.session)
            ended += sum(line.pnl_usd_cents or 0 for line in view.ended_condors)
            total = ended + sum(line.pnl_usd_cents or 0 for line in view.open_condors)

            assert total == pytest.approx(day.condor_pnl_usd_cents, abs=31)  # a cent of rounding each


def test_the_report_of_a_period_lists_every_setting_that_a_start_changed() -> None:
    store = entered_store()
    store.append_event(
        happened("settings_changed", 8, 30, setting="CONDORD_X", value="2", before="1", source="a.env:3")
    )

    table = tables_of(gather_report(store, MONDAY, MONDAY))["settings_rows"]

    assert [[cell.text for cell in row] for row in table.rows] == [["2020-03-02", "CONDORD_X", "1", "2", "a.env:3"]]
