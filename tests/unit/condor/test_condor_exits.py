from datetime import date, timedelta

import pytest
from condor_values import EXPIRY, POLICY, policy
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.condor.exits import expires_today, take_profit_limit_pts100, time_exit_due


class TestTakeProfitLimit:
    @pytest.mark.parametrize(
        ("credit", "kept_pct", "limit"),
        [
            (4.30, 50.0, 215),
            (4.35, 50.0, 215),  # 2.175
            (4.40, 50.0, 220),
            (1.15, 50.0, 55),  # 0.575
            (4.30, 25.0, 320),  # 3.225
            (0.05, 50.0, 5),
            (4.30, 100.0, 5),
            (1.1, 50.0, 55),  # no binary form: exactly 0.55
        ],
    )
    def test_what_is_left_of_the_credit_is_rounded_down_to_a_price(
        self, credit: float, kept_pct: float, limit: int
    ) -> None:
        assert take_profit_limit_pts100(credit, policy(take_profit_pct=kept_pct)) == limit

    @given(st.integers(1, 5000), st.floats(1, 99))
    def test_the_limit_is_a_legal_price_and_keeps_the_wanted_share(self, credit_pts100: int, kept_pct: float) -> None:
        limit = take_profit_limit_pts100(credit_pts100 / 100, policy(take_profit_pct=kept_pct))

        assert limit % 5 == 0
        assert limit >= 5
        assert limit == 5 or limit <= credit_pts100 * (1 - kept_pct / 100) + 1e-6

    def test_a_debit_entry_has_no_take_profit(self) -> None:
        with pytest.raises(AssertionError, match="needs a credit"):
            take_profit_limit_pts100(0.0, POLICY)


class TestTimeExit:
    @pytest.mark.parametrize(("days", "due"), [(6, False), (5, True), (4, True), (0, True)])
    def test_it_is_due_from_the_given_days_to_expiry_on(self, days: int, due: bool) -> None:
        assert time_exit_due(EXPIRY - timedelta(days=days), EXPIRY, POLICY) is due

    def test_a_friday_expiry_leaves_on_the_monday_before(self) -> None:
        # 2020-03-20 is a Friday; five days before is a Sunday.
        assert not time_exit_due(date(2020, 3, 13), EXPIRY, POLICY)
        assert time_exit_due(date(2020, 3, 16), EXPIRY, POLICY)

    def test_it_is_never_due_when_switched_off(self) -> None:
        assert not time_exit_due(EXPIRY, EXPIRY, policy(time_exit_enabled=False))


class TestExpiresToday:
    def test_only_the_session_of_the_expiry_is_its_last(self) -> None:
        assert expires_today(EXPIRY, EXPIRY)
        assert not expires_today(EXPIRY - timedelta(days=1), EXPIRY)
