"""Market-data lines: opened, watched until they say enough, closed; never more than the budget."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from daemon.adapters.ib.messages import GreeksRow
from daemon.adapters.ib.readings import DELTA_UNSET, finite, pts100
from daemon.core.market.contracts import Right
from daemon.core.market.quotes import DataKind, Greeks, Quote

_BID: Final = frozenset({1, 66})
_ASK: Final = frozenset({2, 67})
_LAST: Final = frozenset({4, 68})
_BID_SIZE: Final = frozenset({0, 69})
_ASK_SIZE: Final = frozenset({3, 70})
_MODEL: Final = frozenset({13, 83})
OPEN_INTEREST: Final = "101"
"""The generic tick that asks for open interest; without it a line never says any."""
OPEN_INTEREST_OF: Final = MappingProxyType({Right.CALL: 27, Right.PUT: 28})
"""Size ticks that carry it; a line of a call gets that of puts too, as 0."""
_KINDS: Final = {1: DataKind.LIVE, 2: DataKind.FROZEN, 3: DataKind.DELAYED, 4: DataKind.DELAYED_FROZEN}


class Batch:
    """Lines that are waited for together."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._noted: set[int] = set()
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def one_done(self) -> None:
        """Count one line that said enough or was refused."""
        self._left -= 1
        if self._left <= 0 and not self._done.done():
            self._done.set_result(None)

    def is_news(self, code: int) -> bool:
        """Whether a code has not been noted for these lines: forty refusals are one notice."""
        new = code not in self._noted
        self._noted.add(code)
        return new

    async def wait(self, timeout_s: float) -> bool:
        """Wait for all of them; False when the time is over."""
        # Not under a time-out of its own: that would cancel the future, and every later wait for it.
        done, _ = await asyncio.wait([self._done], timeout=timeout_s)
        return bool(done)


@dataclass(slots=True)
class Line:
    """One market-data line and what it has said; prices in points, None for "no quote"."""

    request_id: int
    batch: Batch
    needs_greeks: bool = False
    only_last: bool = False
    open_interest_tick: int | None = None
    """The tick of the open interest that is all this line is watched for; None for a line of prices."""
    open_interest: int | None = None
    kind: DataKind = DataKind.LIVE
    bid: float | None = None
    ask: float | None = None
    bid_size: int = 0
    ask_size: int = 0
    last: float | None = None
    greeks: Greeks | None = None
    at: datetime | None = None
    refusal: tuple[int, str] | None = None
    no_bid: bool = False
    """Whether the gateway has said that nobody bids, which is not the same as having said nothing yet."""
    settled: bool = False

    @property
    def enough(self) -> bool:
        """Whether everything that was waited for has come."""
        if self.open_interest_tick is not None:
            return self.open_interest is not None
        if self.only_last:
            return self.last is not None
        two_sided = self.bid is not None and self.ask is not None
        return two_sided and (self.greeks is not None or not self.needs_greeks)

    @property
    def lacks_only_a_bid(self) -> bool:
        """Whether all has come but a bid, of which the gateway says that there is none: it may stay so for long."""
        return self.no_bid and self.ask is not None and (self.greeks is not None or not self.needs_greeks)

    def settle(self) -> None:
        """Tell the waiting batch once."""
        if not self.settled:
            self.settled = True
            self.batch.one_done()

    def quote(self) -> Quote | None:
        """Return the quote, or None when nothing came that says anything."""
        if self.at is None or (self.bid is None and self.ask is None and self.greeks is None):
            return None
        return Quote(
            at=self.at,
            bid_pts100=None if self.bid is None else pts100(self.bid),
            ask_pts100=None if self.ask is None else pts100(self.ask),
            bid_size=self.bid_size,
            ask_size=self.ask_size,
            kind=self.kind,
            greeks=self.greeks,
        )


class Lines:
    """Every open line by request id, and the budget they share."""

    def __init__(self, max_lines: int, now: Callable[[], datetime]) -> None:
        self._max_lines = max_lines
        self._now = now
        self._lines: dict[int, Line] = {}
        self._free = asyncio.Semaphore(max_lines)
        self._turn = asyncio.Lock()

    @property
    def open(self) -> int:
        """How many are open."""
        return len(self._lines)

    @asynccontextmanager
    async def budget(self, count: int) -> AsyncIterator[None]:
        """Hold ``count`` lines of the budget, waiting for them; one taker at a time, so that nobody starves."""
        assert count <= self._max_lines, f"{count} lines at once, and the budget is {self._max_lines}"
        await self.take(count)
        try:
            yield
        finally:
            self.give_back(count)

    async def take(self, count: int) -> None:
        """Take lines of the budget for good."""
        taken = 0
        try:
            async with self._turn:
                while taken < count:
                    await self._free.acquire()
                    taken += 1
        except BaseException:
            self.give_back(taken)
            raise

    def give_back(self, count: int) -> None:
        """Return lines to the budget."""
        for _ in range(count):
            self._free.release()

    def add(self, line: Line) -> Line:
        """Watch a line that is about to be asked for."""
        self._lines[line.request_id] = line
        return line

    def remove(self, lines: Sequence[Line]) -> None:
        """Stop watching lines; ticks that still come are ignored."""
        for line in lines:
            self._lines.pop(line.request_id, None)

    def drop_all(self) -> None:
        """Forget every line, because the connection is gone; whoever waits sees what came so far."""
        lines = list(self._lines.values())
        self._lines.clear()
        for line in lines:
            line.settle()

    def price(self, request_id: int, tick: int, price: float, size: float) -> None:
        """Take a price; -1, and 0 without a size, mean that there is none."""
        line = self._lines.get(request_id)
        if line is None:
            return
        if tick in _BID:
            line.bid, line.bid_size = _side(price, size)
            line.no_bid = line.bid is None
        elif tick in _ASK:
            line.ask, line.ask_size = _side(price, size)
        elif tick in _LAST:
            value = finite(price)
            if value is None or value <= 0:
                return
            line.last = value
        else:
            return
        self._moved(line)

    def size(self, request_id: int, tick: int, size: float) -> None:
        """Take a size in contracts."""
        line = self._lines.get(request_id)
        if line is None or finite(size) is None:
            return
        if tick in _BID_SIZE:
            line.bid_size = int(size)
        elif tick in _ASK_SIZE:
            line.ask_size = int(size)
        elif tick == line.open_interest_tick and size >= 0:
            line.open_interest = int(size)
            self._moved(line)

    def option(self, request_id: int, tick: int, row: GreeksRow) -> None:
        """Take model greeks; without iv and delta there are none."""
        line = self._lines.get(request_id)
        if line is None or tick not in _MODEL:
            return
        line.greeks = greeks_of(row)
        self._moved(line)

    def kind(self, request_id: int, kind: int) -> None:
        """Take how fresh a line's data are."""
        line = self._lines.get(request_id)
        if line is not None and kind in _KINDS:
            line.kind = _KINDS[kind]

    def delayed(self, request_id: int) -> None:
        """Mark a line for which the gateway shows delayed data instead of live ones."""
        line = self._lines.get(request_id)
        if line is not None and line.kind is DataKind.LIVE:
            line.kind = DataKind.DELAYED

    def refuse(self, request_id: int, code: int, text: str) -> bool:
        """End a line with the gateway's refusal; False when no line has this id."""
        line = self._lines.get(request_id)
        if line is None:
            return False
        line.refusal = (code, text)
        line.settle()
        return True

    def is_news(self, request_id: int, code: int) -> bool:
        """Whether a message about a line says something that none of its batch has said."""
        line = self._lines.get(request_id)
        return line is None or line.batch.is_news(code)

    def knows(self, request_id: int) -> bool:
        """Whether a line of this id is open."""
        return request_id in self._lines

    def _moved(self, line: Line) -> None:
        line.at = self._now()
        if not line.settled and line.enough:
            line.settle()


def _side(price: float, size: float) -> tuple[float | None, int]:
    known, count = finite(price), int(finite(size) or 0)
    if known is None or known < 0 or (known == 0 and count <= 0):
        return None, 0
    return known, count


def greeks_of(row: GreeksRow) -> Greeks | None:
    """Return greeks with -1 and -2 ("not available") as None; None without iv and delta."""
    iv, delta = finite(row.iv), finite(row.delta)
    if iv is None or iv <= 0 or delta is None or delta <= DELTA_UNSET:
        return None
    underlying = finite(row.underlying)
    return Greeks(
        iv=iv,
        delta=delta,
        gamma=_or_none(row.gamma),
        vega=_or_none(row.vega),
        theta=_or_none(row.theta),
        underlying_pts=None if underlying is None or underlying <= 0 else underlying,
    )


def _or_none(value: float) -> float | None:
    known = finite(value)
    return None if known is None or known == DELTA_UNSET else known
