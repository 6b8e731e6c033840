"""Closing everything by a person's word: condors first, then the hedge, and no short option ever uncovered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from typing import Final

from daemon.core.book.book import Holding
from daemon.core.book.condors import OpenCondor
from daemon.core.calendar.sessions import NEW_YORK, session, shifted
from daemon.core.orders.intent import ComboPrice, Intent, OrderSpec, Purpose, Reason, Strategy, TimeInForce
from daemon.core.orders.ladder import LadderRules, places_to, rung_pts100
from daemon.core.records import PERSON, RunState
from daemon.engine.condor_closing import CondorCloser, Wish
from daemon.engine.condor_quotes import PricedStep, priced_steps
from daemon.engine.context import Desk
from daemon.engine.executor import Executor, Ladder
from daemon.engine.flatten_plan import open_condors, open_layers, sales
from daemon.engine.gather import market_of
from daemon.engine.hedge_desk import HedgeDesk
from daemon.engine.hedge_trader import SPREAD_STEPS
from daemon.engine.risk_monitor import Proposal, RiskMonitor
from daemon.errors import BrokerError, NotReadyError

WORK_S: Final = 300.0
"""Longest time in which an order walks from the mid to its last price."""
LAST_HEDGE: Final = time(16, 10)
"""VIX options stop at 16:15 New York time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlattenEnd:
    """What became of one condor or layer; ``why`` says what is left and why, and is empty when all is closed."""

    strategy: Strategy
    subject: str
    why: str


class Flattener:
    """Closes what condors and layers hold, one flattening at a time; a second one goes on where the first ended."""

    def __init__(
        self, desk: Desk, executor: Executor, risk: RiskMonitor, closer: CondorCloser, hedge: HedgeDesk
    ) -> None:
        self._desk = desk
        self._executor = executor
        self._risk = risk
        self._closer = closer
        self._hedge = hedge
        self._since: datetime | None = None

    def check(self) -> None:
        """Raise NotReadyError when nothing may be flattened now, with what to do about it."""
        state, now = self._risk.run_states.now(), self._desk.clock.now()
        if state.state is RunState.HALTED and state.by == PERSON:
            raise NotReadyError(
                f"trading is halted by a person ({state.reason}), and a halt sends nothing: allow exits with "
                "`condord halt --exits-only --reason TEXT`, then flatten again"
            )
        if self._since is not None:
            since = f"{self._since.astimezone(NEW_YORK):%H:%M:%S}"
            raise NotReadyError(f"a flattening is at work since {since} New York time; ask again when it has ended")
        hours = session(self._desk.journal.session())
        if not hours.open_at <= now < hours.close_at:
            opens = f"{hours.open_at.astimezone(NEW_YORK):%Y-%m-%d %H:%M}"
            raise NotReadyError(
                f"the market is closed, so nothing can be closed; the session of {opens} New York time is the next"
                if now < hours.open_at
                else "the market is closed, so nothing can be closed before the next session"
            )

    async def run(self, reason: str) -> tuple[FlattenEnd, ...]:
        """Close condors, then the hedge when no condor is left; return what became of each. Raises NotReadyError."""
        self.check()
        self._since = self._desk.clock.now()
        why = Reason("flatten", reason)
        try:
            condors = await asyncio.gather(*(self._close(condor, why) for condor in open_condors(self._desk)))
            return (*condors, *await self._sell_hedge(why))
        finally:
            self._since = None

    async def _close(self, condor: OpenCondor, why: Reason) -> FlattenEnd:
        name = condor.record.condor_id
        while not self._closer.claim(name):
            # A roll or a checked profit gives way; an exit at work is as good as ours and is let to its end.
            self._closer.ask_for_way(name)
            await self._closer.make_way(name)
        wish = Wish(purpose=Purpose.FLATTEN, reason=why, work_s=WORK_S)
        left = await self._closer.close(self._closer.again(condor), wish)
        return FlattenEnd(strategy=Strategy.CONDOR, subject=name, why=left)

    async def _sell_hedge(self, why: Reason) -> tuple[FlattenEnd, ...]:
        """Sell what every layer holds; while a condor is open they protect it and stay."""
        left = len(open_condors(self._desk))
        if left:
            text = f"kept for the {left} condors that are still open; flatten again"
            return tuple(self._end(layer, text) for layer in open_layers(self._desk))
        async with self._hedge.turn:
            return tuple(await asyncio.gather(*(self._sell_layer(layer, why) for layer in open_layers(self._desk))))

    async def _sell_layer(self, layer: Holding, why: Reason) -> FlattenEnd:
        proposal = Proposal(strategy=Strategy.HEDGE, purpose=Purpose.FLATTEN, subject=layer.subject, index_age_s=None)
        if refusals := self._risk.refusals(proposal):
            return self._end(layer, "; ".join(reason.text for reason in refusals))
        try:
            rows = await priced_steps(self._desk, sales(self._desk, layer))
            notes = [row.why if row.price is None else await self._sell(layer, row, row.price, why) for row in rows]
        except BrokerError as error:
            notes = [str(error)]
        still = self._desk.alive(self._desk.view().book.holdings[layer.subject].positions)
        if not still:
            return self._end(layer, "")
        held = "still held: " + ", ".join(f"{quantity:+d} {option}" for option, quantity in sorted(still.items()))
        return self._end(layer, "; ".join([held, *filter(None, notes)]))

    async def _sell(self, layer: Holding, row: PricedStep, price: ComboPrice, why: Reason) -> str:
        """Work one sale to its end; return why it was not sent, empty when it was."""
        desk, policy, now = self._desk, self._desk.policy.hedge, self._desk.clock.now()
        rules = LadderRules(
            step_pts100=policy.ladder_step_pts100,
            through_pts100=policy.ladder_through_pts100,
            price_steps=row.steps_pts100 or SPREAD_STEPS[row.step.legs[0].contract.underlying],
        )
        limit = rung_pts100(0, price, rules)
        left_s = min(WORK_S, (shifted(desk.journal.session(), LAST_HEDGE) - now).total_seconds())
        if limit is None or left_s <= 0:
            return "no legal price from mid to natural" if limit is None else "the session is too near its end"
        key = self._executor.next_key(Strategy.HEDGE, Purpose.FLATTEN, layer.subject)
        spec = OrderSpec(row.step.legs, row.step.quantity, limit, TimeInForce.DAY)
        intent = Intent(key, spec, now, reasons=(why,), mid_at_decision_pts=price.mid_pts, quoted=price)
        ladder = Ladder(
            rules=rules,
            price=partial(market_of, desk, row.step.legs, no_bid_is_zero=True),
            step_s=min(policy.ladder_step_s, left_s / (places_to(price, rules) + 2)),
            until=now + timedelta(seconds=left_s),
        )
        await self._executor.work(intent, ladder)
        return ""

    def _end(self, layer: Holding, why: str) -> FlattenEnd:
        return FlattenEnd(strategy=Strategy.HEDGE, subject=layer.subject, why=why)
