"""Reading single contracts of one SPXW expiry: each is looked up and quoted once, within a number of lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from daemon.core.market.contracts import ContractInfo, OptionContract, Right, TradingClass
from daemon.core.market.quotes import DataKind, Quote
from daemon.engine.context import Desk


class ChainReader:
    """Looks up and quotes contracts of an expiry and counts what it asked for."""

    def __init__(self, desk: Desk, expiry: date, lines_max: int) -> None:
        self._desk = desk
        self._lines_max = lines_max
        self.expiry = expiry
        self.infos: dict[OptionContract, ContractInfo] = {}
        self.quotes: dict[OptionContract, Quote] = {}
        self.requests = 0
        self.lines = 0

    async def observe(self, wanted: Sequence[OptionContract]) -> None:
        """Look up and quote the contracts not seen yet; past the largest number of lines nothing more is quoted."""
        unique = dict.fromkeys(wanted)
        new = [contract for contract in unique if contract not in self.infos]
        self.requests += len(new)
        if new:
            self.infos.update(await self._desk.broker.contracts(new))
        known = [self.infos[contract] for contract in unique if contract in self.infos]
        fresh = [info for info in known if info.contract not in self.quotes][: self._lines_max - self.lines]
        self.requests += len(fresh)
        self.lines += len(fresh)
        if fresh:
            self.quotes.update(await self._desk.broker.quotes(fresh, greeks=True))

    def contract(self, strike_pts100: int, right: Right) -> OptionContract:
        """Return the contract of this expiry."""
        return OptionContract(TradingClass.SPXW, self.expiry, strike_pts100, right)

    def deltas(self, right: Right) -> dict[int, float]:
        """Return strike -> absolute model delta of one side, as far as live greeks were seen."""
        return {
            contract.strike_pts100: abs(quote.greeks.delta)
            for contract, quote in self.quotes.items()
            if contract.right is right and quote.greeks is not None and quote.kind is DataKind.LIVE
        }

    def mid_pts(self, strike_pts100: int, right: Right) -> float | None:
        """Return the mid of a contract in points, or None where it has no two-sided quote."""
        quote = self.quotes.get(self.contract(strike_pts100, right))
        return quote.mid_pts if quote is not None and quote.two_sided else None
