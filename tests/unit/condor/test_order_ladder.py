import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.orders.ladder import RUNGS_MAX, PriceSteps, entry_ladder, legal_at_or_below

# Market rules of the exchange: VIX in cents below 3.00 and nickels from there; before late 2022 nickels and dimes.
VIX_STEPS = ((0, 1), (300, 5))
OLD_VIX_STEPS = ((0, 5), (300, 10))


def step_at(price: int, steps: PriceSteps) -> int:
    return max((edge, step) for edge, step in steps if edge <= abs(price))[1]


class TestLegalAtOrBelow:
    @pytest.mark.parametrize(
        ("price", "legal"),
        [(295, 295), (299, 299), (300, 300), (301, 300), (304, 300), (305, 305), (309, 305), (1, 1), (0, 0)],
    )
    def test_a_purchase_never_pays_more(self, price: int, legal: int) -> None:
        assert legal_at_or_below(price, VIX_STEPS) == legal

    @pytest.mark.parametrize(
        ("price", "legal"), [(-295, -295), (-299, -299), (-300, -300), (-301, -305), (-305, -305), (-306, -310)]
    )
    def test_a_sale_never_accepts_less(self, price: int, legal: int) -> None:
        assert legal_at_or_below(price, VIX_STEPS) == legal

    @pytest.mark.parametrize(
        ("price", "legal"), [(297, 295), (300, 300), (305, 300), (309, 300), (-296, -300), (-301, -310), (-4, -5)]
    )
    def test_coarse_steps_round_across_their_border(self, price: int, legal: int) -> None:
        assert legal_at_or_below(price, OLD_VIX_STEPS) == legal

    @given(st.integers(-2000, 2000), st.sampled_from([VIX_STEPS, OLD_VIX_STEPS, ((0, 5),), ((0, 1),)]))
    def test_the_result_is_the_highest_legal_price_at_or_below(self, price: int, steps: PriceSteps) -> None:
        legal = [p for p in range(-2100, price + 1) if p % step_at(p, steps) == 0]

        assert legal_at_or_below(price, steps) == legal[-1]


class TestEntryLadder:
    def test_a_credit_walks_from_the_mid_to_below_the_natural(self) -> None:
        rungs = entry_ladder(-4.50, -435, step_pts100=5, through_pts100=10, floor_pts100=-375)

        assert rungs == (-450, -445, -440, -435, -430, -425)

    def test_a_mid_between_prices_starts_on_the_better_one(self) -> None:
        rungs = entry_ladder(-4.355, -425, step_pts100=5, through_pts100=0, floor_pts100=None)

        assert rungs == (-440, -435, -430, -425)

    def test_the_smallest_credit_ends_the_ladder(self) -> None:
        rungs = entry_ladder(-3.90, -350, step_pts100=5, through_pts100=20, floor_pts100=-377)

        assert rungs == (-390, -385, -380)

    def test_a_mid_that_is_not_good_enough_has_no_ladder(self) -> None:
        assert entry_ladder(-3.50, -330, step_pts100=5, through_pts100=20, floor_pts100=-375) == ()

    def test_an_exit_walks_upwards_as_a_debit(self) -> None:
        rungs = entry_ladder(2.13, 225, step_pts100=5, through_pts100=5, floor_pts100=None)

        assert rungs == (210, 215, 220, 225, 230)

    def test_locked_quotes_give_one_price(self) -> None:
        assert entry_ladder(-4.0, -400, step_pts100=5, through_pts100=0, floor_pts100=None) == (-400,)

    def test_a_wide_market_is_walked_in_wider_steps_to_the_same_end(self) -> None:
        rungs = entry_ladder(-9.0, -300, step_pts100=5, through_pts100=20, floor_pts100=None)

        assert len(rungs) <= RUNGS_MAX
        assert (rungs[0], rungs[-1]) == (-900, -280)

    def test_wider_steps_still_begin_at_the_mid_and_reach_the_natural(self) -> None:
        rungs = entry_ladder(-5.40, -490, step_pts100=30, through_pts100=5, floor_pts100=None)

        assert rungs == (-540, -510, -485)

    def test_a_vix_call_is_bought_at_legal_prices_across_three_dollars(self) -> None:
        rungs = entry_ladder(2.985, 310, step_pts100=2, through_pts100=4, floor_pts100=None, price_steps=VIX_STEPS)

        assert rungs == (298, 300, 305, 310)

    def test_a_vix_call_is_sold_at_legal_prices_across_three_dollars(self) -> None:
        rungs = entry_ladder(-3.02, -294, step_pts100=5, through_pts100=1, floor_pts100=None, price_steps=VIX_STEPS)

        assert rungs == (-305, -300, -295, -293)

    def test_nobody_pays_to_sell_a_worthless_option(self) -> None:
        rungs = entry_ladder(-0.025, 0, step_pts100=1, through_pts100=10, floor_pts100=None, price_steps=VIX_STEPS)

        assert rungs == (-3, -2, -1)

    def test_a_purchase_starts_at_the_smallest_price(self) -> None:
        rungs = entry_ladder(0.025, 5, step_pts100=5, through_pts100=0, floor_pts100=None, price_steps=OLD_VIX_STEPS)

        assert rungs == (5,)

    def test_a_step_of_zero_is_an_error_of_ours(self) -> None:
        with pytest.raises(AssertionError, match="must be positive"):
            entry_ladder(1.0, 110, step_pts100=0, through_pts100=0, floor_pts100=None)

    @given(
        twice_mid=st.integers(-8000, 8000),
        half_spread=st.integers(0, 1500),
        step=st.integers(1, 50),
        through=st.integers(0, 100),
        floor=st.none() | st.integers(-4000, 4000),
        steps=st.sampled_from([None, VIX_STEPS, OLD_VIX_STEPS]),
    )
    def test_rungs_rise_within_mid_natural_and_floor_at_legal_prices(
        self, twice_mid: int, half_spread: int, step: int, through: int, floor: int | None, steps: PriceSteps | None
    ) -> None:
        natural = -(-twice_mid // 2) + half_spread
        rungs = entry_ladder(
            twice_mid / 200, natural, step_pts100=step, through_pts100=through, floor_pts100=floor, price_steps=steps
        )

        assert list(rungs) == sorted(set(rungs))
        assert len(rungs) <= RUNGS_MAX
        assert all(rung <= natural + through for rung in rungs)
        assert floor is None or all(rung <= floor for rung in rungs)
        if steps is None:
            assert all(rung % 5 == 0 for rung in rungs)
            assert floor is not None or rungs[0] <= twice_mid / 2 < rungs[0] + 5
        else:
            assert all(rung % step_at(rung, steps) == 0 for rung in rungs)
            assert len({rung > 0 for rung in rungs}) <= 1
            assert 0 not in rungs
