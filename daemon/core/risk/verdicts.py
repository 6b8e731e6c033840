"""What each gate says: one function from what is known to a refusal, or to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from daemon.core.orders.intent import OrderSpec, Reason
from daemon.core.records import PERSON, RunState, RunStateRecord
from daemon.core.risk.collar import collar_pts100, distance_pts100
from daemon.core.risk.exposure import exact, wing_notional_max_usd
from daemon.core.risk.limits import RiskLimits
from daemon.core.risk.losses import Loss, Losses

STILL: Final = "exits and the hedge go on"
"""What a refused condor leaves allowed."""
EXITS_STILL: Final = "exits go on"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCounts:
    """Orders that open or change risk, the one that is asked about included."""

    last_minute: int
    session: int
    session_contracts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GateInputs:
    """What the gates look at. None means unknown, and unknown refuses wherever the gate applies."""

    run_state: RunStateRecord
    link_synced: bool
    paper: bool
    breaks_open: int
    """Differences between book and account that nobody has explained."""
    unknown_same_subject: bool
    """Whether an order of the same condor or layer has an unknown outcome."""
    clock_skew_s: float | None
    index_age_s: float | None
    """Age of the SPX value (condor) or VIX value (hedge) that the decision rests on."""
    account_age_s: float | None
    """Age of the account values that the decision rests on."""
    counts: OrderCounts
    losses: Losses
    condors_after: int
    """Open condors with the order filled."""
    wing_notional_after_usd: int
    nlv_usd_cents: int | None
    margin_after_usd_cents: int | None
    """Initial margin after the order, as the broker's preview says."""
    margin_change_usd_cents: int | None
    """What the order adds to the initial margin, as the broker's preview says."""
    margin_estimate_usd_cents: int | None
    """What it adds by our own estimate, when nothing else is held."""
    theta_after_usd: float | None
    """Theta of condors and hedge with the order filled, for a calendar day."""
    quick_ratio_after: float | None
    """Cash over maintenance margin and debits due, with the order filled."""
    hedge_computed: bool
    """Whether this session's hedge notional has been computed and recorded."""
    spec: OrderSpec | None = None
    """The order itself, once it has a price."""
    mid_pts: float | None = None
    """The mid of the order at its decision."""


def not_paper(inputs: GateInputs, _limits: RiskLimits) -> Reason | None:
    """Refuse on an account that is not proven to be paper."""
    if inputs.paper:
        return None
    return Reason("not_paper", "The account is not proven to be a paper account; only paper accounts are traded.")


def link_not_synced(inputs: GateInputs, _limits: RiskLimits) -> Reason | None:
    """Refuse while the state of the account is not known completely."""
    if inputs.link_synced:
        return None
    return Reason("link_not_synced", "The connection to the gateway is not fully synchronised.")


def halted(inputs: GateInputs, _limits: RiskLimits) -> Reason | None:
    """Refuse everything against a person's HALTED."""
    return _of_run_state("halted", inputs.run_state)


def halted_by_program(inputs: GateInputs, _limits: RiskLimits) -> Reason | None:
    """Refuse what opens or changes risk after the program has halted itself."""
    return _of_run_state("halted_by_program", inputs.run_state)


def exits_only(inputs: GateInputs, _limits: RiskLimits) -> Reason | None:
    """Refuse new risk under EXITS_ONLY, whoever set it."""
    return _of_run_state("exits_only", inputs.run_state)


def _of_run_state(gate: str, record: RunStateRecord) -> Reason | None:
    reason = of_run_state(record)
    return reason if reason is not None and reason.name == gate else None


def of_run_state(record: RunStateRecord) -> Reason | None:
    """Return the gate that a run state closes, by name; which purposes it refuses is for the table to say."""
    match record.state:
        case RunState.RUNNING:
            return None
        case RunState.EXITS_ONLY:
            text = f"Only exits are allowed at present and this order opens risk; {STILL}."
            return Reason("exits_only", text, record.state.value)
        case RunState.HALTED if record.by == PERSON:
            text = f"Trading is halted by a person: {record.reason}; `condord resume` allows it again."
            return Reason("halted", text, record.state.value)
        case RunState.HALTED:
            text = f"The program has halted itself: {record.reason}; {EXITS_STILL}; `condord resume` allows the rest."
            return Reason("halted_by_program", text, record.state.value)


def unknown_order(inputs: GateInputs, _limits: RiskLimits) -> Reason | None:
    """Refuse a second order beside one whose outcome nobody knows."""
    if not inputs.unknown_same_subject:
        return None
    return Reason(
        "unknown_order", "An earlier order of the same condor or layer has an unknown outcome; those of others go on."
    )


def unreconciled(inputs: GateInputs, _limits: RiskLimits) -> Reason | None:
    """Refuse while book and account differ."""
    if inputs.breaks_open == 0:
        return None
    return Reason(
        "unreconciled",
        f"Book and account differ and the difference is not explained; {STILL}.",
        inputs.breaks_open,
        limit=0,
    )


def clock_skew(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse when our clock and the gateway's differ (decision 1)."""
    skew_s, limit_s = inputs.clock_skew_s, limits.clock_skew_max_s
    if skew_s is None:
        return Reason(
            "clock_skew_unknown", f"The gateway has not told its time, so the clocks cannot be compared; {EXITS_STILL}."
        )
    if abs(skew_s) <= limit_s:  # false for NaN, which refuses
        return None
    return Reason(
        "clock_skew", f"Our clock and the gateway's differ by too many seconds; {EXITS_STILL}.", skew_s, limit_s
    )


def stale_index(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse on an index value that is missing or old."""
    age_s, limit_s = inputs.index_age_s, limits.index_max_age_s
    if age_s is None:
        return Reason(
            "index_missing", f"There is no value of the index this decision rests on; {EXITS_STILL}.", limit=limit_s
        )
    if age_s <= limit_s:
        return None
    return Reason(
        "stale_index", f"The index value this decision rests on is too many seconds old; {EXITS_STILL}.", age_s, limit_s
    )


def stale_account(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse on account values that are missing or old."""
    age_s, limit_s = inputs.account_age_s, limits.account_max_age_s
    if age_s is None:
        return Reason("account_missing", f"The gateway gives no account values to decide on; {STILL}.", limit=limit_s)
    if age_s <= limit_s:  # false for NaN, which refuses
        return None
    text = f"The account values this decision rests on are too many seconds old; {STILL}."
    return Reason("stale_account", text, age_s, limit_s)


def hedge_not_computed(inputs: GateInputs, _limits: RiskLimits) -> Reason | None:
    """Refuse a VIX order before the hedge notional is recorded."""
    if inputs.hedge_computed:
        return None
    return Reason("hedge_not_computed", "No hedge notional has been recorded in this session before this VIX order.")


def order_rate(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse more orders than a working strategy sends within a minute."""
    text = f"More orders within a minute than allowed would be sent; {EXITS_STILL}."
    return _counted("order_rate", text, inputs.counts.last_minute, limits.orders_per_minute_max)


def session_orders(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse more orders than a working strategy sends in a session."""
    text = f"More orders than a session is allowed would be sent; {EXITS_STILL}."
    return _counted("session_orders", text, inputs.counts.session, limits.session_orders_max)


def session_contracts(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse more contracts than a working strategy trades in a session."""
    text = f"The orders of this session would be of more contracts than allowed; {EXITS_STILL}."
    return _counted("session_contracts", text, inputs.counts.session_contracts, limits.session_contracts_max)


def _counted(name: str, text: str, count: int, limit: int) -> Reason | None:
    return None if count <= limit else Reason(name, text, count, limit)


def price_collar(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse a price that is far from the mid at its decision, on either side."""
    if inputs.spec is None or inputs.mid_pts is None:
        text = "The mid at the decision is unknown, and with it how far from it the price may be; exits have no collar."
        return Reason("price_collar_unknown", text)
    limit = inputs.spec.net_limit_pts100
    away, allowed = distance_pts100(limit, inputs.mid_pts), collar_pts100(inputs.spec, inputs.mid_pts, limits)
    if away <= allowed:  # false for NaN, which refuses
        return None
    text = (
        f"A limit of {limit / 100:g} is too many points from the mid of {inputs.mid_pts:g} at the decision; nearer "
        "prices stay allowed, and exits have no collar."
    )
    return Reason("price_collar", text, round(away / 100, 4), round(allowed / 100, 4))


def session_loss(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse new risk after a session has lost too much."""
    return _fallen("session_loss", inputs.losses.session, "the close before this session", limits.session_loss_max_pct)


def week_loss(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse new risk after a week has lost too much."""
    return _fallen("week_loss", inputs.losses.week, "the close before this week", limits.week_loss_max_pct)


def drawdown(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse new risk too far below the highest close."""
    return _fallen("drawdown", inputs.losses.drawdown, "the highest close", limits.drawdown_max_pct)


def _fallen(name: str, loss: Loss, reference: str, limit_pct: float) -> Reason | None:
    if loss.since is None:  # nothing was ever valued, or the peak begins with this session
        return None
    since = "the first start" if loss.since.session is None else f"{reference} ({loss.since.session})"
    if loss.pct is None:
        text = f"How far net liquidation is below {since} is unknown; {STILL}."
        return Reason(f"{name}_unknown", text, limit=limit_pct)
    if loss.pct <= limit_pct:  # false for NaN, which refuses
        return None
    text = f"Net liquidation is too many percent below {since}; {STILL}."
    return Reason(name, text, round(loss.pct, 2), limit_pct)


def open_condors(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse one condor more than may be open."""
    text = f"One condor more would be open than allowed; {STILL}."
    return _counted("open_condors", text, inputs.condors_after, limits.condors_max)


def wing_notional(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse a condor beyond the largest open wing notional (004-24)."""
    after_usd = inputs.wing_notional_after_usd
    if inputs.nlv_usd_cents is None:
        return Reason(
            "wing_notional_limit_unknown",
            f"The net liquidation value is unknown, and with it the largest open wing notional; {STILL}.",
            after_usd,
        )
    limit_usd = wing_notional_max_usd(inputs.nlv_usd_cents, limits)
    if after_usd <= limit_usd:
        return None
    return Reason(
        "wing_notional", f"The open wing notional would pass its limit, in dollars; {STILL}.", after_usd, limit_usd
    )


def margin(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse an order beyond the margin that may be used."""
    after_cents, nlv_cents = inputs.margin_after_usd_cents, inputs.nlv_usd_cents
    if after_cents is None or nlv_cents is None:
        return Reason(
            "margin_unknown", f"The broker's margin preview or the net liquidation value is missing; {STILL}."
        )
    limit_cents = exact(limits.margin_max_nlv_pct) * max(0, nlv_cents) / 100
    if after_cents <= limit_cents:
        return None
    return Reason(
        "margin",
        f"The initial margin after this order would pass its share of net liquidation, in dollars; {STILL}.",
        after_cents / 100,
        float(limit_cents) / 100,
    )


def margin_above_estimate(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse a condor for which the broker asks clearly more than our own estimate; less is an offset and fine."""
    change, estimate = inputs.margin_change_usd_cents, inputs.margin_estimate_usd_cents
    if inputs.margin_after_usd_cents is None:  # no preview at all, which the gate of the margin refuses
        return None
    if change is None or estimate is None:
        text = "The broker's margin preview does not say what the order adds, so that it cannot be checked."
        return Reason("margin_change_unknown", text)
    limit_cents = estimate * (100 + exact(limits.margin_over_estimate_max_pct)) / 100
    if change <= limit_cents:
        return None
    text = f"The broker asks for more margin than our estimate allows for, in dollars; {STILL}."
    return Reason("margin_above_estimate", text, change / 100, float(limit_cents) / 100)


def theta(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse a condor after which time costs money (000-26)."""
    if not limits.theta_gate:
        return None
    theta_usd = inputs.theta_after_usd
    if theta_usd is None:
        return Reason(
            "theta_unknown", f"The theta of condors and hedge is unknown and `condord status` names what is; {STILL}."
        )
    if theta_usd > 0:  # false for NaN, which refuses
        return None
    text = f"Condors and hedge together would lose by the passing of time, in dollars a day; {STILL}."
    return Reason("theta", text, round(theta_usd, 2), limit=0)


def quick_ratio(inputs: GateInputs, limits: RiskLimits) -> Reason | None:
    """Refuse a condor after which cash covers too little of margin and debits due (003-13)."""
    if limits.quick_ratio_min == 0:
        return None
    ratio = inputs.quick_ratio_after
    if ratio is None:
        return Reason(
            "quick_ratio_unknown", f"The broker's preview names no maintenance margin after this order; {STILL}."
        )
    if ratio >= limits.quick_ratio_min:
        return None
    text = f"Cash would cover too little of the maintenance margin and the debits due, in times; {STILL}."
    return Reason("quick_ratio", text, round(ratio, 2), limits.quick_ratio_min)
