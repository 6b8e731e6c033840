"""Policies, people and a way of signing without keys, for tests of approvals."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from daemon.core.hedge.approvals import Approval, PolicyText, make_policy
from daemon.core.hedge.governance import GovernanceEntry, Step, settle, standing, write

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SESSION = date(2026, 3, 2)
KEYS = {"alice": "key-a", "bob": "key-b", "carol": "key-c"}
DEFAULTS = {"CONDORD_HEDGE_L1_WEIGHT": "4", "CONDORD_HEDGE_L2_WEIGHT": "4"}
OLD = make_policy(DEFAULTS, KEYS, 2)
NEW = make_policy({**DEFAULTS, "CONDORD_HEDGE_L1_WEIGHT": "5", "CONDORD_HEDGE_L2_WEIGHT": "3"}, KEYS, 2)


def signature(key: str, message: bytes) -> bytes:
    """Sign as only somebody with the key can; a stand-in for the library."""
    return hashlib.sha256(key.encode() + message).digest()


def verify(key: str, message: bytes, signed: bytes) -> bool:
    return signature(key, message) == signed


def signed(given: Approval) -> Approval:
    """The approval as its approver signs it."""
    return replace(given, signature=signature(KEYS.get(given.approver, ""), given.message))


def approval(
    name: str, policy: PolicyText = NEW, follows: str = "", *, days: float = 14, replaces: PolicyText = OLD
) -> Approval:
    """An approval given at NOW by somebody with the key of that name; it follows the adoption of OLD unless told."""
    unsigned = Approval(
        policy=policy.digest,
        replaces=replaces.digest,
        follows=follows or ADOPTION,
        approver=name,
        issued_at=NOW,
        expires_at=NOW + timedelta(days=days),
    )
    return signed(unsigned)


def log_of(*policies: PolicyText, now: datetime = NOW) -> tuple[GovernanceEntry, ...]:
    """The log after starts with these policies."""
    log: tuple[GovernanceEntry, ...] = ()
    for policy in policies:
        log = grown(log, *settle(standing(log), policy, DEFAULTS, now))
    return log


def grown(log: tuple[GovernanceEntry, ...], *steps: Step) -> tuple[GovernanceEntry, ...]:
    return (*log, *write(steps, log, at=NOW, session=SESSION))


ADOPTION = log_of(OLD)[0].digest
