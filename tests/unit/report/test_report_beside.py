"""What stands beside the layers, as it is told: a ledger each, and the condors that a spread is held for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.calendar.sessions import new_york
from daemon.core.hedge.drift_hedge import BOUGHT_FOR
from daemon.core.hedge.units import HedgeUnit
from daemon.core.market.contracts import ConId, OptionContract, Right, TradingClass
from daemon.core.orders.broker_facts import ExecId
from daemon.core.orders.intent import (
    Intent,
    IntentKey,
    IntentState,
    OrderSpec,
    Purpose,
    Reason,
    Strategy,
    TimeInForce,
)
from daemon.core.records import DayRecord, HedgeComputation, LayerComputation, PositionLine
from daemon.report.beside import beside_lines, beside_text
from daemon.report.closing import Closing, closing
from daemon.report.hedge import HedgeChange, hedge_changes, held_at_close_usd, layer_lines

DAY = date(2020, 2, 25)
AT = new_york(DAY, time(15, 50))
LONG, SHORT = (OptionContract(TradingClass.VIXW, date(2020, 3, 4), strike * 100, Right.CALL) for strike in (28, 37))
UNIT = HedgeUnit(LONG, SHORT)
ORDER = Intent(
    IntentKey(DAY, Strategy.HEDGE, Purpose.DRIFT, "drift", 1),
    OrderSpec(UNIT.legs, 2, 105, TimeInForce.DAY),
    AT,
    state=IntentState.FILLED,
    filled=2,
    reasons=(Reason("drift_hedge", "the arithmetic"), Reason(BOUGHT_FOR, "", "C20200218-1, C20200219-1")),
)


def entry(number: int, contract: OptionContract, quantity: int, price_pts100: int, subject: str) -> BookEntry:
    return BookEntry(
        exec_id=ExecId(f"0000.{number}.01"),
        kind=EntryKind.TRADE,
        order_ref=ORDER.ref if subject == "drift" else None,
        strategy=Strategy.HEDGE,
        subject=subject,
        con_id=ConId(number),
        contract=contract,
        quantity=quantity,
        price_pts100=price_pts100,
        fee_usd_e4=0,
        at=AT + timedelta(seconds=number),
        session=DAY,
    )


def end(*, shared: bool = False) -> Closing:
    """Close a session with two drift spreads, and with three calls of the same strike in L1 if ``shared``."""
    entries = [entry(1, LONG, 2, 140, "drift"), entry(2, SHORT, -2, 40, "drift")]
    entries += [entry(3, LONG, 3, 140, "L1")] if shared else []
    lines = tuple(
        PositionLine("hedge", each.subject, each.contract, each.quantity, 1.5 if each.contract == LONG else 0.5)
        for each in entries
    )
    day = DayRecord(DAY, 3128.0, 27.8, 100_000_000, 0, 0, 25_000, None, None, None, None, 0, lines)
    return closing(DAY, entries, [day])


def test_the_ledger_and_the_condors_of_what_is_held() -> None:
    head, row, held = beside_text(beside_lines(end(), [ORDER]))

    # Two spreads for 1.00 that are worth 1.00.
    assert head.split()[:3] == ["beside", "the", "layers"]
    assert row.split() == ["drift", "-$200", "+$200", "+$200", "$0", "$0"]
    assert held == "  VIXW 2020-03-04 28/37C is held for C20200218-1, C20200219-1"


def test_without_a_trade_there_is_nothing_to_tell() -> None:
    assert beside_text(beside_lines(closing(DAY, [], []), [])) == []


def test_a_contract_that_a_layer_holds_too_is_told_apart() -> None:
    row = LayerComputation("L1", LONG, 25.8, 0.4, 1032.0, 3, 3)
    drift = LayerComputation("drift", LONG, 25.8, 0.2, 516.0, 0, 2, short=SHORT)
    computation = HedgeComputation(DAY, AT, 27.8, "high", 30.0, 25_000, 7_500.0, 3_096.0, 3, (row,), beside=(drift,))
    close = end(shared=True)

    lines = {line.layer: line for line in layer_lines(close, computation, {})}
    assert (lines["L1"].unit, lines["L1"].held, lines["L1"].target, lines["L1"].delta_usd) == (
        HedgeUnit(LONG),
        3,
        3,
        3096.0,
    )
    assert (lines["drift"].unit, lines["drift"].held, lines["drift"].target) == (UNIT, 2, None)
    assert lines["drift"].delta_usd == 1032.0
    assert close.day is not None
    assert held_at_close_usd(close.day, computation) == 3096.0  # the three of L1


def test_a_purchase_and_a_sale_beside_the_layers_are_named_so() -> None:
    sale = replace(
        ORDER,
        key=replace(ORDER.key, attempt=2),
        spec=replace(ORDER.spec, legs=tuple(replace(leg, ratio=-leg.ratio) for leg in UNIT.legs)),
    )
    sold = [
        replace(entry(4, LONG, -2, 200, "drift"), order_ref=sale.ref),
        replace(entry(5, SHORT, 2, 60, "drift"), order_ref=sale.ref),
    ]
    changes: tuple[HedgeChange, ...] = hedge_changes([ORDER, sale], [*end().entries, *sold])

    assert [(change.layer, change.kind, change.cash_usd_cents) for change in changes] == [
        ("drift", "purchase", -20_000),
        ("drift", "sale", 28_000),
    ]
