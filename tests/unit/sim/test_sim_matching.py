import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.sim.exchange import ExchangeConfig
from daemon.sim.exchange.matching import (
    fill_points,
    first_fill,
    leg_prices_pts100,
    net_book,
    paid_pts100,
    uniform,
)

CONDOR = np.array([1.0, -1.0, -1.0, 1.0])
BIDS = np.array([[8.2, 10.5, 11.8, 7.4]])
ASKS = np.array([[8.5, 10.8, 12.2, 7.7]])


def test_the_net_of_a_condor_is_negative_for_a_credit() -> None:
    book = net_book(CONDOR, BIDS, ASKS)

    assert book.mid[0] == pytest.approx(8.35 - 10.65 - 12.0 + 7.55)
    assert book.natural[0] == pytest.approx(8.5 - 10.5 - 11.8 + 7.7)


def test_an_order_fills_at_two_steps_and_a_quarter_of_the_way_past_mid() -> None:
    point = fill_points(net_book(CONDOR, BIDS, ASKS), ExchangeConfig(), step_pts=0.05, draw=0.5)

    assert point[0] == pytest.approx(-6.75 + 0.10 + 0.25 * 0.65)


def test_no_order_pays_more_than_natural() -> None:
    tight = net_book(np.array([1.0]), np.array([[1.00]]), np.array([[1.05]]))

    assert fill_points(tight, ExchangeConfig(), step_pts=0.05, draw=1.0)[0] == pytest.approx(1.05)


def test_a_limit_fills_at_the_first_instant_it_reaches() -> None:
    points = np.array([-6.0, -6.3, -6.5, -6.4])

    assert first_fill(points, -6.5) == 2
    assert first_fill(points, -6.6) is None
    assert first_fill(np.array([np.inf, np.inf]), np.inf) is None


def test_the_price_paid_is_the_point_rounded_up_to_a_step_and_never_above_the_limit() -> None:
    assert paid_pts100(-6.4875, -635, step_pts100=5) == -645
    assert paid_pts100(-6.35, -635, step_pts100=5) == -635
    assert paid_pts100(1.234, None, step_pts100=5) == 125


@given(
    st.lists(st.tuples(st.floats(0.05, 60), st.floats(0.05, 3)), min_size=2, max_size=4),
    st.integers(-200, 200),
)
def test_leg_prices_add_up_to_the_net_price(quotes: list[tuple[float, float]], past_mid: int) -> None:
    ratios = [1 if n % 2 else -1 for n in range(len(quotes))]
    bids, asks = [mid for mid, _ in quotes], [mid + width for mid, width in quotes]
    net = round(100 * sum(r * (b + a) / 2 for r, b, a in zip(ratios, bids, asks, strict=True))) + past_mid

    prices = leg_prices_pts100(ratios, bids, asks, net)

    assert sum(ratio * price for ratio, price in zip(ratios, prices, strict=True)) == net
    assert all(price >= 0 for price in prices)


def test_leg_prices_lie_inside_their_quotes_between_mid_and_natural() -> None:
    prices = leg_prices_pts100([1, -1, -1, 1], BIDS[0].tolist(), ASKS[0].tolist(), -645)

    assert all(
        100 * bid - 1e-9 <= price <= 100 * ask + 1e-9 for price, bid, ask in zip(prices, BIDS[0], ASKS[0], strict=True)
    )


def test_draws_are_spread_over_the_unit_interval_and_repeat() -> None:
    draws = [uniform(7, n) for n in range(2000)]

    assert draws[:5] == [uniform(7, n) for n in range(5)]
    assert 0.48 < float(np.mean(draws)) < 0.52
    assert 0 <= min(draws) < 0.01
    assert 0.99 < max(draws) < 1
