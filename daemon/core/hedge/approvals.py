"""Hedge policies as texts that people sign, and the judgement of one approval (004-22).

A policy text names every setting whose change needs approval, and who may approve the next change. Its SHA-256 is its
name. An approval signs the name of a policy and the adoption that it follows: it is good for that one step only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from daemon.core.calendar.sessions import NEW_YORK
from daemon.core.orders.intent import Reason

POLICY_HEAD: Final = "condord hedge policy 1"
PROPOSAL_HEAD: Final = "condord proposal 1"
APPROVAL_HEAD: Final = "condord approval 1"
NEEDED: Final = "approvals"
"""Names, in a policy text, how many approvers must sign."""
APPROVER: Final = "approver."
"""Begins, in a policy text, the name of each line with an approver's public key."""
VALID_MAX: Final = timedelta(days=90)
"""Longest time an approval may be good for."""
NAME_FORM: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
"""What an approver may be called; the name is part of files and of signed texts."""
SHOWN: Final = 12
"""Characters of a policy's name that are shown to people."""

Verify = Callable[[str, bytes, bytes], bool]
"""Whether the holder of a public key (base64 of its 32 bytes) has signed a message with a signature."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line that differs between two policies; None where a policy has no such line."""

    name: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.name.startswith(APPROVER):
            done = "removed" if self.after is None else "added" if self.before is None else "has another key"
            return f"approver {self.name.removeprefix(APPROVER)} {done}"
        before, after = ("none" if text is None else text or "empty" for text in (self.before, self.after))
        return f"{self.name} {before} -> {after}"


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A hedge policy as lines: settings by full name, the approvers, and how many of them must sign the next change."""

    values: Mapping[str, str]

    @property
    def text(self) -> str:
        """Return the canonical text: a heading, then a sorted line a value."""
        return "\n".join([POLICY_HEAD, *(f"{name}={value}" for name, value in sorted(self.values.items()))]) + "\n"

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the text, which names the policy."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def approvers(self) -> Mapping[str, str]:
        """Return the public keys of those who may approve the next change, by name."""
        keys = {name.removeprefix(APPROVER): key for name, key in self.values.items() if name.startswith(APPROVER)}
        return MappingProxyType(keys)

    @property
    def needed(self) -> int:
        """Return how many of them must sign; 0 where nobody is named and the owner of the settings alone decides."""
        return int(self.values.get(NEEDED, "0"))

    @property
    def settings(self) -> Mapping[str, str]:
        """Return the settings by full name."""
        kept = {name: value for name, value in self.values.items() if name != NEEDED and not name.startswith(APPROVER)}
        return MappingProxyType(kept)


def make_policy(settings: Mapping[str, str], approvers: Mapping[str, str], needed: int) -> PolicyText:
    """Make the text of a policy; without approvers how many are needed is no part of it."""
    people = {f"{APPROVER}{name}": key for name, key in approvers.items()}
    count = {NEEDED: str(needed)} if people else {}
    return PolicyText(MappingProxyType({**settings, **people, **count}))


def read_policy(text: str) -> PolicyText:
    """Read a canonical text back. Raises ValueError for anything else."""
    head, *lines = text.splitlines()
    if head != POLICY_HEAD:
        raise ValueError(f"the first line is not {POLICY_HEAD!r}")
    pairs = dict(line.split("=", 1) for line in lines)
    found = PolicyText(MappingProxyType(pairs))
    if found.text != text:
        raise ValueError("its lines are not sorted, or one stands twice")
    return found


def changes(before: PolicyText, after: PolicyText, defaults: Mapping[str, str]) -> tuple[Change, ...]:
    """Return the lines that differ; a setting that one of them does not know yet has its default there."""
    old, new = ({**defaults, **policy.values} for policy in (before, after))
    return tuple(
        Change(name, old.get(name), new.get(name))
        for name in sorted(before.values.keys() | after.values.keys())
        if old.get(name) != new.get(name)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """All that a signer needs on a computer of their own."""

    adoption: str
    """Digest of the log's entry that adopted the policy in force."""
    in_force: PolicyText
    wanted: PolicyText

    @property
    def text(self) -> str:
        """Return the proposal as it is written into a file: the adoption, then both policies."""
        return f"{PROPOSAL_HEAD}\nfollows {self.adoption}\n{self.in_force.text}{self.wanted.text}"


def read_proposal(text: str) -> Proposal:
    """Read a proposal back from the text of its file. Raises ValueError for anything else."""
    head, *parts = text.split(f"{POLICY_HEAD}\n")
    found = re.fullmatch(rf"{PROPOSAL_HEAD}\nfollows ([0-9a-f]{{64}})\n", head)
    if found is None or len(parts) != 2:
        raise ValueError(f"it is not a heading {PROPOSAL_HEAD!r} with two policies")
    in_force, wanted = (read_policy(f"{POLICY_HEAD}\n{part}") for part in parts)
    return Proposal(adoption=found[1], in_force=in_force, wanted=wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's word for one change of policy."""

    policy: str
    """Digest of the policy that is approved."""
    replaces: str
    """Digest of the policy that the signer saw as the one in force: what was told to change is what changes."""
    follows: str
    """Digest of the log's entry that adopted the policy in force; after the next adoption it is good for nothing."""
    approver: str
    issued_at: datetime
    expires_at: datetime
    signature: bytes = b""

    @property
    def message(self) -> bytes:
        """Return what is signed."""
        lines = (
            APPROVAL_HEAD,
            f"policy {self.policy}",
            f"replaces {self.replaces}",
            f"follows {self.follows}",
            f"approver {self.approver}",
            f"issued {self.issued_at.isoformat(timespec='seconds')}",
            f"expires {self.expires_at.isoformat(timespec='seconds')}",
        )
        return ("\n".join(lines) + "\n").encode()

    @property
    def text(self) -> str:
        """Return the approval as it is written into a file: the signed message, then the signature."""
        return f"{self.message.decode()}signature {base64.b64encode(self.signature).decode()}\n"


_APPROVAL_FORM: Final = re.compile(
    rf"{APPROVAL_HEAD}\n"
    r"policy ([0-9a-f]{64})\nreplaces ([0-9a-f]{64})\nfollows ([0-9a-f]{64})\n"
    rf"approver ({NAME_FORM.pattern})\n"
    r"issued (\S+)\nexpires (\S+)\nsignature ([A-Za-z0-9+/=]+)\n"
)


def read_approval(text: str) -> Approval:
    """Read an approval back from the text of its file. Raises ValueError for anything else."""
    found = _APPROVAL_FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"it is not the eight lines that begin with {APPROVAL_HEAD!r}")
    policy, replaces, follows, approver, issued, expires, signature = found.groups()
    issued_at, expires_at = datetime.fromisoformat(issued), datetime.fromisoformat(expires)
    if issued_at.tzinfo is None or expires_at.tzinfo is None:
        raise ValueError("its times have no time zone")
    try:
        raw = base64.b64decode(signature, validate=True)
    except binascii.Error as error:
        raise ValueError(f"its signature is no base64: {error}") from None
    return Approval(
        policy=policy,
        replaces=replaces,
        follows=follows,
        approver=approver,
        issued_at=issued_at,
        expires_at=expires_at,
        signature=raw,
    )


def judge(
    approval: Approval,
    in_force: PolicyText,
    wanted: PolicyText,
    *,
    adoption: str,
    signed: Sequence[Approval],
    verify: Verify,
    now: datetime,
) -> Reason | None:
    """Say why an approval does not count towards replacing the policy in force by the wanted one; None when it does.

    ``adoption`` is the digest of the entry that put the first in force; ``signed`` are the approvals that count already.
    """
    name = approval.approver
    key = in_force.approvers.get(name)
    if key is None:
        known = ", ".join(sorted(in_force.approvers)) or "nobody"
        return Reason("approver_unknown", f"{name} is no approver of the policy in force; {known} is", name, known)
    if not verify(key, approval.message, approval.signature):
        return Reason("signature_wrong", f"the signature is not by {name}'s key, or the approval was changed", name)
    return _off_the_mark(approval, in_force, wanted=wanted, adoption=adoption) or _out_of_time(approval, signed, now)


def _off_the_mark(approval: Approval, in_force: PolicyText, *, wanted: PolicyText, adoption: str) -> Reason | None:
    if approval.follows != adoption:
        text = "another policy has been adopted since the proposal was made; sign the present proposal"
        return Reason("approval_outdated", text, approval.follows[:SHOWN], adoption[:SHOWN])
    if approval.replaces != in_force.digest:
        shown, held = approval.replaces[:SHOWN], in_force.digest[:SHOWN]
        text = f"the proposal that was signed shows {shown} as the policy in force, but {held} is; sign the present proposal"
        return Reason("approval_misled", text, shown, held)
    if approval.policy != wanted.digest:
        meant, asked = approval.policy[:SHOWN], wanted.digest[:SHOWN]
        text = f"the approval is for policy {meant}, and the settings ask for {asked}; sign the present proposal"
        return Reason("approval_of_another", text, meant, asked)
    return None


def _out_of_time(approval: Approval, signed: Sequence[Approval], now: datetime) -> Reason | None:
    name, until = approval.approver, approval.expires_at
    if until <= now:
        text = f"the approval of {name} has expired at {until.astimezone(NEW_YORK):%Y-%m-%d %H:%M %Z}; sign anew"
        return Reason("approval_expired", text, until.isoformat(), now.isoformat(timespec="seconds"))
    if until - min(approval.issued_at, now) > VALID_MAX:
        text = f"the approval of {name} is not good for a time of at most {VALID_MAX.days} days; sign anew"
        return Reason("approval_too_long", text, (until - approval.issued_at).days, VALID_MAX.days)
    if any(other.approver == name for other in signed):
        return Reason("approved_already", f"{name} has approved this policy already", name)
    return None
