"""Watching open condors: what each look shows, and which rules have held long enough to close one."""

from __future__ import annotations

from datetime import date, datetime

from daemon.core.book.condors import OpenCondor
from daemon.core.condor.drift import condor_drift
from daemon.core.condor.exits import (
    PERSISTENT,
    PRICED,
    ExitRule,
    Observed,
    closing_cost_pts,
    judge_exits,
    needs_marks,
    watches_only,
)
from daemon.core.market.contracts import Underlying
from daemon.core.market.quotes import DataKind, IndexQuote
from daemon.core.orders.intent import Reason
from daemon.engine.condor_drift import CondorDrift
from daemon.engine.condor_marks import CondorMarks
from daemon.engine.context import Desk
from daemon.errors import BrokerError


class CondorWatch:
    """Judges condors by the account's own marks and by SPX; sends nothing and asks for no quote."""

    def __init__(self, desk: Desk, drift: CondorDrift, marks: CondorMarks) -> None:
        self._desk = desk
        self._drift = drift
        self._marks = marks
        self._session: date | None = None
        self._held: dict[tuple[str, ExitRule], tuple[int, datetime]] = {}
        self._blind: set[str] = set()

    async def spx(self) -> IndexQuote | None:
        """Return SPX, or None while it is missing, not live or too old: then no rule of the index is judged."""
        try:
            quote = await self._desk.broker.index_quote(Underlying.SPX)
        except BrokerError:
            return None
        age_s = (self._desk.clock.now() - quote.at).total_seconds()
        fresh = quote.kind is DataKind.LIVE and age_s <= self._desk.policy.limits.index_max_age_s
        return quote if fresh else None

    def begin(self, session: date) -> None:
        """Begin a round of looks: what only persists is counted within one session."""
        if session != self._session:
            self._session, self._held, self._blind = session, {}, set()

    def look(self, condor: OpenCondor, spx: IndexQuote | None) -> tuple[Reason, ...]:
        """Return why a condor is to be closed or adjusted now, the most urgent first.

        What only persists counts once for each new mark or value of SPX; while the figure is unknown the count stays
        as it is.
        """
        policy, name = self._desk.policy.condor, condor.record.condor_id
        spx_pts = None if spx is None else spx.value_pts
        self._drift.look(condor, spx_pts)
        if watches_only(condor, policy):
            return ()
        marked = self._marks.of(condor) if needs_marks(condor, policy) else None
        cost_pts = None if marked is None else closing_cost_pts(condor, marked.pts)
        seen = observed(condor, spx_pts, cost_pts)
        if marked is not None and cost_pts is None and condor.quantity:
            self._tell_blind(name)
        due: list[Reason] = []
        for rule, reason in judge_exits(condor, seen, policy).items():
            at = (None if marked is None else marked.at) if rule in PRICED else None if spx is None else spx.at
            if reason is None:
                self._held.pop((name, rule), None)
            elif rule not in PERSISTENT or self._count(name, rule, at) >= policy.confirm_checks:
                due.append(reason)
        return tuple(due)

    async def confirms(self, condor: OpenCondor, reason: Reason, cost_pts: float | None) -> bool:
        """Whether a rule holds on fresh quotes and SPX as it is now; if not, it has to persist anew.

        A rule whose figure is unknown is not confirmed either, but its count stays as it is.
        """
        name, rule = condor.record.condor_id, ExitRule(reason.name)
        spx = None if rule in PRICED else await self.spx()
        spx_pts = None if spx is None else spx.value_pts
        verdicts = judge_exits(condor, observed(condor, spx_pts, cost_pts), self._desk.policy.condor)
        if verdicts.get(rule) is not None:
            return True
        if rule in verdicts:
            self._held.pop((name, rule), None)
        cost = None if cost_pts is None else round(cost_pts, 3)
        fields = {"subject": name, "reason": rule.value, "cost_pts": cost, "spx_pts": spx_pts}
        self._desk.journal.emit("exit_not_confirmed", fields)
        return False

    def _count(self, name: str, rule: ExitRule, at: datetime | None) -> int:
        count, last = self._held.get((name, rule), (0, None))
        if at is not None and at != last:
            count += 1
            self._held[name, rule] = count, at
        return count

    def _tell_blind(self, name: str) -> None:
        """Say once a session that a rule of prices cannot be judged for want of marks."""
        if name not in self._blind:
            self._blind.add(name)
            limit_s = self._desk.policy.condor.mark_max_age_s
            why = f"no leg has a mark younger than {limit_s:g} s, or one has none: its price is not judged"
            self._desk.journal.emit("exit_unwatched", {"subject": name, "why": why})


def observed(condor: OpenCondor, spx_pts: float | None, cost_pts: float | None) -> Observed:
    """Join what one look at a condor shows."""
    share = None if spx_pts is None else condor_drift(condor, spx_pts)
    return Observed(spx_pts=spx_pts, cost_pts=cost_pts, drift=share)
