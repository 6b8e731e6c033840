"""The strike search against real SPXW chains with the exchange's own deltas."""

import csv
import gzip
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

import pytest
from condor_values import POLICY

from daemon.core.condor.guess import guess_strike
from daemon.core.condor.selection import bracket, choose_expiry, choose_strike, refine, short_aim
from daemon.core.market.contracts import Right

DATA = Path(__file__).parents[3] / "../shared/data"
FILES = ("spx_option_chains_intraday.csv.gz", "spx_option_chains_close.csv.gz")
# Snapshots with an expiry of 25 to 37 days that lists a strike near 0.15 on both sides: SPX as quoted, VIX at the close.
SNAPSHOTS = {
    "spx_20200322_1824": (date(2020, 3, 20), 2304.92, 66.04),
    "spx_20220205_2009": (date(2022, 2, 4), 4500.53, 23.22),
    "spx_20220323_1011": (date(2022, 3, 23), 4479.09, 23.57),
    "spx_20220712_1155": (date(2022, 7, 12), 3856.28, 27.29),
    "spx_20230608_1956": (date(2023, 6, 8), 4293.93, 13.65),
    "spx_20230609_1340": (date(2023, 6, 9), 4300.01, 13.83),
    "spx_20250122_1700": (date(2025, 1, 22), 6086.37, 15.10),
}

pytestmark = pytest.mark.skipif(
    not all((DATA / name).exists() for name in FILES),
    reason="real option chains are not in ../shared/data",
)


@lru_cache(maxsize=1)
def deltas() -> Mapping[tuple[str, date, str], Mapping[int, float]]:
    """Return strike -> |delta| by snapshot, expiry and right, PM-settled series only."""
    found: dict[tuple[str, date, str], dict[int, float]] = {}
    for name in FILES:
        with gzip.open(DATA / name, "rt", encoding="utf-8") as lines:
            header = next(lines).strip().split(",")
            wanted = (line for line in lines if line.split(",", 1)[0] in SNAPSHOTS)
            for row in csv.DictReader(wanted, header):
                if row["root"] == "SPXW" and row["delta"]:
                    key = (row["snapshot_id"], date.fromisoformat(row["expiry"]), row["right"])
                    found.setdefault(key, {})[round(float(row["strike"]) * 100)] = abs(float(row["delta"]))
    return found


@pytest.mark.parametrize("snapshot", SNAPSHOTS)
@pytest.mark.parametrize("right", ["P", "C"])
def test_a_handful_of_quotes_finds_the_best_listed_strike(snapshot: str, right: str) -> None:
    session, spx, vix = SNAPSHOTS[snapshot]
    expiry = choose_expiry(sorted({key[1] for key in deltas() if key[0] == snapshot}), session, POLICY)
    assert expiry is not None
    chain = deltas()[snapshot, expiry, right]
    listed = sorted(chain)

    guess = guess_strike(Right(right), POLICY.short_delta, spx=spx, vix=vix, days=(expiry - session).days)
    quoted = set(bracket(guess, listed, 2500, 5))
    for _ in range(2):
        better = refine({strike: chain[strike] for strike in quoted}, POLICY.short_delta, listed)
        assert better is not None
        quoted |= set(bracket(better, listed, 500, 3))
    chosen = choose_strike({strike: chain[strike] for strike in quoted}, short_aim(POLICY))

    assert chosen is not None
    assert len(quoted) <= 10
    best = min(abs(chain[strike] - POLICY.short_delta) for strike in listed)
    assert abs(chain[chosen] - POLICY.short_delta) == pytest.approx(best)


@pytest.mark.parametrize("snapshot", SNAPSHOTS)
def test_the_first_guess_is_already_near_the_wanted_delta(snapshot: str) -> None:
    session, spx, vix = SNAPSHOTS[snapshot]
    expiry = choose_expiry(sorted({key[1] for key in deltas() if key[0] == snapshot}), session, POLICY)
    assert expiry is not None

    for right in Right:
        chain = deltas()[snapshot, expiry, right]
        guess = guess_strike(right, POLICY.short_delta, spx=spx, vix=vix, days=(expiry - session).days)
        nearest = min(chain, key=lambda strike: abs(strike - guess))
        assert 0.10 <= chain[nearest] <= 0.20
