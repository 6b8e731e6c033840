from dataclasses import replace
from typing import Any

import pytest

from daemon.core.orders.intent import Purpose
from daemon.core.records import RunState
from daemon.core.risk.gates import REFUSALS, Gate, GateInputs, check
from daemon.core.risk.limits import RiskLimits

LIMITS = RiskLimits(
    wing_notional_max_usd=100_000,
    wing_notional_max_nlv_pct=50.0,
    margin_max_nlv_pct=50.0,
    clock_skew_max_s=5.0,
    index_max_age_s=60.0,
    quote_max_age_s=30.0,
    measure_every_min=30,
    theta_gate=True,
    quick_ratio_min=1.5,
)
FINE = GateInputs(
    run_state=RunState.RUNNING,
    link_synced=True,
    paper=True,
    breaks_open=0,
    unknown_same_subject=False,
    clock_skew_s=0.2,
    index_age_s=3.0,
    wing_notional_after_usd=80_000,
    nlv_usd_cents=250_000_00,
    margin_after_usd_cents=100_000_00,
    theta_after_usd=25.0,
    quick_ratio_after=2.0,
    hedge_computed=True,
)

# Decision 9, purpose by gate: x refuses, . lets pass. Columns: not paper, link, halted, exits only, unknown order,
# unreconciled, clock skew, stale index, hedge not computed, wing notional, margin, theta, quick ratio.
TABLE = """
ENTRY      x x x x x x x x . x x x x
EXIT       x x x . x . . . . . . . .
FLATTEN    x x x . x . . . . . . . .
REPAIR     x x x . x . . . . . . . .
ROLL_BUY   x x x . x . x x x . . . .
ROLL_SELL  x x x . x . x x x . . . .
RESIZE     x x x . x . x x x . . . .
DRIFT      x x x x x x x x x . x . .
HARVEST    x x x x x x x x x . x . .
"""
COLUMNS = (
    Gate.NOT_PAPER,
    Gate.LINK_NOT_SYNCED,
    Gate.HALTED,
    Gate.EXITS_ONLY,
    Gate.UNKNOWN_ORDER,
    Gate.UNRECONCILED,
    Gate.CLOCK_SKEW,
    Gate.STALE_INDEX,
    Gate.HEDGE_NOT_COMPUTED,
    Gate.WING_NOTIONAL,
    Gate.MARGIN,
    Gate.THETA,
    Gate.QUICK_RATIO,
)
# One way to break each gate and nothing else.
BROKEN: dict[Gate, dict[str, Any]] = {
    Gate.NOT_PAPER: {"paper": False},
    Gate.LINK_NOT_SYNCED: {"link_synced": False},
    Gate.HALTED: {"run_state": RunState.HALTED},
    Gate.EXITS_ONLY: {"run_state": RunState.EXITS_ONLY},
    Gate.UNKNOWN_ORDER: {"unknown_same_subject": True},
    Gate.UNRECONCILED: {"breaks_open": 1},
    Gate.CLOCK_SKEW: {"clock_skew_s": -5.1},
    Gate.STALE_INDEX: {"index_age_s": 60.1},
    Gate.HEDGE_NOT_COMPUTED: {"hedge_computed": False},
    Gate.WING_NOTIONAL: {"wing_notional_after_usd": 100_001},
    Gate.MARGIN: {"margin_after_usd_cents": 125_000_01},
    Gate.THETA: {"theta_after_usd": 0.0},
    Gate.QUICK_RATIO: {"quick_ratio_after": 1.49},
}
CELLS = [
    (Purpose(row.split()[0]), gate, mark == "x")
    for row in TABLE.strip().splitlines()
    for gate, mark in zip(COLUMNS, row.split()[1:], strict=True)
]


def refusals(purpose: Purpose, **changes: Any) -> list[str]:
    return [reason.name for reason in check(purpose, replace(FINE, **changes), LIMITS)]


class TestTable:
    def test_it_has_every_purpose_and_every_gate_once(self) -> None:
        assert sorted(COLUMNS) == sorted(Gate)
        assert sorted({purpose for purpose, _, _ in CELLS}) == sorted(Purpose) == sorted(REFUSALS)
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
        ],
    )
    def test_what_is_unknown_refuses_an_entry(self, changes: dict[str, Any], names: list[str]) -> None:
        assert refusals(Purpose.ENTRY, **changes) == names

    def test_what_is_unknown_never_refuses_an_exit(self) -> None:
        nothing = {"clock_skew_s": None, "index_age_s": None, "margin_after_usd_cents": None, "nlv_usd_cents": None}

        assert refusals(Purpose.EXIT, **nothing) == []

    def test_the_hedge_needs_no_margin_preview_but_a_value_of_vix(self) -> None:
        assert refusals(Purpose.ROLL_BUY, margin_after_usd_cents=None, nlv_usd_cents=None) == []
        assert refusals(Purpose.ROLL_BUY, index_age_s=None) == ["index_missing"]


class TestLimits:
    @pytest.mark.parametrize(
        "changes",
        [
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


def test_refusals_come_in_the_order_of_the_gates_all_of_them() -> None:
    everything = {name: value for changes in BROKEN.values() for name, value in changes.items()}
    everything["run_state"] = RunState.HALTED

    assert refusals(Purpose.ENTRY, **everything) == [
        "not_paper",
        "link_not_synced",
        "halted",
        "unknown_order",
        "unreconciled",
        "clock_skew",
        "stale_index",
        "wing_notional",
        "margin",
        "theta",
        "quick_ratio",
    ]


def test_every_refusal_is_a_sentence() -> None:
    everything = {name: value for changes in BROKEN.values() for name, value in changes.items()}

    for reason in check(Purpose.DRIFT, replace(FINE, **everything), LIMITS):
        assert reason.text[0].isupper()
        assert reason.text.endswith(".")
