"""Model-free variance: Cboe's worked example, a flat surface, the index rebuilt from saved chains, dates to come."""

from __future__ import annotations

import csv
import gzip
import math
from datetime import date, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from daemon.core.market.cost_of_capital import OptionStrip
from daemon.core.market.model_free import VarianceNode, forward_volatility_pts, strip_variance
from daemon.core.market.pricing import black76_price

DATA = (Path(__file__).parents[3] / "../shared/data").resolve()
FRIDAY = 4
NEAR_MINUTES, NEXT_MINUTES, DAY_MINUTES = 34_484, 44_954, 1_440

# Cboe, Volatility Index Mathematics Methodology, appendix: the options that count, puts below 1960, calls above,
# their mean at 1960.
NEAR_SINGLES = {1370: 0.2, 1375: 0.125, 1380: 0.15, 1385: 0.225, 1390: 0.225, 1395: 0.125, 1400: 0.125, 1410: 0.225}
NEAR_RUN = """
.225 .175 .225 .275 .175 .225 .2 .25 .25 .25 .25 .2 .25 .35 .175 .275 .325 .325 .3 .3 .35 .35 .325 .375 .375 .375 .5
.425 .425 .425 .475 .55 .525 .525 .525 .525 .675 .575 .625 .625 .625 .675 .675 .725 .725 .775 .675 .825 .825 .875 .875
.925 .975 1.025 1.025 1.075 1.125 1.125 1.175 1.225 1.275 1.325 1.375 1.425 1.475 1.55 1.6 1.675 1.75 1.825 1.9 2 2.075
2.175 2.25 2.375 2.525 2.625 2.775 2.95 3.075 3.3 3.45 3.65 3.9 4.1 4.35 4.65 4.95 5.25 5.6 6 6.4 6.85 7.35 7.9 8.3 9
9.65 10.6 11.4 12.1 13.25 14.15 15.25 16.55 18.25 19.75 22.775 21.05 18.1 15.25 12.75 10.45 8.45 6.65 4.95 3.8 2.875
2.025 1.45 1.125 .725 .525 .5 .4 .25 .325 .225 .175 .15 .15 .25 .225 .1 .2 .1
"""
NEAR_TAIL = {2125: 0.1}
NEXT_SINGLES = {
    1275: 0.075,
    1325: 0.15,
    1350: 0.15,
    1375: 0.175,
    1400: 0.2,
    1425: 0.25,
    1450: 0.3,
    1475: 0.35,
    1500: 0.4,
    1510: 0.425,
    1520: 0.45,
    1525: 0.475,
    1530: 0.5,
    1540: 0.525,
}
NEXT_RUN = """
.55 .575 .6 .625 .65 .675 .675 .7 .725 .75 .775 .8 .825 .85 .875 .9 .95 .975 1 1.025 1.075 1.1 1.15 1.2 1.225 1.275
1.325 1.375 1.425 1.475 1.525 1.6 1.675 1.725 1.8 1.85 1.925 2 2.1 2.175 2.275 2.375 2.475 2.575 2.725 2.825 3 3.1 3.25
3.45 3.6 3.8 3.95 4.2 4.4 4.65 4.9 5.15 5.45 5.75 6.05 6.45 6.75 7.15 7.65 8.15 8.6 9.2 9.75 10.4 11.1 11.8 12.6 13.45
14.4 15.4 16.4 17.6 18.8 20.2 21.6 23.2 26.1 24.15 21.1 18.3 15.7 13.3 11.1 9.15 7.4 5.85 4.65 3.55 2.7 2.05 1.55 1.15
.875 .675 .575
"""
NEXT_TAIL = {2060: 0.35, 2070: 0.25, 2075: 0.2, 2100: 0.15, 2125: 0.1, 2150: 0.1, 2200: 0.075}


def strip_of(singles: dict[int, float], first: int, run: str, tail: dict[int, float]) -> OptionStrip:
    prices = {**singles, **{first + 5 * n: float(text) for n, text in enumerate(run.split())}, **tail}
    strikes = np.array(sorted(prices), dtype=float)
    mids = np.array([prices[int(strike)] for strike in strikes])
    return OptionStrip(strikes, np.where(strikes >= 1960, mids, np.nan), np.where(strikes <= 1960, mids, np.nan))


def cboe_variances() -> tuple[float, float]:
    near, following = (
        strip_of(NEAR_SINGLES, 1420, NEAR_RUN, NEAR_TAIL),
        strip_of(NEXT_SINGLES, 1550, NEXT_RUN, NEXT_TAIL),
    )
    assert (near.strikes_pts.size, following.strikes_pts.size) == (146, 122)
    return (
        strip_variance(
            near,
            forward_pts=1965 + math.exp(0.00031664 * 0.0656088) * (21.05 - 23.15),
            gross_return=math.exp(0.00031664 * 0.0656088),
            years=0.0656088,
        ),
        strip_variance(
            following,
            forward_pts=1960 + math.exp(0.00028797 * 0.0855289) * (27.30 - 24.90),
            gross_return=math.exp(0.00028797 * 0.0855289),
            years=0.0855289,
        ),
    )


class TestCboesExample:
    def test_the_variances_of_both_expiries(self) -> None:
        near, following = cboe_variances()

        # Cboe prints the years to seven digits, which moves the eighth digit of the variances.
        assert near == pytest.approx(0.019233906, abs=2e-8)
        assert following == pytest.approx(0.019423884, abs=2e-8)

    def test_vix(self) -> None:
        near, following = cboe_variances()
        nodes = (
            VarianceNode(NEAR_MINUTES / DAY_MINUTES, near),
            VarianceNode(NEXT_MINUTES / DAY_MINUTES, following),
        )

        assert forward_volatility_pts(nodes, 0, 30) == pytest.approx(13.927842, abs=1e-5)


class TestStrip:
    def test_a_flat_surface_gives_its_own_variance(self) -> None:
        years, vol, growth = 30 / 365, 0.2, math.exp(0.04 * 30 / 365)
        strikes = np.arange(2000.0, 4500.0, 5.0)
        calls, puts = (black76_price(3000.0, strikes, years, vol, 1 / growth, side) for side in (True, False))

        found = strip_variance(OptionStrip(strikes, calls, puts), forward_pts=3000.0, gross_return=growth, years=years)

        # Steps of 5 points against a deviation of 172 leave an error near (5 / 172)^2 / 12.
        assert found == pytest.approx(vol**2, rel=1e-3)

    def test_a_strip_on_one_side_has_no_variance(self) -> None:
        strikes, none = np.array([100.0, 105.0, 110.0]), np.full(3, np.nan)
        quoted = np.array([3.0, 1.5, 0.5])

        with pytest.raises(ValueError, match="at or below the forward 99"):
            strip_variance(OptionStrip(strikes, quoted, quoted), forward_pts=99.0, gross_return=1.0, years=0.1)
        with pytest.raises(ValueError, match="at or below the forward 104"):
            strip_variance(OptionStrip(strikes, quoted, none), forward_pts=104.0, gross_return=1.0, years=0.1)
        with pytest.raises(ValueError, match="do not enclose the strike 100"):
            strip_variance(OptionStrip(strikes, quoted, quoted), forward_pts=104.0, gross_return=1.0, years=0.1)


class TestForwardVolatility:
    NODES = (VarianceNode.of_index(9, 15.0), VarianceNode.of_index(30, 18.0), VarianceNode.of_index(93, 20.0))

    def test_each_index_returns_at_its_own_days(self) -> None:
        for days, level in ((9, 15.0), (30, 18.0), (93, 20.0)):
            assert forward_volatility_pts(self.NODES, 0, days) == pytest.approx(level)

    def test_between_two_dates_the_totals_are_subtracted(self) -> None:
        # Totals in points squared days: 30 x 324 = 9,720 at 30; 93 x 400 = 37,200 at 93, so 436.19 a day between.
        assert forward_volatility_pts(self.NODES, 30, 60) == pytest.approx(math.sqrt((37_200 - 9_720) / 63))
        # Before the first node 225 a day.
        assert forward_volatility_pts(self.NODES, 2, 5) == pytest.approx(15.0)

    @pytest.mark.parametrize(("start", "end"), [(70, 100), (30, 30), (-1, 5)])
    def test_beyond_the_last_node_nothing_is_known(self, start: float, end: float) -> None:
        assert forward_volatility_pts(self.NODES, start, end) is None

    def test_a_total_that_falls_has_no_volatility(self) -> None:
        assert forward_volatility_pts((VarianceNode(30, 0.09), VarianceNode(60, 0.04)), 30, 60) is None


CLOSES = {"2020-03-20": 66.04, "2022-02-04": 23.22, "2022-02-18": 27.75, "2023-05-19": 16.81, "2023-05-23": 18.53}
"""VIX as published, of days with a full closing chain."""

Quotes = dict[float, dict[str, tuple[float, float]]]


@pytest.mark.parametrize("day", CLOSES)
def test_the_index_is_rebuilt_from_closing_chains(day: str) -> None:
    close = datetime.fromisoformat(f"{day}T16:15")
    nodes = []
    for expiry, quotes in sorted(chains()[day].items()):
        days = (datetime.fromisoformat(f"{expiry}T16:00") - close).total_seconds() / 86_400
        # Cboe takes Fridays alone: a weekend carries little variance.
        if 23 <= days <= 37 and date.fromisoformat(expiry).weekday() == FRIDAY:
            nodes.append(VarianceNode(days, variance_of(quotes, years=days / 365)))

    # The chains are of minutes around 16:15, and 2020-03-20 moved by points within them.
    assert forward_volatility_pts(nodes, 0, 30) == pytest.approx(CLOSES[day], rel=0.015)


@cache
def chains() -> dict[str, dict[str, Quotes]]:
    """Return the SPXW quotes of the closing chains by day and expiry, or skip where they are not at hand."""
    path = DATA / "spx_option_chains_close.csv.gz"
    if not path.exists():
        pytest.skip("the saved option chains are not beside the repository")
    with (DATA / "option_chain_snapshots.csv").open() as index:
        days = {
            row["snapshot_id"]: row["trade_date"]
            for row in csv.DictReader(index)
            if row["trade_date"] in CLOSES and row["session"] == "close" and row["underlying"] == "SPX"
        }
    found: dict[str, dict[str, Quotes]] = {day: {} for day in CLOSES}
    with gzip.open(path, "rt") as lines:
        for row in csv.DictReader(lines):
            if row["snapshot_id"] in days and row["root"] == "SPXW":
                expiries = found[days[row["snapshot_id"]]].setdefault(row["expiry"], {})
                expiries.setdefault(float(row["strike"]), {})[row["right"]] = (float(row["bid"]), float(row["ask"]))
    return found


def variance_of(quotes: Quotes, *, years: float) -> float:
    """Select as Cboe does: outwards from the middle, no zero bids, and nothing behind two of them in a row."""
    strikes = sorted(strike for strike, sides in quotes.items() if len(sides) == 2)
    mids = {strike: {right: sum(quotes[strike][right]) / 2 for right in "CP"} for strike in strikes}
    at = min(strikes, key=lambda strike: abs(mids[strike]["C"] - mids[strike]["P"]))
    forward = at + mids[at]["C"] - mids[at]["P"]
    centre = max(strike for strike in strikes if strike <= forward)
    chosen: dict[float, dict[str, float]] = {centre: mids[centre]}
    for right, outwards in (
        ("P", [strike for strike in reversed(strikes) if strike < centre]),
        ("C", [strike for strike in strikes if strike > centre]),
    ):
        zeros = 0
        for strike in outwards:
            zeros = zeros + 1 if quotes[strike][right][0] == 0 else 0
            if zeros == 2:
                break
            if zeros == 0:
                chosen[strike] = {right: mids[strike][right]}
    grid = np.array(sorted(chosen))
    calls, puts = (np.array([chosen[strike].get(right, np.nan) for strike in grid]) for right in "CP")
    return strip_variance(OptionStrip(grid, calls, puts), forward_pts=forward, gross_return=1.0, years=years)
