"""What positions of a condor amount to: whole condors, single sides, loose options."""

from collections import Counter
from datetime import date

import pytest
from condor_values import EXPIRY, option
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.condor.legs import CondorLegs, Structure, Vertical, closing, structure
from daemon.core.market.contracts import OptionContract, Right

PUTS = Vertical(option(3150, Right.PUT), option(3125, Right.PUT))
CALLS = Vertical(option(3500, Right.CALL), option(3525, Right.CALL))
NEARER = Vertical(option(3400, Right.CALL), option(3425, Right.CALL))
CONDOR = CondorLegs(PUTS, CALLS)

STRIKES = st.sampled_from([strike for base in (3000, 3500) for strike in range(base, base + 100, 25)])
POSITIONS = st.dictionaries(
    st.builds(option, STRIKES, st.sampled_from([Right.PUT, Right.CALL])), st.integers(-4, 4), max_size=8
)


def held(*parts: tuple[CondorLegs, int]) -> dict[OptionContract, int]:
    total: Counter[OptionContract] = Counter()
    for legs, quantity in parts:
        for leg in legs.held:
            total[leg.contract] += leg.ratio * quantity
    return dict(total)


def worst_pts(positions: dict[OptionContract, int], right: Right) -> float:
    """The payoff of one side where SPX ends far beyond every strike."""
    far = 10_000.0 if right is Right.CALL else 0.0
    return sum(
        quantity * max(0.0, (far - contract.strike) if right is Right.CALL else (contract.strike - far))
        for contract, quantity in positions.items()
        if contract.right is right
    )


class TestLegs:
    def test_a_condor_holds_the_wings_and_owes_the_shorts(self) -> None:
        assert {leg.contract: leg.ratio for leg in CONDOR.held} == {
            PUTS.long: 1,
            PUTS.short: -1,
            CALLS.short: -1,
            CALLS.long: 1,
        }

    def test_closing_reverses_every_leg(self) -> None:
        together = zip(CONDOR.held, closing(CONDOR.held), strict=True)

        assert all(a.contract == b.contract and a.ratio == -b.ratio for a, b in together)

    def test_one_side_is_a_condor_of_two_legs(self) -> None:
        assert CondorLegs(None, CALLS).contracts == (CALLS.short, CALLS.long)
        assert CondorLegs(PUTS, None).contracts == (PUTS.long, PUTS.short)

    def test_the_wider_side_is_the_width(self) -> None:
        wide = Vertical(option(3150, Right.PUT), option(3100, Right.PUT))

        assert CondorLegs(wide, CALLS).width_pts100 == 5000

    def test_no_side_at_all_is_an_error_of_ours(self) -> None:
        with pytest.raises(AssertionError, match="has a side"):
            CondorLegs(None, None)

    def test_a_long_option_inside_of_its_short_one_is_an_error_of_ours(self) -> None:
        with pytest.raises(AssertionError, match="out of the money"):
            Vertical(PUTS.long, PUTS.short)

    def test_sides_of_different_expiries_are_an_error_of_ours(self) -> None:
        def later(contract: OptionContract) -> OptionContract:
            return OptionContract(contract.trading_class, date(2020, 3, 27), contract.strike_pts100, contract.right)

        assert later(CALLS.short).expiry != EXPIRY
        with pytest.raises(AssertionError, match="one expiry"):
            CondorLegs(PUTS, Vertical(later(CALLS.short), later(CALLS.long)))


class TestStructure:
    def test_a_condor_is_whole(self) -> None:
        found = structure(held((CONDOR, 2)))

        assert found == Structure(((CONDOR, 2),), ())
        assert found.whole == CONDOR

    def test_one_side_is_whole_too(self) -> None:
        assert structure(held((CondorLegs(PUTS, None), 3))).whole == CondorLegs(PUTS, None)

    def test_a_side_half_of_which_has_moved_comes_in_two_condors(self) -> None:
        moved = CondorLegs(PUTS, NEARER)

        found = structure(held((CONDOR, 1), (moved, 1)))

        assert Counter(dict(found.parts)) == Counter({CONDOR: 1, moved: 1})
        assert (found.whole, found.loose) == (None, ())

    def test_a_short_option_without_cover_comes_before_a_lonely_long_one(self) -> None:
        found = structure({PUTS.short: -2, PUTS.long: 1, CALLS.long: 1})

        assert found.parts == ((CondorLegs(PUTS, None), 1),)
        assert found.loose == ((PUTS.short, -1), (CALLS.long, 1))

    def test_nothing_held_is_no_part(self) -> None:
        assert structure({}) == Structure((), ())
        assert structure({PUTS.short: 0}) == Structure((), ())

    @given(POSITIONS)
    def test_the_parts_and_the_loose_options_add_up_to_the_positions(
        self, positions: dict[OptionContract, int]
    ) -> None:
        found = structure(positions)

        total = Counter(held(*found.parts))
        for contract, quantity in found.loose:
            total[contract] += quantity
        assert {contract: quantity for contract, quantity in total.items() if quantity} == {
            contract: quantity for contract, quantity in positions.items() if quantity
        }
        assert all(quantity > 0 for _, quantity in found.parts)

    @given(POSITIONS)
    def test_no_part_loses_without_bound_when_its_order_is_filled_alone(
        self, positions: dict[OptionContract, int]
    ) -> None:
        for legs, quantity in structure(positions).parts:
            for side in legs.sides:
                width_pts = side.width_pts100 / 100
                assert (
                    worst_pts(
                        held(
                            (CondorLegs(None, side) if side.right is Right.CALL else CondorLegs(side, None), quantity)
                        ),
                        side.right,
                    )
                    == -quantity * width_pts
                )

    @given(POSITIONS)
    def test_a_short_option_stays_loose_only_when_every_long_one_beyond_it_covers_another(
        self, positions: dict[OptionContract, int]
    ) -> None:
        loose = dict(structure(positions).loose)
        for short, quantity in loose.items():
            for long, units in loose.items():
                same = short.right is long.right
                beyond = (long.strike_pts100 - short.strike_pts100) * (1 if short.right is Right.CALL else -1)
                assert not (same and quantity < 0 < units and beyond > 0)
