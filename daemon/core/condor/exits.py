"""When and at what price a condor is closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR
from enum import StrEnum
from typing import Final

from daemon.core.book.condors import OpenCondor
from daemon.core.condor.drift import reaches
from daemon.core.condor.policy import CondorPolicy, DriftAction, DriftMode, TakeProfitOrder, TouchAction
from daemon.core.market.contracts import OptionContract, Right
from daemon.core.orders.intent import Reason
from daemon.core.orders.ladder import NET_STEP_PTS100
from daemon.core.risk.exposure import exact


class ExitRule(StrEnum):
    """Why a condor is closed before its expiry, the most urgent first; also the name of the reason."""

    TIME = "time_exit"
    STOP = "stop_loss"
    TOUCH = "short_strike_touched"
    DEFEND = "drift_defend"
    ADJUST = "drift_adjust"
    TAKE_PROFIT = "take_profit"


PERSISTENT: Final = frozenset({ExitRule.STOP, ExitRule.TOUCH, ExitRule.DEFEND, ExitRule.ADJUST})
"""Rules that must hold at several checks in a row: one bad mark, or one moment of the index, closes nothing."""


PRICED: Final = frozenset({ExitRule.STOP, ExitRule.TAKE_PROFIT})
"""Rules of what closing costs; the others look at SPX."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What one look at a condor shows. None means unknown, which never closes anything."""

    spx_pts: float | None
    cost_pts: float | None
    """What it costs to close one condor, positive when we pay."""
    drift: float | None


def judge_exits(condor: OpenCondor, seen: Observed, policy: CondorPolicy) -> Mapping[ExitRule, Reason | None]:
    """Return the verdict of every rule of prices that is switched on and can be judged, the most urgent first.

    A rule whose figure is unknown is absent: neither seen to hold nor seen not to.
    """
    verdicts: dict[ExitRule, Reason | None] = {}
    if policy.stop_enabled and seen.cost_pts is not None and condor.credit_pts > 0:
        verdicts[ExitRule.STOP] = _stop(condor, seen.cost_pts, policy)
    if policy.touch_action is TouchAction.CLOSE and seen.spx_pts is not None:
        verdicts[ExitRule.TOUCH] = _touch(condor, seen.spx_pts)
    if seen.drift is not None and policy.drift_mode is DriftMode.ACT:
        verdicts |= _drift(seen.drift, policy)
    if checks_take_profit(condor, policy) and seen.cost_pts is not None:
        verdicts[ExitRule.TAKE_PROFIT] = _take_profit(condor, seen.cost_pts, policy)
    return verdicts


def watches_only(condor: OpenCondor, policy: CondorPolicy) -> bool:
    """Say whether no rule of prices could close or adjust a condor."""
    acts = policy.touch_action is TouchAction.CLOSE or policy.drift_mode is DriftMode.ACT
    return not (acts or needs_marks(condor, policy))


def needs_marks(condor: OpenCondor, policy: CondorPolicy) -> bool:
    """Say whether a rule that is switched on rests on the marks of a condor."""
    return policy.stop_enabled or checks_take_profit(condor, policy)


def checks_take_profit(condor: OpenCondor, policy: CondorPolicy) -> bool:
    """Say whether the profit of a condor is looked for at each check: by setting, or because one order cannot rest."""
    wanted = policy.take_profit_order is TakeProfitOrder.CHECKED or condor.whole is None
    return policy.take_profit_enabled and wanted and condor.credit_pts > 0 and condor.quantity > 0


def time_exit_reason(condor: OpenCondor, session: date, policy: CondorPolicy) -> Reason | None:
    """Return why a condor's time has come, or None."""
    if not time_exit_due(session, condor.record.expiry, policy):
        return None
    days = (condor.record.expiry - session).days
    return Reason(ExitRule.TIME, f"{days} days to expiry", days, policy.time_exit_dte)


def _stop(condor: OpenCondor, cost_pts: float, policy: CondorPolicy) -> Reason | None:
    loss = (cost_pts - condor.credit_pts) / condor.credit_pts
    if loss < policy.stop_loss_credits:
        return None
    text = f"closing costs {cost_pts:.2f} points for a credit of {condor.credit_pts:.2f}: the loss in credits"
    return Reason(ExitRule.STOP, text, round(loss, 2), policy.stop_loss_credits)


def _touch(condor: OpenCondor, spx_pts: float) -> Reason | None:
    shorts = [short for short, quantity in condor.held.positions.items() if quantity < 0]
    for short in sorted(shorts):
        beyond_pts = short.strike - spx_pts if short.right is Right.PUT else spx_pts - short.strike
        if beyond_pts >= 0:
            side = "put" if short.right is Right.PUT else "call"
            return Reason(ExitRule.TOUCH, f"SPX is at or beyond the short {side}", round(spx_pts, 2), short.strike)
    return None


def _drift(drift: float, policy: CondorPolicy) -> dict[ExitRule, Reason | None]:
    """Judge the thresholds that ask for something; whether adjusting closes or rolls is for the caller to see.

    Only the threshold itself counts: the hysteresis keeps a level from being told twice and closes nothing.
    """
    defends = reaches(drift, policy.drift_defend)
    found: dict[ExitRule, Reason | None] = {}
    if policy.drift_defend_action is DriftAction.CLOSE:
        text = "SPX has drifted to where the condor is defended"
        reason = Reason(ExitRule.DEFEND, text, round(drift, 3), policy.drift_defend)
        found[ExitRule.DEFEND] = reason if defends else None
    if policy.drift_adjust_action is not DriftAction.NOTHING:
        text = "SPX has drifted to where the condor is adjusted"
        reason = Reason(ExitRule.ADJUST, text, round(drift, 3), policy.drift_adjust)
        # What is about to be closed is not rolled first.
        rolls = policy.drift_adjust_action is DriftAction.ROLL
        too_late = rolls and ExitRule.DEFEND in found and defends
        due = reaches(drift, policy.drift_adjust) and not too_late
        found[ExitRule.ADJUST] = reason if due else None
    return found


def _take_profit(condor: OpenCondor, cost_pts: float, policy: CondorPolicy) -> Reason | None:
    limit_pts = take_profit_limit_pts100(condor.credit_pts, policy) / 100
    if cost_pts > limit_pts:
        return None
    text = f"closing costs no more than what is left of the credit of {condor.credit_pts:.2f} points"
    return Reason(ExitRule.TAKE_PROFIT, text, round(cost_pts, 3), limit_pts)


EXIT_SETTINGS: Final = (
    "take_profit_enabled",
    "take_profit_pct",
    "take_profit_order",
    "time_exit_enabled",
    "time_exit_dte",
    "stop_enabled",
    "stop_loss_credits",
    "touch_action",
    "confirm_checks",
    "drift_mode",
    "drift_adjust",
    "drift_defend",
    "drift_adjust_action",
    "drift_defend_action",
    "drift_roll_credit_pct",
    "drift_adjustments_max",
)
"""The rules that decide how an open condor ends."""


def changed_rules(recorded: Mapping[str, object], policy: CondorPolicy) -> Mapping[str, tuple[object, object]]:
    """Return the exit rules of today that differ from those a condor was entered with, as (before, now) (decision 19).

    A rule that an earlier version did not record is not compared.
    """
    now = {name: getattr(policy, name) for name in EXIT_SETTINGS}
    return {name: (recorded[name], value) for name, value in now.items() if recorded.get(name, value) != value}


def still_on(rule: str, policy: CondorPolicy) -> bool:
    """Say whether the settings of today know a rule that once began to close a condor (decision 19)."""
    switched = {
        ExitRule.TIME: policy.time_exit_enabled,
        ExitRule.STOP: policy.stop_enabled,
        ExitRule.TOUCH: policy.touch_action is TouchAction.CLOSE,
        ExitRule.DEFEND: policy.drift_mode is DriftMode.ACT and policy.drift_defend_action is DriftAction.CLOSE,
        ExitRule.ADJUST: policy.drift_mode is DriftMode.ACT and policy.drift_adjust_action is DriftAction.CLOSE,
    }
    return any(name.value == rule and on for name, on in switched.items())


REJECTED_WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (10, 20, 40, 60))
"""How long an exit waits after the second, third ... rejection in a row; the last one holds for all later ones."""


def wait_after_rejections(count: int) -> timedelta | None:
    """Return how long after the last of so many rejections in a row an exit is not sent; None for the next look.

    One rejection may be chance. An exit is never given up: the last wait repeats to the end of the session.
    """
    return None if count < 2 else REJECTED_WAITS[min(count - 2, len(REJECTED_WAITS) - 1)]


def closing_cost_pts(condor: OpenCondor, marks_pts: Mapping[OptionContract, float]) -> float | None:
    """Return what it costs to close one condor at these prices; None when one is missing or nothing is at risk."""
    positions = condor.held.positions
    if not condor.quantity or any(contract not in marks_pts for contract in positions):
        return None
    return -sum(quantity * marks_pts[contract] for contract, quantity in positions.items()) / condor.quantity


def take_profit_limit_pts100(credit_pts: float, policy: CondorPolicy) -> int:
    """Return the debit limit of the resting take-profit, in points x 100, on 0.05 points rounded down, at least one.

    ``credit_pts`` is what the entry received per condor; ``take_profit_pct`` of it is kept.
    """
    assert credit_pts > 0, f"a take-profit needs a credit, not {credit_pts} points"
    debit_pts100 = exact(credit_pts) * (100 - exact(policy.take_profit_pct))
    steps = int((debit_pts100 / NET_STEP_PTS100).to_integral_value(ROUND_FLOOR))
    return max(1, steps) * NET_STEP_PTS100


def time_exit_due(session: date, expiry: date, policy: CondorPolicy) -> bool:
    """Say whether so few calendar days are left that the condor is closed whatever its value."""
    return policy.time_exit_enabled and (expiry - session).days <= policy.time_exit_dte


def expires_today(session: date, expiry: date) -> bool:
    """Say whether the condor's series has its last trading day in this session (SPXW)."""
    return session == expiry
