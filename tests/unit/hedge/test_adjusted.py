"""An adjustment at work: kept within the band of the regime, and weights moved with the dollars staying."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hedge_values import POLICY, policy
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.hedge.adjusted import adjusted_layers, adjusted_pct, band_in_force, gated_pct, tilted_layers
from daemon.core.hedge.adjustments import AdjustmentState
from daemon.core.hedge.policy import HedgePolicy, HedgeSplit, HedgeTotal
from daemon.core.hedge.sizing import target_contracts

SINCE = date(2020, 2, 18)
UNITS = {"L1": 500.0, "L2": 800.0, "L3": 1000.0}


def times(multiplier: float) -> AdjustmentState:
    return AdjustmentState(multiplier=multiplier, since=SINCE)


def moved(shift_pct: float, last_layer_pct: float = 0.0) -> AdjustmentState:
    return AdjustmentState(shift_pct=shift_pct, last_layer_pct=last_layer_pct, since=SINCE)


def dollars(changed: HedgePolicy) -> dict[str, float]:
    """Return the share of the dollars that each layer's weight stands for."""
    found = {layer.name: layer.weight * UNITS[layer.name] for layer in changed.layers}
    return {name: amount / sum(found.values()) for name, amount in found.items()}


class TestPercentage:
    @pytest.mark.parametrize(
        ("pct", "multiplier", "expected"),
        [(12.5, 1.1, 13.75), (17.0, 1.3, 18.0), (12.5, 0.85, 12.0), (15.0, 1.0, 15.0)],
    )
    def test_it_is_multiplied_and_kept_within_the_band(self, pct: float, multiplier: float, expected: float) -> None:
        found, _ = adjusted_pct(pct, POLICY.moderate, times(multiplier))

        assert found == pytest.approx(expected)

    def test_the_arithmetic_is_told(self) -> None:
        _, (reason,) = adjusted_pct(17.0, POLICY.moderate, times(1.3))

        assert reason.text == "17 % x 1.3 = 22.1 %, kept at 18 %, in force since 2020-02-18"
        assert (reason.value, reason.limit) == (18.0, "12 to 18")
        assert adjusted_pct(17.0, POLICY.moderate, times(1.0))[1] == ()

    def test_a_hedge_that_fell_back_is_not_lifted_to_the_high_band_again(self) -> None:
        band = band_in_force("high", 18.0, POLICY)

        assert band is POLICY.moderate
        assert adjusted_pct(18.0, band, times(1.3))[0] == 18.0
        assert band_in_force("high", 25.0, POLICY) is POLICY.high

    def test_a_shut_gate_buys_nothing_above_the_floor_and_sells_nothing(self) -> None:
        band = POLICY.moderate

        assert gated_pct(16.0, band, held_pct=0.0)[0] == 12.0
        assert gated_pct(16.0, band, held_pct=14.0)[0] == 14.0
        assert gated_pct(16.0, band, held_pct=20.0) == (16.0, ())


class TestLayers:
    def test_a_quarter_of_each_goes_to_the_next_layer(self) -> None:
        # By dollars: 4 x 500, 4 x 800, 2 x 1000 = 2000, 3200, 2000 of 7200.
        # L1 gives 500 to L2; L2 gives 800 to L3: 1500, 2900, 2800.
        changed, (reason,) = adjusted_layers(POLICY, UNITS, moved(25))

        assert dollars(changed) == pytest.approx({"L1": 1500 / 7200, "L2": 2900 / 7200, "L3": 2800 / 7200}, abs=1e-4)
        assert "L1 27.8 to 20.8 %, L2 44.4 to 40.3 %, L3 27.8 to 38.9 %" in reason.text

    def test_earlier_is_the_mirror_image(self) -> None:
        # L3 gives 500 to L2, L2 gives 800 to L1: 2800, 2900, 1500.
        changed, _ = adjusted_layers(POLICY, UNITS, moved(-25))

        assert dollars(changed) == pytest.approx({"L1": 2800 / 7200, "L2": 2900 / 7200, "L3": 1500 / 7200}, abs=1e-4)

    def test_an_event_thickens_the_last_layer_at_the_cost_of_all(self) -> None:
        # 2000, 3200, 2200 of 7400.
        changed, _ = adjusted_layers(POLICY, UNITS, moved(0, last_layer_pct=10))

        assert dollars(changed) == pytest.approx({"L1": 2000 / 7400, "L2": 3200 / 7400, "L3": 2200 / 7400}, abs=1e-4)

    def test_weights_that_count_dollars_move_as_they_are(self) -> None:
        # 4, 4, 2 of ten: L1 gives 1 to L2, L2 gives 1 to L3: 3, 4, 3.
        changed, _ = adjusted_layers(policy(split=HedgeSplit.DOLLARS), UNITS, moved(25))

        weights = [layer.weight for layer in changed.layers]
        assert [weight / weights[0] for weight in weights] == pytest.approx([1, 4 / 3, 1])

    def test_a_layer_without_weight_gets_none(self) -> None:
        single = policy(layers=tuple(replace(one, weight=10 if one.name == "L2" else 0) for one in POLICY.layers))

        changed, _ = adjusted_layers(single, UNITS, moved(25))

        assert [layer.weight > 0 for layer in changed.layers] == [False, True, False]

    @pytest.mark.parametrize("total", [HedgeTotal.FLAT, HedgeTotal.FIXED_CONTRACTS, HedgeTotal.BREAK_EVEN])
    def test_a_plain_total_is_left_alone(self, total: HedgeTotal) -> None:
        plain = policy(total=total)

        assert adjusted_layers(plain, UNITS, moved(25)) == (plain, ())

    def test_nothing_asked_for_leaves_the_policy_as_it_is(self) -> None:
        assert adjusted_layers(POLICY, UNITS, times(1.2)) == (POLICY, ())

    @given(st.floats(-25, 25), st.floats(0, 100))
    def test_the_dollars_of_the_whole_hedge_stay(self, shift_pct: float, last_layer_pct: float) -> None:
        changed, _ = adjusted_layers(POLICY, UNITS, moved(shift_pct, last_layer_pct))

        before, after = (target_contracts(15.0, 2_000_000, UNITS, found) for found in (POLICY, changed))

        held = sum(number * UNITS[name] for name, number in after.by_layer.items())
        assert after.target_usd == before.target_usd == 300_000
        assert held == pytest.approx(300_000, abs=1_000)  # a contract


class TestTilt:
    """Below VIX 15 a share of the first layer's dollars goes to the last one (004-03, decision 28)."""

    def test_a_quarter_of_the_first_layers_dollars_goes_to_the_last_and_the_sum_stays(self) -> None:
        # 4 x 500, 4 x 800 and 2 x 1,000 are 2,000, 3,200 and 2,000 of 7,200 dollars; 500 move.
        tilted, (reason,) = tilted_layers(policy(low_regime_tilt_pct=25.0), UNITS, "low")

        assert dollars(tilted) == pytest.approx({"L1": 1500 / 7200, "L2": 3200 / 7200, "L3": 2500 / 7200}, abs=1e-4)
        assert reason.name == "low_regime_tilt"
        assert reason.text == (
            "shares of the dollars: L1 27.8 to 20.8 %, L2 44.4 to 44.4 %, L3 27.8 to 34.7 % while the regime is low"
        )

    @pytest.mark.parametrize("regime", ["moderate", "high"])
    def test_in_other_regimes_nothing_moves(self, regime: str) -> None:
        found = policy(low_regime_tilt_pct=25.0)

        assert tilted_layers(found, UNITS, regime) == (found, ())

    def test_by_default_nothing_moves(self) -> None:
        assert tilted_layers(POLICY, UNITS, "low") == (POLICY, ())

    def test_a_plain_total_and_a_hedge_without_a_last_layer_are_left_alone(self) -> None:
        flat = policy(low_regime_tilt_pct=25.0, total=HedgeTotal.FLAT)
        two = replace(flat, total=HedgeTotal.REGIME, layers=(*POLICY.layers[:2], replace(POLICY.layers[2], weight=0)))

        assert tilted_layers(flat, UNITS, "low") == (flat, ())
        assert tilted_layers(two, UNITS, "low") == (two, ())

    def test_where_weights_share_out_dollars_a_share_of_the_weight_moves(self) -> None:
        found = policy(low_regime_tilt_pct=25.0, split=HedgeSplit.DOLLARS)
        tilted, _ = tilted_layers(found, UNITS, "low")

        assert [layer.weight / 10_000 for layer in tilted.layers] == [3, 4, 3]
