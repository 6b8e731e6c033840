"""Reads the rows that the analyses work on: closing figures, book, risks and signals of each session joined."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from math import log, sqrt
from typing import Final

from daemon.core.analysis.attribution import YEAR_SESSIONS
from daemon.core.analysis.rows import CONDORS, UNKNOWN, Gain, SessionRow
from daemon.core.book.book import BookEntry, entry_cash_usd_cents
from daemon.core.book.pnl import value_usd_e4
from daemon.core.calendar.sessions import previous_session
from daemon.core.market.contracts import OptionContract, SignalIndex
from daemon.core.orders.intent import Strategy
from daemon.core.records import DayRecord, RiskRecord, Signal, Standing
from daemon.ports import Store
from daemon.report.pnl import start_equity_usd_cents

REALISED_SESSIONS: Final = 21
CLOSES_BEFORE: Final = 260
"""Closes of indexes that are looked for before the first session."""
_E4_PER_CENT: Final = 100


def session_rows(store: Store, first: date, last: date) -> tuple[SessionRow, ...]:
    """Return a row for each closed session from ``first`` to ``last``, oldest first."""
    days = store.days()
    flows = _flows(days, store.entries())
    risks = {risk.session: risk for risk in store.risks()}
    states = _states(store.signals())
    spx, vix = _closes(store, SignalIndex.SPX, days), _closes(store, SignalIndex.VIX, days)
    spx |= {day.session: day.spx for day in days}
    vix |= {day.session: day.vix for day in days}
    vols = _realised_vols(spx)
    rows: list[SessionRow] = []
    values: Mapping[str, int | None] = {}
    for before, day in pairwise((None, *days)):
        assert day is not None, "only the first session has none before it"
        held = _values(day)
        if first <= day.session <= last:
            gains = _gains(flows[day.session], before=values, after=held)
            rows.append(
                _row(day, before, gains, risks=risks, states=states, closes=(spx, vix), vol=vols.get(day.session))
            )
        values = held
    return _with_all_sources(rows)


def _row(
    day: DayRecord,
    before: DayRecord | None,
    gains: Mapping[str, Gain],
    *,
    risks: Mapping[date, RiskRecord],
    states: Mapping[date, Mapping[str, str]],
    closes: tuple[Mapping[date, float], Mapping[date, float]],
    vol: float | None,
) -> SessionRow:
    since = previous_session(day.session) if before is None else before.session
    risk, risk_before = risks.get(day.session), risks.get(since)
    spx, vix = closes
    return SessionRow(
        session=day.session,
        before=since,
        consecutive=since == previous_session(day.session),
        spx_pts=day.spx,
        spx_before_pts=spx.get(since),
        vix_pts=day.vix,
        vix_before_pts=vix.get(since),
        realised_vol=vol,
        net_liquidation_usd_cents=day.net_liquidation_usd_cents,
        net_liquidation_before_usd_cents=start_equity_usd_cents((day,), before),
        condor_usd_cents=day.condor_pnl_usd_cents - (0 if before is None else before.condor_pnl_usd_cents),
        hedge_usd_cents=day.hedge_pnl_usd_cents - (0 if before is None else before.hedge_pnl_usd_cents),
        gains=gains,
        wings_usd=day.wing_notional_usd,
        wings_before_usd=0 if before is None else before.wing_notional_usd,
        regime=day.regime,
        states=states.get(day.session),
        margin_usd_cents=None if risk is None else risk.maintenance_margin_usd_cents,
        margin_before_usd_cents=_margin_before(before, risk_before),
        condor_gamma_before_usd=_condor_gamma(before, risk_before),
        hedge_theta_usd=_hedge_theta(risk),
        layers=None if risk is None else risk.layers,
    )


def _margin_before(before: DayRecord | None, risk: RiskRecord | None) -> int | None:
    if before is None:
        return 0
    return None if risk is None else risk.maintenance_margin_usd_cents


def _condor_gamma(before: DayRecord | None, risk: RiskRecord | None) -> float | None:
    if before is None:
        return 0.0
    return None if risk is None or risk.condors is None else risk.condors.gamma_usd


def _hedge_theta(risk: RiskRecord | None) -> float | None:
    if risk is None or risk.hedge is None:
        return None
    return sum(part.theta_usd for part in risk.hedge_parts)


def source_of(strategy: str, subject: str) -> str:
    """Return the source of profit that a position or a trade belongs to."""
    return CONDORS if strategy == Strategy.CONDOR else subject


def _flows(days: Sequence[DayRecord], entries: Iterable[BookEntry]) -> dict[date, dict[str, tuple[int, int]]]:
    """Return cash and fees by session and source, in 1/10,000 dollar.

    What was booked in a session without closing figures belongs to the next one that has some.
    """
    closed = [day.session for day in days]
    flows: dict[date, dict[str, tuple[int, int]]] = {session: {} for session in closed}
    place = 0
    for entry in sorted(entries, key=lambda entry: entry.session):
        while place < len(closed) and closed[place] < entry.session:
            place += 1
        if place == len(closed):
            break
        source = source_of(entry.strategy, entry.subject)
        cash, fees = flows[closed[place]].get(source, (0, 0))
        flows[closed[place]][source] = (
            cash + entry_cash_usd_cents(entry) * _E4_PER_CENT,
            fees + (entry.fee_usd_e4 or 0),
        )
    return flows


def _values(day: DayRecord) -> dict[str, int | None]:
    """Return what each source holds at a close, in 1/10,000 dollar; contracts that cancel out within one need no mark."""
    net: dict[str, dict[OptionContract, int]] = defaultdict(lambda: defaultdict(int))
    marks: dict[OptionContract, float] = {}
    for line in day.positions:
        net[source_of(line.strategy, line.subject)][line.contract] += line.quantity
        if line.mark_pts is not None:
            marks[line.contract] = line.mark_pts
    return {
        source: value_usd_e4({contract: quantity for contract, quantity in held.items() if quantity}, marks)
        for source, held in net.items()
    }


def _gains(
    flows: Mapping[str, tuple[int, int]], *, before: Mapping[str, int | None], after: Mapping[str, int | None]
) -> dict[str, Gain]:
    found: dict[str, Gain] = {}
    for source in sorted({*flows, *before, *after}):
        cash, fees = flows.get(source, (0, 0))
        found[source] = Gain(
            cash_usd_e4=cash,
            fees_usd_e4=fees,
            value_before_usd_e4=before.get(source, 0),
            value_usd_e4=after.get(source, 0),
        )
    return found


def _with_all_sources(rows: Sequence[SessionRow]) -> tuple[SessionRow, ...]:
    """Give every row every source of the period: one that held and traded nothing gained nothing."""
    names = sorted({CONDORS, *(source for row in rows for source in row.gains)})
    nothing = Gain(cash_usd_e4=0, fees_usd_e4=0, value_before_usd_e4=0, value_usd_e4=0)
    return tuple(replace(row, gains={name: row.gains.get(name, nothing) for name in names}) for row in rows)


def _states(signals: Iterable[Signal]) -> dict[date, dict[str, str]]:
    """Return what each signal said by session; one that is stale or missing is unknown, never neutral."""
    states: dict[date, dict[str, str]] = {}
    for signal in signals:
        said = signal.state if signal.standing is Standing.FRESH else UNKNOWN
        states.setdefault(signal.session, {})[signal.name] = said
    return states


def _closes(store: Store, index: SignalIndex, days: Sequence[DayRecord]) -> dict[date, float]:
    """Return the closes that signals were made of; they begin before the first session."""
    reach = len(days) + CLOSES_BEFORE
    return {row.session: row.value for row in store.daily_values(index.value, last=reach)}


def _realised_vols(closes: Mapping[date, float]) -> dict[date, float]:
    """Return by session the volatility of the 21 sessions before it, a fraction per year, its mean taken as zero."""
    days = sorted(closes)
    moves = [log(closes[later] / closes[earlier]) for earlier, later in pairwise(days)]
    vols: dict[date, float] = {}
    for place, session in enumerate(days):
        known = moves[max(0, place - 1 - REALISED_SESSIONS) : max(0, place - 1)]
        whole = len(known) == REALISED_SESSIONS
        if whole:
            vols[session] = sqrt(YEAR_SESSIONS * sum(move**2 for move in known) / REALISED_SESSIONS)
    return vols
