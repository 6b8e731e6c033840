from datetime import date, timedelta

import pytest
from condor_values import EXPIRY, POLICY, open_condor, policy, sides
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.book.condors import OpenCondor
from daemon.core.condor.exits import (
    ExitRule,
    Observed,
    closing_cost_pts,
    expires_today,
    judge_exits,
    still_on,
    take_profit_limit_pts100,
    time_exit_due,
    time_exit_reason,
)
from daemon.core.condor.policy import DriftAction, DriftMode, TakeProfitOrder, TouchAction


class TestTakeProfitLimit:
    @pytest.mark.parametrize(
        ("credit", "kept_pct", "limit"),
        [
            (4.30, 50.0, 215),
            (4.35, 50.0, 215),  # 2.175
            (4.40, 50.0, 220),
            (1.15, 50.0, 55),  # 0.575
            (4.30, 25.0, 320),  # 3.225
            (0.05, 50.0, 5),
            (4.30, 100.0, 5),
            (1.1, 50.0, 55),  # no binary form: exactly 0.55
        ],
    )
    def test_what_is_left_of_the_credit_is_rounded_down_to_a_price(
        self, credit: float, kept_pct: float, limit: int
    ) -> None:
        assert take_profit_limit_pts100(credit, policy(take_profit_pct=kept_pct)) == limit

    @given(st.integers(1, 5000), st.floats(1, 99))
    def test_the_limit_is_a_legal_price_and_keeps_the_wanted_share(self, credit_pts100: int, kept_pct: float) -> None:
        limit = take_profit_limit_pts100(credit_pts100 / 100, policy(take_profit_pct=kept_pct))

        assert limit % 5 == 0
        assert limit >= 5
        assert limit == 5 or limit <= credit_pts100 * (1 - kept_pct / 100) + 1e-6

    def test_a_debit_entry_has_no_take_profit(self) -> None:
        with pytest.raises(AssertionError, match="needs a credit"):
            take_profit_limit_pts100(0.0, POLICY)


class TestTimeExit:
    @pytest.mark.parametrize(("days", "due"), [(6, False), (5, True), (4, True), (0, True)])
    def test_it_is_due_from_the_given_days_to_expiry_on(self, days: int, due: bool) -> None:
        assert time_exit_due(EXPIRY - timedelta(days=days), EXPIRY, POLICY) is due

    def test_a_friday_expiry_leaves_on_the_monday_before(self) -> None:
        # 2020-03-20 is a Friday; five days before is a Sunday.
        assert not time_exit_due(date(2020, 3, 13), EXPIRY, POLICY)
        assert time_exit_due(date(2020, 3, 16), EXPIRY, POLICY)

    def test_it_is_never_due_when_switched_off(self) -> None:
        assert not time_exit_due(EXPIRY, EXPIRY, policy(time_exit_enabled=False))


class TestExpiresToday:
    def test_only_the_session_of_the_expiry_is_its_last(self) -> None:
        assert expires_today(EXPIRY, EXPIRY)
        assert not expires_today(EXPIRY - timedelta(days=1), EXPIRY)


LEGS = sides()


def two_condors(credit: float = 4.0) -> OpenCondor:
    return open_condor({leg.contract: 2 * leg.ratio for leg in LEGS.held}, credit=credit)


def seen(*, spx: float | None = 3335, cost: float | None = None, share: float | None = None) -> Observed:
    return Observed(spx_pts=spx, cost_pts=cost, drift=share)


class TestStop:
    STOP = policy(stop_enabled=True, stop_loss_credits=2.0)

    @pytest.mark.parametrize(("cost", "due"), [(11.95, False), (12.0, True), (25.0, True), (0.1, False)])
    def test_a_loss_of_twice_the_credit_is_a_cost_of_three_times_the_credit(self, cost: float, due: bool) -> None:
        reason = judge_exits(two_condors(4.0), seen(cost=cost), self.STOP)[ExitRule.STOP]

        assert (reason is not None) is due

    def test_the_reason_shows_the_loss_in_credits_and_its_limit(self) -> None:
        reason = judge_exits(two_condors(4.0), seen(cost=13.0), self.STOP)[ExitRule.STOP]

        assert reason is not None
        assert (reason.value, reason.limit) == (2.25, 2.0)

    def test_without_a_cost_or_switched_off_nothing_is_judged(self) -> None:
        assert ExitRule.STOP not in judge_exits(two_condors(), seen(cost=None), self.STOP)
        assert ExitRule.STOP not in judge_exits(two_condors(), seen(cost=99), POLICY)


class TestTouch:
    CLOSE = policy(touch_action=TouchAction.CLOSE)

    @pytest.mark.parametrize(
        ("spx", "due"), [(3200.01, False), (3200, True), (3100, True), (3469.99, False), (3470, True), (3600, True)]
    )
    def test_spx_at_or_beyond_a_short_strike_touches_it(self, spx: float, due: bool) -> None:
        assert (judge_exits(two_condors(), seen(spx=spx), self.CLOSE)[ExitRule.TOUCH] is not None) is due

    def test_a_side_that_is_closed_cannot_be_touched(self) -> None:
        assert LEGS.put is not None
        puts = open_condor({LEGS.put.short: -2, LEGS.put.long: 2})

        assert judge_exits(puts, seen(spx=3600), self.CLOSE)[ExitRule.TOUCH] is None

    def test_an_unknown_spx_touches_nothing(self) -> None:
        assert judge_exits(two_condors(), seen(spx=None), self.CLOSE) == {}


class TestDriftRules:
    ACT = policy(drift_mode=DriftMode.ACT)

    def test_watching_judges_nothing(self) -> None:
        assert judge_exits(two_condors(), seen(share=-0.6), POLICY) == {}

    def test_each_level_asks_for_its_action_and_what_is_closed_is_not_rolled_first(self) -> None:
        found = [
            [rule for rule, why in judge_exits(two_condors(), seen(share=-share), self.ACT).items() if why]
            for share in (0.2, 0.4, 0.46)
        ]

        assert found == [[], [ExitRule.ADJUST], [ExitRule.DEFEND]]

    @pytest.mark.parametrize(("share", "due"), [(0.449, False), (0.45, True), (-0.45, True), (-0.444, False)])
    def test_a_threshold_is_met_by_the_drift_itself_and_not_by_a_level_that_hysteresis_keeps(
        self, share: float, due: bool
    ) -> None:
        reason = judge_exits(two_condors(), seen(share=share), self.ACT)[ExitRule.DEFEND]

        assert (reason is not None) is due

    def test_a_condor_that_is_not_defended_may_still_be_rolled_or_closed_by_adjusting(self) -> None:
        for action in (DriftAction.ROLL, DriftAction.CLOSE):
            loose = policy(
                drift_mode=DriftMode.ACT, drift_defend_action=DriftAction.NOTHING, drift_adjust_action=action
            )
            verdicts = judge_exits(two_condors(), seen(share=0.5), loose)
            assert [rule for rule, why in verdicts.items() if why] == [ExitRule.ADJUST]


class TestCheckedProfit:
    CHECKED = policy(take_profit_order=TakeProfitOrder.CHECKED)

    @pytest.mark.parametrize(("cost", "due"), [(2.0, True), (2.01, False), (-0.5, True)])
    def test_it_is_due_when_closing_costs_no_more_than_what_is_left_of_the_credit(self, cost: float, due: bool) -> None:
        verdicts = judge_exits(two_condors(4.0), seen(cost=cost), self.CHECKED)

        assert (verdicts[ExitRule.TAKE_PROFIT] is not None) is due

    def test_a_resting_profit_is_not_checked_unless_the_condor_is_in_parts(self) -> None:
        assert LEGS.call is not None
        parts = open_condor({**{leg.contract: 2 * leg.ratio for leg in LEGS.held}, LEGS.call.long: 3})

        assert judge_exits(two_condors(4.0), seen(cost=0.1), POLICY) == {}
        assert judge_exits(parts, seen(cost=0.1), POLICY)[ExitRule.TAKE_PROFIT] is not None


class TestClosingCost:
    def test_it_is_what_all_legs_cost_for_one_condor(self) -> None:
        marks = dict(zip((leg.contract for leg in LEGS.held), (1.0, 2.5, 3.0, 1.25), strict=True))

        assert closing_cost_pts(two_condors(), marks) == pytest.approx(2.5 - 1.0 + 3.0 - 1.25)

    def test_a_missing_mark_makes_it_unknown(self) -> None:
        assert closing_cost_pts(two_condors(), {LEGS.held[0].contract: 1.0}) is None


def test_an_exit_that_has_begun_goes_on_while_its_rule_is_on() -> None:
    assert still_on("time_exit", POLICY)
    assert not still_on("stop_loss", POLICY)
    assert still_on("stop_loss", policy(stop_enabled=True))
    assert not still_on("take_profit", POLICY)


def test_the_time_exit_tells_the_days_that_are_left() -> None:
    assert time_exit_reason(two_condors(), EXPIRY - timedelta(days=6), POLICY) is None
    reason = time_exit_reason(two_condors(), EXPIRY - timedelta(days=4), POLICY)
    assert reason is not None
    assert (reason.value, reason.limit) == (4, 5)
