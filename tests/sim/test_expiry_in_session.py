"""The last day of a condor in the whole daemon: early closes, sides partly in the money, the last resort."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from rehearsals import Done, rehearse

from daemon.core.book.book import EntryKind
from daemon.core.calendar.sessions import new_york, session
from daemon.core.market.contracts import TradingClass, Underlying
from daemon.core.orders.intent import Purpose, TimeInForce
from daemon.core.records import Level

WEEKLY: dict[str, Any] = {
    "CONDOR_DTE_TARGET": "7",
    "CONDOR_DTE_MIN": "5",
    "CONDOR_DTE_MAX": "9",
    "CONDOR_TAKE_PROFIT_ENABLED": "false",
    "HEDGE_ENABLED": "false",
}
NEAR: dict[str, Any] = {
    "CONDOR_SHORT_DELTA": "0.40",
    "CONDOR_SHORT_DELTA_MIN": "0.30",
    "CONDOR_SHORT_DELTA_MAX": "0.50",
}
BLACK_FRIDAY = date(2019, 11, 29)
"""The market closed at 13:00 and SPX at 3140.98."""


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Condors near the money, held into settlement over Thanksgiving."""
    out = tmp_path_factory.mktemp("held") / "out"
    last = date(2019, 12, 6)
    return rehearse(out, last, first=date(2019, 11, 20), **WEEKLY | NEAR, CONDOR_TIME_EXIT_ENABLED="false")


def test_an_early_close_settles_condors_on_its_closing_value_and_the_account_agrees(held: Done) -> None:
    assert session(BLACK_FRIDAY).early_close
    booked = [e for e in held.store.entries() if e.kind is EntryKind.SETTLEMENT and e.contract.expiry == BLACK_FRIDAY]
    assert booked
    for entry in booked:
        side = 1 if entry.contract.right.value == "C" else -1
        inside_pts100 = max(0, side * (314_098 - entry.contract.strike_pts100))
        assert entry.price_pts100 == inside_pts100
    assert any(entry.price_pts100 for entry in booked)
    assert held.result.summary.breaks_open == 0
    assert [e.name for e in held.store.events() if e.level is Level.ERROR or e.name == "pnl_unexplained"] == []


def test_every_condor_is_of_the_afternoon_settled_class(held: Done) -> None:
    classes = {e.contract.trading_class for e in held.store.entries() if e.contract.underlying is Underlying.SPX}
    assert classes == {TradingClass.SPXW}
    assert {leg.contract.trading_class for i in held.store.intents() for leg in i.spec.legs} == {TradingClass.SPXW}


def test_what_could_not_be_closed_before_is_closed_at_the_last_resort_of_an_early_close(tmp_path: Path) -> None:
    """No quotes from the first look until after that of 12:25: the last resort is 12:30, the end 12:59."""
    gap = '[[fault]]\nkind = "data_missing"\nsymbol = "SPX"\nfrom = "2019-11-29 09:40"\nuntil = "2019-11-29 12:28"\n'
    done = rehearse(
        tmp_path / "out",
        BLACK_FRIDAY,
        first=date(2019, 11, 22),
        faults=gap,
        **WEEKLY | NEAR,
        CONDOR_TIME_EXIT_DTE="0",
        SCHEDULE_EXITS_EVERY_MIN="20",
    )

    exits = [i for i in done.store.intents(session=BLACK_FRIDAY) if i.key.purpose is Purpose.EXIT]
    assert exits
    assert all(i.spec.tif is TimeInForce.DAY for i in exits)
    assert min(i.created_at for i in exits) >= new_york(BLACK_FRIDAY, time(12, 28))
    trades = [e for e in done.store.entries() if e.session == BLACK_FRIDAY and e.kind is EntryKind.TRADE]
    closed = {e.subject for e in trades if e.contract.expiry == BLACK_FRIDAY}
    assert closed
    assert all(e.at < session(BLACK_FRIDAY).close_at for e in trades)
    assert not [e for e in done.store.entries() if e.kind is EntryKind.SETTLEMENT]
    assert done.result.summary.breaks_open == 0


def test_an_exit_due_in_the_minute_of_the_entry_is_sent_before_the_entry_is_planned(tmp_path: Path) -> None:
    """No quotes until 15:29: four condors are due together with the entry of 15:30."""
    gap = '[[fault]]\nkind = "data_missing"\nsymbol = "SPX"\nfrom = "2020-02-24 09:40"\nuntil = "2020-02-24 15:29"\n'
    changes = WEEKLY | {"CONDOR_TIME_EXIT_DTE": "4", "SCHEDULE_EXITS_EVERY_MIN": "15"}
    done = rehearse(tmp_path / "out", date(2020, 2, 24), first=date(2020, 2, 18), faults=gap, **changes)

    today = [i for i in done.store.intents(session=date(2020, 2, 24)) if i.key.subject.startswith("C")]
    exits = [i for i in today if i.key.purpose is Purpose.EXIT]
    (entry,) = [i for i in today if i.key.purpose is Purpose.ENTRY]
    assert exits
    assert max(i.created_at for i in exits) < entry.created_at
    assert all((i.created_at - new_york(date(2020, 2, 24), time(15, 30))).total_seconds() < 15 for i in exits)
