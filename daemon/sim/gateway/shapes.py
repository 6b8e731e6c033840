"""The messages a gateway sends: their ids, how each begins, and how many fields it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Out(IntEnum):
    """Message ids."""

    TICK_PRICE = 1
    TICK_SIZE = 2
    ORDER_STATUS = 3
    ERROR = 4
    OPEN_ORDER = 5
    ACCOUNT_VALUE = 6
    PORTFOLIO = 7
    ACCOUNT_TIME = 8
    NEXT_VALID_ID = 9
    CONTRACT_DETAILS = 10
    EXECUTION = 11
    MANAGED_ACCOUNTS = 15
    HISTORICAL_DATA = 17
    TICK_GREEKS = 21
    TICK_GENERIC = 45
    TICK_STRING = 46
    CURRENT_TIME = 49
    REAL_TIME_BAR = 50
    CONTRACT_DETAILS_END = 52
    OPEN_ORDER_END = 53
    ACCOUNT_DOWNLOAD_END = 54
    EXECUTION_END = 55
    TICK_SNAPSHOT_END = 57
    MARKET_DATA_TYPE = 58
    COMMISSION_REPORT = 59
    POSITION = 61
    POSITION_END = 62
    ACCOUNT_SUMMARY = 63
    ACCOUNT_SUMMARY_END = 64
    POSITION_MULTI = 71
    POSITION_MULTI_END = 72
    ACCOUNT_UPDATE_MULTI = 73
    ACCOUNT_UPDATE_MULTI_END = 74
    OPTION_PARAMS = 75
    OPTION_PARAMS_END = 76
    SYMBOL_SAMPLES = 79
    TICK_REQ_PARAMS = 81
    HEAD_TIMESTAMP = 88
    HISTORICAL_DATA_UPDATE = 90
    MARKET_RULE = 93
    PNL = 94
    PNL_SINGLE = 95
    TICK_BY_TICK = 99
    COMPLETED_ORDER = 101
    COMPLETED_ORDERS_END = 102


@dataclass(frozen=True, slots=True)
class Shape:
    """How a message begins (its id, and the constant of those that have a version field) and its exact field count.

    ``count`` None means that it depends on the content; the layouts assert those.
    """

    head: tuple[str, ...]
    count: int | None


def _shape(kind: Out, constant: str | None, count: int | None) -> Shape:
    return Shape((str(kind.value),) if constant is None else (str(kind.value), constant), count)


SHAPES: Final[Mapping[Out, Shape]] = {
    kind: _shape(kind, constant, count)
    for kind, constant, count in (
        (Out.TICK_PRICE, "6", 7),
        (Out.TICK_SIZE, "6", 5),
        (Out.ORDER_STATUS, None, 12),
        (Out.ERROR, "2", None),
        (Out.OPEN_ORDER, None, None),
        (Out.ACCOUNT_VALUE, "2", 6),
        (Out.PORTFOLIO, "8", 20),
        (Out.ACCOUNT_TIME, "1", 3),
        (Out.NEXT_VALID_ID, "1", 3),
        (Out.CONTRACT_DETAILS, None, None),
        (Out.EXECUTION, None, None),
        (Out.MANAGED_ACCOUNTS, "1", 3),
        (Out.HISTORICAL_DATA, None, None),
        (Out.TICK_GREEKS, None, 12),
        (Out.TICK_GENERIC, "6", 5),
        (Out.TICK_STRING, "6", 5),
        (Out.CURRENT_TIME, "1", 3),
        (Out.REAL_TIME_BAR, "3", 11),
        (Out.CONTRACT_DETAILS_END, "1", 3),
        (Out.OPEN_ORDER_END, "1", 2),
        (Out.ACCOUNT_DOWNLOAD_END, "1", 3),
        (Out.EXECUTION_END, "1", 3),
        (Out.TICK_SNAPSHOT_END, "1", 3),
        (Out.MARKET_DATA_TYPE, "1", 4),
        (Out.COMMISSION_REPORT, "1", 8),
        (Out.POSITION, "3", 16),
        (Out.POSITION_END, "1", 2),
        (Out.ACCOUNT_SUMMARY, "1", 7),
        (Out.ACCOUNT_SUMMARY_END, "1", 3),
        (Out.POSITION_MULTI, "1", 18),
        (Out.POSITION_MULTI_END, "1", 3),
        (Out.ACCOUNT_UPDATE_MULTI, "1", 8),
        (Out.ACCOUNT_UPDATE_MULTI_END, "1", 3),
        (Out.OPTION_PARAMS, None, None),
        (Out.OPTION_PARAMS_END, None, 2),
        (Out.SYMBOL_SAMPLES, None, None),
        (Out.TICK_REQ_PARAMS, None, 5),
        (Out.HEAD_TIMESTAMP, None, 3),
        (Out.HISTORICAL_DATA_UPDATE, None, 10),
        (Out.MARKET_RULE, None, None),
        (Out.PNL, None, 5),
        (Out.PNL_SINGLE, None, 7),
        (Out.TICK_BY_TICK, None, None),
        (Out.COMPLETED_ORDER, None, None),
        (Out.COMPLETED_ORDERS_END, None, 1),
    )
}
