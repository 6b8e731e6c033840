"""The parity forward against Cboe's published example and the index of saved chains."""

from __future__ import annotations

import csv
import gzip
import math
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.market.parity import parity_forward
from daemon.core.market.pricing import black76_price

DATA = (Path(__file__).parents[3] / "../shared/data").resolve()


def rows(name: str) -> Iterator[Mapping[str, str]]:
    """Yield the rows of a shared data file, or skip the test where the file is not at hand."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the shared data file {name} is not beside the repository")
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        yield from csv.DictReader(lines)


@pytest.mark.parametrize(
    ("strike", "call", "put", "years", "rate", "forward"),
    [
        (1965.0, 21.05, 23.15, 0.0656088, 0.00031664, 1962.89996),
        (1960.0, 27.30, 24.90, 0.0855289, 0.00028797, 1962.40006),
    ],
)
def test_forward_equals_cboes_published_example(
    strike: float, call: float, put: float, years: float, rate: float, forward: float
) -> None:
    strikes = [strike - 5, strike, strike + 5]
    calls, puts = [call + 4, call, call - 3], [put - 2, put, put + 2.5]

    assert parity_forward(strikes, calls, puts, math.exp(-rate * years)) == pytest.approx(forward, abs=5e-6)


@given(st.floats(10.0, 8000.0), st.floats(0.05, 1.0), st.floats(0.9, 1.0))
def test_forward_returns_from_model_prices_at_any_grid(forward: float, vol: float, discount: float) -> None:
    strikes = forward * np.linspace(0.8, 1.3, 23)
    calls = black76_price(forward, strikes, 0.1, vol, discount, True)
    puts = black76_price(forward, strikes, 0.1, vol, discount, False)

    assert parity_forward(strikes, calls, puts, discount) == pytest.approx(forward, rel=1e-12)


def test_strikes_without_both_mids_do_not_count() -> None:
    strikes, calls, puts = [95.0, 100.0, 105.0], [7.0, math.nan, 2.0], [2.0, 4.0, 7.2]

    assert parity_forward(strikes, calls, puts, 1.0) == 100.0


def test_the_lower_of_two_equally_near_strikes_is_taken() -> None:
    assert parity_forward([100.0, 105.0], [5.0, 2.0], [3.0, 4.0], 0.5) == 104.0


@pytest.mark.parametrize("mids", [[], [math.nan, math.nan]])
def test_without_any_pair_there_is_no_forward(mids: list[float]) -> None:
    strikes = [100.0 + n for n in range(len(mids))]

    with pytest.raises(ValueError, match="needs at least one pair"):
        parity_forward(strikes, mids, mids, 1.0)


def test_forward_of_the_first_expiry_is_the_index_during_regular_hours() -> None:
    snapshots = {
        row["snapshot_id"]: row
        for row in rows("option_chain_snapshots.csv")
        if row["underlying"] == "SPX" and row["session"] == "rth" and row["header_spot"] and row["parity_expiry"]
    }
    mids: dict[str, dict[tuple[float, str], float]] = defaultdict(dict)
    for row in rows("spx_option_chains_intraday.csv.gz"):
        snapshot = snapshots.get(row["snapshot_id"])
        if snapshot and row["expiry"] == snapshot["parity_expiry"] and row["root"] == "SPXW":
            mids[row["snapshot_id"]][float(row["strike"]), row["right"]] = (float(row["bid"]) + float(row["ask"])) / 2

    distances = [_forward(chain) - float(snapshots[name]["header_spot"]) for name, chain in mids.items()]

    assert len(distances) > 40
    assert abs(statistics.median(distances)) < 1.0
    assert max(map(abs, distances)) < 5.0


def _forward(chain: Mapping[tuple[float, str], float]) -> float:
    strikes = sorted({strike for strike, _ in chain})
    calls = [chain.get((strike, "C"), math.nan) for strike in strikes]
    puts = [chain.get((strike, "P"), math.nan) for strike in strikes]
    return parity_forward(strikes, calls, puts, 1.0)
