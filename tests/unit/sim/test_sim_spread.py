import numpy as np
import pytest

from daemon.core.market.contracts import TradingClass
from daemon.sim.market.spread import bid_ask, half_width, width_kinds

NICKELS = {"step_below": np.array([0.05]), "step_above": np.array([0.10])}
PENNIES = {"step_below": np.array([0.01]), "step_above": np.array([0.01])}


def _quote(
    mid: float, vix: float, cls: TradingClass = TradingClass.SPXW, *, pennies: bool = False
) -> tuple[float, float]:
    prices = np.array([[mid]])
    half = half_width(prices, np.array([[vix]]), width_kinds([cls]))
    bid, ask = bid_ask(prices, half, **(PENNIES if pennies else NICKELS))
    return float(bid[0, 0]), float(ask[0, 0])


@pytest.mark.parametrize(
    ("mid", "low", "high"),
    [
        (0.2, 0.05, 0.10),
        (1.5, 0.10, 0.20),
        (4.5, 0.20, 0.30),
        (9.0, 0.20, 0.40),
        (18.0, 0.30, 0.50),
        (40.0, 0.40, 0.60),
    ],
)
def test_calm_spx_widths_are_those_measured_on_12_july_2022(mid: float, low: float, high: float) -> None:
    bid, ask = _quote(mid, 20.0)

    assert low - 1e-9 <= ask - bid <= high + 1e-9


def test_widths_grow_with_stress() -> None:
    calm, wild = (_quote(18.0, vix) for vix in (20.0, 50.0))

    assert wild[1] - wild[0] == pytest.approx(2.5 * 0.33, abs=0.21)
    assert calm[1] - calm[0] == pytest.approx(0.3, abs=0.11)


def test_a_worthless_option_has_no_bid_and_an_ask_of_one_step() -> None:
    assert _quote(0.001, 20.0) == (0.0, 0.05)


@pytest.mark.parametrize("mid", [0.3, 2.93, 2.98, 3.02, 3.2, 17.77, 250.04])
def test_quotes_keep_to_the_steps_and_bid_is_below_ask(mid: float) -> None:
    bid, ask = _quote(mid, 22.0)

    for price in (bid, ask):
        step = 0.05 if price < 3 - 1e-9 else 0.10
        assert price / step == pytest.approx(round(price / step), abs=1e-6)
    assert bid < mid < ask


@pytest.mark.parametrize(
    ("cls", "mid", "width"),
    [
        (TradingClass.VIX, 0.375, 0.043),
        (TradingClass.VIX, 1.5, 0.060),
        (TradingClass.VIXW, 0.375, 0.146),
        (TradingClass.VIXW, 1.5, 0.308),
    ],
)
def test_calm_vix_widths_are_the_medians_of_2023_to_2026(cls: TradingClass, mid: float, width: float) -> None:
    bid, ask = _quote(mid, 16.0, cls, pennies=True)

    assert ask - bid == pytest.approx(width, abs=0.02)


def test_vix_widths_double_in_stress() -> None:
    calm, stress = (_quote(10.0, vix, TradingClass.VIX, pennies=True) for vix in (15.0, 60.0))

    assert stress[1] - stress[0] == pytest.approx(2 * (calm[1] - calm[0]), abs=0.021)
