"""Killing the daemon with SIGKILL at moments of an entry, against a gateway in another process.

After the restart the book must be the account, and one entry order at most has reached the broker. Run alone for many
arbitrary moments: ``python tests/process/kills.py COUNT [SEED]``.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from processes import World, wait_for, world

CLOCK = "2020-03-02 15:30:20"
PARTIAL_SEED = 27
"""With this seed of the exchange the first order fills in two parts, 20 s apart."""
SLOW = '[[fault]]\nkind = "delay"\nseconds = 0.1\n'
"""Every message of the gateway comes late, so that each step of an entry takes its time."""
ENTRY_ENDED = "job done              condor_entry"


class Moment(StrEnum):
    """When the daemon is killed."""

    FINDING_STRIKES = "while strikes are found"
    SENT = "right after the order was sent"
    WORKING = "while the ladder works"
    PARTLY_FILLED = "after a part of the order was filled"
    ANY = "at any moment"


@dataclass(frozen=True)
class Kill:
    """One trial: the moment, some seconds after it, and how long the daemon stays dead."""

    moment: Moment
    after_s: float = 0.0
    dead_s: float = 0.0


@dataclass(frozen=True)
class Found:
    """What stood after the restart and the end of the entry."""

    account: dict[str, Any]
    book: dict[str, Any]
    status: dict[str, Any]
    decisions: list[dict[str, Any]]
    taken_over: bool

    def check(self) -> None:
        """Fail unless nothing is lost, nothing doubled and nothing unexplained."""
        positions = {str(line["con_id"]): line["quantity"] for line in self.book["positions"]}
        executions = {line["exec_id"]: abs(line["quantity"]) for line in self.book["executions"]}
        assert positions == self.account["positions"], (positions, self.account["positions"])
        assert executions == self.account["executions"], (executions, self.account["executions"])
        seen = {**self.account["open"], **self.account["completed"]}
        assert sum(".ENTRY." in ref for ref in seen) == 1, seen
        assert seen.keys() <= {order["order_ref"] for order in self.book["orders"]}
        assert {abs(quantity) for quantity in positions.values()} == {2}, positions
        assert self.status["breaks_open"] == 0
        assert self.status["unknown_orders"] == []
        assert [line["kind"] for line in self.decisions] == ["enter"]


def trial(folder: Path, kill: Kill) -> Found:
    """Let a daemon enter a condor, kill it, start another, and return what stands when the entry has ended."""
    with world(folder, CONDOR_LADDER_STEP_PTS="1.00", LOG_LEVEL="debug", GATEWAY_ABSENCE_PROOF_S="1") as made:
        (folder / "slow.toml").write_text(SLOW)
        seed = PARTIAL_SEED if kill.moment is Moment.PARTLY_FILLED else 1
        made.gateway(CLOCK, "--faults", "slow.toml", "--seed", str(seed))
        daemon = made.daemon()
        wait_for(lambda: reached(kill.moment, daemon.text), lambda: f"{kill.moment} in\n{daemon.text}")
        time.sleep(kill.after_s)
        daemon.kill()
        time.sleep(kill.dead_s)
        again = made.daemon()
        again.says("daemon ready")
        wait_for(
            lambda: ENTRY_ENDED in daemon.text + again.text,
            lambda: f"the end of the entry in\n{again.text}",
            within_s=60,
        )
        # The take-profit is sent when the entry has ended; the account knows of it a little later.
        wait_for(lambda: any(".EXIT." in ref for ref in made.account()["open"]), "the take-profit")
        return found(made, again.text)


def reached(moment: Moment, text: str) -> bool:
    """Whether the daemon's output shows that a moment has come."""
    match moment:
        case Moment.ANY:
            return "daemon started" in text
        case Moment.FINDING_STRIKES:
            return "job caught up         condor_entry" in text
        case Moment.SENT:
            return "order sent" in text
        case Moment.WORKING:
            return "order acknowledged" in text
        case Moment.PARTLY_FILLED:
            return text.count("execution booked") == 4


def found(made: World, text: str) -> Found:
    """Return account, book and decisions as they are now."""
    return Found(
        account=made.account(),
        book=made.run("book", "--json").json,
        status=made.run("status", "--json").json,
        decisions=[d for d in made.run("why", "--json").json["decisions"] if d["job"] == "condor_entry"],
        taken_over="order taken over" in text,
    )


def arbitrary(random_number: Callable[[], float]) -> Kill:
    """Return a trial at an arbitrary moment."""
    moment = list(Moment)[int(random_number() * len(Moment))]
    longest_s = 12.0 if moment is Moment.ANY else 1.0
    return Kill(moment, after_s=random_number() * longest_s, dead_s=random_number() * 3)


def main(count: int, seed: int) -> int:
    """Run trials at arbitrary moments; return the number that failed."""
    draw = random.Random(seed)
    failed = 0
    for number in range(1, count + 1):
        kill = arbitrary(draw.random)
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="kills-") as folder:
            try:
                trial(Path(folder), kill).check()
                verdict = "ok"
            except AssertionError as error:
                failed += 1
                verdict = f"FAILED: {error}"
        took_s = time.monotonic() - began
        sys.stdout.write(
            f"{number:4d}  {kill.moment} + {kill.after_s:.2f} s, dead {kill.dead_s:.1f} s: {verdict} ({took_s:.0f} s)\n"
        )
        sys.stdout.flush()
    sys.stdout.write(f"{count} kills, {failed} failed (seed {seed})\n")
    return failed


if __name__ == "__main__":
    sys.exit(min(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1), 1))
