"""Whether the broker's deltas of a chosen condor are right: a second opinion from our own model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from daemon.core.condor.quality import ShortStrike, check_delta, judge_freshness
from daemon.core.condor.selection import nearest
from daemon.core.market.contracts import Right, Underlying
from daemon.core.market.parity import parity_forward
from daemon.core.orders.intent import Reason
from daemon.engine.chain_reader import ChainReader
from daemon.engine.condor_search import CHECK_LINES, CondorCandidate
from daemon.engine.context import Desk
from daemon.engine.gather import years_to

ROUND_STRIKE_PTS100: Final = 2500
"""Strikes on multiples of 25 points are listed in every expiry; finer ones are not."""


@dataclass(frozen=True, slots=True)
class DeltasChecked:
    """The broker's deltas of the short strikes against our own."""

    refusals: tuple[Reason, ...]
    forward_pts: float | None
    """The parity forward of the expiry; None when its call and put gave none."""
    own_deltas: dict[str, float | None]
    """By side, ``put`` and ``call``."""
    requests: int
    """Contract details and market-data lines that were asked for."""
    lines: int

    def figures(self) -> dict[str, float | int | str | None]:
        """Return what the decision shows of it."""
        forward = None if self.forward_pts is None else round(self.forward_pts, 2)
        own = {
            f"{side}_delta_own": None if delta is None else round(delta, 4) for side, delta in self.own_deltas.items()
        }
        return {"parity_forward_pts": forward, **own}


async def check_deltas(desk: Desk, candidate: CondorCandidate, spx: float) -> DeltasChecked:
    """Compare the deltas of the short strikes with Black-76 on the forward of a call and a put near the money."""
    reader = ChainReader(desk, candidate.legs.expiry, CHECK_LINES)
    forward = await _parity_forward(desk, reader, spx)
    if isinstance(forward, Reason):
        return DeltasChecked((forward,), None, {}, reader.requests, reader.lines)
    checks = {
        short.contract.right.name.lower(): check_delta(
            short, forward, years_to(desk.clock.now(), short.contract), policy=desk.policy.condor
        )
        for short in _shorts(candidate)
    }
    refusals = tuple(reason for check in checks.values() for reason in check.refusals)
    own = {side: check.own_delta for side, check in checks.items()}
    return DeltasChecked(refusals, forward, own, reader.requests, reader.lines)


async def _parity_forward(desk: Desk, reader: ChainReader, spx: float) -> float | Reason:
    params = await desk.option_params(Underlying.SPX, desk.journal.session())
    listed = {strike for row in params for strike in row.strikes_pts100}
    strike = nearest([k for k in listed if k % ROUND_STRIKE_PTS100 == 0] or [*listed], round(100 * spx))
    await reader.observe([reader.contract(strike, right) for right in Right])
    call, put = (reader.mid_pts(strike, right) for right in (Right.CALL, Right.PUT))
    stale = judge_freshness(reader.quotes, desk.clock.now(), max_age_s=desk.policy.limits.quote_max_age_s)
    if call is None or put is None or stale:
        text = f"No parity forward: {reader.expiry} {strike / 100:g} has no two-sided call and put of now."
        return Reason("no_parity_forward", text, strike / 100)
    return parity_forward([strike / 100], [call], [put], 1.0)


def _shorts(candidate: CondorCandidate) -> list[ShortStrike]:
    shorts = []
    for side, delta in ((candidate.legs.put, candidate.put_delta), (candidate.legs.call, candidate.call_delta)):
        mid_pts = None if side is None else candidate.quotes[side.short].mid_pts
        if side is not None and delta is not None and mid_pts is not None:
            shorts.append(ShortStrike(side.short, delta, mid_pts))
    assert len(shorts) == len(candidate.legs.sides), "every short strike was chosen with a delta and has a mid"
    return shorts
