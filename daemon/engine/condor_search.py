"""The search for a condor: expiry, short strikes and wings found with few requests, then all legs quoted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from daemon.core.condor.expected_move import ExpectedMove, expected_move
from daemon.core.condor.guess import variance_days
from daemon.core.condor.legs import CondorLegs
from daemon.core.condor.policy import CondorPolicy, DteUnit, StrikesBy
from daemon.core.condor.quality import judge_freshness
from daemon.core.condor.selection import choose_expiry, nearest
from daemon.core.market.contracts import OptionContract, OptionParams, Right, TradingClass, Underlying
from daemon.core.market.quotes import Quote
from daemon.core.orders.intent import Reason
from daemon.engine.chain_reader import ChainReader
from daemon.engine.context import Desk
from daemon.engine.gather import Indexes, Refusal
from daemon.engine.side_search import Scene, SideFound, SideSearch

LINES_MAX: Final = 40
"""Most market-data lines of one selection (decision 16)."""
STRADDLE_LINES: Final = 4
CHECK_LINES: Final = 2
"""Left to the call and the put that the deltas are checked on."""
SIDE_LINES: Final = (LINES_MAX - STRADDLE_LINES - CHECK_LINES) // len(Right)


@dataclass(frozen=True, slots=True)
class CondorCandidate:
    """Legs that could be entered, with their quotes and what was found on the way."""

    legs: CondorLegs
    quotes: dict[OptionContract, Quote]
    put_delta: float | None
    """Absolute model delta of the short put; None without that side."""
    call_delta: float | None
    choice: Mapping[str, float | int | str | None]
    """What the strikes were chosen by, in numbers; nothing more than the deltas when by delta."""
    requests: int
    """Contract details and market-data lines that were asked for on the way."""
    lines: int
    """Market-data lines alone."""


async def find_condor(desk: Desk, session: date, now_indexes: Indexes, policy: CondorPolicy) -> CondorCandidate:
    """Choose expiry and strikes and quote all legs; refuse with the name of everything that is missing."""
    params = _spxw(await desk.option_params(Underlying.SPX, session))
    expiry = choose_expiry(params.expiries, session, policy)
    if expiry is None:
        raise Refusal(_no_expiry(session, policy))
    straddle = ChainReader(desk, expiry, STRADDLE_LINES)
    move = None
    if policy.strikes_by is StrikesBy.EXPECTED_MOVE:
        move = await read_move(straddle, params.strikes_pts100, now_indexes.spx)
    scene = Scene(
        spx=now_indexes.spx,
        vix=now_indexes.vix,
        days=variance_days(desk.clock.now(), expiry),
        listed_pts100=params.strikes_pts100,
        move=move,
        held=desk.view().positions,
    )
    readers = {right: ChainReader(desk, expiry, SIDE_LINES) for right in policy.sides.rights}
    found = await asyncio.gather(
        *(SideSearch(reader, right, scene, policy).find() for right, reader in readers.items())
    )
    sides = {side.vertical.right: side for side in found if isinstance(side, SideFound)}
    reasons = [reason for reason in found if isinstance(reason, Reason)]
    if reasons:
        seen = {leg: quote for reader in readers.values() for leg, quote in reader.quotes.items()}
        unfit = judge_freshness(seen, desk.clock.now(), max_age_s=desk.policy.limits.quote_max_age_s)
        raise Refusal(*unfit, *reasons)
    legs = _joined(sides)
    quotes = {leg: readers[leg.right].quotes[leg] for leg in legs.contracts}
    put, call = sides.get(Right.PUT), sides.get(Right.CALL)
    return CondorCandidate(
        legs,
        quotes,
        None if put is None else put.delta,
        None if call is None else call.delta,
        choice=_choice(sides, move, policy),
        requests=sum(reader.requests for reader in (straddle, *readers.values())),
        lines=sum(reader.lines for reader in (straddle, *readers.values())),
    )


async def read_move(reader: ChainReader, listed: Sequence[int], spx: float) -> ExpectedMove:
    """Return the expected move from the straddle at the listed strike nearest the forward; refuse without one."""
    strike = nearest(listed, round(100 * spx))
    first = await _straddle(reader, strike)
    at_forward = nearest(listed, round(100 * first.forward_pts))
    return first if at_forward == strike else await _straddle(reader, at_forward)


async def _straddle(reader: ChainReader, strike_pts100: int) -> ExpectedMove:
    await reader.observe([reader.contract(strike_pts100, right) for right in Right])
    call, put = (reader.mid_pts(strike_pts100, right) for right in (Right.CALL, Right.PUT))
    move = None if call is None or put is None else expected_move(strike_pts100 / 100, call, put)
    if move is None:
        text = f"{reader.expiry} {strike_pts100 / 100:g} has no two-sided call and put that give an expected move"
        raise Refusal(Reason("no_straddle", text))
    return move


def _spxw(params: Sequence[OptionParams]) -> OptionParams:
    """Return what is listed of the class that settles on the close; the morning-settled one is never entered."""
    row = next((row for row in params if row.trading_class is TradingClass.SPXW), None)
    if row is None or not row.expiries or not row.strikes_pts100:
        raise Refusal(Reason("no_chain", "the broker lists no SPXW options"))
    return row


def _no_expiry(session: date, policy: CondorPolicy) -> Reason:
    low, high = policy.dte_min, policy.dte_max
    window = f"{low}" if low == high else f"{low}-{high}"
    unit = "session" if policy.dte_unit is DteUnit.SESSIONS else "day"
    text = f"no SPXW expiry is listed {window} {unit}{'' if window == '1' else 's'} after {session:%a} {session}"
    return Reason("no_expiry_in_window", text, None, window)


def _joined(sides: Mapping[Right, SideFound]) -> CondorLegs:
    put, call = (sides[right].vertical if right in sides else None for right in (Right.PUT, Right.CALL))
    if put is not None and call is not None and put.short.strike_pts100 >= call.short.strike_pts100:
        text = f"the short put {put.short.strike:g} would not be below the short call {call.short.strike:g}"
        raise Refusal(Reason("strikes_cross", text, put.short.strike, call.short.strike))
    return CondorLegs(put, call)


def _choice(
    sides: Mapping[Right, SideFound], move: ExpectedMove | None, policy: CondorPolicy
) -> dict[str, float | int | str | None]:
    """Return the numbers that the strikes were chosen by, as the decision shows them."""
    named = {right.name.lower(): side.value for right, side in sides.items()}
    match policy.strikes_by:
        case StrikesBy.DELTA:
            return {}
        case StrikesBy.CREDIT:
            rows = {f"{side}_credit_pts": round(value, 4) for side, value in named.items()}
            return {"credit_target_pts": policy.credit_target_pts100 / 100, **rows}
        case StrikesBy.EXPECTED_MOVE:
            assert move is not None, "strikes by expected move have the move"
            rows = {f"{side}_moves": round(value, 3) for side, value in named.items()}
            return {"forward_pts": round(move.forward_pts, 2), "expected_move_pts": round(move.move_pts, 2), **rows}
