"""Which hedge policy is in force: that of the settings, or the last one that the approvers have signed (004-22)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from daemon.adapters.approvals import load_approvers, parse_approval, verify
from daemon.adapters.clock import computer_now
from daemon.adapters.store import open_readonly
from daemon.core.hedge.approvals import PolicyText, changes, make_policy
from daemon.core.hedge.governance import (
    FIRST,
    Act,
    GovernanceEntry,
    Pending,
    Step,
    audit,
    pending,
    receive,
    settle,
    short,
    standing,
    write,
)
from daemon.core.records import EventRecord
from daemon.engine.journal import Journal
from daemon.errors import SettingsError, StoreError
from daemon.ports import Store
from daemon.report.governance import shortened
from daemon.settings import Settings, replaced
from daemon.settings.catalogue import approval_defaults, approval_texts


def policy_of(settings: Settings) -> PolicyText:
    """Return the hedge policy that settings ask for. Raises SettingsError for keys that cannot be used."""
    hedge = settings.hedge
    approvers, needed = load_approvers(hedge.approvers_dir), hedge.approvals_needed
    if approvers and needed > len(approvers):
        raise SettingsError(
            f"CONDORD_HEDGE_APPROVALS_NEEDED={needed} and the {len(approvers)} keys in CONDORD_HEDGE_APPROVERS_DIR="
            f"{hedge.approvers_dir} do not go together: so many could never sign; lower the first or add keys"
        )
    return make_policy(approval_texts(settings), approvers, needed)


def checked_log(store: Store) -> tuple[GovernanceEntry, ...]:
    """Return the governance log. Raises StoreError when it is not as it was written."""
    log = store.governance()
    wrong = audit(log, verify)
    if wrong is not None:
        raise StoreError(f"{wrong}; restore a backup of the database")
    return log


def settings_in_force(settings: Settings, log: Sequence[GovernanceEntry]) -> Settings:
    """Return the settings with the hedge policy in force by a log. Raises SettingsError where they contradict it."""
    in_force, asked = standing(log).in_force, approval_texts(settings)
    if in_force is None or all(
        in_force.settings.get(name, default) == asked[name] for name, default in approval_defaults().items()
    ):
        return settings
    return replaced(settings, {**approval_defaults(), **in_force.settings})


def unapproved(settings: Settings, path: Path) -> tuple[str, ...]:
    """Say what of the settings the approvers have not approved. Raises SettingsError, NotReadyError, StoreError."""
    wanted = policy_of(settings)
    with closing(open_readonly(path)) as store:
        state = standing(checked_log(store))
    in_force = state.in_force
    if in_force is None or not in_force.needed:
        return ()
    found = changes(in_force, wanted, approval_defaults())
    count = f"{len(state.signed(wanted, computer_now()))} of {in_force.needed}"
    text = f"these changes have {count} approvals, until then hedge policy {short(in_force.digest)} stays in force"
    return (f"{text}: {'; '.join(map(str, found))}",) if found else ()


def held_back(settings: Settings, path: Path) -> dict[str, str]:
    """Return the value in force of every setting whose change waits for approval. Raises NotReadyError, StoreError."""
    with closing(open_readonly(path)) as store:
        in_force = standing(checked_log(store)).in_force
    if in_force is None or not in_force.needed:
        return {}
    held = {**approval_defaults(), **in_force.settings}
    return {name: held[name] for name, text in approval_texts(settings).items() if held[name] != text}


class Governor:
    """Reads and continues the governance log of one store for one set of settings."""

    def __init__(
        self, settings: Settings, store: Store, journal: Journal, *, now: Callable[[], datetime] = computer_now
    ) -> None:
        """Look at log and settings; nothing is written yet. Raises SettingsError, StoreError."""
        self.wanted = policy_of(settings)
        self._settings, self._store, self._journal, self._now = settings, store, journal, now
        self._log = checked_log(store)

    def settings_in_force(self) -> Settings:
        """Return the settings as they hold once the start is settled. Raises SettingsError."""
        now = self._now()
        steps = settle(standing(self._log), self.wanted, approval_defaults(), now)
        return settings_in_force(self._settings, (*self._log, *self._entries(steps, now)))

    def settle(self) -> None:
        """Write what follows from the settings of this start, and say when they are not approved."""
        now = self._now()
        steps = settle(standing(self._log), self.wanted, approval_defaults(), now)
        self._write(steps, now)
        waits = pending(standing(self._log), now)
        if waits is not None and not steps:
            self._journal.emit("hedge_policy_unapproved", _waiting(waits))

    def add(self, text: str) -> dict[str, Any]:
        """Take an approval and return where the policy stands. Raises SettingsError when the approval is refused."""
        approval, now = parse_approval(text, "what was handed in"), self._now()
        steps, refusal = receive(
            standing(self._log), self.wanted, approval, defaults=approval_defaults(), verify=verify, now=now
        )
        self._write(steps, now)
        if refusal is not None:
            raise SettingsError(f"the approval is refused: {refusal.text}")
        waits = pending(standing(self._log), now)
        return {
            "approver": approval.approver,
            "policy": self.wanted.digest,
            "adopted": waits is None,
            "signed": [] if waits is None else [each.approver for each in waits.signed],
            "needed": 0 if waits is None else waits.needed,
            "open": [] if waits is None else [*waits.open],
        }

    def _entries(self, steps: Iterable[Step], now: datetime) -> tuple[GovernanceEntry, ...]:
        return write(steps, self._log, at=now, session=self._journal.session())

    def _write(self, steps: Sequence[Step], now: datetime) -> None:
        """Commit entries and the events that tell them together; then show the events.

        ``now`` is the instant at which approvals were judged: the check of the log judges them by it again.
        """
        if not steps:
            return
        entries = self._entries(steps, now)
        after = (*self._log, *entries)
        events = [
            event
            for n, entry in enumerate(entries, start=1)
            for event in self._told(entry, after[: len(self._log) + n])
        ]
        self._store.record_governance(entries, events)
        self._log = after
        for event in events:
            self._journal.show(event)

    def _told(self, entry: GovernanceEntry, log: Sequence[GovernanceEntry]) -> tuple[EventRecord, ...]:
        """Return the event of an entry; the first policy of a store, where nobody approves, goes without one."""
        step, state, make = entry.step, standing(log), self._journal.make
        asked = short(step.policy)
        match step.act:
            case Act.PROPOSED:
                waits = pending(state, entry.at)
                assert waits is not None, "what has just been proposed waits"
                return (make("hedge_policy_unapproved", _waiting(waits)),)
            case Act.WITHDRAWN:
                held = "" if state.in_force is None else short(state.in_force.digest)
                return (make("hedge_policy_withdrawn", {"asked": asked, "in_force": held}),)
            case Act.APPROVED:
                return (make("hedge_policy_approved", {"by": step.who, "asked": asked, "why": step.text}),)
            case Act.REFUSED:
                return (make("approval_refused", {"by": step.who, "asked": asked, "why": step.text}),)
            case Act.ADOPTED:
                if step.who == FIRST and not self.wanted.needed:
                    return ()
                fields = {"asked": asked, "by": step.who, "changes": shortened(step.text)}
                return (make("hedge_policy_adopted", fields),)


def _waiting(waits: Pending) -> dict[str, object]:
    return {
        "asked": short(waits.asked.digest),
        "in_force": short(waits.in_force.digest),
        "signed": len(waits.signed),
        "needed": waits.needed,
        "by": [each.approver for each in waits.signed],
        "open": list(waits.open),
        "changes": shortened(waits.changes),
    }
