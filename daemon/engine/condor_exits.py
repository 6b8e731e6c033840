"""Condor exits: what starts to close a condor, and the last resort before an expiry."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial

from daemon.core.book.condors import OpenCondor
from daemon.core.condor.exits import (
    ExitRule,
    changed_rules,
    expires_today,
    still_on,
    take_profit_limit_pts100,
    time_exit_reason,
)
from daemon.core.condor.policy import DriftAction
from daemon.core.market.quotes import IndexQuote
from daemon.core.orders.intent import Purpose, Reason, TimeInForce
from daemon.core.records import JobOutcome, Outcome
from daemon.engine.condor_closing import CondorCloser, Wish
from daemon.engine.condor_drift import CondorDrift
from daemon.engine.condor_marks import CondorMarks
from daemon.engine.condor_watch import CondorWatch
from daemon.engine.context import Desk
from daemon.engine.executor import Executor
from daemon.engine.exit_retries import ExitRetries
from daemon.engine.risk_monitor import RiskMonitor
from daemon.engine.take_profits import TakeProfits

Spawn = Callable[[str, Callable[[], Awaitable[object]]], None]
"""Starts named work beside the checks."""


class CondorExits:
    """Closes condors: at their profit, at their time, when they go wrong, and never twice."""

    def __init__(self, desk: Desk, executor: Executor, risk: RiskMonitor, spawn: Spawn) -> None:
        self._desk = desk
        self._spawn = spawn
        self.closer = CondorCloser(desk, executor, risk)
        self._marks = CondorMarks(desk)
        self._drift = CondorDrift(desk, executor, risk, self.closer, self._marks)
        self._watch = CondorWatch(desk, self._drift, self._marks)
        self._retries = ExitRetries(desk, executor)
        self._profits = TakeProfits(desk, executor, self.closer, self._retries)

    async def rest_take_profits(self) -> None:
        """Rest a take-profit for every whole condor that is not on its way out."""
        session = self._desk.journal.session()
        await self._profits.rest(lambda condor: self._on_its_way_out(session, condor) is not None)

    def tell_changed_rules(self) -> None:
        """Say, before they act, which exit rules have changed since open condors were entered (decision 19)."""
        changed: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for condor in self._desk.view().condors:
            for name, (before, now) in changed_rules(condor.record.policy, self._desk.policy.condor).items():
                changed[name, str(before), str(now)].append(condor.record.condor_id)
        for (name, before, now), condors in sorted(changed.items()):
            fields = {"setting": f"CONDORD_CONDOR_{name.upper()}", "value": now, "before": before, "condors": condors}
            self._desk.journal.emit("exit_rule_changed", fields)

    async def check_exits(self, session: date) -> None:
        """Look at every condor and start to close those whose time has come; exits have priority over entries."""
        condors = self._desk.view().condors
        self._watch.begin(session)
        spx = await self._watch.spx() if condors else None
        await self._marks.quote_missing(condors)
        for condor in condors:
            self._look(session, condor, spx)
        await self.rest_take_profits()

    def _look(self, session: date, condor: OpenCondor, spx: IndexQuote | None) -> None:
        """Start what one condor asks for: first what has begun, then the most urgent rule that has held."""
        begun = self._on_its_way_out(session, condor)
        if begun is not None:
            self._start_exit(condor, Wish(purpose=Purpose.EXIT, reason=begun))
            return
        for reason in self._watch.look(condor, spx):
            if self._closes(reason):
                self._start_exit(condor, self._wish(condor, reason))
                return
            if spx is not None:
                self._start_roll(condor, reason, spx.value_pts)

    def _closes(self, reason: Reason) -> bool:
        rolls = self._desk.policy.condor.drift_adjust_action is DriftAction.ROLL
        return reason.name != ExitRule.ADJUST or not rolls

    def _wish(self, condor: OpenCondor, reason: Reason) -> Wish:
        """Return the wish of a rule of prices; a profit is never taken at a worse price than it asks for."""
        limit = None
        if reason.name == ExitRule.TAKE_PROFIT and condor.whole is not None:
            limit = take_profit_limit_pts100(condor.credit_pts, self._desk.policy.condor)
        confirmed = partial(self._watch.confirms, condor, reason)
        return Wish(purpose=Purpose.EXIT, reason=reason, confirmed=confirmed, limit_pts100=limit)

    def _start_exit(self, condor: OpenCondor, wish: Wish) -> None:
        """Let an exit go on its way beside the checks; a roll or a checked profit at work gives way to it."""
        name, patient = condor.record.condor_id, wish.limit_pts100 is not None
        if self._retries.waits(name, TimeInForce.DAY):
            return
        if self.closer.claim(name, patient=patient):
            self._spawn(f"exit {name}", partial(self.closer.close, condor, wish))
        elif not patient and self.closer.ask_for_way(name):
            self._spawn(f"exit {name}", partial(self._exit_instead, condor, wish))

    async def _exit_instead(self, condor: OpenCondor, wish: Wish) -> None:
        name = condor.record.condor_id
        await self.closer.make_way(name)
        if self.closer.claim(name):
            await self.closer.close(self.closer.again(condor), wish)

    def _start_roll(self, condor: OpenCondor, reason: Reason, spx_pts: float) -> None:
        name = condor.record.condor_id
        if self._drift.may_roll(condor) and self.closer.claim(name, patient=True):
            self._spawn(f"roll {name}", partial(self._drift.roll, condor, reason, spx_pts))

    async def last_resort(self, session: date) -> JobOutcome:
        """Try once more to close what expires today and was to be closed before; what remains settles in cash."""
        now = self._desk.clock.now
        expiring = [c for c in self._desk.view().condors if expires_today(session, c.record.expiry)]
        spx = await self._watch.spx() if expiring else None
        wanted = [(c, wish) for c in expiring if (wish := self._last_wish(session, c, spx)) is not None]
        if not wanted:
            text = f"{len(expiring)} condors expire today and settle in cash" if expiring else "nothing expires today"
            return JobOutcome(Outcome.SKIPPED, f"{text}: none was to be closed before", now())
        mine = [(condor, wish) for condor, wish in wanted if self.closer.claim(condor.record.condor_id)]
        left = await asyncio.gather(*(self.closer.close(condor, wish) for condor, wish in mine))
        at_work, still = len(wanted) - len(mine), sum(bool(words) for words in left)
        text = f"{len(wanted)} condors to close before they expire today: {len(mine) - still} closed, {still} left"
        return JobOutcome(Outcome.DONE, text + (f", {at_work} at work already" if at_work else ""), now())

    def _last_wish(self, session: date, condor: OpenCondor, spx: IndexQuote | None) -> Wish | None:
        """Return what a condor that expires is to be closed for: what has begun, or a rule that holds unanswered."""
        begun = self.closer.begun(condor.record.condor_id)
        flattened = begun is not None and begun[0] is Purpose.FLATTEN
        reason = begun[1] if begun is not None and flattened else self._on_its_way_out(session, condor)
        if reason is not None:
            return Wish(purpose=Purpose.EXIT, reason=reason)
        due = next(filter(self._closes, self._watch.look(condor, spx)), None)
        return None if due is None else self._wish(condor, due)

    def _on_its_way_out(self, session: date, condor: OpenCondor) -> Reason | None:
        """Return why a condor must go: its time has come, or an exit whose rule is still on has begun."""
        policy = self._desk.policy.condor
        begun = self.closer.begun(condor.record.condor_id)
        if begun is not None and still_on(begun[1].name, policy):
            return begun[1]
        return time_exit_reason(condor, session, policy)
