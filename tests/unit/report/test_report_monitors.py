"""What the monitors saw, as a person and as a program read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from report_fakes import FakeStore

from daemon.core.records import Monitor, MonitorKind
from daemon.report.monitors import monitors_json, monitors_text

FEB18, FEB25 = date(2020, 2, 18), date(2020, 2, 25)
LINE = Monitor(
    session=FEB18,
    at=datetime(2020, 2, 18, 20, 57, tzinfo=UTC),
    kind=MonitorKind.CONVERSION,
    subject="VIX 2020-03-18",
    value=-0.25,
    limit=0.0,
    unit="points",
    text="best of 2: sell call, buy put at 21",
)
EDGE = replace(LINE, session=FEB25, value=0.31)
KINK = replace(EDGE, kind=MonitorKind.KINK, subject="VIX M1 M2 M3", value=None, limit=None, text="too few to place it")


def store_with(*lines: Monitor) -> FakeStore:
    store = FakeStore()
    store.record_monitors(lines, {})
    return store


def test_the_text_shows_the_last_look_and_what_is_beyond_its_limit() -> None:
    text = monitors_text(store_with(LINE, EDGE, KINK), date(2020, 2, 28))

    first, _, conversion, kink, _, last = text.splitlines()
    assert first == "arbitrage monitors of 2020-02-25 15:57: 2 lines, beyond its limit: conversion"
    assert conversion.split()[:7] == ["conversion", "VIX", "2020-03-18", "0.31", "0.00", "points", "beyond"]
    assert kink.split()[5] == "unknown"
    assert last == "Nothing is traded on any of this."


def test_an_earlier_session_has_its_own_look() -> None:
    text = monitors_text(store_with(LINE, EDGE), date(2020, 2, 24))

    assert text.startswith("arbitrage monitors of 2020-02-18 15:57: 1 line, none beyond its limit")


def test_json_tells_the_same() -> None:
    told = monitors_json(store_with(LINE, EDGE), FEB25)

    assert told["session"] == "2020-02-25"
    (line,) = told["lines"]
    assert (line["kind"], line["value"], line["limit"], line["beyond"]) == ("conversion", 0.31, 0.0, True)


def test_without_a_look_it_is_said() -> None:
    assert monitors_text(store_with(), FEB18) == "2020-02-18: no option chains were looked at up to this session"
    assert monitors_json(store_with(), FEB18) == {"session": None, "lines": []}
