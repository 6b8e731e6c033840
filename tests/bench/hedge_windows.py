"""Rehearse the layered hedge and a fixed 4/4/2 over windows of real history, check its promises, and measure it.

``make hedge-windows HISTORY=DIR`` runs it. A run is good when it has no error and no open break, when every roll is that of
the calendar, every resize leaves the layers on their targets, every order rests on a computation, and the guards are kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from statistics import fmean, median

from figures import Run
from hedge_checks import Checked, check_hedge

from daemon.adapters.store import open_readonly
from daemon.core.analysis.curves import CRASH_WINDOWS, SLOW_WINDOWS, window_reductions
from daemon.core.analysis.event_study import BUCKET_EDGES_PCT, REFERENCE_PCT, Bucket, five_session_buckets
from daemon.core.analysis.rows import SessionRow
from daemon.report.analysis import Analysis, analyse
from daemon.report.summary import summarise
from daemon.settings import load

WINDOWS = {
    "2017": ("2017-01-03", "2017-12-29"),
    "2018-01 to 03": ("2018-01-02", "2018-03-29"),
    "2020-01 to 06": ("2020-01-02", "2020-06-30"),
    "2022": ("2022-01-03", "2022-12-30"),
    "2024-07 to 09": ("2024-07-01", "2024-09-30"),
}
ARMS = ("fixed_442", "default")
HIGH_VIX = 25.0
LEAST_WINGS_USD = 25_000
"""Least mean W of a month that counts: while the ladder is being built a percentage of it says little."""
FOLDER = Path(__file__).parents[2] / "config" / "presets"


@dataclass(frozen=True, slots=True)
class Judged:
    """One arm in one window: what it came to, and what is wrong with it."""

    arm: str
    window: str
    analysis: Analysis
    checked: Checked
    faults: tuple[str, ...]

    def line(self) -> str:
        """Return the row of the table."""
        found = self.analysis
        everything, calm, drawdown = found.moves[0], found.moves[1], found.losses[0]
        reduction = "" if drawdown.pct is None else f"{drawdown.pct:+.1f} %"
        return (
            f"{'ok  ' if not self.faults else 'FAIL'} {self.arm:<10} {self.window:<14} {everything.sessions:>4}"
            f" {everything.hedge_pct or 0:>+7.2f} {calm.hedge_pct or 0:>+7.2f} {found.hedge_usd:>+9,.0f} {found.condor_usd:>+9,.0f}"
            f" {drawdown.unhedged_usd:>9,.0f} {drawdown.hedged_usd:>9,.0f} {reduction:>8}  {self.checked}"
        )


def judge(arm: str, window: str, history: Path | None, out: Path | None) -> Judged:
    """Run one rehearsal, or read the one that is kept where there is no history to run over; check and measure it."""
    preset = () if arm == "default" else (FOLDER / f"{arm}.env",)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (out or Path(temporary)) / f"{arm} {window}"
        if history is not None:
            files = [part for path in preset for part in ("--env-file", str(path))]
            Run(WINDOWS[window], "--history", str(history), "--force", *files, out=folder)
        store = open_readonly(folder / "condord.db")
        try:
            checked = check_hedge(store, load(preset, {"HOME": str(Path.home())}).hedge_policy())
            found, summary = analyse(store, date.min, date.max), summarise(store)
        finally:
            store.close()
    assert found is not None, "the rehearsal has closed its sessions"
    wrong = {"breaks open": summary.breaks_open, "errors": summary.errors}
    faults = [f"{count} {name}" for name, count in wrong.items() if count]
    return Judged(arm, window, found, checked, (*faults, *checked.faults))


def print_months(judged: Sequence[Judged]) -> None:
    """Print what the hedge gained by calendar month, in percent of the mean W of its sessions; months without W are left out."""
    print("\nmonths of the hedge, % of W      mean  median  median, VIX < 25  negative  best")
    for arm in ARMS:
        months = [month for one in judged if one.arm == arm for month in _months(one.analysis)]
        if months:
            all_pct, calm_pct = [pct for pct, _ in months], [pct for pct, vix in months if vix < HIGH_VIX]
            negative = 100 * sum(pct < 0 for pct in all_pct) / len(all_pct)
            calm = f"{median(calm_pct):+.2f}" if calm_pct else "none"
            mean_median = f"{fmean(all_pct):>+15.2f} {median(all_pct):>+7.2f}"
            print(
                f"{arm:<10} {len(months):>3} months {mean_median} {calm:>17} {negative:>7.0f} % {max(all_pct):>+5.1f}"
            )


def _months(found: Analysis) -> list[tuple[float, float]]:
    """Return the hedge in percent of W and the mean VIX of each calendar month."""
    months: list[tuple[float, float]] = []
    for _, inside in groupby(found.rows, key=lambda row: (row.session.year, row.session.month)):
        rows = list(inside)
        wings_usd = fmean(row.wings_before_usd for row in rows)
        if wings_usd >= LEAST_WINGS_USD:
            months.append((100 * sum(row.hedge_usd for row in rows) / wings_usd, fmean(row.vix_pts for row in rows)))
    return months


def print_buckets(judged: Sequence[Judged]) -> None:
    """Print the five-session moves of all windows of an arm, the drift hedge and the sleeve left out."""
    print("\nfive sessions of SPX    moves   fixed_442, % of W   of $100,000   default layers, % of W   reference")
    rows = {arm: [five_session_buckets(_layers_only(one.analysis)) for one in judged if one.arm == arm] for arm in ARMS}
    for place, low in enumerate(BUCKET_EDGES_PCT[:-1]):
        cells = {arm: [found[place] for found in windows if found[place].count] for arm, windows in rows.items()}
        fixed, count = cells["fixed_442"], sum(bucket.count for bucket in cells["fixed_442"])
        mean_usd = sum(bucket.count * (bucket.hedge_usd or 0) for bucket in fixed) / count if count else None
        figures = (_pct(fixed), None if mean_usd is None else mean_usd / 1000, _pct(cells["default"]))
        texts = ["none" if one is None else f"{one:+.2f}" for one in figures]
        name = f"{low:g} to {BUCKET_EDGES_PCT[place + 1]:g} %"
        print(f"{name:<20} {count:>8} {texts[0]:>19} {texts[1]:>13} {texts[2]:>24} {REFERENCE_PCT[place]:>+11.1f}")


def _layers_only(found: Analysis) -> list[SessionRow]:
    """Return the sessions as they would have been with the three layers alone for a hedge, from the same fills."""
    layers = [name for name in found.sources if name in {"L1", "L2", "L3"}]
    rows: list[SessionRow] = []
    for row in found.rows:
        hedge = round(100 * sum(row.gains[name].usd or 0 for name in layers))
        after = row.net_liquidation_before_usd_cents + row.condor_usd_cents + hedge
        rows.append(replace(row, hedge_usd_cents=hedge, net_liquidation_usd_cents=after))
    return rows


def _pct(buckets: Sequence[Bucket]) -> float | None:
    """Return the mean gain over the mean W of the moves of some buckets; None without W."""
    known = [bucket for bucket in buckets if bucket.hedge_pct]
    usd = sum(bucket.count * (bucket.hedge_usd or 0) for bucket in known)
    wings_usd = sum(bucket.count * 100 * (bucket.hedge_usd or 0) / (bucket.hedge_pct or 1) for bucket in known)
    return 100 * usd / wings_usd if wings_usd else None


def print_falls(judged: Sequence[Judged]) -> None:
    """Print the drawdown inside each known window, and what the sources gained in it."""
    print("\ndrawdown inside known windows       without      with   smaller  layers alone")
    for one in judged:
        alone = window_reductions(_layers_only(one.analysis), (*CRASH_WINDOWS, *SLOW_WINDOWS))
        for loss, layers in zip((*one.analysis.crashes, *one.analysis.slow), alone, strict=True):
            shares = ["" if each.pct is None else f"{each.pct:+.1f} %" for each in (loss, layers)]
            name = loss.name + ("" if loss.whole else " (part)")
            print(
                f"{one.arm:<10} {name:<22} {loss.unhedged_usd or 0:>10,.0f} {loss.hedged_usd or 0:>9,.0f} {shares[0]:>9} {shares[1]:>13}"
            )
    print("\ngain by source")
    for one in judged:
        gains = {total.name: total.usd_cents for total in one.analysis.attribution.totals}
        print(f"{one.arm:<10} {one.window:<14} " + ", ".join(f"{n} {(c or 0) / 100:+,.0f}" for n, c in gains.items()))


def main() -> None:
    """Run all, two at a time, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--history", type=Path, help="folder of market history; without it the rehearsals in --out are read"
    )
    parser.add_argument("--window", choices=WINDOWS, action="append", help="only this window; may be repeated")
    parser.add_argument("--out", type=Path, help="folder that keeps the rehearsals")
    given = parser.parse_args()
    if given.history is None and given.out is None:
        parser.error("name --history, or --out with the rehearsals of before")
    began = time.perf_counter()
    cells = [(arm, window) for window in given.window or WINDOWS for arm in ARMS]
    print(
        "     arm        window         sess  %W/mth    calm     hedge   condors   without      with  smaller  checks"
    )
    judged = []
    with ThreadPoolExecutor(2) as pool:
        for one in pool.map(lambda cell: judge(cell[0], cell[1], given.history, given.out), cells):
            judged.append(one)
            print("\n".join([one.line(), *(f"     {fault}" for fault in one.faults)]), flush=True)
    print_months(judged)
    print_buckets(judged)
    print_falls(judged)
    print(f"{len(judged)} rehearsals in {time.perf_counter() - began:.0f} s")
    sys.exit(0 if not any(one.faults for one in judged) else 1)


if __name__ == "__main__":
    main()
