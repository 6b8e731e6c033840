from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from limit_values import LIMITS
from risk_values import spxw, vix_call

from daemon.core.market.contracts import Right
from daemon.core.orders.intent import Leg, OrderSpec, Purpose, TimeInForce
from daemon.core.records import PERSON, PROGRAM, RunState, RunStateRecord
from daemon.core.risk.gates import AT_SENDING, OPENING, REFUSALS, RUNAWAY, Gate, check, refused_by_run_state
from daemon.core.risk.losses import Close, Loss, Losses
from daemon.core.risk.verdicts import GateInputs, OrderCounts

SINCE = Close(date(2020, 2, 14), 255_000_00)
FALLEN = Losses(session=Loss(1.0, SINCE), week=Loss(2.0, SINCE), drawdown=Loss(3.0, SINCE))
CONDOR = OrderSpec(
    tuple(
        Leg(spxw(strike, right), ratio)
        for strike, right, ratio in (
            (3175, Right.PUT, 1),
            (3200, Right.PUT, -1),
            (3470, Right.CALL, -1),
            (3495, Right.CALL, 1),
        )
    ),
    quantity=2,
    net_limit_pts100=-440,
    tif=TimeInForce.DAY,
)
FINE = GateInputs(
    run_state=RunStateRecord(RunState.RUNNING, PROGRAM, "never changed", None),
    link_synced=True,
    paper=True,
    breaks_open=0,
    unknown_same_subject=False,
    clock_skew_s=0.2,
    index_age_s=3.0,
    account_age_s=10.0,
    counts=OrderCounts(last_minute=2, session=5, session_contracts=40),
    losses=FALLEN,
    condors_after=12,
    wing_notional_after_usd=80_000,
    nlv_usd_cents=250_000_00,
    margin_after_usd_cents=100_000_00,
    margin_change_usd_cents=5_000_00,
    margin_estimate_usd_cents=5_000_00,
    theta_after_usd=25.0,
    quick_ratio_after=2.0,
    hedge_computed=True,
    spec=CONDOR,
    mid_pts=-4.4,
)


def run_state(state: RunState, by: str) -> dict[str, Any]:
    return {"run_state": RunStateRecord(state, by, "enough", None)}


def counted(**changes: int) -> dict[str, Any]:
    return {"counts": replace(FINE.counts, **changes)}


def fallen(**changes: Loss) -> dict[str, Any]:
    return {"losses": replace(FALLEN, **changes)}


# Decision 9, purpose by gate: x refuses, . lets pass.
TABLE = """
                       ENTRY EXIT FLATTEN REPAIR ROLL_BUY ROLL_SELL RESIZE DRIFT HARVEST SLEEVE  ETF
not_paper              x     x    x       x      x        x         x      x     x       x       x
link_not_synced        x     x    x       x      x        x         x      x     x       x       x
halted                 x     x    x       x      x        x         x      x     x       x       x
halted_by_program      x     .    .       .      x        x         x      x     x       x       x
exits_only             x     .    .       .      .        .         .      x     x       x       x
unknown_order          x     x    x       x      x        x         x      x     x       x       x
unreconciled           x     .    .       .      .        .         .      x     x       x       x
clock_skew             x     .    .       .      x        x         x      x     x       x       x
stale_index            x     .    .       .      x        x         x      x     x       x       x
stale_account          x     .    .       .      .        .         .      x     x       x       x
hedge_not_computed     .     .    .       .      x        x         x      x     x       x       x
order_rate             x     .    .       .      x        x         x      x     x       x       x
session_orders         x     .    .       .      x        x         x      x     x       x       x
session_contracts      x     .    .       .      x        x         x      x     x       x       x
price_collar           x     .    .       .      x        x         x      x     x       x       x
session_loss           x     .    .       .      .        .         .      x     x       x       x
week_loss              x     .    .       .      .        .         .      x     x       x       x
drawdown               x     .    .       .      .        .         .      x     x       x       x
open_condors           x     .    .       .      .        .         .      .     .       .       .
wing_notional          x     .    .       .      .        .         .      .     .       .       .
margin                 x     .    .       .      .        .         .      x     x       x       x
margin_above_estimate  x     .    .       .      .        .         .      .     .       .       .
theta                  x     .    .       .      .        .         .      .     .       .       .
quick_ratio            x     .    .       .      .        .         .      .     .       .       .
"""
# One way to break each gate and nothing else.
BROKEN: dict[Gate, dict[str, Any]] = {
    Gate.NOT_PAPER: {"paper": False},
    Gate.LINK_NOT_SYNCED: {"link_synced": False},
    Gate.HALTED: run_state(RunState.HALTED, PERSON),
    Gate.HALTED_BY_PROGRAM: run_state(RunState.HALTED, PROGRAM),
    Gate.EXITS_ONLY: run_state(RunState.EXITS_ONLY, PERSON),
    Gate.UNKNOWN_ORDER: {"unknown_same_subject": True},
    Gate.UNRECONCILED: {"breaks_open": 1},
    Gate.CLOCK_SKEW: {"clock_skew_s": -5.1},
    Gate.STALE_INDEX: {"index_age_s": 60.1},
    Gate.STALE_ACCOUNT: {"account_age_s": 300.1},
    Gate.HEDGE_NOT_COMPUTED: {"hedge_computed": False},
    Gate.ORDER_RATE: counted(last_minute=21),
    Gate.SESSION_ORDERS: counted(session=41),
    Gate.SESSION_CONTRACTS: counted(session_contracts=501),
    Gate.PRICE_COLLAR: {"mid_pts": -6.41},
    Gate.SESSION_LOSS: fallen(session=Loss(2.01, SINCE)),
    Gate.WEEK_LOSS: fallen(week=Loss(4.01, SINCE)),
    Gate.DRAWDOWN: fallen(drawdown=Loss(10.01, SINCE)),
    Gate.OPEN_CONDORS: {"condors_after": 21},
    Gate.WING_NOTIONAL: {"wing_notional_after_usd": 100_001},
    Gate.MARGIN: {"margin_after_usd_cents": 125_000_01},
    Gate.MARGIN_ABOVE_ESTIMATE: {"margin_change_usd_cents": 5_500_01},
    Gate.THETA: {"theta_after_usd": 0.0},
    Gate.QUICK_RATIO: {"quick_ratio_after": 1.49},
}
HEAD, *ROWS = (line.split() for line in TABLE.strip().splitlines())
CELLS = [
    (Purpose(purpose), Gate(gate), mark == "x")
    for gate, *marks in ROWS
    for purpose, mark in zip(HEAD, marks, strict=True)
]
ASKED = frozenset(Gate)


def refusals(purpose: Purpose, **changes: Any) -> list[str]:
    return [reason.name for reason in check(purpose, replace(FINE, **changes), LIMITS, gates=ASKED)]


class TestTable:
    def test_it_has_every_purpose_and_every_gate_once(self) -> None:
        assert [row[0] for row in ROWS] == [*Gate]
        assert sorted(HEAD) == sorted(Purpose) == sorted(REFUSALS)
        assert len(CELLS) == len(Purpose) * len(Gate)

    @pytest.mark.parametrize(("purpose", "gate", "refuses"), CELLS, ids=str)
    def test_a_cell_refuses_or_lets_pass(self, purpose: Purpose, gate: Gate, refuses: bool) -> None:
        assert (gate in REFUSALS[purpose]) is refuses
        assert refusals(purpose, **BROKEN[gate]) == ([str(gate)] if refuses else [])

    @pytest.mark.parametrize("purpose", Purpose)
    def test_with_nothing_wrong_everything_may_be_sent(self, purpose: Purpose) -> None:
        assert refusals(purpose) == []


class TestUnknown:
    @pytest.mark.parametrize(
        ("changes", "names"),
        [
            ({"clock_skew_s": None}, ["clock_skew_unknown"]),
            ({"clock_skew_s": float("nan")}, ["clock_skew"]),
            ({"index_age_s": None}, ["index_missing"]),
            ({"index_age_s": float("nan")}, ["stale_index"]),
            ({"margin_after_usd_cents": None}, ["margin_unknown"]),
            ({"theta_after_usd": None}, ["theta_unknown"]),
            ({"theta_after_usd": float("nan")}, ["theta"]),
            ({"quick_ratio_after": None}, ["quick_ratio_unknown"]),
            ({"quick_ratio_after": float("nan")}, ["quick_ratio"]),
            ({"nlv_usd_cents": None}, ["wing_notional_limit_unknown", "margin_unknown"]),
            ({"account_age_s": None}, ["account_missing"]),
            ({"account_age_s": float("nan")}, ["stale_account"]),
            ({"mid_pts": None}, ["price_collar_unknown"]),
            ({"margin_change_usd_cents": None}, ["margin_change_unknown"]),
            (fallen(session=Loss(None, SINCE)), ["session_loss_unknown"]),
            (fallen(week=Loss(None, SINCE)), ["week_loss_unknown"]),
            (fallen(drawdown=Loss(float("nan"), SINCE)), ["drawdown"]),
        ],
    )
    def test_what_is_unknown_refuses_an_entry(self, changes: dict[str, Any], names: list[str]) -> None:
        assert refusals(Purpose.ENTRY, **changes) == names

    def test_a_loss_that_has_no_close_to_be_measured_from_yet_refuses_nothing(self) -> None:
        first = Loss(None, None)

        assert refusals(Purpose.ENTRY, losses=Losses(first, first, first)) == []

    def test_what_is_unknown_never_refuses_an_exit(self) -> None:
        nothing: dict[str, Any] = {
            "clock_skew_s": None,
            "index_age_s": None,
            "margin_after_usd_cents": None,
            "nlv_usd_cents": None,
            "account_age_s": None,
            "losses": Losses(*[Loss(None, SINCE)] * 3),
            "mid_pts": None,
        }

        assert refusals(Purpose.EXIT, **nothing) == []

    def test_the_hedge_needs_no_margin_preview_but_a_value_of_vix(self) -> None:
        assert refusals(Purpose.ROLL_BUY, margin_after_usd_cents=None, nlv_usd_cents=None) == []
        assert refusals(Purpose.ROLL_BUY, index_age_s=None) == ["index_missing"]


class TestLimits:
    @pytest.mark.parametrize(
        "changes",
        [
            {"account_age_s": 300.0},
            counted(last_minute=20, session=40, session_contracts=500),
            {"mid_pts": -6.4},
            {"mid_pts": -2.4},
            fallen(session=Loss(2.0, SINCE), week=Loss(4.0, SINCE), drawdown=Loss(10.0, SINCE)),
            fallen(session=Loss(-30.0, SINCE)),
            {"condors_after": 20},
            {"margin_change_usd_cents": 5_500_00},
            {"margin_change_usd_cents": -5_000_00},
            {"clock_skew_s": 5.0},
            {"clock_skew_s": -5.0},
            {"index_age_s": 60.0},
            {"wing_notional_after_usd": 100_000},
            {"margin_after_usd_cents": 125_000_00},
            {"quick_ratio_after": 1.5},
        ],
    )
    def test_the_limit_itself_passes(self, changes: dict[str, Any]) -> None:
        assert refusals(Purpose.ENTRY, **changes) == []

    def test_half_of_a_small_account_bounds_the_wing_notional(self) -> None:
        small = {"nlv_usd_cents": 120_000_00, "margin_after_usd_cents": 0}

        assert refusals(Purpose.ENTRY, **small, wing_notional_after_usd=60_000) == []
        assert refusals(Purpose.ENTRY, **small, wing_notional_after_usd=60_001) == ["wing_notional"]

    def test_an_account_without_value_enters_nothing(self) -> None:
        assert refusals(Purpose.ENTRY, nlv_usd_cents=-1) == ["wing_notional", "margin"]

    def test_a_refusal_shows_value_and_limit_in_dollars(self) -> None:
        (margin,) = check(Purpose.ENTRY, replace(FINE, margin_after_usd_cents=130_000_00), LIMITS)

        assert (margin.value, margin.limit) == (130_000.0, 125_000.0)


class TestSwitchedOff:
    def test_the_theta_gate_lets_pass_even_the_unknown(self) -> None:
        off = replace(LIMITS, theta_gate=False)

        for theta_usd in (-100.0, None):
            assert check(Purpose.ENTRY, replace(FINE, theta_after_usd=theta_usd), off) == ()

    def test_a_quick_ratio_of_zero_asks_for_none(self) -> None:
        off = replace(LIMITS, quick_ratio_min=0.0)

        for ratio in (-1.0, 0.0, None):
            assert check(Purpose.ENTRY, replace(FINE, quick_ratio_after=ratio), off) == ()


def everything() -> dict[str, Any]:
    found = {name: value for changes in BROKEN.values() for name, value in changes.items()}
    found |= run_state(RunState.HALTED, PERSON) | counted(last_minute=21, session=41, session_contracts=501)
    return found | fallen(session=Loss(2.01, SINCE), week=Loss(4.01, SINCE), drawdown=Loss(10.01, SINCE))


def test_refusals_come_in_the_order_of_the_gates_all_of_them() -> None:
    never = {Gate.HALTED_BY_PROGRAM, Gate.EXITS_ONLY, Gate.HEDGE_NOT_COMPUTED}

    assert refusals(Purpose.ENTRY, **everything()) == [str(gate) for gate in Gate if gate not in never]


def test_every_refusal_is_a_sentence() -> None:
    for purpose in (Purpose.ENTRY, Purpose.DRIFT):
        for reason in check(purpose, replace(FINE, **everything()), LIMITS, gates=ASKED):
            assert reason.text[0].isupper()
            assert reason.text.endswith(".")


@pytest.mark.parametrize(
    "gate",
    [
        *sorted(RUNAWAY),
        Gate.PRICE_COLLAR,
        Gate.SESSION_LOSS,
        Gate.WEEK_LOSS,
        Gate.DRAWDOWN,
        Gate.OPEN_CONDORS,
        Gate.WING_NOTIONAL,
        Gate.MARGIN,
        Gate.MARGIN_ABOVE_ESTIMATE,
        Gate.THETA,
        Gate.QUICK_RATIO,
    ],
)
def test_a_breached_limit_names_its_value_its_limit_and_what_is_still_allowed(gate: Gate) -> None:
    (reason,) = check(Purpose.ENTRY, replace(FINE, **BROKEN[gate]), LIMITS, gates=ASKED)

    assert reason.name == gate
    assert isinstance(reason.value, int | float)
    assert isinstance(reason.limit, int | float)
    least = gate in {Gate.THETA, Gate.QUICK_RATIO}
    assert reason.value <= reason.limit if least else reason.value > reason.limit
    assert "go on" in reason.text or "exits have no collar" in reason.text


DISCRETIONARY = {Purpose.ENTRY, Purpose.DRIFT, Purpose.HARVEST, Purpose.SLEEVE, Purpose.ETF}


class TestRunStates:
    # What HALTED and EXITS_ONLY let pass, by who has set them (decision 9).
    @pytest.mark.parametrize(
        ("state", "by", "passes"),
        [
            (RunState.RUNNING, PERSON, set(Purpose)),
            (RunState.RUNNING, PROGRAM, set(Purpose)),
            (RunState.EXITS_ONLY, PERSON, set(Purpose) - DISCRETIONARY),
            (RunState.EXITS_ONLY, PROGRAM, set(Purpose) - DISCRETIONARY),
            (RunState.HALTED, PERSON, set()),
            (RunState.HALTED, PROGRAM, {Purpose.EXIT, Purpose.FLATTEN, Purpose.REPAIR}),
        ],
    )
    def test_a_run_state_lets_pass(self, state: RunState, by: str, passes: set[Purpose]) -> None:
        record = RunStateRecord(state, by, "enough", None)

        assert {purpose for purpose in Purpose if refused_by_run_state(purpose, record) is None} == passes

    def test_it_is_asked_again_when_an_order_is_sent(self) -> None:
        halted = replace(FINE, **BROKEN[Gate.HALTED])

        assert [reason.name for reason in check(Purpose.ENTRY, halted, LIMITS, gates=AT_SENDING)] == ["halted"]

    def test_orders_are_counted_that_open_or_change_risk(self) -> None:
        assert set(Purpose) - OPENING == {Purpose.EXIT, Purpose.FLATTEN, Purpose.REPAIR}


class TestCollar:
    # A call at 1.00 may be 50 % = 0.50 away; one at 0.10 would only be allowed 0.05, so the least distance 0.10 holds.
    @pytest.mark.parametrize(
        ("mid_pts", "limit_pts100", "refused"),
        [(1.0, 150, False), (1.0, 151, True), (1.0, 49, True), (0.10, 20, False), (0.10, 21, True), (-1.0, -49, True)],
    )
    def test_a_single_call_has_a_share_of_its_mid_but_at_least_some_ticks(
        self, mid_pts: float, limit_pts100: int, refused: bool
    ) -> None:
        call = OrderSpec((Leg(vix_call(18), 1 if mid_pts > 0 else -1),), 3, limit_pts100, TimeInForce.DAY)

        found = refusals(Purpose.ROLL_BUY, spec=call, mid_pts=mid_pts)

        assert found == (["price_collar"] if refused else [])

    def test_it_shows_the_distance_and_the_allowed_one_in_points(self) -> None:
        (reason,) = check(Purpose.ENTRY, replace(FINE, mid_pts=-6.5), LIMITS, gates=ASKED)

        assert (reason.value, reason.limit) == (2.1, 2.0)
