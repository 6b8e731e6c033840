"""Judging the program itself: Python, packages, SQLite, time zones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from daemon.core.doctor.check import Check, fail, ok, skipped, warn

SQLITE_LEAST: Final = (3, 37, 0)
"""STRICT tables, of which the database is made, came with SQLite 3.37."""
_SUNDAY: Final = 6
_WINTER, _SUMMER = timedelta(hours=-5), timedelta(hours=-4)


@dataclass(frozen=True, slots=True)
class PythonFacts:
    """The Python that runs us and what we ask for; ``needed`` is None where condord is not installed as a package."""

    version: str
    needed: str | None
    fits: bool


@dataclass(frozen=True, slots=True)
class PackageFact:
    """One package that we need; ``installed`` None: it is missing."""

    name: str
    needed: str
    installed: str | None
    fits: bool


@dataclass(frozen=True, slots=True)
class ClashFacts:
    """Who claims the package name ``daemon``."""

    ours: str
    """The folder that we run from."""
    owners: tuple[str, ...]
    """Distributions that have installed a package of the name."""
    elsewhere: tuple[str, ...]
    """Other places on the path with a package of the name."""


@dataclass(frozen=True, slots=True)
class SqliteFacts:
    """What the SQLite of this Python can do."""

    version: tuple[int, ...]
    write_ahead: bool | None
    """None where it could not be tried."""
    json: bool


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """New York's offset from UTC at some instants, by the zone database; where that came from."""

    source: str
    offsets: tuple[tuple[datetime, timedelta], ...]


def python_check(facts: PythonFacts) -> Check:
    """Judge the version of Python."""
    if not facts.fits:
        return fail(
            "python", f"{facts.version}, and condord needs {facts.needed}",
            "install condord with Python 3.11, 3.12 or 3.13: make install PYTHON=/usr/bin/python3.11", facts.version,
        )  # fmt: skip
    return ok("python", facts.version, facts.version)


def packages_check(facts: Sequence[PackageFact] | None) -> Check:
    """Judge the packages; None where condord is not installed and nothing says what it needs."""
    if facts is None:
        return warn(
            "packages", "condord runs from its source and is not installed: what it needs is not known",
            "install it in an environment of its own: make demo, or make install",
        )  # fmt: skip
    wrong = [fact for fact in facts if not fact.fits]
    if wrong:
        said = ", ".join(f"{fact.name} {fact.installed or 'is missing'} (needed: {fact.needed})" for fact in wrong)
        return fail("packages", said, "install again: make install, or pip install -r requirements/run.txt", len(wrong))
    return ok("packages", f"all {len(facts)} are there in versions that fit", len(facts))


def clash_check(facts: ClashFacts) -> Check:
    """Judge whose the package ``daemon`` is; python-daemon and others install one of the same name."""
    others = [name for name in facts.owners if name != "condord"]
    if others:
        return fail(
            "name_clash", f"{', '.join(others)} installed a package named daemon too, among our files",
            f"install condord in an environment of its own, or: pip uninstall {' '.join(others)}, then install again",
            others[0],
        )  # fmt: skip
    if facts.elsewhere:
        return warn(
            "name_clash", f"ours is {facts.ours}; there is another package daemon in {', '.join(facts.elsewhere)}",
            "take that folder from PYTHONPATH: a change of order would start the wrong one", facts.elsewhere[0],
        )  # fmt: skip
    return ok("name_clash", f"daemon is ours, {facts.ours}", facts.ours)


def sqlite_check(facts: SqliteFacts) -> Check:
    """Judge SQLite."""
    version = ".".join(map(str, facts.version))
    lacks = [
        *([f"is older than {'.'.join(map(str, SQLITE_LEAST))}"] if facts.version < SQLITE_LEAST else []),
        *(["keeps no write-ahead log"] if facts.write_ahead is False else []),
        *([] if facts.json else ["has no JSON functions"]),
    ]
    if lacks:
        return fail(
            "sqlite", f"{version} {' and '.join(lacks)}", "use a Python that is built with a newer SQLite", version
        )
    if facts.write_ahead is None:
        return skipped("sqlite", f"{version}; its write-ahead log was not tried: no scratch file can be made (TMPDIR)")
    return ok("sqlite", f"{version}, with write-ahead log and JSON", version)


def clock_changes(year: int) -> tuple[datetime, datetime]:
    """Return when New York's clocks go forward and back in a year from 2007 on (Energy Policy Act of 2005, section 110)."""
    forward = _sunday(date(year, 3, 1)) + timedelta(days=7)
    back = _sunday(date(year, 11, 1))
    return datetime.combine(forward, time(7), UTC), datetime.combine(back, time(6), UTC)


def zone_instants(years: Sequence[int]) -> tuple[datetime, ...]:
    """Return the instants at which the zone database is asked: a second before each change of clocks, and at it."""
    changes = (change for year in years for change in clock_changes(year))
    return tuple(instant for change in changes for instant in (change - timedelta(seconds=1), change))


def zone_check(facts: ZoneFacts | None) -> Check:
    """Judge New York's clock changes; None where the zone database has no America/New_York."""
    fix = "update the zone database: pip install --upgrade tzdata, or the system's package tzdata"
    if facts is None:
        return fail("time_zone", "there is no zone America/New_York", fix)
    wrong = [instant for instant, offset in facts.offsets if offset != _expected(instant)]
    if wrong:
        return fail("time_zone", f"New York's clock is wrong at {wrong[0]:%Y-%m-%d %H:%M:%S} UTC ({facts.source})", fix)
    years = sorted({instant.year for instant, _ in facts.offsets})
    return ok(
        "time_zone",
        f"New York's clock changes of {', '.join(map(str, years))} are right ({facts.source})",
        facts.source,
    )


def _expected(instant: datetime) -> timedelta:
    forward, back = clock_changes(instant.year)
    return _SUMMER if forward <= instant < back else _WINTER


def _sunday(day: date) -> date:
    """Return the first Sunday from a day on."""
    return day + timedelta(days=(_SUNDAY - day.weekday()) % 7)
