"""The hedge by other bases, measures, splits and totals than the usual ones; figures from the sources' own examples."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hedge_values import L1, L2, L3, POLICY, layer, policy
from risk_values import SPX_PTS, condor_record, levels, open_condor

from daemon.core.book.condors import OpenCondor
from daemon.core.condor.legs import CondorLegs, Structure
from daemon.core.hedge.hedged import Hedged, break_even_contracts, hedged, max_loss_usd
from daemon.core.hedge.policy import HedgeBase, HedgeMeasure, HedgePolicy, HedgeSplit, HedgeTotal
from daemon.core.hedge.sizing import HedgeTarget, UnitValue, size_hedge, target_contracts, unit_usd
from daemon.core.market.contracts import OptionContract, Right, TradingClass, Underlying
from daemon.core.market.vix_response import vix_share
from daemon.core.risk.break_even import HedgeOption

# Averages 2007-2026 of calls 10 % above the forward, by layer: price in points, delta-dollars.
AVERAGES = {
    "low": {"L1": (0.61, 492), "L2": (1.16, 641), "L3": (1.52, 727)},
    "moderate": {"L1": (1.04, 744), "L2": (1.88, 926), "L3": (2.38, 1023)},
    "high": {"L1": (2.02, 1292), "L2": (3.26, 1475), "L3": (3.84, 1513)},
}
# The median futures curve at 12, 37 and 80 days, as a multiple of VIX.
CURVE = {"L1": 1.02, "L2": 1.10, "L3": 1.165}
VIX_PTS = 18.0
TEN_PERCENT = policy(total=HedgeTotal.FLAT)


def value(name: str, regime: str = "moderate") -> UnitValue:
    """Return the average call of a layer, its delta so that its delta-dollars are the average ones."""
    mid_pts, delta_usd = AVERAGES[regime][name]
    forward_pts = CURVE[name] * VIX_PTS
    return UnitValue(forward_pts=forward_pts, delta=delta_usd / 100 / forward_pts, mid_pts=mid_pts)


def book(base_usd: int, condors: int = 75) -> Hedged:
    return Hedged(condors=condors, wing_notional_usd=base_usd, base_usd=base_usd)


def units(measure: HedgeMeasure, hedged: Hedged, regime: str = "moderate") -> dict[str, float]:
    return {name: unit_usd(value(name, regime), measure, hedged) for name in CURVE}


def size(hedged: Hedged, measure: HedgeMeasure = HedgeMeasure.DELTA_DOLLARS, **changes: object) -> HedgeTarget:
    found = policy(total=HedgeTotal.FLAT, measure=measure, **changes)
    return size_hedge(15.0, hedged, units(measure, hedged), break_even=7, policy=found)


class TestMeasures:
    @pytest.mark.parametrize(
        ("regime", "premium_usd", "delta_usd"),
        [("low", 1_012, 5_986), ("moderate", 1_644, 8_726), ("high", 2_880, 14_094)],
    )
    def test_a_set_of_four_four_two_has_the_premium_and_delta_dollars_of_its_regime(
        self, regime: str, premium_usd: int, delta_usd: int
    ) -> None:
        hedged = book(100_000)
        for measure, total in ((HedgeMeasure.PREMIUM, premium_usd), (HedgeMeasure.DELTA_DOLLARS, delta_usd)):
            one = units(measure, hedged, regime)

            assert 4 * one["L1"] + 4 * one["L2"] + 2 * one["L3"] == pytest.approx(total, abs=1)

    @pytest.mark.parametrize(
        ("base_usd", "calls"),
        [
            # SPX 6,000 and VIX near 18; 75 condors: index notional, wings of 25 points, wings of 10 points.
            (45_000_000, (30_000, 2_400, 5_300)),
            (187_500, (125, 10, 22)),
            (75_000, (50, 4, 9)),
        ],
    )
    def test_ten_percent_of_75_condors_need_the_calls_of_the_table(
        self, base_usd: int, calls: tuple[int, int, int]
    ) -> None:
        measures = (HedgeMeasure.PREMIUM, HedgeMeasure.VIX_NOTIONAL, HedgeMeasure.DELTA_DOLLARS)
        found = [size(book(base_usd), measure).total for measure in measures]

        # The table's "about": averages of another curve than this one, and whole contracts.
        assert found == pytest.approx(calls, rel=0.12)

    @pytest.mark.parametrize(("condors", "calls"), [(75, 8), (80, 8), (100, 10), (120, 12)])
    def test_counted_in_contracts_ten_percent_of_the_condors_are_calls(self, condors: int, calls: int) -> None:
        # 000-18: 50 to 100 condors, 8 to 12 calls. 7.5 is rounded up.
        assert size(book(condors * 2_500, condors), HedgeMeasure.CONTRACTS).total == calls

    def test_counted_in_contracts_the_base_does_not_matter(self) -> None:
        assert size(book(1, 75), HedgeMeasure.CONTRACTS).total == size(book(10**6, 75), HedgeMeasure.CONTRACTS).total

    def test_on_100_000_dollars_6_to_10_percent_are_6_000_to_10_000_dollars_and_10_to_17_calls(self) -> None:
        # 004-16, in the low regime: one average call is 5,986 / 10 delta-dollars.
        hedged = book(100_000)
        targets = [target_contracts(pct, 100_000, units(POLICY.measure, hedged, "low"), POLICY) for pct in (6.0, 10.0)]

        assert [target.target_usd for target in targets] == [6_000.0, 10_000.0]
        assert [target.total for target in targets] == [10, 17]


class TestSplitByDollars:
    def test_each_layer_gets_its_share_of_the_dollars(self) -> None:
        # 10 % of 100,000: 4,000 over 744, 4,000 over 926, 2,000 over 1,023.
        target = size(book(100_000), split=HedgeSplit.DOLLARS)

        assert target.by_layer == {"L1": 5, "L2": 4, "L3": 2}
        assert (target.total, target.target_usd) == (11, 10_000.0)

    def test_half_a_contract_of_a_layer_is_rounded_up_and_less_is_a_named_nothing(self) -> None:
        # 10 % of 10,000: 400 over 744 is more than half a call, 400 over 926 and 200 over 1,023 are less.
        target = size(book(10_000), split=HedgeSplit.DOLLARS)

        assert target.by_layer == {"L1": 1, "L2": 0, "L3": 0}
        assert [(reason.name, reason.value) for reason in target.reasons] == [("layer_share_zero", "L2, L3")]

    def test_less_than_half_a_contract_of_every_layer_is_none_and_a_reason(self) -> None:
        target = size(book(5_000), split=HedgeSplit.DOLLARS)

        assert (target.total, [reason.name for reason in target.reasons]) == (0, ["hedge_target_zero"])


class TestTotals:
    def test_the_flat_total_does_not_look_at_the_regime(self) -> None:
        # 10 % of 100,000 over 872.6.
        target = size(book(100_000))

        assert (target.pct, target.total, target.by_layer) == (10.0, 11, {"L1": 4, "L2": 5, "L3": 2})

    def test_the_fixed_total_is_four_four_two_and_says_what_it_stands_for(self) -> None:
        fixed = policy(total=HedgeTotal.FIXED_CONTRACTS)
        target = size_hedge(15.0, book(100_000), units(POLICY.measure, book(1)), break_even=7, policy=fixed)

        assert target.by_layer == {"L1": 4, "L2": 4, "L3": 2}
        assert target.target_usd == pytest.approx(8_726)
        assert target.pct == pytest.approx(8.726)

    def test_a_single_layer_takes_all_of_the_fixed_contracts(self) -> None:
        single = (layer(L1, weight=0), layer(L2, weight=10), layer(L3, weight=0))
        fixed = policy(total=HedgeTotal.FIXED_CONTRACTS, layers=single)
        target = size_hedge(15.0, book(100_000), {"L2": 926.0}, break_even=None, policy=fixed)

        assert (target.by_layer, target.reasons) == ({"L1": 0, "L2": 10, "L3": 0}, ())

    def test_the_break_even_total_is_what_the_break_evens_ask_for(self) -> None:
        assert self._break_even(12) == (12, [])

    def test_the_break_even_total_ends_where_the_high_band_does(self) -> None:
        # 35 % of 100,000 over 872.6 is 40.1; the same when no number of calls is enough.
        assert self._break_even(41) == (40, ["break_even_bound"])
        assert self._break_even(None) == (40, ["break_even_bound"])

    def test_break_evens_that_ask_for_nothing_are_a_named_nothing(self) -> None:
        assert self._break_even(0) == (0, ["hedge_target_zero"])

    def _break_even(self, asked: int | None) -> tuple[int, list[str]]:
        found = policy(total=HedgeTotal.BREAK_EVEN)
        target = size_hedge(15.0, book(100_000), units(POLICY.measure, book(1)), break_even=asked, policy=found)
        return target.total, [reason.name for reason in target.reasons]

    @pytest.mark.parametrize(
        ("total", "pct"),
        [
            (HedgeTotal.REGIME, 15.0),
            (HedgeTotal.FLAT, 10.0),
            (HedgeTotal.FIXED_CONTRACTS, 0.0),
            (HedgeTotal.BREAK_EVEN, 0.0),
        ],
    )
    def test_without_a_condor_no_total_buys_anything_and_each_tells_its_own_percentage(
        self, total: HedgeTotal, pct: float
    ) -> None:
        none = Hedged(condors=0, wing_notional_usd=0, base_usd=7_000)
        target = size_hedge(15.0, none, {}, break_even=0, policy=policy(total=total))

        assert (target.total, target.pct, target.target_usd) == (0, pct, 0.0)
        assert [reason.name for reason in target.reasons] == ["no_wing_notional"]


class TestBases:
    # Two condors with wings of 25 points, entered for 4.35 points, SPX at 3,370.
    @pytest.mark.parametrize(
        ("base", "base_usd"),
        [
            (HedgeBase.WING_NOTIONAL, 5_000),  # 2 x 25 x 100
            (HedgeBase.MAX_LOSS, 4_130),  # 2 x (25 - 4.35) x 100
            (HedgeBase.UNDERLYING_NOTIONAL, 674_000),  # 2 x 100 x 3,370
            (HedgeBase.MARGIN, 7_301),
        ],
    )
    def test_the_percentage_is_of_what_is_chosen(self, base: HedgeBase, base_usd: int) -> None:
        found = hedged([open_condor()], base, spx_pts=SPX_PTS, maintenance_margin_usd_cents=730_100)

        assert found == Hedged(condors=2, wing_notional_usd=5_000, base_usd=base_usd)

    def test_without_condors_every_base_of_them_is_zero(self) -> None:
        for base in (HedgeBase.WING_NOTIONAL, HedgeBase.MAX_LOSS, HedgeBase.UNDERLYING_NOTIONAL):
            found = hedged([], base, spx_pts=SPX_PTS, maintenance_margin_usd_cents=None)

            assert found == Hedged(condors=0, wing_notional_usd=0, base_usd=0)

    def test_a_condor_that_cannot_lose_has_no_negative_loss(self) -> None:
        assert max_loss_usd(open_condor(credit_pts=26.0)) == 0


SOON = OptionContract(TradingClass.VIX, date(2020, 3, 18), 1000, Right.CALL)


def call(days: float, forward_pts: float) -> HedgeOption:
    """Return a call at 10 without volatility: it is worth its forward less 10."""
    return HedgeOption(contract=SOON, quantity=1, forward_pts=forward_pts, years=days / 365, vol=0.0)


def ask(condors: list[OpenCondor], *calls: HedgeOption, vix_pts: float = 14.0, **changes: object) -> int | None:
    layers = tuple(layer(each, weight=1) for each in (L1, L2, L3)[: len(calls)])
    found: HedgePolicy = policy(layers=layers, **changes)
    options = {each.name: (option,) for each, option in zip(layers, calls, strict=True)}
    return break_even_contracts(condors, options, levels(vix_pts=vix_pts), found)


class TestBreakEvens:
    # The short put stands at 3,205 and the credit is 4.35: break-even 3,200.65, which is 5.0 % below 3,370.
    # VIX answers with -7.0 times the logarithm (below 15): 14 x (3370 / 3200.65)^7 = 20.098. A future on its last
    # morning moves with it, so a call at 10 gains 609.8 dollars there.
    def test_calls_are_counted_until_their_gain_pays_for_the_points_beyond(self) -> None:
        # Each condor loses 100 dollars a point: 2 condors and 5 points are 1,000 dollars, 1.64 calls.
        assert ask([open_condor(2)], call(1e-6, 14.0)) == 2
        # 10 condors: 5,000 dollars, 8.2 calls; 1 point: 1,000 dollars.
        assert ask([open_condor(10)], call(1e-6, 14.0)) == 9
        assert ask([open_condor(10)], call(1e-6, 14.0), break_even_pts=1.0) == 2

    def test_condors_add_up(self) -> None:
        assert ask([open_condor(2)] * 5, call(1e-6, 14.0)) == 9

    def test_the_average_contract_of_the_layers_counts(self) -> None:
        # A call with no forward to move gains nothing, and the average of the two half: 16.4 calls.
        flat = call(1e-6, 5.0)

        assert ask([open_condor(10)], call(1e-6, 14.0), flat) == 17

    def test_a_break_even_that_is_passed_counts_as_two_percent_below(self) -> None:
        # A credit of 0 and one that puts the break-even above SPX: 14 x 0.98^-7 = 16.126, so 212.6 dollars a call.
        passed = open_condor(2, credit_pts=-200.0)

        assert ask([passed], call(1e-6, 14.0)) == 5

    def test_calls_that_gain_nothing_are_never_enough(self) -> None:
        assert ask([open_condor()], call(1e-6, 5.0)) is None
        assert ask([open_condor()], call(1e-6, 82.69), vix_pts=82.69) is None

    def test_a_condor_without_puts_asks_for_nothing(self) -> None:
        whole = condor_record()
        calls_only = CondorLegs(put=None, call=whole.legs.call)
        record = replace(whole, legs=calls_only)

        assert ask([OpenCondor(record, Structure(((calls_only, 2),), ()), 2.0)], call(1e-6, 14.0)) == 0
        assert ask([], call(1e-6, 14.0)) == 0

    def test_a_future_with_time_left_moves_less_and_needs_more_calls(self) -> None:
        # 30 days: elasticity 0.42 exp(-30 / 6.5) + 0.58 exp(-30 / 149) = 0.4784, forward 14 -> 16.65: 264.9 dollars.
        assert ask([open_condor(10)], call(30.0, 14.0)) == 19


class TestPutSpreads:
    """SPX puts count with what they gain while VIX futures rise (002-02)."""

    def test_a_spread_counts_for_what_spx_moves_while_the_future_of_its_days_moves_by_one(self) -> None:
        # Below VIX 15 VIX answers SPX with -7.0; a future of 60 days takes 0.42 e^(-60/6.5) + 0.58 e^(-60/149) = 0.38778.
        share = vix_share(Underlying.SPX, 14.0, 60.0)
        spread = UnitValue(forward_pts=3370.0, delta=-0.15, mid_pts=22.0, vix_share=share)

        # 100 x 3370 x 0.15 = 50,550 dollars; over 7.0 x 0.38778.
        assert unit_usd(spread, HedgeMeasure.DELTA_DOLLARS, book(100_000)) == pytest.approx(18_622, abs=1)
        assert unit_usd(spread, HedgeMeasure.PREMIUM, book(100_000)) == 2_200

    def test_what_is_on_vix_counts_for_itself(self) -> None:
        assert vix_share(Underlying.VIX, 14.0, 60.0) == 1.0

    def test_layers_of_calls_and_spreads_share_out_dollars(self) -> None:
        # 7.5 % of 500,000 are 37,500 dollars, of which four, four and two tenths.
        one = {"L1": 500.0, "L2": 18_622.0, "L3": 700.0}
        found = target_contracts(7.5, 500_000, one, policy(split=HedgeSplit.DOLLARS))

        assert found.by_layer == {"L1": 30, "L2": 1, "L3": 11}

    def test_with_a_small_wing_notional_the_share_of_spreads_rounds_to_none_and_is_named(self) -> None:
        one = {"L1": 500.0, "L2": 18_622.0, "L3": 700.0}
        found = target_contracts(7.5, 100_000, one, policy(split=HedgeSplit.DOLLARS))

        assert found.by_layer == {"L1": 6, "L2": 0, "L3": 2}
        assert [(reason.name, reason.value) for reason in found.reasons] == [("layer_share_zero", "L2")]

    def test_puts_pay_for_points_beyond_the_break_evens_too(self) -> None:
        # A put at 3,300 on its last morning gains 99.35 points where the condor breaks even, at 3,200.65: 9,935 dollars.
        # 10 condors ask for 5 points each: 5,000 dollars.
        put = OptionContract(TradingClass.SPXW, date(2020, 3, 18), 330_000, Right.PUT)
        option = HedgeOption(contract=put, quantity=1, forward_pts=3370.0, years=1e-9, vol=0.1)

        assert ask([open_condor(10)], option) == 1
        assert ask([open_condor(20)], option) == 2


class TestFutures:
    def test_one_counts_a_thousand_dollars_a_point(self) -> None:
        future = UnitValue(forward_pts=16.5, delta=1.0, mid_pts=16.5, multiplier=1000)

        assert unit_usd(future, HedgeMeasure.DELTA_DOLLARS, book(100_000)) == 16_500
        assert unit_usd(future, HedgeMeasure.VIX_NOTIONAL, book(100_000)) == 16_500

    def test_a_share_below_half_of_one_is_a_named_nothing(self) -> None:
        # 7.5 % of 100,000 dollars are 7,500, four tenths 3,000: 0.18 of a future; of 500,000 dollars 0.91.
        one = {"L1": 16_500.0, "L2": 641.0, "L3": 727.0}
        small, large = (target_contracts(7.5, usd, one, policy(split=HedgeSplit.DOLLARS)) for usd in (100_000, 500_000))

        assert (small.by_layer["L1"], large.by_layer["L1"]) == (0, 1)
        assert [(reason.name, reason.value) for reason in small.reasons] == [("layer_share_zero", "L1")]
