"""What the doctor says of Python, packages, SQLite and time zones; each check is broken once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from daemon.core.doctor.check import Check, State
from daemon.core.doctor.program import (
    ClashFacts,
    PackageFact,
    PythonFacts,
    SqliteFacts,
    ZoneFacts,
    clash_check,
    clock_changes,
    packages_check,
    python_check,
    sqlite_check,
    zone_check,
    zone_instants,
)

SUMMER, WINTER = timedelta(hours=-4), timedelta(hours=-5)
# By law the second Sunday of March and the first of November, at two in the morning.
CHANGES = {
    2007: (datetime(2007, 3, 11, 7, tzinfo=UTC), datetime(2007, 11, 4, 6, tzinfo=UTC)),
    2026: (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)),
    2027: (datetime(2027, 3, 14, 7, tzinfo=UTC), datetime(2027, 11, 7, 6, tzinfo=UTC)),
}
MODERN = SqliteFacts((3, 40, 1), write_ahead=True, json=True)


def state(check: Check) -> State:
    return check.state


def test_a_python_that_fits_is_ok_and_another_fails() -> None:
    assert state(python_check(PythonFacts("3.12.4", ">=3.11,<3.14", fits=True))) is State.OK

    found = python_check(PythonFacts("3.14.0", ">=3.11,<3.14", fits=False))

    assert found.state is State.FAIL
    assert ">=3.11,<3.14" in found.text


def test_a_package_that_is_missing_or_too_old_is_named_with_what_is_needed() -> None:
    good = PackageFact("click", ">=8.1", "8.2", fits=True)
    missing = PackageFact("tzdata", ">=2024.1", None, fits=False)
    old = PackageFact("sqlite-utils", "<5,>=4.2.1", "3.38", fits=False)

    assert state(packages_check((good,))) is State.OK
    assert "tzdata is missing (needed: >=2024.1)" in packages_check((good, missing)).text
    assert "sqlite-utils 3.38 (needed: <5,>=4.2.1)" in packages_check((old,)).text
    assert state(packages_check((good, missing))) is State.FAIL


def test_a_program_that_is_not_installed_cannot_say_what_it_needs() -> None:
    assert state(packages_check(None)) is State.WARN


def test_another_distribution_with_a_package_named_daemon_fails_by_its_name() -> None:
    ours = ClashFacts("/opt/condord/daemon", ("condord",), ())

    assert state(clash_check(ours)) is State.OK
    found = clash_check(replace(ours, owners=("condord", "python-daemon")))
    assert found.state is State.FAIL
    assert "pip uninstall python-daemon" in found.fix


def test_a_package_named_daemon_further_back_on_the_path_warns() -> None:
    found = clash_check(ClashFacts("/opt/condord/daemon", ("condord",), ("/home/x/daemon.py",)))

    assert found.state is State.WARN
    assert "/home/x/daemon.py" in found.text


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (replace(MODERN, version=(3, 34, 1)), "3.34.1 is older than 3.37.0"),
        (replace(MODERN, write_ahead=False), "keeps no write-ahead log"),
        (replace(MODERN, json=False), "has no JSON functions"),
    ],
)
def test_an_sqlite_that_lacks_something_fails_by_what_it_lacks(facts: SqliteFacts, said: str) -> None:
    assert state(sqlite_check(MODERN)) is State.OK
    assert sqlite_check(facts).state is State.FAIL
    assert said in sqlite_check(facts).text


@pytest.mark.parametrize("year", CHANGES)
def test_clocks_change_on_the_days_of_the_law(year: int) -> None:
    assert clock_changes(year) == CHANGES[year]


def offsets(years: tuple[int, ...], change: dict[datetime, timedelta] | None = None) -> ZoneFacts:
    """Return right facts of some years, but for what a test changes."""
    right = [
        pair
        for year in years
        for forward, back in (CHANGES[year],)
        for pair in (
            (forward - timedelta(seconds=1), WINTER),
            (forward, SUMMER),
            (back - timedelta(seconds=1), SUMMER),
            (back, WINTER),
        )
    ]
    return ZoneFacts("package tzdata 2025.2", tuple((at, (change or {}).get(at, offset)) for at, offset in right))


def test_the_zone_database_is_asked_around_each_change() -> None:
    assert zone_instants((2026,)) == tuple(at for at, _ in offsets((2026,)).offsets)


def test_right_clock_changes_are_ok_and_those_of_before_2007_fail() -> None:
    march = datetime(2026, 3, 8, 7, tzinfo=UTC)

    assert state(zone_check(offsets((2007, 2026, 2027)))) is State.OK
    found = zone_check(offsets((2026,), {march: WINTER}))
    assert found.state is State.FAIL
    assert "2026-03-08 07:00:00" in found.text


def test_a_zone_database_without_new_york_fails() -> None:
    assert state(zone_check(None)) is State.FAIL
