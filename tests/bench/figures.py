"""Measure the figures that the project states of itself, and print them as one table.

``make figures HISTORY=DIR`` runs it; without a history folder the year 2019 and the comparison with the
full history are left out and said so.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

WINDOW = ("2020-02-18", "2020-03-31")
YEAR = ("2019-01-02", "2019-12-31")
SHORT = {
    "CONDORD_CONDOR_DTE_TARGET": "7",
    "CONDORD_CONDOR_DTE_MIN": "5",
    "CONDORD_CONDOR_DTE_MAX": "9",
    "CONDORD_CONDOR_TAKE_PROFIT_ENABLED": "false",
    "CONDORD_CONDOR_TIME_EXIT_ENABLED": "false",
    "CONDORD_HEDGE_ROLLS_ENABLED": "false",
}
CONDORD = Path(sys.executable).with_name("condord")


class Run:
    """One rehearsal in a process of its own, with its memory sampled at the end of every session."""

    def __init__(
        self,
        window: tuple[str, str],
        *arguments: str,
        environment: dict[str, str] | None = None,
        out: Path | None = None,
    ) -> None:
        self.rss_mb: list[float] = []
        with tempfile.TemporaryDirectory() as temporary:
            folder = str(out or temporary)
            command = [str(CONDORD), "rehearse", "--from", window[0], "--to", window[1], "--out", folder, "--json"]
            process = subprocess.Popen(
                [*command, *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | (environment or {}),
            )
            watcher = threading.Thread(target=self._watch, args=(process,))
            watcher.start()
            assert process.stdout is not None
            output = process.stdout.read()
            watcher.join()
            process.wait()
        self.figures: dict[str, Any] = json.loads(output)

    def _watch(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(("19", "20")):
                self.rss_mb.append(_rss_mb(process.pid))


def _rss_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def main() -> None:
    """Run everything and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", type=Path, default=None)
    history: Path | None = parser.parse_args().history
    began = time.perf_counter()
    rows: list[tuple[str, str, bool]] = []

    first, again = Run(WINDOW), Run(WINDOW)
    rows += _window_rows(first.figures)
    rows.append(("the same seed twice gives one digest", first.figures["digest"][:16], _same(first, again)))
    short = Run(WINDOW, environment=SHORT).figures
    by_class = short["settlements_by_class"]
    settled = by_class.get("SPXW", 0) > 0 and by_class.get("VIX", 0) + by_class.get("VIXW", 0) > 0
    rows.append(("settlements with 7-DTE condors, no exits, no rolls", str(by_class), settled))
    rows.append(("  breaks open, errors", f"{short['breaks_open']}, {short['errors']}", _clean(short)))
    if history is None:
        print("no --history: the full-history digest and the year 2019 are left out", file=sys.stderr)
    else:
        full = Run(WINDOW, "--history", str(history))
        rows.append(("the full history gives the same digest", full.figures["digest"][:16], _same(first, full)))
        rows += _year_rows(Run(YEAR, "--history", str(history)))
    for name, value, ok in rows:
        print(f"{'ok  ' if ok else 'FAIL'}  {name:<54} {value}")
    print(f"measured in {time.perf_counter() - began:.0f} s")
    sys.exit(0 if all(ok for _, _, ok in rows) else 1)


def _window_rows(figures: dict[str, Any]) -> list[tuple[str, str, bool]]:
    decisions = figures["condor_entries"] + figures["condor_skips"]
    return [
        ("sessions of 2020-02-18 to 2020-03-31", str(figures["sessions"]), figures["sessions"] == 31),
        (
            "condor decisions (entries + skips)",
            f"{figures['condor_entries']} + {figures['condor_skips']}",
            decisions == 31,
        ),
        ("condor entries, at least 10", str(figures["condor_entries"]), figures["condor_entries"] >= 10),
        ("hedge buys, rolls", f"{figures['hedge_buys']}, {figures['hedge_rolls']}", figures["hedge_rolls"] > 0),
        ("breaks open, errors", f"{figures['breaks_open']}, {figures['errors']}", _clean(figures)),
        ("messages sent in the window", str(figures["requests"]), True),
        ("wall time of the window", f"{figures['wall_s']} s", True),
    ]


def _year_rows(run: Run) -> list[tuple[str, str, bool]]:
    figures = run.figures
    month, end = run.rss_mb[20], run.rss_mb[-2]
    return [
        ("sessions of 2019", str(figures["sessions"]), figures["sessions"] == 252),
        ("  breaks open, errors", f"{figures['breaks_open']}, {figures['errors']}", _clean(figures)),
        ("  layers rolled", str(figures["hedge_rolls"]), figures["hedge_rolls"] > 50),
        ("  wall time, at most 60 s on 2 cores", f"{figures['wall_s']} s", figures["wall_s"] <= 60),
        ("  memory after the first month, at the end", f"{month:.0f} MB, {end:.0f} MB", end - month <= 20),
    ]


def _same(one: Run, other: Run) -> bool:
    return bool(one.figures["digest"] == other.figures["digest"])


def _clean(figures: dict[str, Any]) -> bool:
    return bool(figures["breaks_open"] == 0 and figures["errors"] == 0)


if __name__ == "__main__":
    main()
