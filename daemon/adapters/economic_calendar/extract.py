"""Write the shipped calendar from a collected table: ``python -m daemon.adapters.economic_calendar.extract TABLE``.

The table has the columns date, event, ref_period and time_et, one row an event. Taken over are the scheduled
decisions of the FOMC and the releases of CPI, PPI and payrolls from 2007 on. Left out: unscheduled decisions, which
nobody could know of, minutes, and all that is computed (expiries, early closes).
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping
from datetime import date
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Final

from daemon.adapters.economic_calendar.reading import COLUMNS, SHIPPED
from daemon.core.calendar.events import EventKind

FIRST: Final = date(2007, 1, 1)
HEAD: Final = """\
# Scheduled economic events, in New York dates and times. Facts published by the Bureau of Labor Statistics (release
# schedules of CPI, PPI and the employment situation, as revised after the shutdowns of 2013 and 2025) and by the
# Federal Reserve (calendars of the FOMC); the detail of a release is the month its figures are of.
# Complete from 2007 to 2026; of 2027 only the FOMC is known. Unscheduled decisions are left out: nobody could know
# of them. The meeting of 2020-03-17/18 was replaced by the one of Sunday 2020-03-15 and is left out too.
# Expiries and early closes are computed and not stored. Made by: python -m daemon.adapters.economic_calendar.extract
"""
_KINDS: Final = MappingProxyType(
    {
        "fomc_decision": EventKind.FOMC,
        "cpi": EventKind.CPI,
        "ppi": EventKind.PPI,
        "nfp": EventKind.PAYROLLS,
    }
)
_PRESS_CONFERENCES_2011_2012: Final = frozenset(
    {
        "2011-04-27",
        "2011-06-22",
        "2011-11-02",
        "2012-01-25",
        "2012-04-25",
        "2012-06-20",
        "2012-09-13",
        "2012-12-12",
    }
)
"""Decisions published at 12:30, ahead of a press conference (Federal Reserve, press release of 24 March 2011)."""
_LAST_AT_14_15: Final = "2013-01-30"
"""From March 2013 on every decision comes at 14:00 (Federal Reserve, press release of 13 March 2013)."""


def extract(table: Path, target: Path = SHIPPED) -> int:
    """Write the calendar and return its number of events."""
    with table.open(encoding="utf-8", newline="") as file:
        taken = sorted(_taken(csv.DictReader(file)))
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(taken)
    target.write_text(HEAD + text.getvalue(), encoding="utf-8")
    return len(taken)


def _taken(rows: Iterable[Mapping[str, str]]) -> Iterable[tuple[str, str, str, str]]:
    for row in rows:
        if row["event"] in _KINDS and row["date"] >= FIRST.isoformat():
            yield row["date"], _KINDS[row["event"]].value, _time(row), row["ref_period"]


def _time(row: Mapping[str, str]) -> str:
    """Return the time of an event; the table knows one time a year for the FOMC."""
    if row["event"] != "fomc_decision":
        return row["time_et"]
    if row["date"] in _PRESS_CONFERENCES_2011_2012:
        return "12:30"
    return "14:15" if row["date"] <= _LAST_AT_14_15 else "14:00"


def main(arguments: list[str]) -> int:
    """Run the command line; return the exit code."""
    if len(arguments) != 1 or not Path(arguments[0]).is_file():
        sys.stderr.write("Name one file, the collected table of events.\n")
        return 2
    count = extract(Path(arguments[0]))
    sys.stdout.write(f"{count} events, {SHIPPED.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
