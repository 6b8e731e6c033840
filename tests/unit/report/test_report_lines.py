"""Orders, condors and hedge layers as lines: every expected number is worked out by hand."""

from dataclasses import replace
from datetime import date

import pytest
from report_values import (
    CALL_LONG,
    CALL_SHORT,
    CONDOR,
    LEGS,
    MONDAY,
    PUT_LONG,
    PUT_SHORT,
    TUESDAY,
    WEDNESDAY,
    condor_record,
    day_record,
    intent,
    noon,
    settlement,
    trade,
    vix_call,
)

from daemon.core.book.book import BookEntry
from daemon.core.hedge.units import HedgeUnit
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.intent import Intent, IntentState, Leg, Purpose, Reason, TimeInForce
from daemon.core.records import HedgeBudget, HedgeComputation, HedgeSizing, LayerComputation, PositionLine
from daemon.report.closing import closing
from daemon.report.condors import CondorStatus, condor_lines
from daemon.report.hedge import budget_lines, hedge_arithmetic, hedge_changes, held_at_close_usd, layer_lines
from daemon.report.orders import order_lines

ENTRY = intent(Purpose.ENTRY, CONDOR, LEGS, quantity=2, limit_pts100=-430, mid_pts=-4.45, state=IntentState.FILLED)
PRICES = {PUT_LONG: 3.00, PUT_SHORT: 5.10, CALL_SHORT: 3.30, CALL_LONG: 1.05}
"""Net credit 5.10 + 3.30 - 3.00 - 1.05 = 4.35."""
NEAR, FAR = vix_call(22, date(2020, 3, 18)), vix_call(25, date(2020, 4, 15))


def filled(order: Intent, quantity: int, *, session: date = MONDAY, move: float = 0.0) -> list[BookEntry]:
    """Return the executions of a condor order, each short leg dearer by ``move``."""
    return [
        trade(
            order,
            leg.contract,
            leg.ratio * quantity,
            PRICES[leg.contract] + (move if leg.contract in (PUT_SHORT, CALL_SHORT) else 0),
            session=session,
        )
        for leg in order.spec.legs
    ]


def exit_order(quantity: int, *, session: date = TUESDAY, tif: TimeInForce = TimeInForce.DAY) -> Intent:
    legs = tuple(Leg(leg.contract, -leg.ratio) for leg in LEGS)
    order = intent(
        Purpose.EXIT, CONDOR, legs, session=session, quantity=quantity, limit_pts100=220, mid_pts=2.1, tif=tif
    )
    return replace(order, state=IntentState.FILLED, filled=quantity)


class TestOrders:
    def test_slippage_is_fill_against_mid_and_a_worse_credit_is_a_cost(self) -> None:
        (line,) = order_lines([replace(ENTRY, filled=2)], filled(ENTRY, 2))

        assert line.fill_pts == pytest.approx(-4.35)
        assert line.slippage_pts == pytest.approx(0.10)
        assert line.slippage_usd_cents == 2000  # 0.10 points x 100 dollars x 2 condors
        assert line.fees_usd_e4 == 4 * 10_000

    def test_an_order_counts_as_filled_only_as_far_as_all_its_legs_are(self) -> None:
        executions = filled(ENTRY, 1) + filled(ENTRY, 1)[:3]

        (line,) = order_lines([replace(ENTRY, filled=1)], executions)

        assert line.filled == 1

    def test_an_unfilled_order_has_neither_a_price_nor_slippage(self) -> None:
        (line,) = order_lines([replace(ENTRY, state=IntentState.CANCELLED)], [])

        assert (line.filled, line.fill_pts, line.slippage_pts, line.slippage_usd_cents) == (0, None, None, None)

    def test_without_a_recorded_mid_slippage_is_unknown(self) -> None:
        (line,) = order_lines([replace(ENTRY, filled=2, mid_at_decision_pts=None)], filled(ENTRY, 2))

        assert line.slippage_usd_cents is None

    def test_a_resting_order_has_no_slippage(self) -> None:
        order = exit_order(2, tif=TimeInForce.GTC)

        (line,) = order_lines([order], filled(order, 2, session=WEDNESDAY))

        assert (line.resting, line.slippage_usd_cents) == (True, None)

    def test_a_fee_the_broker_has_not_reported_is_counted_as_missing(self) -> None:
        executions = [replace(entry, fee_usd_e4=None) for entry in filled(ENTRY, 2)]

        (line,) = order_lines([replace(ENTRY, filled=2)], executions)

        assert (line.fees_usd_e4, line.fees_missing) == (0, 4)

    def test_an_order_filled_later_is_shown_as_it_stood_at_the_earlier_close(self) -> None:
        order = exit_order(2, session=MONDAY, tif=TimeInForce.GTC)
        later = filled(order, 2, session=WEDNESDAY)

        (then,) = order_lines([order], [entry for entry in later if entry.session <= MONDAY])
        (now,) = order_lines([order], later)

        assert (then.filled, then.state) == (0, IntentState.WORKING)
        assert (now.filled, now.state) == (2, IntentState.FILLED)

    @pytest.mark.parametrize("state", [IntentState.PLANNED, IntentState.ABSENT])
    def test_an_order_that_never_stood_at_the_broker_was_not_sent(self, state: IntentState) -> None:
        (line,) = order_lines([replace(ENTRY, state=state)], [])

        assert not line.sent


class TestCondors:
    def test_an_open_condor_shows_credit_distance_and_marked_profit(self) -> None:
        marks = {PUT_LONG: 2.0, PUT_SHORT: 3.5, CALL_SHORT: 2.0, CALL_LONG: 0.5}
        lines = tuple(PositionLine("condor", CONDOR, leg.contract, 2 * leg.ratio, marks[leg.contract]) for leg in LEGS)
        end = closing(MONDAY, filled(ENTRY, 2), [day_record(MONDAY, spx=3000, positions=lines)])

        (line,) = condor_lines([condor_record()], end, order_lines([replace(ENTRY, filled=2)], end.entries))

        assert line.status is CondorStatus.OPEN
        assert line.credit_pts == pytest.approx(4.35)
        assert (line.to_put_pts, line.to_call_pts) == (200, 265)
        assert line.share_of_spx_pct(line.to_put_pts) == pytest.approx(100 * 200 / 3000)
        assert line.dte == 30
        # received 4.35 x 2 x 100 = 870, costs 3.00 x 2 x 100 = 600 to close, 4 dollars of fees
        assert line.pnl_usd_cents == 87_000 - 60_000 - 400

    def test_a_missing_mark_makes_profit_unknown(self) -> None:
        lines = (PositionLine("condor", CONDOR, PUT_SHORT, -2, None),)
        end = closing(MONDAY, filled(ENTRY, 2), [day_record(MONDAY, positions=lines)])

        (line,) = condor_lines([condor_record()], end, ())

        assert line.pnl_usd_cents is None

    def test_a_condor_closed_by_an_order_keeps_what_it_earned(self) -> None:
        order = exit_order(2)
        entries = filled(ENTRY, 2) + filled(order, 2, session=TUESDAY, move=-1.0)
        end = closing(TUESDAY, entries, [])

        (line,) = condor_lines([condor_record()], end, order_lines([order], entries))

        assert (line.status, line.ended) == (CondorStatus.CLOSED, TUESDAY)
        assert line.exit_debit_pts == pytest.approx(2.35)
        assert line.exit_reason == "because of exit"
        assert line.pnl_usd_cents == (87_000 - 47_000) - 800

    def test_a_rolled_condor_keeps_the_strikes_it_had_last_also_when_it_is_closed(self) -> None:
        new_short, new_long = replace(CALL_SHORT, strike_pts100=311_000), replace(CALL_LONG, strike_pts100=313_500)
        roll_legs = (Leg(CALL_SHORT, 1), Leg(CALL_LONG, -1), Leg(new_short, -1), Leg(new_long, 1))
        roll = intent(Purpose.DRIFT, CONDOR, roll_legs, session=TUESDAY, quantity=2, limit_pts100=-250, mid_pts=-2.5)
        rolled = [trade(roll, leg.contract, 2 * leg.ratio, 1.0, session=TUESDAY) for leg in roll_legs]
        leave_legs = (Leg(PUT_LONG, -1), Leg(PUT_SHORT, 1), Leg(new_short, 1), Leg(new_long, -1))
        leave = intent(Purpose.EXIT, CONDOR, leave_legs, session=WEDNESDAY, quantity=2, limit_pts100=300, mid_pts=3.0)
        left = [trade(leave, leg.contract, 2 * leg.ratio, 1.0, session=WEDNESDAY) for leg in leave_legs]

        (line,) = condor_lines([condor_record()], closing(WEDNESDAY, [*filled(ENTRY, 2), *rolled, *left], []), ())

        assert line.status is CondorStatus.CLOSED
        assert line.strikes == "2800/2775P 3110/3135C rolled"
        assert [(since, [side.short.strike for side in sides]) for since, sides in line.shapes] == [
            (MONDAY, [2800, 3265]),
            (TUESDAY, [2800, 3110]),
        ]

    def test_a_condor_that_expires_is_settled_and_not_closed(self) -> None:
        entries = filled(ENTRY, 2) + [
            settlement(CONDOR, leg.contract, -2 * leg.ratio, price, WEDNESDAY)
            for leg, price in zip(LEGS, (0.0, 10.0, 0.0, 0.0), strict=True)
        ]

        (line,) = condor_lines([condor_record()], closing(WEDNESDAY, entries, []), ())

        assert (line.status, line.ended, line.exit_reason) == (CondorStatus.SETTLED, WEDNESDAY, "cash settlement")
        assert line.exit_debit_pts is None
        assert line.pnl_usd_cents == 87_000 - 200_000 - 400

    def test_a_condor_is_open_at_every_close_before_its_end(self) -> None:
        order = exit_order(2, session=WEDNESDAY)
        entries = filled(ENTRY, 2) + filled(order, 2, session=WEDNESDAY)

        states = [
            condor_lines([condor_record()], closing(day, entries, []), ())[0].status for day in (MONDAY, WEDNESDAY)
        ]

        assert states == [CondorStatus.OPEN, CondorStatus.CLOSED]

    def test_a_condor_whose_entry_was_not_filled_is_said_to_be_so(self) -> None:
        (line,) = condor_lines([condor_record()], closing(MONDAY, [], []), ())

        assert (line.status, line.credit_pts, line.pnl_usd_cents) == (CondorStatus.NOT_FILLED, None, 0)

    def test_a_condor_of_a_later_session_is_left_out(self) -> None:
        assert condor_lines([condor_record(session=WEDNESDAY)], closing(MONDAY, [], []), ()) == ()


def hedge_order(purpose: Purpose, contract: OptionContract, change: int, session: date, attempt: int = 1) -> Intent:
    legs = (Leg(contract, 1 if change > 0 else -1),)
    return intent(purpose, "L1", legs, session=session, quantity=abs(change), limit_pts100=100, attempt=attempt)


def computation(contract: OptionContract | None, *, held: int, target: int) -> HedgeComputation:
    layer = LayerComputation("L1", contract, 16.0, 0.4, 640.0, held, target)
    return HedgeComputation(MONDAY, noon(MONDAY), 14.38, "low", 7.75, 5000, 387.5, 640.6, target, (layer,))


class TestHedge:
    def test_the_first_purchase_of_a_layer_is_neither_a_roll_nor_a_resize(self) -> None:
        buy = hedge_order(Purpose.RESIZE, NEAR, 2, MONDAY)

        (change,) = hedge_changes([buy], [trade(buy, NEAR, 2, 1.25)])

        assert (change.kind, change.is_roll, change.cash_usd_cents) == ("first purchase", False, -25_000)

    def test_a_roll_is_the_purchase_of_another_contract_also_when_the_old_one_cannot_be_sold(self) -> None:
        first = hedge_order(Purpose.RESIZE, NEAR, 2, MONDAY)
        roll = hedge_order(Purpose.ROLL_BUY, FAR, 2, WEDNESDAY)

        changes = hedge_changes([first, roll], [trade(first, NEAR, 2, 1.0), trade(roll, FAR, 2, 1.5)])

        assert [change.kind for change in changes] == ["first purchase", "roll"]

    def test_buy_and_sell_of_one_roll_are_one_change(self) -> None:
        first = hedge_order(Purpose.RESIZE, NEAR, 2, MONDAY)
        buy = hedge_order(Purpose.ROLL_BUY, FAR, 2, WEDNESDAY)
        sell = hedge_order(Purpose.ROLL_SELL, NEAR, -2, WEDNESDAY)
        entries = [trade(first, NEAR, 2, 1.0), trade(buy, FAR, 2, 1.5), trade(sell, NEAR, -2, 0.4)]

        changes = hedge_changes([first, buy, sell], entries)

        assert [(change.session, change.kind) for change in changes] == [
            (MONDAY, "first purchase"),
            (WEDNESDAY, "roll"),
        ]
        assert changes[1].cash_usd_cents == -30_000 + 8_000

    def test_the_rest_of_a_roll_is_not_counted_as_another_roll(self) -> None:
        first = hedge_order(Purpose.RESIZE, NEAR, 2, MONDAY)
        buy = hedge_order(Purpose.ROLL_BUY, FAR, 1, TUESDAY)
        rest = hedge_order(Purpose.ROLL_BUY, FAR, 1, WEDNESDAY)
        entries = [trade(first, NEAR, 2, 1.0), trade(buy, FAR, 1, 1.5), trade(rest, FAR, 1, 1.5)]

        changes = hedge_changes([first, buy, rest], entries)

        assert [change.is_roll for change in changes] == [False, True, False]

    def test_an_order_without_a_fill_changes_nothing(self) -> None:
        assert hedge_changes([hedge_order(Purpose.RESIZE, NEAR, 2, MONDAY)], []) == ()

    def test_layers_show_held_against_target_and_the_delta_dollars_of_what_is_held(self) -> None:
        buy = hedge_order(Purpose.RESIZE, NEAR, 2, MONDAY)
        end = closing(MONDAY, [trade(buy, NEAR, 2, 1.0)], [])

        (line,) = layer_lines(end, computation(NEAR, held=0, target=3), {"L1": WEDNESDAY})

        assert (line.held, line.target, line.delta_usd, line.dte, line.next_roll) == (2, 3, 1280.0, 16, WEDNESDAY)

    def test_a_layer_that_holds_two_contracts_shows_its_target_once(self) -> None:
        old, new = hedge_order(Purpose.RESIZE, NEAR, 2, MONDAY), hedge_order(Purpose.ROLL_BUY, FAR, 2, MONDAY)
        end = closing(MONDAY, [trade(old, NEAR, 2, 1.0), trade(new, FAR, 2, 1.0)], [])

        lines = layer_lines(end, computation(FAR, held=2, target=2), {})

        assert [(line.unit, line.target, line.delta_usd) for line in lines] == [
            (HedgeUnit(NEAR), None, None),
            (HedgeUnit(FAR), 2, 1280.0),
        ]

    def test_a_layer_with_a_target_that_holds_nothing_is_shown(self) -> None:
        (line,) = layer_lines(closing(MONDAY, [], []), computation(NEAR, held=0, target=1), {})

        assert (line.unit, line.held, line.target) == (None, 0, 1)

    def test_the_arithmetic_of_the_hedge_is_written_out(self) -> None:
        text = hedge_arithmetic(computation(NEAR, held=1, target=1))

        assert text == "VIX 14.38 -> low, p 7.75 % x W $5,000 = $388; held $641"

    @pytest.mark.parametrize(
        ("sizing", "text"),
        [
            (
                HedgeSizing(base_usd=5000, break_even_contracts=2),
                "p 7.75 % x W $5,000 = $388; held $641; break-evens ask for 2",
            ),
            (
                HedgeSizing(total="flat", base="max_loss", base_usd=4210, measure="premium"),
                "flat 7.75 % x max loss $4,210 = $388 in premium; held $641; break-evens ask for more than any number",
            ),
            (
                HedgeSizing(total="fixed_contracts", base_usd=5000, break_even_contracts=2),
                "fixed 1 = $388, 7.75 % of W $5,000; held $641; break-evens ask for 2",
            ),
            (
                HedgeSizing(total="break_even", base="margin", base_usd=5000, break_even_contracts=1),
                "break-even 1 = $388, 7.75 % of margin $5,000; held $641; break-evens ask for 1",
            ),
        ],
    )
    def test_the_arithmetic_names_what_the_hedge_is_sized_by(self, sizing: HedgeSizing, text: str) -> None:
        sized = replace(computation(NEAR, held=1, target=1), sizing=sizing)

        assert hedge_arithmetic(sized) == f"VIX 14.38 -> low, {text}"

    def test_the_budget_stands_below_the_arithmetic_with_what_it_has_cut(self) -> None:
        figures = HedgeBudget(
            wanted=17,
            carry_usd=1388.0,
            carry_max_usd=1400.0,
            debits_usd=1300.0,
            credits_usd=26_000.0,
            debits_max_usd=5200.0,
            guarded=True,
            suspended=False,
        )
        cut = Reason("carry_guard", "12 instead of 17 contracts", 1957.0, 1400.0)
        found = computation(NEAR, held=1, target=1)
        sized = replace(found, sizing=HedgeSizing(base_usd=5000, budget=figures), reasons=(Reason("other", ""), cut))

        figures_line, cut_line = budget_lines(sized)
        assert figures_line == (
            "budget: expected to cost $1,388 of $1,400 in 30 days; debits less sales $1,300 of $5,200 for credits of "
            "$26,000, 5.0 %"
        )
        assert cut_line == "carry_guard: 12 instead of 17 contracts"
        assert budget_lines(found) == []

    def test_the_arithmetic_tells_what_signals_made_of_the_percentage(self) -> None:
        reasons = (Reason("regime_changed", "", 14.4), Reason("adjusted", "7.05 % x 1.1 = 7.75 %", 7.75, "6 to 8"))
        adjusted = replace(computation(NEAR, held=1, target=1), reasons=reasons)

        assert hedge_arithmetic(adjusted) == (
            "VIX 14.38 -> low, p 7.75 % x W $5,000 = $388; p by signals: 7.05 % x 1.1 = 7.75 %; held $641"
        )

    def test_what_is_held_at_the_close_counts_in_the_measure(self) -> None:
        day = day_record(MONDAY, positions=(PositionLine("hedge", "L1", NEAR, 3, 1.0),))
        found = computation(NEAR, held=1, target=3)
        by_premium = replace(found, layers=(replace(found.layers[0], unit_usd=125.0),))

        assert held_at_close_usd(day, by_premium) == 375.0

    def test_delta_dollars_at_the_close_are_unknown_when_a_contract_was_not_measured(self) -> None:
        day = day_record(MONDAY, positions=(PositionLine("hedge", "L1", NEAR, 3, 1.0),))

        assert held_at_close_usd(day, computation(NEAR, held=1, target=3)) == 1920.0
        assert held_at_close_usd(day, computation(FAR, held=1, target=3)) is None
        assert held_at_close_usd(day, None) is None
