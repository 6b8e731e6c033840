"""The signals' data: asked once a session, only what is missing, and what is told of an index nobody gives."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path

import pytest
from engine_fakes import make_desk

from daemon.adapters.macro_files import MacroFiles
from daemon.core.calendar.sessions import add_sessions, new_york, sessions_between
from daemon.core.hedge.market_signals import PRESS
from daemon.core.market.contracts import SignalIndex, Underlying
from daemon.core.market.quotes import Bar
from daemon.core.records import Outcome, Standing
from daemon.engine.context import Desk
from daemon.engine.signal_desk import SignalDesk
from daemon.errors import BrokerError

FEB18, FEB19, FEB20 = date(2020, 2, 18), date(2020, 2, 19), date(2020, 2, 20)


@dataclass
class Bars:
    """Daily bars up to a last session, and a record of what was asked."""

    last: date
    refused: frozenset[SignalIndex] = frozenset()
    spoilt: dict[SignalIndex, float] = field(default_factory=dict)
    """What the broker gives as the close of the last session."""
    asked: list[tuple[str, int]] = field(default_factory=list)

    async def bars(self, index: Underlying | SignalIndex, *, minutes: int, count: int) -> tuple[Bar, ...]:
        assert minutes == 1440
        self.asked.append((index.value, count))
        if index in self.refused:
            raise BrokerError("The gateway refused the request: not subscribed (code 354).", 354)
        days = sessions_between(add_sessions(self.last, 1 - count), self.last)
        closes = [20.0 + place % 7 for place in range(len(days))]
        closes[-1] = self.spoilt.get(SignalIndex(index), closes[-1])
        return tuple(Bar(start(day), *[close] * 4) for day, close in zip(days, closes, strict=True))


def start(day: date) -> datetime:
    return new_york(day, time(9, 30))


def desk_with(folder: Path, bars: Bars) -> tuple[Desk, SignalDesk]:
    desk, broker = make_desk(folder)
    broker.bars = bars.bars  # type: ignore[method-assign]  # a scripted answer
    return desk, SignalDesk(desk)


def refresh(signals: SignalDesk, *sessions: date) -> None:
    async def main() -> None:
        for session in sessions:
            assert (await signals.refresh(session)).outcome is Outcome.DONE

    asyncio.run(main())


def days_kept(desk: Desk, index: SignalIndex) -> Sequence[date]:
    return [row.session for row in desk.store.daily_values(index.value, last=1000)]


def test_the_first_session_asks_for_history_and_later_ones_for_what_is_missing(tmp_path: Path) -> None:
    bars = Bars(date(2020, 2, 14))
    desk, signals = desk_with(tmp_path, bars)

    refresh(signals, FEB18)
    bars.last = FEB19
    refresh(signals, FEB20)

    # One more than is missing, as the last bar may be of a session that is still open.
    assert bars.asked == [(index.value, 61) for index in SignalIndex] + [(index.value, 3) for index in SignalIndex]
    assert days_kept(desk, SignalIndex.VIX)[-3:] == [date(2020, 2, 14), FEB18, FEB19]


def test_nothing_is_asked_twice_for_a_session_nor_after_a_restart(tmp_path: Path) -> None:
    bars = Bars(date(2020, 2, 14))
    desk, signals = desk_with(tmp_path, bars)
    refresh(signals, FEB18)
    bars.asked.clear()

    refresh(signals, FEB18)
    refresh(SignalDesk(desk), FEB18)

    assert bars.asked == []
    assert len(desk.store.signals(FEB18)) == 25


def test_the_bar_of_a_session_that_is_still_open_is_not_kept(tmp_path: Path) -> None:
    desk, signals = desk_with(tmp_path, Bars(FEB18))

    refresh(signals, FEB18)

    assert days_kept(desk, SignalIndex.SPX)[-1] == date(2020, 2, 14)


@pytest.mark.parametrize("close", [0.0, -1.0, math.nan, math.inf])
def test_a_close_that_no_index_has_is_not_kept_and_ends_nothing(tmp_path: Path, close: float) -> None:
    bars = Bars(date(2020, 2, 14), spoilt={SignalIndex.VIX: close})
    desk, signals = desk_with(tmp_path, bars)

    refresh(signals, FEB18)

    found = {signal.name: signal for signal in desk.store.signals(FEB18)}
    assert days_kept(desk, SignalIndex.VIX)[-1] == date(2020, 2, 13)
    assert (found["vix_beta"].standing, found["vix_beta"].as_of) == (Standing.FRESH, date(2020, 2, 13))


def test_breadth_may_be_below_zero(tmp_path: Path) -> None:
    desk, signals = desk_with(tmp_path, Bars(date(2020, 2, 14), spoilt={SignalIndex.BREADTH: -900.0}))

    refresh(signals, FEB18)

    assert desk.store.daily_values(SignalIndex.BREADTH.value, last=1)[0].value == -900


def test_an_index_that_is_not_subscribed_leaves_its_signals_missing_with_the_brokers_words(tmp_path: Path) -> None:
    bars = Bars(date(2020, 2, 14), refused=frozenset({SignalIndex.VVIX, SignalIndex.BREADTH}))
    desk, signals = desk_with(tmp_path, bars)

    refresh(signals, FEB18)

    found = {signal.name: signal for signal in desk.store.signals(FEB18)}
    assert found["vvix_macd"].standing is Standing.MISSING
    assert "code 354" in found["vvix_macd"].text
    assert found["breadth"].standing is Standing.MISSING
    assert found["vix_macd"].standing is Standing.FRESH
    assert desk.store.daily_values("VVIX", last=10) == ()


def test_without_a_connection_the_signals_are_read_from_what_is_kept(tmp_path: Path) -> None:
    bars = Bars(date(2020, 2, 14))
    desk, signals = desk_with(tmp_path, bars)
    refresh(signals, FEB18)
    bars.asked.clear()
    desk.link.synced = False

    refresh(signals, FEB19)
    one_late = {signal.name: signal for signal in desk.store.signals(FEB19)}
    refresh(signals, FEB20)
    two_late = {signal.name: signal for signal in desk.store.signals(FEB20)}

    assert bars.asked == []
    assert one_late["curve"].standing is Standing.FRESH
    assert (two_late["curve"].standing, two_late["curve"].state) == (Standing.STALE, "neutral")


@pytest.mark.parametrize("missing", [0, 1])
def test_the_event_of_the_day_says_how_many_signals_count(tmp_path: Path, missing: int) -> None:
    bars = Bars(date(2020, 2, 14), refused=frozenset([SignalIndex.VVIX][:missing]))
    desk, signals = desk_with(tmp_path, bars)

    refresh(signals, FEB18)

    (event,) = [event for event in desk.store.events() if event.name == "signals_read"]
    # Eight files are not there, so neither is what is made of one; no rate and no forward is measured, the first layer
    # holds nothing, and the calendar is empty.
    assert (event.fields["fresh"], event.fields["missing"]) == (12 - missing, 13 + missing)


def test_files_are_read_anew_before_each_session_and_bad_ones_leave_the_last_good_figures(tmp_path: Path) -> None:
    folder = tmp_path / "macro"
    folder.mkdir()
    desk, signals = desk_with(tmp_path, Bars(date(2020, 2, 14)))
    desk.read_macro = MacroFiles(folder).read
    seen = []
    for session, text in (
        (FEB18, "date,change_pct\n2020-02-13,0.1\n"),
        (FEB19, "date,change_pct\n2020-02-13,lots\n"),
        (FEB20, "date,change_pct\n2020-02-13,0.15\n"),
    ):
        (folder / "cpi.csv").write_text(text, encoding="utf-8")
        refresh(signals, session)
        seen += [signal.value for signal in desk.store.signals(session) if signal.name == "cpi"]

    assert seen == [0.1, 0.1, 0.15]
    (event,) = [event for event in desk.store.events() if event.name == "macro_files_kept"]
    assert "cpi.csv:2 has change_pct='lots'; allowed: a number from -50 to 50" in str(event.fields["text"])


def test_a_press_warns_in_the_session_in_which_it_begins(tmp_path: Path) -> None:
    # SPX at its high after a steady rise, VIX 12, VIX3M 14.
    levels = {SignalIndex.VIX: 12.0, SignalIndex.VIX3M: 14.0}
    desk, signals = desk_with(tmp_path, Bars(FEB19))

    async def calm(index: Underlying | SignalIndex, *, minutes: int, count: int) -> tuple[Bar, ...]:
        days = sessions_between(add_sessions(FEB19, 1 - count), FEB19)
        values = [levels.get(SignalIndex(index), 3000.0 + (day - FEB20).days) for day in days]
        return tuple(Bar(start(day), *[value] * 4) for day, value in zip(days, values, strict=True))

    desk.broker.bars = calm  # type: ignore[method-assign]  # a scripted answer

    refresh(signals, FEB18, FEB19, FEB20)

    assert {signal.state for signal in desk.store.signals() if signal.name == "theta_press"} == {PRESS}
    found = [event.session for event in desk.store.events() if event.name == "theta_press_found"]
    assert len(found) == 1
