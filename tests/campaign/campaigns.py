"""Campaigns of seeded sessions with drawn faults: ``python tests/campaign/campaigns.py --help``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from campaign.plans import draw
from campaign.shrink import shrink
from campaign.world import Outcome, run

from daemon.app.rehearse import seldom_collected

SEEDS = Path(__file__).parents[1] / "sim" / "seeds.txt"
AHEAD = 32
"""Plans that wait for each worker, so that none is idle."""


@dataclass(slots=True)
class Tally:
    """What a campaign has seen so far."""

    plans: int = 0
    sessions: int = 0
    orders: int = 0
    steps: int = 0
    drawn: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    failed: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count one plan."""
        self.plans += 1
        self.sessions += len(outcome.plan.sessions)
        self.orders += outcome.orders
        self.steps += outcome.steps
        self.drawn.update(str(fault.kind) for fault in outcome.plan.faults)
        self.met.update(outcome.met)
        if outcome.violations:
            self.failed.append(outcome)

    def lines(self, wall_s: float) -> Iterator[str]:
        """Return the figures as lines."""
        yield f"{self.sessions} sessions of {self.plans} plans, {self.orders} orders, {self.steps} steps looked at"
        for name in sorted(self.drawn):
            yield f"  {name:<16} {self.drawn[name]:6d} drawn, came to pass in {self.met[name]:6d} plans"
        violations = sum(len(outcome.violations) for outcome in self.failed)
        yield f"{violations} violations in {len(self.failed)} plans, {self.sessions / wall_s:.1f} sessions/s"


def one(seed: int, *, codec: bool = False) -> Outcome:
    """Run the plan of a seed."""
    with seldom_collected():
        return run(draw(seed, codec=codec))


def seeds_kept() -> tuple[tuple[str, int], ...]:
    """Return the seeds that ever failed, each with its kind of campaign."""
    lines = SEEDS.read_text(encoding="utf-8").splitlines()
    kept = (line.split() for line in lines if line.strip() and not line.startswith("#"))
    return tuple((kind, int(seed)) for kind, seed, *_ in kept)


def outcomes(first: int, sessions: int, workers: int, *, codec: bool) -> Iterator[Outcome]:
    """Run plans from a seed on until there are so many sessions."""
    left, seed = sessions, first
    with ProcessPoolExecutor(workers) as pool:
        while left > 0:
            batch: list[int] = []
            while left > 0 and len(batch) < AHEAD * workers:
                batch.append(seed)
                left -= len(draw(seed, codec=codec).sessions)
                seed += 1
            yield from pool.map(partial(one, codec=codec), batch)


def say(line: object) -> None:
    """Print a line at once: a campaign is long."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def tell(outcome: Outcome, *, smallest: bool) -> None:
    """Print a plan that fails, and the smallest one that fails in the same way."""
    say(f"FAILED {outcome.plan}")
    for violation in outcome.violations:
        say(f"    {violation}")
    if not smallest:
        return
    wanted = {violation.invariant for violation in outcome.violations}
    small = shrink(outcome.plan, lambda plan: bool(wanted & _numbers(run(plan))))
    say(f"  smallest: {small}")
    for violation in run(small).violations:
        say(f"    {violation}")


def _numbers(outcome: Outcome) -> set[int]:
    return {violation.invariant for violation in outcome.violations}


def campaign(found: Iterable[Outcome], *, smallest: bool) -> int:
    """Run, tell what fails at once and the figures at the end; return the number of plans that failed."""
    tally, began = Tally(), time.perf_counter()
    for outcome in found:
        tally.add(outcome)
        if outcome.violations:
            tell(outcome, smallest=smallest)
    for line in tally.lines(time.perf_counter() - began):
        say(line)
    return len(tally.failed)


def replay(seed: int, *, codec: bool) -> Iterator[Outcome]:
    """Show a plan and run it."""
    say(draw(seed, codec=codec))
    yield one(seed, codec=codec)


def main() -> int:
    """Read the arguments, run, and return 1 when something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1_000, help="sessions to run (1000)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (one a core)")
    parser.add_argument("--replay", type=int, help="run the plan of one seed")
    parser.add_argument("--as-drawn", action="store_true", help="do not make plans that fail smaller")
    parser.add_argument("--codec", action="store_true", help="through the real library and the gateway's codec")
    given = parser.parse_args()
    if given.replay is not None:
        found = replay(given.replay, codec=given.codec)
    else:
        found = outcomes(given.seed, given.sessions, given.workers, codec=given.codec)
    return min(1, campaign(found, smallest=not given.as_drawn))


if __name__ == "__main__":
    sys.exit(main())
