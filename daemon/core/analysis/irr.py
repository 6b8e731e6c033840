"""Money-weighted returns on margin, with the hedge and without, and what the hedge takes off a month (000-17, 004-10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from math import exp, expm1, log, log1p
from typing import Final

import numpy as np

from daemon.core.analysis.rows import CONDORS, E4_PER_USD, SessionRow

YEAR_DAYS: Final = 365.0
MONTHS: Final = 12
RATE_SESSIONS_MIN: Final = 63
"""Fewest sessions, a quarter, whose return is told as a yearly rate: of fewer it is a large number that says nothing."""
_LOG_RATES: Final = (log(1e-6), log(1e6))
"""Yearly growth between which a rate is looked for: a loss of all but a millionth, and a million times."""
_STEPS: Final = 400
_HALVINGS: Final = 60


class NoRate(StrEnum):
    """Why there is no rate of return; each is a state of its own."""

    UNKNOWN = "unknown"
    """A margin or a mark is not known."""
    NOTHING_INVESTED = "nothing invested"
    TOO_SHORT = "too short"
    """There are too few sessions for a yearly rate."""
    ALL_LOST = "all lost"
    """More was lost than was invested."""
    ALL_WON = "beyond any rate"
    NOT_UNIQUE = "not unique"
    """More than one rate fits the flows."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Money given (negative) or taken back on one day, in dollars."""

    day: date
    usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """The yearly rate, a fraction, of the condors alone and with the hedge on the same margin, or why there is none."""

    name: str
    sessions: int
    unhedged: float | NoRate
    hedged: float | NoRate

    @property
    def drag_bp(self) -> float | None:
        """Return what the hedge takes off the monthly rate, in basis points; negative where it adds."""
        if isinstance(self.unhedged, NoRate) or isinstance(self.hedged, NoRate):
            return None
        return 1e4 * (_monthly(self.unhedged) - _monthly(self.hedged))


def _monthly(rate: float) -> float:
    return expm1(log1p(rate) / MONTHS)


def returns(name: str, runs: Iterable[Sequence[SessionRow]], *, least: int = RATE_SESSIONS_MIN) -> Returns:
    """Return the rates over runs of consecutive sessions; the days between two runs are left out.

    Of fewer than ``least`` sessions there is none.
    """
    held = [run for run in runs if run]
    sessions = sum(map(len, held))
    if 0 < sessions < least:
        return Returns(name=name, sessions=sessions, unhedged=NoRate.TOO_SHORT, hedged=NoRate.TOO_SHORT)
    return Returns(
        name=name,
        sessions=sessions,
        unhedged=_rate(held, lambda source: source == CONDORS),
        hedged=_rate(held, lambda _: True),
    )


def runs_of(rows: Sequence[SessionRow], holds: Callable[[SessionRow], bool]) -> list[list[SessionRow]]:
    """Return the longest runs of neighbouring sessions of one kind."""
    runs: list[list[SessionRow]] = []
    for place, row in enumerate(rows):
        if holds(row):
            if place and runs and runs[-1][-1] is rows[place - 1]:
                runs[-1].append(row)
            else:
                runs.append([row])
    return runs


def _rate(runs: Sequence[Sequence[SessionRow]], counted: Callable[[str], bool]) -> float | NoRate:
    flows: list[Flow] = []
    skipped, ended = timedelta(0), runs[0][0].before if runs else None
    for run in runs:
        assert ended is not None, "a run was found"
        skipped += run[0].before - ended
        found = _flows(run, counted)
        if found is None:
            return NoRate.UNKNOWN
        flows += [Flow(flow.day - skipped, flow.usd) for flow in found]
        ended = run[-1].session
    return internal_rate(flows)


def _flows(run: Sequence[SessionRow], counted: Callable[[str], bool]) -> list[Flow] | None:
    """Return the flows of one run: margin given and taken back, cash of trades, and what is held at both ends.

    What is held at the start is bought at its marks and what is held at the end is sold at them. None where one of
    them, or a margin, is unknown.
    """
    first, last = run[0], run[-1]
    before = [gain.value_before_usd_e4 for source, gain in first.gains.items() if counted(source)]
    after = [gain.value_usd_e4 for source, gain in last.gains.items() if counted(source)]
    margins = [first.margin_before_usd_cents, *(row.margin_usd_cents for row in run)]
    if None in before or None in after or None in margins:
        return None
    known = [margin / 100 for margin in margins if margin is not None]
    flows = [Flow(first.before, -known[0] - sum(value or 0 for value in before) / E4_PER_USD)]
    for row, (margin_before, margin) in zip(run, pairwise(known), strict=True):
        cash = sum(gain.cash_usd_e4 - gain.fees_usd_e4 for source, gain in row.gains.items() if counted(source))
        flows.append(Flow(row.session, cash / E4_PER_USD - (margin - margin_before)))
    flows.append(Flow(last.session, known[-1] + sum(value or 0 for value in after) / E4_PER_USD))
    return flows


def internal_rate(flows: Sequence[Flow]) -> float | NoRate:
    """Return the yearly rate at which dated flows have no present value, a fraction, or why there is none.

    XIRR with years of 365 days: sum of usd x (1 + rate)^-(days / 365) = 0. Looked for by a change of sign on a grid
    of growths, and then by halving.
    """
    if not any(flow.usd for flow in flows):
        return NoRate.NOTHING_INVESTED
    start = flows[0].day
    years = np.array([(flow.day - start).days / YEAR_DAYS for flow in flows])
    usd = np.array([flow.usd for flow in flows])

    def value(growth_log: float) -> float:
        return float(usd @ np.exp(-growth_log * years))

    grid = np.linspace(*_LOG_RATES, _STEPS + 1)
    values = np.exp(-np.outer(grid, years)) @ usd
    places = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) <= 0)
    places = places[(values[places] != 0) | (places == 0)]
    if places.size == 0:
        return NoRate.ALL_LOST if usd.sum() < 0 else NoRate.ALL_WON
    if places.size > 1:
        return NoRate.NOT_UNIQUE
    low, high = float(grid[places[0]]), float(grid[places[0] + 1])
    rising = value(low) < 0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if (value(middle) < 0) is rising:
            low = middle
        else:
            high = middle
    return exp((low + high) / 2) - 1
