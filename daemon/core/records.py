"""What is written down: decisions, outcomes, computations, the day's figures. Values, no behaviour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from daemon.core.condor.legs import CondorLegs
from daemon.core.market.contracts import OptionContract, Underlying
from daemon.core.orders.intent import IntentKey, Reason


class RunState(StrEnum):
    """Whether the program may open risk. Never relaxed by the program once a person set it."""

    RUNNING = "RUNNING"
    EXITS_ONLY = "EXITS_ONLY"
    HALTED = "HALTED"


ACCOUNT_KEY: Final = "account"
"""Names, in the store, the account whose positions the book holds."""
MODE_KEY: Final = "mode"
"""Names, in the store, on what account it was made: simulated or paper."""
PERSON: Final = "person"
PROGRAM: Final = "program"


@dataclass(frozen=True, slots=True)
class RunStateRecord:
    """The run state, who set it, why and when. A person's and the program's are kept side by side."""

    state: RunState
    by: str
    """``PERSON`` or ``PROGRAM``."""
    reason: str
    at: datetime | None


def strictest(records: Iterable[RunStateRecord]) -> RunStateRecord:
    """Return the run state that holds of those set: the strictest; of equal ones a person's.

    RUNNING where nobody ever set one.
    """
    order = [*RunState]
    never = RunStateRecord(RunState.RUNNING, PROGRAM, "never changed", None)
    return max((*records, never), key=lambda record: (order.index(record.state), record.by == PERSON))


class Outcome(StrEnum):
    """Result of a job run; exactly one per session and job."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """The outcome of one job of one session with its reason."""

    outcome: Outcome
    reason: str
    at: datetime


class DecisionKind(StrEnum):
    """What was decided."""

    ENTER = "enter"
    EXIT = "exit"
    ADJUST = "adjust"
    ROLL = "roll"
    RESIZE = "resize"
    HARVEST = "harvest"
    BUY = "buy"
    SELL = "sell"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision with its reasons and the numbers it rested on."""

    session: date
    job: str
    kind: DecisionKind
    subject: str
    at: datetime
    reasons: tuple[Reason, ...]
    inputs: Mapping[str, float | int | str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CondorRecord:
    """A condor as it was planned, with the policy it was entered with (decision 19)."""

    condor_id: str
    """Entry session and sequence, for example ``C20200218-1``."""
    entry_session: date
    legs: CondorLegs
    policy: Mapping[str, float | int | str | bool | Sequence[str] | None]
    intent: IntentKey
    spx_at_entry_pts: float | None = None
    """SPX when the entry was decided; None where a condor of an earlier version did not keep it."""

    @property
    def expiry(self) -> date:
        """Return the expiry of all legs."""
        return self.legs.expiry


@dataclass(frozen=True, slots=True)
class LayerComputation:
    """One layer of a hedge computation."""

    layer: str
    contract: OptionContract | None
    """The contract the delta-dollars are of: the held one, or the one that would be bought."""
    forward_pts: float | None
    delta: float | None
    delta_usd: float | None
    """VIX delta-dollars of one contract: 100 x forward x delta, and what of that VIX futures answer to SPX."""
    held: int
    target: int
    unit_usd: float | None = None
    """What one contract counts for in the measure; None in a record of before there were measures."""
    short: OptionContract | None = None
    """The short option of a spread; delta and dollars are those of the whole."""
    carry_usd: float | None = None
    """What one contract is expected to cost in 30 days; None in a record of before there was a budget."""

    @property
    def vix_forward_pts(self) -> float | None:
        """Return the forward of VIX that the contract stands on; None where it is on SPX."""
        on_vix = self.contract is not None and self.contract.underlying is Underlying.VIX
        return self.forward_pts if on_vix else None

    @property
    def counts_usd(self) -> float | None:
        """Return what one contract counts for; before there were measures, its delta-dollars."""
        return self.delta_usd if self.unit_usd is None else self.unit_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeBudget:
    """What a target is expected to cost and what the hedge has cost, in dollars, with the limits of both."""

    wanted: int
    """Contracts before the guards."""
    carry_usd: float
    """Expected cost of the target in 30 days."""
    carry_max_usd: float
    debits_usd: float
    """Paid for the hedge in 30 days, less sales and settlements."""
    credits_usd: float
    """Entry credits of the condors of 30 days, and of all that are open."""
    debits_max_usd: float
    guarded: bool
    """Whether the guards are switched on."""
    suspended: bool
    """Whether VIX is so high that they do not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeSizing:
    """By which settings a hedge was sized; the defaults are what held before they could be chosen."""

    total: str = "regime"
    base: str = "wing_notional"
    base_usd: int
    """What the percentage is of."""
    measure: str = "delta_dollars"
    break_even_contracts: int | None = None
    """Contracts that the put-side break-evens ask for (000-13); None when no number is enough, or unknown."""
    budget: HedgeBudget | None = None
    """None in a record of before there was a budget."""


@dataclass(frozen=True, slots=True)
class HedgeComputation:
    """The hedge notional for the regime, recorded before any order of the hedge is placed."""

    session: date
    at: datetime
    vix: float
    regime: str
    """``low``, ``moderate`` or ``high``."""
    pct: float
    """What the contracts stand for in percent of the base: p(V), unless the total is a number of contracts."""
    wing_notional_usd: int
    target_usd: float
    """The percentage of the base, in dollars of the measure."""
    held_usd: float
    """Held now, in dollars of the measure."""
    contracts: int
    layers: tuple[LayerComputation, ...]
    reasons: tuple[Reason, ...] = ()
    sizing: HedgeSizing | None = None
    """None in a record of before it could be chosen."""
    beside: tuple[LayerComputation, ...] = ()
    """What is held or bought beside the layers; it is no part of the sums above."""

    @property
    def sized(self) -> HedgeSizing:
        """Return by what it was sized."""
        return self.sizing or HedgeSizing(base_usd=self.wing_notional_usd)


@dataclass(frozen=True, slots=True)
class PositionLine:
    """One position at the end of a session."""

    strategy: str
    subject: str
    contract: OptionContract
    quantity: int
    mark_pts: float | None


@dataclass(frozen=True, slots=True)
class DayRecord:
    """The closing figures of one session."""

    session: date
    spx: float
    vix: float
    net_liquidation_usd_cents: int
    condor_pnl_usd_cents: int
    """Since the start: cash flows, fees and marks of every condor."""
    hedge_pnl_usd_cents: int
    """Since the start, the same for the hedge layers."""
    wing_notional_usd: int
    hedge_pct: float | None
    hedge_target_usd: float | None
    hedge_held_usd: float | None
    regime: str | None
    breaks_open: int
    positions: tuple[PositionLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """What a group of positions gains, in dollars, on its own underlying: condors on SPX, the hedge on VIX futures."""

    delta_usd: float
    """For a point of the forward."""
    gamma_usd: float
    """By how much the delta changes for a point."""
    theta_usd: float
    """For a calendar day."""
    vega_usd: float
    """For a volatility point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerExposure:
    """The greeks of one layer of the hedge (001-11); None where one of its contracts could not be valued."""

    layer: str
    contracts: int
    """Long ones: a spread counts once."""
    delta_usd: float | None
    """VIX delta-dollars: 100 x forward x delta, of SPX by what VIX futures answer, summed over its contracts."""
    greeks: Sensitivity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StressCell:
    """One scenario and what condors and hedge gain in it, in dollars."""

    spx_pct: float
    vix_pct: float
    days: float
    condor_usd: float
    hedge_usd: float

    @property
    def pnl_usd(self) -> float:
        """Return what the book gains."""
        return self.condor_usd + self.hedge_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class StressTable:
    """What the whole book gains after some days, in whole dollars: a row for each move of VIX, a column for each of SPX."""

    days: float
    spx_pcts: tuple[float, ...]
    vix_pcts: tuple[float, ...]
    pnl_usd: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CondorBreakEvens:
    """SPX in points where a condor breaks even at its expiry; None where it does not, or has no such side."""

    condor_id: str
    low_pts: float | None
    high_pts: float | None
    hedged_low_pts: float | None
    hedged_high_pts: float | None


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of a limit is used. None means unknown."""

    name: str
    """The gate's name where a gate holds it."""
    value: float | None
    limit: float | None
    unit: str
    note: str = ""
    applies: bool = True
    """Whether there is something to measure against; a loss has nothing before the first close."""
    least: bool = False
    """Whether the limit is the least that must be, and not the most that may."""

    @property
    def breached(self) -> bool:
        """Whether the limit is passed; what is unknown is no breach, and refuses by its own name."""
        if self.value is None or self.limit is None:
            return False
        return self.value < self.limit if self.least else self.value > self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRecord:
    """What is at risk at one moment. None means unknown, and ``unknown`` says why."""

    session: date
    at: datetime
    spx: float | None
    vix: float | None
    condors: Sensitivity | None
    hedge: Sensitivity | None
    """What the hedge holds on VIX futures."""
    linked_delta_usd: float | None
    """Dollars for a point of SPX when VIX answers as it does on average."""
    wing_notional_usd: int
    maintenance_margin_usd_cents: int
    max_loss_usd: tuple[tuple[date, float | None], ...]
    """By expiry; None where a short call is uncovered, which has no largest loss."""
    worst: StressCell | None
    crash: tuple[StressCell, ...] = ()
    break_evens: tuple[CondorBreakEvens, ...] = ()
    unknown: tuple[str, ...] = ()
    estimated: int = 0
    """Contracts that count with a volatility that is not of their own mark."""
    limits: tuple[LimitUse, ...] = ()
    hedge_on_spx: Sensitivity | None = None
    """What the hedge holds on SPX, where it holds anything there (002-02)."""
    hedge_on_funds: Sensitivity | None = None
    """What the hedge holds on funds of VIX futures, where it holds anything there (003-12)."""
    layers: tuple[LayerExposure, ...] | None = None
    """What each layer holds; None in a record of before this was kept."""
    stress: tuple[StressTable, ...] = ()
    """A table for each number of days; empty where the stress is unknown, and in a record of before it was kept."""

    @property
    def theta_usd(self) -> float | None:
        """Return the theta of condors and hedge for a calendar day (000-26)."""
        if self.condors is None or self.hedge is None:
            return None
        return self.condors.theta_usd + sum(part.theta_usd for part in self.hedge_parts)

    @property
    def hedge_parts(self) -> tuple[Sensitivity, ...]:
        """Return what is known of the hedge, on VIX futures, on SPX and on funds."""
        parts = (self.hedge, self.hedge_on_spx, self.hedge_on_funds)
        return tuple(part for part in parts if part is not None)


@dataclass(frozen=True, slots=True)
class DailyValue:
    """The close of an index in one session, as somebody gave it."""

    session: date
    value: float
    source: str
    read_at: datetime


class Standing(StrEnum):
    """Whether a signal may be used: only a fresh one says anything, the others are neutral."""

    FRESH = "fresh"
    STALE = "stale"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One signal as it was read before a session."""

    session: date
    name: str
    value: float | None
    state: str
    """What it says; ``neutral`` for nothing, and whenever it is not fresh."""
    as_of: date | None
    """The session or the day of publication of the newest figure in it."""
    source: str
    standing: Standing
    text: str
    """What the value is, or why there is none."""


class MonitorKind(StrEnum):
    """What a monitor looks at."""

    PARITY = "parity"
    """How far a strike is from put-call parity, against half of its spreads."""
    CONVERSION = "conversion"
    REVERSAL = "reversal"
    FUTURE = "future"
    """The edge between a VIX future and the options of its expiry."""
    JENSEN = "jensen"
    """How far a VIX forward is above the variance behind its expiry."""
    KINK = "kink"
    """How unusual the bend of the curve of VIX forwards is."""
    MODEL = "model"
    """How far a VIX forward is from a model of the curve that the third one gives."""
    HELD_FORWARD = "held_forward"
    """The forward that the calls held stand for."""
    OWN_VIX = "own_vix"
    """VIX rebuilt from a strip of options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """One line of the arbitrage monitors; nothing is traded on it."""

    session: date
    at: datetime
    kind: MonitorKind
    subject: str
    """What was looked at: class and expiry, with a strike where it is of one."""
    value: float | None
    """None where it could not be told, and the text says why."""
    limit: float | None
    """The most that is usual, or that costs nothing; None for a figure without one."""
    unit: str
    text: str

    @property
    def beyond(self) -> bool:
        """Whether the value is above its limit."""
        return self.value is not None and self.limit is not None and self.value > self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class NextSession:
    """What the session after a closed one brings, as it is known at that close."""

    session: date
    open_at: datetime
    close_at: datetime
    early_close: bool
    jobs: tuple[tuple[str, datetime], ...]
    """The daily jobs in the order of their times."""
    events: tuple[str, ...] = ()
    """Economic events, expiries and early closes, each with its time."""
    expiring: tuple[str, ...] = ()
    """Condors and contracts of the hedge that settle in the session."""
    leaving: tuple[tuple[str, date], ...] = ()
    """Condors near their exit by time, with their expiry."""
    rolls: tuple[tuple[str, date], ...] = ()
    """The next roll of each layer, the earliest first; nothing where rolls are off."""


class Level(StrEnum):
    """Severity of an event."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An immutable recorded fact: a name of the vocabulary, in the past tense, with its fields."""

    name: str
    at: datetime
    session: date
    level: Level
    fields: Mapping[str, object]
