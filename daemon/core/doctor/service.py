"""Judging the service around the daemon: its unit, its hardening, the calendar that it goes by, who is told of trouble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from daemon.core.doctor.check import Check, fail, ok, skipped, warn

EXPOSURE_GOOD: Final = 1.2
"""What the unit scores with the network opened for alerts; without, it is below 1.0."""
EXPOSURE_BAD: Final = 5.0
"""Where ``systemd-analyze security`` begins to say MEDIUM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFacts:
    """The installed unit; ``why_not`` says why there is nothing to look at."""

    why_not: str = ""
    path: str = ""
    same: bool | None = None
    """Whether it is the one that came with the program; None where that is not at hand."""
    drop_ins: tuple[str, ...] = ()
    exposure: float | None = None
    exposure_problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFacts:
    """The outlets for alerts that are configured, what is wrong with them, and what became of a test."""

    outlets: tuple[str, ...] = ()
    of_the_daemon: bool = False
    """Whether the running daemon has outlets, which may be closed to this user."""
    problem: str = ""
    warnings: tuple[str, ...] = ()
    sent: Mapping[str, str] | None = None
    """What went wrong with a test by outlet, "" for nothing; None: none was sent."""


def unit_file_check(facts: UnitFacts) -> Check:
    """Judge whether the installed unit is the one that came with the program."""
    if facts.why_not:
        return skipped("unit_file", facts.why_not)
    if facts.same is None:
        return skipped("unit_file", "the unit that came with the program is not beside it")
    if not facts.same:
        return warn(
            "unit_file", f"{facts.path} is not the one of this version",
            "make install; keep changes of your own in a drop-in: systemctl edit condord", facts.path,
        )  # fmt: skip
    beside = f", with {', '.join(facts.drop_ins)}" if facts.drop_ins else ""
    return ok("unit_file", f"{facts.path} is the one of this version{beside}", facts.path)


def unit_security_check(facts: UnitFacts) -> Check:
    """Judge the score of ``systemd-analyze security``, 0 the best and 10 the worst."""
    if facts.why_not:
        return skipped("unit_security", facts.why_not)
    if facts.exposure is None:
        return skipped("unit_security", facts.exposure_problem)
    said = f"systemd-analyze security: {facts.exposure:g} of 10"
    fix = "systemctl cat condord, and look for what opens it; make install puts the unit back"
    if facts.exposure > EXPOSURE_BAD:
        return fail("unit_security", said, fix, facts.exposure)
    if facts.exposure > EXPOSURE_GOOD:
        return warn("unit_security", said, fix, facts.exposure)
    return ok("unit_security", said, facts.exposure)


def alerts_check(facts: AlertFacts) -> Check:
    """Judge the outlets for alerts."""
    if facts.problem:
        return fail("alerts", facts.problem, "mend what is named; docs/alerts.md")
    if facts.sent is not None:
        return _sent(facts.sent)
    if facts.warnings:
        return warn(
            "alerts", "\n".join(facts.warnings), "mend the rights of the file; docs/alerts.md", len(facts.outlets)
        )
    if facts.outlets:
        return ok("alerts", f"outlets: {', '.join(facts.outlets)}; --notify sends a test", len(facts.outlets))
    if facts.of_the_daemon:
        return ok("alerts", "the running daemon has outlets; --notify sends a test through it")
    return warn(
        "alerts", "no outlet configured: nobody is told of trouble",
        "name a file of outlets with CONDORD_ALERT_URLS_FILE: docs/alerts.md", 0,
    )  # fmt: skip


def _sent(sent: Mapping[str, str]) -> Check:
    lost = {name: why for name, why in sent.items() if why}
    if lost:
        said = "\n".join(f"{name}: {why}" for name, why in lost.items())
        return fail("alerts", said, "mend the outlet that is named; docs/alerts.md", len(lost))
    return ok("alerts", f"a test was sent through {', '.join(sent)}", len(sent))


def settings_check(problems: Sequence[str], warnings: Sequence[str], *, changed: int) -> Check:
    """Judge the settings by what reading them said."""
    if problems:
        return fail(
            "settings", "\n".join(problems), "correct what is named; condord config show has all", len(problems)
        )
    if warnings:
        return warn(
            "settings", "\n".join(warnings), "condord config check; leave it if it is what you want", len(warnings)
        )
    return ok("settings", f"all are right, {changed} changed from default", changed)


def hedge_policy_check(problem: str, unapproved: Sequence[str]) -> Check:
    """Judge whether the hedge policy that the settings ask for is in force."""
    if problem:
        return fail("hedge_policy", problem, "condord approve log; correct what is named")
    if unapproved:
        return warn("hedge_policy", "\n".join(unapproved), "condord approve show", len(unapproved))
    return ok("hedge_policy", "as the settings ask for")


def economic_calendar_check(problem: str, gaps: Sequence[str]) -> Check:
    """Judge the calendar of economic events."""
    fix = "bring the file of CONDORD_SCHEDULE_ECONOMIC_CALENDAR up to date; config/economic_calendar.csv shows its form"
    if problem:
        return fail("economic_calendar", problem, fix)
    if gaps:
        return warn("economic_calendar", "\n".join(gaps), fix, len(gaps))
    return ok("economic_calendar", "covers what counts for the coming 60 days")


def macro_files_check(problem: str, series: int | None) -> Check:
    """Judge the folder of macro figures by what reading it said; ``series`` None: no folder is named."""
    if problem:
        return fail("macro_files", problem, "correct the line that is named, or take the file away")
    if series is None:
        return skipped("macro_files", "no folder is named with CONDORD_MACRO_DIR, and none is needed")
    return ok("macro_files", f"{series} series read", series)
