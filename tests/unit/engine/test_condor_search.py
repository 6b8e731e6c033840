"""The search for a condor on a chain of known prices: right strikes, few lines, and a name for what is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from chain_fakes import FORWARD, STRIKES, Chain
from engine_fakes import FakeBroker, make_desk
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_values import event, trade

from daemon.adapters.virtual_time import run_virtual
from daemon.core.calendar.sessions import new_york
from daemon.core.condor.policy import CondorPolicy, DteUnit, Sides, StrikesBy, WingsBy
from daemon.core.condor.selection import short_aim
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.records import DecisionKind, Outcome
from daemon.engine.condor_entries import CondorEntries
from daemon.engine.condor_exits import CondorExits
from daemon.engine.condor_search import CHECK_LINES, LINES_MAX, CondorCandidate, find_condor
from daemon.engine.executor import Executor
from daemon.engine.facts import FactRecorder
from daemon.engine.gather import Indexes, Refusal
from daemon.engine.risk_monitor import RiskMonitor
from daemon.engine.run_states import RunStates
from daemon.settings import load

SESSION, EXPIRY, TOMORROW = date(2020, 2, 18), date(2020, 3, 20), date(2020, 2, 19)
INDEXES = Indexes(3365.0, 17.0, 0.0)
POLICY = load([], {"HOME": "/home/somebody"}).condor_policy()
BY_CREDIT = replace(
    POLICY, strikes_by=StrikesBy.CREDIT, wing_pts=10, credit_target_pts100=300, credit_tolerance_pts100=60
)
BY_MOVE = replace(POLICY, strikes_by=StrikesBy.EXPECTED_MOVE)
DELTA_WINGS = replace(POLICY, wings_by=WingsBy.DELTA, wing_delta=0.05, wing_min_pts=10, wing_max_pts=200)
NEXT_SESSION = replace(
    POLICY,
    dte_unit=DteUnit.SESSIONS,
    dte_target=1,
    dte_min=1,
    dte_max=1,
    strikes_by=StrikesBy.CREDIT,
    wing_pts=10,
    credit_tolerance_pts100=40,
)
SAME_SESSION = replace(
    NEXT_SESSION, dte_target=0, dte_min=0, dte_max=0, strikes_by=StrikesBy.DELTA, short_delta=0.10, short_delta_min=0.05
)
Changed = Callable[[Chain], Chain]


def chain(session: date) -> Chain:
    """Return the chain as it is at the hour of an entry."""
    return Chain(new_york(session, time(15, 30)), (SESSION, TOMORROW, EXPIRY))


def search(
    folder: Path,
    policy: CondorPolicy,
    change: Changed = lambda chain: chain,
    *,
    at: time = time(15, 30),
    held: Mapping[OptionContract, int] | None = None,
) -> tuple[CondorCandidate | Refusal, FakeBroker, Chain]:
    """Search the chain as a test has changed it, with positions that other condors hold."""
    start: datetime = new_york(SESSION, at)

    async def main() -> tuple[CondorCandidate | Refusal, FakeBroker, Chain]:
        desk, broker = make_desk(folder)
        for number, (contract, quantity) in enumerate((held or {}).items()):
            desk.store.record_execution(trade(f"1.{number}.01", contract, quantity, 100), event("execution_booked"))
        changed = change(Chain(start, (SESSION, TOMORROW, EXPIRY)))
        changed.connect(broker)
        try:
            return await find_condor(desk, SESSION, INDEXES, policy), broker, changed
        except Refusal as refusal:
            return refusal, broker, changed

    return run_virtual(main, start)


def found(folder: Path, policy: CondorPolicy, change: Changed = lambda chain: chain) -> tuple[CondorCandidate, Chain]:
    """Search and expect a condor."""
    at = time(10, 0) if policy.dte_max == 0 else time(15, 30)
    result, broker, chain = search(folder, policy, change, at=at)
    assert isinstance(result, CondorCandidate), result
    assert len(broker.asked) == len(set(broker.asked)) == result.lines <= LINES_MAX
    return result, chain


def best(chain: Chain, expiry: date, right: Right, score: Callable[[OptionContract], float]) -> int:
    """Return the strike of the lowest score out of all."""
    options = [OptionContract(TradingClass.SPXW, expiry, strike, right) for strike in STRIKES]
    out = [option for option in options if abs(chain.delta(option)) < 0.5]
    return min(out, key=score).strike_pts100


def test_strikes_by_delta_are_those_of_the_whole_chain(tmp_path: Path) -> None:
    candidate, chain = found(tmp_path, POLICY)

    for side in candidate.legs.sides:
        wanted = best(chain, EXPIRY, side.right, lambda option: abs(abs(chain.delta(option)) - 0.15))
        assert side.short.strike_pts100 == wanted
        assert side.width_pts100 == 2_500
    assert candidate.lines <= 12


def test_strikes_by_credit_bring_half_of_the_target_on_each_side(tmp_path: Path) -> None:
    candidate, chain = found(tmp_path, BY_CREDIT)

    for side in candidate.legs.sides:
        credit = chain.value(side.short) - chain.value(side.long)
        # Strikes 5 points apart change the credit of a side by about 0.1 here; quotes are rounded to 0.05.
        assert credit == pytest.approx(1.5, abs=0.12)
    assert candidate.choice["credit_target_pts"] == 3.0
    assert candidate.choice["put_credit_pts"] == pytest.approx(1.5, abs=0.12)


def test_strikes_by_expected_move_stand_one_move_away_from_the_forward(tmp_path: Path) -> None:
    candidate, chain = found(tmp_path, BY_MOVE)

    # 16 % over 31.25 days: 3370 x 0.16 x sqrt(31.25 / 365) = 157.77 points around 3370.
    move = FORWARD * chain.deviation(EXPIRY)
    assert move == pytest.approx(157.77, abs=0.01)
    assert candidate.choice["expected_move_pts"] == pytest.approx(move, rel=0.002)
    assert candidate.choice["forward_pts"] == pytest.approx(FORWARD, abs=0.1)
    assert candidate.legs.put is not None
    assert candidate.legs.call is not None
    assert candidate.legs.put.short.strike == 3210  # 3212.2
    assert candidate.legs.call.short.strike == 3530  # 3527.8
    assert candidate.lines <= 8


def test_wings_by_delta_stand_at_their_own_delta_and_may_differ_in_width(tmp_path: Path) -> None:
    candidate, chain = found(tmp_path, DELTA_WINGS)

    for side in candidate.legs.sides:
        wanted = best(chain, EXPIRY, side.right, lambda option: abs(abs(chain.delta(option)) - 0.05))
        assert side.long.strike_pts100 == wanted
    put, call = candidate.legs.put, candidate.legs.call
    assert put is not None
    assert call is not None
    assert put.width_pts100 != call.width_pts100
    assert candidate.legs.width_pts100 == max(put.width_pts100, call.width_pts100)


def test_wings_by_delta_keep_their_bounds(tmp_path: Path) -> None:
    near, _ = found(tmp_path / "near", replace(DELTA_WINGS, wing_max_pts=40))
    far, _ = found(tmp_path / "far", replace(DELTA_WINGS, wing_min_pts=150))

    assert {side.width_pts100 for side in near.legs.sides} == {4_000}
    assert {side.width_pts100 for side in far.legs.sides} == {15_000}


@pytest.mark.parametrize(
    "policy", [replace(BY_CREDIT, wings_by=WingsBy.DELTA), replace(BY_MOVE, wings_by=WingsBy.DELTA)]
)
def test_wings_by_delta_go_with_every_choice_of_strikes(policy: CondorPolicy, tmp_path: Path) -> None:
    candidate, _ = found(tmp_path, replace(policy, credit_target_pts100=600, wing_max_pts=100))

    assert all(1_000 <= side.width_pts100 <= 10_000 for side in candidate.legs.sides)


@pytest.mark.parametrize("policy", [POLICY, BY_CREDIT, BY_MOVE, DELTA_WINGS])
@pytest.mark.parametrize(("sides", "right"), [(Sides.PUT, Right.PUT), (Sides.CALL, Right.CALL)])
def test_one_side_alone_is_found_alone(policy: CondorPolicy, sides: Sides, right: Right, tmp_path: Path) -> None:
    candidate, _ = found(tmp_path, replace(policy, sides=sides))

    assert [side.right for side in candidate.legs.sides] == [right]
    assert (candidate.put_delta is None, candidate.call_delta is None) == (right is Right.CALL, right is Right.PUT)


@pytest.mark.parametrize(("policy", "expiry"), [(NEXT_SESSION, TOMORROW), (SAME_SESSION, SESSION)])
def test_condors_of_a_session_are_found_in_its_expiry(policy: CondorPolicy, expiry: date, tmp_path: Path) -> None:
    candidate, _ = found(tmp_path, policy)

    assert candidate.legs.expiry == expiry


def test_strikes_twenty_five_points_apart_in_a_listing_of_fives_are_found(tmp_path: Path) -> None:
    sparse = replace(POLICY, short_delta_min=0.1, short_delta_max=0.2)
    candidate, chain = found(
        tmp_path, sparse, lambda chain: chain.without(exists=lambda c: c.strike_pts100 % 2500 == 0)
    )

    for side in candidate.legs.sides:
        assert side.short.strike_pts100 % 2_500 == 0
        assert abs(chain.delta(side.short)) == pytest.approx(0.15, abs=0.03)


def test_a_strike_without_greeks_is_passed_over(tmp_path: Path) -> None:
    whole, _ = found(tmp_path / "whole", POLICY)
    silent = {side.short for side in whole.legs.sides}

    candidate, chain = found(tmp_path / "holed", POLICY, lambda c: c.without(has_greeks=lambda o: o not in silent))

    for side in candidate.legs.sides:
        assert side.short not in silent
        assert abs(chain.delta(side.short)) == pytest.approx(0.15, abs=0.01)


@pytest.mark.parametrize(("leg", "quantity"), [(0, -2), (1, 2), (2, 2), (3, -2)])
def test_a_leg_that_another_condor_holds_the_other_way_round_is_passed_over(
    leg: int, quantity: int, tmp_path: Path
) -> None:
    usual, _ = found(tmp_path / "usual", POLICY)
    opposite = usual.legs.contracts[leg]

    result, _, _ = search(tmp_path / "held", POLICY, held={opposite: quantity})

    assert isinstance(result, CondorCandidate)
    assert opposite not in result.legs.contracts
    near = [abs(a.strike - b.strike) for a, b in zip(result.legs.contracts, usual.legs.contracts, strict=True)]
    assert max(near) == 5
    assert sorted(near)[:2] == [0, 0]


def test_a_leg_that_another_condor_holds_the_same_way_round_is_taken_again(tmp_path: Path) -> None:
    usual, _ = found(tmp_path / "usual", POLICY)

    result, _, _ = search(tmp_path / "held", POLICY, held={leg.contract: 2 * leg.ratio for leg in usual.legs.held})

    assert isinstance(result, CondorCandidate)
    assert result.legs == usual.legs


def test_a_strike_whose_wing_is_not_listed_is_passed_over(tmp_path: Path) -> None:
    whole, _ = found(tmp_path / "whole", POLICY)
    gone = {side.long for side in whole.legs.sides}

    candidate, _ = found(tmp_path / "holed", POLICY, lambda chain: chain.without(exists=lambda o: o not in gone))

    assert not gone & set(candidate.legs.contracts)
    assert candidate.legs.width_pts100 == 2_500


def test_a_credit_is_not_counted_on_a_wing_that_nobody_bids_for(tmp_path: Path) -> None:
    whole, _ = found(tmp_path / "whole", BY_CREDIT)
    unbid = {side.long for side in whole.legs.sides}

    candidate, _ = found(tmp_path / "unbid", BY_CREDIT, lambda chain: chain.without(has_bid=lambda o: o not in unbid))

    assert not unbid & set(candidate.legs.contracts)


NARROW = (330_000, 335_000, 340_000)
MISSING: dict[str, tuple[CondorPolicy, Changed, str]] = {
    "an empty chain": (POLICY, lambda chain: chain.without(strikes=()), "no_chain"),
    "no expiries": (POLICY, lambda chain: chain.without(expiries=()), "no_chain"),
    "no expiry in the window": (POLICY, lambda chain: chain.without(expiries=(TOMORROW,)), "no_expiry_in_window"),
    "no expiry the next session": (
        NEXT_SESSION,
        lambda c: c.without(expiries=(SESSION, EXPIRY)),
        "no_expiry_in_window",
    ),
    "one strike": (POLICY, lambda chain: chain.without(strikes=(320_000,)), "no_strike_at_delta"),
    "one strike of the wanted delta": (POLICY, lambda chain: chain.without(strikes=(320_500,)), "no_wing"),
    "one strike, by credit": (BY_CREDIT, lambda chain: chain.without(strikes=(320_500,)), "no_wing"),
    "one strike, by move": (BY_MOVE, lambda chain: chain.without(strikes=(337_000,)), "no_strike_at_move"),
    "one strike, wings by delta": (DELTA_WINGS, lambda chain: chain.without(strikes=(320_500,)), "no_wing"),
    "nothing listed in the expiry": (POLICY, lambda chain: chain.without(exists=lambda o: False), "no_strike_quoted"),
    "a delta no strike has": (POLICY, lambda chain: chain.without(strikes=NARROW), "no_strike_at_delta"),
    "wings beyond the chain": (POLICY, lambda c: c.without(strikes=tuple(range(320_000, 352_501, 500))), "no_wing"),
    "wings by delta beyond the chain": (
        replace(DELTA_WINGS, wing_min_pts=50),
        lambda c: c.without(strikes=tuple(range(320_000, 352_501, 500))),
        "no_wing",
    ),
    "a credit no strikes give": (
        replace(BY_CREDIT, credit_target_pts100=1_900, credit_tolerance_pts100=5),
        lambda chain: chain,
        "no_strike_at_credit",
    ),
    "no straddle": (
        BY_MOVE,
        lambda chain: chain.without(has_bid=lambda o: abs(o.strike - FORWARD) > 50),
        "no_straddle",
    ),
    "no greeks": (POLICY, lambda chain: chain.without(has_greeks=lambda o: False), "greeks_missing"),
    "no greeks, by credit": (BY_CREDIT, lambda chain: chain.without(has_greeks=lambda o: False), "greeks_missing"),
    "no greeks, by move": (BY_MOVE, lambda chain: chain.without(has_greeks=lambda o: False), "greeks_missing"),
    "no greeks, wings by delta": (DELTA_WINGS, lambda c: c.without(has_greeks=lambda o: False), "greeks_missing"),
    "strikes that cross": (
        replace(POLICY, short_delta=0.5, short_delta_max=0.6),
        lambda chain: chain,
        "strikes_cross",
    ),
}


@settings(max_examples=40, deadline=None)
@given(
    policy=st.sampled_from([POLICY, BY_CREDIT, BY_MOVE, DELTA_WINGS, replace(BY_CREDIT, wings_by=WingsBy.DELTA)]),
    seed=st.integers(0, 10_000),
    gone=st.sampled_from([0.0, 0.2, 0.6, 0.95]),
)
def test_whatever_is_missing_a_condor_is_whole_or_has_a_reason_within_forty_lines(
    policy: CondorPolicy, seed: int, gone: float
) -> None:
    def there(option: OptionContract, salt: int) -> bool:
        return Random(f"{seed}/{salt}/{option}").random() >= gone

    def holed(chain: Chain) -> Chain:
        return chain.without(
            exists=lambda o: there(o, 1), has_greeks=lambda o: there(o, 2), has_bid=lambda o: there(o, 3)
        )

    with TemporaryDirectory() as folder:
        result, broker, chain = search(Path(folder), policy, holed)

    assert len(broker.asked) <= LINES_MAX - CHECK_LINES
    if isinstance(result, Refusal):
        assert result.reasons
        assert all(reason.name and reason.text for reason in result.reasons)
        return
    for side in result.legs.sides:
        assert chain.holds(side.short)
        assert chain.holds(side.long)
        assert chain.has_greeks(side.short)
        assert policy.width_min_pts * 100 <= side.width_pts100 <= policy.width_max_pts * 100
        aim = short_aim(policy)
        if policy.strikes_by is StrikesBy.DELTA:
            assert aim.holds(abs(chain.delta(side.short)))


@pytest.mark.parametrize("case", MISSING)
def test_what_is_missing_has_a_name(case: str, tmp_path: Path) -> None:
    policy, change, name = MISSING[case]

    result, broker, _ = search(tmp_path, policy, change)

    assert isinstance(result, Refusal), result
    assert name in {reason.name for reason in result.reasons}, [str(reason) for reason in result.reasons]
    assert all(reason.text for reason in result.reasons)
    assert len(broker.asked) <= LINES_MAX


def test_both_sides_say_what_they_lack(tmp_path: Path) -> None:
    result, _, _ = search(tmp_path, POLICY, lambda chain: chain.without(has_greeks=lambda o: False))

    assert isinstance(result, Refusal)
    assert [reason.name for reason in result.reasons] == ["greeks_missing", "greeks_missing"]
    assert "put" in result.reasons[0].text
    assert "call" in result.reasons[1].text


@pytest.mark.parametrize("case", MISSING)
def test_an_entry_that_finds_nothing_is_a_named_skip_and_the_next_session_enters(case: str, tmp_path: Path) -> None:
    policy, change, name = MISSING[case]

    async def main() -> None:
        desk, broker = make_desk(tmp_path)
        facts = FactRecorder(desk)
        broker.subscribe(facts.sink)
        consumer = asyncio.create_task(facts.run())
        risk = RiskMonitor(desk, RunStates(desk))
        executor = Executor(desk, facts, risk)
        entries = CondorEntries(desk, executor, risk, CondorExits(desk, executor, risk, lambda name, work: None))
        desk.policy = replace(desk.policy, condor=policy)
        change(chain(SESSION)).connect(broker)
        desk.link.clock_skew_s = 0.0

        skipped = await entries.enter(SESSION)

        (decision,) = desk.store.decisions(SESSION)
        assert (skipped.outcome, decision.kind) == (Outcome.SKIPPED, DecisionKind.SKIP)
        assert name in {reason.name for reason in decision.reasons}
        assert broker.placed == []

        desk.policy = replace(desk.policy, condor=replace(POLICY, take_profit_enabled=False))
        await desk.clock.sleep(86_400)
        chain(TOMORROW).connect(broker)
        entry = asyncio.create_task(entries.enter(TOMORROW))
        await desk.clock.sleep(5)
        ((ref, spec),) = broker.placed
        broker.fill(ref)
        assert (await entry).outcome is Outcome.DONE
        assert spec.legs[0].contract.expiry == EXPIRY
        consumer.cancel()

    run_virtual(main, new_york(SESSION, time(15, 30)))
