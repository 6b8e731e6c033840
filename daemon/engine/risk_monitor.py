"""The risk monitor stands before every order: it gathers what the gates look at and writes down what they refuse."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.core.orders.intent import IntentState, Purpose, Reason, Strategy
from daemon.core.risk.exposure import wing_notional_usd
from daemon.core.risk.gates import GateInputs, check
from daemon.engine.context import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What an order would change, as far as the gates care. None means unknown."""

    strategy: Strategy
    purpose: Purpose
    subject: str
    index_age_s: float | None
    added_wing_notional_usd: int = 0
    nlv_usd_cents: int | None = None
    margin_after_usd_cents: int | None = None
    theta_after_usd: float | None = None
    quick_ratio_after: float | None = None


class RiskMonitor:
    """Refuses, with reasons; never changes anything but the log."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def wing_notional_usd(self) -> int:
        """Return W: the open wing notional in dollars."""
        return wing_notional_usd(self._desk.view().condors)

    def refusals(self, proposal: Proposal, *, preview: bool = False) -> tuple[Reason, ...]:
        """Return every reason against an order; empty means it may be sent. A preview is not written down."""
        desk = self._desk
        reasons = check(proposal.purpose, self._inputs(proposal), desk.policy.limits)
        if reasons and not preview:
            desk.journal.emit(
                "risk_refused",
                {
                    "strategy": proposal.strategy.value,
                    "purpose": proposal.purpose.value,
                    "subject": proposal.subject,
                    "gates": [reason.name for reason in reasons],
                },
            )
        return reasons

    def _inputs(self, proposal: Proposal) -> GateInputs:
        desk = self._desk
        return GateInputs(
            run_state=desk.store.run_state().state,
            link_synced=desk.link.synced,
            paper=desk.link.paper,
            breaks_open=desk.link.breaks_open,
            unknown_same_subject=self._unknown(proposal.subject),
            clock_skew_s=desk.link.clock_skew_s,
            index_age_s=proposal.index_age_s,
            wing_notional_after_usd=self.wing_notional_usd() + proposal.added_wing_notional_usd,
            nlv_usd_cents=proposal.nlv_usd_cents,
            margin_after_usd_cents=proposal.margin_after_usd_cents,
            theta_after_usd=proposal.theta_after_usd,
            quick_ratio_after=proposal.quick_ratio_after,
            hedge_computed=proposal.strategy is Strategy.CONDOR or self._hedge_computed(),
        )

    def _hedge_computed(self) -> bool:
        return bool(self._desk.store.hedge_computations(self._desk.journal.session()))

    def _unknown(self, subject: str) -> bool:
        return any(
            intent.state in (IntentState.UNKNOWN, IntentState.SENDING)
            for intent in self._desk.store.intents(subject=subject, live_only=True)
        )
