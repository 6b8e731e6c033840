"""Events in words: names, units, reasons, and nothing that an event carries is lost."""

from datetime import UTC, date, datetime

import pytest

from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.orders.intent import Purpose, Reason
from daemon.core.phrasing import sentence, value_text, words
from daemon.core.records import Level
from daemon.core.vocabulary import VOCABULARY, level_of
from daemon.errors import InvariantError


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("limit_pts100", -435, "-4.35"),
        ("mid_pts", 4.3, "4.30"),
        ("net_liquidation_usd_cents", 100_000_012, "$1,000,000.12"),
        ("cash_usd_cents", -5, "-$0.05"),
        ("fee_usd_e4", 12_345, "$1.2345"),
        ("wing_notional_usd", 100_000, "$100,000"),
        ("target_usd", 7920.5, "$7,920.50"),
        ("pct", 7.92, "7.92 %"),
        ("spread_pct", 9.0, "9 %"),
        ("retry_s", 2.0, "2 s"),
        ("vix", 14.829999, "14.83"),
        ("quantity", -2, "-2"),
        ("enabled", True, "yes"),
        ("purpose", Purpose.ENTRY, "ENTRY"),
        ("expiry", date(2020, 3, 20), "2020-03-20"),
        ("targets", {"L1": 4, "L2": 4, "L3": 2}, "L1 4 L2 4 L3 2"),
        ("gates", ["stale_index", "halted"], "stale_index, halted"),
        ("reasons", (Reason("low_credit", "the credit is 2.10"),), "the credit is 2.10 (low_credit)"),
        ("contract", OptionContract(TradingClass.SPXW, date(2020, 3, 20), 315_000, Right.PUT), "SPXW 2020-03-20 3150P"),
    ],
)
def test_a_value_is_told_with_the_unit_of_its_name(name: str, value: object, text: str) -> None:
    assert value_text(name, value) == text


def test_the_name_of_an_event_is_told_in_words() -> None:
    assert words("condor_entry_skipped") == "condor entry skipped"


def test_a_phrase_is_left_out_when_one_of_its_fields_is_missing() -> None:
    assert sentence("order_sent", {"order_ref": "cd.1"}) == "cd.1"
    assert sentence("order_sent", {"order_ref": "cd.1", "limit_pts100": -435}) == "cd.1, limit -4.35"


def test_fields_that_no_phrase_mentions_follow_with_their_names() -> None:
    text = sentence(
        "order_sent", {"order_ref": "cd.1", "limit_pts100": -435, "margin_usd_cents": 250_000, "note": None}
    )

    assert text == "cd.1, limit -4.35, margin $2,500.00"


def test_a_field_of_a_phrase_that_was_left_out_is_still_told() -> None:
    assert sentence("break_found", {"kind": "missed_fill", "book_qty": 2}) == "missed_fill, book qty 2"


def test_an_unknown_event_is_told_by_its_fields() -> None:
    assert sentence("never_heard_of", {"count": 2, "price_pts100": 100}) == "count 2, price 1.00"


def test_zero_is_a_value() -> None:
    assert sentence("book_reconciled", {"why": "start", "breaks_open": 0}) == "start, 0 breaks open"


def test_an_event_outside_the_vocabulary_has_no_level() -> None:
    with pytest.raises(InvariantError, match="never_heard_of"):
        level_of("never_heard_of")


def test_severities_follow_what_an_event_means() -> None:
    assert level_of("order_filled") is Level.INFO
    assert level_of("order_unknown") is Level.WARNING
    assert level_of("job_failed") is Level.ERROR


def test_event_names_are_snake_case_and_have_words() -> None:
    for name, word in VOCABULARY.items():
        assert name == name.lower()
        assert "_" in name
        assert "{" in word.phrases[0], name
        assert all(phrase.count("{") == phrase.count("}") for phrase in word.phrases), name


def test_times_are_told_with_their_zone() -> None:
    assert value_text("at", datetime(2020, 2, 18, 20, 30, tzinfo=UTC)) == "2020-02-18T20:30:00+00:00"
