"""The forward of a VIX expiry comes from a call and a put of one strike, wherever both are quoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest
from engine_fakes import START, FakeBroker, make_desk

from daemon.adapters.virtual_time import run_virtual
from daemon.core.market.contracts import ContractInfo, OptionContract, Right, TradingClass
from daemon.core.market.quotes import Quote
from daemon.engine.gather import HedgeChain, Refusal

EXPIRY = date(2020, 3, 18)
STRIKES = tuple(range(900, 2000, 50))
FORWARD_PTS = 12.0


class Quoting:
    """Quotes calls and puts at 2 points of time value on a forward of 12; puts below a strike have no bid."""

    def __init__(self, broker: FakeBroker, *, bids_from_pts100: int, unlisted: frozenset[int] = frozenset()) -> None:
        self._broker, self._from, self._unlisted = broker, bids_from_pts100, unlisted
        self.pairs: list[int] = []

    async def contracts(self, wanted: Sequence[OptionContract]) -> Mapping[OptionContract, ContractInfo]:
        known = await FakeBroker.contracts(self._broker, wanted)
        return {contract: info for contract, info in known.items() if contract.strike_pts100 not in self._unlisted}

    async def quotes(self, wanted: Sequence[ContractInfo], *, greeks: bool) -> Mapping[OptionContract, Quote]:
        assert not greeks
        self.pairs += sorted({info.contract.strike_pts100 for info in wanted})
        return {info.contract: self._quote(info.contract) for info in wanted}

    def _quote(self, contract: OptionContract) -> Quote:
        side = 1 if contract.right is Right.CALL else -1
        mid = round(max(0.0, side * (FORWARD_PTS - contract.strike)) * 100) + 200
        bid = mid - 5 if contract.right is Right.CALL or contract.strike_pts100 >= self._from else None
        return Quote(self._broker.clock.now(), bid, mid + 5, 10, 10)


def forward(
    folder: Path, guess_pts: float, *, bids_from_pts100: int, unlisted: frozenset[int] = frozenset()
) -> tuple[object, list[int]]:
    found: list[float | str] = []
    folder.mkdir(exist_ok=True)
    desk, broker = make_desk(folder)
    quoting = Quoting(broker, bids_from_pts100=bids_from_pts100, unlisted=unlisted)
    broker.contracts, broker.quotes = quoting.contracts, quoting.quotes  # type: ignore[method-assign] # a fake

    async def ask() -> None:
        try:
            found.append(await HedgeChain(desk, TradingClass.VIX, EXPIRY, STRIKES).forward(guess_pts))
        except Refusal as refusal:
            found.append(refusal.reasons[0].name)

    run_virtual(ask, START)
    return found[0], quoting.pairs


class TestForward:
    def test_it_is_asked_at_vix_and_again_at_the_strike_nearest_to_it(self, tmp_path: Path) -> None:
        assert forward(tmp_path, 14.0, bids_from_pts100=0) == (pytest.approx(12.0), [1400, 1200])

    def test_one_pair_is_enough_when_vix_is_near(self, tmp_path: Path) -> None:
        assert forward(tmp_path, 12.1, bids_from_pts100=0) == (pytest.approx(12.0), [1200])

    def test_where_puts_near_vix_have_no_bid_the_pair_is_looked_for_above(self, tmp_path: Path) -> None:
        # VIX 9.5: no bid at 9.5 and 11 (10.9); at 13 (12.8) there is one, and at 12, which is nearest, too.
        assert forward(tmp_path, 9.5, bids_from_pts100=1150) == (pytest.approx(12.0), [950, 1100, 1300, 1200])

    def test_the_first_pair_stands_where_the_nearest_strike_is_not_listed_or_has_no_bid(self, tmp_path: Path) -> None:
        unlisted = frozenset({1200})

        assert forward(tmp_path / "a", 14.0, bids_from_pts100=0, unlisted=unlisted)[0] == pytest.approx(12.0)
        assert forward(tmp_path / "b", 14.0, bids_from_pts100=1250) == (pytest.approx(12.0), [1400, 1200])

    def test_without_any_pair_there_is_no_forward_and_a_name(self, tmp_path: Path) -> None:
        assert forward(tmp_path, 9.5, bids_from_pts100=3000) == ("no_forward", [950, 1100, 1300, 1500])
