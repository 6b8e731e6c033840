"""What goes wrong in one session of a campaign, as a value that a seed draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from random import Random

from daemon.core.calendar.sessions import new_york, next_session, sessions_between
from daemon.sim.gateway.fault_plan import WITHHOLDABLE, Argument
from daemon.sim.gateway.fault_plan import Kind as GatewayKind
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
    kind: Kind | GatewayKind
    share: float
    arguments: Mapping[str, Argument] = field(default_factory=dict, compare=False)
    """What a fault of the gateway is told."""

    def __str__(self) -> str:
        told = f", {dict(self.arguments)}" if self.arguments else ""
        return f"{self.kind} {self.start:%Y-%m-%d %H:%M:%S}..{self.end:%H:%M:%S} UTC ({self.share:.2f}){told}"


@dataclass(frozen=True, slots=True)
class Plan:
    """One life of a daemon: its sessions, its settings and its faults."""

    seed: int
    sessions: tuple[date, ...]
    settings: Mapping[str, str]
    partial_share: float
    """How often an order fills in parts."""
    slip_steps: float
    """How many price steps past the mid an order has to be to fill; with many, ladders end unfilled."""
    faults: tuple[Fault, ...]
    codec: bool = False
    """Whether it goes through the real library and the gateway's codec."""

    @property
    def last_fault_at(self) -> datetime:
        """Return when the last fault is over; the beginning where there is none."""
        return max((fault.end for fault in self.faults), default=new_york(self.sessions[0], time(0)))

    def __str__(self) -> str:
        where = " through the codec" if self.codec else ""
        lines = [
            f"seed {self.seed}{where}: {len(self.sessions)} sessions from {self.sessions[0]}, {dict(self.settings)}"
        ]
        return "\n".join([*lines, *(f"  {fault}" for fault in self.faults)])


PRESETS = Path(__file__).parents[2] / "config" / "presets"


def preset(name: str) -> Mapping[str, str]:
    """Return the settings of a preset without their prefix."""
    lines = (PRESETS / f"{name}.env").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {key.removeprefix("CONDORD_"): value for key, _, value in pairs}


SETTINGS: tuple[Mapping[str, str], ...] = (
    {},
    {},
    {"CONDOR_DTE_TARGET": "3", "CONDOR_DTE_MIN": "1", "CONDOR_DTE_MAX": "5", "CONDOR_TIME_EXIT_ENABLED": "false"},
    {"CONDOR_DTE_TARGET": "4", "CONDOR_DTE_MIN": "2", "CONDOR_DTE_MAX": "6", "CONDOR_TIME_EXIT_DTE": "1"},
    {"CONDOR_STOP_ENABLED": "true", "CONDOR_TAKE_PROFIT_PCT": "15"},
    {"CONDOR_COMPLETE_PARTIAL_FILLS": "false"},
    *map(preset, ("adaptive", "d0", "etf_extra", "mixed_002", "vx_futures", "weekly7")),
)
"""What the daemons of a campaign are told to do; the first, the defaults, comes twice as often."""
CODEC_KINDS: tuple[Kind | GatewayKind, ...] = (*GatewayKind, Kind.KILLED, Kind.STOPPED, Kind.HALTED)
"""Faults of a campaign through the codec: all of the gateway's own, and those of the daemon's life."""
FAULTS_MAX = 16
SLIP_STEPS = (2.0, 2.0, 4.0, 30.0)
OVERNIGHT = (Kind.KILLED, Kind.STOPPED, Kind.LINE_LOST, GatewayKind.DROP_CONNECTION)
"""Faults that may go on over a night, or over a weekend."""
ORDERS_AT: tuple[time, ...] = (time(10, 29), time(15, 29), time(15, 29), time(15, 49))
"""Just before orders are sent: rolls, the entry, resizes."""
AT_ORDERS_SHARE = 0.7
"""Share of faults that happen while orders are worked, where most is at stake."""


@cache
def packaged() -> History:
    """Return the history that campaigns run over."""
    return load_packaged()


def draw(seed: int, *, codec: bool = False) -> Plan:
    """Draw a plan: 2 to 6 sessions, up to sixteen faults, the last session without any."""
    random = Random(f"codec {seed}" if codec else seed)
    days = _days(random, random.randint(2, 6))
    faulty = days[: len(days) - QUIET_SESSIONS]
    kinds = CODEC_KINDS if codec else tuple(Kind)
    faults = sorted(
        _fault(random, random.choice(kinds), random.choice(faulty)) for _ in range(random.randint(1, FAULTS_MAX))
    )
    changes, partial_share = random.choice(SETTINGS), random.choice((0.0, 0.1, 0.5, 1.0))
    slip_steps = random.choice(SLIP_STEPS)
    return Plan(seed, days, changes, partial_share, slip_steps, _apart(tuple(faults)), codec)


def _days(random: Random, count: int) -> tuple[date, ...]:
    first, last = random.choice(packaged().windows())
    days = sessions_between(first, last)
    begin = random.randrange(70, len(days) - count - 5) if len(days) > 100 else random.randrange(20, 60)
    return tuple(days[begin : begin + count])


def _fault(random: Random, kind: Kind | GatewayKind, day: date) -> Fault:
    if random.random() < AT_ORDERS_SHARE:
        start = new_york(day, random.choice(ORDERS_AT)) + timedelta(seconds=random.uniform(50, 240))
        lasts_s = random.choice((30, 200, 900, 1800))
    else:
        start = new_york(day, time(8, 50)) + timedelta(seconds=random.uniform(0, 8 * 3600))
        lasts_s = random.choice((5, 60, 600, 3600, 4 * 3600))
    overnight = kind in OVERNIGHT and random.random() < 0.15
    end = new_york(next_session(day), time(8, 30)) if overnight else start + timedelta(seconds=lasts_s)
    arguments = _arguments(random, kind, start, end) if isinstance(kind, GatewayKind) else {}
    return Fault(start, end, kind, random.choice((0.1, 0.3, 0.6, 1.0)), arguments)


def _arguments(random: Random, kind: GatewayKind, start: datetime, end: datetime) -> Mapping[str, Argument]:
    """Draw what a fault of the gateway is told."""
    drawn: Mapping[GatewayKind, Mapping[str, Argument]] = {
        GatewayKind.REJECT_ORDER: {"code": random.choice((110, 201, 321, 460)), "symbol": random.choice(("", "SPX"))},
        GatewayKind.WHAT_IF_HIGHER: {"factor": random.choice((1.05, 1.5, 3.0))},
        GatewayKind.WHAT_IF_UNSET: {"then_real": random.random() < 0.5},
        GatewayKind.DATA_MISSING: {"symbol": random.choice(("", "SPX", "VIX"))},
        GatewayKind.GREEKS_MISSING: {"symbol": random.choice(("", "SPX", "VIX"))},
        GatewayKind.DATA_STALE: {"symbol": random.choice(("", "SPX", "VIX"))},
        GatewayKind.DATA_DELAYED: {"symbol": random.choice(("", "SPX", "VIX"))},
        GatewayKind.NOT_SUBSCRIBED: {"symbol": random.choice(("", "SPX", "VIX"))},
        GatewayKind.CHAIN_LIMITED: {"low": 0.0, "high": 3_000.0, "symbol": "SPX"},
        GatewayKind.DROP_CONNECTION: {"refuse_s": (end - start).total_seconds()},
        GatewayKind.SILENT: {"lost": random.random() < 0.5},
        GatewayKind.DELAY: {"seconds": random.choice((0.1, 1.0, 5.0))},
        GatewayKind.WITHHOLD: {"message": random.choice(tuple(WITHHOLDABLE))},
    }
    return drawn.get(kind, {})


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
