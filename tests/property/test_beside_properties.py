"""What stands beside the layers is never short more calls than it is long, whatever is bought, sold and settled."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.hedge.units import HedgeUnit, layer_holding
from daemon.core.market.contracts import OptionContract, Right, TradingClass

EXPIRIES = (date(2020, 3, 4), date(2020, 3, 11))
STRIKES = tuple(range(20, 30))


def call(expiry: date, strike: int) -> OptionContract:
    return OptionContract(TradingClass.VIXW, expiry, 100 * strike, Right.CALL)


SPREADS = st.builds(
    lambda expiry, strikes: HedgeUnit(call(expiry, min(strikes)), call(expiry, max(strikes))),
    st.sampled_from(EXPIRIES),
    st.lists(st.sampled_from(STRIKES), min_size=2, max_size=2, unique=True),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), SPREADS, st.integers(1, 5)),
        st.tuples(st.just("sell"), st.integers(0, 9), st.integers(1, 5)),
        st.tuples(st.just("settle"), st.sampled_from(EXPIRIES), st.just(0)),
    ),
    max_size=30,
)


def opposed(unit: HedgeUnit, positions: dict[OptionContract, int]) -> bool:
    """Say whether a leg is held the other way round: such a spread is passed over."""
    return any(positions.get(leg.contract, 0) * leg.ratio < 0 for leg in unit.legs)


@given(STEPS)
def test_every_short_call_is_covered_by_a_long_one_below_it_of_its_expiry(steps: list[tuple[str, object, int]]) -> None:
    positions: dict[OptionContract, int] = defaultdict(int)

    def trade(unit: HedgeUnit, change: int) -> None:
        for leg in unit.legs:
            positions[leg.contract] += leg.ratio * change

    for _, which, count in steps:
        if isinstance(which, HedgeUnit) and not opposed(which, positions):
            trade(which, count)
        elif isinstance(which, date):
            positions = defaultdict(int, {c: held for c, held in positions.items() if c.expiry != which})
        elif isinstance(which, int):
            held = [*layer_holding(positions).units.items()]
            if held:
                unit, quantity = held[which % len(held)]
                trade(unit, -min(count, quantity))

        holding = layer_holding({contract: held for contract, held in positions.items() if held})
        assert holding.uncovered == {}
        assert all(unit.short is not None for unit in holding.units)
        for expiry in EXPIRIES:
            assert sum(held for contract, held in positions.items() if contract.expiry == expiry) == 0
