from datetime import date

import pytest

from daemon.core.risk.losses import Close, Loss, Losses, references

# Two weeks of February 2020: 14 February is a Friday, 17 February a holiday.
FEB13, FEB14, FEB18, FEB19, FEB20, FEB24 = (date(2020, 2, day) for day in (13, 14, 18, 19, 20, 24))
CLOSES = (
    Close(FEB13, 1_030_000_00),
    Close(FEB14, 1_000_000_00),
    Close(FEB18, 990_000_00),
    Close(FEB19, 1_010_000_00),
)
NOTHING = Loss(None, None)


def fallen(
    closes: tuple[Close, ...],
    session: date,
    nlv_usd_cents: int | None,
    *,
    start_usd_cents: int | None = None,
    peak_from: date | None = None,
) -> Losses:
    return references(closes, session, start_usd_cents=start_usd_cents, peak_from=peak_from).losses(nlv_usd_cents)


def near(pct: float, since: date | None) -> object:
    return pytest.approx(pct), since


def told(loss: Loss) -> object:
    assert loss.since is not None
    return loss.pct, loss.since.session


def test_a_fall_is_measured_from_the_close_before_the_session_before_the_week_and_from_the_highest() -> None:
    found = fallen(CLOSES, FEB20, 979_700_00)

    # 1,010,000 -> 979,700 is 3 %; 1,000,000 (Friday) -> 979,700 is 2.03 %; 1,030,000 -> 979,700 is 4.8835 %.
    assert told(found.session) == near(3.0, FEB19)
    assert told(found.week) == near(2.03, FEB14)
    assert told(found.drawdown) == near(4.88350, FEB13)


def test_a_gain_is_a_negative_fall() -> None:
    assert told(fallen(CLOSES, FEB20, 1_020_100_00).session) == near(-1.0, FEB19)


def test_a_week_begins_on_monday_also_when_monday_is_a_holiday() -> None:
    assert told(fallen(CLOSES, FEB18, 1_000_000_00).week) == near(0, FEB14)
    assert told(fallen(CLOSES, FEB24, 1_010_000_00).week) == near(0, FEB19)


def test_the_close_of_the_session_itself_is_no_reference() -> None:
    assert told(fallen(CLOSES, FEB19, 990_000_00).session) == near(0, FEB18)


def test_a_close_that_was_not_recorded_is_replaced_by_the_last_one_before_it() -> None:
    assert told(fallen(CLOSES, FEB24, 999_900_00).session) == near(1.0, FEB19)


def test_before_the_first_close_it_is_measured_from_the_first_start() -> None:
    found = fallen((), FEB18, 970_000_00, start_usd_cents=1_000_000_00)

    assert told(found.session) == told(found.week) == told(found.drawdown) == near(3.0, None)


def test_in_the_first_week_only_the_week_is_measured_from_the_first_start() -> None:
    found = fallen((Close(FEB18, 990_000_00),), FEB19, 980_100_00, start_usd_cents=1_000_000_00)

    assert told(found.session) == near(1.0, FEB18)
    assert told(found.week) == told(found.drawdown) == near(1.99, None)


def test_an_account_that_was_never_valued_has_nothing_to_be_measured_from() -> None:
    assert fallen((), FEB18, 1_000_000_00) == Losses(NOTHING, NOTHING, NOTHING)


def test_without_net_liquidation_every_fall_is_unknown() -> None:
    found = fallen(CLOSES, FEB20, None)

    assert told(found.session) == (None, FEB19)
    assert told(found.week) == (None, FEB14)
    assert told(found.drawdown) == (None, FEB13)


def test_an_account_without_value_gives_no_percentages() -> None:
    assert told(fallen((Close(FEB18, 0),), FEB19, -5).session) == (None, FEB18)


def test_the_peak_counts_from_the_session_that_was_set() -> None:
    for start_usd_cents in (None, 2_000_000_00):
        later = fallen(CLOSES, FEB20, 999_900_00, start_usd_cents=start_usd_cents, peak_from=FEB18)
        now = fallen(CLOSES, FEB20, 999_900_00, start_usd_cents=start_usd_cents, peak_from=FEB20)

        assert told(later.drawdown) == near(1.0, FEB19)
        assert now.drawdown == NOTHING
