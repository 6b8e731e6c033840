"""Parity, conversions, futures, Jensen's bound and kinks: arithmetic by hand, and thousands of real quotes."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from daemon.core.market.arbitrage import (
    JENSEN_ALLOWED,
    Pair,
    TwoSided,
    future_edge_pts,
    jensen_bound_pts,
    kink_pts,
    parity_checks,
    parity_mid,
    z_score,
)
from daemon.core.market.cost_of_capital import OptionStrip, parity_line
from daemon.core.market.model_free import VarianceNode

DATA = (Path(__file__).parents[3] / "../shared/data").resolve()
FEE_USD = 1.25


def pair(strike: float, call: tuple[float, float], put: tuple[float, float]) -> Pair:
    return Pair(strike, TwoSided(*call), TwoSided(*put))


class TestParity:
    def test_strikes_that_agree_leave_an_edge_of_minus_spreads_and_fees(self) -> None:
        # F = 20, D = 1: both pairs make a forward of 19.9 at 20.1. Four options of $1.25 are 0.05 points.
        checks = parity_checks(
            [pair(19, (2.45, 2.55), (1.45, 1.55)), pair(21, (1.45, 1.55), (2.45, 2.55))], discount=1.0, fee_usd=FEE_USD
        )

        for check in checks:
            assert check.residual_pts == pytest.approx(0.0)
            assert check.allowed_pts == pytest.approx(0.10)
            assert (check.conversion_pts, check.reversal_pts) == pytest.approx((-0.25, -0.25))

    def test_a_planted_violation_shows_its_edge_on_both_strikes(self) -> None:
        # The call of 21 is bid half a point too high: its pair makes a forward of 20.4 at 20.6 against 19.9 at 20.1.
        checks = parity_checks(
            [pair(19, (2.45, 2.55), (1.45, 1.55)), pair(21, (1.95, 2.05), (2.45, 2.55))], discount=1.0, fee_usd=FEE_USD
        )

        low, high = checks
        # Sell at 20.4 what another strike offers at 20.1: 0.30 less 0.05 of fees.
        assert high.conversion_pts == pytest.approx(0.25)
        assert low.reversal_pts == pytest.approx(0.25)
        assert low.conversion_pts == pytest.approx(19.9 - 20.6 - 0.05)
        assert high.residual_pts == pytest.approx(0.25)
        assert abs(high.residual_pts) > high.allowed_pts

    def test_the_discount_scales_what_the_forwards_differ_by(self) -> None:
        # K + (C - P) / D with D = 0.5: 100 + 4 / 0.5 = 108 and 104 + 2 / 0.5 = 108.
        pairs = [pair(100, (6, 6), (2, 2)), pair(104, (5, 5), (3, 3))]

        assert parity_mid(pairs, 0.5) == pytest.approx(108.0)
        assert [check.conversion_pts for check in parity_checks(pairs, discount=0.5, fee_usd=0)] == pytest.approx(
            [0, 0]
        )

    def test_one_strike_alone_says_nothing(self) -> None:
        assert parity_checks([pair(19, (2.45, 2.55), (1.45, 1.55))], discount=1.0, fee_usd=FEE_USD) == ()

    def test_a_narrow_quote_counts_more_than_a_wide_one(self) -> None:
        # Spreads of the forwards 0.2 and 2.0: weights 25 and 0.25, forwards 20 and 21.
        pairs = [pair(19, (2.45, 2.55), (1.45, 1.55)), pair(21, (1.5, 2.5), (1.5, 2.5))]

        assert parity_mid(pairs, 1.0) == pytest.approx((25 * 20 + 0.25 * 21) / 25.25)


class TestFuture:
    PAIRS = (pair(20, (1.45, 1.55), (1.45, 1.55)),)  # a forward of 19.9 at 20.1

    @pytest.mark.parametrize(
        ("bid", "ask", "edge"),
        # 2.1 contracts of $1.25 are 0.02625 points.
        [(19.95, 20.0, -0.15), (20.25, 20.3, 0.15), (19.7, 19.75, 0.15)],
    )
    def test_the_better_of_both_ways_less_fees(self, bid: float, ask: float, edge: float) -> None:
        found = future_edge_pts(self.PAIRS, TwoSided(bid, ask), discount=1.0, fee_usd=FEE_USD)

        assert found == pytest.approx(edge - 0.02625 if edge > 0 else max(19.9 - ask, bid - 20.1) - 0.02625)


class TestJensen:
    def test_the_bound_is_the_root_of_the_variance_behind_the_expiry(self) -> None:
        nodes = (VarianceNode.of_index(30, 18.0), VarianceNode.of_index(93, 20.0))

        # Totals of 9,720 and 37,200: (37,200 - 9,720) / 63 = 436.19 a day, its root 20.885.
        assert jensen_bound_pts(nodes, 30) == pytest.approx(20.8852, abs=1e-4)
        assert jensen_bound_pts(nodes, 64) is None

    def test_settlements_of_vix_futures_keep_the_bound_but_for_the_interpolation(self) -> None:
        above = [row for row in settlements() if row[0] > JENSEN_ALLOWED]

        assert len(settlements()) > 7_000
        # 2018-02-05: futures settled at 33 an hour after VIX9D, VIX and VIX3M closed below 39.
        assert len(above) / len(settlements()) < 0.001
        assert (max(above)[1]) == "2018-02-05"


class TestKinks:
    def test_a_bend_is_placed_among_those_before(self) -> None:
        assert kink_pts([16.0, 17.0, 17.5]) == pytest.approx(-0.5)
        # Mean 0, deviation sqrt(12 / 11) = 1.0445 of twelve values of +-1.
        assert z_score([1.0, -1.0] * 6, 3.0) == pytest.approx(3 / 1.044466, abs=1e-5)

    def test_too_few_or_still_ones_place_nothing(self) -> None:
        assert z_score([1.0, -1.0] * 5, 3.0) is None
        assert z_score([1.0] * 20, 1.0) is None


@pytest.mark.parametrize("underlying", ["VIX", "SPX"])
def test_quotes_of_regular_hours_give_practically_no_edge(underlying: str) -> None:
    edges = real_edges(underlying)

    share = sum(edge > 0 for edge in edges) / len(edges)
    assert len(edges) > 2_000
    assert share < 0.005, f"{100 * share:.2f} % of {len(edges)} strikes of {underlying} have a net edge"


def real_edges(underlying: str) -> list[float]:
    """Return the better net edge of each strike near its forward, of every snapshot of regular hours."""
    found = []
    for pairs in real_pairs(underlying):
        discount = discount_of(pairs)
        if discount is not None:
            checks = parity_checks(pairs, discount=discount, fee_usd=FEE_USD)
            found += [max(check.conversion_pts, check.reversal_pts) for check in checks]
    return found


def discount_of(pairs: Sequence[Pair]) -> float | None:
    strip = OptionStrip(
        np.array([pair.strike_pts for pair in pairs]),
        np.array([pair.call.mid_pts for pair in pairs]),
        np.array([pair.put.mid_pts for pair in pairs]),
    )
    try:
        return parity_line(strip, [pair.call.spread_pts + pair.put.spread_pts for pair in pairs]).discount
    except ValueError:
        return None


def real_pairs(underlying: str) -> list[list[Pair]]:
    """Return the strikes within 4 % of the money, for VIX a third, with two-sided quotes, by snapshot and expiry."""
    file = {"VIX": "vix_option_chains.csv.gz", "SPX": "spx_option_chains_intraday.csv.gz"}[underlying]
    if not (DATA / file).exists():
        pytest.skip("the saved option chains are not beside the repository")
    with (DATA / "option_chain_snapshots.csv").open() as index:
        wanted = {row["snapshot_id"] for row in csv.DictReader(index) if row["session"] == "rth"}
    chains: dict[tuple[str, str, str], dict[float, dict[str, TwoSided]]] = defaultdict(lambda: defaultdict(dict))
    with gzip.open(DATA / file, "rt") as lines:
        for row in csv.DictReader(lines):
            if row["snapshot_id"] in wanted and float(row["bid"]) > 0:
                chain = chains[row["snapshot_id"], row["root"], row["expiry"]]
                chain[float(row["strike"])][row["right"]] = TwoSided(float(row["bid"]), float(row["ask"]))
    found = []
    for chain in chains.values():
        pairs = [Pair(strike, sides["C"], sides["P"]) for strike, sides in sorted(chain.items()) if len(sides) == 2]
        if len(pairs) >= 3:
            money = min(pairs, key=lambda pair: abs(pair.call.mid_pts - pair.put.mid_pts)).strike_pts
            reach = money * (1 / 3 if underlying == "VIX" else 0.04)
            found.append([pair for pair in pairs if abs(pair.strike_pts - money) <= reach])
    return found


@cache
def settlements() -> list[tuple[float, str]]:
    """Return by how much each settlement of a VIX future is above the bound, as a share of it, with its day."""
    closes = {name: read_closes(name) for name in ("vix9d", "vix", "vix3m")}
    found = []
    with gzip.open(DATA / "vix_futures_settle_daily.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            day = row["date"]
            if day < "2011" or any(day not in known for known in closes.values()):
                continue
            nodes = [
                VarianceNode.of_index(days, closes[name][day])
                for name, days in (("vix9d", 9), ("vix", 30), ("vix3m", 93))
            ]
            left = (date.fromisoformat(row["expiry"]) - date.fromisoformat(day)).days
            bound = jensen_bound_pts(nodes, left) if left > 0 else None
            if bound is not None:
                found.append((float(row["settle"]) / bound - 1, day))
    return found


def read_closes(name: str) -> Mapping[str, float]:
    path = DATA / f"{name}_daily.csv"
    if not path.exists():
        pytest.skip("the daily history is not beside the repository")
    with path.open() as lines:
        return {row["date"]: float(row["close"]) for row in csv.DictReader(lines) if row["close"]}
