"""What signals make of percentage and weights: multipliers, shifts, limits in time, the buy-gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.hedge.adjustments import (
    Adjustment,
    AdjustmentPolicy,
    AdjustmentState,
    ShiftDirection,
    decide_adjustment,
)
from daemon.core.records import Signal, Standing

MARCH3 = date(2020, 3, 3)
POLICY = AdjustmentPolicy(
    enabled=True,
    min_days=14,
    multiplier_min=0.7,
    multiplier_max=1.3,
    vix_rsi_pct=10,
    event_pct=10,
    event_l3_pct=0,
    cost_low_multiplier=0.85,
    cost_high_multiplier=1.15,
    divergence_shift_pct=25,
    direction=ShiftDirection.LATER,
    macd_shift_pct=10,
    rsi_shift_pct=10,
    buy_gate=True,
)
NOTHING = AdjustmentState()


def signal(name: str, state: str, standing: Standing = Standing.FRESH) -> Signal:
    return Signal(
        session=MARCH3,
        name=name,
        value=72.6,
        state=state,
        as_of=date(2020, 3, 2),
        source="broker",
        standing=standing,
        text="",
    )


def decide(*said: tuple[str, str], before: AdjustmentState = NOTHING, policy: AdjustmentPolicy = POLICY) -> Adjustment:
    return decide_adjustment(MARCH3, [signal(name, state) for name, state in said], before, policy)


def names(found: Adjustment) -> list[str]:
    return [reason.name for reason in found.reasons]


class TestMultipliers:
    @pytest.mark.parametrize(
        ("name", "state", "multiplier"),
        [
            ("vix_rsi", "elevated", 1.10),  # 001-10, 004-17
            ("events", "event_window", 1.10),  # 000-15
            ("cost_of_capital", "low", 0.85),  # 000-16
            ("cost_of_capital", "high", 1.15),
            ("vix_rsi", "neutral", 1.0),  # below 50 again: what was added is taken back
            ("vvix_macd", "bullish", 1.0),
        ],
    )
    def test_each_signal_has_its_own(self, name: str, state: str, multiplier: float) -> None:
        assert decide((name, state)).state.multiplier == pytest.approx(multiplier)

    def test_they_multiply_and_the_product_is_kept_within_its_limits(self) -> None:
        found = decide(("vix_rsi", "elevated"), ("events", "event_window"), ("cost_of_capital", "high"))

        # 1.1 x 1.1 x 1.15 = 1.3915.
        assert found.state.multiplier == 1.3
        (product,) = [reason for reason in found.reasons if reason.name == "multiplier"]
        assert product.text == "asked for: 1.1 x 1.1 x 1.15 = 1.392, kept at 1.3"
        assert (product.value, product.limit) == (1.3, "0.7 to 1.3")

    def test_each_one_is_kept_within_the_limits_by_itself(self) -> None:
        policy = replace(POLICY, vix_rsi_pct=90, cost_low_multiplier=0.5)

        found = decide(("vix_rsi", "elevated"), ("cost_of_capital", "low"), policy=policy)

        # 1.9 counts as 1.3 and 0.5 as 0.7: 0.91, and not 0.95.
        assert found.state.multiplier == pytest.approx(0.91)

    def test_the_part_carries_the_figure_and_its_date(self) -> None:
        (part, *_) = decide(("vix_rsi", "elevated")).reasons

        assert part.text == "RSI of VIX crossed its upper extreme (vix_rsi elevated at 72.6 of 2020-03-02)"
        assert part.value == pytest.approx(1.1)

    @pytest.mark.parametrize("standing", [Standing.STALE, Standing.MISSING])
    def test_what_is_not_fresh_is_neutral_and_named(self, standing: Standing) -> None:
        found = decide_adjustment(MARCH3, [signal("vix_rsi", "elevated", standing)], NOTHING, POLICY)

        assert found.state.same(NOTHING)
        assert not found.speaks
        assert f"signals_{standing}" in names(found)

    @given(
        st.lists(
            st.sampled_from(
                (
                    ("vix_rsi", "elevated"),
                    ("events", "event_window"),
                    ("cost_of_capital", "low"),
                    ("cost_of_capital", "high"),
                    ("vix_macd", "bullish"),
                    ("spx_rsi", "oversold"),
                )
            )
        ),
        st.floats(0, 100),
        st.floats(0.1, 1),
    )
    def test_no_signals_leave_the_limits(self, said: list[tuple[str, str]], percent: float, low: float) -> None:
        policy = replace(POLICY, vix_rsi_pct=percent, event_pct=percent, cost_low_multiplier=low)

        found = decide(*said, policy=policy)

        assert 0.7 <= found.state.multiplier <= 1.3
        assert -25 <= found.state.shift_pct <= 25


class TestShifts:
    def test_divergence_in_backwardation_moves_a_quarter_to_later_layers(self) -> None:
        said = (("breadth", "bearish_divergence"), ("curve", "backwardation"))

        assert decide(*said).state.shift_pct == 25
        assert decide(*said, policy=replace(POLICY, direction=ShiftDirection.EARLIER)).state.shift_pct == -25
        assert decide(said[0]).state.shift_pct == 0
        assert decide(said[1]).state.shift_pct == 0

    @pytest.mark.parametrize(
        ("name", "state", "shift"),
        [
            ("vix_macd", "bullish", -10),
            ("vix_macd", "bearish", 10),
            ("spx_rsi", "overbought", 10),
            ("spx_rsi", "oversold", -10),
        ],
    )
    def test_macd_of_vix_and_rsi_of_spx_move_a_tenth(self, name: str, state: str, shift: float) -> None:
        assert decide((name, state)).state.shift_pct == shift

    def test_shifts_add_up_to_a_quarter_at_most(self) -> None:
        said = (("breadth", "bearish_divergence"), ("curve", "backwardation"), ("vix_macd", "bearish"))

        found = decide(*said)

        assert found.state.shift_pct == 25
        (total,) = [reason for reason in found.reasons if reason.name == "shift"]
        assert total.text == "asked for: +25 +10 = +35, kept at +25 % of each layer to the next"

    def test_an_event_thickens_the_last_layer_where_that_is_asked_for(self) -> None:
        found = decide(("events", "event_window"), policy=replace(POLICY, event_pct=0, event_l3_pct=10))

        assert (found.state.last_layer_pct, found.state.multiplier) == (10, 1.0)


class TestTime:
    BEFORE = AdjustmentState(multiplier=1.1, since=date(2020, 2, 19))

    def test_an_adjustment_begins_with_its_session(self) -> None:
        found = decide(("vix_rsi", "elevated"))

        assert found.changed
        assert found.state.since == MARCH3

    def test_nothing_changes_where_the_same_is_asked_for_again(self) -> None:
        found = decide(("vix_rsi", "elevated"), before=self.BEFORE)

        assert not found.changed
        assert found.state is self.BEFORE

    @pytest.mark.parametrize(("since", "changed"), [(date(2020, 2, 19), False), (date(2020, 2, 18), True)])
    def test_the_next_one_waits_for_14_calendar_days(self, since: date, changed: bool) -> None:
        before = replace(self.BEFORE, since=since)

        found = decide(("cost_of_capital", "high"), before=before)

        assert found.changed is changed
        assert found.state.multiplier == pytest.approx(1.15 if changed else 1.1)
        assert ("adjusted_lately" in names(found)) is not changed

    @pytest.mark.parametrize("name", ["reer", "pe", "pcf"])
    def test_an_extreme_exchange_rate_or_valuation_does_not_wait(self, name: str) -> None:
        found = decide(("cost_of_capital", "high"), (name, "extreme"), before=self.BEFORE)

        assert found.changed
        assert found.state.since == MARCH3
        assert "extreme_overrides" in names(found)

    def test_a_stale_extreme_waits_like_the_others(self) -> None:
        said = [signal("cost_of_capital", "high"), signal("reer", "extreme", Standing.STALE)]

        assert not decide_adjustment(MARCH3, said, self.BEFORE, POLICY).changed

    def test_nothing_is_cut_inside_the_window_of_an_event(self) -> None:
        before = AdjustmentState(multiplier=1.265, since=date(2020, 2, 3))

        inside = decide(("events", "event_window"), before=before)
        outside = decide(before=before)

        assert not inside.changed
        assert "no_cut_in_event_window" in names(inside)
        assert outside.changed
        assert outside.state.multiplier == 1.0

    def test_a_rise_is_made_inside_the_window_too(self) -> None:
        before = AdjustmentState(multiplier=0.85, since=date(2020, 2, 3))

        assert decide(("events", "event_window"), before=before).state.multiplier == pytest.approx(1.1)


class TestBuyGate:
    CALM = (("cost_of_capital", "low"), ("reer", "contained"), ("rate_difference", "favourable"))

    def test_it_shuts_when_all_three_are_calm(self) -> None:
        assert decide(*self.CALM).buy_gate_shut

    @pytest.mark.parametrize("left_out", [0, 1, 2])
    def test_it_stays_open_when_one_is_not_or_is_not_known(self, left_out: int) -> None:
        said = [row for place, row in enumerate(self.CALM) if place != left_out]

        assert not decide(*said).buy_gate_shut

    def test_switched_off_it_tells_what_it_would_have_done(self) -> None:
        found = decide(*self.CALM, policy=replace(POLICY, buy_gate=False))

        assert not found.buy_gate_shut
        assert "buy_gate_off" in names(found)
