"""One session as the analyses see it: what each source of profit gained, and what the market and the signals were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from daemon.core.records import LayerExposure

CONDORS: Final = "condors"
"""The source of profit that is no layer of the hedge."""
E4_PER_USD: Final = 10_000
NEUTRAL: Final = "neutral"
UNKNOWN: Final = "unknown"
"""States of a signal that say nothing: it is fresh and quiet, or it is stale or missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What one source paid, received and is worth, in 1/10,000 dollar, since the close before."""

    cash_usd_e4: int
    """Trades and settlements, fees left out."""
    fees_usd_e4: int
    value_before_usd_e4: int | None
    """None when a mark was missing at the close before."""
    value_usd_e4: int | None

    @property
    def gross_usd_e4(self) -> int | None:
        """Return the profit before fees; None when a mark is missing."""
        if self.value_before_usd_e4 is None or self.value_usd_e4 is None:
            return None
        return self.cash_usd_e4 + self.value_usd_e4 - self.value_before_usd_e4

    @property
    def usd(self) -> float | None:
        """Return the profit after fees in dollars; None when a mark is missing."""
        gross_usd_e4 = self.gross_usd_e4
        return None if gross_usd_e4 is None else (gross_usd_e4 - self.fees_usd_e4) / E4_PER_USD


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One closed session, measured from the close before it. None means unknown."""

    session: date
    before: date
    """The close that it is measured from; before the first of all, the session before it."""
    consecutive: bool
    """Whether no session without closing figures lies between."""
    spx_pts: float
    spx_before_pts: float | None
    vix_pts: float
    vix_before_pts: float | None
    realised_vol: float | None
    """Of SPX over the 21 sessions before, a fraction per year."""
    net_liquidation_usd_cents: int
    net_liquidation_before_usd_cents: int
    condor_usd_cents: int
    """Profit of all condors as the close recorded it."""
    hedge_usd_cents: int
    """The same of the hedge."""
    gains: Mapping[str, Gain]
    """By source: ``CONDORS`` and the subjects of the hedge."""
    wings_usd: int
    """Open wing notional at the close."""
    wings_before_usd: int
    regime: str | None
    """None where no hedge was computed."""
    states: Mapping[str, str] | None
    """What each signal said before the session; None where none was recorded."""
    margin_usd_cents: int | None
    """Maintenance margin of the account at the close."""
    margin_before_usd_cents: int | None
    condor_gamma_before_usd: float | None
    """By how many dollars a point their delta changed for a point of SPX, at the close before."""
    hedge_theta_usd: float | None
    """What the hedge gained by a calendar day, at the close."""
    layers: tuple[LayerExposure, ...] | None
    """Greeks of each layer at the close; None where they were not recorded."""

    @property
    def spx_pct(self) -> float | None:
        """Return the change of SPX in percent."""
        return None if self.spx_before_pts is None else 100 * (self.spx_pts / self.spx_before_pts - 1)

    @property
    def vix_change_pts(self) -> float | None:
        """Return the change of VIX in points."""
        return None if self.vix_before_pts is None else self.vix_pts - self.vix_before_pts

    @property
    def condor_usd(self) -> float:
        """Return the recorded profit of the condors in dollars."""
        return self.condor_usd_cents / 100

    @property
    def hedge_usd(self) -> float:
        """Return the recorded profit of the hedge in dollars."""
        return self.hedge_usd_cents / 100


def sources(rows: Iterable[SessionRow]) -> tuple[str, ...]:
    """Return every source of profit that appears, the condors first."""
    found = {name for row in rows for name in row.gains} - {CONDORS}
    return (CONDORS, *sorted(found))


def layers_of(rows: Iterable[SessionRow]) -> tuple[str, ...]:
    """Return the sources that are the hedge's."""
    return sources(rows)[1:]
