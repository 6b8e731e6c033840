"""Frames, field values and the layouts of the long messages."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.sim.gateway import messages_out as out
from daemon.sim.gateway.codec import FieldError, FrameReader, ProtocolError, frame, read_float, read_int, split, text
from daemon.sim.gateway.layout import Record, decode, encode
from daemon.sim.gateway.order_layouts import COMPLETED_ORDER, OPEN_ORDER, PLACE_ORDER

# Field counts with the message id, as published for each server version: (single contract, combo of four legs).
PLACE_ORDER_COUNTS = {
    157: (110, 145), 158: (111, 146), 159: (111, 146), 160: (112, 147), 161: (112, 147), 162: (113, 148),
    163: (113, 148), 164: (113, 148), 165: (113, 148), 166: (114, 149), 167: (114, 149), 168: (114, 149),
    169: (115, 150), 170: (115, 150), 171: (115, 150), 172: (115, 150), 173: (115, 150), 174: (115, 150),
    175: (115, 150), 176: (115, 150), 177: (114, 149), 178: (114, 149),
}  # fmt: skip
OPEN_ORDER_COUNTS = {
    157: (128, 160), 158: (129, 161), 159: (129, 161), 160: (130, 162), 161: (130, 162),
    **dict.fromkeys(range(162, 170), (131, 163)), **dict.fromkeys(range(170, 177), (136, 168)),
    177: (135, 167), 178: (135, 167),
}  # fmt: skip
COMPLETED_COUNTS = {**dict.fromkeys(range(157, 170), 96), **dict.fromkeys(range(170, 177), 101), 177: 100, 178: 100}
CONTRACT_DETAILS_COUNTS = {**dict.fromkeys(range(157, 163), 39), **dict.fromkeys(range(163, 179), 40)}
SIMPLE_COUNTS = {
    1: 7, 2: 5, 3: 12, 45: 5, 46: 5, 50: 11, 88: 3, 90: 10, 94: 5, 95: 7, 6: 6, 7: 20, 8: 3, 9: 3, 15: 3, 21: 12, 49: 3, 52: 3, 53: 2, 54: 3, 55: 3, 57: 3, 58: 4, 59: 8,
    61: 16, 62: 2, 63: 7, 64: 3, 71: 18, 72: 3, 73: 8, 74: 3, 76: 2, 81: 5, 102: 1,
}  # fmt: skip
LEG = ("700001", "1", "SELL", "SMART", "0", "0", "", "-1")
COMBO = Record({"secType": "BAG"}, {"comboLegs": (LEG,) * 4})
VERSIONS = range(157, 179)
CONTRACT = ("1", "SPX", "OPT", "20200401", "2700.0", "P", "100", "", "USD", "SPXW", "SPXW")


def _count(message: bytes) -> int:
    return len(split(message[4:]))


@pytest.mark.parametrize("version", VERSIONS)
def test_orders_have_the_published_field_counts(version: int) -> None:
    assert 1 + len(encode(PLACE_ORDER, version, Record({}))) == PLACE_ORDER_COUNTS[version][0]
    assert 1 + len(encode(PLACE_ORDER, version, COMBO)) == PLACE_ORDER_COUNTS[version][1]
    assert _count(out.open_order(version, Record({}))) == OPEN_ORDER_COUNTS[version][0]
    assert _count(out.open_order(version, COMBO)) == OPEN_ORDER_COUNTS[version][1]
    assert _count(out.completed_order(version, Record({}))) == COMPLETED_COUNTS[version]


@pytest.mark.parametrize("version", VERSIONS)
def test_messages_that_grew_have_the_published_field_counts(version: int) -> None:
    assert _count(out.contract_details(version, Record({}))) == CONTRACT_DETAILS_COUNTS[version]
    assert _count(out.execution(version, Record({}))) == (32 if version >= 178 else 31)
    assert _count(out.error(version, 1, 200, "text")) == (6 if version >= 166 else 5)
    with_ids = Record({}, {"secIds": (("ISIN", "x"), ("CUSIP", "y"))})
    assert _count(out.contract_details(version, with_ids)) == CONTRACT_DETAILS_COUNTS[version] + 4


def test_simple_messages_have_the_published_field_counts() -> None:
    messages = (
        out.tick_price(1, 1, 1.0, 1), out.tick_size(1, 0, 1), out.tick_generic(1, 49, 0.0), out.tick_string(1, 45, "1"),
        out.real_time_bar(1, 1, (1.0, 1.0, 1.0, 1.0)), out.head_timestamp(1, "x"), out.pnl(1, (1.0, 1.0, 1.0)),
        out.historical_data_update(1, ("x", 1.0, 1.0, 1.0, 1.0, 0, 0.0, 0)), out.pnl_single(1, (1, 1.0, 1.0, 1.0, 1.0)), out.order_status(*([0] * 11)),
        out.account_value("k", "v", "USD", "DU1"), out.portfolio(CONTRACT, (1, 1.0, 1.0, 1.0, 0.0, 0.0), "DU1"),
        out.account_time("12:00"), out.next_valid_id(1), out.managed_accounts(["DU1"]),
        out.tick_greeks(1, 13, [0.1] * 8), out.current_time(1), out.contract_details_end(1), out.open_order_end(),
        out.account_download_end("DU1"), out.execution_end(1), out.tick_snapshot_end(1), out.market_data_type(1, 1),
        out.commission_report("x", 1.0, 0.0), out.position("DU1", CONTRACT, 1, 1.0), out.position_end(),
        out.account_summary(1, "DU1", tag="t", value="v", currency="USD"), out.account_summary_end(1),
        out.position_multi(1, "DU1", CONTRACT, quantity=1, average_cost=1.0), out.position_multi_end(1),
        out.account_update_multi(1, "DU1", key="k", value="v", currency="USD"), out.account_update_multi_end(1),
        out.option_params_end(1), out.tick_req_params(1, 0.05, "x"), out.completed_orders_end(),
    )  # fmt: skip

    found = {int(split(message[4:])[0]): _count(message) for message in messages}

    assert found == SIMPLE_COUNTS


def test_messages_with_lists_count_their_rows() -> None:
    head = ("SMART", 416904, "SPXW", "100")
    bar = ("20200302", 1.0, 2.0, 0.5, 1.5, 0, 0.0, 0)
    assert _count(out.option_params(1, head, ["20200401", "20200403"], ["2700.0"])) == 8 + 2 + 1
    assert _count(out.historical_data(1, "a", "b", [bar, bar, bar])) == 5 + 8 * 3
    assert _count(out.market_rule(109, [(0.0, 0.05), (3.0, 0.1)])) == 3 + 2 * 2


def test_a_message_with_a_wrong_number_of_fields_is_never_sent() -> None:
    with pytest.raises(AssertionError, match="ORDER_STATUS"):
        out.order_status(1, "Filled")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("layout", [PLACE_ORDER, OPEN_ORDER, COMPLETED_ORDER])
def test_a_decoded_message_is_what_was_encoded(version: int, layout: object) -> None:
    assert isinstance(layout, tuple)
    record = Record(
        {
            "secType": "BAG", "orderType": "PEG BENCH", "algoStrategy": "Adaptive", "hedgeType": "D",
            "deltaNeutralContract": "1", "scalePriceIncrement": "0.5", "deltaNeutralOrderType": "LMT",
        },
        {
            "comboLegs": (LEG,) * 2,
            "orderComboLegs": (("1.5",), ("2.5",)),
            "smartComboRoutingParams": (("NonGuaranteed", "1"),),
            "algoParams": (("adaptivePriority", "Normal"),),
            "conditions": (("1", "a", "1", "100", "1", "SMART", "0"), ("3", "o", "1", "20200302 12:00:00")),
        },
    )  # fmt: skip
    fields = encode(layout, version, record)

    found = decode(layout, version, fields)

    assert encode(layout, version, found) == fields
    assert found.rows["conditions"] == record.rows["conditions"]
    assert found["hedgeType"] == "D"


@pytest.mark.parametrize(
    ("values", "extra"),
    [
        ({"exchange": "IBKRATS"}, 1),
        ({"orderType": "PEG BEST", "competeAgainstBestOffset": "0.02"}, 2),
        ({"orderType": "PEG BEST", "competeAgainstBestOffset": "Infinite"}, 4),
        ({"orderType": "PEG BEST", "competeAgainstBestOffset": "Infinity"}, 4),
        ({"orderType": "PEG MID"}, 2),
    ],
)
def test_pegged_orders_carry_their_own_fields_from_170(values: dict[str, str], extra: int) -> None:
    assert len(encode(PLACE_ORDER, 170, Record(values))) == PLACE_ORDER_COUNTS[170][0] - 1 + extra
    assert len(encode(PLACE_ORDER, 169, Record(values))) == PLACE_ORDER_COUNTS[169][0] - 1


@pytest.mark.parametrize("cut", [-1, 1])
def test_a_missing_or_a_left_over_field_is_found(cut: int) -> None:
    fields = encode(PLACE_ORDER, 176, Record({}))
    wrong = fields[:cut] if cut < 0 else [*fields, "x"]

    with pytest.raises(FieldError, match="missing" if cut < 0 else "left over"):
        decode(PLACE_ORDER, 176, wrong)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.integers(1, 50))
def test_frames_survive_any_splitting(payloads: list[bytes], size: int) -> None:
    stream = b"API\0" + b"".join(struct.pack(">I", len(one)) + one for one in payloads)
    reader = FrameReader()

    found = [payload for at in range(0, len(stream), size) for payload in reader.feed(stream[at : at + size])]

    assert found == payloads


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n", b"AP1\0", b"\x16\x03\x01", b"API\0\x01\x00\x00\x01"])
def test_garbage_and_a_frame_above_16_mib_are_refused(garbage: bytes) -> None:
    with pytest.raises(ProtocolError):
        FrameReader().feed(garbage)


@pytest.mark.parametrize(
    ("value", "said"),
    [(True, "1"), (False, "0"), (None, ""), (7, "7"), (0.1 + 0.2, "0.3"), (-1.5, "-1.5"), (2700.0, "2700.0"), ("x", "x")],
)  # fmt: skip
def test_values_are_spelled_plainly(value: str | float | None, said: str) -> None:
    assert text(value) == said


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_numbers_that_are_none_never_go_out(value: float) -> None:
    with pytest.raises(AssertionError):
        text(value)


@pytest.mark.parametrize("said", ["", "1.7976931348623157e+308", "1.7976931348623157E308", "2147483647"])
def test_unset_numbers_are_known_in_every_spelling(said: str) -> None:
    assert read_float(said, "x") is None


def test_unset_integers_are_zero_and_nonsense_is_named() -> None:
    assert read_int("2147483647", "x") == 0
    with pytest.raises(FieldError, match="parentId is 'abc'"):
        read_int("abc", "parentId")
    for said in ("nan", "inf", "-1e300", "1e16", "Infinity", "x"):
        with pytest.raises(FieldError, match=f"lmtPrice is '{said}'"):
            read_float(said, "lmtPrice")


def test_a_frame_is_length_and_fields_each_ended_by_nul() -> None:
    assert frame(["15", "1", "DU1234567"]) == b"\x00\x00\x00\x0f15\x001\x00DU1234567\x00"
