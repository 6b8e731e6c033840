from datetime import date
from fractions import Fraction

import pytest
from hedge_values import L1, L2, L3, POLICY, layer, policy
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.hedge.hedged import Hedged
from daemon.core.hedge.regime import decide_regime
from daemon.core.hedge.sizing import HedgeTarget, delta_usd, resize_needed, size_hedge, split, target_contracts

W_USD = 100_000
# Delta-dollars of one call 10 % above its forward, averages 2007-2026 at VIX below 15 and at 15 to 25.
LOW_DELTA_USD = {"L1": 492.0, "L2": 641.0, "L3": 727.0}
MODERATE_DELTA_USD = {"L1": 744.0, "L2": 926.0, "L3": 1023.0}


def median_curve_delta_usd(vix: float) -> dict[str, float]:
    """Return delta-dollars at VIX 15 to 20: median futures curve at 12, 37 and 80 days, measured deltas."""
    forwards = {"L1": 1.02 * vix, "L2": 1.10 * vix, "L3": 1.165 * vix}
    deltas = {"L1": 0.365, "L2": 0.435, "L3": 0.46}
    return {name: delta_usd(forwards[name], deltas[name]) for name in forwards}


def size(vix: float, layer_delta_usd: dict[str, float], wing_notional_usd: int = W_USD) -> HedgeTarget:
    pct = decide_regime(vix, None, date(2020, 2, 18), None, POLICY).pct
    return target_contracts(pct, wing_notional_usd, layer_delta_usd, POLICY)


def test_delta_dollars_are_a_hundred_times_forward_times_delta() -> None:
    assert delta_usd(20.0, 0.4) == pytest.approx(800.0)


class TestTargetContracts:
    @pytest.mark.parametrize("vix", [13.0, 13.5, 14.0, 14.5, 14.99])
    def test_calm_markets_need_twelve_contracts_on_a_hundred_thousand(self, vix: float) -> None:
        assert abs(size(vix, LOW_DELTA_USD).total - 12) <= 1

    @pytest.mark.parametrize("vix", [15.0, 16.0, 17.0, 18.0, 19.0, 20.0])
    def test_moderate_markets_need_seventeen_contracts_on_a_hundred_thousand(self, vix: float) -> None:
        assert abs(size(vix, median_curve_delta_usd(vix)).total - 17) <= 1

    def test_the_average_delta_dollars_of_moderate_markets_give_seventeen_at_twenty(self) -> None:
        # 15 % of 100,000 over 0.4 x 744 + 0.4 x 926 + 0.2 x 1,023 = 872.6.
        target = size(20.0, MODERATE_DELTA_USD)

        assert target == HedgeTarget(17, {"L1": 7, "L2": 7, "L3": 3}, 15.0, 15_000.0, ())

    def test_ten_percent_of_the_classic_notional_is_the_classic_set(self) -> None:
        # 000-18: 8 to 12 calls; 004-16: 6,000 to 10,000 dollars of exposure on 100,000.
        target = target_contracts(6.0, W_USD, LOW_DELTA_USD, POLICY)

        assert target == HedgeTarget(10, {"L1": 4, "L2": 4, "L3": 2}, 6.0, 6_000.0, ())

    @pytest.mark.parametrize(("pct", "total"), [(0.9, 1), (1.0, 1), (1.4999, 1), (1.5, 2), (2.5, 3)])
    def test_half_a_contract_is_rounded_up(self, pct: float, total: int) -> None:
        thousand_each = dict.fromkeys(("L1", "L2", "L3"), 1000.0)

        assert target_contracts(pct, W_USD, thousand_each, POLICY).total == total

    def test_without_condors_there_is_no_hedge_and_a_reason(self) -> None:
        none = Hedged(condors=0, wing_notional_usd=0, base_usd=0)
        target = size_hedge(15.0, none, {}, break_even=0, policy=POLICY)

        assert (target.total, set(target.by_layer.values()), target.target_usd) == (0, {0}, 0.0)
        assert [reason.name for reason in target.reasons] == ["no_wing_notional"]

    def test_less_than_half_a_contract_is_none_and_a_reason(self) -> None:
        target = size(20.0, MODERATE_DELTA_USD, 2_500)

        assert (target.total, set(target.by_layer.values()), target.target_usd) == (0, {0}, 375.0)
        assert [(reason.name, reason.value) for reason in target.reasons] == [("hedge_target_zero", 375.0)]

    @pytest.mark.parametrize("broken", [None, 0.0, -744.0, float("nan"), float("inf")])
    def test_delta_dollars_that_are_unknown_are_an_error_and_not_a_zero(self, broken: float | None) -> None:
        known = {name: value for name, value in MODERATE_DELTA_USD.items() if name != "L1"}
        if broken is not None:
            known["L1"] = broken

        with pytest.raises(ValueError, match="one contract of L1 counts for must be positive"):
            size(20.0, known)

    def test_a_layer_without_weight_needs_no_delta_dollars(self) -> None:
        single = policy(layers=(layer(L1, weight=0), L2, layer(L3, weight=0)))

        assert target_contracts(9.26, W_USD, {"L2": 926.0}, single).by_layer == {"L1": 0, "L2": 10, "L3": 0}

    @given(
        pct=st.floats(0.1, 40),
        wing_usd=st.integers(1, 2_000_000),
        ones=st.tuples(st.floats(100, 5000), st.floats(100, 5000), st.floats(100, 5000)),
    )
    def test_the_contracts_stand_for_the_wanted_delta_dollars_to_half_a_contract(
        self, pct: float, wing_usd: int, ones: tuple[float, float, float]
    ) -> None:
        target = target_contracts(pct, wing_usd, dict(zip(("L1", "L2", "L3"), ones, strict=True)), POLICY)
        average = 0.4 * ones[0] + 0.4 * ones[1] + 0.2 * ones[2]

        assert sum(target.by_layer.values()) == target.total
        assert target.target_usd == pytest.approx(pct / 100 * wing_usd)
        assert abs(target.total * average - target.target_usd) <= average / 2 * (1 + 1e-9)
        assert ("hedge_target_zero" in [reason.name for reason in target.reasons]) is (target.total == 0)


class TestSplit:
    @pytest.mark.parametrize(
        ("total", "parts"),
        [
            (0, (0, 0, 0)),
            (1, (0, 1, 0)),  # remainders .4 .4 .2: the tie goes to L2
            (2, (1, 1, 0)),  # .8 .8 .4
            (3, (1, 1, 1)),  # 1.2 1.2 0.6
            (4, (1, 2, 1)),  # 1.6 1.6 0.8: L3 has the largest remainder, then L2
            (5, (2, 2, 1)),
            (6, (2, 3, 1)),  # 2.4 2.4 1.2
            (10, (4, 4, 2)),
            (12, (5, 5, 2)),  # 4.8 4.8 2.4
            (13, (5, 5, 3)),  # 5.2 5.2 2.6
            (17, (7, 7, 3)),  # 6.8 6.8 3.4
            (25, (10, 10, 5)),
        ],
    )
    def test_contracts_are_split_four_four_two_by_largest_remainder(
        self, total: int, parts: tuple[int, int, int]
    ) -> None:
        assert tuple(split(total, POLICY.layers).values()) == parts

    def test_the_last_tie_goes_to_l1_before_l3(self) -> None:
        equal = (layer(L3, weight=1), layer(L1, weight=1), layer(L2, weight=1))

        assert split(1, equal) == {"L3": 0, "L1": 0, "L2": 1}
        assert split(2, equal) == {"L3": 0, "L1": 1, "L2": 1}

    @given(st.integers(0, 500), st.lists(st.integers(1, 9), min_size=3, max_size=3))
    def test_parts_add_up_and_each_is_within_one_of_its_exact_share(self, total: int, weights: list[int]) -> None:
        layers = tuple(layer(base, weight=weight) for base, weight in zip((L1, L2, L3), weights, strict=True))
        parts = split(total, layers)

        assert sum(parts.values()) == total
        for each in layers:
            assert abs(parts[each.name] - Fraction(total * each.weight, sum(weights))) < 1

    @given(st.integers(0, 500))
    def test_layers_of_equal_weight_differ_by_one_at_most_and_l2_has_it(self, total: int) -> None:
        parts = split(total, POLICY.layers)

        assert 0 <= parts["L2"] - parts["L1"] <= 1


HELD = {"L1": 4, "L2": 4, "L3": 2}


def ask(target: dict[str, int], held: dict[str, int], *flags: str) -> tuple[bool, str]:
    needed, reason = resize_needed(
        held,
        target,
        after_roll="after_roll" in flags,
        regime_changed="regime_changed" in flags,
        policy=POLICY,
    )
    return needed, reason.name


class TestResizeNeeded:
    @pytest.mark.parametrize(
        ("target", "needed"),
        [
            ({"L1": 4, "L2": 5, "L3": 2}, False),  # 1 of 10
            ({"L1": 5, "L2": 5, "L3": 2}, True),  # 2 of 10, exactly 20 %
            ({"L1": 3, "L2": 3, "L3": 2}, True),
            ({"L1": 4, "L2": 3, "L3": 2}, False),
        ],
    )
    def test_the_total_must_move_by_a_fifth(self, target: dict[str, int], needed: bool) -> None:
        assert ask(target, HELD) == (needed, "resize_target_moved" if needed else "resize_below_threshold")

    def test_the_total_must_move_by_a_whole_number_of_contracts_too(self) -> None:
        few = {"L1": 1, "L2": 1, "L3": 0}
        needed, reason = resize_needed(
            few,
            {"L1": 1, "L2": 2, "L3": 0},
            after_roll=False,
            regime_changed=False,
            policy=policy(resize_min_contracts=2),
        )

        assert (needed, reason.name, reason.value, reason.limit) == (False, "resize_below_threshold", 1, 2.0)

    def test_the_first_contracts_are_always_bought(self) -> None:
        assert ask({"L1": 0, "L2": 1, "L3": 0}, {}) == (True, "resize_target_moved")

    def test_a_layer_that_lost_its_contracts_counts_through_the_total(self) -> None:
        assert ask(HELD, {"L1": 4, "L2": 4}) == (True, "resize_target_moved")
        assert ask({"L1": 8, "L2": 8, "L3": 3}, {"L1": 8, "L2": 8}) == (False, "resize_below_threshold")

    @pytest.mark.parametrize("flag", ["after_roll", "regime_changed"])
    def test_a_roll_or_a_new_regime_makes_any_difference_enough(self, flag: str) -> None:
        assert ask({"L1": 4, "L2": 5, "L3": 2}, HELD, flag) == (True, f"resize_{flag}")
        assert ask({"L1": 5, "L2": 4, "L3": 1}, HELD, flag) == (True, f"resize_{flag}")

    def test_the_reason_carries_the_move_and_the_move_that_was_needed(self) -> None:
        _, reason = resize_needed(
            HELD, {"L1": 5, "L2": 5, "L3": 3}, after_roll=False, regime_changed=False, policy=POLICY
        )

        assert (reason.value, reason.limit) == (3, 2.0)

    def test_nothing_is_traded_on_target(self) -> None:
        assert ask(HELD, HELD, "after_roll", "regime_changed") == (False, "hedge_on_target")
        assert ask({"L1": 0, "L2": 0, "L3": 0}, {}) == (False, "hedge_on_target")

    def test_condors_gone_means_the_hedge_is_sold(self) -> None:
        assert ask({"L1": 0, "L2": 0, "L3": 0}, HELD) == (True, "resize_target_moved")
