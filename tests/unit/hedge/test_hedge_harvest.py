"""Harvests: what is sold when, what stays, and what the money buys."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hedge_values import POLICY

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.hedge.harvest import (
    Calm,
    Harvested,
    LayerNow,
    LayerWorth,
    Routed,
    calm_after,
    harvested,
    harvests,
    not_bought_back,
    proceeds_usd,
    unit_cost_pts,
    with_routed,
)
from daemon.core.hedge.sizing import HedgeTarget
from daemon.core.hedge.units import HedgeUnit
from daemon.core.market.contracts import ConId, OptionContract, Right, TradingClass
from daemon.core.orders.broker_facts import ExecId
from daemon.core.orders.intent import IntentKey, Purpose, Strategy

RULES = POLICY.harvest
SESSION = date(2020, 3, 2)
CALL = HedgeUnit(OptionContract(TradingClass.VIXW, date(2020, 3, 11), 2000, Right.CALL))
LATER = HedgeUnit(OptionContract(TradingClass.VIXW, date(2020, 3, 25), 2100, Right.CALL))
SPREAD = HedgeUnit(CALL.long, OptionContract(TradingClass.VIXW, date(2020, 3, 11), 3000, Right.CALL))
LAYERS = {"L1": LayerNow(CALL, 3, 2_000.0), "L2": LayerNow(LATER, 1, 1_000.0), "L3": LayerNow(LATER, 0, 1_500.0)}
NEVER = Harvested(frozenset(), {})


def worth(layer: str = "L1", *, held: int = 8, target: int = 8, cost: float = 1.0, mid: float = 5.0) -> LayerWorth:
    return LayerWorth(layer=layer, unit=CALL, held=held, target=target, cost_pts=cost, mid_pts=mid)


def sold(*worths: LayerWorth, calm: Calm | None = None, before: Harvested = NEVER) -> dict[str, int]:
    found, _ = harvests(worths, calm, before, last_layer="L3", policy=RULES)
    return {each.worth.layer: each.quantity for each in found}


class TestByCost:
    @pytest.mark.parametrize(("mid", "expected"), [(4.99, {}), (5.0, {"L1": 2}), (12.0, {"L1": 2})])
    def test_a_quarter_is_sold_from_five_times_the_cost(self, mid: float, expected: dict[str, int]) -> None:
        assert sold(worth(mid=mid)) == expected

    @pytest.mark.parametrize(("held", "expected"), [(2, 1), (3, 1), (7, 1), (12, 3)])
    def test_at_least_one_and_at_most_half_is_sold(self, held: int, expected: int) -> None:
        assert sold(worth(held=held)) == {"L1": expected}

    def test_the_only_contract_is_kept_and_says_so(self) -> None:
        found, kept = harvests([worth(held=1)], None, NEVER, last_layer="L3", policy=RULES)

        assert found == ()
        assert [reason.name for reason in kept] == ["harvest_too_small"]

    @pytest.mark.parametrize(("held", "target", "expected"), [(8, 8, {"L3": 2}), (4, 7, {}), (5, 8, {"L3": 1})])
    def test_the_last_layer_keeps_half_of_its_target(self, held: int, target: int, expected: dict[str, int]) -> None:
        # 002-06: of a target of 7 stay 4, of 8 stay 4.
        assert sold(worth("L3", held=held, target=target)) == expected

    def test_a_layer_is_harvested_once_in_a_contract(self) -> None:
        before = Harvested({("L1", CALL.long)}, {"L1": SESSION})

        assert sold(worth(), worth("L2"), before=before) == {"L2": 2}


class TestCalm:
    def closes(self, *pairs: tuple[float, float]) -> tuple[dict[date, float], dict[date, float]]:
        days = [date(2020, 1, 2) + timedelta(days=place) for place in range(len(pairs))]
        return {day: pair[0] for day, pair in zip(days, pairs, strict=True)}, {
            day: pair[1] for day, pair in zip(days, pairs, strict=True)
        }

    RUN = ((15, 17), (25, 24), (40, 30), (33, 31), (26, 27))

    def test_contango_after_three_backwardated_closes_with_vix_well_below_their_peak(self) -> None:
        calm = calm_after(*self.closes(*self.RUN), 27.0, RULES)

        assert calm == Calm(date(2020, 1, 5), 3, 40)

    @pytest.mark.parametrize("now", [32.0, 45.0])
    def test_vix_at_eighty_percent_of_the_peak_is_not_calm(self, now: float) -> None:
        assert calm_after(*self.closes(*self.RUN), now, RULES) is None

    def test_a_run_that_is_short_or_goes_on_or_is_long_over_is_none(self) -> None:
        short, goes_on = self.RUN[:1] + self.RUN[2:], self.RUN[:-1]
        over = (*self.RUN, *(((15, 17),) * 20))

        for run in (short, goes_on, over, self.RUN[:1]):
            assert calm_after(*self.closes(*run), 20.0, RULES) is None

    def test_what_has_gained_is_harvested_and_what_has_not_is_kept(self) -> None:
        calm = Calm(date(2020, 2, 28), 3, 40.0)

        assert sold(worth(mid=1.5), worth("L2", mid=0.9), calm=calm) == {"L1": 2}

    def test_one_end_of_backwardation_harvests_a_layer_once(self) -> None:
        calm = Calm(date(2020, 2, 28), 3, 40.0)
        before = Harvested({("L1", LATER.long)}, {"L1": date(2020, 3, 1)})

        assert sold(worth(mid=1.5), calm=calm, before=before) == {}


def entry(
    number: int, unit: HedgeUnit, quantity: int, *, pts100: int, purpose: Purpose, layer: str = "L1"
) -> BookEntry:
    return BookEntry(
        exec_id=ExecId(f"0000.{number}.01"),
        kind=EntryKind.TRADE,
        order_ref=IntentKey(SESSION, Strategy.HEDGE, purpose, layer, 1).ref,
        strategy=Strategy.HEDGE,
        subject=layer,
        con_id=ConId(number),
        contract=unit.long,
        quantity=quantity,
        price_pts100=pts100,
        fee_usd_e4=None,
        at=datetime(2020, 3, 2, 20, tzinfo=UTC),
        session=SESSION,
    )


class TestBook:
    ENTRIES = (
        entry(1, CALL, 3, pts100=100, purpose=Purpose.ROLL_BUY),
        entry(2, CALL, 1, pts100=140, purpose=Purpose.RESIZE),
        entry(3, LATER, 5, pts100=300, purpose=Purpose.ROLL_BUY, layer="L2"),
        entry(4, CALL, -1, pts100=800, purpose=Purpose.RESIZE),
        entry(5, CALL, -1, pts100=750, purpose=Purpose.HARVEST),
    )

    def test_cost_is_the_mean_price_of_what_was_bought(self) -> None:
        # (3 x 1.00 + 1 x 1.40) / 4
        assert unit_cost_pts(self.ENTRIES, "L1", CALL) == pytest.approx(1.10)
        assert unit_cost_pts(self.ENTRIES, "L2", CALL) is None

    def test_a_spread_costs_its_long_leg_less_its_short_one(self) -> None:
        assert SPREAD.short is not None
        short = entry(6, HedgeUnit(SPREAD.short), -4, pts100=30, purpose=Purpose.ROLL_BUY)

        assert unit_cost_pts((*self.ENTRIES, short), "L1", SPREAD) == pytest.approx(0.80)

    def test_what_was_harvested_is_told_by_the_book(self) -> None:
        assert harvested(self.ENTRIES) == Harvested({("L1", CALL.long)}, {"L1": SESSION})
        assert proceeds_usd(self.ENTRIES, "L1", SESSION) == pytest.approx(750.0)


class TestTarget:
    TARGET = HedgeTarget(10, {"L1": 4, "L2": 4, "L3": 2}, 30.0, 15_000.0, ())

    def test_proceeds_buy_for_the_second_layer_up_to_the_top_of_the_band(self) -> None:
        # 4 x 2,000 + 4 x 1,000 + 2 x 1,500 = 15,000; to 17,500 there is room for two contracts of 1,000.
        routed = Routed(session=SESSION, unit=str(LATER), contracts=3)

        target = with_routed(self.TARGET, routed, LAYERS, second="L2", top_usd=17_500.0)

        assert (target.total, target.by_layer) == (12, {"L1": 4, "L2": 6, "L3": 2})
        assert [target.pct, target.target_usd] == pytest.approx([34.0, 17_000.0])
        assert [(reason.name, reason.value, reason.limit) for reason in target.reasons] == [("proceeds_routed", 2, 3)]

    def test_they_stay_until_the_second_layer_rolls(self) -> None:
        routed = Routed(session=SESSION, unit=str(CALL), contracts=3)

        assert with_routed(self.TARGET, routed, LAYERS, second="L2", top_usd=17_500.0) == self.TARGET

    def test_what_a_harvest_has_freed_is_room(self) -> None:
        # L1 holds one less: 13,000 of 15,000 are wanted, so two contracts of 1,000 fit below the same top.
        routed = Routed(session=SESSION, unit=str(LATER), contracts=3)
        kept = not_bought_back(self.TARGET, Harvested({("L1", CALL.long)}, {}), LAYERS)

        target = with_routed(kept, routed, LAYERS, second="L2", top_usd=15_000.0)

        assert (target.by_layer, target.pct, target.target_usd) == ({"L1": 3, "L2": 6, "L3": 2}, 30.0, 15_000.0)

    def test_a_harvested_layer_buys_nothing_back_before_its_roll(self) -> None:
        before = Harvested({("L1", CALL.long), ("L2", CALL.long)}, {})

        target = not_bought_back(self.TARGET, before, LAYERS)

        assert (target.total, target.by_layer) == (9, {"L1": 3, "L2": 4, "L3": 2})
        assert [(reason.name, reason.value, reason.limit) for reason in target.reasons] == [("harvested", 4, 3)]

    def test_a_harvested_layer_may_still_be_cut(self) -> None:
        before = Harvested({("L1", CALL.long)}, {})
        more = {**LAYERS, "L1": LayerNow(CALL, 6, 2_000.0)}

        assert not_bought_back(self.TARGET, before, more) == self.TARGET
