from collections.abc import Iterable

import pytest
from condor_values import POLICY, limits, policy
from hypothesis import given
from hypothesis import strategies as st
from limit_values import LIMITS

from daemon.core.condor.entry import AccountRoom, credit_floor_pts100, judge_entry, size_entry
from daemon.core.orders.intent import ComboPrice, Reason

NLV_CENTS = 250_000_00
WIDTH_PTS100 = 2_500


def names(reasons: Iterable[Reason]) -> list[str]:
    return [reason.name for reason in reasons]


def room(open_usd: int = 0, *, nlv: int = NLV_CENTS, funds: int = NLV_CENTS) -> AccountRoom:
    return AccountRoom(nlv_usd_cents=nlv, available_funds_usd_cents=funds, open_wing_notional_usd=open_usd)


class TestSizeEntry:
    def test_five_percent_of_a_hundred_thousand_is_two_condors_of_25_points(self) -> None:
        # 004-16: a daily condor risks 5,000 dollars of 100,000.
        size = size_entry(room(0), WIDTH_PTS100, policy=POLICY, limits=LIMITS)

        assert (size.quantity, size.wing_notional_max_usd, size.reasons) == (2, 100_000, ())

    def test_ten_point_wings_allow_five_condors(self) -> None:
        assert size_entry(room(0), 1_000, policy=POLICY, limits=LIMITS).quantity == 5

    def test_half_of_a_small_account_is_the_limit(self) -> None:
        size = size_entry(room(nlv=120_000_00), WIDTH_PTS100, policy=POLICY, limits=LIMITS)

        assert (size.quantity, size.wing_notional_max_usd) == (1, 60_000)

    def test_the_room_left_bounds_the_quantity_and_says_so(self) -> None:
        size = size_entry(room(97_500), WIDTH_PTS100, policy=POLICY, limits=LIMITS)

        assert size.quantity == 1
        assert names(size.reasons) == ["wing_notional_nearly_full"]

    @pytest.mark.parametrize("open_usd", [97_501, 100_000, 180_000])
    def test_no_room_is_a_named_refusal(self, open_usd: int) -> None:
        size = size_entry(room(open_usd), WIDTH_PTS100, policy=POLICY, limits=LIMITS)

        assert size.quantity == 0
        assert names(size.reasons) == ["wing_notional_full"]
        assert (size.reasons[0].value, size.reasons[0].limit) == (open_usd + 2_500, 100_000)

    def test_room_for_exactly_the_usual_quantity_needs_no_remark(self) -> None:
        size = size_entry(room(95_000), WIDTH_PTS100, policy=POLICY, limits=LIMITS)

        assert (size.quantity, size.reasons) == (2, ())

    def test_an_account_too_small_for_one_wing_is_a_named_refusal(self) -> None:
        size = size_entry(room(nlv=90_000_00), WIDTH_PTS100, policy=POLICY, limits=LIMITS)

        assert size.quantity == 0
        assert names(size.reasons) == ["entry_risk_too_small"]

    def test_a_negative_account_enters_nothing(self) -> None:
        size = size_entry(room(nlv=-5_000_00), WIDTH_PTS100, policy=POLICY, limits=LIMITS)

        assert (size.quantity, size.wing_notional_max_usd) == (0, 0)
        assert names(size.reasons) == ["wing_notional_full"]

    @pytest.mark.parametrize("funds_usd", [2_499.99, 0, -700])
    def test_funds_below_the_margin_of_one_condor_are_a_named_refusal(self, funds_usd: float) -> None:
        # A condor of 25 points needs its wing as margin: 2,500 dollars (Cboe Rule 10.3).
        size = size_entry(room(funds=round(funds_usd * 100)), WIDTH_PTS100, policy=POLICY, limits=LIMITS)

        assert (size.quantity, names(size.reasons)) == (0, ["funds_too_small"])
        assert (size.reasons[0].value, size.reasons[0].limit) == (funds_usd, 2_500)

    def test_funds_for_one_of_two_condors_make_the_entry_smaller_and_say_so(self) -> None:
        size = size_entry(room(funds=4_999_00), WIDTH_PTS100, policy=POLICY, limits=LIMITS)

        assert (size.quantity, names(size.reasons)) == (1, ["funds_nearly_used"])

    def test_everything_that_leaves_no_condor_is_named(self) -> None:
        size = size_entry(room(100_000, funds=0), WIDTH_PTS100, policy=POLICY, limits=LIMITS)

        assert names(size.reasons) == ["wing_notional_full", "funds_too_small"]

    def test_a_percentage_without_a_binary_form_loses_no_condor(self) -> None:
        # 4.1 * 100,000 / 100 is 4099.999... in floats; exactly it covers 41 wings of one point.
        assert size_entry(room(0), 100, policy=policy(entry_risk_pct=4.1), limits=LIMITS).quantity == 41

    @given(
        nlv_usd=st.integers(-100_000, 5_000_000),
        open_usd=st.integers(0, 300_000),
        wing=st.integers(1, 100),
        risk_pct=st.floats(0.1, 100),
        most_usd=st.integers(0, 1_000_000),
        funds_usd=st.integers(-10_000, 100_000),
    )
    def test_the_limit_holds_after_every_entry_and_zero_has_a_reason(
        self, nlv_usd: int, open_usd: int, wing: int, risk_pct: float, most_usd: int, funds_usd: int
    ) -> None:
        size = size_entry(
            room(open_usd, nlv=nlv_usd * 100, funds=funds_usd * 100),
            wing * 100,
            policy=policy(entry_risk_pct=risk_pct),
            limits=limits(wing_notional_max_usd=most_usd),
        )

        assert size.quantity >= 0
        if size.quantity:
            assert open_usd + size.quantity * wing * 100 <= min(most_usd, nlv_usd / 2)
            assert size.quantity * wing * 100 <= risk_pct / 100 * size.wing_notional_max_usd + 1e-6
            assert size.quantity * wing * 100 <= funds_usd
        else:
            assert size.reasons


class TestJudgeEntry:
    # Complete 25-point condors quoted on real chains: mid credit, natural credit.
    @pytest.mark.parametrize(
        ("mid", "natural", "refusals"),
        [
            (6.50, 620, []),
            (5.88, 545, []),
            (4.40, 390, []),
            (3.88, 370, []),
            (3.52, 335, ["credit_too_small"]),
            (1.83, 165, ["credit_too_small"]),
        ],
    )
    def test_measured_condors_are_judged_by_credit_and_spread(
        self, mid: float, natural: int, refusals: list[str]
    ) -> None:
        assert names(judge_entry(ComboPrice(-mid, -natural), WIDTH_PTS100, POLICY)) == refusals

    def test_a_credit_of_exactly_the_minimum_passes(self) -> None:
        assert judge_entry(ComboPrice(-3.75, -350), WIDTH_PTS100, POLICY) == ()
        assert names(judge_entry(ComboPrice(-3.745, -350), WIDTH_PTS100, POLICY)) == ["credit_too_small"]

    def test_a_spread_of_exactly_the_limit_passes(self) -> None:
        assert judge_entry(ComboPrice(-4.0, -300), WIDTH_PTS100, POLICY) == ()
        assert names(judge_entry(ComboPrice(-4.0, -295), WIDTH_PTS100, POLICY)) == ["combo_spread_too_wide"]

    def test_both_refusals_are_listed_together(self) -> None:
        assert names(judge_entry(ComboPrice(-2.0, -100), WIDTH_PTS100, POLICY)) == [
            "credit_too_small",
            "combo_spread_too_wide",
        ]

    @pytest.mark.parametrize("mid", [0.0, 1.2])
    def test_a_condor_that_costs_money_is_refused_for_its_credit(self, mid: float) -> None:
        assert names(judge_entry(ComboPrice(mid, 150), WIDTH_PTS100, POLICY)) == ["credit_too_small"]

    def test_refusals_carry_the_value_and_the_limit(self) -> None:
        small, wide = judge_entry(ComboPrice(-2.0, -100), WIDTH_PTS100, POLICY)

        assert (small.value, small.limit) == (2.0, 3.75)
        assert (wide.value, wide.limit) == (50.0, 25.0)


class TestCreditFloor:
    def test_the_floor_is_the_smallest_credit_as_a_negative_price(self) -> None:
        assert credit_floor_pts100(WIDTH_PTS100, POLICY) == -375

    def test_a_fraction_of_a_cent_is_asked_for_not_given_away(self) -> None:
        assert credit_floor_pts100(WIDTH_PTS100, policy(min_credit_pct=15.05)) == -377  # 3.7625 points

    def test_the_floor_follows_the_width_of_the_condor(self) -> None:
        # 15 % of 40 points, of 10 points.
        assert credit_floor_pts100(4_000, POLICY) == -600
        assert credit_floor_pts100(1_000, POLICY) == -150
