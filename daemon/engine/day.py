"""The frame of a session: pre-flight, periodic checks, settlement, closing figures."""

from __future__ import annotations

from datetime import date, timedelta

from daemon.core.book.pnl import strategy_pnl_usd_cents
from daemon.core.calendar.sessions import NEW_YORK
from daemon.core.calendar.sessions import session as hours_of
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.intent import Strategy
from daemon.core.records import DayRecord, JobOutcome, Outcome, PositionLine
from daemon.engine.context import BASELINE, Desk
from daemon.engine.gather import indexes, streamed_account
from daemon.engine.limit_watch import LimitWatch
from daemon.engine.reconciler import Reconciler
from daemon.engine.risk_meter import marks_pts
from daemon.engine.settlement import Settler

PNL_TOLERANCE_USD_CENTS_PER_CONTRACT = 1


class DayDesk:
    """Opens and closes the session's books."""

    def __init__(self, desk: Desk, reconciler: Reconciler, settler: Settler, watch: LimitWatch) -> None:
        self._desk = desk
        self._reconciler = reconciler
        self._settler = settler
        self._watch = watch

    async def preflight(self, _session: date) -> JobOutcome:
        """Check clock and account before the session and reconcile."""
        desk = self._desk
        gateway = await desk.broker.gateway_time()
        desk.link.clock_skew_s = (desk.clock.now() - gateway).total_seconds()
        result = await self._reconciler.run("pre-flight")
        text = f"clock {desk.link.clock_skew_s:+.1f} s, {len(result.blocking)} breaks open"
        return JobOutcome(Outcome.DONE, text, desk.clock.now())

    async def check_book(self, _session: date) -> None:
        """Reconcile when the streamed positions leave the book, or nobody knows how an order stands."""
        desk = self._desk
        if not desk.link.synced:
            return
        if desk.link.breaks_open or self._reconciler.in_doubt() or not self._reconciler.matches_stream():
            await self._reconciler.run("book and broker may differ")

    async def settlement(self, _session: date) -> JobOutcome:
        """Settle what has expired."""
        booked = await self._settler.settle()
        waiting = len(self._settler.due())
        text = f"{booked} settled" + (f", {waiting} without a settlement value yet" if waiting else "")
        return JobOutcome(Outcome.DONE, text, self._desk.clock.now())

    async def close(self, session: date) -> JobOutcome:
        """Reconcile after the close and record the session's figures."""
        desk = self._desk
        result = await self._reconciler.run("after the close")
        day = await self._figures(session, len(result.blocking))
        if isinstance(day, str):
            return JobOutcome(Outcome.FAILED, day, desk.clock.now())
        desk.store.record_day(day)
        await self._watch.close(session)
        self._explain(day)
        return JobOutcome(Outcome.DONE, f"net liquidation {day.net_liquidation_usd_cents / 100:,.2f}", desk.clock.now())

    async def _figures(self, session: date, breaks_open: int) -> DayRecord | str:
        """Return the day's record, or a sentence that says what is missing; nothing is ever guessed."""
        desk, book = self._desk, self._desk.view().book
        marks = marks_pts(desk, book)
        pnl = {strategy: strategy_pnl_usd_cents(book, strategy, marks) for strategy in Strategy}
        condor_pnl, hedge_pnl = pnl[Strategy.CONDOR], pnl[Strategy.HEDGE]
        if condor_pnl is None or hedge_pnl is None:
            missing = ", ".join(str(contract) for contract in book.positions() if contract not in marks)
            return f"the portfolio gave no mark for {missing or 'a held contract'}"
        account = await streamed_account(desk)
        seen = await indexes(desk)
        seen_at = desk.clock.now() - timedelta(seconds=seen.age_s)
        if seen_at < hours_of(session).open_at:
            when = seen_at.astimezone(NEW_YORK)
            return f"the last values of SPX and VIX are not both of this session; the older one is of {when:%Y-%m-%d %H:%M}"
        hedges = desk.store.hedge_computations(session)
        hedge = hedges[-1] if hedges else None
        return DayRecord(
            session,
            seen.spx,
            seen.vix,
            account.net_liquidation_usd_cents,
            condor_pnl,
            hedge_pnl,
            self._desk.view().wing_notional_usd,
            None if hedge is None else hedge.pct,
            None if hedge is None else hedge.target_usd,
            None if hedge is None else hedge.held_usd,
            None if hedge is None else hedge.regime,
            breaks_open,
            self._lines(marks),
        )

    def _lines(self, marks: dict[OptionContract, float]) -> tuple[PositionLine, ...]:
        return tuple(
            PositionLine(holding.strategy.value, holding.subject, contract, quantity, marks.get(contract))
            for _, holding in sorted(self._desk.view().book.holdings.items())
            for contract, quantity in sorted(holding.positions.items())
        )

    def _explain(self, day: DayRecord) -> None:
        """Compare the change of net liquidation with what condors and hedge have made."""
        baseline = self._desk.store.meta(BASELINE)
        if baseline is None:
            return
        change = day.net_liquidation_usd_cents - int(baseline)
        explained = day.condor_pnl_usd_cents + day.hedge_pnl_usd_cents
        contracts = sum(abs(line.quantity) for line in day.positions) + 1
        if abs(change - explained) > PNL_TOLERANCE_USD_CENTS_PER_CONTRACT * contracts:
            self._desk.journal.emit(
                "pnl_unexplained",
                {"change_usd": change / 100, "explained_usd": explained / 100, "of_session": day.session.isoformat()},
            )
