"""The model's quotes against real closing chains of the full history folder."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import pytest
from sim_world import FULL_HISTORY, at, full

from daemon.core.calendar.expiries import settlement_at
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.market.parity import parity_forward
from daemon.core.market.pricing import implied_vol
from daemon.sim.market import Market, contract_set

YEAR_S = 365 * 86_400
SPX_DAYS = ("2020-03-20", "2022-02-18", "2022-09-13", "2023-06-08", "2025-01-22")
VIX_DAYS = ("2026-07-21", "2026-07-30", "2026-08-06", "2026-08-20")

Quotes = dict[tuple[float, str], float]


@dataclass(frozen=True)
class Compared:
    """Volatilities of out-of-the-money options: of the market's mids and of the model."""

    market: np.ndarray
    model: np.ndarray


@cache
def _mids(file: str, prefix: str) -> dict[tuple[str, str, str], Quotes]:
    """Return mids by (day, class, expiry) of the closing snapshots."""
    if not (FULL_HISTORY / file).exists():
        pytest.skip(f"no ../shared/data/{file} beside the repository: this test compares with real chains")
    with (FULL_HISTORY / "option_chain_snapshots.csv").open() as index:
        days = {
            row["snapshot_id"]: row["trade_date"]
            for row in csv.DictReader(index)
            if row["session"] == "close" and row["snapshot_id"].startswith(prefix)
        }
    found: dict[tuple[str, str, str], Quotes] = defaultdict(dict)
    with gzip.open(FULL_HISTORY / file, "rt") as chains:
        for row in csv.DictReader(chains):
            if row["snapshot_id"] in days and float(row["bid"] or 0) > 0:
                key = (days[row["snapshot_id"]], row["root"], row["expiry"])
                found[key][float(row["strike"]), row["right"]] = (float(row["bid"]) + float(row["ask"])) / 2
    return found


def _compare(cls: TradingClass, day: date, expiry: date, mids: Quotes, *, reach: float) -> Compared | None:
    """Compare strikes within ``reach`` deviations of the forward; None when the chain has too few."""
    when = at(day, 16, 0)
    years = (settlement_at(cls, expiry) - when).total_seconds() / YEAR_S
    discount = float(np.exp(-full().facts(day).bill_rate_pct / 100 * years))
    both = sorted(strike for strike, right in mids if right == "C" and (strike, "P") in mids)
    if len(both) < 10:
        return None
    forward = parity_forward(
        np.array(both), np.array([mids[k, "C"] for k in both]), np.array([mids[k, "P"] for k in both]), discount
    )
    wings = [(k, right) for k, right in mids if (right == "C") == (k >= forward)]
    vols = {(k, r): implied_vol(mids[k, r], forward, k, years, discount, r == "C") for k, r in wings}
    money = min(vols, key=lambda key: abs(key[0] - forward))
    limit = reach * vols[money] * years**0.5
    chosen = [key for key in vols if abs(np.log(key[0] / forward)) < limit and not np.isnan(vols[key])]
    options = [OptionContract(cls, expiry, round(strike * 100), Right(right)) for strike, right in chosen]
    model = Market(full(), 1).values(contract_set(options, day), Market(full(), 1).snapshot(when)).vol[0]
    return Compared(np.array([vols[key] for key in chosen]), model)


def _errors(
    file: str, prefix: str, day: str, classes: tuple[str, ...], *, days: tuple[int, int], reach: float
) -> np.ndarray:
    ratios: list[np.ndarray] = []
    for (trade_day, root, expiry), mids in sorted(_mids(file, prefix).items()):
        ahead = (date.fromisoformat(expiry) - date.fromisoformat(trade_day)).days
        if trade_day == day and root in classes and days[0] <= ahead <= days[1]:
            compared = _compare(
                TradingClass(root), date.fromisoformat(day), date.fromisoformat(expiry), mids, reach=reach
            )
            if compared is not None:
                ratios.append(compared.model / compared.market - 1)
    assert ratios, "the day has chains of these tenors"
    return np.concatenate(ratios)


@pytest.mark.parametrize("day", SPX_DAYS)
def test_spx_volatilities_of_condor_tenors_are_within_a_tenth_of_the_markets(day: str) -> None:
    errors = _errors("spx_option_chains_close.csv.gz", "spx", day, ("SPXW",), days=(5, 45), reach=2.0)

    assert abs(float(np.median(errors))) < 0.06
    assert float(np.median(np.abs(errors))) < 0.08
    assert float(np.quantile(np.abs(errors), 0.9)) < 0.16


@pytest.mark.parametrize("day", VIX_DAYS)
def test_vix_volatilities_of_hedge_tenors_are_within_a_tenth_of_the_markets(day: str) -> None:
    errors = _errors("vix_option_chains.csv.gz", "vix", day, ("VIX", "VIXW"), days=(9, 110), reach=1.2)

    assert abs(float(np.median(errors))) < 0.08
    assert float(np.quantile(np.abs(errors), 0.9)) < 0.20
