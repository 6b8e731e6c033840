"""Entry gates of economic events and of VIX: refuse, halve, or only say what would have been refused (decision 20)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from daemon.core.calendar.events import EconomicCalendar, MacroEvent
from daemon.core.condor.entry import EntrySize
from daemon.core.condor.policy import CondorPolicy, GateMode
from daemon.core.orders.intent import Reason


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """What a gate makes of an entry."""

    size_factor: float
    """Share of the usual size that is entered: 1, 0.5 or 0."""
    refusals: tuple[Reason, ...]
    notes: tuple[Reason, ...]
    """What is recorded beside the decision: why it is smaller, or what would have refused it."""


@dataclass(frozen=True, slots=True)
class _Finding:
    """One thing a gate minds, before it is known what follows from it."""

    name: str
    text: str
    value: float | str
    limit: float | None = None


def judge_events(session: date, calendar: EconomicCalendar, policy: CondorPolicy) -> GateVerdict:
    """Judge an entry by the events whose window holds its session; what the calendar cannot know is a note."""
    before, after = policy.event_sessions_before, policy.event_sessions_after
    near = calendar.events_near(session, before=before, after=after)
    found = [_event(event) for event in near if event.kind in policy.event_kinds]
    verdict = _verdict(policy.event_mode, found)
    unknown = [kind for kind in policy.event_kinds if not calendar.covers(kind, session)]
    if not unknown:
        return verdict
    text = f"The economic calendar does not cover {session.year} for {', '.join(unknown)}: such events are not known."
    return replace(verdict, notes=(*verdict.notes, Reason("events_unknown", text)))


def judge_vix(vix: float, policy: CondorPolicy) -> GateVerdict:
    """Judge an entry by VIX: below its smallest value the credit is thin, above its largest the moves are wide."""
    found: list[_Finding] = []
    if vix < policy.vix_gate_min:
        found.append(_Finding("vix_too_low", "VIX below the least value for an entry", vix, policy.vix_gate_min))
    if vix > policy.vix_gate_max:
        found.append(_Finding("vix_too_high", "VIX above the largest value for an entry", vix, policy.vix_gate_max))
    return _verdict(policy.vix_gate_mode, found)


def gated_size(size: EntrySize, *verdicts: GateVerdict) -> EntrySize:
    """Return the size that the gates leave, the smallest of their shares; zero comes with a reason first."""
    refusals = tuple(reason for verdict in verdicts for reason in verdict.refusals)
    if refusals or size.quantity == 0:
        return replace(size, quantity=0, reasons=(*refusals, *(size.reasons if size.quantity == 0 else ())))
    quantity = int(size.quantity * min((verdict.size_factor for verdict in verdicts), default=1.0))
    reasons = (*(note for verdict in verdicts for note in verdict.notes), *size.reasons)
    if quantity == 0:
        none = Reason("half_of_one", "Half the usual size is less than one condor, in condors.", size.quantity / 2, 1)
        reasons = (none, *reasons)
    return replace(size, quantity=quantity, reasons=reasons)


def _event(event: MacroEvent) -> _Finding:
    return _Finding(f"event_{event.kind}", f"{event.label}, {event.when}", event.day.isoformat())


def _verdict(mode: GateMode, found: Sequence[_Finding]) -> GateVerdict:
    if not found:
        return GateVerdict(1.0, (), ())
    match mode:
        case GateMode.SKIP:
            return GateVerdict(0.0, _reasons(found, "{}", "No entry: {}."), ())
        case GateMode.HALF:
            return GateVerdict(0.5, (), _reasons(found, "{}_halved", "Half the usual size: {}."))
        case GateMode.OFF:
            return GateVerdict(
                1.0, (), _reasons(found, "would_refuse_{}", "A gate that is off would have refused: {}.")
            )


def _reasons(found: Sequence[_Finding], name: str, text: str) -> tuple[Reason, ...]:
    return tuple(Reason(name.format(one.name), text.format(one.text), one.value, one.limit) for one in found)
