"""Rehearse every preset over one calm year and three violent windows of real history, and judge each run.

``make windows HISTORY=DIR`` runs it. A run is good when it has no error and no open break, when every session has
exactly one condor decision and every skip names its reason, and when ``why`` fits one screen for each session.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from figures import Run

from daemon.adapters.store import open_readonly
from daemon.core.records import DecisionKind
from daemon.report.why import SCREEN_LINES, why_text

WINDOWS = {
    "2018-02": ("2018-01-22", "2018-02-28"),
    "2020-03": ("2020-02-18", "2020-04-30"),
    "2024-08": ("2024-07-15", "2024-08-30"),
    "2017": ("2017-01-03", "2017-12-29"),
}
PRESETS = (
    ("ladder30",),
    ("ladder30", "set_and_forget"),
    ("ladder30", "adaptive"),
    ("d45_exit21",),
    ("weekly7",),
    ("d1_credit",),
    ("d0",),
    ("mixed_002",),
    ("vx_futures",),
    ("etf_extra",),
)
FOLDER = Path(__file__).parents[2] / "config" / "presets"
DECISION = "condor_entry"


@dataclass(frozen=True, slots=True)
class Judged:
    """One preset in one window: its figures, what its decisions say, and what is wrong with it."""

    name: str
    window: str
    figures: dict[str, int | float]
    skips: Counter[str]
    longest_why: int
    faults: tuple[str, ...]

    def line(self) -> str:
        """Return the row of the table."""
        got = self.figures
        why = ", ".join(f"{name} {count}" for name, count in self.skips.most_common(4))
        return (
            f"{'ok  ' if not self.faults else 'FAIL'} {self.name:<26} {self.window:<8} {got['sessions']:>4} {got['condor_entries']:>5}"
            f" {got['condor_skips']:>5} {got['condor_exits']:>5} {got['settlements']:>5} {got['breaks_open']:>4}"
            f" {got['errors']:>4} {got['pnl_usd']:>11,.0f} {self.longest_why:>4}  {why}"
        )


def judge(preset: Sequence[str], window: str, history: Path) -> Judged:
    """Run one rehearsal and look at every decision it recorded."""
    files = [part for name in preset for part in ("--env-file", str(FOLDER / f"{name}.env"))]
    with tempfile.TemporaryDirectory() as folder:
        run = Run(WINDOWS[window], "--history", str(history), *files, out=Path(folder))
        store = open_readonly(Path(folder) / "condord.db")
        try:
            sessions = [day.session for day in store.days()]
            decisions = [d for session in sessions for d in store.decisions(session) if d.job == DECISION]
            whys = [len(why_text(store, session).splitlines()) for session in sessions]
        finally:
            store.close()
    skips: Counter[str] = Counter()
    faults = [f"{name} is {run.figures[name]}" for name in ("breaks_open", "errors") if run.figures[name]]
    decided = Counter(decision.session for decision in decisions)
    faults += [f"{session} has {decided[session]} decisions" for session in sessions if decided[session] != 1]
    for decision in decisions:
        if decision.kind is DecisionKind.SKIP:
            skips[decision.reasons[0].name if decision.reasons else "no reason"] += 1
            if not decision.reasons or not all(reason.name and reason.text for reason in decision.reasons):
                faults.append(f"{decision.session} is skipped without a reason")
    longest = max(whys, default=0)
    if longest > SCREEN_LINES:
        faults.append(f"`why` takes {longest} lines in one session")
    return Judged(" + ".join(preset), window, run.figures, skips, longest, tuple(faults))


def main() -> None:
    """Run all, two at a time, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--window", choices=WINDOWS, action="append", help="only this window; may be repeated")
    given = parser.parse_args()
    began = time.perf_counter()
    cells = [(preset, window) for window in given.window or WINDOWS for preset in PRESETS]
    print(f"     {'preset':<26} window   sess enter  skip  exit settl brks errs  profit USD  why  skipped because of")
    judged = []
    with ThreadPoolExecutor(2) as pool:
        for one in pool.map(lambda cell: judge(cell[0], cell[1], given.history), cells):
            judged.append(one)
            print("\n".join([one.line(), *(f"     {fault}" for fault in one.faults)]), flush=True)
    print(f"{len(judged)} rehearsals in {time.perf_counter() - began:.0f} s")
    sys.exit(0 if not any(one.faults for one in judged) else 1)


if __name__ == "__main__":
    main()
