"""When a roll may be done: on its date, earlier by VVIX, or later while it waits; never after it can wait no longer."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hedge_values import L1, L2, L3
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.calendar.sessions import is_session
from daemon.core.hedge.policy import LayerPolicy
from daemon.core.hedge.rolls import RollWindow, last_chance, last_roll, open_roll, roll_window, vvix_verdict

ANCHOR = date(2020, 2, 18)
WINDOW = RollWindow(first=date(2020, 3, 4), scheduled=date(2020, 3, 5), last=date(2020, 3, 6))
DAYS = st.dates(date(2016, 1, 1), date(2026, 6, 30))


class TestWindow:
    @pytest.mark.parametrize(
        ("layer", "scheduled", "first", "last"),
        [
            # 001-22: L1 days 7 to 10 for 8, L2 19 to 23 for 21, L3 45 to 60 for 50.
            (L1, date(2020, 2, 26), date(2020, 2, 25), date(2020, 2, 28)),
            (L1, date(2020, 3, 5), date(2020, 3, 4), date(2020, 3, 6)),  # 7 March is a Saturday
            (L2, date(2020, 3, 10), date(2020, 3, 9), date(2020, 3, 12)),  # 8 March is a Sunday
            (L3, date(2020, 4, 8), date(2020, 4, 3), date(2020, 4, 17)),  # 18 April is a Saturday
        ],
    )
    def test_it_lies_around_the_date_by_the_days_of_the_layer(
        self, layer: LayerPolicy, scheduled: date, first: date, last: date
    ) -> None:
        assert roll_window(layer, scheduled) == RollWindow(first=first, scheduled=scheduled, last=last)

    @given(DAYS, st.sampled_from([L1, L2, L3]), st.integers(0, 200))
    def test_its_ends_are_sessions_around_the_date(self, anchor: date, layer: LayerPolicy, offset: int) -> None:
        scheduled = last_roll(anchor, layer.roll_days, anchor + timedelta(days=offset + 10))
        assert scheduled is not None
        window = roll_window(layer, scheduled)

        assert window.first <= window.scheduled <= window.last
        assert is_session(window.first)
        assert is_session(window.last)


class TestOpenRoll:
    def test_a_roll_is_open_on_its_date_and_until_it_is_dealt_with(self) -> None:
        for session in (date(2020, 3, 5), date(2020, 3, 6), date(2020, 3, 12)):
            found = open_roll(L1, ANCHOR, session, dealt_with=date(2020, 2, 26), early=False)

            assert found == roll_window(L1, date(2020, 3, 5))
        assert open_roll(L1, ANCHOR, date(2020, 3, 6), dealt_with=date(2020, 3, 5), early=False) is None

    def test_of_several_missed_rolls_the_latest_is_caught_up_once(self) -> None:
        # Down from 20 February to 17 March: 26 February, 5 and 13 March were missed.
        found = open_roll(L1, ANCHOR, date(2020, 3, 17), dealt_with=ANCHOR, early=False)

        assert found is not None
        assert found.scheduled == date(2020, 3, 13)
        assert open_roll(L1, ANCHOR, date(2020, 3, 17), dealt_with=found.scheduled, early=False) is None

    def test_by_vvix_a_roll_is_open_from_the_beginning_of_its_window(self) -> None:
        early = [
            open_roll(L1, ANCHOR, session, dealt_with=date(2020, 2, 26), early=True)
            for session in (date(2020, 3, 3), date(2020, 3, 4), date(2020, 3, 5))
        ]

        assert [found and found.scheduled for found in early] == [None, date(2020, 3, 5), date(2020, 3, 5)]

    def test_a_roll_that_was_done_early_is_not_done_again_on_its_date(self) -> None:
        for session in (date(2020, 3, 4), date(2020, 3, 5), date(2020, 3, 6)):
            assert open_roll(L1, ANCHOR, session, dealt_with=date(2020, 3, 5), early=True) is None

    def test_before_the_anchor_nothing_is_open(self) -> None:
        assert open_roll(L1, ANCHOR, date(2020, 2, 10), dealt_with=None, early=False) is None


class TestLastChance:
    def test_it_is_the_last_session_of_the_window_and_every_one_after_it(self) -> None:
        late = [date(2020, 3, 5), date(2020, 3, 6), date(2020, 3, 9)]

        assert [last_chance(L1, WINDOW, session, None) for session in late] == [False, True, True]

    def test_a_contract_with_no_more_days_than_a_roll_leaves_does_not_wait(self) -> None:
        # 001-06: 3 days for L1. 8 March is 3 days after the 5th, 9 March 4.
        assert last_chance(L1, WINDOW, date(2020, 3, 5), date(2020, 3, 8))
        assert not last_chance(L1, WINDOW, date(2020, 3, 5), date(2020, 3, 9))


class TestVvix:
    def ask(self, session: date, histogram: float | None) -> tuple[bool, str]:
        now, reason = vvix_verdict(WINDOW, session, histogram, "the broker gave no closes")
        return now, reason.name

    def test_a_rising_histogram_waits_and_any_other_rolls(self) -> None:
        session = date(2020, 3, 5)

        assert self.ask(session, 0.1) == (False, "vvix_rises")
        assert self.ask(session, 0.0) == (True, "vvix_falls")
        assert self.ask(session, -0.1) == (True, "vvix_falls")

    def test_without_the_signal_the_plain_date_holds_and_it_is_said(self) -> None:
        assert self.ask(date(2020, 3, 4), None) == (False, "vvix_unknown")
        assert self.ask(date(2020, 3, 5), None) == (True, "vvix_unknown")
        _, reason = vvix_verdict(WINDOW, date(2020, 3, 5), None, "the broker gave no closes")
        assert "the broker gave no closes" in reason.text
