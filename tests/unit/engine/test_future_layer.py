"""The VIX future that a layer would buy, and what is said where the broker has none."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from engine_fakes import SESSION, START, make_desk

from daemon.adapters.virtual_time import run_virtual
from daemon.core.market.contracts import OptionContract, vix_future
from daemon.core.market.quotes import Quote
from daemon.core.orders.intent import Reason
from daemon.engine.futures import new_future
from daemon.engine.gather import Refusal, UnitView

APRIL = vix_future(date(2020, 4, 15))


def offered(
    folder: Path, *, listed: bool = True, quote: tuple[int, int] | None = (1_700, 1_705)
) -> tuple[UnitView | None, tuple[Reason, ...]]:
    """Return what would be bought on 18 February 2020 with its reasons, or nothing and why."""
    found: list[tuple[UnitView | None, tuple[Reason, ...]]] = []
    window = {"HEDGE_L1_DTE_TARGET": "40", "HEDGE_L1_DTE_MIN": "30", "HEDGE_L1_DTE_MAX": "60"}
    desk, broker = make_desk(folder, HEDGE_L1_INSTRUMENT="vix_future", HEDGE_SPLIT="dollars", **window)
    broker.exists = lambda contract: listed and contract == APRIL

    def quoted(contract: OptionContract) -> Quote | None:
        return None if quote is None else Quote(desk.clock.now(), *quote, 20, 20)

    broker.quoted = quoted

    async def ask() -> None:
        try:
            found.append(await new_future(desk, desk.policy.hedge.layers[0], SESSION))
        except Refusal as refusal:
            found.append((None, refusal.reasons))

    run_virtual(ask, START)
    return found[0]


def test_the_monthly_future_nearest_the_target_is_bought_and_counts_a_thousand_dollars_a_point(tmp_path: Path) -> None:
    # From 18 February: 18 March is 29 days away, 15 April 57; the window begins at 30.
    view, reasons = offered(tmp_path)

    assert view is not None
    assert (view.unit.long, view.unit.short, reasons) == (APRIL, None, ())
    assert view.value.delta_usd == 1000 * 17.025
    assert str(view.unit) == "VX 2020-04-15"


def test_an_account_without_futures_is_told_so(tmp_path: Path) -> None:
    view, (reason,) = offered(tmp_path, listed=False)

    assert view is None
    assert reason.name == "no_hedge_quote"
    assert "may lack the permission for futures" in reason.text


def test_a_future_that_is_not_quoted_is_not_bought(tmp_path: Path) -> None:
    view, (reason,) = offered(tmp_path, quote=None)

    assert view is None
    assert (reason.name, reason.text) == ("no_hedge_quote", "VX 2020-04-15 has no two-sided quote")
