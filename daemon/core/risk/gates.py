"""Gates: what may refuse an order, as one table of purpose by gate (decision 9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from daemon.core.orders.intent import Purpose, Reason
from daemon.core.records import RunState
from daemon.core.risk.exposure import exact, wing_notional_max_usd
from daemon.core.risk.limits import RiskLimits


class Gate(StrEnum):
    """A named condition that can refuse an order, in the order in which refusals are listed."""

    NOT_PAPER = "not_paper"
    LINK_NOT_SYNCED = "link_not_synced"
    HALTED = "halted"
    EXITS_ONLY = "exits_only"
    UNKNOWN_ORDER = "unknown_order"
    UNRECONCILED = "unreconciled"
    CLOCK_SKEW = "clock_skew"
    STALE_INDEX = "stale_index"
    HEDGE_NOT_COMPUTED = "hedge_not_computed"
    WING_NOTIONAL = "wing_notional"
    MARGIN = "margin"
    THETA = "theta"
    QUICK_RATIO = "quick_ratio"


_ALWAYS: Final = frozenset({Gate.NOT_PAPER, Gate.LINK_NOT_SYNCED, Gate.HALTED, Gate.UNKNOWN_ORDER})
"""Refuse every purpose: no order on a live account, on an unknown state of the account, or against a person's word."""
_HEDGE: Final = _ALWAYS | {Gate.CLOCK_SKEW, Gate.STALE_INDEX, Gate.HEDGE_NOT_COMPUTED}
"""Rolls and resizes pass EXITS_ONLY, breaks and margin: the hedge must live in the crash it exists for."""
_DISCRETIONARY: Final = frozenset(Gate) - {Gate.WING_NOTIONAL, Gate.THETA, Gate.QUICK_RATIO}
"""Drift hedge and harvest are never urgent, and open no wings; theta and quick ratio are asked before a condor."""

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
    }
)
"""Which gates refuse which purpose; a gate that is not named lets the purpose pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateInputs:
    """What the gates look at. None means unknown, and unknown refuses wherever the gate applies."""

    run_state: RunState
    link_synced: bool
    paper: bool
    breaks_open: int
    """Differences between book and account that nobody has explained."""
    unknown_same_subject: bool
    """Whether an order of the same condor or layer has an unknown outcome."""
    clock_skew_s: float | None
    index_age_s: float | None
    """Age of the SPX value (condor) or VIX value (hedge) that the decision rests on."""
    wing_notional_after_usd: int
    nlv_usd_cents: int | None
    margin_after_usd_cents: int | None
    """Initial margin after the order, as the broker's preview says."""
    theta_after_usd: float | None
    """Theta of condors and hedge with the order filled, for a calendar day."""
    quick_ratio_after: float | None
    """Cash over maintenance margin and debits due, with the order filled."""
    hedge_computed: bool
    """Whether this session's hedge notional has been computed and recorded."""


def check(purpose: Purpose, inputs: GateInputs, limits: RiskLimits) -> tuple[Reason, ...]:
    """Return every refusal of an order of this purpose, most fundamental first; empty when it may be sent."""
    refusing = REFUSALS[purpose]
    verdicts = (_CHECKS[gate](inputs, limits) for gate in Gate if gate in refusing)
    return tuple(reason for reason in verdicts if reason is not None)


def _not_paper(inputs: GateInputs, _limits: RiskLimits) -> Reason | None:
    if inputs.paper:
        return None
    return Reason("not_paper", "The account is not proven to be a paper account; only paper accounts are traded.")


def _link_not_synced(inputs: GateInputs, _limits: RiskLimits) -> Reason | None:
    if inputs.link_synced:
        return None
    return Reason("link_not_synced", "The connection to the gateway is not fully synchronised.")


def _halted(inputs: GateInputs, _limits: RiskLimits) -> Reason | None:
    if inputs.run_state is not RunState.HALTED:
        return None
    return Reason("halted", "Trading is halted; `condord resume` allows it again.", str(inputs.run_state))


def _exits_only(inputs: GateInputs, _limits: RiskLimits) -> Reason | None:
    if inputs.run_state is not RunState.EXITS_ONLY:
        return None
    return Reason("exits_only", "Only exits are allowed at present; this order opens risk.", str(inputs.run_state))


def _unknown_order(inputs: GateInputs, _limits: RiskLimits) -> Reason | None:
    if not inputs.unknown_same_subject:
        return None
    return Reason("unknown_order", "An earlier order of the same condor or layer has an unknown outcome.")


def _unreconciled(inputs: GateInputs, _limits: RiskLimits) -> Reason | None:
    if inputs.breaks_open == 0:
        return None
    return Reason(
        "unreconciled", "Book and account differ and the difference is not explained.", inputs.breaks_open, limit=0
    )


def _clock_skew(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    skew_s, limit_s = inputs.clock_skew_s, limits.clock_skew_max_s
    if skew_s is None:
        return Reason("clock_skew_unknown", "The gateway has not told its time, so the clocks cannot be compared.")
    if abs(skew_s) <= limit_s:  # false for NaN, which refuses
        return None
    return Reason("clock_skew", "Our clock and the gateway's differ by too many seconds.", skew_s, limit_s)


def _stale_index(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    age_s, limit_s = inputs.index_age_s, limits.index_max_age_s
    if age_s is None:
        return Reason("index_missing", "There is no value of the index this decision rests on.", limit=limit_s)
    if age_s <= limit_s:
        return None
    return Reason("stale_index", "The index value this decision rests on is too many seconds old.", age_s, limit_s)


def _hedge_not_computed(inputs: GateInputs, _limits: RiskLimits) -> Reason | None:
    if inputs.hedge_computed:
        return None
    return Reason("hedge_not_computed", "No hedge notional has been recorded in this session before this VIX order.")


def _wing_notional(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    after_usd = inputs.wing_notional_after_usd
    if inputs.nlv_usd_cents is None:
        return Reason(
            "wing_notional_limit_unknown",
            "The net liquidation value is unknown, and with it the largest open wing notional.",
            after_usd,
        )
    limit_usd = wing_notional_max_usd(inputs.nlv_usd_cents, limits)
    if after_usd <= limit_usd:
        return None
    return Reason("wing_notional", "The open wing notional would pass its limit, in dollars.", after_usd, limit_usd)


def _margin(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    after_cents, nlv_cents = inputs.margin_after_usd_cents, inputs.nlv_usd_cents
    if after_cents is None or nlv_cents is None:
        return Reason("margin_unknown", "The broker's margin preview or the net liquidation value is missing.")
    limit_cents = exact(limits.margin_max_nlv_pct) * max(0, nlv_cents) / 100
    if after_cents <= limit_cents:
        return None
    return Reason(
        "margin",
        "The initial margin after this order would pass its share of net liquidation, in dollars.",
        after_cents / 100,
        float(limit_cents) / 100,
    )


def _theta(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse a condor after which time costs money (000-26)."""
    if not limits.theta_gate:
        return None
    theta_usd = inputs.theta_after_usd
    if theta_usd is None:
        return Reason("theta_unknown", "The theta of condors and hedge is unknown; `condord status` names what is.")
    if theta_usd > 0:  # false for NaN, which refuses
        return None
    text = "Condors and hedge together would lose by the passing of time, in dollars a day."
    return Reason("theta", text, round(theta_usd, 2), limit=0)


def _quick_ratio(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse a condor after which cash covers too little of margin and debits due (003-13)."""
    if limits.quick_ratio_min == 0:
        return None
    ratio = inputs.quick_ratio_after
    if ratio is None:
        return Reason("quick_ratio_unknown", "The broker's preview names no maintenance margin after this order.")
    if ratio >= limits.quick_ratio_min:
        return None
    text = "Cash would cover too little of the maintenance margin and the debits due."
    return Reason("quick_ratio", text, round(ratio, 2), limits.quick_ratio_min)


_CHECKS: Final[Mapping[Gate, Callable[[GateInputs, RiskLimits], Reason | None]]] = MappingProxyType(
    {
        Gate.NOT_PAPER: _not_paper,
        Gate.LINK_NOT_SYNCED: _link_not_synced,
        Gate.HALTED: _halted,
        Gate.EXITS_ONLY: _exits_only,
        Gate.UNKNOWN_ORDER: _unknown_order,
        Gate.UNRECONCILED: _unreconciled,
        Gate.CLOCK_SKEW: _clock_skew,
        Gate.STALE_INDEX: _stale_index,
        Gate.HEDGE_NOT_COMPUTED: _hedge_not_computed,
        Gate.WING_NOTIONAL: _wing_notional,
        Gate.MARGIN: _margin,
        Gate.THETA: _theta,
        Gate.QUICK_RATIO: _quick_ratio,
    }
)
