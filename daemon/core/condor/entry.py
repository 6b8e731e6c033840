"""Size a condor entry and judge its price."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from daemon.core.condor.policy import CondorPolicy
from daemon.core.market.contracts import MULTIPLIER
from daemon.core.orders.intent import ComboPrice, Reason
from daemon.core.orders.ladder import LadderRules
from daemon.core.risk.exposure import exact, share_usd, wing_notional_max_usd
from daemon.core.risk.limits import RiskLimits
from daemon.core.risk.verdicts import STILL


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRoom:
    """What an entry may draw on."""

    nlv_usd_cents: int
    available_funds_usd_cents: int
    """What the broker says is free for margin."""
    open_wing_notional_usd: int


@dataclass(frozen=True, slots=True)
class EntrySize:
    """How many condors to enter, the largest allowed wing notional, and what bound the quantity."""

    quantity: int
    wing_notional_max_usd: int
    reasons: tuple[Reason, ...]


def size_entry(room: AccountRoom, width_pts100: int, *, policy: CondorPolicy, limits: RiskLimits) -> EntrySize:
    """Return the quantity of one entry: its share of W_max, within what is left of W_max and of funds (004-16, 004-24).

    ``width_pts100`` is the wider side of one condor: what it can lose in dollars, and the margin of a spread of
    limited loss (Cboe Rule 10.3). A quantity of zero always comes with every reason for it.
    """
    most_usd = wing_notional_max_usd(room.nlv_usd_cents, limits)
    one_usd = width_pts100 * MULTIPLIER // 100
    budget_usd = share_usd(policy.entry_risk_pct, most_usd)
    wanted = budget_usd // one_usd
    by_wings = max(0, most_usd - room.open_wing_notional_usd) // one_usd
    by_funds = max(0, room.available_funds_usd_cents) // (one_usd * 100)
    refusals: list[Reason] = []
    if by_wings == 0:
        text = f"The open wing notional leaves no room for one more condor under its limit, in dollars; {STILL}."
        refusals.append(Reason("wing_notional_full", text, room.open_wing_notional_usd + one_usd, most_usd))
    elif wanted == 0:
        text = f"The risk allowed for one entry does not cover the wing of a single condor, in dollars; {STILL}."
        refusals.append(Reason("entry_risk_too_small", text, one_usd, budget_usd))
    if by_funds == 0:
        text = f"The available funds do not cover the margin of a single condor, its wing in dollars; {STILL}."
        refusals.append(Reason("funds_too_small", text, room.available_funds_usd_cents / 100, one_usd))
    if refusals:
        return EntrySize(0, most_usd, tuple(refusals))
    return EntrySize(min(wanted, by_wings, by_funds), most_usd, _smaller(wanted, by_wings=by_wings, by_funds=by_funds))


def _smaller(wanted: int, *, by_wings: int, by_funds: int) -> tuple[Reason, ...]:
    """Say what makes an entry smaller than usual, in condors."""
    notes: list[Reason] = []
    if by_wings < wanted:
        text = "The entry is smaller than usual because little room is left under the wing notional limit, in condors."
        notes.append(Reason("wing_notional_nearly_full", text, wanted, by_wings))
    if by_funds < wanted:
        text = "The entry is smaller than usual because the available funds cover no more, in condors."
        notes.append(Reason("funds_nearly_used", text, wanted, by_funds))
    return tuple(notes)


def credit_min_pts(width_pts100: int, policy: CondorPolicy) -> Decimal:
    """Return the smallest credit in points: ``min_credit_pct`` of the wider side."""
    return exact(policy.min_credit_pct) * width_pts100 / 10_000


def credit_floor_pts100(width_pts100: int, policy: CondorPolicy) -> int:
    """Return the largest net limit an entry order may take, in points x 100: minus the smallest credit."""
    # Towards a larger credit: a fraction of a cent is never given away.
    return int((-credit_min_pts(width_pts100, policy) * 100).to_integral_value(rounding="ROUND_FLOOR"))


def entry_rules(width_pts100: int, policy: CondorPolicy) -> LadderRules:
    """Return how an entry order is worked: down to the smallest credit at most."""
    return LadderRules(
        step_pts100=policy.ladder_step_pts100,
        through_pts100=policy.ladder_through_pts100,
        floor_pts100=credit_floor_pts100(width_pts100, policy),
    )


def judge_entry(price: ComboPrice, width_pts100: int, policy: CondorPolicy) -> tuple[Reason, ...]:
    """Return why a priced condor is refused, or nothing: credit too small, or quotes too wide (decision 20)."""
    credit_pts = -price.mid_pts
    least_pts = credit_min_pts(width_pts100, policy)
    refusals: list[Reason] = []
    if exact(credit_pts) < least_pts:
        text = "The mid credit in points is below the smallest accepted share of the wing width."
        refusals.append(Reason("credit_too_small", text, credit_pts, float(least_pts)))
    if credit_pts > 0:
        spread_pct = combo_spread_pct(price)
        if spread_pct > exact(policy.max_spread_pct):
            text = "Crossing the quotes would cost too large a share of the mid credit, in percent."
            refusals.append(Reason("combo_spread_too_wide", text, round(float(spread_pct), 2), policy.max_spread_pct))
    return tuple(refusals)


def combo_spread_pct(price: ComboPrice) -> Decimal:
    """Return (mid credit - natural credit) / mid credit in percent; the mid must be a credit (decision 20)."""
    assert price.mid_pts < 0, f"the spread of a debit of {price.mid_pts} points has no meaning"
    mid_credit = -exact(price.mid_pts)
    natural_credit = Decimal(-price.natural_pts100) / 100
    return (mid_credit - natural_credit) / mid_credit * 100
