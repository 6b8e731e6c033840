"""Gates of events and VIX on entries: off tells, half halves, skip refuses, and each by its name."""

from datetime import date, time

import pytest
from condor_values import policy

from daemon.core.calendar.events import EconomicCalendar, EventKind, MacroEvent
from daemon.core.calendar.sessions import new_york
from daemon.core.condor.entry import EntrySize
from daemon.core.condor.event_gate import GateVerdict, gated_size, judge_events, judge_vix
from daemon.core.condor.policy import GateMode
from daemon.core.orders.intent import Reason

CPI_DAY = date(2020, 2, 13)
BEFORE = date(2020, 2, 12)
TWO_BEFORE = date(2020, 2, 11)


def full_year() -> EconomicCalendar:
    """Return a calendar that covers 2020 for CPI, with the release of 13 February among the others."""
    releases = [date(2020, 1, 14), CPI_DAY, *(date(2020, month, 10) for month in range(3, 13))]
    return EconomicCalendar(
        tuple(
            MacroEvent(EventKind.CPI, day, new_york(day, time(8, 30)), f"release {n}") for n, day in enumerate(releases)
        )
    )


def names(reasons: tuple[Reason, ...]) -> list[str]:
    return [reason.name for reason in reasons]


CPI_ONLY = (EventKind.CPI,)
TWO = EntrySize(2, 100_000, ())


class TestEvents:
    def test_skip_refuses_on_the_session_before_and_on_the_session(self) -> None:
        rules = policy(event_mode=GateMode.SKIP, event_kinds=CPI_ONLY)

        found = [names(judge_events(day, full_year(), rules).refusals) for day in (TWO_BEFORE, BEFORE, CPI_DAY)]

        assert found == [[], ["event_cpi"], ["event_cpi"]]

    def test_a_refusal_names_the_event_with_date_and_time(self) -> None:
        verdict = judge_events(BEFORE, full_year(), policy(event_mode=GateMode.SKIP, event_kinds=CPI_ONLY))

        (reason,) = verdict.refusals
        assert reason.text == "No entry: CPI of release 1, Thu 2020-02-13 08:30."
        assert reason.value == "2020-02-13"
        assert verdict.size_factor == 0

    def test_half_halves_and_says_why(self) -> None:
        verdict = judge_events(BEFORE, full_year(), policy(event_mode=GateMode.HALF, event_kinds=CPI_ONLY))

        assert (verdict.size_factor, verdict.refusals, names(verdict.notes)) == (0.5, (), ["event_cpi_halved"])

    def test_off_leaves_the_entry_and_says_what_would_have_refused_it(self) -> None:
        verdict = judge_events(BEFORE, full_year(), policy(event_kinds=CPI_ONLY))

        assert (verdict.size_factor, verdict.refusals) == (1, ())
        assert names(verdict.notes) == ["would_refuse_event_cpi"]
        assert verdict.notes[0].text.startswith("A gate that is off would have refused: CPI of release 1, Thu")

    def test_a_kind_that_is_not_chosen_does_not_count(self) -> None:
        rules = policy(event_mode=GateMode.SKIP, event_kinds=(EventKind.OPEX,))

        assert judge_events(BEFORE, full_year(), rules) == GateVerdict(1, (), ())

    def test_computed_events_count_where_they_are_chosen(self) -> None:
        rules = policy(event_mode=GateMode.SKIP, event_kinds=(EventKind.OPEX, EventKind.EARLY_CLOSE))
        opex, early = date(2020, 3, 20), date(2020, 11, 27)

        assert names(judge_events(opex, full_year(), rules).refusals) == ["event_opex"]
        assert names(judge_events(early, full_year(), rules).refusals) == ["event_early_close"]

    def test_what_the_calendar_cannot_know_is_said_and_refuses_nothing(self) -> None:
        rules = policy(event_mode=GateMode.SKIP, event_kinds=(EventKind.CPI, EventKind.OPEX))

        verdict = judge_events(date(2021, 6, 1), full_year(), rules)

        assert (verdict.size_factor, verdict.refusals, names(verdict.notes)) == (1, (), ["events_unknown"])
        assert "does not cover 2021 for cpi:" in verdict.notes[0].text


class TestVix:
    @pytest.mark.parametrize(
        ("vix", "name"), [(9.99, "vix_too_low"), (10.0, None), (40.0, None), (40.01, "vix_too_high")]
    )
    def test_skip_refuses_outside_the_bounds_alone(self, vix: float, name: str | None) -> None:
        verdict = judge_vix(vix, policy(vix_gate_mode=GateMode.SKIP))

        assert names(verdict.refusals) == ([] if name is None else [name])

    def test_a_refusal_has_value_and_limit(self) -> None:
        (reason,) = judge_vix(52.5, policy(vix_gate_mode=GateMode.SKIP)).refusals

        assert (reason.value, reason.limit) == (52.5, 40)

    def test_off_says_what_would_have_refused(self) -> None:
        verdict = judge_vix(52.5, policy())

        assert (verdict.size_factor, names(verdict.notes)) == (1, ["would_refuse_vix_too_high"])


class TestSize:
    HALF = GateVerdict(0.5, (), (Reason("vix_too_high_halved", "half"),))
    AS_USUAL = GateVerdict(1, (), (Reason("would_refuse_event_cpi", "would"),))
    REFUSED = GateVerdict(0, (Reason("event_cpi", "no"),), ())

    def test_a_refusal_leaves_nothing_and_stands_alone(self) -> None:
        size = gated_size(TWO, self.HALF, self.REFUSED)

        assert (size.quantity, names(size.reasons)) == (0, ["event_cpi"])

    def test_two_halves_are_one_half(self) -> None:
        assert gated_size(EntrySize(5, 100_000, ()), self.HALF, self.HALF).quantity == 2

    def test_notes_come_before_the_reasons_of_the_size(self) -> None:
        size = gated_size(EntrySize(1, 100_000, (Reason("wing_notional_nearly_full", "room"),)), self.AS_USUAL)

        assert (size.quantity, names(size.reasons)) == (1, ["would_refuse_event_cpi", "wing_notional_nearly_full"])

    def test_half_of_one_condor_is_none(self) -> None:
        size = gated_size(EntrySize(1, 100_000, ()), self.HALF)

        assert (size.quantity, names(size.reasons)) == (0, ["half_of_one", "vix_too_high_halved"])

    def test_a_size_of_zero_keeps_its_own_reason_beside_what_the_gates_refuse(self) -> None:
        none = EntrySize(0, 100_000, (Reason("wing_notional_full", "full"),))

        assert gated_size(none, self.HALF) == none
        assert names(gated_size(none, self.REFUSED).reasons) == ["event_cpi", "wing_notional_full"]
