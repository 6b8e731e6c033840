"""What the legs of condors are worth by the account's own marks; where condors cancel out, by a quote of our own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from daemon.core.book.condors import OpenCondor
from daemon.core.condor.exits import needs_marks
from daemon.core.market.contracts import OptionContract
from daemon.core.market.quotes import Mark
from daemon.engine.condor_quotes import see
from daemon.engine.context import Desk
from daemon.errors import BrokerError

QUOTED_MAX: Final = 40
"""Most lines one look takes for contracts without a mark."""


@dataclass(frozen=True, slots=True)
class Marked:
    """The marks of a condor's legs in points, and when the last of them came; empty when they are too old."""

    pts: dict[OptionContract, float]
    at: datetime | None


class CondorMarks:
    """Reads marks; the portfolio tells only what changes, so the newest leg says how old a condor's marks are."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._quoted: dict[OptionContract, Mark] = {}

    def of(self, condor: OpenCondor) -> Marked:
        """Return the marks of a condor. A leg without any is missing."""
        held = condor.held.positions
        marks = {option: self._quoted[option] for option in held if option in self._quoted} | self._desk.marks(held)
        at = max((mark.at for mark in marks.values()), default=None)
        oldest_s = self._desk.policy.condor.mark_max_age_s
        if at is None or (self._desk.clock.now() - at).total_seconds() > oldest_s:
            return Marked({}, None)
        return Marked({option: mark.value_pts for option, mark in marks.items()}, at)

    async def quote_missing(self, condors: Iterable[OpenCondor]) -> None:
        """Quote the legs for which the account shows no mark, because another condor holds as many the other way."""
        policy, now = self._desk.policy.condor, self._desk.clock.now()
        wanted = {option: None for condor in condors if needs_marks(condor, policy) for option in condor.held.positions}
        missing = [option for option in wanted if option not in self._desk.marks(wanted)][:QUOTED_MAX]
        self._quoted = {}
        if missing:
            try:
                seen = await see(self._desk, missing)
            except BrokerError:
                return
            mids = ((option, quote.mid_pts) for option, quote in seen.quotes.items())
            self._quoted = {option: Mark(mid, now) for option, mid in mids if mid is not None}
