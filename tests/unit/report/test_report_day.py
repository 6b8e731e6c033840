from datetime import UTC, date, datetime

import pytest
from report_fakes import FakeStore
from report_values import CONDOR, LEGS, MONDAY, TUESDAY, WEDNESDAY, condor_record, day_record, intent, noon, trade
from report_world import FIRST, LAST, World

from daemon.core.calendar.sessions import sessions_between
from daemon.core.orders.intent import IntentState, Leg, Purpose, Reason, TimeInForce
from daemon.core.records import Decision, DecisionKind, EventRecord, JobOutcome, Level, Outcome
from daemon.report.day import attention, condor_decision, gather_day
from daemon.report.day_text import LINE_WIDTH, WIDTH, render_day, session_line

HEADINGS = (
    "VERDICT",
    "MARKET",
    "DECISIONS",
    "ORDERS AND FILLS",
    "CONDORS",
    "HEDGE",
    "RISK",
    "PROFIT AND LOSS",
    "RECONCILIATION",
    "WARNINGS AND ERRORS",
    "JOBS",
    "NEXT",
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


def section(text: str, heading: str) -> str:
    """Return the lines of one section."""
    start = text.index(f"\n{heading}")
    return text[start : text.index("\n\n", start) if "\n\n" in text[start + 1 :] else len(text)]


class TestBlock:
    def test_sections_stand_in_a_fixed_order_on_every_day(self, world: World) -> None:
        for session in (FIRST, date(2020, 3, 16), LAST):
            text = render_day(gather_day(world.store, session))

            places = [text.index(f"\n{heading}") for heading in HEADINGS]
            assert places == sorted(places)

    def test_the_header_says_on_which_account_it_was_made(self) -> None:
        assert render_day(gather_day(entered_store(), MONDAY)).splitlines()[0].endswith("SIMULATED")
        assert "PAPER DU1" in render_day(gather_day(entered_store(), MONDAY, mode="PAPER DU1")).splitlines()[0]
        assert "MODE NOT RECORDED" in render_day(gather_day(FakeStore(), MONDAY)).splitlines()[0]

    def test_a_fill_is_shown_against_the_mid_in_points_and_dollars(self) -> None:
        text = section(render_day(gather_day(entered_store(), MONDAY)), "ORDERS AND FILLS")

        assert "cd.20200302.condor.ENTRY.C20200302-1.1" in text
        assert "2x 2800/2775P 3265/3290C  limit 4.35 cr  2 of 2 filled  FILLED" in text
        assert "filled at 4.35 cr, mid 4.45 cr, fees $4.00" in text
        assert "slippage +0.10 = +$20.00; its parts are unknown" in text

    def test_a_condor_shows_its_distance_to_both_short_strikes(self) -> None:
        text = section(render_day(gather_day(entered_store(), MONDAY)), "CONDORS")

        assert "290.23  9.4 %" in text
        assert "174.77  5.7 %" in text

    def test_profit_is_shown_for_the_day_and_since_the_start(self) -> None:
        store = entered_store()
        store.record_day(day_record(TUESDAY, net_usd=1_000_500, condor_usd=200, hedge_usd=300))

        text = section(render_day(gather_day(store, TUESDAY)), "PROFIT AND LOSS")

        rows = [line.split() for line in text.splitlines()]
        assert ["condors", "+$388", "+$200"] in rows
        assert ["hedge", "+$300", "+$300"] in rows
        assert ["total", "+$688", "+$500"] in rows

    def test_empty_sections_are_said_in_words(self) -> None:
        text = render_day(gather_day(FakeStore(), MONDAY))

        for words in ("none recorded", "no orders today", "no condor open", "no layer held", "no next action given"):
            assert words in text

    def test_next_actions_and_roll_dates_are_those_given(self, world: World) -> None:
        view = gather_day(
            world.store, LAST, next_rolls={"L1": date(2020, 4, 2)}, next_actions=("2020-04-01: next session",)
        )

        assert "2020-04-01: next session" in section(render_day(view), "NEXT")
        assert "2020-04-02" in section(render_day(view), "HEDGE")

    def test_long_reasons_are_wrapped_and_not_cut(self) -> None:
        store = entered_store()
        reasons = (Reason("long", "word " * 60 + "end"),)
        store.record_decision(Decision(MONDAY, "exits", DecisionKind.EXIT, CONDOR, noon(MONDAY), reasons))

        text = section(render_day(gather_day(store, MONDAY)), "DECISIONS")

        assert max(map(len, text.splitlines())) <= WIDTH
        assert text.rstrip().endswith("end")

    def test_a_warning_that_repeats_is_told_once_with_its_number(self) -> None:
        store = entered_store()
        for minute in (45, 50, 55):
            at = datetime(2020, 3, 2, 14, minute, tzinfo=UTC)
            fields = {"subject": CONDOR, "why": "no quote"}
            store.append_event(EventRecord("exit_postponed", at, MONDAY, Level.WARNING, fields))

        text = section(render_day(gather_day(store, MONDAY)), "WARNINGS")

        assert "exit postponed: C20200302-1, no quote (3 times, 09:45 to 09:55)" in text

    def test_a_day_without_closing_figures_shows_unknown_and_never_zero(self) -> None:
        store = entered_store()
        store.day_by_session.clear()

        text = render_day(gather_day(store, MONDAY))

        assert "unknown" in section(text, "CONDORS")
        assert "$0" not in text
        assert "no closing figures recorded" in section(text, "PROFIT AND LOSS")


class TestAttention:
    def test_a_good_day_needs_none(self) -> None:
        view = gather_day(entered_store(), MONDAY)

        assert attention(view) == ()
        assert "VERDICT  ok: entered C20200302-1; book and account agree." in render_day(view)

    def test_an_open_break_needs_it(self) -> None:
        store = entered_store()
        store.record_day(day_record(MONDAY, breaks_open=1))

        assert attention(gather_day(store, MONDAY)) == ("1 break open between book and account",)

    @pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.MISSED])
    def test_a_job_that_failed_or_was_missed_needs_it(self, outcome: Outcome) -> None:
        store = entered_store()
        store.record_job(MONDAY, "settlement", JobOutcome(outcome, "no answer", noon(MONDAY)))

        assert attention(gather_day(store, MONDAY)) == (f"job settlement {outcome}: no answer",)

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
