"""The second engine: its ledger, its cap and its purchases, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hedge_values import POLICY

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.calendar.sessions import session
from daemon.core.hedge.budget import spent
from daemon.core.hedge.sleeve import cap_usd, size_sleeve, sleeve_sale
from daemon.core.hedge.sub_ledger import SubLedger, sub_ledger
from daemon.core.market.contracts import ConId, OptionContract, Right, TradingClass
from daemon.core.orders.broker_facts import ExecId
from daemon.core.orders.intent import Strategy

DAY = date(2020, 2, 18)
LONG = OptionContract(TradingClass.VIX, date(2020, 5, 20), 2000, Right.CALL)
SHORT = OptionContract(TradingClass.VIX, date(2020, 5, 20), 2900, Right.CALL)
SLEEVE = POLICY.sleeve


def entry(
    number: int, contract: OptionContract, quantity: int, price_pts100: int, *, subject: str = "sleeve"
) -> BookEntry:
    return BookEntry(
        exec_id=ExecId(f"0000.{number}.01"),
        kind=EntryKind.TRADE,
        order_ref=None,
        strategy=Strategy.HEDGE,
        subject=subject,
        con_id=ConId(1),
        contract=contract,
        quantity=quantity,
        price_pts100=price_pts100,
        fee_usd_e4=12_000,
        at=session(DAY).open_at + timedelta(seconds=number),
        session=DAY,
    )


OPENED = [entry(1, LONG, 4, 200), entry(2, SHORT, -4, 80), entry(3, LONG, 9, 100, subject="L3")]


class TestLedger:
    def test_cash_cost_and_value_of_what_is_open(self) -> None:
        # 4 x (2.00 - 0.80) = 480 dollars and two fees of 1.20; worth 4 x (2.50 - 0.90) = 640.
        found = sub_ledger(OPENED, "sleeve", {LONG: 2.5, SHORT: 0.9})

        assert found.cash_usd == pytest.approx(-482.40)
        assert found.cost_usd == pytest.approx(480.0)
        assert found.value_usd == pytest.approx(640.0)
        assert found.realised_usd == pytest.approx(-2.40)
        assert found.pnl_usd == pytest.approx(157.60)
        assert found.used_usd == pytest.approx(640.0)

    def test_what_is_sold_leaves_at_its_mean_price(self) -> None:
        # One of four at 5.00 less 1.00: 400 for what cost 120, and two more fees.
        found = sub_ledger(
            [*OPENED, entry(4, LONG, -1, 500), entry(5, SHORT, 1, 100)], "sleeve", {LONG: 5.0, SHORT: 1.0}
        )

        assert found.cost_usd == pytest.approx(360.0)
        assert found.realised_usd == pytest.approx(400 - 120 - 4 * 1.20)
        assert found.value_usd == pytest.approx(1200.0)

    def test_a_missing_mark_is_no_zero(self) -> None:
        found = sub_ledger(OPENED, "sleeve", {LONG: 2.5})

        assert (found.value_usd, found.pnl_usd, found.used_usd) == (None, None, None)

    def test_the_debit_guard_of_the_hedge_does_not_see_it(self) -> None:
        assert spent(OPENED, [], [], DAY).debits_usd == pytest.approx(900.0)  # L3 alone


def ledger(cash_usd: float, value_usd: float | None = 0.0) -> SubLedger:
    return SubLedger(cash_usd=cash_usd, cost_usd=0.0, value_usd=value_usd)


class TestCap:
    def test_it_is_a_share_of_net_liquidation(self) -> None:
        assert cap_usd(100_000_000, SLEEVE) == pytest.approx(20_000.0)
        assert cap_usd(-5, SLEEVE) == 0.0

    @pytest.mark.parametrize(
        ("cash_usd", "value_usd", "quantity", "name"),
        [
            (0.0, 0.0, 47, "sleeve_purchase"),  # a quarter of 20,000 by 105
            (-19_000.0, 3_000.0, 9, "sleeve_purchase"),  # 1,000 are left
            (-19_900.0, 3_000.0, 0, "sleeve_cap"),
            (5_000.0, 19_950.0, 0, "sleeve_cap"),  # gains count while they are held
            (-100.0, None, 0, "sleeve_value_unknown"),
        ],
    )
    def test_a_purchase_never_passes_it(
        self, cash_usd: float, value_usd: float | None, quantity: int, name: str
    ) -> None:
        # 100 dollars and 5 for fees each.
        found, (reason,) = size_sleeve(ledger(cash_usd, value_usd), 100.0, 20_000.0, SLEEVE)

        assert (found, reason.name) == (quantity, name)
        if found:
            assert isinstance(reason.value, float)
            assert reason.value <= 20_000.0

    def test_a_spread_dearer_than_one_purchase_is_named(self) -> None:
        quantity, (reason,) = size_sleeve(ledger(0.0), 100.0, 400.0, SLEEVE)

        assert (quantity, reason.name, reason.value, reason.limit) == (0, "sleeve_purchase_zero", 105.0, 100.0)


@pytest.mark.parametrize(
    ("times", "multiple", "sold"), [(5.0, 5.0, True), (4.9, 5.0, False), (9.0, 0.0, False), (None, 5.0, False)]
)
def test_it_is_sold_at_a_multiple_of_its_cost(times: float | None, multiple: float, sold: bool) -> None:
    reason = sleeve_sale(times, replace(SLEEVE, sell_multiple=multiple))

    assert (reason is not None) is sold
