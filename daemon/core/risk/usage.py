"""How much of each limit is used: the figures that the day's page and the status show."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Final

from daemon.core.orders.broker_facts import AccountValues
from daemon.core.records import LimitUse
from daemon.core.risk.exposure import quick_ratio, wing_notional_max_usd
from daemon.core.risk.gates import RUNAWAY, Gate
from daemon.core.risk.limits import RiskLimits
from daemon.core.risk.losses import Loss, Losses
from daemon.core.risk.verdicts import EXITS_STILL, STILL

COUNT: Final = "count"
REJECTS: Final = "rejects"
TIMES: Final = "times"
QUICK_RATIO: Final = Gate.QUICK_RATIO.value
MINUTE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What the limits are set against."""

    condors: int
    wing_notional_usd: int
    account: AccountValues | None
    losses: Losses
    orders_at: tuple[datetime, ...]
    """When the session's orders that open or change risk were planned."""
    contracts: int
    rejects: int
    debits_due_usd_cents: int
    """What live orders would pay when they filled at their limits."""


def limit_uses(used: Used, limits: RiskLimits) -> tuple[LimitUse, ...]:
    """Return value and limit of every limit on the book, the account and the session's orders."""
    account, losses = used.account, used.losses
    nlv_cents = None if account is None else account.net_liquidation_usd_cents
    wing_max_usd = None if nlv_cents is None else wing_notional_max_usd(nlv_cents, limits)
    return (
        LimitUse("open_condors", used.condors, limits.condors_max, COUNT),
        LimitUse("wing_notional", used.wing_notional_usd, wing_max_usd, "USD"),
        LimitUse("margin", _margin_pct(account), limits.margin_max_nlv_pct, "%"),
        _quick_ratio(account, used.debits_due_usd_cents, limits.quick_ratio_hold_min),
        _loss("session_loss", losses.session, limits.session_loss_max_pct),
        _loss("week_loss", losses.week, limits.week_loss_max_pct),
        _loss("drawdown", losses.drawdown, limits.drawdown_max_pct),
        LimitUse("session_orders", len(used.orders_at), limits.session_orders_max, COUNT),
        LimitUse("session_contracts", used.contracts, limits.session_contracts_max, COUNT),
        LimitUse("order_rate", most_in_a_minute(used.orders_at), limits.orders_per_minute_max, COUNT),
        # The program halts when the limit is reached, so the last one allowed is one less.
        LimitUse(REJECTS, used.rejects, limits.rejects_max - 1, COUNT),
    )


def still_allowed(limit: str) -> str:
    """Say what a breached limit leaves allowed, and what it asks for."""
    if limit == QUICK_RATIO:
        return f"condors should be closed, `condord flatten` closes all; {STILL}"
    if limit in RUNAWAY or limit == REJECTS:
        return EXITS_STILL
    return STILL if limit in set(Gate) else "nothing is refused for it"


def most_in_a_minute(times: Iterable[datetime]) -> int:
    """Return the most of some instants that lie within any 60 seconds."""
    most, window = 0, deque[datetime]()
    for at in sorted(times):
        window.append(at)
        while window[0] <= at - MINUTE:
            window.popleft()
        most = max(most, len(window))
    return most


def _loss(name: str, loss: Loss, limit_pct: float) -> LimitUse:
    if loss.since is None:
        return LimitUse(name, None, limit_pct, "%", applies=False)
    since = loss.since.session
    note = "since the first start" if since is None else f"since the close of {since}"
    return LimitUse(name, loss.pct, limit_pct, "%", note)


def _quick_ratio(account: AccountValues | None, debits_due_usd_cents: int, least: float) -> LimitUse:
    """Return what cash covers of maintenance margin and debits due (003-13); it does not apply where nothing is due."""
    if account is None:
        return LimitUse(QUICK_RATIO, None, least, TIMES, least=True)
    ratio = quick_ratio(account.total_cash_usd_cents, account.maintenance_margin_usd_cents, debits_due_usd_cents)
    due = isfinite(ratio)
    return LimitUse(QUICK_RATIO, ratio if due else None, least, TIMES, applies=due, least=True)


def _margin_pct(account: AccountValues | None) -> float | None:
    """Return the initial margin as a share of net liquidation; unknown for an account without value."""
    if account is None or account.net_liquidation_usd_cents <= 0:
        return None
    return 100 * account.initial_margin_usd_cents / account.net_liquidation_usd_cents
