"""One check of ``condord doctor``: its state, what was found, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from daemon.core.doctor.catalogue import CATALOGUE, NEVER, Group, spec
from daemon.errors import ExitCode


class State(StrEnum):
    """How a check ended; SKIPPED is nobody's OK: it was not looked at, for the reason it gives."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class Check:
    """What was found of one question; ``fix`` says what to do about a WARN or a FAIL."""

    name: str
    state: State
    text: str
    fix: str = ""
    value: str | float | None = None
    """The figure or word behind the text, for programs."""

    def __post_init__(self) -> None:
        one = spec(self.name)
        never = {State.WARN: one.warns == NEVER, State.FAIL: one.fails == NEVER}
        assert not never.get(self.state, False), f"the page says that {self.name} is never {self.state}"
        needs_fix = self.state in (State.WARN, State.FAIL)
        assert bool(self.fix) is needs_fix, f"{self.name} is {self.state}: a fix belongs to WARN and FAIL alone"


def ok(name: str, text: str, value: str | float | None = None) -> Check:
    """Return a check that found all well."""
    return Check(name, State.OK, text, value=value)


def warn(name: str, text: str, fix: str, value: str | float | None = None) -> Check:
    """Return a check that found something worth a look, with which the daemon still trades."""
    return Check(name, State.WARN, text, fix, value)


def fail(name: str, text: str, fix: str, value: str | float | None = None) -> Check:
    """Return a check that found what keeps the daemon from its work."""
    return Check(name, State.FAIL, text, fix, value)


def skipped(name: str, why: str) -> Check:
    """Return a check that was not made."""
    return Check(name, State.SKIPPED, why)


def all_checks(made: Iterable[Check], *, why_not: Mapping[Group, str]) -> tuple[Check, ...]:
    """Return every check in the order of the catalogue; one that was not made is SKIPPED for the reason of its group."""
    found: dict[str, Check] = {}
    for check in made:
        assert check.name not in found, f"{check.name} was made twice"
        found[check.name] = check
    return tuple(found.get(one.name) or skipped(one.name, why_not[one.group]) for one in CATALOGUE)


_WORST: Final = (ExitCode.SETTINGS, ExitCode.DATABASE, ExitCode.BROKER, ExitCode.FAILURE)
"""Of several failures the one to be mended first gives the exit code."""


def exit_code(checks: Iterable[Check]) -> ExitCode:
    """Return 0 when nothing failed, else the code of the failure that is mended first."""
    failed = {spec(check.name).exit_code for check in checks if check.state is State.FAIL}
    return next((code for code in _WORST if code in failed), ExitCode.OK)
