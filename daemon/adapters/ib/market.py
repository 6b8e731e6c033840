"""Reading the market: contracts and their price steps, chains, index values, quotes, bars."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from daemon.adapters.ib import codes
from daemon.adapters.ib.config import IbConfig
from daemon.adapters.ib.contracts import date_of, info_of, option_of, params_of, query_of, rule_of
from daemon.adapters.ib.conversation import Conversation
from daemon.adapters.ib.lines import OPEN_INTEREST, OPEN_INTEREST_OF, Batch, Line
from daemon.adapters.ib.messages import BarRow, ContractRow, Kind
from daemon.adapters.ib.readings import pts100
from daemon.core.calendar.expiries import settlement_at
from daemon.core.calendar.sessions import new_york, new_york_date, sessions_between
from daemon.core.market.contracts import (
    INDEXES,
    ContractInfo,
    OptionContract,
    OptionParams,
    SignalIndex,
    TradingClass,
    Underlying,
)
from daemon.core.market.quotes import Bar, IndexQuote, Quote
from daemon.errors import BrokerError, BrokerTimeoutError, LinkDownError

Steps = tuple[tuple[int, int], ...]

_BAR_SIZES: Final = {
    1: "1 min",
    2: "2 mins",
    3: "3 mins",
    5: "5 mins",
    10: "10 mins",
    15: "15 mins",
    20: "20 mins",
    30: "30 mins",
    60: "1 hour",
    1440: "1 day",
}
_DAY_MINUTES: Final = 1440
_DAY_S: Final = 86_400
_MAX_DAYS: Final = 365
_SESSIONS_A_YEAR: Final = 250
_OPEN: Final = time(9, 30)
_SETTLEMENT_INDEX: Final = {
    TradingClass.SPXW: "SPX",
    TradingClass.SPX: "SET",
    TradingClass.VIX: "VRO",
    TradingClass.VIXW: "VRO",
    TradingClass.VX: "VRO",
    TradingClass.VXX: "VXX",
    TradingClass.UVXY: "UVXY",
}
"""Tickers that carry the final values: the close of the index or the fund, and the two special opening quotations."""
_CLOSE_FINAL_AFTER: Final = timedelta(minutes=10)
_SAME_QUESTION_AGAIN: Final = timedelta(seconds=15)
"""Sooner, the gateway refuses an identical request for bars."""
_NO_BID_WAIT_S: Final = 2.0
"""How long a bid may take to come after all when the gateway has said that there is none."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_INFOS: Final = 1_024


class Market:
    """Asks for market data; keeps what does not change from one connection to the next."""

    def __init__(self, config: IbConfig) -> None:
        self._config = config
        self._infos: dict[OptionContract, ContractInfo] = {}
        self._rules: dict[int, Steps] = {}
        self._index_con_ids: dict[Underlying, int] = {}
        self._index_lines: dict[Underlying, Line] = {}
        self._wanted_indexes: set[Underlying] = set()
        self._settled: dict[tuple[str, date], float] = {}
        self._settlement_asked: dict[tuple[str, date], datetime] = {}

    async def contracts(
        self, talk: Conversation, wanted: Sequence[OptionContract]
    ) -> Mapping[OptionContract, ContractInfo]:
        """Look up the contracts that are not known yet, all at once; one that does not exist is absent."""
        unique = tuple(dict.fromkeys(wanted))
        new = [contract for contract in unique if contract not in self._infos]
        if new:
            rows = await self._details(talk, new)
            await self._read_rules(talk, rows.values())
            self._keep(rows, talk)
        return {contract: self._infos[contract] for contract in unique if contract in self._infos}

    async def _details(self, talk: Conversation, new: Sequence[OptionContract]) -> dict[OptionContract, ContractRow]:
        asked = []
        for contract in new:
            request_id = talk.open_wire.next_id()
            asked.append((contract, talk.requests.ask_id(request_id)))
            talk.open_wire.ask_option(request_id, query_of(contract))
        await talk.requests.ended([pending for _, pending in asked], "contract details")
        found = {}
        for contract, pending in asked:
            rows = pending.rows_unless(codes.UNKNOWN_CONTRACT)
            row = next((row for row in rows if option_of(row.contract, row.real_expiration) == contract), None)
            if row is not None:
                found[contract] = row
        return found

    async def _read_rules(self, talk: Conversation, rows: Iterable[ContractRow]) -> None:
        rules = {rule for row in rows if (rule := rule_of(row)) is not None}
        for rule in sorted(rules - self._rules.keys()):
            async with talk.requests.alone:
                if rule in self._rules:
                    continue
                pending = talk.ask_kind(Kind.market_rule(rule))
                talk.open_wire.ask_rule(rule)
                steps = await talk.requests.one(pending, f"market rule {rule}")
            self._rules[rule] = tuple(sorted((pts100(edge), pts100(step)) for edge, step in steps if step > 0))

    def _keep(self, rows: Mapping[OptionContract, ContractRow], talk: Conversation) -> None:
        if len(self._infos) > _MAX_INFOS:
            today = new_york_date(talk.now())
            self._infos = {contract: info for contract, info in self._infos.items() if contract.expiry >= today}
        for contract, row in rows.items():
            rule = rule_of(row)
            steps = self._rules.get(rule, ()) if rule is not None else ()
            # A contract without a rule has one step everywhere, the smallest.
            info = info_of(row, steps or ((0, pts100(row.min_tick)),))
            if info is not None:
                self._infos[contract] = info

    async def option_params(self, talk: Conversation, underlying: Underlying) -> tuple[OptionParams, ...]:
        """List classes, expiries and strikes."""
        con_id = await self._index_con_id(talk, underlying)
        request_id = talk.open_wire.next_id()
        pending = talk.requests.ask_id(request_id)
        talk.open_wire.ask_chain(request_id, underlying.value, con_id)
        return params_of(await talk.requests.one(pending, f"{underlying} option parameters"), underlying)

    async def _index_con_id(self, talk: Conversation, underlying: Underlying) -> int:
        known = self._index_con_ids.get(underlying)
        if known is not None:
            return known
        request_id = talk.open_wire.next_id()
        pending = talk.requests.ask_id(request_id)
        talk.open_wire.ask_index(request_id, underlying.value)
        rows: list[ContractRow] = await talk.requests.one(pending, f"the {underlying} index")
        if not rows:
            raise BrokerError(f"The gateway knows no index {underlying}.", codes.UNKNOWN_CONTRACT)
        self._index_con_ids[underlying] = rows[0].contract.con_id
        return rows[0].contract.con_id

    async def index_quote(self, talk: Conversation, underlying: Underlying) -> IndexQuote:
        """Return the last value of an index, opening its line first when there is none."""
        line = self._index_lines.get(underlying)
        if line is None:
            line = await self._index_line(talk, underlying)
        if line.last is None and line.refusal is None:
            await line.batch.wait(self._config.quote_timeout_s)
        return self._index_value(talk, underlying, line)

    async def _index_line(self, talk: Conversation, underlying: Underlying) -> Line:
        await talk.lines.take(1)
        line = self._index_lines.get(underlying)
        if line is not None:  # somebody else opened it meanwhile
            talk.lines.give_back(1)
            return line
        return self._open_index(talk, underlying)

    def _open_index(self, talk: Conversation, underlying: Underlying) -> Line:
        self._wanted_indexes.add(underlying)
        line = talk.lines.add(Line(talk.open_wire.next_id(), Batch(1), only_last=True))
        self._index_lines[underlying] = line
        talk.open_wire.open_index_line(line.request_id, underlying.value)
        return line

    def _index_value(self, talk: Conversation, underlying: Underlying, line: Line) -> IndexQuote:
        if line.refusal is not None:
            code, text = line.refusal
            self._close_index(talk, underlying, line)
            raise BrokerError(f"The gateway gives no {underlying} data: {text} (code {code}).", code)
        if not talk.lines.knows(line.request_id):
            raise LinkDownError(f"The connection was lost while waiting for {underlying}.")
        if line.last is None or line.at is None:
            raise BrokerTimeoutError(f"{underlying} had no value within {self._config.quote_timeout_s:g} s.")
        return IndexQuote(line.at, line.last, line.kind)

    def _close_index(self, talk: Conversation, underlying: Underlying, line: Line) -> None:
        if self._index_lines.get(underlying) is line:
            del self._index_lines[underlying]
            talk.lines.remove([line])
            talk.lines.give_back(1)

    def connection_over(self) -> None:
        """Forget the index lines of a lost connection; they are opened again on the next."""
        self._index_lines.clear()

    async def reopen(self, talk: Conversation) -> None:
        """Open the index lines that were open before, on a new connection."""
        for underlying in sorted(self._wanted_indexes - self._index_lines.keys()):
            await self._index_line(talk, underlying)

    def renew(self, talk: Conversation) -> None:
        """Ask again for the index lines, whose data the gateway lost."""
        for underlying, line in sorted(self._index_lines.items()):
            talk.lines.remove([line])
            line.settle()
            self._open_index(talk, underlying)

    async def quotes(
        self, talk: Conversation, wanted: Sequence[ContractInfo], *, greeks: bool
    ) -> Mapping[OptionContract, Quote]:
        """Open lines, wait until each has said enough or the time is over, close them."""
        found = await self._said(talk, wanted, greeks=greeks)
        quotes = {contract: line.quote() for contract, line in found.items()}
        return {contract: quote for contract, quote in quotes.items() if quote is not None}

    async def open_interest(self, talk: Conversation, wanted: Sequence[ContractInfo]) -> Mapping[OptionContract, int]:
        """Open lines of their own for it: one that was opened without the generic tick never says it."""
        found = await self._said(talk, wanted, interest=True)
        said = {contract: line.open_interest for contract, line in found.items()}
        return {contract: number for contract, number in said.items() if number is not None}

    async def _said(
        self, talk: Conversation, wanted: Sequence[ContractInfo], *, greeks: bool = False, interest: bool = False
    ) -> dict[OptionContract, Line]:
        """Return what lines of contracts have said, as many at once as the budget has room for."""
        unique = tuple({info.contract: info for info in wanted}.values())
        room = max(1, self._config.max_lines - len({*INDEXES, *self._wanted_indexes}))
        found: dict[OptionContract, Line] = {}
        for start in range(0, len(unique), room):
            chunk = unique[start : start + room]
            async with talk.lines.budget(len(chunk)):
                found.update(await self._chunk(talk, chunk, greeks=greeks, interest=interest))
        return found

    async def _chunk(
        self, talk: Conversation, chunk: Sequence[ContractInfo], *, greeks: bool, interest: bool
    ) -> dict[OptionContract, Line]:
        batch = Batch(len(chunk))
        lines: list[Line] = []
        wire = talk.open_wire
        try:
            for info in chunk:
                tick = OPEN_INTEREST_OF[info.contract.right] if interest else None
                line = Line(wire.next_id(), batch, needs_greeks=greeks, open_interest_tick=tick)
                lines.append(talk.lines.add(line))
                ticks = OPEN_INTEREST if interest else ""
                wire.open_line(line.request_id, info, ticks=ticks)
            await self._said_enough(batch, lines)
            if any(not talk.lines.knows(line.request_id) for line in lines):
                raise LinkDownError("The connection was lost while waiting for quotes.")
        finally:
            still_open = [line for line in lines if talk.lines.knows(line.request_id)]
            talk.lines.remove(still_open)
            for line in still_open:
                if line.refusal is None:
                    wire.close_line(line.request_id)
        return {info.contract: line for info, line in zip(chunk, lines, strict=True)}

    async def _said_enough(self, batch: Batch, lines: Sequence[Line]) -> None:
        """Wait for the lines, for a worthless option only a moment: nobody may bid for it to the end of its days."""
        moment_s = min(_NO_BID_WAIT_S, self._config.quote_timeout_s)
        if await batch.wait(moment_s) or all(line.settled or line.lacks_only_a_bid for line in lines):
            return
        await batch.wait(self._config.quote_timeout_s - moment_s)

    async def settlement_value(self, talk: Conversation, trading_class: TradingClass, expiry: date) -> float | None:
        """Return the final settlement value in points from the daily bar of the index that carries it.

        None while there is no such bar, and for SPXW and funds until the close has had time to become final.
        """
        now = talk.now()
        published = settlement_at(trading_class, expiry)
        if not trading_class.am_settled:
            published += _CLOSE_FINAL_AFTER
        if now < published:
            return None
        key = (_SETTLEMENT_INDEX[trading_class], expiry)
        if key not in self._settled and now - self._settlement_asked.get(key, _EPOCH) > _SAME_QUESTION_AGAIN:
            self._settlement_asked[key] = now
            value = await self._close_of(talk, *key)
            if value is not None:
                self._settled[key] = value
        return self._settled.get(key)

    async def _close_of(self, talk: Conversation, symbol: str, day: date) -> float | None:
        sessions = len(sessions_between(day, new_york_date(talk.now())))
        try:
            bars = await self._bars(talk, symbol, minutes=_DAY_MINUTES, count=sessions)
        except BrokerError as error:
            if error.code in codes.NO_SUCH_DATA:
                return None
            raise
        return next((bar.close for bar in bars if new_york_date(bar.at) == day), None)

    async def bars(
        self, talk: Conversation, index: Underlying | SignalIndex, *, minutes: int, count: int
    ) -> tuple[Bar, ...]:
        """Return the last bars of an index, oldest first; fewer when there are not so many."""
        return await self._bars(talk, index.value, minutes=minutes, count=count)

    async def _bars(self, talk: Conversation, symbol: str, *, minutes: int, count: int) -> tuple[Bar, ...]:
        size = _BAR_SIZES.get(minutes)
        if size is None or count < 1:
            raise BrokerError(f"Bars of {minutes} minutes do not exist; there are {', '.join(map(str, _BAR_SIZES))}.")
        request_id = talk.open_wire.next_id()
        pending = talk.requests.ask_id(request_id)
        talk.open_wire.ask_bars(request_id, symbol, duration=duration_of(minutes, count), size=size)
        rows = await talk.requests.one(pending, f"{symbol} bars")
        return tuple(bar_of(row) for row in rows)[-count:]


def duration_of(minutes: int, count: int) -> str:
    """Return how far back to ask so that ``count`` bars are inside: seconds up to a day, then days, then years."""
    if minutes < _DAY_MINUTES:
        seconds = minutes * 60 * count
        return f"{seconds} S" if seconds <= _DAY_S else f"{math.ceil(seconds / _DAY_S)} D"
    return f"{count} D" if count <= _MAX_DAYS else f"{math.ceil(count / _SESSIONS_A_YEAR)} Y"


def bar_of(row: BarRow) -> Bar:
    """Return a bar; a daily one begins at 09:30 in New York."""
    day: date | None = date_of(row.at)
    at = _EPOCH + timedelta(seconds=int(row.at)) if day is None else new_york(day, _OPEN)
    return Bar(at, row.open, row.high, row.low, row.close)
