"""Positions, marks and values of our account, as streamed and as asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from daemon.adapters.ib.contracts import describe, option_of
from daemon.adapters.ib.messages import WireContract
from daemon.adapters.ib.readings import finite, usd_cents
from daemon.core.market.contracts import ConId, OptionContract
from daemon.core.market.quotes import Mark
from daemon.core.orders.broker_facts import AccountValues, PositionFact
from daemon.errors import BrokerError

NET_LIQUIDATION: Final = "NetLiquidation"
TOTAL_CASH: Final = "TotalCashValue"
INITIAL_MARGIN: Final = "InitMarginReq"
MAINTENANCE_MARGIN: Final = "MaintMarginReq"
AVAILABLE_FUNDS: Final = "AvailableFunds"
SUMMARY_TAGS: Final = f"{NET_LIQUIDATION},{TOTAL_CASH},{INITIAL_MARGIN},{MAINTENANCE_MARGIN},{AVAILABLE_FUNDS}"
_KEPT: Final = frozenset(SUMMARY_TAGS.split(","))
_READY: Final = "AccountReady"
_CURRENCIES: Final = frozenset({"USD", ""})


class AccountView:
    """What the gateway has told about one account on this connection; other accounts are ignored."""

    def __init__(self, account: str, now: Callable[[], datetime]) -> None:
        self.account = account
        self._now = now
        self._positions: Mapping[ConId, PositionFact] = {}
        """Made anew when one of them changes, so that whoever was given it can tell that nothing has."""
        self._marks: dict[ConId, Mark] = {}
        self._values: dict[str, str] = {}
        self._values_at: datetime | None = None
        self._read: AccountValues | None = None
        """The values as read from their texts; None where a text has come since."""
        self._not_ready = False

    @property
    def ready(self) -> bool:
        """Whether the gateway has not said that its account data are incomplete."""
        return not self._not_ready

    def positions(self) -> Mapping[ConId, PositionFact]:
        """Return the positions as streamed so far, none of them zero: the same mapping until one changes."""
        return self._positions

    def marks(self) -> dict[ConId, Mark]:
        """Return the portfolio's values as streamed so far."""
        return dict(self._marks)

    def position(
        self, account: str, contract: WireContract, quantity: float, average_cost: float | None
    ) -> PositionFact | None:
        """Take a position; return it as a fact, with quantity 0 when it is gone, or None when it is not ours.

        The average cost is in dollars for one contract, its multiplier counted in; None where the gateway tells none.
        """
        if account != self.account:
            return None
        con_id = ConId(contract.con_id)
        known, option = self._positions.get(con_id), option_of(contract)
        cost = None if option is None else _cost_pts100(average_cost, option)
        if known is not None and known.quantity == quantity and known.cost_pts100 == cost:
            return known
        fact = PositionFact(con_id, option, _whole(quantity, contract), describe(contract), cost)
        others = {other: held for other, held in self._positions.items() if other != con_id}
        self._positions = {**others, con_id: fact} if fact.quantity else others
        return fact

    def replace_positions(self, rows: Iterable[PositionFact]) -> tuple[PositionFact, ...]:
        """Take a complete list of positions instead of what was streamed; zero rows of expired contracts go."""
        latest = {row.con_id: row for row in rows}
        self._positions = {con_id: row for con_id, row in sorted(latest.items()) if row.quantity != 0}
        return tuple(self._positions.values())

    def mark(self, account: str, con_id: int, quantity: float, price: float) -> None:
        """Take a portfolio value in points."""
        if account != self.account:
            return
        value = finite(price)
        if quantity == 0 or value is None or value < 0:
            self._marks.pop(ConId(con_id), None)
        else:
            self._marks[ConId(con_id)] = Mark(value, self._now())

    def value(self, account: str, key: str, value: str, currency: str) -> None:
        """Take a streamed account value."""
        if account not in (self.account, ""):
            return
        if key in _KEPT and currency in _CURRENCIES:
            self._values[key] = value
            self._values_at = self._now()
            self._read = None
        elif key == _READY:
            self._not_ready = value.lower() == "false"

    def values(self) -> AccountValues:
        """Return the account values as streamed last; raises BrokerError while any is unknown."""
        if self._values_at is None:
            raise BrokerError("The gateway has not streamed any account values yet.")
        if self._read is None:
            self._read = _account_values(self._values, self._values_at)
        return self._read

    def summary(self, rows: Iterable[tuple[str, str, str, str]], at: datetime) -> AccountValues | None:
        """Return account values from rows of (account, tag, value, currency); None while one of them is unknown."""
        found = {
            tag: value for account, tag, value, currency in rows if account == self.account and currency in _CURRENCIES
        }
        try:
            return _account_values(found, at)
        except BrokerError:
            return None


def _account_values(found: Mapping[str, str], at: datetime) -> AccountValues:
    return AccountValues(
        net_liquidation_usd_cents=_required(found, NET_LIQUIDATION),
        total_cash_usd_cents=_required(found, TOTAL_CASH),
        initial_margin_usd_cents=_required(found, INITIAL_MARGIN),
        maintenance_margin_usd_cents=_required(found, MAINTENANCE_MARGIN),
        available_funds_usd_cents=_required(found, AVAILABLE_FUNDS),
        at=at,
    )


def _required(found: Mapping[str, str], tag: str) -> int:
    cents = usd_cents(found.get(tag, ""))
    if cents is None:
        raise BrokerError(f"The gateway's account values lack {tag} ({found.get(tag, 'missing')!r}).")
    return cents


def _cost_pts100(average_cost: float | None, contract: OptionContract) -> int | None:
    """Return the cost in points x 100; zero is no cost, but what a gateway writes that does not know it."""
    return None if average_cost is None or average_cost <= 0 else round(100 * average_cost / contract.multiplier)


def _whole(quantity: float, contract: WireContract) -> int:
    whole = round(quantity)
    # Options trade in whole contracts; a share position may be fractional and is foreign anyway.
    assert whole == quantity or option_of(contract) is None, f"{quantity} contracts of {contract}"
    return whole if whole or not quantity else (1 if quantity > 0 else -1)
