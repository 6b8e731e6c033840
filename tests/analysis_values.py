"""Rows of sessions for the tests of the analyses, with only what a test cares about spelled out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from daemon.core.analysis.rows import CONDORS, Gain, SessionRow
from daemon.core.calendar.sessions import add_sessions, previous_session

START = date(2020, 3, 2)
START_USD_CENTS = 100_000_000


def gain(
    usd: float = 0.0, *, fees_usd: float = 0.0, before_usd: float | None = 0.0, value_usd: float | None = 0.0
) -> Gain:
    """Return a gain of cash, with what was held before and after."""
    return Gain(
        cash_usd_e4=round(usd * 10_000),
        fees_usd_e4=round(fees_usd * 10_000),
        value_before_usd_e4=None if before_usd is None else round(before_usd * 10_000),
        value_usd_e4=None if value_usd is None else round(value_usd * 10_000),
    )


def row(
    session: date = START,
    *,
    condor_usd: float = 0.0,
    hedge_usd: float = 0.0,
    gains: Mapping[str, Gain] | None = None,
    nlv_usd_cents: int = START_USD_CENTS,
    spx: tuple[float | None, float] = (3000.0, 3000.0),
    vix: tuple[float | None, float] = (15.0, 15.0),
    wings_usd: int = 100_000,
    regime: str | None = "low",
    states: Mapping[str, str] | None = None,
    margin_usd: tuple[float | None, float | None] = (0.0, 0.0),
    theta_usd: float | None = None,
    gamma_usd: float | None = None,
    realised_vol: float | None = None,
    consecutive: bool = True,
) -> SessionRow:
    """Return one session; prices are (close before, close), gains come as cash unless they are given."""
    change = round(100 * (condor_usd + hedge_usd))
    margins = [None if usd is None else round(100 * usd) for usd in margin_usd]
    return SessionRow(
        session=session,
        before=previous_session(session),
        consecutive=consecutive,
        spx_pts=spx[1],
        spx_before_pts=spx[0],
        vix_pts=vix[1],
        vix_before_pts=vix[0],
        realised_vol=realised_vol,
        net_liquidation_usd_cents=nlv_usd_cents + change,
        net_liquidation_before_usd_cents=nlv_usd_cents,
        condor_usd_cents=round(100 * condor_usd),
        hedge_usd_cents=round(100 * hedge_usd),
        gains=gains if gains is not None else {CONDORS: gain(condor_usd), "L1": gain(hedge_usd)},
        wings_usd=wings_usd,
        wings_before_usd=wings_usd,
        regime=regime,
        states=states,
        margin_usd_cents=margins[1],
        margin_before_usd_cents=margins[0],
        condor_gamma_before_usd=gamma_usd,
        hedge_theta_usd=theta_usd,
        layers=None,
    )


def rows(
    condor_usd: Sequence[float],
    hedge_usd: Sequence[float],
    *,
    spx_pts: Sequence[float] | None = None,
    vix_pts: Sequence[float] | None = None,
    theta_usd: float | None = None,
    start: date = START,
) -> list[SessionRow]:
    """Return sessions in a row; of ``spx_pts`` and ``vix_pts`` the first is the close before all of them."""
    count = len(condor_usd)
    spx, vix = spx_pts or [3000.0] * (count + 1), vix_pts or [15.0] * (count + 1)
    found, nlv = [], START_USD_CENTS
    for n in range(count):
        one = row(
            add_sessions(start, n),
            condor_usd=condor_usd[n],
            hedge_usd=hedge_usd[n],
            nlv_usd_cents=nlv,
            spx=(spx[n], spx[n + 1]),
            vix=(vix[n], vix[n + 1]),
            theta_usd=theta_usd,
        )
        nlv = one.net_liquidation_usd_cents
        found.append(one)
    return found
