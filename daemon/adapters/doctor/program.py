"""Facts of the program itself: its Python, its packages, its SQLite, its zone database."""

from __future__ import annotations

import platform
import sqlite3
import sys
import zoneinfo
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import daemon
from daemon.core.doctor.program import ClashFacts, PackageFact, PythonFacts, SqliteFacts, ZoneFacts

OURS: Final = "condord"
PACKAGE: Final = "daemon"
_ZONE: Final = "America/New_York"


def python_facts() -> PythonFacts:
    """Return the Python that runs, held against what the installed package asks for."""
    version = platform.python_version()
    needed = _metadata("Requires-Python")
    return PythonFacts(version, needed, needed is None or version in SpecifierSet(needed, prereleases=True))


def package_facts() -> tuple[PackageFact, ...] | None:
    """Return each package that condord needs (extras left out) with its version; None where condord is not installed."""
    try:
        needs = metadata.requires(OURS) or []
    except metadata.PackageNotFoundError:
        return None
    wanted = [Requirement(text) for text in needs]
    return tuple(package_fact(one) for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""}))


def package_fact(wanted: Requirement) -> PackageFact:
    """Return what is installed of one package."""
    try:
        installed = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return PackageFact(wanted.name, str(wanted.specifier) or "any", None, fits=False)
    fits = wanted.specifier.contains(installed, prereleases=True)
    return PackageFact(wanted.name, str(wanted.specifier) or "any", installed, fits)


def clash_facts(path: Sequence[str] | None = None) -> ClashFacts:
    """Return who claims the package name ``daemon`` along the path of modules."""
    ours = Path(daemon.__file__).resolve().parent
    owners = metadata.packages_distributions().get(PACKAGE, [])
    folders = [Path(place or ".") for place in (sys.path if path is None else path)]
    found = [folder / name for folder in folders for name in (f"{PACKAGE}/__init__.py", f"{PACKAGE}.py")]
    others = {str(place) for place in found if _is_file(place) and place.resolve().parent != ours}
    return ClashFacts(str(ours), tuple(sorted(set(owners))), tuple(sorted(others)))


def _is_file(place: Path) -> bool:
    try:
        return place.is_file()
    except OSError:
        return False  # what is closed to us is not imported either


def sqlite_facts() -> SqliteFacts:
    """Try what the database needs in a scratch file."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return SqliteFacts(sqlite3.sqlite_version_info, _keeps_write_ahead_log(), json=_has_json(connection))


def _keeps_write_ahead_log() -> bool | None:
    """Try it; None where no file can be made, as on a full disk."""
    try:
        with (
            TemporaryDirectory(prefix="condord-doctor-") as folder,
            closing(sqlite3.connect(Path(folder) / "scratch.db")) as connection,
        ):
            return bool(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal")
    except (OSError, sqlite3.OperationalError):
        return None


def _has_json(conn: sqlite3.Connection) -> bool:
    try:
        return bool(conn.execute("SELECT json_extract('{\"a\": 1}', '$.a')").fetchone()[0] == 1)
    except sqlite3.OperationalError:
        return False


def zone_facts(instants: Sequence[datetime]) -> ZoneFacts | None:
    """Return New York's offset at some instants; None where the zone database does not have it."""
    try:
        zone = zoneinfo.ZoneInfo.no_cache(_ZONE)
    except zoneinfo.ZoneInfoNotFoundError:
        return None
    offsets = tuple((instant, offset) for instant in instants if (offset := zone.utcoffset(instant.astimezone(zone))))
    return ZoneFacts(_zone_source(), offsets)


def _zone_source() -> str:
    for folder in zoneinfo.TZPATH:
        if (Path(folder) / _ZONE).exists():
            return str(Path(folder) / _ZONE)
    try:
        return f"package tzdata {metadata.version('tzdata')}"
    except metadata.PackageNotFoundError:
        return "unknown source"


def _metadata(field: str) -> str | None:
    try:
        known = metadata.metadata(OURS)
    except metadata.PackageNotFoundError:
        return None
    return str(known[field]) if field in known else None
