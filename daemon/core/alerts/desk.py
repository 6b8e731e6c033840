"""The alert desk as values: events and days go in, messages come out when their time has come.

Nothing is lost: an event that alerts is told by a message, counted in one, or waits for one. What repeats is counted
in its cause and told when its pause is over; what quiet hours or the limit of messages hold back goes on counting.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from daemon.core.alerts.kinds import (
    AlertKind,
    AlertLevel,
    Ending,
    ending_of_cause,
    endings_of,
    kind_of,
    subject_of,
    text_of,
)
from daemon.core.alerts.policy import HOUR, AlertPolicy
from daemon.core.alerts.state import AlertState, Cause, Digest, Message, Sent
from daemon.core.alerts.wording import compose
from daemon.core.records import EventRecord

CAUSES_MAX: Final = 20
"""Most causes of one name that are told apart; further ones count as one."""
OTHERS: Final = "others"
SOON: Final = timedelta(minutes=15)
"""How much earlier something is told again where a message goes out anyway."""
DIGESTS_MAX: Final = 10
"""Most ends of sessions that wait; the oldest goes first."""
STARTED: Final = "daemon_started"


def take(state: AlertState, event: EventRecord, policy: AlertPolicy) -> AlertState:
    """Return the state after an event: it may begin or repeat a cause, or end one."""
    for ending in endings_of(event):
        state = _ended(state, ending, event, policy)
    if event.name == STARTED:
        state = _after_restart(state, event.at)
    row = kind_of(event)
    if row is not None and policy.tells(row.level):
        state = _begun(_pruned(state, event.at, policy), row, event)
    return replace(state, seen_at=event.at)


def close_day(state: AlertState, digest: Digest, policy: AlertPolicy) -> AlertState:
    """Return the state after the end of a session."""
    if not policy.digest:
        return state
    return replace(state, digests=(*state.digests, digest)[-DIGESTS_MAX:])


def due(state: AlertState, now: datetime, policy: AlertPolicy, *, mode: str) -> tuple[AlertState, Message | None]:
    """Return what is to be told now in one message, if anything, and the state once it is made."""
    ready = _ready(state, now, policy)
    digests = [digest for digest in state.digests if _digest_at(digest, now, policy) <= now]
    if not ready and not digests:
        return _pruned(state, now, policy), None
    message = compose(state, ready, digests, now=now, zone=policy.zone, mode=mode)
    told = sum(cause.untold for cause in ready)
    state = replace(
        state,
        causes=tuple(left for cause in state.causes for left in _told(cause, now, among=ready)),
        digests=tuple(digest for digest in state.digests if digest not in digests),
        sent=_sent(state, ready, now),
        passed=(),
        undelivered=0,
        number=message.number,
        tally=replace(state.tally, told=state.tally.told + told),
    )
    return _pruned(state, now, policy), message


def next_at(state: AlertState, now: datetime, policy: AlertPolicy) -> datetime | None:
    """Return when there is something to tell next; None while nothing waits."""
    instants = [_ready_at(state, cause, now, policy) for cause in state.causes]
    instants += [_digest_at(digest, now, policy) for digest in state.digests]
    return min((at for at in instants if at is not None), default=None)


def not_delivered(state: AlertState) -> AlertState:
    """Return the state after a message has reached nobody, which the next one tells."""
    return replace(state, undelivered=state.undelivered + 1)


# -- events ------------------------------------------------------------------------------------------------------------


def _begun(state: AlertState, row: AlertKind, event: EventRecord) -> AlertState:
    subject = subject_of(event, row.subject)
    known = _find(state, row.cause, subject)
    if known is None and sum(cause.name == row.cause for cause in state.causes) >= CAUSES_MAX:
        known = _find(state, row.cause, subject := OTHERS)
    text = text_of(row, event)
    if known is None:
        cause = Cause(
            name=row.cause,
            subject=subject,
            level=row.level,
            title=row.title,
            text=text,
            todo=row.todo,
            patient=row.patient,
            lasts=ending_of_cause(row.cause) is not None and subject != OTHERS,
            first_at=event.at,
            last_at=event.at,
            count=1,
        )
        causes = (*state.causes, cause)
    else:
        cause = replace(known, text=text, last_at=event.at, count=known.count + 1, over_at=None, over="")
        if row.level.rank > known.level.rank:
            # It has become worse: told like something new.
            cause = replace(cause, level=row.level, title=row.title, todo=row.todo, messages=0, first_at=event.at)
        causes = tuple(cause if other is known else other for other in state.causes)
    return replace(state, causes=causes, tally=replace(state.tally, came=state.tally.came + 1))


def _ended(state: AlertState, ending: Ending, event: EventRecord, policy: AlertPolicy) -> AlertState:
    known = _find(state, ending.cause, subject_of(event, ending.subject))
    if known is None or known.over_at is not None:
        return state
    if known.patient and not known.messages and event.at < policy.lasted(known.first_at):
        return _passed(state, known)
    over = replace(known, over_at=event.at, over=ending.title)
    return replace(state, causes=tuple(over if cause is known else cause for cause in state.causes))


def _passed(state: AlertState, cause: Cause) -> AlertState:
    """Count what has passed by itself before it was worth a message."""
    counts = dict(state.passed)
    counts[cause.title] = counts.get(cause.title, 0) + 1
    tally = replace(state.tally, passed=state.tally.passed + cause.untold)
    left = tuple(other for other in state.causes if other is not cause)
    return replace(state, causes=left, passed=tuple(sorted(counts.items())), tally=tally)


def _after_restart(state: AlertState, at: datetime) -> AlertState:
    """End without a word what a daemon that starts tells anew if it is still so."""

    def left(cause: Cause) -> tuple[Cause, ...]:
        ending = ending_of_cause(cause.name)
        if ending is None or ending.kept or cause.over_at is not None:
            return (cause,)
        return (replace(cause, over_at=at),) if cause.untold else ()

    return replace(state, causes=tuple(kept for cause in state.causes for kept in left(cause)))


def _find(state: AlertState, name: str, subject: str) -> Cause | None:
    return next((cause for cause in state.causes if (cause.name, cause.subject) == (name, subject)), None)


# -- time --------------------------------------------------------------------------------------------------------------


def _ready(state: AlertState, now: datetime, policy: AlertPolicy) -> list[Cause]:
    """Return what is told now; with it goes what was told before and comes again soon."""
    instants = [(cause, _ready_at(state, cause, now, policy)) for cause in state.causes]
    if not any(at is not None and at <= now for _, at in instants):
        return []
    soon = now + SOON
    return [cause for cause, at in instants if at is not None and at <= (soon if cause.messages else now)]


def _ready_at(state: AlertState, cause: Cause, now: datetime, policy: AlertPolicy) -> datetime | None:
    """Return when a cause is told next; None while there is nothing new about it."""
    wanted = _wanted_at(cause, policy)
    if wanted is None:
        return None
    # A clock that was set back must not silence the desk.
    at = now if cause.last_at > now else max(wanted, now)
    return policy.after_quiet(_within_limits(state, cause, at, policy), cause.news)


def _wanted_at(cause: Cause, policy: AlertPolicy) -> datetime | None:
    gather = timedelta(seconds=policy.gather_s)
    if cause.over_at is not None:
        return cause.over_at + gather
    if cause.messages == 0:
        lasted = policy.lasted(cause.first_at) if cause.patient else cause.first_at
        return max(lasted, cause.first_at + gather)
    if cause.told_at is None or not (cause.untold or _reminds(cause)):
        return None
    return cause.told_at + policy.again_after(cause.messages)


def _reminds(cause: Cause) -> bool:
    """Whether a cause is told again for as long as no event has ended it."""
    ending = ending_of_cause(cause.name)
    return ending is not None and ending.remind and cause.lasts and cause.over_at is None


def _within_limits(state: AlertState, cause: Cause, at: datetime, policy: AlertPolicy) -> datetime:
    """Return the first instant from ``at`` on at which the limit of messages lets a cause pass."""
    kind = [sent.at for sent in state.sent if cause.name in sent.names]
    if len(kind) >= policy.kind_per_hour:
        at = max(at, kind[-policy.kind_per_hour] + HOUR)
    if len(state.sent) >= policy.per_hour and cause.news is not AlertLevel.URGENT:
        at = max(at, state.sent[-policy.per_hour].at + HOUR)
    return at


def _digest_at(digest: Digest, now: datetime, policy: AlertPolicy) -> datetime:
    return policy.after_quiet(min(digest.at, now), AlertLevel.INFO)


# -- after a message ---------------------------------------------------------------------------------------------------


def _told(cause: Cause, now: datetime, *, among: Iterable[Cause]) -> tuple[Cause, ...]:
    """Return what is left of a cause after a message; nothing of one that is over."""
    if not any(cause is other for other in among):
        return (cause,)
    if cause.over_at is not None:
        return ()
    return (replace(cause, told=cause.count, messages=cause.messages + 1, told_at=now),)


def _sent(state: AlertState, ready: Iterable[Cause], now: datetime) -> tuple[Sent, ...]:
    """Return the messages of the last hour with this one; a digest alone is no alert and counts for no limit."""
    names = tuple(sorted({cause.name for cause in ready}))
    recent = tuple(sent for sent in state.sent if now - HOUR < sent.at <= now)
    return (*recent, Sent(now, names)) if names else recent


def _pruned(state: AlertState, now: datetime, policy: AlertPolicy) -> AlertState:
    """Forget what nobody needs to hear of again: told, and not come again for its whole pause."""

    def lives(cause: Cause) -> bool:
        if cause.untold or cause.told_at is None:
            return True
        if cause.over_at is not None:
            return True
        return cause.lasts or now < cause.told_at + policy.again_after(cause.messages)

    causes = tuple(cause for cause in state.causes if lives(cause))
    recent = tuple(sent for sent in state.sent if now - HOUR < sent.at <= now)
    if len(causes) == len(state.causes) and len(recent) == len(state.sent):
        return state
    return replace(state, causes=causes, sent=recent)
