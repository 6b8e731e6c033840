"""A fault plan at work: which faults hold now, and which happen to this message."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from daemon.core.calendar.sessions import is_session, new_york_date, next_session
from daemon.sim.gateway.fault_plan import WITHHOLDABLE, Fault, FaultPlan, Kind, load

__all__ = ["FaultPlan", "Faults", "load"]


class Faults:
    """The state of a plan: how often each fault happened, and its own random numbers."""

    def __init__(self, plan: FaultPlan, since: datetime) -> None:
        self._plan = plan
        self._since = since
        self._left = [fault.count for fault in plan.faults]
        # Each fault draws from its own generator, so that one never shifts the others.
        self._random = [Random(f"{plan.seed}/{number}") for number in range(len(plan.faults))]  # noqa: S311 - repeatable
        self._kinds = frozenset(fault.kind for fault in plan.faults)
        self._refusing_until: datetime | None = None
        self._dropped_at: dict[int, datetime] = {}

    def __contains__(self, kind: Kind) -> bool:
        return kind in self._kinds

    def holds(self, kind: Kind, now: datetime, symbol: str = "") -> Fault | None:
        """Return the lasting fault of a kind that holds now, if any."""
        if kind not in self._kinds:
            return None
        for fault in self._plan.faults:
            if fault.kind is kind and _covers(fault, now) and _meets(fault, symbol):
                return fault
        return None

    def strikes(self, kind: Kind, now: datetime, symbol: str = "") -> Fault | None:
        """Return the fault of a kind that happens to this message, counting it, if any."""
        if kind not in self._kinds:
            return None
        for number, fault in enumerate(self._plan.faults):
            if fault.kind is kind and _covers(fault, now) and _meets(fault, symbol) and self._take(number):
                return fault
        return None

    def withholds(self, message_id: int, now: datetime) -> bool:
        """Whether this message is never to arrive."""
        if Kind.WITHHOLD not in self._kinds:
            return False
        for number, fault in enumerate(self._plan.faults):
            wanted = fault.kind is Kind.WITHHOLD and WITHHOLDABLE[str(fault.argument("message", ""))] == message_id
            if wanted and _covers(fault, now) and self._take(number):
                return True
        return False

    def drops(self, now: datetime) -> bool:
        """Whether the connections drop now; begins the time in which new ones are refused."""
        dropped = False
        for number, fault in enumerate(self._plan.faults):
            if fault.kind is not Kind.DROP_CONNECTION or fault.start is None or not _covers(fault, now):
                continue
            due = fault.start.on(new_york_date(now))
            if due < self._since or self._dropped_at.get(number) == due:
                continue
            self._dropped_at[number] = due
            if self._take(number):
                dropped = True
                self._refusing_until = now + timedelta(seconds=float(fault.argument("refuse_s", 0)))
        return dropped

    def refuses(self, now: datetime) -> bool:
        """Whether new connections are refused after a drop."""
        return self._refusing_until is not None and now < self._refusing_until

    def next_change_at(self, now: datetime) -> datetime | None:
        """Return when the next fault begins or ends, so that somebody looks then."""
        if not self._kinds:
            return None
        ahead = [self._refusing_until] if self._refusing_until else []
        ahead += [instant for fault in self._plan.faults for instant in _edges(fault, now)]
        return min((instant for instant in ahead if instant > now), default=None)

    def _take(self, number: int) -> bool:
        left = self._left[number]
        if left == 0 or self._random[number].random() >= self._plan.faults[number].probability:
            return False
        if left is not None:
            self._left[number] = left - 1
        return True


def _covers(fault: Fault, now: datetime) -> bool:
    day = new_york_date(now)
    daily = (fault.start is not None and fault.start.daily) or (fault.end is not None and fault.end.daily)
    if daily and not is_session(day):
        return False
    return (fault.start is None or fault.start.on(day) <= now) and (fault.end is None or now < fault.end.on(day))


def _meets(fault: Fault, symbol: str) -> bool:
    wanted = fault.argument("symbol", "")
    return wanted in {"", symbol}


def _edges(fault: Fault, now: datetime) -> list[datetime]:
    day = new_york_date(now)
    days = [next_session(day)] if not is_session(day) else [day, next_session(day)]
    return [moment.on(day) for moment in (fault.start, fault.end) if moment is not None for day in days]
