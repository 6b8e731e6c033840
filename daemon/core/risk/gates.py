"""Gates: what may refuse an order, as one table of purpose by gate (decision 9). ``docs/risk.md`` shows the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from daemon.core.orders.intent import Purpose, Reason
from daemon.core.records import RunStateRecord
from daemon.core.risk import verdicts
from daemon.core.risk.limits import RiskLimits
from daemon.core.risk.verdicts import GateInputs


class Gate(StrEnum):
    """A named condition that can refuse an order, in the order in which refusals are listed."""

    NOT_PAPER = "not_paper"
    LINK_NOT_SYNCED = "link_not_synced"
    HALTED = "halted"
    """A person has set HALTED."""
    HALTED_BY_PROGRAM = "halted_by_program"
    EXITS_ONLY = "exits_only"
    UNKNOWN_ORDER = "unknown_order"
    UNRECONCILED = "unreconciled"
    CLOCK_SKEW = "clock_skew"
    STALE_INDEX = "stale_index"
    STALE_ACCOUNT = "stale_account"
    HEDGE_NOT_COMPUTED = "hedge_not_computed"
    ORDER_RATE = "order_rate"
    SESSION_ORDERS = "session_orders"
    SESSION_CONTRACTS = "session_contracts"
    PRICE_COLLAR = "price_collar"
    SESSION_LOSS = "session_loss"
    WEEK_LOSS = "week_loss"
    DRAWDOWN = "drawdown"
    OPEN_CONDORS = "open_condors"
    WING_NOTIONAL = "wing_notional"
    MARGIN = "margin"
    MARGIN_ABOVE_ESTIMATE = "margin_above_estimate"
    THETA = "theta"
    QUICK_RATIO = "quick_ratio"


RUNAWAY: Final = frozenset({Gate.ORDER_RATE, Gate.SESSION_ORDERS, Gate.SESSION_CONTRACTS})
"""More orders than a working strategy ever sends: whoever meets one of these halts the program."""
_ALWAYS: Final = frozenset({Gate.NOT_PAPER, Gate.LINK_NOT_SYNCED, Gate.HALTED, Gate.UNKNOWN_ORDER})
"""Refuse every purpose: no order on a live account, on an unknown state of the account, or against a person's word."""
_HEDGE: Final = (
    _ALWAYS
    | RUNAWAY
    | {Gate.HALTED_BY_PROGRAM, Gate.CLOCK_SKEW, Gate.STALE_INDEX, Gate.HEDGE_NOT_COMPUTED, Gate.PRICE_COLLAR}
)
"""Rolls and resizes pass EXITS_ONLY, breaks, losses and margin: the hedge must live in the crash it exists for."""
_OF_A_CONDOR: Final = frozenset(
    {Gate.OPEN_CONDORS, Gate.WING_NOTIONAL, Gate.MARGIN_ABOVE_ESTIMATE, Gate.THETA, Gate.QUICK_RATIO}
)
"""Say something about a condor that is to be opened, and about nothing else."""
_DISCRETIONARY: Final = frozenset(Gate) - _OF_A_CONDOR
"""Drift hedge, harvest, second engine and extra layer are never urgent, and open no wings."""

REFUSALS: Final[Mapping[Purpose, frozenset[Gate]]] = MappingProxyType(
    {
        # Only the hedge's own computation says nothing about a condor (004-07).
        Purpose.ENTRY: frozenset(Gate) - {Gate.HEDGE_NOT_COMPUTED},
        Purpose.EXIT: _ALWAYS,
        Purpose.FLATTEN: _ALWAYS,
        Purpose.REPAIR: _ALWAYS,
        Purpose.ROLL_BUY: _HEDGE,
        Purpose.ROLL_SELL: _HEDGE,
        Purpose.RESIZE: _HEDGE,
        Purpose.DRIFT: _DISCRETIONARY,
        Purpose.HARVEST: _DISCRETIONARY,
        Purpose.SLEEVE: _DISCRETIONARY,
        Purpose.ETF: _DISCRETIONARY,
    }
)
"""Which gates refuse which purpose; a gate that is not named lets the purpose pass."""

OPENING: Final = frozenset(purpose for purpose in Purpose if REFUSALS[purpose] >= RUNAWAY)
"""Purposes that open or change risk: their orders are counted."""
RUN_STATES: Final = frozenset({Gate.HALTED, Gate.HALTED_BY_PROGRAM, Gate.EXITS_ONLY})
"""Asked again before every price change: what a person says holds between the steps of a ladder too."""
BEFORE_PRICED: Final = frozenset(Gate) - {Gate.PRICE_COLLAR}
"""Asked when an order is planned."""
AT_SENDING: Final = RUN_STATES | RUNAWAY | {Gate.PRICE_COLLAR}
"""Asked again at the moment an order is sent."""


def check(
    purpose: Purpose, inputs: GateInputs, limits: RiskLimits, *, gates: frozenset[Gate] = BEFORE_PRICED
) -> tuple[Reason, ...]:
    """Return every refusal of an order of this purpose, most fundamental first; empty when it may be sent."""
    refusing = REFUSALS[purpose] & gates
    found = (_VERDICTS[gate](inputs, limits) for gate in Gate if gate in refusing)
    return tuple(reason for reason in found if reason is not None)


def refused_by_run_state(purpose: Purpose, record: RunStateRecord) -> Reason | None:
    """Return why a run state lets no order of a purpose be sent or changed; None when it does."""
    reason = verdicts.of_run_state(record)
    return reason if reason is not None and Gate(reason.name) in REFUSALS[purpose] else None


_VERDICTS: Final[Mapping[Gate, Callable[[GateInputs, RiskLimits], Reason | None]]] = MappingProxyType(
    {
        Gate.NOT_PAPER: verdicts.not_paper,
        Gate.LINK_NOT_SYNCED: verdicts.link_not_synced,
        Gate.HALTED: verdicts.halted,
        Gate.HALTED_BY_PROGRAM: verdicts.halted_by_program,
        Gate.EXITS_ONLY: verdicts.exits_only,
        Gate.UNKNOWN_ORDER: verdicts.unknown_order,
        Gate.UNRECONCILED: verdicts.unreconciled,
        Gate.CLOCK_SKEW: verdicts.clock_skew,
        Gate.STALE_INDEX: verdicts.stale_index,
        Gate.STALE_ACCOUNT: verdicts.stale_account,
        Gate.HEDGE_NOT_COMPUTED: verdicts.hedge_not_computed,
        Gate.ORDER_RATE: verdicts.order_rate,
        Gate.SESSION_ORDERS: verdicts.session_orders,
        Gate.SESSION_CONTRACTS: verdicts.session_contracts,
        Gate.PRICE_COLLAR: verdicts.price_collar,
        Gate.SESSION_LOSS: verdicts.session_loss,
        Gate.WEEK_LOSS: verdicts.week_loss,
        Gate.DRAWDOWN: verdicts.drawdown,
        Gate.OPEN_CONDORS: verdicts.open_condors,
        Gate.WING_NOTIONAL: verdicts.wing_notional,
        Gate.MARGIN: verdicts.margin,
        Gate.MARGIN_ABOVE_ESTIMATE: verdicts.margin_above_estimate,
        Gate.THETA: verdicts.theta,
        Gate.QUICK_RATIO: verdicts.quick_ratio,
    }
)
