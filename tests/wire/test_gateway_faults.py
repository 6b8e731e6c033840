"""Fault plans: how they are read, and what each kind of fault does to a client."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from gateway_fakes import CALL_LONG, NOON, PUT_LONG, SPX, STRIKES, VIX_CALL, FakeClock, FakeExchange
from gateway_raw import RawClient, condor, contract, ids

from daemon.errors import SettingsError
from daemon.sim.gateway import Gateway
from daemon.sim.gateway.fault_plan import ARGUMENTS, WITHHOLDABLE, Fault, FaultPlan, Kind, Moment, load
from daemon.sim.gateway.faults import Faults

SPX_LINE = ("1", "11", "3", *contract(SPX), "0", "", "0", "0", "")


def plan_of(tmp_path: Path, text: str) -> FaultPlan:
    """Read a plan from a text."""
    path = tmp_path / "plan.toml"
    path.write_text(text)
    return load(path)


def started(*faults: Fault, seed: int = 0) -> tuple[RawClient, FakeExchange, FakeClock]:
    """Return a started client at a gateway with faults."""
    exchange, clock = FakeExchange(), FakeClock()
    raw = RawClient(Gateway(exchange, clock, FaultPlan(faults, seed)))
    raw.start()
    return raw, exchange, clock


def at(seconds: float) -> Moment:
    """Return a moment some seconds after noon."""
    return Moment(instant=NOON + timedelta(seconds=seconds))


def test_every_kind_has_a_table_of_arguments() -> None:
    assert set(ARGUMENTS) == set(Kind)


def test_a_plan_is_read_with_its_times_and_arguments(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path,
        """
        seed = 7
        [[fault]]
        kind = "reject_order"
        from = "2020-03-02 15:30"
        until = "2020-03-02 15:40:30"
        count = 2
        code = 201
        [[fault]]
        kind = "silent"
        from = "open+15m"
        until = "close-10m"
        [[fault]]
        kind = "drop_connection"
        at = "15:31"
        refuse_s = 20
        """,
    )

    reject, silent, drop = plan.faults
    assert plan.seed == 7
    assert (reject.kind, reject.count, reject.arguments) == (Kind.REJECT_ORDER, 2, {"code": 201})
    assert reject.start == Moment(instant=datetime(2020, 3, 2, 20, 30, tzinfo=UTC))
    assert silent.start is not None
    assert silent.end is not None
    # 2019-11-29 closed at 13:00 in New York.
    early = date(2019, 11, 29)
    assert silent.start.on(early) == datetime(2019, 11, 29, 14, 45, tzinfo=UTC)
    assert silent.end.on(early) == datetime(2019, 11, 29, 17, 50, tzinfo=UTC)
    assert drop.start is not None
    assert drop.start.on(NOON.date()) == datetime(2020, 3, 2, 20, 31, tzinfo=UTC)
    assert drop.count == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "'x' is unknown"),
        ("seed = 'a'", "seed is 'a'"),
        ("fault = 3", r"\[\[fault\]\]"),
        ("[[fault]]\nkind = 'explode'", "fault 1: kind is 'explode'; known kinds are reject_order, "),
        ("[[fault]]\ncode = 1", "fault 1: kind is None"),
        ("[[fault]]\nkind = 'delay'", r"fault 1 \(delay\): seconds is missing"),
        ("[[fault]]\nkind = 'delay'\nseconds = -1", "seconds is -1; write a number from 0 to 3600"),
        ("[[fault]]\nkind = 'delay'\nseconds = true", "seconds is True; write a number"),
        ("[[fault]]\nkind = 'delay'\nseconds = 1\ncount = 2", "count and probability do not fit"),
        ("[[fault]]\nkind = 'silent'\ncode = 3", "'code' is unknown; allowed are kind, at, from"),
        ("[[fault]]\nkind = 'reject_order'\nat = 'noon'", "at is 'noon'; write '2020-03-02 15:30'"),
        ("[[fault]]\nkind = 'reject_order'\nat = '2020-02-30 15:30'", "at is '2020-02-30 15:30'"),
        ("[[fault]]\nkind = 'reject_order'\nat = '15:30'\nfrom = '15:30'", "at and from exclude each other"),
        ("[[fault]]\nkind = 'reject_order'\nfrom = '15:30'\nuntil = '2020-03-02 15:40'", "same form"),
        ("[[fault]]\nkind = 'reject_order'\nprobability = 2", "probability is 2"),
        ("[[fault]]\nkind = 'reject_order'\ncount = 0", "count is 0; write 1 or more"),
        ("[[fault]]\nkind = 'drop_connection'", "at is missing"),
        ("[[fault]]\nkind = 'withhold'", "message is missing"),
        ("[[fault]]\nkind = 'withhold'\nmessage = 'x'", "message is 'x'; one of nextValidId"),
        ("[[fault", "not valid TOML"),
    ],
)
def test_a_wrong_plan_is_refused_with_place_and_fix(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=rf"plan\.toml: .*{said}"):
        plan_of(tmp_path, text)


def test_all_mistakes_are_told_at_once_and_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        plan_of(tmp_path, "[[fault]]\nkind = 'delay'\n[[fault]]\nkind = 'withhold'")
    assert len(caught.value.problems) == 2
    with pytest.raises(SettingsError, match=r"none\.toml: the fault plan cannot be read"):
        load(tmp_path / "none.toml")


def test_chance_is_repeatable_and_each_fault_has_its_own() -> None:
    def struck(*faults: Fault) -> list[bool]:
        at_work = Faults(FaultPlan(faults, seed=3), NOON)
        return [at_work.strikes(Kind.REJECT_ORDER, NOON) is not None for _ in range(40)]

    half = Fault(Kind.REJECT_ORDER, probability=0.5)
    alone = struck(half)

    assert struck(half) == alone
    assert struck(half, Fault(Kind.WHAT_IF_UNSET, probability=0.5)) == alone
    assert 8 < sum(alone) < 32


def test_an_order_is_refused_as_often_as_planned() -> None:
    raw, exchange, _ = started(Fault(Kind.REJECT_ORDER, count=2, arguments={"code": 460, "text": "No permission"}))

    refused = [raw.ask(*condor(number, -9.0)) for number in (1, 2)]
    accepted = raw.ask(*condor(3, -9.0))

    assert [one[0][2:5] for one in refused] == [["1", "460", "No permission"], ["2", "460", "No permission"]]
    assert ids(accepted) == [5, 3]
    assert len(exchange.orders) == 1


def test_a_fault_holds_only_in_its_time_and_for_its_underlying() -> None:
    fault = Fault(Kind.REJECT_ORDER, start=at(60), end=at(120), arguments={"symbol": "SPX"})
    raw, _, clock = started(fault, Fault(Kind.NOT_SUBSCRIBED, arguments={"symbol": "VIX"}))

    assert ids(raw.ask(*condor(1, -9.0))) == [5, 3]
    clock.move(60)
    assert ids(raw.ask(*condor(2, -9.0))) == [4]
    clock.move(60)
    assert ids(raw.ask(*condor(3, -9.0))) == [5, 3]
    assert ids(raw.ask(*SPX_LINE))[0] == 58
    assert [one[3] for one in raw.ask("1", "11", "4", *contract(VIX_CALL), "0", "", "0", "0", "")] == ["354"]


def test_a_what_if_can_be_refused_or_answered_with_unset_values_first() -> None:
    raw, _, _ = started(Fault(Kind.WHAT_IF_REFUSED, count=1), Fault(Kind.WHAT_IF_UNSET, count=1))

    refused, twice, once = (raw.ask(*condor(number, -3.0, whatIf="1")) for number in (1, 2, 3))

    assert [one[3] for one in refused] == ["360"]
    assert [one[one.index("PreSubmitted") + 4] for one in twice] == ["1.7976931348623157e+308", "2350.0"]
    assert len(once) == 1


def test_a_read_only_api_refuses_orders_previews_and_the_question_for_open_ones_alone() -> None:
    raw, exchange, clock = started(Fault(Kind.READ_ONLY, end=at(60)))

    answers = [
        raw.ask(*condor(1, -9.0)),
        raw.ask(*condor(2, -9.0, whatIf="1")),
        raw.ask("16", "1"),
        raw.ask("4", "1", "1", ""),
    ]

    assert [one[0][2:4] for one in answers] == [["1", "321"], ["2", "321"], ["-1", "321"], ["1", "321"]]
    assert all("Read-Only" in one[0][4] for one in answers)
    assert ids(raw.ask("49", "1")) == [49]
    assert exchange.orders == {}
    clock.move(60)
    assert ids(raw.ask("16", "1")) == [53]


def test_a_line_can_be_refused_by_another_code_and_a_preview_for_one_underlying() -> None:
    competing: dict[str, str | int | float | bool] = {
        "code": 10197,
        "text": "No market data during competing live session",
        "symbol": "SPX",
    }
    raw, _, _ = started(
        Fault(Kind.NOT_SUBSCRIBED, arguments=competing), Fault(Kind.WHAT_IF_REFUSED, arguments={"symbol": "VIX"})
    )

    (refused,) = raw.ask(*SPX_LINE)

    assert refused[3:5] == ["10197", "No market data during competing live session"]
    assert ids(raw.ask(*condor(1, -3.0, whatIf="1"))) == [5]


def test_missing_data_are_minus_one_and_no_greeks() -> None:
    raw, _, _ = started(Fault(Kind.DATA_MISSING, end=at(60)))

    answers = raw.ask("1", "11", "4", *contract(PUT_LONG), "0", "", "0", "0", "")

    assert [one[4] for one in answers if one[0] == "1"] == ["-1.0", "-1.0"]
    assert [one[2] for one in answers if one[0] == "21"] == ["13"]
    assert {float(one) for one in answers[-1][4:]} == {-1.0, -2.0}


def test_missing_greeks_leave_the_prices() -> None:
    raw, _, _ = started(Fault(Kind.GREEKS_MISSING, end=at(60)))

    answers = raw.ask("1", "11", "4", *contract(PUT_LONG), "0", "", "0", "0", "")

    assert [float(one[4]) > 0 for one in answers if one[0] == "1"] == [True, True]
    assert [one for one in answers if one[0] == "21"] == []


def test_a_limited_chain_lists_and_quotes_no_strike_outside_of_it() -> None:
    fault = Fault(Kind.CHAIN_LIMITED, end=at(60), arguments={"high": STRIKES[1], "symbol": "SPX"})
    raw, _, clock = started(fault)

    (*rows, _) = raw.ask("78", "5", "SPX", "", "IND", str(SPX))
    line = raw.ask("1", "11", "6", *contract(CALL_LONG), "0", "", "0", "0", "")

    assert {row[-2:] == [str(strike) for strike in STRIKES[:2]] for row in rows} == {True}
    assert [one[3] for one in line] == ["200"]
    clock.move(60)
    (*rows, _) = raw.ask("78", "7", "SPX", "", "IND", str(SPX))
    assert {row[-1] for row in rows} == {str(STRIKES[-1])}


def test_stale_data_stand_still_for_open_and_new_lines() -> None:
    raw, exchange, clock = started(Fault(Kind.DATA_STALE, start=at(5), end=at(60)))
    raw.ask(*SPX_LINE)
    gateway = raw.gateway
    gateway._plan()
    clock.move(10)
    exchange.last[SPX] = 3000.0
    gateway.step()
    gateway._plan()
    assert raw.receive() == []

    (*_, last) = [one for one in raw.ask("1", "11", "9", *SPX_LINE[3:]) if one[0] == "1" and one[3] == "4"]
    assert last[4] == "3090.23"

    clock.move(60)
    gateway.step()
    assert ["1", "6", "3", "4", "3000.0", "0", "0"] in raw.receive()


def test_delayed_data_use_their_own_tick_numbers() -> None:
    raw, _, _ = started(Fault(Kind.DATA_DELAYED))

    answers = raw.ask("1", "11", "4", *contract(PUT_LONG), "0", "", "0", "0", "")

    assert answers[0][3] == "10167"
    assert answers[1] == ["58", "1", "4", "3"]
    assert [one[3] for one in answers if one[0] == "1"] == ["66", "67"]
    assert [one[2] for one in answers if one[0] == "21"] == ["80", "81", "83"]


def test_dropped_connections_close_once_and_new_ones_are_refused_for_a_while() -> None:
    raw, _, clock = started(Fault(Kind.DROP_CONNECTION, start=at(10), count=1, arguments={"refuse_s": 20}))
    gateway = raw.gateway
    assert gateway._hub.faults.next_change_at(gateway._hub.now) == NOON + timedelta(seconds=10)
    clock.move(10)
    gateway.step()
    assert raw.closed

    assert RawClient(gateway).closed
    clock.move(20)
    gateway.step()
    back = RawClient(gateway)

    assert back.start()[0][0] == "15"
    clock.move(3600)
    gateway.step()
    assert not back.closed


@pytest.mark.parametrize("lost", [False, True])
def test_silence_holds_everything_back(lost: bool) -> None:
    raw, _, clock = started(Fault(Kind.SILENT, start=at(5), end=at(10), arguments={"lost": lost}))
    clock.move(5)
    assert raw.ask("49", "1") == []
    assert RawClient(raw.gateway).start(8) == []
    clock.move(2)
    raw.gateway.step()
    assert raw.receive() == []
    assert raw.gateway._next_due() == NOON + timedelta(seconds=10)
    clock.move(3)

    raw.gateway.step()

    assert raw.receive() == ([] if lost else [["49", "1", "1583168405"]])
    assert raw.ask("49", "1") == [["49", "1", "1583168410"]]


def test_a_delay_keeps_the_order_of_messages() -> None:
    raw, _, clock = started(Fault(Kind.DELAY, start=at(1), end=at(4), arguments={"seconds": 2.5}))
    clock.move(2)
    assert raw.ask("49", "1") == []
    assert raw.gateway._next_due() == NOON + timedelta(seconds=4)
    clock.move(2)
    assert raw.ask("49", "1") == []
    assert raw.gateway._next_due() == NOON + timedelta(seconds=4.5)
    clock.move(0.5)

    raw.gateway.step()

    assert raw.receive() == [["49", "1", "1583168402"], ["49", "1", "1583168404"]]


@pytest.mark.parametrize(("name", "number"), WITHHOLDABLE.items())
def test_each_message_that_a_client_waits_for_can_be_withheld(name: str, number: int) -> None:
    fault = Fault(Kind.WITHHOLD, count=1, arguments={"message": name})
    raw = RawClient(Gateway(FakeExchange(), FakeClock(), FaultPlan((fault,))))
    requests: tuple[tuple[str, ...], ...] = (
        ("61", "1"), ("5", "1"), ("99", "0"), ("6", "2", "1", ""), ("76", "1", "5", "", "", "0"),
        ("7", "3", "6", "0", "", "", "", "", "", ""),
    )  # fmt: skip

    first = [*raw.start(), *(message for one in requests for message in raw.ask(*one))]
    second: list[Any] = [message for one in requests for message in raw.ask(*one)]

    assert set(WITHHOLDABLE.values()) - set(ids(first)) == {number}
    assert {53, 54, 55, 62, 74, 102} <= set(ids(second))
