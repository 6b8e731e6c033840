"""Rehearse the layered hedge and a fixed 4/4/2 over windows of real history, check its promises, and measure it.

``make hedge-windows HISTORY=DIR`` runs it. A run is good when it has no error and no open break, when every roll is that of
the calendar, every resize leaves the layers on their targets, every order rests on a computation, and the guards are kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from figures import Run
from hedge_checks import Checked, check_hedge

from daemon.adapters.store import open_readonly
from daemon.report.analysis import Analysis, analyse
from daemon.settings import load

WINDOWS = {
    "2017": ("2017-01-03", "2017-12-29"),
    "2018-01 to 03": ("2018-01-02", "2018-03-29"),
    "2020-01 to 06": ("2020-01-02", "2020-06-30"),
    "2022": ("2022-01-03", "2022-12-30"),
    "2024-07 to 09": ("2024-07-01", "2024-09-30"),
}
ARMS = ("fixed_442", "default")
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


def judge(arm: str, window: str, history: Path, out: Path | None) -> Judged:
    """Run one rehearsal, check and measure it."""
    preset = () if arm == "default" else (FOLDER / f"{arm}.env",)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (out or Path(temporary)) / f"{arm} {window}"
        files = [part for path in preset for part in ("--env-file", str(path))]
        run = Run(WINDOWS[window], "--history", str(history), "--force", *files, out=folder)
        store = open_readonly(folder / "condord.db")
        try:
            checked = check_hedge(store, load(preset, {"HOME": str(Path.home())}).hedge_policy())
            found = analyse(store, date.min, date.max)
        finally:
            store.close()
    assert found is not None, "the rehearsal has closed its sessions"
    faults = [f"{name} is {run.figures[name]}" for name in ("breaks_open", "errors") if run.figures[name]]
    return Judged(arm, window, found, checked, (*faults, *checked.faults))


def main() -> None:
    """Run all, two at a time, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--window", choices=WINDOWS, action="append", help="only this window; may be repeated")
    parser.add_argument("--out", type=Path, help="folder that keeps the rehearsals")
    given = parser.parse_args()
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
    print(f"{len(judged)} rehearsals in {time.perf_counter() - began:.0f} s")
    sys.exit(0 if not any(one.faults for one in judged) else 1)


if __name__ == "__main__":
    main()
