"""One client at the gateway, frame by frame: handshake, refusals, requests, orders, subscriptions."""

from __future__ import annotations

import struct

import pytest
from gateway_fakes import (
    CALL_LONG,
    CALL_SHORT,
    CONDOR,
    PUT_LONG,
    PUT_SHORT,
    SPX,
    VIX,
    VIX_CALL,
    FakeClock,
    FakeExchange,
)
from gateway_raw import CONTRACT12, RawClient, condor, contract, ids
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.sim.exchange.api import PositionChanged
from daemon.sim.gateway import Gateway, GatewayConfig
from daemon.sim.gateway.client import CHUNK_BYTES
from daemon.sim.gateway.codec import frame


def world(config: GatewayConfig | None = None) -> tuple[Gateway, FakeExchange, FakeClock]:
    """Return a gateway over a fake exchange at noon."""
    exchange, clock = FakeExchange(), FakeClock()
    return Gateway(exchange, clock, None, config), exchange, clock


def client(version: int = 176, client_id: int = 7) -> tuple[RawClient, FakeExchange]:
    """Return a started client."""
    gateway, exchange, _ = world()
    raw = RawClient(gateway)
    raw.start(client_id, high=version)
    return raw, exchange


@pytest.mark.parametrize(
    ("low", "high", "announced"), [(157, 176, 176), (157, 178, 178), (100, 225, 178), (157, 157, 157), (100, 160, 160)]
)
def test_the_lower_of_both_versions_is_announced(low: int, high: int, announced: int) -> None:
    gateway, _, _ = world()
    raw = RawClient(gateway)
    offer = f"v{low}..{high} +PACEAPI".encode()

    raw.session.feed(b"API\0" + struct.pack(">I", len(offer)) + offer)

    assert raw.receive() == [[str(announced), "20200302 12:00:00 US/Eastern"]]


@pytest.mark.parametrize("offer", [b"v100..156", b"v179..225", b"v201", b"hello", b"vx..y", b"", b"\xff\xfe"])
def test_a_client_of_another_protocol_is_closed_without_an_answer(offer: bytes) -> None:
    gateway, _, _ = world()
    raw = RawClient(gateway)

    raw.session.feed(b"API\0" + struct.pack(">I", len(offer)) + offer)

    assert raw.closed
    assert raw.receive() == []
    assert gateway.clients == 0


def test_nothing_is_sent_between_the_handshake_and_the_start() -> None:
    gateway, _, _ = world()
    raw = RawClient(gateway)
    raw.session.feed(b"API\0" + struct.pack(">I", 9) + b"v157..176")
    raw.receive()

    gateway.step()

    assert raw.receive() == []


def test_the_start_is_answered_with_accounts_next_id_and_notices() -> None:
    gateway, _, _ = world()

    answers = RawClient(gateway).start()

    assert answers[:2] == [["15", "1", "DU1234567"], ["9", "1", "1"]]
    assert [one[3] for one in answers[2:]] == ["2104", "2104", "2106", "2158", "2199"]
    assert answers[-1] == ["4", "2", "-1", "2199", "Simulated exchange: condord", ""]


@pytest.mark.parametrize("first", [["49", "1"], ["71", "2"], ["71", "2", "x", ""], ["71", "2", "-5", ""]])
def test_a_client_that_does_not_start_properly_is_closed(first: list[str]) -> None:
    gateway, _, _ = world()
    raw = RawClient(gateway)
    raw.session.feed(b"API\0" + struct.pack(">I", 9) + b"v157..176")

    raw.ask(*first)

    assert raw.closed


def test_a_client_id_in_use_gets_326_and_is_closed() -> None:
    gateway, _, _ = world()
    first, second = RawClient(gateway), RawClient(gateway)
    first.start(7)

    answers = second.start(7)

    assert [one[3] for one in answers] == ["326"]
    assert second.closed
    assert first.ask("49", "1") == [["49", "1", "1583168400"]]
    first.session.closed()
    assert RawClient(gateway).start(7)[0][0] == "15"


@pytest.mark.parametrize(
    "message",
    [
        ["999"], ["0"], ["-1"], ["x"], [""], ["99999999999999"], ["1", "11", "abc"], ["3", "5"], ["9", "8"],
        ["91", "x"], ["62", "1"], ["20", "7", "1"], ["4", "1", "7"], ["61", "1", "more"], ["²", "1"],
    ],
)  # fmt: skip
def test_a_message_that_cannot_be_served_is_answered_with_an_error_and_the_connection_lives(message: list[str]) -> None:
    raw, _ = client()

    answers = raw.ask(*message)

    assert [one[0] for one in answers] == ["4"]
    assert answers[0][3] in {"320", "321"}
    assert raw.ask("49", "1") == [["49", "1", "1583168400"]]


def test_an_unserved_request_with_an_id_ends_with_that_id() -> None:
    raw, _ = client()

    ((*_, req_id, code, _said, _),) = raw.ask("89", "4711")

    assert (req_id, code) == ("4711", "321")


def test_a_payload_without_its_last_nul_is_an_error() -> None:
    raw, _ = client()

    raw.session.feed(struct.pack(">I", 4) + b"49\x001")

    assert [one[3] for one in raw.receive()] == ["320"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 110), st.lists(st.text(max_size=6), max_size=20), st.integers(157, 178))
def test_no_message_whatever_it_holds_breaks_the_gateway(kind: int, fields: list[str], version: int) -> None:
    gateway, _, _ = world()
    noisy, quiet = RawClient(gateway), RawClient(gateway)
    noisy.start(1, high=version)
    quiet.start(2)

    noisy.ask(str(kind), *fields)

    assert quiet.ask("49", "1")[-1] == ["49", "1", "1583168400"]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_garbage_closes_only_the_client_that_sent_it(garbage: bytes) -> None:
    gateway, _, _ = world()
    noisy, quiet = RawClient(gateway), RawClient(gateway)
    quiet.start(2)

    noisy.session.feed(garbage)
    noisy.session.feed(garbage)

    assert quiet.ask("49", "1") == [["49", "1", "1583168400"]]


def test_a_frame_of_more_than_16_mib_closes_the_connection() -> None:
    raw, _ = client()

    raw.session.feed(struct.pack(">I", 16 * 1024 * 1024 + 1))

    assert raw.closed


def test_a_thirty_third_client_is_closed_when_it_starts() -> None:
    gateway, _, _ = world()
    clients = [RawClient(gateway) for _ in range(33)]
    for number, one in enumerate(clients):
        one.start(number)

    assert [one.closed for one in clients] == [False] * 32 + [True]
    clients[3].session.closed()
    again = RawClient(gateway)
    assert again.start(50)[1] == ["9", "1", "1"]


def test_connections_that_say_nothing_keep_no_client_out() -> None:
    gateway, _, _ = world()
    strangers = [RawClient(gateway) for _ in range(33)]

    late = strangers[-1]
    strangers[0].session.hurry()
    client = RawClient(gateway)
    client.start(1)
    client.session.hurry()

    assert [one.closed for one in strangers] == [True, *[False] * 31, True]
    assert late.receive() == []
    assert client.ask("49", "1") == [["49", "1", "1583168400"]]


def test_long_answers_are_sent_in_chunks_of_at_most_16_kib() -> None:
    raw, exchange = client()
    exchange.held = dict.fromkeys((PUT_LONG, PUT_SHORT, CALL_SHORT, CALL_LONG), (1, 100.0))
    for _ in range(2):
        raw.session.feed(frame(["6", "2", "1", "DU1234567"]) * 40)

    assert len(raw.chunks) > 4
    assert max(map(len, raw.chunks)) <= CHUNK_BYTES
    assert len(raw.receive()) == 80 * (exchange_rows(exchange) + 4 + 1 + 1)


def exchange_rows(exchange: FakeExchange) -> int:
    """Return how many account values there are."""
    from daemon.sim.gateway.account import account_rows

    return len(account_rows(exchange.account(), exchange.positions(), "DU1234567"))


@pytest.mark.parametrize("version", range(157, 179))
def test_a_condor_is_read_and_shown_at_every_version_with_no_field_left_over(version: int) -> None:
    raw, exchange = client(version)

    answers = raw.ask(*condor(1, -9.0, version))

    assert ids(answers) == [5, 3]
    (order,) = exchange.open_orders()
    assert order.request.legs == CONDOR
    assert (order.request.limit, order.request.tif, order.request.order_ref) == (-9.0, "DAY", "cd.1")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"orderType": "STP"}, "387"),
        ({"tif": "IOC"}, "201"),
        ({"totalQuantity": "0"}, "434"),
        ({"totalQuantity": "1.5"}, "321"),
        ({"totalQuantity": "-1"}, "321"),
        ({"action": "SSHORT"}, "321"),
        ({"lmtPrice": ""}, "321"),
        ({"lmtPrice": "abc"}, "320"),
        ({"account": "DU9999999"}, "321"),
        ({"parentId": "3"}, "201"),
        ({"ocaGroup": "g"}, "201"),
        ({"transmit": "0"}, "201"),
        ({"goodAfterTime": "20200302 15:00:00"}, "201"),
    ],
)
def test_an_order_that_the_exchange_would_not_do_is_refused(more: dict[str, str], code: str) -> None:
    raw, exchange = client()

    answers = raw.ask(*condor(5, -3.0, 176, **more))

    assert [one[2:4] for one in answers] == [["5", code]]
    assert exchange.orders == {}


def test_a_fill_is_told_in_the_order_of_a_real_gateway() -> None:
    raw, _ = client()
    raw.ask("61", "1")
    raw.ask("6", "2", "1", "DU1234567")

    answers = raw.ask(*condor(1, -3.0))

    kinds = ids(answers)
    # As recorded: order, status, executions with the combo first, order and status filled, order with its fee, fees.
    assert kinds[: kinds.index(61)] == [5, 3, *[11] * 5, 5, 3, 5, *[59] * 4]
    assert kinds[kinds.index(61) :][:4] == [61] * 4
    assert {7, 6, 8} <= set(kinds)
    executions = [one for one in answers if one[0] == "11"]
    assert [one[5] for one in executions] == ["BAG", "OPT", "OPT", "OPT", "OPT"]
    assert [one[14].rpartition(".")[0][-2:] for one in executions] == ["01", "02", "03", "04", "05"]
    assert {one[1] for one in executions} == {"-1"}
    assert executions[0][15] == "20200302 12:00:00 US/Eastern"
    statuses = [one for one in answers if one[0] == "3"]
    assert [one[2] for one in statuses] == ["Submitted", "Filled"]
    assert statuses[1][5] == "-3.2"


def test_open_order_gives_back_what_came_in() -> None:
    raw, _ = client()

    (shown, _status) = raw.ask(*condor(1, -9.0, outsideRth="1", clearingAccount="X1", rule80A="I", openClose="O"))

    assert shown[13:24] == ["BUY", "1", "LMT", "-9.0", "0.0", "DAY", "", "DU1234567", "O", "0", "cd.1"]
    assert shown[24] == "7"
    assert int(shown[25]) > 0
    assert (shown[26], shown[37]) == ("1", "I")
    assert "X1" in shown
    descriptions = ",".join(f"{leg.con_id}|{leg.ratio}" for leg in CONDOR)
    assert descriptions in shown


def test_the_master_client_is_told_of_every_clients_orders_and_fees_and_no_other_is() -> None:
    gateway, _, _ = world(GatewayConfig(master_client_id=5))
    owner, master, other = RawClient(gateway), RawClient(gateway), RawClient(gateway)
    owner.start(7)
    master.start(5)
    other.start(8)

    told = owner.ask(*condor(1, -3.0))
    heard = master.receive()

    # 11 executions, 5 and 3 their orders, 59 their fees.
    assert {3, 5, 11, 59} <= set(ids(heard))
    assert [one for one in told if one[0] in {"3", "5", "11", "59"}] == heard
    assert other.receive() == []
    listed = master.ask("7", "3", "9", "0", "", "", "", "", "", "")
    unpaid = other.ask("7", "3", "9", "0", "", "", "", "", "", "")
    assert (ids(listed).count(59), ids(unpaid).count(59)) == (4, 0)
    assert ids(listed).count(11) == ids(unpaid).count(11) == 5
    # Why a request was refused is for the one who made it alone.
    assert [one[3] for one in owner.ask("4", "1", "99", "")] == ["10147"]
    assert master.receive() == []


def test_an_order_belongs_to_the_client_that_placed_it() -> None:
    gateway, _, _ = world()
    owner, other = RawClient(gateway), RawClient(gateway)
    owner.start(1)
    other.start(2)
    owner.ask(*condor(1, -9.0))

    assert ids(other.receive()) == []
    assert ids(other.ask("5", "1")) == [53]
    assert ids(other.ask("16", "1")) == [5, 3, 53]
    assert [one[2:4] for one in other.ask("4", "1", "1", "")] == [["1", "10147"]]
    assert [one[:3] for one in owner.ask("4", "1", "1", "")] == [["3", "1", "Cancelled"], ["4", "2", "1"]]


def test_the_next_order_id_is_one_above_the_highest_used() -> None:
    raw, _ = client()
    raw.ask(*condor(41, -9.0))

    assert raw.ask("8", "1", "1") == [["9", "1", "42"]]
    assert [one[2:4] for one in raw.ask(*condor(40, -9.0))] == [["40", "103"]]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (("0", "", "", "", "", "", ""), 5),
        (("7", "", "", "", "", "", ""), 5),
        (("8", "", "", "", "", "", ""), 0),
        (("0", "DU9", "", "", "", "", ""), 0),
        (("0", "", "20200302 11:59:00", "", "", "", ""), 5),
        (("0", "", "20200302-17:00:01", "", "", "", ""), 0),
        (("0", "", "", "VIX", "", "", ""), 0),
        (("0", "", "", "SPX", "BAG", "", ""), 1),
        (("0", "", "", "", "OPT", "", "BUY"), 2),
        (("0", "", "", "", "", "", "SLD"), 2),
    ],
)
def test_executions_are_filtered(wanted: tuple[str, ...], found: int) -> None:
    raw, _ = client()
    raw.ask(*condor(1, -3.0))

    answers = raw.ask("7", "3", "99", *wanted)

    assert ids(answers).count(11) == found
    assert answers[-1] == ["55", "1", "99"]


def test_what_if_answers_with_one_order_and_places_nothing() -> None:
    raw, exchange = client()

    (shown,) = raw.ask(*condor(9, -3.0, whatIf="1"))

    assert shown[0] == "5"
    assert "PreSubmitted" in shown
    margins = shown[shown.index("PreSubmitted") + 1 :][:9]
    # Before, change and after, each for initial margin, maintenance margin and equity.
    assert margins == ["0.0", "0.0", "1000000.0", "2350.0", "2350.0", "-4.26", "2350.0", "2350.0", "999995.74"]
    assert exchange.orders == {}


@pytest.mark.parametrize("subscribe", [("61", "1"), ("74", "1", "5", "DU1234567", "")])
def test_a_position_that_vanishes_is_sent_once_with_quantity_zero(subscribe: tuple[str, ...]) -> None:
    gateway, exchange, clock = world()
    raw = RawClient(gateway)
    raw.start()
    raw.ask(*subscribe)
    raw.ask("6", "2", "1", "")
    exchange.pending = [PositionChanged(PUT_LONG, 0, 2040.0)]
    clock.move(1)

    gateway.step()

    answers = raw.receive()
    (position,) = [one for one in answers if one[0] in {"61", "71"}]
    assert str(PUT_LONG) in position
    assert position[position.index("SPXW") + 1] == "0"
    (row,) = [one for one in answers if one[0] == "7"]
    assert (row[2], row[13]) == (str(PUT_LONG), "0")


def test_account_updates_send_only_what_changed_after_the_first_set() -> None:
    gateway, exchange, clock = world(GatewayConfig(portfolio_interval_s=180))
    raw = RawClient(gateway)
    raw.start()
    full = raw.ask("6", "2", "1", "DU1234567")
    gateway._plan()
    exchange.cash += 500
    clock.move(60)
    gateway.step()
    assert raw.receive() == []
    clock.move(120)

    gateway.step()

    changed = raw.receive()
    assert full[-1][0] == "54"
    assert 0 < len(changed) < len(full) / 2
    assert ["6", "2", "NetLiquidation", "1000500.00", "USD", "DU1234567"] in changed
    assert changed[-1] == ["8", "1", "12:03"]
    raw.ask("6", "2", "0", "DU1234567")
    exchange.cash += 500
    clock.move(180)
    gateway.step()
    assert raw.receive() == []


def test_another_account_of_the_login_is_empty_and_a_stranger_is_refused() -> None:
    gateway, _, _ = world(GatewayConfig(other_accounts=("DU2",)))
    raw = RawClient(gateway)

    assert raw.start()[0] == ["15", "1", "DU1234567,DU2"]

    assert ["73", "1", "5", "DU2", "", "NetLiquidation", "0.00", "USD"] in raw.ask("76", "1", "5", "DU2", "", "0")
    assert [one[2:4] for one in raw.ask("76", "1", "6", "DU3", "", "0")] == [["6", "321"]]


def test_lines_are_counted_over_all_clients() -> None:
    gateway, _, _ = world(GatewayConfig(max_lines=2))
    first, second = RawClient(gateway), RawClient(gateway)
    first.start(1)
    second.start(2)
    line = (*contract(SPX), "0", "", "0", "0", "")

    assert ids(first.ask("1", "11", "1", *line))[:2] == [58, 81]
    assert ids(second.ask("1", "11", "1", *line))[:2] == [58, 81]
    assert [one[3] for one in second.ask("1", "11", "2", *line)] == ["101"]
    assert [one[3] for one in first.ask("1", "11", "1", *line)] == ["102"]
    assert first.ask("2", "2", "1") == []
    assert [one[3] for one in first.ask("2", "2", "1")] == ["300"]
    assert ids(second.ask("1", "11", "2", *line))[:2] == [58, 81]


def test_a_line_follows_the_recorded_start_and_an_index_has_no_bid() -> None:
    raw, _ = client()

    answers = raw.ask("1", "11", "3", *contract(VIX), "0", "", "0", "0", "")

    assert answers[:2] == [["58", "1", "3", "1"], ["81", "3", "0.01", "9c0001", "3"]]
    assert answers[2] == ["1", "6", "3", "4", "33.42", "0", "0"]
    assert {one[3] for one in answers[2:]} == {"4", "6", "7", "9", "14"}


@pytest.mark.parametrize("version", [157, 163, 164, 176, 178])
@pytest.mark.parametrize(
    ("con_id", "ticks"), [(VIX_CALL, {"27": "41250", "28": "0"}), (PUT_LONG, {"27": "0", "28": "812"})]
)
def test_open_interest_is_told_by_its_two_size_ticks_where_the_line_was_opened_with_101(
    version: int, con_id: int, ticks: dict[str, str]
) -> None:
    raw, _ = client(version)

    asked = raw.ask("1", "11", "3", *contract(con_id), "0", "101", "0", "0", "")
    plain = raw.ask("1", "11", "4", *contract(con_id), "0", "", "0", "0", "")

    # tickSize: version 6, request, tick type, size; 27 is that of calls, 28 that of puts
    assert {one[3]: one[4] for one in asked if one[:3] == ["2", "6", "3"]} == ticks
    assert [one for one in plain if one[0] == "2"] == []


def test_an_index_has_no_open_interest() -> None:
    raw, _ = client()

    answers = raw.ask("1", "11", "3", *contract(VIX), "0", "101", "0", "0", "")

    assert {one[0] for one in answers} == {"58", "81", "1"}


def test_greeks_that_are_not_available_are_numbers_and_never_empty() -> None:
    raw, exchange = client()
    exchange.bid_ask[PUT_LONG] = (None, 0.05)

    answers = raw.ask("1", "11", "3", *contract(PUT_LONG), "0", "", "0", "0", "")

    (bid_greeks,) = [one for one in answers if one[0] == "21" and one[2] == "10"]
    assert [float(one) for one in bid_greeks[4:]] == [-1, -2, -1, -1, -2, -2, -2, -1]
    assert ["1", "6", "3", "1", "-1.0", "0", "0"] in answers


@pytest.mark.parametrize(
    ("request_fields", "code"),
    [
        (("1", "11", "3", *contract(4711), "0", "", "0", "0", ""), "200"),
        (("1", "11", "3", *CONTRACT12, "0", "", "0", "0", ""), "200"),
        (("1", "11", "3", *contract(SPX), "0", "233", "1", "0", ""), "414"),
        (("9", "8", "3", "0", "SPX", "BAG", *CONTRACT12[3:], "0", "", "", ""), "321"),
        (("9", "8", "3", "0", "XYZ", "IND", *CONTRACT12[3:], "0", "", "", ""), "200"),
        (("78", "3", "SPX", "", "IND", "1"), "321"),
        (("91", "4711"), "321"),
        (("59", "1", "9"), "321"),
        (("20", "3", *contract(SPX), "0", "", "7 mins", "1 D", "1", "TRADES", "1", "0", ""), "321"),
        (("20", "3", *contract(SPX), "0", "", "1 min", "1 X", "1", "TRADES", "1", "0", ""), "321"),
        (("20", "3", *contract(SPX), "0", "", "1 min", "9 Y", "1", "TRADES", "1", "0", ""), "321"),
        (("20", "3", *contract(SPX), "0", "yesterday", "1 min", "1 D", "1", "TRADES", "1", "0", ""), "321"),
        (("20", "3", *contract(SPX), "0", "", "1 min", "1 D", "1", "FEE_RATE", "1", "0", ""), "321"),
        (("20", "3", *contract(SPX), "0", "20200302 11:00:00", "1 min", "1 D", "1", "TRADES", "1", "1", ""), "321"),
        (("50", "3", "3", *contract(SPX), "10", "TRADES", "1", ""), "321"),
        (("50", "3", "3", *contract(SPX), "5", "FEE_RATE", "1", ""), "321"),
        (("50", "3", "3", *contract(4711), "5", "TRADES", "1", ""), "200"),
        (("51", "1", "3"), "300"),
        (("97", "3", *contract(SPX), "Every", "0", "0"), "321"),
        (("98", "3"), "300"),
        (("87", "3", *contract(PUT_LONG), "0", "1", "TRADES", "1"), "162"),
        (("54", "3", "3", *contract(SPX), "1.0", "3000.0", "0", ""), "321"),
        (("55", "3", "3", *contract(PUT_LONG), "0.2", "", "0", ""), "320"),
        (("92", "3", "U7654321", ""), "321"),
        (("94", "3", "U7654321", "", str(SPX)), "321"),
        (("25", "1", "3"), "366"),
        (("15", "1", "1"), "327"),
    ],
)
def test_requests_that_make_no_sense_are_refused_with_the_gateways_code(
    request_fields: tuple[str, ...], code: str
) -> None:
    raw, _ = client()

    assert [one[3] for one in raw.ask(*request_fields)] == [code]


def test_minute_bars_of_one_day_begin_at_the_open() -> None:
    raw, exchange = client()
    asked: list[tuple[object, ...]] = []
    real = exchange.bars

    def spy(*args: object) -> object:
        asked.append(args)
        return real(*args)  # type: ignore[arg-type]  # passed through as it came

    exchange.bars = spy  # type: ignore[method-assign, assignment]  # a spy

    (answer,) = raw.ask("20", "3", *contract(SPX), "0", "", "5 mins", "1 D", "1", "TRADES", "1", "0", "")

    ((con_id, end, minutes, count, _),) = asked
    assert (con_id, minutes, count) == (SPX, 5, 81)
    assert end == exchange.now
    # Thirty bars of five minutes reach from 09:30 to noon.
    assert answer[4] == "30"
    assert answer[5] == "20200302 09:30:00 US/Eastern"
