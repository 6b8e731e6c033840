from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from daemon.sim.exchange.ledger import E4, Ledger, restored_ledger

CASH_AT = datetime(2020, 3, 23, tzinfo=UTC)
FILLS = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.integers(-9, 9).filter(bool),
        st.integers(1, 30_000),
        st.integers(0, 99_999),
    ),
    max_size=30,
)


def test_average_cost_includes_multiplier_and_commission() -> None:
    ledger = Ledger(cash_e4=0)

    ledger.fill(1, 2, price_pts100=435, commission_e4=23_000)
    ledger.fill(2, -2, price_pts100=435, commission_e4=23_000)

    assert ledger.lots[1].average_cost == 436.15
    assert ledger.lots[2].average_cost == 433.85


def test_closing_realises_the_difference_less_both_commissions() -> None:
    ledger = Ledger(cash_e4=0)
    ledger.fill(1, -2, price_pts100=500, commission_e4=23_000)

    realised = ledger.fill(1, 1, price_pts100=300, commission_e4=11_500)

    assert realised == round((500 - 300 - 1.15 - 1.15) * E4)
    assert ledger.lots[1].quantity == -1


@given(FILLS, st.dictionaries(st.integers(1, 3), st.integers(0, 9_999), min_size=3, max_size=3))
def test_cash_is_realised_result_less_open_cost_whatever_is_traded(
    fills: list[tuple[int, int, int, int]], finals: dict[int, int]
) -> None:
    ledger = Ledger(cash_e4=0)
    spent = 0

    for con_id, quantity, price, commission in fills:
        ledger.fill(con_id, quantity, price_pts100=price, commission_e4=commission)
        spent += quantity * price * E4 + commission

    assert ledger.cash_e4 == -spent
    assert ledger.realized_e4 - sum(lot.cost_e4 for lot in ledger.lots.values()) == -spent

    settled = sum(lot.quantity * finals[con_id] * E4 for con_id, lot in ledger.open_lots().items())
    for con_id in tuple(ledger.open_lots()):
        ledger.settle(con_id, finals[con_id])
        ledger.vanish(con_id, CASH_AT)
    assert ledger.due_e4 == settled
    ledger.book_cash(CASH_AT)
    assert ledger.cash_e4 == ledger.realized_e4 == settled - spent


@given(FILLS)
def test_a_ledger_reads_back_as_it_was(fills: list[tuple[int, int, int, int]]) -> None:
    ledger = Ledger(cash_e4=7)
    for con_id, quantity, price, commission in fills:
        ledger.fill(con_id, quantity, price_pts100=price, commission_e4=commission)

    assert restored_ledger(ledger.dump()) == ledger
