"""Bad input to an entry: each is a skip by name, nothing is sent, and the next session enters as usual."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from rehearsals import FIRST, Done, Life, live, rehearse

from daemon.core.calendar.sessions import new_york
from daemon.core.market.contracts import ContractInfo, OptionContract, Right, TradingClass, Underlying
from daemon.core.market.quotes import IndexQuote, Quote
from daemon.core.orders.broker_facts import Margin
from daemon.core.orders.intent import OrderSpec, Purpose, Reason, Strategy
from daemon.core.records import Decision, DecisionKind
from daemon.errors import BrokerTimeoutError
from daemon.ports import Broker, Store

NEXT = date(2020, 2, 19)


def decision(store: Store, session: date) -> Decision:
    (found,) = [d for d in store.decisions(session) if d.job == "condor_entry"]
    return found


def refused_by(store: Store) -> list[Reason]:
    """Return what refused the first entry, having seen that nothing was sent and that the next one was made."""
    first = decision(store, FIRST)
    assert first.kind is DecisionKind.SKIP
    assert [i for i in store.intents(session=FIRST) if i.key.purpose is Purpose.ENTRY] == []
    assert decision(store, NEXT).kind is DecisionKind.ENTER
    return list(first.reasons)


def faulty(out: Path, kind: str, **arguments: object) -> Done:
    """Rehearse two sessions, the first of them with a fault around its entry."""
    told = "".join(
        f"{name} = {str(value).lower() if isinstance(value, bool) else repr(value)}\n"
        for name, value in arguments.items()
    )
    faults = f'[[fault]]\nkind = "{kind}"\nfrom = "2020-02-18 15:29"\nuntil = "2020-02-18 15:46"\n{told}'
    return rehearse(out, NEXT, faults=faults)


@pytest.mark.parametrize(
    ("code", "text", "names"),
    [
        (201, "Order rejected - reason: YOUR ORDER IS NOT ACCEPTED.", ["what_if_refused"]),
        (460, "No trading permissions.", ["no_trading_permission"]),
        (360, "No what-if check support for smart combo order.", ["margin_unknown", "quick_ratio_unknown"]),
    ],
)
def test_an_order_that_the_broker_would_not_take_is_not_sent(
    tmp_path: Path, code: int, text: str, names: list[str]
) -> None:
    done = faulty(tmp_path / "out", "what_if_refused", code=code, text=text)

    assert [reason.name for reason in refused_by(done.store)] == names
    assert done.result.summary.errors == 0


def test_a_margin_preview_without_values_is_unknown_and_not_zero(tmp_path: Path) -> None:
    done = faulty(tmp_path / "out", "what_if_unset", then_real=False)

    assert [reason.name for reason in refused_by(done.store)] == ["margin_unknown", "quick_ratio_unknown"]


def test_delayed_quotes_are_named_as_such(tmp_path: Path) -> None:
    done = faulty(tmp_path / "out", "data_delayed", symbol="SPX")

    assert "data_not_live" in [reason.name for reason in refused_by(done.store)]


def test_a_hedge_that_the_broker_would_not_take_is_skipped_by_name(tmp_path: Path) -> None:
    faults = '[[fault]]\nkind = "what_if_refused"\nfrom = "2020-02-18 15:49"\nuntil = "2020-02-18 16:00"\ncode = 460\n'

    done = rehearse(tmp_path / "out", NEXT, faults=faults)

    refused = [d for d in done.store.decisions(FIRST) if "no_trading_permission" in [r.name for r in d.reasons]]
    assert [(d.kind, d.job) for d in refused] == [(DecisionKind.SKIP, "resize")]
    hedges = [intent for intent in done.store.intents() if intent.key.strategy is Strategy.HEDGE]
    assert {intent.key.session for intent in hedges} == {NEXT}


class Spoiled:
    """The broker with some of its answers changed in the first session."""

    def __init__(self, broker: Broker, **answers: Callable[..., Any]) -> None:
        self._broker = broker
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        answer = self._answers.get(name)
        return getattr(self._broker, name) if answer is None else lambda *args, **kw: answer(self._broker, *args, **kw)


def spoiled(out: Path, **answers: Callable[..., Any]) -> list[Reason]:
    """Return what refused the first entry while the broker answered so."""
    found: list[Reason] = []

    async def scene(life: Life) -> None:
        desk = (await life.start()).engine.desk
        broker = desk.broker
        desk.broker = Spoiled(broker, **answers)
        await life.until(FIRST, time(15, 49))
        desk.broker = broker
        await life.until(NEXT, time(15, 49))
        found.extend(refused_by(desk.store))

    live(out, new_york(FIRST, time(15, 20)), scene)
    return found


Change = Callable[[Quote], Quote]
CHANGES: Mapping[str, Change] = {
    "leg_crossed": lambda quote: replace(quote, bid_pts100=(quote.ask_pts100 or 0) + 5),
    "leg_one_sided": lambda quote: replace(quote, bid_pts100=None),
    "quote_stale": lambda quote: replace(quote, at=quote.at - timedelta(seconds=90)),
    "quotes_skewed": lambda quote: replace(quote, at=quote.at - timedelta(seconds=45)),
    "leg_spread_too_wide": lambda quote: replace(quote, ask_pts100=(quote.ask_pts100 or 0) + 300),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_wing_with_a_bad_quote_is_not_entered_with(tmp_path: Path, name: str) -> None:
    async def quotes(broker: Broker, wanted: Sequence[ContractInfo], *, greeks: bool) -> Mapping[OptionContract, Quote]:
        seen = await broker.quotes(wanted, greeks=greeks)
        wings = [leg for leg, quote in seen.items() if quote.greeks is not None and abs(quote.greeks.delta) < 0.11]
        return {leg: CHANGES[name](quote) if leg in wings else quote for leg, quote in seen.items()}

    reasons = spoiled(tmp_path / "state", quotes=quotes)

    assert name in [reason.name for reason in reasons]
    assert all(reason.limit is not None for reason in reasons)


def test_deltas_of_another_model_are_not_believed(tmp_path: Path) -> None:
    async def quotes(broker: Broker, wanted: Sequence[ContractInfo], *, greeks: bool) -> Mapping[OptionContract, Quote]:
        seen = await broker.quotes(wanted, greeks=greeks)
        return {
            leg: quote
            if quote.greeks is None
            else replace(quote, greeks=replace(quote.greeks, delta=quote.greeks.delta * 0.7))
            for leg, quote in seen.items()
        }

    reasons = spoiled(tmp_path / "state", quotes=quotes)

    # What the broker calls 0.15 is 0.21: both sides disagree by about 0.06.
    assert [reason.name for reason in reasons] == ["deltas_disagree", "deltas_disagree"]
    assert [reason.value for reason in reasons] == pytest.approx([0.065, 0.065], abs=0.02)


def test_without_a_put_at_the_money_there_is_no_forward_to_check_deltas_on(tmp_path: Path) -> None:
    async def quotes(broker: Broker, wanted: Sequence[ContractInfo], *, greeks: bool) -> Mapping[OptionContract, Quote]:
        seen = await broker.quotes(wanted, greeks=greeks)
        return {leg: quote for leg, quote in seen.items() if leg.right is Right.CALL or leg.strike < 3325}

    reasons = spoiled(tmp_path / "state", quotes=quotes)

    assert [reason.name for reason in reasons] == ["no_parity_forward"]


def test_a_margin_preview_that_never_comes_is_a_named_skip(tmp_path: Path) -> None:
    async def what_if(broker: Broker, spec: OrderSpec) -> Margin:
        raise BrokerTimeoutError("no answer to the what-if of an order within 15 s")

    reasons = spoiled(tmp_path / "state", what_if=what_if)

    assert [reason.name for reason in reasons] == ["what_if_unanswered"]


def test_strikes_of_another_level_of_spx_are_not_entered(tmp_path: Path) -> None:
    chosen: list[OptionContract] = []

    async def quotes(broker: Broker, wanted: Sequence[ContractInfo], *, greeks: bool) -> Mapping[OptionContract, Quote]:
        chosen.extend(info.contract for info in wanted if info.contract.trading_class is TradingClass.SPXW)
        return await broker.quotes(wanted, greeks=greeks)

    async def index_quote(broker: Broker, underlying: Underlying) -> IndexQuote:
        seen = await broker.index_quote(underlying)
        return replace(seen, value_pts=seen.value_pts * 1.004) if chosen and underlying is Underlying.SPX else seen

    reasons = spoiled(tmp_path / "state", quotes=quotes, index_quote=index_quote)

    assert [(reason.name, reason.value, reason.limit) for reason in reasons] == [("spx_moved", 0.4, 0.25)]


def test_everything_that_is_known_against_an_entry_is_listed(tmp_path: Path) -> None:
    async def what_if(broker: Broker, spec: OrderSpec) -> Margin:
        raise BrokerTimeoutError("no answer to the what-if of an order within 15 s")

    async def quotes(broker: Broker, wanted: Sequence[ContractInfo], *, greeks: bool) -> Mapping[OptionContract, Quote]:
        seen = await broker.quotes(wanted, greeks=greeks)
        return {leg: quote for leg, quote in seen.items() if leg.right is Right.CALL or leg.strike < 3325}

    reasons = spoiled(tmp_path / "state", what_if=what_if, quotes=quotes)

    assert [reason.name for reason in reasons] == ["no_parity_forward", "what_if_unanswered"]
