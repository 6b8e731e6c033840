"""The hedge policy and its log in words: what is in force, what waits for approval, who has signed (004-18, 004-22)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from textwrap import wrap
from typing import Final

from daemon.core.hedge.approvals import PolicyText, changes
from daemon.core.hedge.governance import Act, GovernanceEntry, Standing, decided_by, pending, short, standing
from daemon.report.words import columns, new_york_instant, plural

LABEL_WIDTH: Final = 10
CHANGES_SHOWN: Final = 8
"""Changes of a policy that one line names; `condord approve show` and the JSON of `condord approve log` have all."""
WIDTH: Final = 125
UNREADABLE: Final = "the governance log cannot be read"
"""Said where a page must be written all the same; the next start refuses such a log."""
UNSEEN: Final = "no start has seen these settings yet: a daemon that runs refuses their approvals until it is restarted"
NONE_YET: Final = "none yet; the first start takes that of the settings"


def policy_lines(entries: Iterable[GovernanceEntry], now: datetime) -> tuple[str, ...]:
    """Say which policy is in force, and who decides about changes or which changes wait for whose approval."""
    try:
        state = standing(entries)
    except ValueError as error:
        return (f"ATTENTION: {UNREADABLE}: {error}",)
    if state.in_force is None:
        return (NONE_YET,)
    waits, head = pending(state, now), f"{short(state.in_force.digest)} in force"
    if waits is None:
        return (f"{head}; {decided_by(state.in_force)}",)
    by = f" (by {', '.join(each.approver for each in waits.signed)})" if waits.signed else ""
    asked = f"the settings ask for {short(waits.asked.digest)}"
    has = f"which has {len(waits.signed)} of {plural(waits.needed, 'approval')}{by}"
    return (f"ATTENTION: {head}; {asked}, {has}; still to sign: {', '.join(waits.open)}", *waits.changes.split("; "))


def waited_at_close(entries: Iterable[GovernanceEntry], session: date) -> str:
    """Say what waited for approval when a session ended, by the entries up to it; empty for nothing."""
    try:
        state = standing(entry for entry in entries if entry.session <= session)
    except ValueError as error:
        return f"{UNREADABLE}: {error}"
    if state.in_force is None or state.proposed is None:
        return ""
    asked, held = short(state.proposed.digest), short(state.in_force.digest)
    return f"hedge policy {asked} waits for approval, {held} stays in force"


def show_text(state: Standing, wanted: PolicyText, found: Sequence[str], now: datetime) -> str:
    """Write the policy in force and, where the settings ask for another one, the changes and the approvals."""
    in_force, adopted = state.in_force, state.adopted
    if in_force is None or adopted is None:
        return f"{_row('in force', NONE_YET)}\n"
    since = f"since {new_york_instant(adopted.at)}, decided by {adopted.step.who}"
    lines = [_row("in force", f"{short(in_force.digest)}  {since}"), _row("rule", decided_by(in_force))]
    if not found:
        return "\n".join([*lines, _row("settings", "ask for the policy in force; nothing is to approve")]) + "\n"
    lines.append(_row("asked for", f"{short(wanted.digest)}  by the settings, with {plural(len(found), 'change')}:"))
    lines += [_row("", text) for text in found]
    if not in_force.needed:
        return "\n".join([*lines, _row("next", "the next start takes it")]) + "\n"
    signed = state.signed(wanted, now)
    names = {each.approver for each in signed}
    lines.append(_row("approvals", f"{len(signed)} of {in_force.needed}"))
    lines += [_row("", f"{each.approver}, good until {new_york_instant(each.expires_at)}") for each in signed]
    lines.append(_row("to sign", ", ".join(name for name in sorted(in_force.approvers) if name not in names)))
    if state.proposed is None or state.proposed.digest != wanted.digest:
        lines.append(_row("note", UNSEEN))
    return "\n".join(lines) + "\n"


def diff(in_force: PolicyText, wanted: PolicyText) -> list[str]:
    """Return the changes that a proposal makes, in words."""
    return [str(change) for change in changes(in_force, wanted, {})]


def _row(label: str, text: str) -> str:
    return f"{label:<{LABEL_WIDTH}}  {text}"


# -- the log -----------------------------------------------------------------------------------------


def log_text(entries: Sequence[GovernanceEntry]) -> str:
    """Write the governance log, oldest first."""
    rows = [(f"{entry.number}", new_york_instant(entry.at), *_cells(entry)) for entry in entries]
    return "\n".join([*columns(rows, "><<<<", indent=0), _checked(entries)]) + "\n"


def session_lines(entries: Iterable[GovernanceEntry]) -> list[str]:
    """Write what was done about the policy in one session; nothing when nothing was."""
    rows = [(new_york_instant(entry.at), *_cells(entry)) for entry in entries]
    lines = (
        wrap(line, WIDTH, initial_indent="  ", subsequent_indent="    ") for line in columns(rows, "<<<<", indent=0)
    )
    return ["HEDGE POLICY", *(part for line in lines for part in line)] if rows else []


def act_words(entry: GovernanceEntry) -> str:
    """Say what was done and by whom."""
    step = entry.step
    return f"refused {step.who}" if step.act is Act.REFUSED else f"{step.act} by {step.who}"


def _cells(entry: GovernanceEntry) -> tuple[str, str, str]:
    return short(entry.step.policy), act_words(entry), shortened(entry.step.text)


def shortened(text: str) -> str:
    """Return a list of changes with the first of them and how many there are more."""
    parts = text.split("; ")
    left = len(parts) - CHANGES_SHOWN
    return text if left <= 0 else "; ".join([*parts[:CHANGES_SHOWN], f"and {left} more"])


def _checked(entries: Sequence[GovernanceEntry]) -> str:
    return f"{plural(len(entries), 'entry', 'entries')}; chain, signatures and adoptions are right"
