"""How much of a session the connection to the gateway was there, from the events of that session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from daemon.core.calendar.sessions import session as hours_of
from daemon.core.orders.broker_facts import LinkState
from daemon.core.records import EventRecord
from daemon.report.words import new_york_time, percent

OUTAGES_SHOWN: Final = 4
_ENDS: Final = ("link_dropped", "gateway_waiting", "daemon_stopped", "daemon_failed")
_CRASHED: Final = "the daemon had ended without a word"
_EVER: Final = datetime.min.replace(tzinfo=UTC)
_AWAY: Final = "the daemon was not running"


@dataclass(frozen=True, slots=True)
class Outage:
    """A time of a session without a synchronised connection."""

    first_at: datetime
    last_at: datetime
    why: str

    @property
    def length(self) -> timedelta:
        """Return how long it lasted."""
        return self.last_at - self.first_at


@dataclass(frozen=True, slots=True)
class LinkUse:
    """The connection over the trading hours of one session."""

    pct: float | None
    """Share of the hours with a synchronised connection; None where nothing is recorded of the session."""
    outages: tuple[Outage, ...] = ()


@dataclass(frozen=True, slots=True)
class _Change:
    at: datetime
    up: bool
    why: str


def link_use(session: date, events: Iterable[EventRecord]) -> LinkUse:
    """Measure the connection from the open to the close of a session.

    Without any change in the session it stood all along, as far as the session has events at all.
    """
    hours, told = hours_of(session), tuple(events)
    if not told:
        return LinkUse(None)
    first, last = hours.open_at, hours.close_at
    outages = tuple(_outages(tuple(_changes(told)), first, last))
    down_s = sum(outage.length.total_seconds() for outage in outages)
    return LinkUse(100 * (1 - down_s / (last - first).total_seconds()), outages)


def _changes(events: Iterable[EventRecord]) -> Iterator[_Change]:
    """Yield every instant at which the connection is known to have come or gone."""
    last: EventRecord | None = None
    known = False
    for event in events:
        change = _change(event, last, known=known)
        if change is not None:
            known = True
            yield change
        last = event


def _change(event: EventRecord, last: EventRecord | None, *, known: bool) -> _Change | None:
    """Return what an event says of the connection; the first of a session may say that there was none before."""
    if event.name == "daemon_started":
        if last is None:
            return _Change(_EVER, up=False, why=_AWAY)
        # A daemon that was killed has said nothing: it was there at its last event at the latest.
        return _Change(last.at, up=False, why=_CRASHED)
    if event.name in _ENDS:
        return _Change(event.at, up=False, why=str(event.fields.get("why") or event.fields.get("text") or ""))
    if event.name != "link_changed":
        return None
    state, text = LinkState(str(event.fields["state"])), str(event.fields.get("text", ""))
    if state in (LinkState.CONNECTING, LinkState.SYNCING) and not known:
        return _Change(_EVER, up=False, why=_AWAY)
    return _Change(event.at, state is LinkState.SYNCED, text)


def _outages(changes: tuple[_Change, ...], first: datetime, last: datetime) -> Iterator[Outage]:
    """Yield what lies within the hours, neighbouring steps of one outage as one with its first reason."""
    down: _Change | None = None
    if changes and changes[0].up:
        down = _Change(_EVER, up=False, why=_AWAY)
    for change in changes:
        if not change.up and down is None:
            down = change
        elif change.up and down is not None:
            yield from _within(Outage(down.at, change.at, down.why), first, last)
            down = None
    if down is not None:
        yield from _within(Outage(down.at, last, down.why), first, last)


def _within(outage: Outage, first: datetime, last: datetime) -> Iterator[Outage]:
    start, end = max(outage.first_at, first), min(outage.last_at, last)
    if start < end:
        yield Outage(start, end, outage.why)


def link_words(use: LinkUse) -> tuple[str, ...]:
    """Say the share of the hours, and each outage with its time, its length and its reason."""
    if use.pct is None:
        return ("nothing is recorded of this session",)
    if not use.outages:
        return ("100 % of the trading hours, no outage",)
    shown = [
        f"{new_york_time(each.first_at)} to {new_york_time(each.last_at)} ({_length(each.length)}): {each.why}"
        for each in use.outages[:OUTAGES_SHOWN]
    ]
    left = len(use.outages) - OUTAGES_SHOWN
    more = [f"and {left} more"] if left > 0 else []
    return (f"{percent(min(use.pct, 99.99), digits=2)} of the trading hours", *shown, *more)


def _length(length: timedelta) -> str:
    minutes, seconds = divmod(round(length.total_seconds()), 60)
    return f"{minutes} min" if minutes else f"{seconds} s"
