"""Measures what is at risk: gathers marks, indexes and forwards, lets the core compute, writes the result down."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from daemon.core.book.book import Book, Holding
from daemon.core.calendar.expiries import settlement_at
from daemon.core.calendar.sessions import add_sessions
from daemon.core.market.contracts import OptionContract, Right, TradingClass, Underlying
from daemon.core.market.vix_response import elasticity_of
from daemon.core.orders.broker_facts import AccountValues
from daemon.core.orders.intent import Strategy
from daemon.core.records import CondorBreakEvens, Level, LimitUse, RiskRecord
from daemon.core.risk.break_even import break_evens, hedged_break_evens
from daemon.core.risk.exposure import layer_exposures, max_loss_usd, measure_exposure
from daemon.core.risk.greeks import DAYS_PER_YEAR, YEAR, Levels, Position, Valuation, parity_forwards, value_positions
from daemon.core.risk.stress import stress
from daemon.engine.context import Desk
from daemon.engine.gather import Refusal, indexes
from daemon.errors import BrokerError

FORWARD_SESSIONS: Final = 6
"""How many sessions a forward is looked for: a call that nobody bids for stays when its layer has rolled."""


def marks_pts(desk: Desk, book: Book) -> dict[OptionContract, float]:
    """Return the portfolio's marks by contract, in points."""
    by_id = desk.broker.marks()
    return {contract: by_id[con_id].value_pts for contract, con_id in book.con_ids.items() if con_id in by_id}


class RiskMeter:
    """Measures the exposure of the book, at a beat in the session and once at its end."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._due: datetime | None = None

    async def look(self, session: date, account: AccountValues, uses: tuple[LimitUse, ...] = ()) -> None:
        """Measure when the last time is long enough ago; break-evens are left to the end of the day."""
        now, beat_min = self._desk.clock.now(), self._desk.policy.limits.measure_every_min
        if beat_min == 0 or (self._due is not None and now < self._due):
            return
        self._due = now + timedelta(minutes=beat_min)
        max_age_s = self._desk.policy.limits.index_max_age_s
        levels = await self._levels(session, max_age_s=max_age_s)
        valuation = self._value(levels)
        self._write(self._record(session, account, valuation, levels=levels, uses=uses), Level.DEBUG)

    async def close(self, session: date, account: AccountValues, uses: tuple[LimitUse, ...] = ()) -> None:
        """Measure at the end of the day, on the closing values of the indexes, with the break-evens."""
        levels = await self._levels(session, max_age_s=math.inf)
        valuation = self._value(levels)
        lines = self._break_evens(valuation, levels)
        record = self._record(session, account, valuation, levels=levels, uses=uses, break_evens=lines)
        self._write(record, Level.INFO)

    async def theta_with(self, session: date, added: Sequence[Position]) -> float | None:
        """Return the theta of the book with more positions, in dollars a calendar day; None when it is unknown."""
        levels = await self._levels(session, max_age_s=self._desk.policy.limits.index_max_age_s)
        return measure_exposure(self._value(levels, added), levels).theta_usd

    async def _levels(self, session: date, *, max_age_s: float) -> Levels:
        """Return indexes and forwards; values that are missing or too old are unknown."""
        desk, spx, vix = self._desk, None, None
        try:
            seen = await indexes(desk)
        except (Refusal, BrokerError):
            pass
        else:
            if seen.age_s <= max_age_s:
                spx, vix = seen.spx, seen.vix
        marks = marks_pts(desk, desk.view().book)
        forwards = _capped(self._forwards(session, vix), marks) | parity_forwards(marks)
        return Levels(desk.clock.now(), spx, vix, forwards)

    def _forwards(self, session: date, vix: float | None) -> dict[tuple[TradingClass, date], float]:
        """Return the forward of each series on VIX or a fund from its last hedge computation, moved as VIX has since."""
        if vix is None:
            return {}
        found: dict[tuple[TradingClass, date], float] = {}
        now, store = self._desk.clock.now(), self._desk.store
        positions = self._desk.view().book.positions()
        held = {(each.trading_class, each.expiry) for each in positions if each.underlying is not Underlying.SPX}
        for back in range(FORWARD_SESSIONS):
            for computed in reversed(store.hedge_computations(add_sessions(session, -back))):
                for layer in (*computed.layers, *computed.beside):
                    contract, forward_pts = layer.contract, layer.forward_pts
                    if contract is not None and forward_pts is not None and contract.underlying is not Underlying.SPX:
                        series = contract.trading_class, contract.expiry
                        days = (settlement_at(*series) - now) / YEAR * DAYS_PER_YEAR
                        moved = forward_pts * (vix / computed.vix) ** float(elasticity_of(contract.underlying, days))
                        found.setdefault(series, moved)
            if held <= found.keys():
                break
        return found

    def _value(self, levels: Levels, added: Sequence[Position] = ()) -> Valuation:
        desk, book = self._desk, self._desk.view().book
        marks = marks_pts(desk, book)
        held = [
            Position(holding.strategy, holding.subject, contract, quantity, marks.get(contract))
            for _, holding in sorted(book.holdings.items())
            for contract, quantity in sorted(holding.positions.items())
            if settlement_at(contract.trading_class, contract.expiry) > levels.at
        ]
        return value_positions([*held, *added], levels)

    def _record(
        self,
        session: date,
        account: AccountValues,
        valuation: Valuation,
        *,
        levels: Levels,
        uses: tuple[LimitUse, ...],
        break_evens: tuple[CondorBreakEvens, ...] = (),
    ) -> RiskRecord:
        exposure, stressed = measure_exposure(valuation, levels), stress(valuation, levels)
        losses = max_loss_usd(self._unsettled(levels.at))
        indexes_unknown = () if levels.spx_pts is not None else ("SPX or VIX is missing, not live, or too old",)
        return RiskRecord(
            session=session,
            at=levels.at,
            spx=levels.spx_pts,
            vix=levels.vix_pts,
            condors=exposure.condors,
            hedge=exposure.hedge,
            hedge_on_spx=exposure.hedge_on_spx,
            hedge_on_funds=exposure.hedge_on_funds,
            linked_delta_usd=exposure.linked_delta_usd,
            wing_notional_usd=self._desk.view().wing_notional_usd,
            maintenance_margin_usd_cents=account.maintenance_margin_usd_cents,
            max_loss_usd=tuple((expiry, None if math.isinf(loss) else loss) for expiry, loss in losses.items()),
            worst=None if stressed is None else stressed.worst,
            crash=() if stressed is None else stressed.crash,
            stress=() if stressed is None else stressed.tables,
            break_evens=break_evens,
            unknown=(*indexes_unknown, *(reason.text for reason in exposure.unknown)),
            estimated=len(exposure.estimated),
            limits=uses,
            layers=layer_exposures(valuation, levels.vix_pts),
        )

    def _break_evens(self, valuation: Valuation, levels: Levels) -> tuple[CondorBreakEvens, ...]:
        """Return the break-evens of each whole condor; with the hedge they are unknown where the hedge is."""
        hedge = tuple(row for row in valuation.known if row[0].strategy is Strategy.HEDGE)
        hedge_known = not any(position.strategy is Strategy.HEDGE for position, _ in valuation.unknown)
        wings_usd, lines = self._desk.view().wing_notional_usd, []
        for condor in self._desk.view().condors:
            if condor.whole is None or levels.years(condor.whole.contracts[0]) <= 0:
                continue
            alone = break_evens(condor)
            hedged = hedged_break_evens(condor, hedge, levels, wing_notional_usd=wings_usd) if hedge_known else None
            lines.append(
                CondorBreakEvens(
                    condor_id=condor.record.condor_id,
                    low_pts=alone.low_pts,
                    high_pts=alone.high_pts,
                    hedged_low_pts=None if hedged is None else hedged.low_pts,
                    hedged_high_pts=None if hedged is None else hedged.high_pts,
                )
            )
        return tuple(lines)

    def _unsettled(self, at: datetime) -> tuple[Holding, ...]:
        """Return the open condors whose value is not fixed yet."""
        held = self._desk.view().book.open_subjects(Strategy.CONDOR)
        return tuple(
            holding
            for holding in held
            if all(settlement_at(contract.trading_class, contract.expiry) > at for contract in holding.positions)
        )

    def _write(self, record: RiskRecord, level: Level) -> None:
        """Keep the record and tell it, in whole dollars; what is unknown is left out and counted."""
        self._desk.store.record_risk(record)
        worst, crash = record.worst, record.crash[0] if record.crash else None
        figures = {
            "theta_usd": record.theta_usd,
            "delta_usd": record.linked_delta_usd,
            "worst_usd": None if worst is None else worst.pnl_usd,
            "crash_usd": None if crash is None else crash.pnl_usd,
        }
        fields: dict[str, object] = {name: round(usd) for name, usd in figures.items() if usd is not None}
        if worst is not None:
            fields["scenario"] = f"SPX {worst.spx_pct:+.0f} %, VIX {worst.vix_pct:+.0f} %, {worst.days:.0f} days"
        if record.unknown:
            fields["unknown"] = len(record.unknown)
        self._desk.journal.emit("exposure_measured", fields, level=level)


def _capped(
    forwards_pts: Mapping[tuple[TradingClass, date], float], marks: Mapping[OptionContract, float]
) -> dict[tuple[TradingClass, date], float]:
    """Lower estimated forwards to what the marks of calls allow: no call is worth less than forward less strike."""
    capped = dict(forwards_pts)
    for contract, mark_pts in marks.items():
        series = contract.trading_class, contract.expiry
        if series in capped and contract.right is Right.CALL:
            capped[series] = min(capped[series], contract.strike + mark_pts)
    return capped
