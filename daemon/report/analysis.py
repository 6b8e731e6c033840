"""Everything the analyses found of a period, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from daemon.core.analysis.attribution import (
    CALM_VIX_PTS,
    Attribution,
    Slice,
    VarianceIncome,
    attribute,
    by_move,
    by_regime,
    by_state,
    unknown_signals,
    variance_income,
)
from daemon.core.analysis.betas import Beta, rolling_betas
from daemon.core.analysis.curves import CRASH_WINDOWS, SLOW_WINDOWS, Reduction, reductions, window_reductions
from daemon.core.analysis.event_study import Bucket, FallStudy, fall_studies, five_session_buckets
from daemon.core.analysis.irr import Returns, returns, runs_of
from daemon.core.analysis.rows import SessionRow, sources
from daemon.core.analysis.taxes import YearGains, gains_by_year
from daemon.core.book.book import BookEntry, entry_cash_usd_cents
from daemon.core.orders.intent import Purpose, Strategy
from daemon.core.records import LayerExposure
from daemon.ports import Store
from daemon.report.analysis_rows import session_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """The figures of a period; ``rows`` are the sessions they are made of."""

    rows: tuple[SessionRow, ...]
    sources: tuple[str, ...]
    attribution: Attribution
    moves: tuple[Slice, ...]
    regimes: tuple[Slice, ...]
    states: tuple[Slice, ...]
    unknown_signals: Mapping[str, int]
    """Signals that were stale or missing, and before how many sessions."""
    losses: tuple[Reduction, ...]
    crashes: tuple[Reduction, ...]
    slow: tuple[Reduction, ...]
    falls: tuple[FallStudy, ...]
    buckets: tuple[Bucket, ...]
    condor_betas: tuple[Beta, ...]
    hedge_betas: tuple[Beta, ...]
    returns: tuple[Returns, ...]
    """Of the whole period, and of its stressed and its other sessions."""
    variance: VarianceIncome
    credits_usd: float
    """What entries of condors received, fees left out."""
    greeks: tuple[LayerExposure, ...] | None
    """Of each layer at the last close at which any was held; None where they are not recorded."""
    greeks_of: date | None
    years: tuple[YearGains, ...]

    @property
    def hedge_usd(self) -> float:
        """Return what the hedge gained."""
        return sum(row.hedge_usd_cents for row in self.rows) / 100

    @property
    def condor_usd(self) -> float:
        """Return what the condors gained."""
        return sum(row.condor_usd_cents for row in self.rows) / 100

    @property
    def cost_to_credits_pct(self) -> float | None:
        """Return what the hedge cost in percent of the credits (001-09, 003-08); None without credits."""
        return -100 * self.hedge_usd / self.credits_usd if self.credits_usd > 0 else None


def analyse(store: Store, first: date, last: date) -> Analysis | None:
    """Analyse the closed sessions from ``first`` to ``last``; None when there is none."""
    rows = session_rows(store, first, last)
    if not rows:
        return None
    entries = store.entries()
    greeks = [row for row in rows if row.layers]
    known = any(row.layers is not None for row in rows)
    return Analysis(
        rows=rows,
        sources=sources(rows),
        attribution=attribute(rows),
        moves=by_move(rows),
        regimes=by_regime(rows),
        states=by_state(rows),
        unknown_signals=unknown_signals(rows),
        losses=reductions(rows),
        crashes=window_reductions(rows, CRASH_WINDOWS),
        slow=window_reductions(rows, SLOW_WINDOWS),
        falls=fall_studies(rows),
        buckets=five_session_buckets(rows),
        condor_betas=rolling_betas(rows, lambda row: row.condor_usd),
        hedge_betas=rolling_betas(rows, lambda row: row.hedge_usd),
        returns=_returns(rows),
        variance=variance_income(rows),
        credits_usd=_credits_usd(store, rows, entries),
        greeks=greeks[-1].layers if greeks else () if known else None,
        greeks_of=greeks[-1].session if greeks else None,
        years=gains_by_year(rows, entries),
    )


def is_stressed(row: SessionRow) -> bool:
    """Whether VIX was above 25 at the close before; what is unknown is not stressed."""
    return row.vix_before_pts is not None and row.vix_before_pts > CALM_VIX_PTS


def _returns(rows: tuple[SessionRow, ...]) -> tuple[Returns, ...]:
    return (
        returns("the period", [rows]),
        returns(f"VIX above {CALM_VIX_PTS:g}", runs_of(rows, is_stressed)),
        returns(f"VIX at most {CALM_VIX_PTS:g}", runs_of(rows, lambda row: not is_stressed(row))),
    )


def _credits_usd(store: Store, rows: tuple[SessionRow, ...], entries: tuple[BookEntry, ...]) -> float:
    """Return the net credits of the condors entered in the period."""
    refs = {
        intent.ref
        for intent in store.intents()
        if intent.key.strategy is Strategy.CONDOR and intent.key.purpose is Purpose.ENTRY
    }
    inside = [e for e in entries if e.order_ref in refs and rows[0].session <= e.session <= rows[-1].session]
    return sum(entry_cash_usd_cents(entry) for entry in inside) / 100
