"""The extra layer through the whole daemon: small against L1, calls alone, gone before they are exercised."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from rehearsals import FIRST, Done, Life, live, preset, rehearse

from daemon.core.book.book import EntryKind
from daemon.core.book.breaks import BreakKind
from daemon.core.calendar.sessions import new_york, session_on_or_after
from daemon.core.market.contracts import Right, TradingClass, Underlying
from daemon.core.orders.intent import Purpose
from daemon.core.records import Decision, DecisionKind, RunState

LAST = date(2020, 3, 17)
EVERY = 7
NEAR: dict[str, Any] = {
    "HEDGE_ETF_EVERY_DAYS": str(EVERY),
    "HEDGE_ETF_DTE_MIN": "9",
    "HEDGE_ETF_DTE_TARGET": "10",
    "HEDGE_ETF_DTE_MAX": "14",
    "HEDGE_ETF_SELL_MULTIPLE": "0",
}


def decisions(done: Done) -> list[Decision]:
    found = [each for day in done.store.days() for each in done.store.decisions(day.session)]
    return [each for each in found if each.subject == "etf"]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    return rehearse(tmp_path_factory.mktemp("etf") / "out", LAST, first=FIRST, **preset("etf_extra"), **NEAR)


def test_it_buys_calls_alone_within_a_tenth_of_the_first_layer_and_sells_them(done: Done) -> None:
    orders = [order for order in done.store.intents(subject="etf") if order.filled]
    legs = [leg for order in orders for leg in order.spec.legs]

    assert {(order.key.purpose, order.spec.legs[0].ratio) for order in orders} == {
        (Purpose.ETF, 1),
        (Purpose.ROLL_SELL, -1),
    }
    assert {(leg.contract.underlying, leg.contract.right) for leg in legs} == {(Underlying.VXX, Right.CALL)}
    assert all(len(order.spec.legs) == 1 for order in orders)
    assert {leg.ratio for leg in legs} == {1, -1}
    for decision in (each for each in decisions(done) if each.kind is DecisionKind.BUY):
        sized = decision.reasons[0]
        assert sized.name == "etf_purchase"
        assert isinstance(sized.value, float)
        assert sized.value <= float(sized.limit or 0)
        # The limit is a tenth of what L1 should hold by the same session's computation.
        (computed,) = done.store.hedge_computations(decision.session)[-1:]
        first = next(row for row in computed.layers if row.layer == "L1")
        assert first.delta_usd is not None
        assert sized.limit == pytest.approx(0.1 * first.target * first.delta_usd, abs=0.01)


def test_it_buys_on_its_own_dates_and_a_date_on_which_nothing_fits_is_named(done: Done) -> None:
    dates = {session_on_or_after(FIRST + timedelta(days=EVERY * n)) for n in range(5)}
    buys = {each.session for each in decisions(done) if each.kind is DecisionKind.BUY}
    told = [each for each in decisions(done) if each.kind is DecisionKind.SKIP]
    skips = {each.session: each.reasons[0].name for each in told if each.reasons[-1].name == "etf_due"}

    assert buys
    assert buys <= dates
    assert skips[FIRST] == "etf_zero"  # L1 holds one call on the first day
    assert skips.keys() <= dates


def test_a_call_is_sold_days_before_it_could_be_exercised(done: Done) -> None:
    sales = [each for each in decisions(done) if each.kind is DecisionKind.SELL]

    assert sales
    assert {each.reasons[0].name for each in sales} == {"etf_expires"}
    assert not [
        entry for entry in done.store.entries() if entry.subject == "etf" and entry.kind is EntryKind.SETTLEMENT
    ]


def test_a_person_s_exits_only_does_not_keep_a_call_until_it_is_exercised(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        await life.until(date(2020, 3, 4), time(9, 0))
        program.engine.run_states.halt("travelling", RunState.EXITS_ONLY)
        await life.until(date(2020, 3, 12), time(17, 0))

        orders = [order for order in program.store.intents(subject="etf") if order.filled]
        assert [order.key.purpose for order in orders] == [Purpose.ETF, Purpose.ROLL_SELL]
        assert program.engine.desk.view().book.holdings["etf"].positions == {}
        refused = program.store.decisions(date(2020, 3, 10))
        assert "exits_only" in {reason.name for each in refused for reason in each.reasons}

    live(tmp_path / "state", new_york(FIRST, time(9, 0)), scene, **preset("etf_extra"), **NEAR)


def test_its_greeks_are_known_and_stand_beside_those_on_vix(done: Done) -> None:
    held = {
        day.session
        for day in done.store.days()
        if any(line.subject == "etf" and line.quantity for line in day.positions)
    }
    closes = {risk.session: risk for risk in done.store.risks()}

    assert held
    for session, risk in closes.items():
        assert risk.unknown == ()
        assert (risk.hedge_on_funds is not None) is (session in held)
        assert risk.hedge_on_funds is None or risk.hedge_on_funds.delta_usd > 0
        assert risk.worst is not None


def test_neither_layers_nor_targets_count_it(done: Done) -> None:
    for computation in done.store.hedge_computations():
        assert {row.layer for row in computation.layers} <= {"L1", "L2", "L3"}
        assert sum(row.target for row in computation.layers) == computation.contracts


def test_nothing_went_wrong(done: Done) -> None:
    assert (done.result.summary.errors, done.result.summary.breaks_open) == (0, 0)


def test_without_a_figure_of_the_dollar_nothing_is_bought_and_the_report_says_so(tmp_path: Path) -> None:
    asked = preset("etf_extra") | {"HEDGE_ETF_STRONG_DOLLAR": "true"}
    done = rehearse(tmp_path / "out", date(2020, 3, 3), first=FIRST, **asked)

    assert [each.reasons[0].name for each in decisions(done)] == ["etf_dollar_unknown"] * 2
    assert "missing: the file is not there" in decisions(done)[0].reasons[0].text
    assert done.store.intents(subject="etf") == ()


def test_a_strong_dollar_by_its_file_buys(tmp_path: Path) -> None:
    macro = tmp_path / "macro"
    macro.mkdir()
    months = [date(2018 + n // 12, n % 12 + 1, 15) for n in range(25)]
    # Alternating figures of 99 and 101, then a rise beyond one deviation.
    rows = [f"{day},{99 + 2 * (n % 2) if n < 23 else 101 + (n - 22)}" for n, day in enumerate(months)]
    (macro / "reer.csv").write_text("\n".join(["date,index", *rows]) + "\n", encoding="utf-8")
    asked = preset("etf_extra") | NEAR | {"HEDGE_ETF_STRONG_DOLLAR": "true", "MACRO_DIR": str(macro)}

    done = rehearse(tmp_path / "out", date(2020, 3, 3), first=FIRST, **asked)

    buys = [each for each in decisions(done) if each.kind is DecisionKind.BUY]
    assert buys
    assert {"etf_dollar_strong"} <= {reason.name for each in buys for reason in each.reasons}


def test_a_call_that_could_not_be_sold_is_closed_in_the_book_and_its_shares_are_named_as_foreign(
    tmp_path: Path,
) -> None:
    """No quotes of VXX from before the first day on which a call should be sold until it has expired in the money."""
    gap = '[[fault]]\nkind = "data_missing"\nsymbol = "VXX"\nfrom = "2020-03-06 09:00"\nuntil = "2020-03-17 20:00"\n'
    done = rehearse(tmp_path / "out", LAST, first=FIRST, faults=gap, **preset("etf_extra"), **NEAR)

    (settled,) = [e for e in done.store.entries() if e.subject == "etf" and e.kind is EntryKind.SETTLEMENT]
    told = [each.reasons[0] for each in decisions(done) if each.reasons[0].name == "no_hedge_quote"]
    (found,) = [event for event in done.store.events() if event.name == "break_found"]
    assert settled.contract.trading_class is TradingClass.VXX
    assert settled.price_pts100 > 0
    assert any("should be sold before it expires" in reason.text for reason in told)
    assert found.fields["kind"] == BreakKind.FOREIGN
    assert found.fields["account_qty"] == -settled.quantity * 100
    assert "STK VXX" in str(found.fields["text"])
    # What is foreign blocks nothing and stays; the rest of the book and the account agree.
    assert (done.result.summary.errors, done.result.summary.breaks_open) == (0, 0)
