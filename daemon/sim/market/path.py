"""A seeded minute path through one session that meets its open, high, low and close exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from daemon.core.market.arrays import FloatArray
from daemon.sim.history import Ohlc

_CANDIDATES: Final = 16
_EDGE_WEIGHT: Final = 2.5
"""Variance of the first and last minute relative to the middle of the session, less one."""
_FOLLOWS: Final = -0.9
"""How strongly the second path mirrors the first one's departures from its trend."""
_OWN: Final = 0.45
_TINY: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Paths:
    """Levels of SPX and VIX at each minute of a session, the open first, the close last."""

    spx: FloatArray
    vix: FloatArray


def variance_shares(minutes: int) -> FloatArray:
    """Return the share of the session's variance gone by each minute, from 0 to 1: high at both ends."""
    middle = (np.arange(minutes) + 0.5) / minutes
    weights = 1.0 + _EDGE_WEIGHT * (2.0 * middle - 1.0) ** 2
    shares = np.concatenate(([0.0], np.cumsum(weights)))
    result: FloatArray = shares / shares[-1]
    return result


def session_paths(spx: Ohlc, vix: Ohlc, *, minutes: int, seed: int, ordinal: int) -> Paths:
    """Draw the two paths of a session; equal arguments give equal paths.

    Each is a Brownian bridge around the line from open to close whose rises and falls are scaled separately, so
    that the largest touches the high and the deepest the low. Of several draws the one that needs the least
    uneven scaling is taken.
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, ordinal))))
    shares = variance_shares(minutes)
    spx_path = _fitted(_bridges(rng, shares), shares, spx)
    trend = np.log(spx.open) + shares * np.log(spx.close / spx.open)
    departure = np.log(spx_path) - trend
    mirrored = _FOLLOWS * _unit(departure) + _OWN * _bridges(rng, shares)
    return Paths(spx_path, _fitted(mirrored, shares, vix))


def _bridges(rng: np.random.Generator, shares: FloatArray) -> FloatArray:
    """Return bridges from 0 to 0 as rows, each of unit size; the last row is one sine wave."""
    steps = rng.standard_normal((_CANDIDATES, shares.size - 1)) * np.sqrt(np.diff(shares))
    walks = np.concatenate((np.zeros((_CANDIDATES, 1)), np.cumsum(steps, axis=1)), axis=1)
    bridges = walks - shares * walks[:, -1:]
    return _unit(np.vstack((bridges, np.sin(2.0 * np.pi * shares))))


def _unit(departures: FloatArray) -> FloatArray:
    size = np.std(departures, axis=-1, keepdims=True)
    result: FloatArray = departures / np.maximum(size, _TINY)
    return result


def _fitted(departures: FloatArray, shares: FloatArray, target: Ohlc) -> FloatArray:
    """Scale rises and falls to the high and the low; return the levels of the most even candidate."""
    trend = np.log(target.open) + shares * np.log(target.close / target.open)
    up = _reach(np.maximum(departures, 0.0), np.log(target.high) - trend)
    down = _reach(np.maximum(-departures, 0.0), trend - np.log(target.low))
    with np.errstate(divide="ignore", invalid="ignore"):
        uneven = np.abs(np.log(up) - np.log(down))
    place = int(np.argmin(np.where(np.isfinite(uneven), uneven, np.inf)))
    chosen = departures[place]
    logs = trend + np.where(chosen > 0.0, up[place], down[place]) * chosen
    return _pinned(np.exp(logs), target)


def _reach(rises: FloatArray, room: FloatArray) -> FloatArray:
    """Return for each row the largest factor at which no rise exceeds its room."""
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = np.where(rises > _TINY, np.maximum(room, 0.0) / rises, np.inf)
    reach = factors.min(axis=-1)
    result: FloatArray = np.where(np.isfinite(reach), reach, 0.0)
    return result


def _pinned(levels: FloatArray, target: Ohlc) -> FloatArray:
    """Remove the rounding of logarithms: the four facts are met to the last digit."""
    inner = levels[1:-1]
    high, low = target.high, target.low
    inner[...] = np.clip(inner, low, high)
    if max(target.open, target.close) < high:
        inner[int(np.argmax(inner))] = high
    if min(target.open, target.close) > low:
        inner[int(np.argmin(inner))] = low
    levels[0], levels[-1] = target.open, target.close
    return levels
