import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.orders.intent import ComboPrice
from daemon.core.orders.ladder import (
    RUNGS_MAX,
    LadderRules,
    PriceSteps,
    legal_at_or_below,
    place_after,
    rung_pts100,
)

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


def rules(step: int = 5, through: int = 0, floor: int | None = None, steps: PriceSteps | None = None) -> LadderRules:
    return LadderRules(step_pts100=step, through_pts100=through, floor_pts100=floor, price_steps=steps)


def prices(mid: float, natural: int, walked: LadderRules) -> list[int]:
    """Every price that an order takes in a market that stands still, place by place."""
    found = [rung_pts100(place, ComboPrice(mid, natural), walked) for place in range(RUNGS_MAX)]
    return list(dict.fromkeys(rung for rung in found if rung is not None))


class TestAMarketThatStandsStill:
    def test_a_credit_walks_from_the_mid_to_below_the_natural(self) -> None:
        assert prices(-4.50, -435, rules(through=10, floor=-375)) == [-450, -445, -440, -435, -430, -425]

    def test_a_mid_between_prices_starts_on_the_better_one(self) -> None:
        assert prices(-4.355, -425, rules()) == [-440, -435, -430, -425]

    def test_the_smallest_credit_ends_the_ladder(self) -> None:
        assert prices(-3.90, -350, rules(through=20, floor=-377)) == [-390, -385, -380]

    def test_a_mid_that_is_not_good_enough_has_no_price(self) -> None:
        assert prices(-3.50, -330, rules(through=20, floor=-375)) == []

    def test_an_exit_walks_upwards_as_a_debit(self) -> None:
        assert prices(2.13, 225, rules(through=5)) == [210, 215, 220, 225, 230]

    def test_locked_quotes_give_one_price(self) -> None:
        assert prices(-4.0, -400, rules()) == [-400]

    def test_a_wide_market_is_walked_in_wider_steps_to_the_same_end(self) -> None:
        walked = prices(-9.0, -300, rules(through=20))

        assert (walked[0], walked[-1]) == (-900, -280)

    def test_wider_steps_still_begin_at_the_mid_and_reach_the_natural(self) -> None:
        assert prices(-5.40, -490, rules(step=30, through=5)) == [-540, -510, -485]

    def test_a_vix_call_is_bought_at_legal_prices_across_three_dollars(self) -> None:
        assert prices(2.985, 310, rules(step=2, through=4, steps=VIX_STEPS)) == [298, 300, 305, 310]

    def test_a_vix_call_is_sold_at_legal_prices_across_three_dollars(self) -> None:
        assert prices(-3.02, -294, rules(through=1, steps=VIX_STEPS)) == [-305, -300, -295, -293]

    def test_nobody_pays_to_sell_a_worthless_option(self) -> None:
        assert prices(-0.025, 0, rules(step=1, through=10, steps=VIX_STEPS)) == [-3, -2, -1]

    def test_a_purchase_starts_at_the_smallest_price(self) -> None:
        assert prices(0.025, 5, rules(steps=OLD_VIX_STEPS)) == [5]

    def test_a_step_of_zero_is_an_error_of_ours(self) -> None:
        with pytest.raises(AssertionError, match="must be positive"):
            rules(step=0)

    @given(
        twice_mid=st.integers(-8000, 8000),
        half_spread=st.integers(0, 1500),
        step=st.integers(1, 50),
        through=st.integers(0, 100),
        floor=st.none() | st.integers(-4000, 4000),
        steps=st.sampled_from([None, VIX_STEPS, OLD_VIX_STEPS]),
    )
    def test_prices_rise_within_mid_natural_and_floor_at_legal_prices(
        self, twice_mid: int, half_spread: int, step: int, through: int, floor: int | None, steps: PriceSteps | None
    ) -> None:
        natural = -(-twice_mid // 2) + half_spread
        walked = prices(twice_mid / 200, natural, rules(step, through, floor, steps))

        assert walked == sorted(set(walked))
        assert all(price <= natural + through for price in walked)
        assert floor is None or all(price <= floor for price in walked)
        if steps is None:
            assert all(price % 5 == 0 for price in walked)
            assert floor is not None or walked[0] <= twice_mid / 2 < walked[0] + 5
        else:
            assert all(price % step_at(price, steps) == 0 for price in walked)
            assert len({price > 0 for price in walked}) <= 1
            assert 0 not in walked


class TestAMarketThatMoves:
    def test_a_place_is_a_distance_from_the_mid_as_it_is_now(self) -> None:
        # Two steps of 0.05 below a credit of 4.50, and below one of 4.20 after the market has moved against us.
        assert rung_pts100(2, ComboPrice(-4.50, -400), rules()) == -440
        assert rung_pts100(2, ComboPrice(-4.20, -370), rules()) == -410

    def test_a_market_that_comes_towards_us_takes_the_limit_back_to_what_it_allows(self) -> None:
        # Ten steps from 4.80 would be 4.30, and the natural price of now is a credit of 4.60.
        assert rung_pts100(10, ComboPrice(-4.80, -460), rules(through=20)) == -440

    def test_a_market_beyond_the_floor_allows_no_price(self) -> None:
        assert rung_pts100(3, ComboPrice(-3.70, -340), rules(through=20, floor=-375)) is None

    @pytest.mark.parametrize(
        ("limit", "place"),
        [(-455, 0), (-450, 1), (-448, 1), (-445, 2), (-430, 5), (-100, RUNGS_MAX - 1)],
    )
    def test_an_order_taken_over_goes_on_with_the_next_price_after_its_own(self, limit: int, place: int) -> None:
        assert place_after(limit, ComboPrice(-4.50, -400), rules()) == place
