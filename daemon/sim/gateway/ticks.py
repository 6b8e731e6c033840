"""Quotes as ticks: what a line has to send, and what has changed since it last did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from daemon.core.market.contracts import Right
from daemon.sim.exchange.api import Listing, SecType, SimGreeks, SimLeg, SimQuote
from daemon.sim.gateway import messages_out as out

BID, ASK, LAST, HIGH, LOW, CLOSE, OPEN = 1, 2, 4, 6, 7, 9, 14
BID_GREEKS, ASK_GREEKS, MODEL_GREEKS = 10, 11, 13
VOLUME = 8
CALL_OPEN_INTEREST, PUT_OPEN_INTEREST, CALL_VOLUME, PUT_VOLUME = 27, 28, 29, 30
MARK, HISTORICAL_VOL, IMPLIED_VOL, HALTED = 37, 23, 24, 49
_BARE_NUMBERS: Final = frozenset({HISTORICAL_VOL, IMPLIED_VOL, HALTED})
LAST_TIME, RT_VOLUME = 45, 48
OPEN_INTEREST: Final = "101"
OPTION_VOLUME: Final = "100"
"""The generic ticks by which a client asks for the two of each."""
HISTORICAL_VOLS: Final = "104"
IMPLIED_VOLS: Final = "106"
MARKS: Final = frozenset({"221", "232"})
RT_VOLUMES: Final = frozenset({"233", "375"})
TRADE_SIZE: Final = 100
"""What is said of the size of a trade: only prices are simulated."""
_SIZE_OF: Final[Mapping[int, int]] = {1: 0, 2: 3, 4: 5, 66: 69, 67: 70, 68: 71}
_DELAYED: Final[Mapping[int, int]] = {
    1: 66,
    2: 67,
    4: 68,
    6: 72,
    7: 73,
    8: 74,
    9: 75,
    14: 76,
    45: 88,
    49: 90,
    10: 80,
    11: 81,
    13: 83,
}
_NONE: Final = (-1.0, 0)
NO_GREEKS: Final = (-1.0, -2.0, -1.0, -1.0, -2.0, -2.0, -2.0, -1.0)
"""Greeks that are not available."""
_MIN_VEGA: Final = 1e-4
_SIDES: Final = frozenset({BID_GREEKS, ASK_GREEKS})
_PRICE: Final = 2  # its place in the numbers of the greeks

Numbers = tuple[float, ...]
Tick = tuple[int, Numbers]
"""Tick type and numbers: price and size, or the eight numbers of the greeks, or a size alone."""


@dataclass(slots=True)
class Line:
    """One open market-data line of a client and what it sent last."""

    req_id: int
    symbol: str
    sec_type: str
    con_id: int | None
    """None for a combo."""
    legs: tuple[SimLeg, ...]
    min_tick: float
    market_data_type: int = 1
    delayed: bool = False
    snapshot: bool = False
    """Whether the line ends with its first ticks."""
    generics: frozenset[str] = frozenset()
    """Generic ticks that the client has asked for with the line; later it cannot."""
    sent: dict[int, Numbers] = field(default_factory=dict)
    traded: float | None = None
    """The last price that was told with its time."""
    slow: bool = field(init=False)
    """Whether the line follows an index, a share or a pair, which tick at a slower beat."""

    def __post_init__(self) -> None:
        self.slow = self.sec_type in (SecType.INDEX, SecType.STOCK, SecType.CASH)


def quote_ticks(quote: SimQuote, sec_type: str) -> list[Tick]:
    """Return every tick of a quote; a side without a quote is -1 with size 0. Of the indexes only breadth has sides."""
    if sec_type == SecType.INDEX and quote.bid is None and quote.ask is None:
        return _day_ticks(quote)
    bid = _NONE if quote.bid is None else (quote.bid, quote.bid_size)
    ask = _NONE if quote.ask is None else (quote.ask, quote.ask_size)
    ticks: list[Tick] = [(BID, bid), (ASK, ask), *_day_ticks(quote)]
    if quote.greeks is not None:
        ticks += _greek_ticks(quote, quote.greeks)
    return ticks


def mark_ticks(quote: SimQuote) -> list[Tick]:
    """Return the mark price: the middle, or the last price of what has no two sides."""
    both = quote.bid is not None and quote.ask is not None
    mark = ((quote.bid or 0.0) + (quote.ask or 0.0)) / 2 if both else quote.last
    return [] if mark is None else [(MARK, (round(mark, 4), 0))]


def of_both_rights(listing: Listing, number: int, kinds: tuple[int, int]) -> list[Tick]:
    """Return the two ticks, of calls and of puts, that an option's line sends: its own, and 0 for the other right."""
    assert listing.option is not None, "only options have a right"
    calls, puts = (number, 0) if listing.option.right is Right.CALL else (0, number)
    return [(kinds[0], (float(calls),)), (kinds[1], (float(puts),))]


def missing_ticks(sec_type: str) -> list[Tick]:
    """Return the ticks of a line that has no data."""
    if sec_type == SecType.INDEX:
        return [(LAST, _NONE)]
    ticks: list[Tick] = [(BID, _NONE), (ASK, _NONE)]
    if sec_type == SecType.OPTION:
        ticks.append((MODEL_GREEKS, NO_GREEKS))
    return ticks


def _day_ticks(quote: SimQuote) -> list[Tick]:
    prices = (
        (LAST, quote.last),
        (HIGH, quote.high),
        (LOW, quote.low),
        (CLOSE, quote.previous_close),
        (OPEN, quote.open),
    )
    return [(kind, (price, 0)) for kind, price in prices if price is not None]


def _greek_ticks(quote: SimQuote, greeks: SimGreeks) -> list[Tick]:
    return [
        (BID_GREEKS, _greeks_at(quote.bid, greeks)),
        (ASK_GREEKS, _greeks_at(quote.ask, greeks)),
        (MODEL_GREEKS, _greeks_at(greeks.price, greeks)),
    ]


def _greeks_at(price: float | None, greeks: SimGreeks) -> Numbers:
    """Return the greeks of one side: the model's, with the volatility moved to its price (first order in vega)."""
    if price is None:
        return NO_GREEKS
    iv = greeks.iv
    if price != greeks.price:
        # Without vega no volatility fits the price.
        iv = iv + (price - greeks.price) / greeks.vega / 100 if greeks.vega > _MIN_VEGA else -1.0
    return NO_GREEKS if iv <= 0 else greek_numbers(greeks, iv, price)


def greek_numbers(greeks: SimGreeks, iv: float, price: float) -> Numbers:
    """Return the eight numbers of an option's greeks at a volatility and a price."""
    return (
        round(iv, 6),
        round(greeks.delta, 6),
        round(price, 4),
        0.0,
        round(greeks.gamma, 8),
        round(greeks.vega, 6),
        round(greeks.theta, 6),
        round(greeks.underlying, 4),
    )


def changes(line: Line, ticks: Sequence[Tick]) -> list[bytes]:
    """Return the messages for what differs from the last time, and remember it.

    The greeks of a side follow its price: they are sent when that moves, the model's whenever they move.
    """
    messages = []
    for kind, numbers in ticks:
        before = line.sent.get(kind)
        if before == numbers or (before is not None and kind in _SIDES and before[_PRICE] == numbers[_PRICE]):
            continue
        line.sent[kind] = numbers
        messages.append(_message(line, kind, numbers, before))
    return messages


def trade_texts(line: Line, ticks: Sequence[Tick], epoch_s: int) -> list[bytes]:
    """Return when a share was traded last and, where it is asked for, what: both when its last price has changed."""
    known = dict(ticks)
    last, volume = known.get(LAST, _NONE)[0], known.get(VOLUME, (0.0,))[0]
    if line.sec_type != SecType.STOCK or last in (line.traded, _NONE[0]):
        return []
    line.traded = last
    kind = _DELAYED[LAST_TIME] if line.delayed else LAST_TIME
    messages = [out.tick_string(line.req_id, kind, str(epoch_s))]
    if not line.generics.isdisjoint(RT_VOLUMES):
        said = f"{last};{TRADE_SIZE};{epoch_s * 1000};{int(volume)};{last};true"
        messages.append(out.tick_string(line.req_id, RT_VOLUME, said))
    return messages


def _message(line: Line, kind: int, numbers: Numbers, before: Numbers | None) -> bytes:
    wire_kind = _DELAYED.get(kind, kind) if line.delayed else kind
    if kind in _BARE_NUMBERS:
        return out.tick_generic(line.req_id, wire_kind, numbers[0])
    if len(numbers) > 2:
        return out.tick_greeks(line.req_id, wire_kind, numbers)
    if len(numbers) == 1:
        return out.tick_size(line.req_id, wire_kind, int(numbers[0]))
    price, size = numbers[0], int(numbers[1])
    if before is not None and before[0] == price and wire_kind in _SIZE_OF:
        return out.tick_size(line.req_id, _SIZE_OF[wire_kind], size)
    return out.tick_price(line.req_id, wire_kind, price, size)


def opening(line: Line) -> list[bytes]:
    """Return what begins every line: its kind of data and its parameters."""
    return [
        out.market_data_type(line.req_id, line.market_data_type),
        out.tick_req_params(line.req_id, line.min_tick, "9c0001"),
    ]
