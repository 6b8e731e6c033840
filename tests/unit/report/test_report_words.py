from datetime import UTC, date, datetime

import pytest
from report_values import LEGS, vix_call

from daemon.core.orders.intent import Leg, Reason
from daemon.report import words


@pytest.mark.parametrize(
    ("cents", "signed", "text"),
    [
        (123_456, False, "$1,235"),
        (-123_456, True, "-$1,235"),
        (123_456, True, "+$1,235"),
        (-40, True, "$0"),
        (None, True, "unknown"),
    ],
)
def test_whole_dollars_carry_a_sign_unless_they_are_zero(cents: int | None, signed: bool, text: str) -> None:
    assert words.dollars(cents, signed=signed) == text


def test_a_missing_figure_is_unknown_and_never_zero() -> None:
    written = (
        words.dollars(None),
        words.dollars_and_cents(None),
        words.points(None),
        words.percent(None),
        words.net_price(None),
    )

    assert set(written) == {"unknown"}


def test_numbers_that_round_to_zero_have_no_sign() -> None:
    assert words.points(-0.001, signed=True) == "0.00"
    assert words.percent(-0.01) == "0.0 %"


def test_a_net_price_says_whether_it_is_received_or_paid() -> None:
    assert (words.net_price(-4.35), words.net_price(1.2)) == ("4.35 cr", "1.20 db")


def test_a_condor_is_written_with_its_short_strikes_first_whichever_way_it_is_traded() -> None:
    closing = tuple(Leg(leg.contract, -leg.ratio) for leg in LEGS)

    assert words.legs_text(LEGS, 2) == "2x 2800/2775P 3265/3290C"
    assert words.legs_text(closing, 2) == "2x 2800/2775P 3265/3290C"


def test_single_contracts_are_written_with_signed_quantity() -> None:
    call = vix_call(22.5, date(2020, 3, 18))

    assert words.legs_text((Leg(call, -1),), 4) == "-4 VIX 2020-03-18 22.5C"


def test_a_reason_shows_value_and_limit_behind_its_sentence() -> None:
    reason = Reason("credit_too_small", "the credit is too small", 3.1, 3.75)

    assert words.reason_text(reason) == "the credit is too small [3.1, limit 3.75]"
    assert words.reason_short(reason) == "credit too small (3.1, limit 3.75)"
    assert words.reason_text(Reason("halted", "a person halted it")) == "a person halted it"


def test_times_are_new_york_times_on_both_sides_of_the_clock_change() -> None:
    assert words.new_york_time(datetime(2020, 3, 6, 20, 30, tzinfo=UTC)) == "15:30"
    assert words.new_york_time(datetime(2020, 3, 9, 19, 30, tzinfo=UTC)) == "15:30"


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    lines = words.columns([("a", "1"), ("long", "22")], "<>", indent=0)

    assert lines == ["a      1", "long  22"]


def test_text_is_cut_to_its_width() -> None:
    assert words.clipped("0123456789", 8) == "01234..."
    assert words.clipped("0123456789", 10) == "0123456789"
