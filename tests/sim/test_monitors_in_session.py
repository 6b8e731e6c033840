"""Monitors in the whole daemon: parity holds on the simulated exchange, and looking at it changes no trade."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from rehearsals import FIRST, Done, rehearse

from daemon.core.calendar.sessions import add_sessions
from daemon.core.records import MonitorKind, Standing

SECOND_LOOK, LAST = date(2020, 2, 25), date(2020, 2, 26)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Seven sessions at the beginning of a crash, with looks in the first and the sixth."""
    return rehearse(tmp_path_factory.mktemp("monitors") / "out", LAST)


def test_where_parity_holds_nothing_warns(done: Done) -> None:
    lines = done.store.monitors(FIRST, LAST)

    assert {line.session for line in lines} == {FIRST, SECOND_LOOK}
    assert {line.kind for line in lines} >= {
        *(MonitorKind.PARITY, MonitorKind.CONVERSION, MonitorKind.REVERSAL),
        *(MonitorKind.FUTURE, MonitorKind.JENSEN, MonitorKind.MODEL),
    }
    assert [line for line in lines if line.beyond] == []
    assert done.result.summary.errors == 0
    assert "arbitrage_seen" not in {event.name for event in done.store.events()}


def test_the_curve_of_futures_is_known_from_the_session_after_the_first_look(done: Done) -> None:
    before, after = (
        next(signal for signal in done.store.signals(session) if signal.name == "futures_curve")
        for session in (FIRST, add_sessions(FIRST, 1))
    )

    assert before.standing is Standing.MISSING
    assert (after.standing, after.as_of, after.state) == (Standing.FRESH, FIRST, "contango")


def test_the_trades_are_those_of_a_daemon_that_does_not_look(done: Done, tmp_path: Path) -> None:
    blind = rehearse(tmp_path / "out", LAST, HEDGE_MONITOR_EVERY_SESSIONS="0")

    assert blind.store.monitors(FIRST, LAST) == ()
    assert blind.store.job_outcome(FIRST, "monitors") is None
    trades = [
        [(entry.session, entry.subject, entry.contract, entry.quantity, entry.price_pts100) for entry in each]
        for each in (done.store.entries(), blind.store.entries())
    ]
    assert trades[0] == trades[1]
