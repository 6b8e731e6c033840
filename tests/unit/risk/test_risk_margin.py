import pytest
from risk_values import spxw

from daemon.core.condor.legs import CondorLegs, Vertical
from daemon.core.market.contracts import Right
from daemon.core.risk.margin import condor_margin_usd_cents


def put(width: float) -> Vertical:
    return Vertical(spxw(3200, Right.PUT), spxw(3200 - width, Right.PUT))


def call(width: float) -> Vertical:
    return Vertical(spxw(3470, Right.CALL), spxw(3470 + width, Right.CALL))


# Interactive Brokers' example: ten condors with wings of 10 points need 10,000 dollars. Unequal wings are two spreads
# with two requirements. A vertical needs its width x 100 dollars.
@pytest.mark.parametrize(
    ("legs", "quantity", "margin_usd"),
    [
        (CondorLegs(put(10), call(10)), 10, 10_000),
        (CondorLegs(put(25), call(25)), 2, 5_000),
        (CondorLegs(put(25), call(10)), 2, 7_000),
        (CondorLegs(put(25), None), 2, 5_000),
        (CondorLegs(None, call(5)), 1, 500),
    ],
)
def test_the_estimate_is_that_of_a_strategy_based_account(legs: CondorLegs, quantity: int, margin_usd: int) -> None:
    assert condor_margin_usd_cents(legs, quantity) == margin_usd * 100
