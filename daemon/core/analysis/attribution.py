"""Profit and loss by source, and what each source gained in which kind of session (000-01, 001-09, 002-03, 002-10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Final

from daemon.core.analysis.rows import NEUTRAL, UNKNOWN, SessionRow, sources
from daemon.core.book.pnl import whole_cents

CALM_SPX_PCT: Final = 1.0
"""A session is calm while SPX closes less than this away from the close before ..."""
CALM_VIX_PTS: Final = 25.0
"""... and VIX was at most this before it: above it the budget of the hedge rests."""
FALLS_PCT: Final = (-1.0, -2.0, -3.0)
MONTH_SESSIONS: Final = 21
YEAR_SESSIONS: Final = 252
REGIMES: Final = ("low", "moderate", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTotal:
    """What one source gained over a period, in cents. None where a mark is missing at either end."""

    name: str
    cash_usd_cents: int
    """Trades and settlements, fees left out."""
    fees_usd_cents: int
    value_usd_cents: int | None
    """Change in the value of what is held."""
    usd_cents: int | None
    """All of it together, rounded once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The sources and what the book does not explain; together exactly the change of net liquidation."""

    totals: tuple[SourceTotal, ...]
    change_usd_cents: int
    """Of net liquidation."""

    @property
    def fees_usd_cents(self) -> int:
        """Return the fees of all sources, which their gains have taken off."""
        return sum(total.fees_usd_cents for total in self.totals)

    @property
    def other_usd_cents(self) -> int | None:
        """Return interest, rounding and whatever else changed the account beside the book; None when a mark is missing."""
        known = [total.usd_cents for total in self.totals]
        return None if None in known else self.change_usd_cents - sum(cents or 0 for cents in known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The sessions of one kind: how many, and what each source gained in them after fees, in dollars."""

    name: str
    sessions: int
    gains_usd: Mapping[str, float | None]
    """By source; None when a mark is missing in any of the sessions."""
    condor_usd: float
    hedge_usd: float
    wings_usd: float
    """Mean open wing notional before these sessions; 0 where nothing was open."""

    @property
    def hedge_pct(self) -> float | None:
        """Return what the hedge gained, in percent of W and 21 such sessions; None without sessions or W."""
        return self.month_pct(self.hedge_usd)

    def month_pct(self, usd: float | None) -> float | None:
        """Return an amount of these sessions in percent of W and 21 such sessions."""
        if usd is None or not self.sessions or not self.wings_usd:
            return None
        return 100 * usd / self.wings_usd * MONTH_SESSIONS / self.sessions


def attribute(rows: Sequence[SessionRow]) -> Attribution:
    """Split the change of net liquidation over a period into its sources, to the cent."""
    change = rows[-1].net_liquidation_usd_cents - rows[0].net_liquidation_before_usd_cents
    return Attribution(totals=tuple(_total(name, rows) for name in sources(rows)), change_usd_cents=change)


def _total(name: str, rows: Sequence[SessionRow]) -> SourceTotal:
    gains = [row.gains[name] for row in rows]
    cash_usd_e4, fees_usd_e4 = sum(gain.cash_usd_e4 for gain in gains), sum(gain.fees_usd_e4 for gain in gains)
    before, after = gains[0].value_before_usd_e4, gains[-1].value_usd_e4
    change = None if before is None or after is None else after - before
    return SourceTotal(
        name=name,
        cash_usd_cents=whole_cents(cash_usd_e4),
        fees_usd_cents=whole_cents(fees_usd_e4),
        value_usd_cents=None if change is None else whole_cents(change),
        usd_cents=None if change is None else whole_cents(cash_usd_e4 - fees_usd_e4 + change),
    )


def slice_of(name: str, rows: Iterable[SessionRow], names: Sequence[str]) -> Slice:
    """Sum what each of the named sources gained over some sessions."""
    held = tuple(rows)
    gains: dict[str, float | None] = {}
    for source in names:
        known = [row.gains[source].usd for row in held]
        gains[source] = None if None in known else fsum(usd or 0.0 for usd in known)
    return Slice(
        name=name,
        sessions=len(held),
        gains_usd=gains,
        condor_usd=sum(row.condor_usd_cents for row in held) / 100,
        hedge_usd=sum(row.hedge_usd_cents for row in held) / 100,
        wings_usd=fsum(row.wings_before_usd for row in held) / len(held) if held else 0.0,
    )


def is_calm(row: SessionRow) -> bool:
    """Whether SPX closed less than 1 % away and VIX was at most 25 before; a session with an unknown change is not calm."""
    if row.spx_pct is None or row.vix_before_pts is None:
        return False
    return abs(row.spx_pct) < CALM_SPX_PCT and row.vix_before_pts <= CALM_VIX_PTS


def by_move(rows: Sequence[SessionRow]) -> tuple[Slice, ...]:
    """Slice by the change of SPX: all, calm sessions (carry), and those of 1, 2 and 3 % down (convexity) and 1 % up."""
    names = sources(rows)
    kinds: list[tuple[str, Callable[[SessionRow], bool]]] = [("all", lambda _: True), ("calm", is_calm)]
    kinds += [(f"SPX {fall:+.0f} % or less", _at_most(fall)) for fall in FALLS_PCT]
    kinds.append(("SPX +1 % or more", lambda row: row.spx_pct is not None and row.spx_pct >= CALM_SPX_PCT))
    return tuple(slice_of(name, filter(holds, rows), names) for name, holds in kinds)


def by_regime(rows: Sequence[SessionRow]) -> tuple[Slice, ...]:
    """Slice by the VIX regime of the session's last hedge computation; sessions without one are ``unknown``."""
    names = sources(rows)
    found = [slice_of(regime, (row for row in rows if row.regime == regime), names) for regime in REGIMES]
    unknown = slice_of("unknown", (row for row in rows if row.regime not in REGIMES), names)
    return (*found, *([unknown] if unknown.sessions else []))


def by_state(rows: Sequence[SessionRow]) -> tuple[Slice, ...]:
    """Slice by what each signal said before the session, quiet and unknown ones left out; a session may be in several.

    Last those before which no signal spoke, and those before which none is recorded; none at all where none ever was.
    """
    names = sources(rows)
    said = sorted({(name, state) for row in rows for name, state in _spoken(row)})
    found = [
        slice_of(f"{name} {state}", (row for row in rows if (name, state) in _spoken(row)), names)
        for name, state in said
    ]
    known = [row for row in rows if row.states is not None]
    if not known:
        return ()
    quiet = slice_of("none spoke", (row for row in known if not _spoken(row)), names)
    unknown = slice_of("unknown", (row for row in rows if row.states is None), names)
    return (*found, *(one for one in (quiet, unknown) if one.sessions))


def unknown_signals(rows: Sequence[SessionRow]) -> dict[str, int]:
    """Return the signals that were stale or missing, and before how many sessions."""
    lacking = [name for row in rows for name, state in (row.states or {}).items() if state == UNKNOWN]
    return dict(sorted(Counter(lacking).items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceIncome:
    """What condors are expected to earn from implied over realised variance, against what the hedge cost (002-10)."""

    sessions: int
    """Sessions of which the condors' gamma and the realised volatility before are known."""
    unknown: int
    income_usd: float
    hedge_cost_usd: float
    """Of the same sessions; negative where the hedge gained."""

    @property
    def covered(self) -> bool:
        """Whether the hedge cost no more than the income."""
        return self.hedge_cost_usd <= self.income_usd


def variance_income(rows: Iterable[SessionRow]) -> VarianceIncome:
    """Sum 0.5 x (implied^2 - realised^2) x gamma dollars over the sessions of a period, a 252nd of a year each.

    Implied is VIX at the close before, realised that of the 21 sessions before; the condors are short gamma, so that
    a volatility implied above the realised one is an income.
    """
    incomes: list[float] = []
    cost_usd, unknown = 0.0, 0
    for row in rows:
        income = _variance_income_usd(row)
        if income is None:
            unknown += 1
            continue
        incomes.append(income)
        cost_usd -= row.hedge_usd
    return VarianceIncome(sessions=len(incomes), unknown=unknown, income_usd=fsum(incomes), hedge_cost_usd=cost_usd)


def _variance_income_usd(row: SessionRow) -> float | None:
    if row.condor_gamma_before_usd is None or row.realised_vol is None:
        return None
    if row.spx_before_pts is None or row.vix_before_pts is None:
        return None
    premium = (row.vix_before_pts / 100) ** 2 - row.realised_vol**2
    return -0.5 * row.condor_gamma_before_usd * row.spx_before_pts**2 * premium / YEAR_SESSIONS


def _at_most(fall_pct: float) -> Callable[[SessionRow], bool]:
    return lambda row: row.spx_pct is not None and row.spx_pct <= fall_pct


def _spoken(row: SessionRow) -> frozenset[tuple[str, str]]:
    return frozenset((name, state) for name, state in (row.states or {}).items() if state not in (NEUTRAL, UNKNOWN))
