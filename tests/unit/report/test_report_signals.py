"""What a person reads of the signals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from report_fakes import FakeStore

from daemon.core.orders.intent import Reason
from daemon.core.records import Decision, DecisionKind, Signal, Standing
from daemon.report.signals import signals_json, signals_line, signals_text

FEB18 = date(2020, 2, 18)
VIX_MACD = Signal(
    session=FEB18,
    name="vix_macd",
    value=-0.3335,
    state="bearish",
    as_of=date(2020, 2, 14),
    source="broker, daily bars of VIX",
    standing=Standing.FRESH,
    text="histogram of MACD(12, 26, 9), crossed zero downwards 5 sessions before",
)
CURVE = replace(VIX_MACD, name="curve", value=1.13, state="neutral", as_of=date(2020, 2, 12), standing=Standing.STALE)
REER = replace(
    VIX_MACD,
    name="reer",
    value=None,
    state="neutral",
    as_of=None,
    standing=Standing.MISSING,
    text="the file is not there",
)


def test_the_table_shows_value_state_date_standing_and_source() -> None:
    store = FakeStore()
    store.record_signals(FEB18, (VIX_MACD, REER), {})

    head, _, first, second, _, asked = signals_text(store, FEB18).splitlines()

    assert head == "signals before 2020-02-18"
    assert first.split()[:6] == ["vix", "macd", "-0.33", "bearish", "2020-02-14", "fresh"]
    assert "broker, daily bars of VIX" in first
    assert second.split()[:5] == ["reer", "-", "neutral", "-", "missing"]
    assert second.endswith("the file is not there")
    assert asked == "no signal asks for an adjustment of the hedge"


def test_a_session_without_signals_says_so() -> None:
    assert signals_text(FakeStore(), FEB18) == "2020-02-18: no signals were read before this session"
    assert signals_line(()) == "no signals were read before this session"


def test_the_line_tells_what_is_said_and_what_says_nothing() -> None:
    assert signals_line((VIX_MACD, CURVE, REER)) == "vix macd bearish; 1 stale; 1 missing"
    assert signals_line((replace(VIX_MACD, state="neutral"),)) == "all neutral"


def test_json_carries_everything() -> None:
    store = FakeStore()
    store.record_signals(FEB18, (REER,), {})

    assert signals_json(store, FEB18) == {
        "session": "2020-02-18",
        "signals": [
            {
                "name": "reer",
                "value": None,
                "state": "neutral",
                "as_of": None,
                "source": "broker, daily bars of VIX",
                "standing": "missing",
                "text": "the file is not there",
            }
        ],
        "adjustments": [],
    }


def test_what_the_signals_ask_for_stands_below_them() -> None:
    store = FakeStore()
    store.record_signals(FEB18, (VIX_MACD,), {})
    reasons = (Reason("multiplier", "asked for: 1.1 x 1.15 = 1.265", 1.265, "0.7 to 1.3"),)
    inputs: dict[str, float | int | str | None] = {"multiplier": 1.265, "shift_pct": 0.0}
    now = datetime(2020, 2, 18, 14, 5, tzinfo=UTC)
    store.record_decision(Decision(FEB18, "signals", DecisionKind.ADJUST, "hedge", now, reasons, inputs))

    assert signals_text(store, FEB18).splitlines()[-1].split() == [
        *("multiplier", "1.265", "asked", "for:", "1.1", "x", "1.15", "=", "1.265")
    ]
    (told,) = signals_json(store, FEB18)["adjustments"]
    assert (told["kind"], told["multiplier"], told["shift_pct"]) == ("adjust", 1.265, 0.0)
    assert told["reasons"][0]["limit"] == "0.7 to 1.3"
