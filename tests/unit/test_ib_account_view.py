"""What the gateway streams about the account: who was given it can tell whether anything has changed."""

from datetime import UTC, datetime, timedelta

import pytest

from daemon.adapters.ib.account import SUMMARY_TAGS, AccountView
from daemon.adapters.ib.messages import WireContract

START = datetime(2020, 2, 18, 15, 0, tzinfo=UTC)
OURS = "DU1"


class Clock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


def share(con_id: int) -> WireContract:
    return WireContract(
        con_id=con_id,
        sec_type="STK",
        symbol=f"S{con_id}",
        last_trade="",
        strike=0.0,
        right="",
        multiplier="",
        currency="USD",
        local_symbol=f"S{con_id}",
        trading_class="",
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def view(clock: Clock) -> AccountView:
    return AccountView(OURS, clock.now)


def test_positions_told_again_are_the_same_mapping_and_a_change_is_another(view: AccountView) -> None:
    view.position(OURS, share(1), 5, 0.0)
    before = view.positions()

    view.position(OURS, share(1), 5, 0.0)
    assert view.positions() is before

    view.position(OURS, share(2), 3, 0.0)
    assert {con_id: fact.quantity for con_id, fact in before.items()} == {1: 5}
    assert {con_id: fact.quantity for con_id, fact in view.positions().items()} == {1: 5, 2: 3}


def test_a_position_that_is_gone_is_told_once_with_zero_and_listed_no_more(view: AccountView) -> None:
    view.position(OURS, share(1), 5, 0.0)

    fact = view.position(OURS, share(1), 0, 0.0)

    assert fact is not None
    assert fact.quantity == 0
    assert view.positions() == {}


def test_values_are_those_that_came_last_with_their_time(view: AccountView, clock: Clock) -> None:
    for tag in SUMMARY_TAGS.split(","):
        view.value(OURS, tag, "100.00", "USD")
    assert view.values().net_liquidation_usd_cents == 10_000
    assert view.values() is view.values()

    clock.at += timedelta(seconds=5)
    view.value(OURS, "NetLiquidation", "101.50", "USD")

    assert (view.values().net_liquidation_usd_cents, view.values().at) == (10_150, clock.at)


@pytest.mark.parametrize(("told", "kept"), [(131.5, 132), (None, None), (0.0, None)])
def test_what_a_position_cost_is_kept_in_points_and_unknown_where_nothing_sensible_is_told(
    view: AccountView, told: float | None, kept: int | None
) -> None:
    call = WireContract(
        con_id=7,
        sec_type="OPT",
        symbol="VIX",
        last_trade="20200317",
        strike=30.0,
        right="C",
        multiplier="100",
        currency="USD",
        local_symbol="VIX   200318C00030000",
        trading_class="VIX",
    )

    fact = view.position(OURS, call, 2, told)

    assert fact is not None
    assert fact.contract is not None
    assert fact.cost_pts100 == kept
