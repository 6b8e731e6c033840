"""The log of all that was decided about the hedge policy, and what follows from it (004-18, 004-22).

The log alone says which policy is in force: the last one adopted. Every entry carries the digest of the one before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from daemon.core.calendar.sessions import NEW_YORK
from daemon.core.hedge.approvals import (
    SHOWN,
    Approval,
    PolicyText,
    Verify,
    changes,
    judge,
    read_approval,
    read_policy,
)
from daemon.core.orders.intent import Reason

OWNER: Final = "the owner"
"""Decides alone where the policy in force names no approvers."""
NOTHING_PROPOSED: Final = (
    "the settings in use ask for the policy that is in force, so nothing is to approve; "
    "a daemon uses changed settings after a restart"
)
FIRST: Final = "the first start"
"""Brings the first policy: before it there is nobody whose approval could be asked for."""


class Act(StrEnum):
    """What can be done about a policy."""

    PROPOSED = "proposed"
    WITHDRAWN = "withdrawn"
    APPROVED = "approved"
    REFUSED = "refused"
    ADOPTED = "adopted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One act, before it is written."""

    act: Act
    policy: str
    """Digest of the policy it is about."""
    who: str
    text: str
    body: str = ""
    """Text of the policy (proposed, adopted) or of the approval (approved, refused)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernanceEntry:
    """One act as it is written: numbered from 1, and chained to the entry before by that one's digest."""

    number: int
    at: datetime
    """By the computer's clock, which people who sign share; never by the clock of a simulated market."""
    session: date
    step: Step
    before: str
    """Digest of the entry before; empty for the first."""
    digest: str = ""
    """SHA-256 of all the other parts, as it was written."""

    def digested(self) -> str:
        """Return what the digest must be."""
        step = self.step
        when = (self.at.astimezone(UTC).isoformat(timespec="microseconds"), self.session.isoformat())
        parts = [self.number, *when, step.act.value, step.policy, step.who, step.text, step.body, self.before]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the log comes to."""

    in_force: PolicyText | None = None
    """None before the first start."""
    adopted: GovernanceEntry | None = None
    proposed: PolicyText | None = None
    """What the settings ask for and the approvers have not approved yet; None when there is no such thing."""
    proposal: GovernanceEntry | None = None
    approvals: tuple[Approval, ...] = ()
    """Given since the last adoption, for whichever policy."""

    def signed(self, policy: PolicyText, now: datetime) -> tuple[Approval, ...]:
        """Return the approvals that count for a policy: one a person, none that has expired."""
        found = {each.approver: each for each in self.approvals if each.policy == policy.digest}
        return tuple(each for _, each in sorted(found.items()) if each.expires_at > now)


def standing(entries: Iterable[GovernanceEntry]) -> Standing:
    """Return what the log comes to."""
    state = Standing()
    for entry in entries:
        state = _after(state, entry)
    return state


def _after(state: Standing, entry: GovernanceEntry) -> Standing:
    step = entry.step
    match step.act:
        case Act.ADOPTED:
            return Standing(in_force=read_policy(step.body), adopted=entry)
        case Act.PROPOSED:
            return replace(state, proposed=read_policy(step.body), proposal=entry)
        case Act.WITHDRAWN:
            return replace(state, proposed=None, proposal=None)
        case Act.APPROVED:
            return replace(state, approvals=(*state.approvals, read_approval(step.body)))
        case Act.REFUSED:
            return state


def settle(state: Standing, wanted: PolicyText, defaults: Mapping[str, str], now: datetime) -> tuple[Step, ...]:
    """Return what follows when the settings ask for a policy: nothing, a proposal, an adoption, a withdrawal."""
    in_force = state.in_force
    if in_force is None:
        return (_adoption(wanted, FIRST, f"the policy of the first start; {decided_by(wanted)}"),)
    found = changes(in_force, wanted, defaults)
    words = "; ".join(map(str, found))
    if not found:
        text = "the settings ask for the policy in force again"
        withdrawn = Step(act=Act.WITHDRAWN, policy=_digest(state.proposed), who=OWNER, text=text)
        return (withdrawn,) if state.proposed is not None else ()
    if not in_force.needed:
        return (_adoption(wanted, OWNER, words),)
    signed = state.signed(wanted, now)
    if len(signed) >= in_force.needed:
        return (_adoption(wanted, ", ".join(each.approver for each in signed), words),)
    proposal = Step(act=Act.PROPOSED, policy=wanted.digest, who=OWNER, text=words, body=wanted.text)
    return (proposal,) if _digest(state.proposed) != wanted.digest else ()


def receive(
    state: Standing,
    wanted: PolicyText,
    approval: Approval,
    *,
    defaults: Mapping[str, str],
    verify: Verify,
    now: datetime,
) -> tuple[tuple[Step, ...], Reason | None]:
    """Return what follows from an approval that somebody hands in, and why it is refused when it is."""
    reason = _refusal(state, wanted, approval, defaults=defaults, verify=verify, now=now)
    if reason is not None:
        refused = Step(
            act=Act.REFUSED, policy=approval.policy, who=approval.approver, text=reason.text, body=approval.text
        )
        return (refused,), reason
    first = settle(state, wanted, defaults, now)
    if any(step.act is Act.ADOPTED for step in first):
        return first, None  # it had enough approvals before this one
    text = f"good until {approval.expires_at.astimezone(NEW_YORK):%Y-%m-%d %H:%M %Z}"
    approved = Step(act=Act.APPROVED, policy=approval.policy, who=approval.approver, text=text, body=approval.text)
    known = replace(state, proposed=wanted, approvals=(*state.approvals, approval))
    return (*first, approved, *settle(known, wanted, defaults, now)), None


def _refusal(
    state: Standing,
    wanted: PolicyText,
    approval: Approval,
    *,
    defaults: Mapping[str, str],
    verify: Verify,
    now: datetime,
) -> Reason | None:
    in_force, adopted = state.in_force, state.adopted
    if in_force is None or adopted is None or not in_force.needed:
        return Reason("nobody_approves", "no approvers are in force, so the owner of the settings alone decides")
    if not changes(in_force, wanted, defaults):
        return Reason("nothing_proposed", NOTHING_PROPOSED)
    signed = state.signed(wanted, now)
    return judge(approval, in_force, wanted, adoption=adopted.digest, signed=signed, verify=verify, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A policy that waits for approval."""

    in_force: PolicyText
    asked: PolicyText
    changes: str
    """What would change, in words."""
    signed: tuple[Approval, ...]
    needed: int
    open: tuple[str, ...]
    """Approvers who have not signed it."""


def pending(state: Standing, now: datetime) -> Pending | None:
    """Return the policy that waits for approval, or None."""
    if state.in_force is None or state.proposed is None or state.proposal is None:
        return None
    signed = state.signed(state.proposed, now)
    names = {each.approver for each in signed}
    return Pending(
        in_force=state.in_force,
        asked=state.proposed,
        changes=state.proposal.step.text,
        signed=signed,
        needed=state.in_force.needed,
        open=tuple(name for name in sorted(state.in_force.approvers) if name not in names),
    )


def write(
    steps: Iterable[Step], log: Sequence[GovernanceEntry], *, at: datetime, session: date
) -> tuple[GovernanceEntry, ...]:
    """Return the entries that continue a log."""
    found: list[GovernanceEntry] = []
    last = log[-1] if log else None
    for step in steps:
        number, before = (1, "") if last is None else (last.number + 1, last.digest)
        entry = GovernanceEntry(number=number, at=at, session=session, step=step, before=before)
        last = replace(entry, digest=entry.digested())
        found.append(last)
    return tuple(found)


def audit(entries: Iterable[GovernanceEntry], verify: Verify) -> str | None:
    """Check a whole log: the chain, that every approval counted when it was given, every adoption. Return what is wrong first, or None."""
    state, last = Standing(), None
    for entry in entries:
        wrong = _broken(entry, last) or _unfounded(state, entry, verify)
        if wrong is not None:
            return f"entry {entry.number} of the governance log {wrong}"
        state, last = _after(state, entry), entry
    return None


def _broken(entry: GovernanceEntry, last: GovernanceEntry | None) -> str | None:
    number, before = (1, "") if last is None else (last.number + 1, last.digest)
    if entry.number != number:
        return f"should have number {number}"
    if entry.digest != entry.digested():
        return "was changed after it was written"
    return None if entry.before == before else "does not follow from the one before"


def _unfounded(state: Standing, entry: GovernanceEntry, verify: Verify) -> str | None:
    """Say why an approval or an adoption cannot have come about."""
    step, in_force = entry.step, state.in_force
    try:
        if step.act in (Act.PROPOSED, Act.ADOPTED) and read_policy(step.body).digest != step.policy:
            return "names another policy than its text"
        wrong = _uncounted(state, entry, verify) if step.act is Act.APPROVED else None
    except ValueError as error:
        return f"cannot be read: {error}"
    if wrong is not None:
        return f"has an approval that does not count: {wrong}"
    if step.act is Act.ADOPTED and in_force is not None:
        signed = len(state.signed(read_policy(step.body), entry.at))
        if signed < in_force.needed:
            return f"adopts a policy with {signed} of {in_force.needed} approvals"
    return None


def _uncounted(state: Standing, entry: GovernanceEntry, verify: Verify) -> str | None:
    """Say why an approval did not count when it was written."""
    in_force, adopted, proposed = state.in_force, state.adopted, state.proposed
    if in_force is None or adopted is None or proposed is None:
        return "nothing was proposed"
    signed = state.signed(proposed, entry.at)
    reason = judge(
        read_approval(entry.step.body),
        in_force,
        proposed,
        adoption=adopted.digest,
        signed=signed,
        verify=verify,
        now=entry.at,
    )
    return None if reason is None else reason.text


def decided_by(policy: PolicyText) -> str:
    """Say who decides about the next change."""
    if not policy.needed:
        return "the owner of the settings alone decides about changes"
    return f"changes need {policy.needed} of {len(policy.approvers)} approvers ({', '.join(sorted(policy.approvers))})"


def _adoption(policy: PolicyText, who: str, text: str) -> Step:
    return Step(act=Act.ADOPTED, policy=policy.digest, who=who, text=text, body=policy.text)


def _digest(policy: PolicyText | None) -> str:
    return "" if policy is None else policy.digest


def short(digest: str) -> str:
    """Return as much of a policy's name as people are shown."""
    return digest[:SHOWN]
