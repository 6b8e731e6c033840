"""Closing any positions: no short option loses its cover, and a condor's profit stays between its bounds.

A short option counts as covered when there is a long one of its series and right farther out of the money for it.
"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from ledger_values import CONDOR_LEGS, EXPIRY, condor_intent, condor_record, trade

from daemon.core.book.book import BookEntry, fold
from daemon.core.book.condors import open_condors
from daemon.core.book.settlement import settlement_entries
from daemon.core.condor.legs import structure
from daemon.core.condor.unwinding import closing_steps
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.orders.intent import Purpose

EXPIRIES = (EXPIRY, EXPIRY + timedelta(days=7))
options = st.builds(
    OptionContract,
    st.just(TradingClass.SPXW),
    st.sampled_from(EXPIRIES),
    st.sampled_from([strike * 500 for strike in range(640, 648)]),
    st.sampled_from(Right),
)
positions = st.dictionaries(options, st.integers(-3, 3).filter(bool), max_size=10)


def uncovered(held: dict[OptionContract, int]) -> int:
    """Count short options without a long one beyond them, walking outwards in the plainest way."""
    total = 0
    for expiry in EXPIRIES:
        for right in Right:
            group = [c for c in held if c.expiry == expiry and c.right is right]
            inwards = sorted(group, key=lambda c: c.strike_pts100, reverse=right is Right.CALL)  # the farthest first
            free = 0
            for contract in inwards:
                if held[contract] > 0:
                    free += held[contract]
                else:
                    covered = min(free, -held[contract])
                    free -= covered
                    total += -held[contract] - covered
    return total


@given(positions, st.data())
def test_no_short_option_loses_its_cover_whatever_part_of_which_order_fills(
    held: dict[OptionContract, int], data: st.DataObject
) -> None:
    for _ in range(40):
        steps = closing_steps(structure(held))
        if not steps:
            break
        step = data.draw(st.sampled_from(steps))
        filled = data.draw(st.integers(1, step.quantity))
        before = uncovered(held)
        held = dict(held)
        for leg in step.legs:
            held[leg.contract] = held.get(leg.contract, 0) + leg.ratio * filled
        held = {contract: quantity for contract, quantity in held.items() if quantity}
        assert uncovered(held) <= before


@given(positions)
def test_orders_that_all_fill_leave_nothing_after_two_rounds(held: dict[OptionContract, int]) -> None:
    for _ in range(2):
        left = dict(held)
        for step in closing_steps(structure(held)):
            for leg in step.legs:
                left[leg.contract] = left.get(leg.contract, 0) + leg.ratio * step.quantity
        held = {contract: quantity for contract, quantity in left.items() if quantity}

    assert held == {}


@given(positions)
def test_the_orders_of_one_round_never_turn_a_position_around(held: dict[OptionContract, int]) -> None:
    taken: dict[OptionContract, int] = {}
    for step in closing_steps(structure(held)):
        for leg in step.legs:
            taken[leg.contract] = taken.get(leg.contract, 0) + leg.ratio * step.quantity

    for contract, quantity in taken.items():
        assert 0 < -quantity * (1 if held[contract] > 0 else -1) <= abs(held[contract])


def exit_trades(quantity: int, prices: tuple[int, ...], first: int) -> list[BookEntry]:
    ref = condor_intent(purpose=Purpose.EXIT).ref
    return [
        trade(f"x{first}.{n}.01", leg.contract, -leg.ratio * quantity, price, ref=ref)
        for n, (leg, price) in enumerate(zip(CONDOR_LEGS, prices, strict=True))
    ]


def entry_trades(quantity: int, prices: tuple[int, ...]) -> list[BookEntry]:
    ref = condor_intent().ref
    return [
        trade(f"e.{n}.01", leg.contract, leg.ratio * quantity, price, ref=ref)
        for n, (leg, price) in enumerate(zip(CONDOR_LEGS, prices, strict=True))
    ]


prices = st.integers(0, 2000)


@given(
    quantity=st.integers(1, 5),
    far=st.tuples(prices, prices),
    spreads=st.tuples(st.integers(0, 1200), st.integers(0, 1200)),
    settles=st.floats(2500, 4200),
    closed=st.data(),
)
def test_the_profit_of_a_condor_lies_between_minus_width_less_credit_and_the_credit(
    quantity: int, far: tuple[int, int], spreads: tuple[int, int], settles: float, closed: st.DataObject
) -> None:
    opened = entry_trades(quantity, (far[0], far[0] + spreads[0], far[1] + spreads[1], far[1]))
    credit_pts100 = sum(spreads)
    units = closed.draw(st.integers(0, quantity))
    # An exit pays what a market without arbitrage asks: both verticals together between nothing and the width.
    put = closed.draw(st.integers(0, 2500))
    call = closed.draw(st.integers(0, 2500 - put))
    entries = opened + (exit_trades(units, (0, put, call, 0), 1) if units else [])
    book = fold(entries)
    if units < quantity:
        (condor,) = open_condors(book, (condor_record(),), entries)
        assert abs(condor.credit_pts - credit_pts100 / 100) < 1e-9
    settled = [
        row
        for contract in book.positions()
        for row in settlement_entries(book, contract, settles, at=opened[0].at, session=EXPIRY)
    ]
    profit_usd_cents = fold([*entries, *settled]).holdings["C20200218-1"].cash_usd_cents

    # Points x 100 times 100 dollars a point are cents.
    assert -(2500 - credit_pts100) * 100 * quantity <= profit_usd_cents <= credit_pts100 * 100 * quantity


@given(quantity=st.integers(1, 3), roll_credit=st.integers(100, 1200), settles=st.floats(2500, 4200))
def test_an_adjusted_condor_is_bounded_by_its_width_and_both_credits(
    quantity: int, roll_credit: int, settles: float
) -> None:
    opened = entry_trades(quantity, (145, 320, 310, 130))
    rolled = roll_trades(quantity, roll_credit)
    entries = [*opened, *rolled]
    book = fold(entries)
    (condor,) = open_condors(book, (condor_record(),), entries)
    credit_pts100 = 355 + roll_credit
    settled = [
        row
        for contract in book.positions()
        for row in settlement_entries(book, contract, settles, at=opened[0].at, session=EXPIRY)
    ]
    profit_usd_cents = fold([*entries, *settled]).holdings["C20200218-1"].cash_usd_cents

    assert condor.whole is not None
    assert abs(condor.credit_pts - credit_pts100 / 100) < 1e-9
    assert -(2500 - credit_pts100) * 100 * quantity <= profit_usd_cents <= credit_pts100 * 100 * quantity


def roll_trades(quantity: int, credit_pts100: int) -> list[BookEntry]:
    """Return a roll of the call side from 3475/3500 to 3400/3425 for a net credit."""
    ref = condor_intent(purpose=Purpose.DRIFT).ref
    old_short, old_long = CONDOR_LEGS[2].contract, CONDOR_LEGS[3].contract
    new_short, new_long = (call(strike) for strike in (3400, 3425))
    rows = ((old_short, 1, 40), (old_long, -1, 40), (new_short, -1, 300 + credit_pts100), (new_long, 1, 300))
    return [trade(f"r.{n}.01", c, sign * quantity, price, ref=ref) for n, (c, sign, price) in enumerate(rows)]


def call(strike: float) -> OptionContract:
    return OptionContract(TradingClass.SPXW, EXPIRY, round(strike * 100), Right.CALL)
