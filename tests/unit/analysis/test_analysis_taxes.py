from dataclasses import replace
from datetime import date

import pytest
from analysis_values import row
from ledger_values import VIX_CALL, trade

from daemon.core.analysis.taxes import gains_by_year, realised_by_session
from daemon.core.book.book import BookEntry


def booked(exec_id: str, quantity: int, price_pts100: int, session: date, fee_usd_e4: int = 0) -> BookEntry:
    return replace(trade(exec_id, VIX_CALL, quantity, price_pts100, subject="L1", fee=fee_usd_e4), session=session)


def test_a_closing_trade_realises_against_the_mean_cost_with_its_fees() -> None:
    entries = [
        booked("a.1.1", 2, 100, date(2020, 3, 2), fee_usd_e4=10_000),
        booked("b.1.1", 2, 200, date(2020, 3, 3), fee_usd_e4=10_000),
        booked("c.1.1", -1, 300, date(2020, 12, 30), fee_usd_e4=5_000),
        booked("d.1.1", -3, 100, date(2021, 1, 4)),
    ]
    # 602 dollars for four, 150.50 each: 300 - 0.50 - 150.50 for the first, 300 - 451.50 for the others.

    assert [*realised_by_session(entries).values()] == pytest.approx([0, 0, 149.0, -151.5])


def test_a_trade_through_zero_closes_what_was_open_and_opens_the_rest() -> None:
    entries = [
        booked("a.1.1", 2, 100, date(2020, 3, 2)),
        booked("b.1.1", -3, 150, date(2020, 3, 3)),
        booked("c.1.1", 1, 200, date(2021, 3, 3)),
    ]

    assert [*realised_by_session(entries).values()] == pytest.approx([0, 100.0, -50.0])


def test_only_what_was_closed_inside_the_period_is_realised_in_it() -> None:
    entries = [
        booked("a.1.1", 3, 100, date(2020, 2, 28)),
        booked("b.1.1", -1, 200, date(2020, 2, 28)),
        booked("c.1.1", -1, 400, date(2020, 3, 2)),
        booked("d.1.1", -1, 800, date(2020, 3, 4)),
    ]
    days = [row(date(2020, 3, day), hedge_usd=0) for day in (2, 3)]

    (found,) = gains_by_year(days, entries)

    assert found.realised_usd == 300, "one call of 100 dollars sold for 400"


def test_a_year_counts_all_its_gains_and_shares_them_60_to_40() -> None:
    days = [
        row(date(2020, 12, 31), condor_usd=900, hedge_usd=100),
        row(date(2021, 1, 4), condor_usd=-50),
    ]
    old, new = gains_by_year(days, [])

    assert (old.gain_usd, old.long_term_usd, old.short_term_usd, old.whole) == (1000, 600, 400, True)
    assert (new.gain_usd, new.realised_usd, new.whole) == (-50, 0, False)
