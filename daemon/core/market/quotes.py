"""Quotes as values. A missing number is None: -1, NaN and unset end at the adapter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DataKind(StrEnum):
    """How fresh the broker says its data are; we trade on live data only."""

    LIVE = "live"
    FROZEN = "frozen"
    DELAYED = "delayed"
    DELAYED_FROZEN = "delayed-frozen"


@dataclass(frozen=True, slots=True)
class Greeks:
    """Model greeks of one option: iv as a fraction per year, delta per point, vega per vol point, theta per day."""

    iv: float
    delta: float
    gamma: float | None
    vega: float | None
    theta: float | None
    underlying_pts: float | None


@dataclass(frozen=True, slots=True)
class Quote:
    """Bid and ask of one contract in points x 100, with sizes in contracts and the time of the last change."""

    at: datetime
    bid_pts100: int | None
    ask_pts100: int | None
    bid_size: int
    ask_size: int
    kind: DataKind = DataKind.LIVE
    greeks: Greeks | None = None

    @property
    def two_sided(self) -> bool:
        """Whether both a bid and an ask exist and are not crossed."""
        return self.bid_pts100 is not None and self.ask_pts100 is not None and self.bid_pts100 <= self.ask_pts100

    @property
    def mid_pts(self) -> float | None:
        """Return the mean of bid and ask in points, or None without both."""
        if self.bid_pts100 is None or self.ask_pts100 is None:
            return None
        return (self.bid_pts100 + self.ask_pts100) / 200


@dataclass(frozen=True, slots=True)
class IndexQuote:
    """The last value of an index in points."""

    at: datetime
    value_pts: float
    kind: DataKind = DataKind.LIVE


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of an index in points; ``at`` is its start."""

    at: datetime
    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True, slots=True)
class Mark:
    """The value the broker's portfolio gives one contract, in points."""

    value_pts: float
    at: datetime
