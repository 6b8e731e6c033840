"""The looks of the monitors: what is asked, how often, and what a chain that breaks parity leads to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from engine_fakes import SESSION, START, FakeBroker, make_desk

from daemon.adapters.virtual_time import run_virtual
from daemon.core.calendar.sessions import add_sessions
from daemon.core.hedge.signal_inputs import FORWARD_SERIES
from daemon.core.market.contracts import OptionContract, OptionParams, Right, SignalIndex, TradingClass, Underlying
from daemon.core.market.quotes import Bar, Quote
from daemon.core.records import JobOutcome, MonitorKind, Outcome
from daemon.engine.context import Desk
from daemon.engine.monitor_desk import MonitorDesk
from daemon.errors import BrokerError

MONTHLIES = (date(2020, 3, 18), date(2020, 4, 15), date(2020, 5, 20))
FORWARDS = dict(zip(MONTHLIES, (15.0, 16.0, 16.5), strict=True))
SPX_EXPIRY = date(2020, 4, 3)


class Market:
    """Pairs around forwards, a dime of spread a leg, and bars of the volatility indexes."""

    def __init__(self, broker: FakeBroker) -> None:
        self.broker = broker
        self.planted: dict[OptionContract, int] = {}
        """Points x 100 that a contract is quoted above its place."""
        self.refused = False
        self.futures: dict[date, float] = {}
        broker.listed = (
            OptionParams(TradingClass.VIX, MONTHLIES, tuple(range(1000, 4000, 50))),
            OptionParams(TradingClass.SPXW, (SPX_EXPIRY,), tuple(range(250_000, 420_000, 500))),
        )
        broker.quoted = self.quote
        broker.bars = self.bars  # type: ignore[method-assign]  # a scripted answer

    def quote(self, contract: OptionContract) -> Quote | None:
        if contract.trading_class is TradingClass.VX:
            mid = round(100 * self.futures.get(contract.expiry, 0))
            return Quote(self.broker.clock.now(), mid - 5, mid, 10, 10) if mid else None
        forward = 3370.0 if contract.underlying is Underlying.SPX else FORWARDS[contract.expiry]
        side = 1 if contract.right is Right.CALL else -1
        # Time value of two points on both sides keeps call less put at forward less strike.
        mid = round(100 * max(0.0, side * (forward - contract.strike))) + 200 + self.planted.get(contract, 0)
        return Quote(self.broker.clock.now(), mid - 5, mid + 5, 10, 10)

    async def bars(self, index: Underlying | SignalIndex, *, minutes: int, count: int) -> tuple[Bar, ...]:
        assert (minutes, count) == (1, 1)
        if self.refused:
            raise BrokerError("not subscribed (code 354)", 354)
        level = {SignalIndex.VIX9D: 13.0, SignalIndex.VIX3M: 17.0}[SignalIndex(index)]
        return (Bar(self.broker.clock.now(), level, level, level, level),)


@dataclass(frozen=True)
class Looked:
    """A desk after looks, with what was asked."""

    desk: Desk
    broker: FakeBroker
    outcomes: list[JobOutcome]

    @property
    def events(self) -> list[str]:
        return [event.name for event in self.desk.store.events()]


def look(folder: Path, *sessions: date, script: Callable[[Market], None] = lambda market: None) -> Looked:
    desk, broker = make_desk(folder)
    script(Market(broker))
    outcomes: list[JobOutcome] = []

    async def main() -> None:
        for session in sessions:
            outcome = await MonitorDesk(desk).look(session)
            outcomes.append(outcome)

    run_virtual(main, START)
    return Looked(desk, broker, outcomes)


def test_a_look_quotes_twenty_options_and_three_futures_and_warns_of_nothing_where_parity_holds(tmp_path: Path) -> None:
    done = look(tmp_path, SESSION)

    assert done.outcomes[0].outcome is Outcome.DONE
    assert len(done.broker.asked) == len(set(done.broker.asked)) == 23
    lines = done.desk.store.monitors(SESSION, SESSION)
    assert {line.kind for line in lines} == {
        *(MonitorKind.PARITY, MonitorKind.CONVERSION, MonitorKind.REVERSAL),
        *(MonitorKind.FUTURE, MonitorKind.JENSEN, MonitorKind.KINK, MonitorKind.MODEL),
    }
    assert not any(line.beyond for line in lines)
    assert done.events == ["monitors_looked"]


def test_the_forwards_of_three_monthlies_are_kept_for_the_curve(tmp_path: Path) -> None:
    done = look(tmp_path, SESSION)

    kept = [done.desk.store.daily_values(series, last=5) for series in FORWARD_SERIES]
    assert [row.session for (row,) in kept] == [SESSION] * 3
    assert [row.value for (row,) in kept] == pytest.approx([*FORWARDS.values()])
    assert kept[0][0].source == "parity of VIX 2020-03-18"


def test_looks_are_as_far_apart_as_the_setting_says_also_after_a_restart(tmp_path: Path) -> None:
    sessions = [add_sessions(SESSION, n) for n in range(7)]

    done = look(tmp_path, *sessions)

    assert [outcome.outcome for outcome in done.outcomes] == [
        Outcome.DONE,
        *[Outcome.SKIPPED] * 4,
        Outcome.DONE,
        Outcome.SKIPPED,
    ]
    assert done.outcomes[1].reason == "looked on 2020-02-18, every 5 sessions"


def test_a_planted_violation_of_parity_warns_once_a_kind(tmp_path: Path) -> None:
    # VIX is 14.5, so 14 and 14.5 are quoted; the call of the one is 0.60 too dear in two expiries.
    dear = [OptionContract(TradingClass.VIX, expiry, 1450, Right.CALL) for expiry in MONTHLIES[:2]]

    def plant(market: Market) -> None:
        market.planted = dict.fromkeys(dear, 60)

    done = look(tmp_path, SESSION, script=plant)

    assert done.events == ["monitors_looked", "arbitrage_seen", "arbitrage_seen"]
    seen = [event.fields for event in done.desk.store.events() if event.name == "arbitrage_seen"]
    assert {fields["kind"] for fields in seen} == {"conversion", "reversal"}
    # A forward 0.60 too high on one strike, spreads of 0.2 on both and fees of 0.05 taken off.
    assert seen[0]["value"] == pytest.approx(0.6 - 0.2 - 0.05)


def test_a_future_away_from_its_options_warns(tmp_path: Path) -> None:
    def quote(market: Market) -> None:
        market.futures = {MONTHLIES[0]: 15.02, MONTHLIES[1]: 16.5}

    done = look(tmp_path, SESSION, script=quote)

    first, second = (line for line in done.desk.store.monitors(SESSION, SESSION) if line.kind is MonitorKind.FUTURE)
    assert not first.beyond
    # Buy the forward of the options at 16.10, sell the future at 16.45, less 2.1 fees.
    assert second.value == pytest.approx(0.35 - 0.02625)
    assert done.events == ["monitors_looked", "arbitrage_seen"]


def test_volatility_indexes_that_are_not_subscribed_leave_the_bound_untold(tmp_path: Path) -> None:
    def refuse(market: Market) -> None:
        market.refused = True

    done = look(tmp_path, SESSION, script=refuse)

    bounds = [line for line in done.desk.store.monitors(SESSION, SESSION) if line.kind is MonitorKind.JENSEN]
    assert done.outcomes[0].outcome is Outcome.DONE
    assert [(line.value, line.text) for line in bounds] == [(None, "VIX9D: not subscribed (code 354)")]


def test_an_option_without_a_bid_is_left_out_and_said(tmp_path: Path) -> None:
    def empty(market: Market) -> None:
        usual = market.quote
        market.broker.quoted = lambda contract: None if contract.expiry == MONTHLIES[1] else usual(contract)

    done = look(tmp_path, SESSION, script=empty)

    (line,) = [row for row in done.desk.store.monitors(SESSION, SESSION) if row.subject == "VIX 2020-04-15"]
    assert line.value is None
    # What lies behind the gap is kept neither: the second forward would be that of the third month.
    assert [len(done.desk.store.daily_values(series, last=5)) for series in FORWARD_SERIES] == [1, 0, 0]


def test_a_crossed_quote_is_no_quote_and_warns_of_nothing(tmp_path: Path) -> None:
    crossed = OptionContract(TradingClass.VIX, MONTHLIES[0], 1450, Right.CALL)

    def cross(market: Market) -> None:
        usual = market.quote
        wrong = Quote(market.broker.clock.now(), 400, 210, 10, 10)
        market.broker.quoted = lambda contract: wrong if contract == crossed else usual(contract)

    done = look(tmp_path, SESSION, script=cross)

    subjects = {line.subject for line in done.desk.store.monitors(SESSION, SESSION) if line.kind is MonitorKind.PARITY}
    assert "VIX 2020-03-18 14.5" not in subjects
    assert done.events == ["monitors_looked"]


def test_without_a_chain_the_look_is_a_named_skip_and_due_again(tmp_path: Path) -> None:
    def unlist(market: Market) -> None:
        market.broker.listed = ()

    done = look(tmp_path, SESSION, add_sessions(SESSION, 1), script=unlist)

    assert [outcome.reason for outcome in done.outcomes] == ["not looked: the broker lists no VIX options"] * 2
    assert done.desk.store.monitors(SESSION, SESSION) == ()
