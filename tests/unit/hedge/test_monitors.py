"""Lines of the arbitrage monitors: what stands in them, and which of them warn."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from daemon.core.hedge.monitors import (
    Chain,
    MonitorPolicy,
    Noted,
    alerts,
    future_lines,
    held_forward_line,
    jensen_lines,
    kink_line,
    model_lines,
    parity_lines,
    strip_line,
)
from daemon.core.market.arbitrage import Pair, TwoSided
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.market.model_free import VarianceNode
from daemon.core.market.vix_curve import USUAL
from daemon.core.records import LayerComputation, MonitorKind

POLICY = MonitorPolicy(every_sessions=5, fee_usd=1.25)
NOTED = Noted(date(2020, 2, 18), datetime(2020, 2, 18, 20, 57, tzinfo=UTC))
LOW = Pair(19, TwoSided(2.45, 2.55), TwoSided(1.45, 1.55))
HIGH = Pair(21, TwoSided(1.45, 1.55), TwoSided(2.45, 2.55))
DEAR = Pair(21, TwoSided(1.95, 2.05), TwoSided(2.45, 2.55))
"""The pair of 21 with its call half a point too dear."""


def chain(*pairs: Pair, days: float = 30, future: TwoSided | None = None) -> Chain:
    return Chain(name="VIX 2020-03-18", days=days, pairs=pairs, discount=1.0, future=future)


class TestParity:
    def test_each_strike_has_a_residual_and_the_expiry_its_best_edges(self) -> None:
        lines = parity_lines(chain(LOW, HIGH), POLICY, NOTED)

        assert [(line.kind, line.subject) for line in lines] == [
            (MonitorKind.PARITY, "VIX 2020-03-18 19"),
            (MonitorKind.PARITY, "VIX 2020-03-18 21"),
            (MonitorKind.CONVERSION, "VIX 2020-03-18"),
            (MonitorKind.REVERSAL, "VIX 2020-03-18"),
        ]
        assert [line.value for line in lines] == pytest.approx([0, 0, -0.25, -0.25])
        assert not any(line.beyond for line in lines)

    def test_a_planted_violation_warns_of_both_ways_with_the_strike(self) -> None:
        lines = parity_lines(chain(LOW, DEAR), POLICY, NOTED)

        found = alerts(lines)
        assert found.keys() == {MonitorKind.CONVERSION, MonitorKind.REVERSAL}
        assert found[MonitorKind.CONVERSION].value == pytest.approx(0.25)
        assert "sell call, buy put at 21" in found[MonitorKind.CONVERSION].text
        # The residuals are beyond half of the spreads too, which says that quotes do not belong together: no alert.
        assert [line.beyond for line in lines[:2]] == [True, True]

    def test_one_quoted_strike_is_told_as_too_few(self) -> None:
        (line,) = parity_lines(chain(LOW), POLICY, NOTED)

        assert (line.value, line.beyond) == (None, False)
        assert line.text == "strikes with two-sided quotes of call and put: 1; 2 are needed"


def test_a_future_away_from_its_options_warns() -> None:
    at, away = (chain(LOW, HIGH, future=TwoSided(price, price + 0.05)) for price in (19.98, 20.30))

    lines = future_lines((at, chain(LOW), away), POLICY, NOTED)

    assert [line.beyond for line in lines] == [False, True]
    # Buy the pairs at 20.1, sell the future at 20.30, less 2.1 fees of 0.0125 points.
    assert lines[1].value == pytest.approx(0.2 - 0.02625)
    assert alerts(lines)[MonitorKind.FUTURE] is lines[1]


def test_without_a_quoted_future_that_is_said() -> None:
    (line,) = future_lines((chain(LOW, HIGH),), POLICY, NOTED)

    assert (line.subject, line.value, line.beyond) == ("VX", None, False)


def test_a_forward_far_above_the_variance_behind_it_warns() -> None:
    nodes = tuple(VarianceNode.of_index(days, level) for days, level in ((9, 12.0), (30, 15.0), (93, 18.0)))

    low, high = (
        jensen_lines((chain(LOW, HIGH, days=days),), level, NOTED)
        for days, level in ((30, nodes), (30, tuple(VarianceNode(n.days, n.variance * 0.8) for n in nodes)))
    )

    # Totals 6,750 and 30,132 over 63 days: 371.14 a day, its root 19.265; the forward 20 is 3.8 % above.
    assert low[0].value == pytest.approx(3.815, abs=1e-3)
    assert not low[0].beyond
    assert high[0].beyond


def test_a_forward_behind_which_the_indexes_do_not_reach_is_told_without_a_value() -> None:
    nodes = tuple(VarianceNode.of_index(days, 15.0) for days in (9, 30, 93))

    (line,) = jensen_lines((chain(LOW, HIGH, days=70), chain(days=30)), nodes, NOTED)

    assert (line.value, line.beyond) == (None, False)
    assert line.text == "forward 20.00; VIX9D, VIX and VIX3M do not tell the variance of the 30 days behind it"


def test_a_kink_is_told_and_placed_once_there_are_enough_before() -> None:
    before = [(16.0, 17.0, 18.0 + swing) for swing in (0.1, -0.1) * 6]

    few = kink_line((16, 17, 17.5), before[:3], NOTED)
    usual, far = (kink_line((16, 17, last), before, NOTED) for last in (18.1, 19.0))

    assert few is not None
    assert (few.value, few.text[:12]) == (None, "-0.50 points")
    assert usual is not None
    assert not usual.beyond
    assert far is not None
    assert far.beyond
    assert kink_line((16, 17), before, NOTED) is None


def test_nearer_forwards_are_held_against_the_model_of_the_third() -> None:
    def month(forward: float, days: float) -> Chain:
        one = Pair(forward, TwoSided(2, 2), TwoSided(2, 2))
        return Chain(name=f"VIX in {days:g} days", days=days, pairs=(one,), discount=1.0)

    curve = [USUAL.forward_pts(15, 20, days) for days in (20, 50, 80)]
    on_it, dear = (
        model_lines((month(curve[0] * times, 20), month(curve[1], 50), month(curve[2], 80)), 15.0, NOTED)
        for times in (1.0, 1.12)
    )

    assert [line.value for line in on_it] == pytest.approx([0, 0], abs=1e-9)
    assert [line.value for line in dear] == pytest.approx([12, 0], abs=1e-9)
    assert [line.beyond for line in dear] == [True, False]
    assert alerts(dear) == {}
    assert model_lines((month(15, 20), month(16, 50)), 15.0, NOTED) == ()


def test_forwards_of_broken_quotes_are_held_against_no_model() -> None:
    broken = Pair(10, TwoSided(0.05, 0.10), TwoSided(19, 21))  # 10 + 0.075 - 20 is below zero

    assert model_lines((chain(LOW), chain(LOW, days=60), chain(broken, days=90)), 15.0, NOTED) == ()


def test_the_held_forward_weights_layers_by_their_delta_dollars() -> None:
    def layer(name: str, forward: float, held: int) -> LayerComputation:
        call = OptionContract(TradingClass.VIX, date(2020, 3, 18), 2200, Right.CALL)
        return LayerComputation(name, call, forward, 0.4, 500.0, held, held)

    line = held_forward_line((layer("L1", 20.0, 3), layer("L2", 22.0, 1), layer("L3", 30.0, 0)), NOTED)

    assert line is not None
    assert line.value == pytest.approx((3 * 20 + 22) / 4)
    assert held_forward_line((layer("L1", 20.0, 0),), NOTED) is None


def test_what_is_held_on_spx_has_no_forward_of_vix() -> None:
    put = OptionContract(TradingClass.SPXW, date(2020, 4, 17), 320_000, Right.PUT)
    spread = LayerComputation("L2", put, 3370.0, -0.15, 18_000.0, 1, 1)

    assert held_forward_line((spread,), NOTED) is None


def test_the_rebuilt_vix_stands_against_vix() -> None:
    line = strip_line(0.04, 19.5, "strip of SPXW 2020-03-18", NOTED)

    assert line.value == pytest.approx(20.0)
    assert "VIX 19.50, +0.50" in line.text
