"""Signals of figures from files: exchange rate, valuation, concentration, growth and prices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

import numpy as np

from daemon.core.hedge.signal_values import NEUTRAL, SignalPolicy, missing, read
from daemon.core.market.cost_of_capital import percentile_rank
from daemon.core.market.macro import MacroData, MacroKind, MacroSeries
from daemon.core.records import Signal

REER_DAYS: Final = 5 * 365
VALUATION_DAYS: Final = 10 * 365
FIGURES_MIN: Final = 24
"""Fewest figures that a place among them is told of."""
REER_EXTREME_Z: Final = 2.0
REER_STRONG_Z: Final = 1.0
STRENGTH_DAYS: Final = 92
VALUATION_EXTREME_PCT: Final = 5.0
DIVERGENCE_DAYS: Final = 60
DIVERGENCE_PCT: Final = 10.0
CONCENTRATED_Z: Final = 1.0
SURPRISE_Z: Final = 2.0
SURPRISES_MIN: Final = 11
"""Fewest surprises before the last one that it is measured by."""
_THIRD_PCT: Final = 100 / 3

Said = tuple[float, str, str]


def macro_signals(session: date, macro: MacroData, policy: SignalPolicy) -> tuple[Signal, ...]:
    """Return the signals of all files before a session."""
    kinds = (
        (MacroKind.REER, _reer),
        (MacroKind.PE, _valuation),
        (MacroKind.PCF, _valuation),
        (MacroKind.CONCENTRATION, _concentration),
        (MacroKind.GDP, _growth),
        (MacroKind.CPI, _print),
        (MacroKind.PPI, _print),
    )
    return tuple(_signal(kind, said, macro, session=session, policy=policy) for kind, said in kinds)


def _signal(
    kind: MacroKind,
    said: Callable[[MacroSeries], Said | None],
    macro: MacroData,
    *,
    session: date,
    policy: SignalPolicy,
) -> Signal:
    yesterday = session - timedelta(days=1)
    source = f"file {kind}.csv"
    known = macro.until(kind, yesterday)
    if known is None:
        return missing(kind.value, session, source, "the file is not there, or begins later")
    found = said(known)
    if found is None:
        why = f"{len(known.days)} figures are known, {FIGURES_MIN} are needed"
        return missing(kind.value, session, source, why)
    stale = _late((yesterday - known.days[-1]).days, policy)
    return read(kind.value, session, found, as_of=known.days[-1], source=source, stale=stale)


def _reer(known: MacroSeries) -> Said | None:
    """Return how many standard deviations of five years the rate is from their mean."""
    past = _last(known, REER_DAYS)
    if len(past) < FIGURES_MIN:
        return None
    z = _z(past)
    before = known.until(known.days[-1] - timedelta(days=STRENGTH_DAYS))
    rising = bool(before.values) and past[-1] > before.values[-1]
    what = f"standard deviations from the mean of {len(past)} figures"
    if abs(z) > REER_EXTREME_Z:
        return z, "extreme", what
    if z > REER_STRONG_Z and rising:
        return z, "strong", f"{what}, rising for three months"
    return z, "contained" if abs(z) < REER_STRONG_Z else NEUTRAL, what


def pcf_divergence(session: date, macro: MacroData, spx_change: float | None, policy: SignalPolicy) -> Signal:
    """Say whether SPX rose while cash flows got cheaper: its P/CF fell by ten percentiles in 60 days (003-09)."""
    yesterday = session - timedelta(days=1)
    now, before = (macro.until(MacroKind.PCF, yesterday - timedelta(days=back)) for back in (0, DIVERGENCE_DAYS))
    places = [_valuation(known) for known in (now, before) if known is not None]
    source = f"file {MacroKind.PCF}.csv; broker, daily bars of SPX"
    if now is None or len(places) < 2 or places[0] is None or places[1] is None or spx_change is None:
        why = f"it needs {FIGURES_MIN} figures {DIVERGENCE_DAYS} days ago, and SPX of then and now"
        return missing("pcf_divergence", session, source, why)
    change = places[0][0] - places[1][0]
    diverged = spx_change > 0 and change <= -DIVERGENCE_PCT
    text = f"percentiles that P/CF moved in {DIVERGENCE_DAYS} days, SPX {100 * spx_change:+.1f} %"
    age = (yesterday - now.days[-1]).days
    stale = _late(age, policy)
    said = (change, "divergence" if diverged else NEUTRAL, text)
    return read("pcf_divergence", session, said, as_of=now.days[-1], source=source, stale=stale)


def _late(age: int, policy: SignalPolicy) -> str:
    """Return why a figure published so many days ago is stale, or nothing."""
    if age <= policy.macro_max_age_days:
        return ""
    return f"published {age} days before, at most {policy.macro_max_age_days} allowed"


def _valuation(known: MacroSeries) -> Said | None:
    """Return where a ratio stands among those of ten years, in percent."""
    past = _last(known, VALUATION_DAYS)
    if len(past) < FIGURES_MIN:
        return None
    percentile = percentile_rank(past[:-1], past[-1])
    extreme = not VALUATION_EXTREME_PCT <= percentile <= 100 - VALUATION_EXTREME_PCT
    return percentile, "extreme" if extreme else NEUTRAL, f"percentile of {past[-1]:g} among {len(past) - 1} figures"


def _growth(known: MacroSeries) -> Said | None:
    """Return growth with the third of all its figures in which it lies (000-23)."""
    if len(known.values) < FIGURES_MIN:
        return None
    place = percentile_rank(known.values[:-1], known.values[-1])
    third = "weak" if place < _THIRD_PCT else "strong" if place > 2 * _THIRD_PCT else "middle"
    surprise = _surprise(known)
    text = f"percent, third of {len(known.values)} figures"
    return known.values[-1], third, text if surprise is None else f"{text}; {surprise[1]}"


def _print(known: MacroSeries) -> Said:
    """Return the last print, and how far it was from what was expected (001-17)."""
    surprise = _surprise(known)
    if surprise is None:
        count = sum(expected is not None for expected in known.expected)
        text = f"no surprise is told: the consensus of {count} is known, {SURPRISES_MIN + 1} are needed, the last among them"
        return known.values[-1], NEUTRAL, f"percent, last print; {text}"
    z, text = surprise
    state = NEUTRAL if abs(z) <= SURPRISE_Z else "above_expected" if z > 0 else "below_expected"
    return known.values[-1], state, f"percent, last print; {text}"


def _surprise(known: MacroSeries) -> tuple[float, str] | None:
    """Return the last surprise in standard deviations of those before it, with words; None while too few are known."""
    pairs = zip(known.values, known.expected, strict=False)
    found = [value - expected for value, expected in pairs if expected is not None]
    if not known.expected or known.expected[-1] is None or len(found) <= SURPRISES_MIN:
        return None
    spread = float(np.std(found[:-1], ddof=1))
    z = 0.0 if spread == 0 else found[-1] / spread
    return (
        z,
        f"{found[-1]:+.2f} from the expected {known.expected[-1]:g}, {z:+.1f} deviations of {len(found) - 1} surprises",
    )


def _concentration(known: MacroSeries) -> Said | None:
    """Return how far the weight of the largest companies is from its mean of five years (001-21, 002-12)."""
    past = _last(known, REER_DAYS)
    if len(past) < FIGURES_MIN:
        return None
    z = _z(past)
    text = f"standard deviations of {past[-1]:g} % from the mean of {len(past)} figures"
    return z, "concentrated" if z > CONCENTRATED_Z else NEUTRAL, text


def _z(past: tuple[float, ...]) -> float:
    """Return how many standard deviations the last figure is from the mean of all."""
    spread = float(np.std(past, ddof=1))
    return 0.0 if spread == 0 else (past[-1] - float(np.mean(past))) / spread


def _last(known: MacroSeries, days: int) -> tuple[float, ...]:
    """Return the figures of the last so many days."""
    first = known.days[-1] - timedelta(days=days)
    return tuple(value for day, value in zip(known.days, known.values, strict=True) if day > first)
