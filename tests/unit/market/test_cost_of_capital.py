"""Financing rate and equity premium from options: closed forms, real chains, arithmetic by hand."""

from __future__ import annotations

import csv
import gzip
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.market.cost_of_capital import (
    OptionStrip,
    cost_of_equity,
    parity_line,
    percentile_rank,
    svix_squared,
)
from daemon.core.market.pricing import black76_price

DATA = (Path(__file__).parents[3] / "../shared/data").resolve()


def strip(strikes: np.ndarray, forward: float, *, years: float, vol: float, discount: float) -> OptionStrip:
    calls = black76_price(forward, strikes, years, vol, discount, True)
    puts = black76_price(forward, strikes, years, vol, discount, False)
    return OptionStrip(strikes, calls, puts)


def test_svix_of_a_flat_lognormal_surface_is_its_closed_form() -> None:
    # (e^(v T) - 1) / T with v = 0.2^2 and T = 30/365, as S/F is then lognormal.
    years, rate, spot = 30 / 365, 0.04, 100.0
    gross = math.exp(rate * years)
    quoted = strip(np.arange(50.0, 180.0, 0.01), spot * gross, years=years, vol=0.2, discount=1 / gross)

    found = svix_squared(quoted, forward_pts=spot * gross, spot_pts=spot, gross_return=gross, years=years)

    assert found == pytest.approx(0.0400658255425, rel=1e-6)
    assert (math.exp(0.04 * years) - 1) / years == pytest.approx(0.0400658255425, abs=1e-13)


def test_svix_needs_each_option_on_its_own_side_only() -> None:
    full = strip(np.arange(50.0, 200.0, 1.0), 100.4, years=0.1, vol=0.3, discount=0.996)
    below = full.strikes_pts < 100.4
    out_only = OptionStrip(
        full.strikes_pts, np.where(below, np.nan, full.call_mids_pts), np.where(below, full.put_mids_pts, np.nan)
    )

    values = [
        svix_squared(quoted, forward_pts=100.4, spot_pts=100.0, gross_return=1 / 0.996, years=0.1)
        for quoted in (full, out_only)
    ]

    assert values[0] == pytest.approx(values[1], rel=1e-12)


def test_svix_refuses_a_strip_on_one_side_of_the_forward() -> None:
    quoted = strip(np.arange(101.0, 150.0), 100.0, years=0.1, vol=0.2, discount=1.0)

    with pytest.raises(ValueError, match="do not enclose the forward 100"):
        svix_squared(quoted, forward_pts=100.0, spot_pts=100.0, gross_return=1.0, years=0.1)


@given(st.floats(500.0, 8000.0), st.floats(0.0, 0.08), st.floats(0.08, 0.6), st.floats(0.02, 0.5))
def test_parity_line_returns_forward_and_rate_of_model_prices(
    forward: float, rate: float, vol: float, years: float
) -> None:
    strikes = forward * np.linspace(0.97, 1.03, 9)
    line = parity_line(strip(strikes, forward, years=years, vol=vol, discount=math.exp(-rate * years)), np.full(9, 0.1))

    assert line.forward_pts == pytest.approx(forward, rel=1e-9)
    assert line.financing_rate(years) == pytest.approx(rate, abs=1e-7)
    assert np.abs(line.residuals_pts).max() < forward * 1e-10


def test_a_wide_quote_hardly_bends_the_parity_line() -> None:
    # D = 1, F = 100. The strike 102 is off by 1 point, its spread ten times the others: its weight is a hundredth.
    strikes = np.array([96.0, 98.0, 100.0, 102.0, 104.0])
    calls = np.array([6.0, 4.5, 3.0, 3.0, 1.0])
    puts = np.array([2.0, 2.5, 3.0, 4.0, 5.0])
    spreads = np.array([0.1, 0.1, 0.1, 1.0, 0.1])

    line = parity_line(OptionStrip(strikes, calls, puts), spreads)

    assert line.forward_pts == pytest.approx(100.0, abs=0.01)
    assert line.discount == pytest.approx(1.0, abs=0.002)
    assert line.residuals_pts[3] == pytest.approx(1.0, abs=0.01)


def test_parity_line_refuses_too_few_strikes_and_quotes_of_different_moments() -> None:
    strikes = np.array([95.0, 100.0, 105.0])
    with pytest.raises(ValueError, match="2 strikes have both"):
        parity_line(OptionStrip(strikes, np.array([6.0, np.nan, 1.0]), np.array([1.0, 3.0, 6.0])), np.full(3, 0.1))
    with pytest.raises(ValueError, match="does not fall with the strike"):
        parity_line(OptionStrip(strikes, np.array([1.0, 3.0, 6.0]), np.array([6.0, 3.0, 1.0])), np.full(3, 0.1))


def test_cost_of_equity_adds_the_premium_to_the_rate() -> None:
    # 5 % a year, SVIX^2 0.04, 30 days: 0.05 + e^(0.05 x 30/365) x 0.04 = 0.09016472.
    assert cost_of_equity(0.05, 0.04, 30 / 365) == pytest.approx(0.09016472, abs=1e-8)


def test_percentile_counts_what_lies_below_and_half_of_what_is_equal() -> None:
    assert percentile_rank([1.0, 2.0, 3.0, 4.0], 3.0) == pytest.approx(62.5)
    assert percentile_rank([1.0, 2.0], 9.0) == 100.0
    with pytest.raises(ValueError, match="finite"):
        percentile_rank([], 1.0)


@pytest.mark.parametrize(
    ("snapshot", "expiry", "days", "bill_pct"),
    # The 3-month bill of the day (FRED, DTB3); index options finance 0.2 to 0.6 points above it.
    [("spx_20220205_2009", "2022-03-18", 42, 0.23), ("spx_20230608_1956", "2023-07-21", 43, 5.12)],
)
def test_real_chains_give_a_rate_a_little_above_bills_and_an_svix_a_little_below_vix(
    snapshot: str, expiry: str, days: int, bill_pct: float
) -> None:
    quoted, spreads = real_strip(snapshot, expiry)
    years = days / 365

    near = np.abs(quoted.strikes_pts - strip_centre(quoted)) <= 300
    line = parity_line(quoted, np.where(near, spreads, np.nan))
    rate = line.financing_rate(years)
    gross = math.exp(rate * years)
    spot = line.forward_pts / gross  # what the index without its dividends until then costs now
    svix_sq = svix_squared(quoted, forward_pts=line.forward_pts, spot_pts=spot, gross_return=gross, years=years)

    assert 0.0 < 100 * rate - bill_pct < 0.6
    # Weights of 1 / K^2 give more to puts, which are dear: SVIX is below VIX.
    assert 0.85 < math.sqrt(svix_sq / vix_squared(quoted, line.forward_pts, gross=gross, years=years)) < 1.0


def vix_squared(quoted: OptionStrip, forward: float, *, gross: float, years: float) -> float:
    out = np.where(quoted.strikes_pts < forward, quoted.put_mids_pts, quoted.call_mids_pts)
    usable = np.isfinite(out)
    weighted = out[usable] / quoted.strikes_pts[usable] ** 2
    return float(2 * gross / years * np.trapezoid(weighted, quoted.strikes_pts[usable]))


def strip_centre(quoted: OptionStrip) -> float:
    gap = np.abs(quoted.call_mids_pts - quoted.put_mids_pts)
    return float(quoted.strikes_pts[np.nanargmin(gap)])


def real_strip(snapshot: str, expiry: str) -> tuple[OptionStrip, np.ndarray]:
    """Return an SPXW expiry of a saved chain with the spread of each pair, or skip where it is not at hand."""
    path = DATA / "spx_option_chains_close.csv.gz"
    if not path.exists():
        pytest.skip("the saved option chains are not beside the repository")
    quotes: dict[float, dict[str, tuple[float, float]]] = {}
    with gzip.open(path, "rt") as lines:
        for row in csv.DictReader(lines):
            if row["expiry"] == expiry and row["snapshot_id"] == snapshot and float(row["bid"]) > 0:
                sides = quotes.setdefault(float(row["strike"]), {})
                sides[row["right"]] = (float(row["bid"]), float(row["ask"]))
    strikes = np.array(sorted(quotes))
    bids = {right: np.array([quotes[k].get(right, (np.nan, np.nan))[0] for k in strikes]) for right in "CP"}
    asks = {right: np.array([quotes[k].get(right, (np.nan, np.nan))[1] for k in strikes]) for right in "CP"}
    mids = {right: (bids[right] + asks[right]) / 2 for right in "CP"}
    return OptionStrip(strikes, mids["C"], mids["P"]), asks["C"] - bids["C"] + asks["P"] - bids["P"]
