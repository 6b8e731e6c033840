import math
from datetime import timedelta
from itertools import product

import pytest
import QuantLib
from condor_values import EXPIRY, NOW, POLICY, open_condor, option, policy, sides
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.condor.drift import (
    DriftLevel,
    RollPrice,
    choose_roll,
    condor_drift,
    drift,
    drift_figures,
    drift_level,
    roll_credit_min_pts100,
    roll_legs,
    roll_shorts,
    rolled_side,
    spread_out,
    strikes_around,
    untested,
)
from daemon.core.condor.legs import CondorLegs, Vertical, structure
from daemon.core.market.contracts import Right
from daemon.core.orders.intent import ComboPrice, Strategy
from daemon.core.risk.greeks import Levels, Position, value_positions

BOTH = sides(put=(3200, 3175), call=(3470, 3495))  # centre 3335, range 270
LISTED = range(250_000, 420_000, 500)


class TestDrift:
    @pytest.mark.parametrize(
        ("spx", "share"),
        [(3335, 0.0), (3200, -0.5), (3470, 0.5), (3302.6, -0.12), (3416, 0.3), (3065, -1.0)],
    )
    def test_it_is_the_distance_from_the_centre_over_the_range_of_the_short_strikes(
        self, spx: float, share: float
    ) -> None:
        assert drift(BOTH, spx, None) == pytest.approx(share)

    @pytest.mark.parametrize(
        ("spx", "share"),
        [(3360, 0.0), (3200, -0.5), (3280, -0.25), (3500, 0.0)],
    )
    def test_a_put_side_alone_drifts_from_where_spx_was_at_the_entry(self, spx: float, share: float) -> None:
        assert drift(CondorLegs(BOTH.put, None), spx, 3360) == pytest.approx(share)

    def test_a_call_side_alone_drifts_upwards_only(self) -> None:
        alone = CondorLegs(None, BOTH.call)

        assert drift(alone, 3415, 3360) == pytest.approx(0.25)  # half of the way of 110 points
        assert drift(alone, 3300, 3360) == 0.0
        assert drift(alone, 3415, None) is None

    def test_of_two_parts_the_farther_one_tells(self) -> None:
        rolled = sides(put=(3200, 3175), call=(3400, 3425))  # centre 3300, range 200
        held = {leg.contract: leg.ratio for leg in BOTH.held}
        for leg in rolled.held:
            held[leg.contract] = held.get(leg.contract, 0) + leg.ratio

        assert condor_drift(open_condor(held), 3220) == pytest.approx(-115 / 270)
        assert condor_drift(open_condor(held), 3390) == pytest.approx(0.45)


class TestLevels:
    @pytest.mark.parametrize(
        ("before", "share", "after"),
        [
            (DriftLevel.CENTRED, 0.119, DriftLevel.CENTRED),
            (DriftLevel.CENTRED, -0.12, DriftLevel.WATCH),
            (DriftLevel.CENTRED, 0.31, DriftLevel.ADJUST),
            (DriftLevel.WATCH, -0.45, DriftLevel.DEFEND),
            (DriftLevel.ADJUST, 0.29, DriftLevel.ADJUST),
            (DriftLevel.ADJUST, 0.28, DriftLevel.ADJUST),
            (DriftLevel.ADJUST, 0.279, DriftLevel.WATCH),
            (DriftLevel.DEFEND, 0.0, DriftLevel.CENTRED),
        ],
    )
    def test_a_level_is_reached_at_its_threshold_and_left_below_it_by_the_hysteresis(
        self, before: DriftLevel, share: float, after: DriftLevel
    ) -> None:
        assert drift_level(before, share, POLICY) is after

    @given(st.lists(st.floats(0.29, 0.31), max_size=30))
    def test_moves_smaller_than_the_hysteresis_cross_a_threshold_once(self, shares: list[float]) -> None:
        level, crossings = DriftLevel.WATCH, 0
        for share in shares:
            after = drift_level(level, share, POLICY)
            crossings += after is not level
            level = after

        assert crossings <= 1


def price(strike: float, right: Right, forward: float, deviation: float) -> float:
    kind = QuantLib.Option.Call if right is Right.CALL else QuantLib.Option.Put
    value: float = QuantLib.blackFormula(kind, strike, forward, deviation)
    return value


class TestFigures:
    SPX, ENTRY, VOL = 3230.0, 3350.0, 0.22

    def deviation(self) -> float:
        at = NOW
        settles = at.replace(year=EXPIRY.year, month=EXPIRY.month, day=EXPIRY.day, hour=20, minute=0)
        return self.VOL * math.sqrt((settles - at) / timedelta(days=365))

    def test_delta_time_value_and_impermanent_loss_agree_with_quantlib(self) -> None:
        marks = {
            leg.contract: price(leg.contract.strike, leg.contract.right, self.SPX, self.deviation())
            for leg in BOTH.held
        }
        unmoved = {
            leg.contract: price(leg.contract.strike, leg.contract.right, self.ENTRY, self.deviation())
            for leg in BOTH.held
        }
        bumped = {
            leg.contract: price(leg.contract.strike, leg.contract.right, self.SPX + 0.01, self.deviation())
            for leg in BOTH.held
        }
        condor = open_condor({leg.contract: 2 * leg.ratio for leg in BOTH.held}, credit=4.0, spx=self.ENTRY)
        positions = [
            Position(Strategy.CONDOR, "C", option, quantity, marks[option])
            for option, quantity in condor.held.positions.items()
        ]
        valuation = value_positions(positions, Levels(NOW, self.SPX, None, {}))

        figures = drift_figures(condor, valuation, marks, self.SPX)

        def worth(values: dict[object, float]) -> float:
            return sum(200 * leg.ratio * values[leg.contract] for leg in BOTH.held)

        assert figures.pnl_by_drift_usd == pytest.approx(worth(marks) - worth(unmoved), abs=0.5)  # type: ignore[arg-type]
        assert figures.delta_usd == pytest.approx((worth(bumped) - worth(marks)) / 0.01, rel=0.01)  # type: ignore[arg-type]
        assert figures.extrinsic_left_pct == pytest.approx(100 * -worth(marks) / 800)  # type: ignore[arg-type]
        assert figures.pnl_by_drift_usd is not None
        assert figures.pnl_by_drift_usd < 0

    def test_a_missing_mark_leaves_all_figures_unknown(self) -> None:
        condor = open_condor({leg.contract: leg.ratio for leg in BOTH.held})
        positions = [Position(Strategy.CONDOR, "C", leg.contract, leg.ratio, None) for leg in BOTH.held]

        assert drift_figures(condor, value_positions(positions, Levels(NOW, 3300, None, {})), {}, 3300).fields() == {}


class TestRoll:
    def test_the_side_that_spx_has_left_is_the_untested_one(self) -> None:
        assert untested(BOTH, -0.3) == BOTH.call
        assert untested(BOTH, 0.3) == BOTH.put
        assert untested(CondorLegs(BOTH.put, None), -0.3) is None

    @given(st.integers(600, 660), st.integers(1, 20), st.integers(1, 10), st.floats(3000, 3500), st.booleans())
    def test_a_roll_has_four_contracts_lies_between_spx_and_the_old_strike_and_keeps_the_strikes_apart(
        self, low: int, apart: int, width: int, spx: float, up: bool
    ) -> None:
        put_short, call_short = low * 5, (low + 5 * apart) * 5
        legs = sides(put=(put_short, put_short - width * 5), call=(call_short, call_short + width * 5))
        old = legs.call if up else legs.put
        assert old is not None

        for strike in roll_shorts(legs, old, spx, LISTED):
            new = rolled_side(old, strike)
            assert len({leg.contract for leg in roll_legs(old, new)}) == 4
            assert new.width_pts100 == old.width_pts100
            assert (spx < new.short.strike < old.short.strike) if up else (old.short.strike < new.short.strike < spx)
            CondorLegs(legs.put, new) if up else CondorLegs(new, legs.call)  # the short strikes are apart

    def test_the_strike_a_width_inside_the_old_one_is_left_out_because_its_wing_is_the_old_short(self) -> None:
        assert BOTH.call is not None
        strikes = roll_shorts(BOTH, BOTH.call, 3400, LISTED)

        assert 344_500 not in strikes
        assert strikes[0] == 340_500
        assert strikes[-1] == 346_500

    def test_a_roll_buys_the_old_short_back_and_sells_the_new_one(self) -> None:
        assert BOTH.call is not None
        legs = roll_legs(BOTH.call, rolled_side(BOTH.call, 342_000))

        assert [(leg.ratio, leg.contract.strike) for leg in legs] == [(1, 3470), (-1, 3495), (-1, 3420), (1, 3445)]

    def test_the_least_credit_is_a_tenth_of_the_width(self) -> None:
        assert BOTH.call is not None
        assert roll_credit_min_pts100(BOTH.call, POLICY) == 250
        assert roll_credit_min_pts100(BOTH.call, policy(drift_roll_credit_pct=10.1)) == 253  # 252.5

    def rolls(self, *rows: tuple[float, float, float | None]) -> list[RollPrice]:
        assert BOTH.call is not None
        return [
            RollPrice(rolled_side(BOTH.call, round(strike * 100)), ComboPrice(mid, 0), delta)
            for strike, mid, delta in rows
        ]

    def test_of_the_rolls_that_pay_the_one_nearest_the_policys_delta_is_taken(self) -> None:
        seen = self.rolls((3400, -5.0, 0.31), (3420, -3.1, 0.22), (3430, -2.5, 0.19), (3450, -1.9, 0.15))
        assert BOTH.call is not None

        chosen = choose_roll(seen, BOTH.call, POLICY)

        assert chosen is not None
        assert chosen.new.short.strike == 3430
        assert choose_roll(self.rolls((3450, -2.45, 0.15)), BOTH.call, POLICY) is None

    def test_without_deltas_the_strike_farthest_from_spx_that_pays_is_taken(self) -> None:
        assert BOTH.call is not None
        chosen = choose_roll(self.rolls((3400, -5.0, None), (3420, -3.1, None)), BOTH.call, POLICY)

        assert chosen is not None
        assert chosen.new.short.strike == 3420

    def test_the_second_look_is_at_the_strikes_between_the_neighbours_of_the_best(self) -> None:
        strikes = list(range(0, 105, 5))
        seen = spread_out(strikes, 6)

        assert seen == (0, 20, 40, 60, 80, 100)
        assert strikes_around(strikes, seen, 40) == (25, 30, 35, 45, 50, 55)
        assert strikes_around(strikes, seen, 0) == (5, 10, 15)
        assert spread_out([5, 10], 6) == (5, 10)


def test_a_roll_turns_a_whole_condor_into_a_whole_condor_and_half_of_it_into_two_parts() -> None:
    assert BOTH.call is not None
    new = rolled_side(BOTH.call, 342_000)
    for units, parts in ((2, 1), (1, 2)):
        held = {leg.contract: 2 * leg.ratio for leg in BOTH.held}
        for leg in roll_legs(BOTH.call, new):
            held[leg.contract] = held.get(leg.contract, 0) + units * leg.ratio

        found = structure(held)

        assert len(found.parts) == parts
        assert found.loose == ()


@pytest.mark.parametrize(("right", "strike"), list(product(Right, (3300, 3400))))
def test_a_side_keeps_its_right_when_it_is_rolled(right: Right, strike: int) -> None:
    away = 25 if right is Right.CALL else -25
    old = Vertical(option(3350, right), option(3350 + away, right))

    assert rolled_side(old, strike * 100).right is right
