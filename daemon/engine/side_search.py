"""The search for one side of a condor: a guess from SPX and VIX, a few quotes around it, then refinement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from daemon.core.condor.build import build_side
from daemon.core.condor.expected_move import ExpectedMove
from daemon.core.condor.guess import guess_strike, on_step
from daemon.core.condor.legs import Vertical
from daemon.core.condor.policy import CondorPolicy, StrikesBy, WingsBy
from daemon.core.condor.selection import Aim, bracket, choose_strike, nearest, refine, short_aim, wing_strike
from daemon.core.market.contracts import OptionContract, Right
from daemon.core.orders.intent import Reason
from daemon.engine.chain_reader import ChainReader

BRACKET_COUNT: Final = 3
BRACKET_STEP_PTS100: Final = 2000
BRACKETS_MAX: Final = 3
"""How often a bracket is laid anew where its strikes do not exist in the expiry."""
ROUNDS_MAX: Final = 8
_ENOUGH_POINTS: Final = 2
_AT_THE_MONEY: Final = 0.5
"""A short strike is sold for its credit out of the money only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a search starts from."""

    spx: float
    vix: float
    days: float
    """Calendar days that the variance up to the expiry amounts to."""
    listed_pts100: tuple[int, ...]
    """The strikes of the class; not every one exists in the expiry."""
    move: ExpectedMove | None
    """Known when strikes are chosen by it."""
    held: Mapping[OptionContract, int]
    """What is held already, by contract: a leg is never taken the other way round."""


@dataclass(frozen=True, slots=True)
class SideFound:
    """A side that could be entered."""

    vertical: Vertical
    delta: float
    """Absolute model delta of the short strike."""
    value: float
    """What the short strike was chosen by: its delta, the credit in points, or expected moves from the forward."""


@dataclass(frozen=True, slots=True)
class _Goal:
    """What a search of strikes is after, and how it sees them."""

    aim: Aim
    whole: float
    """Values are refined as shares of this."""
    values: Callable[[], Mapping[int, float]] = field(kw_only=True)
    """Strike -> value, as far as it was observed."""
    first: Callable[[int], list[OptionContract]] = field(kw_only=True)
    """The contracts to observe for a strike near the guess."""
    then: Callable[[int], list[OptionContract]] = field(kw_only=True)
    """The contracts to observe for a strike that may be the one."""
    complete: Callable[[int], bool] = field(kw_only=True)
    """Whether everything about a strike is known."""


class SideSearch:
    """Finds the short strike and the wing of one side; a strike without live greeks is never sold."""

    def __init__(self, reader: ChainReader, right: Right, scene: Scene, policy: CondorPolicy) -> None:
        self._reader = reader
        self._right = right
        self._scene = scene
        self._policy = policy
        self._aim = short_aim(policy)
        self._anchor: int | None = None

    async def find(self) -> SideFound | Reason:
        """Return the side, or the reason why there is none."""
        if self._policy.wings_by is WingsBy.DELTA:
            self._anchor = await self._strike_of_wings()
            if self._anchor is None:
                return self._unseen()
        await self._seek_short()
        values = self._values()
        chosen = choose_strike({strike: value for strike, value in values.items() if self._complete(strike)}, self._aim)
        if chosen is None:
            return self._none_found(values)
        long = self._wing(chosen)
        assert long is not None, "a complete strike has a wing"
        return SideFound(self._vertical(chosen, long), self._deltas()[chosen], values[chosen])

    async def _seek_short(self) -> None:
        match self._policy.strikes_by:
            case StrikesBy.DELTA:
                guess, first, whole = self._guess(self._aim.target), self._alone, 1.0
            case StrikesBy.CREDIT:
                guess, first, whole = self._guess_by_credit(), self._pair, float(self._policy.width_max_pts)
            case StrikesBy.EXPECTED_MOVE:
                await self._seek_level(round(100 * self._move.strike_at(self._right, self._aim.target)))
                return
        goal = _Goal(self._aim, whole, values=self._values, first=first, then=self._pair, complete=self._complete)
        await self._seek(guess, goal)

    async def _strike_of_wings(self) -> int | None:
        """Return the strike nearest the delta of the wings, wherever the short strike will be."""
        aim = Aim(self._policy.wing_delta, 0.0, 1.0)
        seen = self._deltas
        goal = _Goal(aim, 1.0, values=seen, first=self._alone, then=self._alone, complete=lambda k: k in seen())
        await self._seek(self._guess(aim.target), goal)
        return choose_strike(seen(), aim)

    async def _seek(self, guess: int, goal: _Goal) -> None:
        """Observe strikes around a guess, then those that should be nearest the target, until nothing is nearer.

        A strike that is incomplete, or seen to lie outside of the range, is left out and the next one tried.
        """
        left = await self._bracket(guess, goal)
        for _ in range(ROUNDS_MAX):
            seen = goal.values()
            shares = {strike: value / goal.whole for strike, value in seen.items()}
            best = refine(shares, goal.aim.target / goal.whole, left)
            if best is None:
                break
            await self._reader.observe(goal.then(best))
            if not goal.complete(best) or not goal.aim.holds(goal.values()[best]):
                left.remove(best)
            elif best in seen:
                break

    async def _bracket(self, guess: int, goal: _Goal) -> list[int]:
        """Observe a few strikes around a guess; return the listed ones without those that do not exist."""
        left = list(self._scene.listed_pts100)
        for _ in range(BRACKETS_MAX):
            around = bracket(guess, left, BRACKET_STEP_PTS100, BRACKET_COUNT)
            await self._reader.observe([contract for strike in around for contract in goal.first(strike)])
            seen = goal.values()
            if len(seen) >= _ENOUGH_POINTS:
                break
            left = [strike for strike in left if strike not in around or strike in seen]
        return left

    async def _seek_level(self, level_pts100: int) -> None:
        """Observe the listed strikes nearest a level until one is complete."""
        left = list(self._scene.listed_pts100)
        for _ in range(min(ROUNDS_MAX, len(left))):
            strike = nearest(left, level_pts100)
            await self._reader.observe(self._pair(strike))
            if self._complete(strike):
                break
            left.remove(strike)

    @property
    def _move(self) -> ExpectedMove:
        assert self._scene.move is not None, "strikes by expected move need the move"
        return self._scene.move

    def _guess(self, delta: float) -> int:
        scene = self._scene
        return guess_strike(self._right, delta, spx=scene.spx, vix=scene.vix, days=scene.days)

    def _guess_by_credit(self) -> int:
        """The share of the width that is received is about the chance to end beyond the middle of the side."""
        width_pts = (self._policy.width_min_pts + self._policy.width_max_pts) / 2
        middle = self._guess(self._aim.target / width_pts)
        inward = on_step(width_pts / 2)
        return middle + (inward if self._right is Right.PUT else -inward)

    def _values(self) -> dict[int, float]:
        """Return strike -> what short strikes are chosen by, as far as it is known."""
        match self._policy.strikes_by:
            case StrikesBy.DELTA:
                return self._deltas()
            case StrikesBy.CREDIT:
                outside = [strike for strike, delta in self._deltas().items() if delta <= _AT_THE_MONEY]
                credits_pts = {strike: self._credit(strike) for strike in outside}
                return {strike: credit for strike, credit in credits_pts.items() if credit is not None}
            case StrikesBy.EXPECTED_MOVE:
                move = self._move
                return {strike: move.multiple_of(strike, self._right) for strike in self._deltas()}

    def _credit(self, short_pts100: int) -> float | None:
        """Return the mid credit of the side at a short strike in points, where both mids are known."""
        long_pts100 = self._wing(short_pts100)
        if long_pts100 is None:
            return None
        short, long = (self._reader.mid_pts(strike, self._right) for strike in (short_pts100, long_pts100))
        return None if short is None or long is None else short - long

    def _deltas(self) -> dict[int, float]:
        return self._reader.deltas(self._right)

    def _wing(self, short_pts100: int) -> int | None:
        return wing_strike(short_pts100, self._right, self._scene.listed_pts100, self._policy, self._anchor)

    def _alone(self, strike_pts100: int) -> list[OptionContract]:
        return [self._reader.contract(strike_pts100, self._right)]

    def _pair(self, strike_pts100: int) -> list[OptionContract]:
        long_pts100 = self._wing(strike_pts100)
        return [*self._alone(strike_pts100), *(() if long_pts100 is None else self._alone(long_pts100))]

    def _complete(self, short_pts100: int) -> bool:
        """Whether the short strike has its value and its wing is quoted, with greeks where that is chosen by delta.

        A side with a leg that another condor holds the other way round is left out.
        """
        long_pts100, deltas = self._wing(short_pts100), self._deltas()
        if long_pts100 is None or short_pts100 not in self._values():
            return False
        if self._vertical(short_pts100, long_pts100).opposed(self._scene.held):
            return False
        if self._policy.wings_by is WingsBy.DELTA:
            return long_pts100 in deltas
        return self._reader.contract(long_pts100, self._right) in self._reader.quotes

    def _vertical(self, short_pts100: int, long_pts100: int) -> Vertical:
        return build_side(self._reader.expiry, self._right, short_pts100, long_pts100)

    # -- reasons --------------------------------------------------------------------------------

    def _none_found(self, values: Mapping[int, float]) -> Reason:
        """Name what is missing: greeks, a wing, or a strike with the wanted value."""
        if not self._deltas():
            return self._unseen()
        if not values:
            return self._no_wing(nearest([*self._deltas()], self._guess_by_credit()))
        short = choose_strike(values, self._aim)
        if short is not None and not self._complete(short):
            return self._no_wing(short)
        return _nothing_near(self._policy, self._side, self._aim, values)

    def _unseen(self) -> Reason:
        reader = self._reader
        if reader.quotes:
            text = f"no {self._side} of {reader.expiry} has live greeks; a strike without them is never chosen"
            return Reason("greeks_missing", text, 0, len(reader.quotes))
        text = f"no {self._side} of {reader.expiry} near the strikes that were looked for is listed and quoted"
        return Reason("no_strike_quoted", text, reader.requests)

    def _no_wing(self, short_pts100: int) -> Reason:
        policy, long_pts100 = self._policy, self._wing(short_pts100)
        short = f"the short {self._side} {short_pts100 / 100:g}"
        if long_pts100 is not None:
            held = self._vertical(short_pts100, long_pts100).opposed(self._scene.held)
            if held is not None:
                return Reason("leg_held_opposite", f"{short} would need {held}, which an open condor holds opposite")
            return Reason("no_wing", f"{short} has no quoted wing at {long_pts100 / 100:g}")
        listed = self._scene.listed_pts100
        widths = (
            f"{policy.width_min_pts} to {policy.width_max_pts}" if policy.wings_by is WingsBy.DELTA else policy.wing_pts
        )
        text = f"{short} has no wing {widths} points away: strikes are listed from {min(listed) / 100:g} to {max(listed) / 100:g}"
        return Reason("no_wing", text)

    @property
    def _side(self) -> str:
        return self._right.name.lower()


_NOTHING_NEAR: Final = {
    StrikesBy.DELTA: ("no_strike_at_delta", "no short {side} with |delta| between {low:g} and {high:g} was found"),
    StrikesBy.CREDIT: (
        "no_strike_at_credit",
        "no {side} side with a mid credit between {low:g} and {high:g} was found",
    ),
    StrikesBy.EXPECTED_MOVE: (
        "no_strike_at_move",
        "no short {side} between {low:g} and {high:g} expected moves away was found",
    ),
}


def _nothing_near(policy: CondorPolicy, side: str, aim: Aim, values: Mapping[int, float]) -> Reason:
    name, text = _NOTHING_NEAR[policy.strikes_by]
    seen = ", ".join(f"{strike / 100:g}: {value:.3f}" for strike, value in sorted(values.items())) or "nothing"
    said = text.format(side=side, low=aim.low, high=aim.high)
    return Reason(name, f"{said} (seen {seen})", len(values), aim.target)
