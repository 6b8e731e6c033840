from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from limit_values import LIMITS

from daemon.core.orders.broker_facts import AccountValues
from daemon.core.records import LimitUse
from daemon.core.risk.losses import Close, Loss, Losses
from daemon.core.risk.usage import Used, limit_uses, most_in_a_minute, still_allowed

AT = datetime(2020, 2, 18, 20, 30, tzinfo=UTC)
SINCE = Close(date(2020, 2, 14), 165_000_00)
ACCOUNT = AccountValues(
    net_liquidation_usd_cents=160_000_00,
    total_cash_usd_cents=160_000_00,
    initial_margin_usd_cents=40_000_00,
    maintenance_margin_usd_cents=40_000_00,
    available_funds_usd_cents=120_000_00,
    at=AT,
)
USED = Used(
    condors=8,
    wing_notional_usd=40_000,
    account=ACCOUNT,
    losses=Losses(Loss(2.5, SINCE), Loss(-0.5, SINCE), Loss(None, None)),
    orders_at=(AT, AT + timedelta(seconds=10)),
    contracts=12,
    rejects=3,
    debits_due_usd_cents=24_000_00,
)


def test_every_limit_shows_what_is_used_of_it() -> None:
    # Half of 160,000 dollars is 80,000; 40,000 of 160,000 dollars is 25 %; the fifth rejection halts, so four may be.
    # 160,000 dollars of cash are 2.5 times the 40,000 of margin and the 24,000 that orders would pay.
    assert limit_uses(USED, LIMITS) == (
        LimitUse("open_condors", 8, 20, "count"),
        LimitUse("wing_notional", 40_000, 80_000, "USD"),
        LimitUse("margin", 25.0, 50.0, "%"),
        LimitUse("quick_ratio", 2.5, 1.0, "times", least=True),
        LimitUse("session_loss", 2.5, 2.0, "%", "since the close of 2020-02-14"),
        LimitUse("week_loss", -0.5, 4.0, "%", "since the close of 2020-02-14"),
        LimitUse("drawdown", None, 10.0, "%", applies=False),
        LimitUse("session_orders", 2, 40, "count"),
        LimitUse("session_contracts", 12, 500, "count"),
        LimitUse("order_rate", 2, 20, "count"),
        LimitUse("rejects", 3, 4, "count"),
    )


def test_only_what_passes_its_limit_is_breached() -> None:
    assert [use.name for use in limit_uses(USED, LIMITS) if use.breached] == ["session_loss"]


def test_cash_below_margin_and_debits_due_is_a_breach() -> None:
    # 63,000 dollars of cash against 64,000 that are due.
    short = replace(USED, account=replace(ACCOUNT, total_cash_usd_cents=63_000_00))

    (use,) = [use for use in limit_uses(short, LIMITS) if use.name == "quick_ratio"]

    assert use.value == pytest.approx(63 / 64)
    assert use.breached
    assert "`condord flatten`" in still_allowed(use.name)


def test_where_nothing_is_due_the_quick_ratio_does_not_apply() -> None:
    nothing = replace(USED, account=replace(ACCOUNT, maintenance_margin_usd_cents=0), debits_due_usd_cents=0)

    (use,) = [use for use in limit_uses(nothing, LIMITS) if use.name == "quick_ratio"]

    assert (use.value, use.applies, use.breached) == (None, False, False)


def test_a_breach_says_what_is_still_allowed() -> None:
    said = {use.name: still_allowed(use.name) for use in limit_uses(USED, LIMITS)}

    halting = {"session_orders", "session_contracts", "order_rate", "rejects"}
    assert {name for name, words in said.items() if words == "exits go on"} == halting
    assert all(words.endswith("exits and the hedge go on") for name, words in said.items() if name not in halting)


def test_without_an_account_what_hangs_on_it_is_unknown_and_no_breach() -> None:
    found = {use.name: use for use in limit_uses(replace(USED, account=None), LIMITS)}

    assert found["wing_notional"].limit is None
    assert found["margin"].value is None
    assert (found["quick_ratio"].value, found["quick_ratio"].applies) == (None, True)
    assert not found["wing_notional"].breached
    assert not found["margin"].breached


@pytest.mark.parametrize(
    ("seconds", "most"),
    [((), 0), ((0,), 1), ((0, 59.9), 2), ((0, 60), 1), ((0, 30, 59, 61, 62), 4), ((100, 0, 130), 2)],
)
def test_the_busiest_minute_is_any_sixty_seconds(seconds: tuple[float, ...], most: int) -> None:
    assert most_in_a_minute(AT + timedelta(seconds=second) for second in seconds) == most
