"""The drift hedge: crossings, confirmation, size and sale, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from typing import Any, ClassVar

import pytest
from hedge_values import POLICY

from daemon.core.calendar.sessions import new_york
from daemon.core.hedge.drift_hedge import (
    BOUGHT_FOR,
    Bought,
    SaleFacts,
    Seen,
    Side,
    SpreadPrice,
    Stand,
    bought,
    bought_for,
    confirmation,
    in_need,
    sale,
    sale_reason,
    size_drift,
    stand,
)
from daemon.core.hedge.policy import DriftUpside
from daemon.core.hedge.units import HedgeUnit
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.orders.intent import (
    Intent,
    IntentKey,
    IntentState,
    Leg,
    OrderSpec,
    Purpose,
    Reason,
    Strategy,
    TimeInForce,
)
from daemon.core.records import Signal, Standing
from daemon.settings import load

MONDAY, TUESDAY, FRIDAY = date(2020, 2, 24), date(2020, 2, 25), date(2020, 2, 28)
DRIFT = POLICY.drift
CONDORS = load([], {"HOME": "/home/somebody"}).condor_policy()
"""Watched from 0.12, left by 0.02."""
ONE, TWO = "C20200218-1", "C20200219-1"


def call(strike: int, expiry: date = date(2020, 3, 4)) -> OptionContract:
    return OptionContract(TradingClass.VIXW, expiry, strike * 100, Right.CALL)


UNIT = HedgeUnit(call(28), call(37))


def seen(share: float | None, *, delta: float | None = None, name: str = ONE, credit_usd: float = 1000.0) -> Seen:
    return Seen(condor_id=name, credit_usd=credit_usd, share=share, put_delta=delta)


def look(before: Stand | None, share: float | None, session: date = TUESDAY, *, delta: float | None = None) -> Stand:
    return stand(before, seen(share, delta=delta), session, condors=CONDORS, policy=DRIFT)


class TestCrossings:
    @pytest.mark.parametrize(
        ("share", "delta", "side"),
        [
            (-0.12, None, Side.DOWN),
            (-0.119, None, Side.CENTRED),
            (-0.05, 0.30, Side.DOWN),  # the short put alone (003-04)
            (-0.05, 0.29, Side.CENTRED),
            (0.02, 0.35, Side.CENTRED),  # above the middle nothing has drifted down
            (0.12, None, Side.UP),
        ],
    )
    def test_a_condor_crosses_by_its_drift_or_by_its_short_put(
        self, share: float, delta: float | None, side: Side
    ) -> None:
        assert look(Stand(Side.CENTRED, MONDAY), share, delta=delta).side is side

    def test_it_crosses_anew_only_after_it_has_come_back_by_the_hysteresis(self) -> None:
        crossed = look(Stand(Side.CENTRED, None), -0.13, MONDAY)
        still = look(crossed, -0.105, TUESDAY)
        back = look(still, -0.09, TUESDAY)

        assert crossed == still == Stand(Side.DOWN, MONDAY)
        assert look(back, -0.13, FRIDAY) == Stand(Side.DOWN, FRIDAY)

    def test_above_its_middle_from_the_first_look_on_is_no_crossing_but_below_it_is(self) -> None:
        assert look(None, 0.2) == Stand(Side.UP, None)
        assert look(None, -0.2) == Stand(Side.DOWN, TUESDAY)

    def test_an_unknown_drift_moves_nothing(self) -> None:
        assert look(Stand(Side.DOWN, MONDAY), None) == Stand(Side.DOWN, MONDAY)
        assert look(None, None) == Stand(Side.CENTRED, None)


class TestOnce:
    STANDS: ClassVar[dict[str, Stand]] = {ONE: Stand(Side.DOWN, TUESDAY), TWO: Stand(Side.UP, TUESDAY)}

    def test_a_condor_is_hedged_once_a_crossing(self) -> None:
        assert in_need(self.STANDS, [], set(), DRIFT) == {ONE}
        assert in_need(self.STANDS, [Bought(TUESDAY, {ONE}, UNIT)], set(), DRIFT) == set()
        assert in_need(self.STANDS, [Bought(MONDAY, {ONE}, UNIT)], set(), DRIFT) == {ONE}

    def test_what_an_earlier_crossing_has_bought_serves_as_long_as_it_is_held(self) -> None:
        assert in_need(self.STANDS, [Bought(MONDAY, {ONE}, UNIT)], {UNIT}, DRIFT) == set()

    def test_upwards_only_by_setting(self) -> None:
        policy = replace(DRIFT, upside=DriftUpside.VIX_CALL)

        assert in_need(self.STANDS, [], set(), policy) == {ONE, TWO}
        assert in_need({TWO: Stand(Side.UP, None)}, [], set(), policy) == set()  # it began there

    @pytest.mark.parametrize(
        ("changes", "counts"),
        [
            ({"state": IntentState.FILLED, "filled": 2}, True),
            ({"state": IntentState.CANCELLED, "filled": 1}, True),
            ({"state": IntentState.UNKNOWN}, True),  # it may still fill
            ({"state": IntentState.CANCELLED}, False),
            ({"state": IntentState.REJECTED}, False),
        ],
    )
    def test_an_order_that_may_still_fill_counts_as_a_purchase(self, changes: dict[str, Any], counts: bool) -> None:
        found = bought([replace(purchase(Purpose.DRIFT), **changes)])

        assert found == ((Bought(TUESDAY, {ONE, TWO}, UNIT),) if counts else ())

    def test_a_sale_and_the_roll_of_a_condor_are_no_purchases(self) -> None:
        sold = purchase(Purpose.DRIFT)
        legs = tuple(Leg(leg.contract, -leg.ratio) for leg in sold.spec.legs)
        sold = replace(sold, filled=2, spec=replace(sold.spec, legs=legs))
        rolled = replace(purchase(Purpose.DRIFT, Strategy.CONDOR), filled=2)

        assert bought([sold, rolled]) == ()


def purchase(purpose: Purpose, strategy: Strategy = Strategy.HEDGE) -> Intent:
    at = new_york(TUESDAY, time(15, 50))
    spec = OrderSpec(UNIT.legs, 2, 105, TimeInForce.DAY)
    reason = Reason(BOUGHT_FOR, "the arithmetic", f"{ONE}, {TWO}", 640.0)
    return Intent(IntentKey(TUESDAY, strategy, purpose, "drift", 1), spec, at, reasons=(reason,))


def signal(name: str, value: float, standing: Standing = Standing.FRESH) -> Signal:
    return Signal(
        session=TUESDAY,
        name=name,
        value=value,
        state="neutral",
        as_of=MONDAY,
        source="broker",
        standing=standing,
        text="",
    )


class TestConfirmation:
    @pytest.mark.parametrize(
        ("signals", "confirmed", "name"),
        [
            ([signal("spx_rsi", 44.9), signal("breadth", 500)], True, "drift_confirmed"),
            ([signal("spx_rsi", 45.0), signal("breadth", 0)], True, "drift_confirmed"),
            ([signal("spx_rsi", 45.0), signal("breadth", 1)], False, "drift_unconfirmed"),
            ([signal("spx_rsi", 44.9)], True, "drift_confirmed"),
            ([signal("spx_rsi", 60.0)], False, "drift_confirmation_unknown"),
            ([signal("spx_rsi", 30.0, Standing.STALE), signal("breadth", 1)], False, "drift_confirmation_unknown"),
            ([], False, "drift_confirmation_unknown"),
        ],
    )
    def test_one_of_both_is_enough_and_what_is_not_known_confirms_nothing(
        self, signals: list[Signal], confirmed: bool, name: str
    ) -> None:
        found, reason = confirmation(signals, DRIFT)

        assert (found, reason.name) == (confirmed, name)

    def test_it_can_be_switched_off(self) -> None:
        assert confirmation([], replace(DRIFT, confirm=False))[0]

    def test_what_is_missing_is_named(self) -> None:
        _, reason = confirmation([signal("spx_rsi", 60.0)], DRIFT)

        assert reason.text.endswith("RSI(14) of SPX 60.0, net advances of 20 sessions unknown.")


def price(mid_usd: float, dearest_usd: float | None = None) -> SpreadPrice:
    return SpreadPrice(mid_usd=mid_usd, dearest_usd=mid_usd if dearest_usd is None else dearest_usd)


class TestSize:
    @pytest.mark.parametrize(
        ("credits_usd", "price_usd", "dearest_usd", "quantity"),
        [
            ((1000.0,), 160.0, 180.0, 2),  # 320 / 160
            ((1000.0,), 130.0, 140.0, 2),  # 320 / 130 = 2.46
            ((1000.0,), 120.0, 130.0, 3),  # 320 / 120 = 2.67, and 390 are within 400
            ((1000.0,), 120.0, 134.0, 2),  # as before, but 402 are over 400
            ((1000.0,), 210.0, 210.0, 1),  # 320 / 210 = 1.52 is nearest to 2, but 420 are over 400
            ((500.0, 500.0), 160.0, 160.0, 2),
            ((435.0,), 174.0, 174.0, 1),  # 139.20 / 174 = 0.8; 40 % of 435 are 174
        ],
    )
    def test_the_number_nearest_32_percent_of_the_credit_that_can_cost_no_more_than_40(
        self, credits_usd: tuple[float, ...], price_usd: float, dearest_usd: float, quantity: int
    ) -> None:
        drifted = [seen(-0.2, name=f"C20200218-{n}", credit_usd=usd) for n, usd in enumerate(credits_usd)]

        assert size_drift(drifted, price(price_usd, dearest_usd), None, DRIFT)[0] == quantity

    def test_the_reason_shows_the_arithmetic(self) -> None:
        _, (reason,) = size_drift([seen(-0.2), seen(-0.3, name=TWO)], price(160.0, 170.0), 1000.0, DRIFT)

        assert (reason.name, reason.value, reason.limit) == ("drift_hedge", 640.0, 800.0)
        assert reason.text == "32 % of $2,000 credit of 2 condors are $640: 4 of $160, at most $170 each"

    @pytest.mark.parametrize(
        ("mid_usd", "dearest_usd", "most_pct"),
        [(175.0, 175.0, 40.0), (150.0, 175.0, 40.0), (400.0, 400.0, 100.0)],  # 40 % are 174; 139.20 / 400 = 0.35
    )
    def test_a_number_that_rounds_to_zero_is_named(self, mid_usd: float, dearest_usd: float, most_pct: float) -> None:
        policy = replace(DRIFT, credit_max_pct=most_pct)
        quantity, (reason,) = size_drift([seen(-0.2, credit_usd=435.0)], price(mid_usd, dearest_usd), None, policy)

        assert (quantity, reason.name, reason.value) == (0, "drift_hedge_zero", dearest_usd)

    def test_the_debit_guard_leaves_what_fits_at_the_dearest_price(self) -> None:
        quantity, (why, guard) = size_drift([seen(-0.2)], price(100.0, 110.0), 250.0, DRIFT)

        # 320 / 100 = 3, of which 330 dollars are within 400; of 250 dollars two.
        assert quantity == 2
        assert why.text.endswith("2 of $100, at most $110 each")
        assert (guard.name, guard.value, guard.limit) == ("debit_guard", 330.0, 250.0)

    @pytest.mark.parametrize("room_usd", [99.0, -500.0])
    def test_the_debit_guard_can_leave_nothing(self, room_usd: float) -> None:
        quantity, (guard,) = size_drift([seen(-0.2)], price(100.0), room_usd, DRIFT)

        assert (quantity, guard.name) == (0, "debit_guard")

    def test_an_order_keeps_the_condors_that_it_is_for(self) -> None:
        kept = replace(purchase(Purpose.DRIFT), reasons=(bought_for([seen(-0.2), seen(-0.3, name=TWO)]),), filled=1)

        assert bought([kept])[0].condors == {ONE, TWO}


class TestSale:
    STANDS: ClassVar[dict[str, Stand]] = {ONE: Stand(Side.DOWN, TUESDAY), TWO: Stand(Side.CENTRED, FRIDAY)}

    def facts(self, *condors: str, times: float = 2.0) -> SaleFacts:
        purchases = [Bought(TUESDAY, set(condors), UNIT), Bought(MONDAY, {"other"}, HedgeUnit(call(28, FRIDAY)))]
        return sale(UNIT, times=times, purchases=purchases, stands=self.STANDS)

    def test_by_default_it_is_held_to_its_settlement(self) -> None:
        assert sale_reason(self.facts("closed", times=9.0), DRIFT) is None

    @pytest.mark.parametrize(
        ("condors", "changes", "name"),
        [
            ((TWO,), {"sell_closed": True}, None),
            (("closed",), {"sell_closed": True}, "drift_hedge_condors_closed"),
            ((ONE, TWO), {"sell_eased": True}, None),
            ((TWO, "closed"), {"sell_eased": True}, "drift_hedge_eased"),
            ((ONE,), {"sell_multiple": 2.0}, "drift_hedge_gained"),
            ((ONE,), {"sell_multiple": 2.1}, None),
        ],
    )
    def test_each_rule_has_its_setting(self, condors: tuple[str, ...], changes: dict[str, Any], name: str) -> None:
        reason = sale_reason(self.facts(*condors), replace(DRIFT, **changes))

        assert (None if reason is None else reason.name) == name
