"""The risk monitor stands before every order: it gathers what the gates look at and writes down what they refuse."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from daemon.core.orders.broker_facts import AccountValues
from daemon.core.orders.intent import Intent, IntentState, OrderRef, Purpose, Reason, Strategy
from daemon.core.records import DayRecord
from daemon.core.risk.exposure import unfilled_wings_usd
from daemon.core.risk.gates import AT_SENDING, BEFORE_PRICED, OPENING, RUNAWAY, Gate, check, refused_by_run_state
from daemon.core.risk.losses import Close, Losses, References, references
from daemon.core.risk.verdicts import GateInputs, OrderCounts
from daemon.engine.context import BASELINE, Desk
from daemon.engine.run_states import RunStates

MINUTE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What an order would change, as far as the gates care. None means unknown."""

    strategy: Strategy
    purpose: Purpose
    subject: str
    index_age_s: float | None = None
    contracts: int = 0
    """Option contracts of the order; 0 while its size is not known."""
    added_wing_notional_usd: int = 0
    account: AccountValues | None = None
    margin_after_usd_cents: int | None = None
    margin_change_usd_cents: int | None = None
    margin_estimate_usd_cents: int | None = None
    theta_after_usd: float | None = None
    quick_ratio_after: float | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """The closes a session is measured from, and what they were found with."""

    days: tuple[DayRecord, ...]
    session: date
    start: str | None
    references: References


class RiskMonitor:
    """Refuses, with reasons; halts what runs away; never changes anything else but the log."""

    def __init__(self, desk: Desk, run_states: RunStates) -> None:
        self._desk = desk
        self.run_states = run_states
        self._known: _Known | None = None

    def refusals(self, proposal: Proposal, *, preview: bool = False) -> tuple[Reason, ...]:
        """Return every reason against an order; empty means it may be sent. A preview changes nothing."""
        reasons = check(proposal.purpose, self._inputs(proposal), self._desk.policy.limits, gates=BEFORE_PRICED)
        if reasons and not preview:
            self._refused(proposal, reasons)
        return reasons

    def at_sending(self, intent: Intent) -> tuple[Reason, ...]:
        """Return what refuses an order at the moment it is sent: the run state, the counts of orders, its price."""
        key = intent.key
        proposal = Proposal(
            strategy=key.strategy, purpose=key.purpose, subject=key.subject, contracts=intent.spec.contracts
        )
        inputs = self._priced(self._inputs(proposal, beside=intent.ref), intent)
        reasons = check(key.purpose, inputs, self._desk.policy.limits, gates=AT_SENDING)
        if reasons:
            self._refused(proposal, reasons)
        return reasons

    def collar(self, intent: Intent, net_limit_pts100: int) -> Reason | None:
        """Return why an order may not get a price: it is too far from the mid at its decision; None when it may."""
        key, spec = intent.key, replace(intent.spec, net_limit_pts100=net_limit_pts100)
        proposal = Proposal(strategy=key.strategy, purpose=key.purpose, subject=key.subject)
        inputs = self._priced(self._inputs(proposal), replace(intent, spec=spec))
        return next(
            iter(check(key.purpose, inputs, self._desk.policy.limits, gates=frozenset({Gate.PRICE_COLLAR}))), None
        )

    def stops(self, purpose: Purpose) -> Reason | None:
        """Return why the run state lets no order of a purpose be sent or changed just now; None when it does."""
        return refused_by_run_state(purpose, self.run_states.now())

    def losses(self, session: date, nlv_usd_cents: int | None) -> Losses:
        """Return how far net liquidation is below the closes it is measured from."""
        return self._references(session).losses(nlv_usd_cents)

    def _references(self, session: date) -> References:
        """Return the closes to measure from, sought anew only when there may be others."""
        days, start = self._desk.store.days(), self._desk.store.meta(BASELINE)
        known = self._known
        if known is None or known.days is not days or (known.session, known.start) != (session, start):
            found = references(
                (Close(day.session, day.net_liquidation_usd_cents) for day in days),
                session,
                start_usd_cents=None if start is None else int(start),
                peak_from=self._desk.policy.limits.peak_from,
            )
            known = self._known = _Known(days, session, start, found)
        return known.references

    def counted_orders(self, session: date) -> tuple[Intent, ...]:
        """Return the session's orders that open or change risk, since a person last resumed."""
        since = self.run_states.counted_from
        return tuple(
            intent
            for intent in self._desk.store.intents(session=session)
            if intent.key.purpose in OPENING and not intent.never_sent and (since is None or intent.created_at >= since)
        )

    def wing_notional_usd(self, beside: OrderRef | None = None) -> int:
        """Return the open wing notional with what live entries, ``beside`` left out, may still add by a fill."""
        return self._desk.view().wing_notional_usd + unfilled_wings_usd(self._live_entries(beside))

    def debits_due_usd_cents(self) -> int:
        """Return what all live orders would pay when they filled at their limits."""
        live = self._desk.store.intents(live_only=True)
        return sum(
            (intent.spec.quantity - intent.filled)
            * max(0, intent.spec.net_limit_pts100)
            * intent.spec.legs[0].contract.premium_multiplier
            for intent in live
        )

    def _live_entries(self, beside: OrderRef | None) -> list[Intent]:
        live = self._desk.store.intents(live_only=True)
        return [intent for intent in live if intent.is_condor_entry and intent.ref != beside]

    def _refused(self, proposal: Proposal, reasons: tuple[Reason, ...]) -> None:
        """Write refusals down; what more orders would have been than a strategy ever sends halts the program."""
        fields = {
            "strategy": proposal.strategy.value,
            "purpose": proposal.purpose.value,
            "subject": proposal.subject,
            "gates": [reason.name for reason in reasons],
        }
        self._desk.journal.emit("risk_refused", fields)
        for reason in reasons:
            if reason.name in RUNAWAY:
                self.run_states.halt_by_program(f"{reason.name}: {reason.value}, the limit is {reason.limit}")

    def _inputs(self, proposal: Proposal, *, beside: OrderRef | None = None) -> GateInputs:
        """Gather what the gates look at; ``beside`` is an order that is not counted twice."""
        desk, account, session = self._desk, proposal.account, self._desk.journal.session()
        nlv = None if account is None else account.net_liquidation_usd_cents
        entering, pending = proposal.purpose is Purpose.ENTRY, self._live_entries(beside)
        return GateInputs(
            run_state=self.run_states.now(),
            link_synced=desk.link.synced,
            paper=desk.link.paper,
            breaks_open=desk.link.breaks_open,
            unknown_same_subject=self._unknown(proposal.subject),
            clock_skew_s=desk.link.clock_skew_s,
            index_age_s=proposal.index_age_s,
            account_age_s=None if account is None else (desk.clock.now() - account.at).total_seconds(),
            counts=self._counts(session, proposal.contracts, beside=beside),
            losses=self.losses(session, nlv),
            condors_after=len(desk.view().condors) + sum(not intent.filled for intent in pending) + entering,
            wing_notional_after_usd=self.wing_notional_usd(beside) + proposal.added_wing_notional_usd,
            nlv_usd_cents=nlv,
            margin_after_usd_cents=proposal.margin_after_usd_cents,
            margin_change_usd_cents=proposal.margin_change_usd_cents,
            margin_estimate_usd_cents=proposal.margin_estimate_usd_cents,
            theta_after_usd=proposal.theta_after_usd,
            quick_ratio_after=proposal.quick_ratio_after,
            hedge_computed=proposal.strategy is Strategy.CONDOR or self._hedge_computed(),
        )

    def _priced(self, inputs: GateInputs, intent: Intent) -> GateInputs:
        return replace(inputs, spec=intent.spec, mid_pts=intent.mid_at_decision_pts)

    def _counts(self, session: date, contracts: int, *, beside: OrderRef | None) -> OrderCounts:
        since = self._desk.clock.now() - MINUTE
        sent = [intent for intent in self.counted_orders(session) if intent.ref != beside]
        return OrderCounts(
            last_minute=1 + sum(intent.created_at > since for intent in sent),
            session=1 + len(sent),
            session_contracts=contracts + sum(intent.spec.contracts for intent in sent),
        )

    def _hedge_computed(self) -> bool:
        return bool(self._desk.store.hedge_computations(self._desk.journal.session()))

    def _unknown(self, subject: str) -> bool:
        return any(
            intent.state in (IntentState.UNKNOWN, IntentState.SENDING)
            for intent in self._desk.store.intents(subject=subject, live_only=True)
        )
