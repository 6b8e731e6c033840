"""What goes wrong in one session of a campaign, as a value that a seed draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from random import Random

from daemon.core.calendar.sessions import new_york, next_session, sessions_between
from daemon.sim.history import History, load_packaged

QUIET_SESSIONS = 1
"""Sessions without faults at the end of every plan, in which all must come to rest."""


class Kind(StrEnum):
    """Kinds of fault of the in-process campaign."""

    LINE_LOST = "line_lost"
    """The connection breaks; new ones are refused until the end."""
    BROKER_LOST = "broker_lost"
    """The gateway loses the broker (1100) and has it again at the end (1102)."""
    FACTS_LOST = "facts_lost"
    """Facts about orders and executions do not arrive, each by a share."""
    FACTS_LATE = "facts_late"
    """Each fact comes up to so many seconds late, in another order than it happened."""
    FACTS_TWICE = "facts_twice"
    """Each fact comes twice, by a share."""
    FILLS_CORRECTED = "fills_corrected"
    """Every execution is reported again under a higher revision."""
    ORDERS_REJECTED = "orders_rejected"
    """New orders are refused, each by a share."""
    CUT_AT_SEND = "cut_at_send"
    """The connection breaks with the next bytes of an order, which arrive by a share."""
    CANCELS_IGNORED = "cancels_ignored"
    """Cancels are not answered."""
    CHANGES_REFUSED = "changes_refused"
    """Price changes are refused."""
    FALSE_FLAT = "false_flat"
    """The account is shown without positions, orders and executions."""
    FILLS_WITHHELD = "fills_withheld"
    """Lists of executions come empty."""
    SNAPSHOTS_FAIL = "snapshots_fail"
    """The account is not told in time."""
    CLOCK_SKEWED = "clock_skewed"
    """The gateway's clock is ahead by so many seconds."""
    INDEX_STALE = "index_stale"
    """SPX and VIX stand still."""
    QUOTES_MISSING = "quotes_missing"
    """Options have no quote, each by a share."""
    DATA_DELAYED = "data_delayed"
    """SPX and VIX are delayed data."""
    MARGIN_UNKNOWN = "margin_unknown"
    """Margin previews are unset."""
    MARKS_MISSING = "marks_missing"
    """The portfolio values nothing."""
    KILLED = "killed"
    """The daemon dies without a word and is started again at the end."""
    STOPPED = "stopped"
    """The daemon is stopped as by the service manager and started again at the end."""
    HALTED = "halted"
    """A person halts the daemon and resumes at the end."""
    HAND_TRADE = "hand_trade"
    """A person buys a VIX call in the account."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that goes wrong for a stretch of time; ``share`` is how much of it."""

    start: datetime
    end: datetime
    kind: Kind
    share: float

    def __str__(self) -> str:
        return f"{self.kind} {self.start:%Y-%m-%d %H:%M:%S}..{self.end:%H:%M:%S} UTC ({self.share:.2f})"


@dataclass(frozen=True, slots=True)
class Plan:
    """One life of a daemon: its sessions, its settings and its faults."""

    seed: int
    sessions: tuple[date, ...]
    settings: Mapping[str, str]
    partial_share: float
    faults: tuple[Fault, ...]

    @property
    def last_fault_at(self) -> datetime:
        """Return when the last fault is over; the beginning where there is none."""
        return max((fault.end for fault in self.faults), default=new_york(self.sessions[0], time(0)))

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: {len(self.sessions)} sessions from {self.sessions[0]}, {dict(self.settings)}"]
        return "\n".join([*lines, *(f"  {fault}" for fault in self.faults)])


SETTINGS: tuple[Mapping[str, str], ...] = (
    {},
    {},
    {"CONDOR_DTE_TARGET": "3", "CONDOR_DTE_MIN": "1", "CONDOR_DTE_MAX": "5", "CONDOR_TIME_EXIT_ENABLED": "false"},
    {"CONDOR_DTE_TARGET": "4", "CONDOR_DTE_MIN": "2", "CONDOR_DTE_MAX": "6", "CONDOR_TIME_EXIT_DTE": "1"},
    {"CONDOR_STOP_ENABLED": "true", "CONDOR_TAKE_PROFIT_PCT": "15"},
    {"CONDOR_COMPLETE_PARTIAL_FILLS": "false"},
)
"""What the daemons of a campaign are told to do; the first, the defaults, comes twice as often."""
LEVER_S = 0.4
"""Share of faults that happen around the entry, where most is at stake."""


@cache
def packaged() -> History:
    """Return the history that campaigns run over."""
    return load_packaged()


def draw(seed: int, *, sessions: int = 0) -> Plan:
    """Draw a plan: 2 to 6 sessions (or so many), up to ten faults, the last session without any."""
    random = Random(seed)
    count = sessions or random.randint(2, 6)
    days = _days(random, count)
    faulty = days[: max(1, count - QUIET_SESSIONS)]
    faults = tuple(sorted(_fault(random, random.choice(faulty)) for _ in range(random.randint(1, 10))))
    return Plan(seed, days, random.choice(SETTINGS), random.choice((0.0, 0.1, 0.5, 1.0)), _apart(faults))


def _days(random: Random, count: int) -> tuple[date, ...]:
    first, last = random.choice(packaged().windows())
    days = sessions_between(first, last)
    begin = random.randrange(70, len(days) - count - 5) if len(days) > 100 else random.randrange(20, 60)
    return tuple(days[begin : begin + count])


def _fault(random: Random, day: date) -> Fault:
    kind = random.choice(tuple(Kind))
    if random.random() < LEVER_S:
        start = new_york(day, time(15, 29)) + timedelta(seconds=random.uniform(0, 25 * 60))
        lasts_s = random.choice((2, 30, 200, 900))
    else:
        start = new_york(day, time(8, 50)) + timedelta(seconds=random.uniform(0, 8 * 3600))
        lasts_s = random.choice((5, 60, 600, 3600, 4 * 3600))
    overnight = kind in (Kind.KILLED, Kind.STOPPED, Kind.LINE_LOST) and random.random() < 0.15
    end = new_york(next_session(day), time(8, 30)) if overnight else start + timedelta(seconds=lasts_s)
    return Fault(start, end, kind, random.choice((0.1, 0.3, 0.6, 1.0)))


def _apart(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """Leave out what would stop or start a daemon, or halt it, while an earlier one of these goes on."""
    kept: list[Fault] = []
    free: dict[bool, datetime] = {}
    for fault in faults:
        lives = fault.kind in (Kind.KILLED, Kind.STOPPED)
        if lives or fault.kind is Kind.HALTED:
            if lives in free and fault.start <= free[lives]:
                continue
            free[lives] = fault.end + timedelta(seconds=30)
        kept.append(fault)
    return tuple(kept)
