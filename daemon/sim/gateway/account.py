"""Account values and portfolio as streams: a full set first, then only what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from daemon.core.calendar.sessions import NEW_YORK
from daemon.sim.exchange.api import Listing, SimAccount, SimPosition
from daemon.sim.gateway import messages_out as out
from daemon.sim.gateway.codec import UNSET_DOUBLE
from daemon.sim.gateway.contracts import contract11, fill_exchange

AccountRow = tuple[str, str, str]
"""Key, value, currency."""
EMPTY_ACCOUNT: Final = SimAccount(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
LEDGER_KEYS: Final = (
    "AccruedCash",
    "CashBalance",
    "NetLiquidationByCurrency",
    "OptionMarketValue",
    "RealizedPnL",
    "TotalCashBalance",
    "UnrealizedPnL",
)
_SEGMENTED: Final = frozenset(
    {
        "AvailableFunds",
        "EquityWithLoanValue",
        "ExcessLiquidity",
        "FullAvailableFunds",
        "FullExcessLiquidity",
        "FullInitMarginReq",
        "FullMaintMarginReq",
        "InitMarginReq",
        "MaintMarginReq",
        "NetLiquidation",
        "TotalCashValue",
    }
)


class FeedKind(StrEnum):
    """Who asked, and so how each value is spelled."""

    UPDATES = "updates"
    MULTI = "multi"
    SUMMARY = "summary"


@dataclass(slots=True)
class Feed:
    """One stream of account values to one client."""

    kind: FeedKind
    account: str
    req_id: int = -1
    tags: tuple[str, ...] = ()
    sent: dict[tuple[str, str], str] = field(default_factory=dict)
    portfolio: dict[int, tuple[float, ...]] = field(default_factory=dict)


def dollars(value: float) -> str:
    """Spell dollars with cents; never minus zero."""
    return f"{value + 0.0:.2f}" if abs(value) >= 0.005 else "0.00"


def account_rows(values: SimAccount, positions: Iterable[SimPosition], account: str) -> tuple[AccountRow, ...]:
    """Return every account value; the stock segment (-S) holds everything, the commodity segment (-C) nothing."""
    gross = sum(abs(position.market_value) for position in positions)
    cushion = values.excess_liquidity / values.net_liquidation if values.net_liquidation else 0.0
    plain = (
        ("AccountCode", account, ""),
        ("AccountReady", "true", ""),
        ("AccountType", "INDIVIDUAL", ""),
        ("Cushion", f"{cushion:.6f}", ""),
        ("DayTradesRemaining", "-1", ""),
        ("LookAheadNextChange", "0", ""),
        ("TradingType-S", "STKNOPT", ""),
        ("ExchangeRate", "1.00", "BASE"),
        ("ExchangeRate", "1.00", "USD"),
        ("RealCurrency", "USD", "USD"),
    )
    rows = list(plain)
    for key, amount in _dollar_values(values, gross):
        rows.append((key, dollars(amount), "USD"))
        if key in _SEGMENTED:
            rows += [(f"{key}-C", "0.00", "USD"), (f"{key}-S", dollars(amount), "USD")]
    for key, amount in _ledger(values):
        rows += [(key, dollars(amount), currency) for currency in ("BASE", "USD")]
    return tuple(rows)


def unset_rows(rows: Iterable[AccountRow]) -> tuple[AccountRow, ...]:
    """Return account values with every amount unset, as the gateway spells it."""
    return tuple((key, UNSET_DOUBLE if currency == "USD" else value, currency) for key, value, currency in rows)


def _dollar_values(values: SimAccount, gross: float) -> tuple[tuple[str, float], ...]:
    margins = (("InitMarginReq", values.initial_margin), ("MaintMarginReq", values.maintenance_margin))
    funds = (("AvailableFunds", values.available_funds), ("ExcessLiquidity", values.excess_liquidity))
    return (
        ("NetLiquidation", values.net_liquidation),
        ("TotalCashValue", values.total_cash),
        ("EquityWithLoanValue", values.net_liquidation),
        ("BuyingPower", values.buying_power),
        ("GrossPositionValue", gross),
        *((f"{prefix}{key}", amount) for prefix in ("", "Full", "LookAhead") for key, amount in (*margins, *funds)),
    )


def _ledger(values: SimAccount) -> tuple[tuple[str, float], ...]:
    amounts = (
        0.0,
        values.total_cash,
        values.net_liquidation,
        values.option_market_value,
        values.realized_pnl,
        values.total_cash,
        values.unrealized_pnl,
    )
    return tuple(zip(LEDGER_KEYS, amounts, strict=True))


def wanted(feed: Feed, row: AccountRow) -> bool:
    """Whether a feed asked for a value: a summary names its tags, the others take all."""
    if feed.kind is not FeedKind.SUMMARY:
        return True
    key, _, currency = row
    if key in LEDGER_KEYS:
        return (
            "$LEDGER:ALL" in feed.tags
            or (currency == "BASE" and "$LEDGER" in feed.tags)
            or (f"$LEDGER:{currency}" in feed.tags)
        )
    return key in feed.tags


def value_messages(feed: Feed, rows: Sequence[AccountRow]) -> list[bytes]:
    """Return the messages for values that changed since the last time, and remember them."""
    messages = []
    for row in rows:
        key, value, currency = row
        if feed.sent.get((key, currency)) != value and wanted(feed, row):
            feed.sent[(key, currency)] = value
            messages.append(_value(feed, key, value, currency))
    return messages


def _value(feed: Feed, key: str, value: str, currency: str) -> bytes:
    if feed.kind is FeedKind.UPDATES:
        return out.account_value(key, value, currency, feed.account)
    if feed.kind is FeedKind.MULTI:
        return out.account_update_multi(feed.req_id, feed.account, key=key, value=value, currency=currency)
    return out.account_summary(feed.req_id, feed.account, tag=key, value=value, currency=currency)


def portfolio_messages(
    feed: Feed, positions: Sequence[SimPosition], listings: Mapping[int, Listing], also: Iterable[int] = ()
) -> list[bytes]:
    """Return the portfolio rows that changed; a position that went away is sent once with size 0.

    ``also`` names positions that have just changed, so that one opened and closed in a step is not lost.
    """
    if feed.kind is not FeedKind.UPDATES:
        return []
    rows = {position.con_id: _portfolio_row(position) for position in positions if position.quantity}
    gone = sorted((feed.portfolio.keys() | set(also)) - rows.keys())
    rows |= dict.fromkeys(gone, (0, 0.0, 0.0, 0.0, 0.0, 0.0))
    messages = []
    for con_id, row in rows.items():
        if feed.portfolio.get(con_id) != row and con_id in listings:
            messages.append(out.portfolio(_portfolio_contract(listings[con_id]), row, feed.account))
    feed.portfolio = {con_id: row for con_id, row in rows.items() if row[0]}
    return messages


def _portfolio_row(position: SimPosition) -> tuple[float, ...]:
    return (
        position.quantity,
        round(position.mark, 6),
        round(position.market_value, 2),
        round(position.average_cost, 6),
        round(position.unrealized_pnl, 2),
        round(position.realized_pnl, 2),
    )


def _portfolio_contract(listing: Listing) -> tuple[str, ...]:
    # Like contract11, with the primary exchange where the exchange stands.
    return contract11(listing, fill_exchange(listing))


def time_message(now: datetime) -> bytes:
    """Return the message that ends a round of account updates."""
    local = now.astimezone(NEW_YORK)
    return out.account_time(f"{local.hour:02}:{local.minute:02}")
