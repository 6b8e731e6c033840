"""What the library decoded, passed on as our values; frequent messages are read from their raw fields."""

# Most of the library is untyped.
# mypy: disable-error-code="no-untyped-call"
# ruff: noqa: D102, N802, N803, N815 - the library's names, described there
from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any, Final

from daemon.adapters.ib.codes import ends_request
from daemon.adapters.ib.contracts import COMBO, SMART
from daemon.adapters.ib.greeting import DEFAULT_ZONE, readable_time
from daemon.adapters.ib.messages import (
    BarRow,
    ChainRow,
    CompletedRow,
    ContractRow,
    ExecutionRow,
    GreeksRow,
    Inbox,
    Kind,
    OpenOrderRow,
    StatusRow,
    WhatIfRow,
    WireContract,
)
from daemon.adapters.ib.readings import finite, number
from daemon.adapters.ib.vendor import IB, Client, Wrapper

_NO_RIGHT: Final = "?"
_MAX_CONTRACTS: Final = 512
_POSITION_CONTRACT: Final = slice(3, 14)
_EXECUTION_TIME: Final = 15


class Alarm:
    """Stands in for the decoder's logger: a message that could not be read must not vanish in a log."""

    def __init__(self, logger: logging.Logger, inbox: Inbox) -> None:
        self._logger = logger
        self._inbox = inbox

    def exception(self, text: str, *args: object) -> None:
        self._logger.exception(text, *args)  # noqa: LOG004 - called by the decoder's own handler
        self._inbox.unreadable(f"{sys.exception()!r}: {text}")


class Receiver(Wrapper):
    """Receives what the library decoded and passes it on; only its futures of the start-up are kept going."""

    tcpDataArrived = None  # type: ignore[assignment]  # optional hooks of the client: without them
    tcpDataProcessed = None  # type: ignore[assignment]  # it does nothing more for each packet

    def __init__(self, ib: IB, inbox: Inbox) -> None:
        super().__init__(ib)
        self._inbox = inbox

    def managedAccounts(self, accountsList: str) -> None:
        super().managedAccounts(accountsList)
        self._inbox.managed_accounts(tuple(self.accounts))

    def error(self, reqId: int, errorCode: int, errorString: str, advancedOrderRejectJson: str) -> None:
        if reqId in self._futures and ends_request(errorCode):
            self._endReq(reqId)
        self._inbox.message(reqId, errorCode, errorString)

    def positionEnd(self) -> None:
        super().positionEnd()
        self._inbox.ended(Kind.POSITIONS)

    def openOrderEnd(self) -> None:
        super().openOrderEnd()
        self._inbox.ended(Kind.OPEN_ORDERS)

    def completedOrdersEnd(self) -> None:
        super().completedOrdersEnd()
        self._inbox.ended(Kind.COMPLETED_ORDERS)

    def accountDownloadEnd(self, _account: str) -> None:
        super().accountDownloadEnd(_account)
        self._inbox.ended(Kind.ACCOUNT_VALUES)

    def accountUpdateMultiEnd(self, reqId: int) -> None:
        super().accountUpdateMultiEnd(reqId)
        self._inbox.ended(Kind.ACCOUNT_VALUES_MULTI)
        # The same values are streamed to the account's own subscription: once is enough.
        self.ib.client.cancelAccountUpdatesMulti(reqId)

    def execDetailsEnd(self, reqId: int) -> None:
        if reqId in self._futures:
            self._inbox.ended(Kind.EXECUTIONS)
        super().execDetailsEnd(reqId)
        self._inbox.ended_id(reqId)

    def currentTime(self, time: int) -> None:
        self._inbox.row(Kind.CURRENT_TIME, time)
        self._inbox.ended(Kind.CURRENT_TIME)

    def accountSummary(self, _reqId: int, account: str, tag: str, value: str, currency: str) -> None:
        self._inbox.row(_reqId, (account, tag, value, currency))

    def accountSummaryEnd(self, reqId: int) -> None:
        self._inbox.ended_id(reqId)

    def openOrder(self, orderId: int, contract: Any, order: Any, orderState: Any) -> None:
        if order.whatIf:
            self._inbox.row(orderId, _what_if(orderState))
        else:
            self._inbox.open_order(_open_order(orderId, contract, order, orderState))
        # No order id that any client has used may be used again.
        self.ib.client.updateReqId(orderId + 1)

    def completedOrder(self, contract: Any, order: Any, orderState: Any) -> None:
        row = CompletedRow(
            order.permId,
            order.orderRef,
            order.account,
            orderState.status,
            order.totalQuantity,
            order.filledQuantity,
            orderState.completedStatus,
        )
        self._inbox.row(Kind.COMPLETED_ORDERS, row)

    def execDetails(self, reqId: int, contract: Any, execution: Any) -> None:
        self._inbox.execution(_execution(reqId, contract, execution))

    def commissionReport(self, commissionReport: Any) -> None:
        report = commissionReport
        self._inbox.commission(report.execId, report.commission, report.currency)

    def contractDetails(self, reqId: int, contractDetails: Any) -> None:
        details = contractDetails
        row = ContractRow(
            contract=_wire_contract(details.contract),
            real_expiration=details.realExpirationDate,
            min_tick=details.minTick,
            exchanges=tuple(details.validExchanges.split(",")),
            rule_ids=tuple(details.marketRuleIds.split(",")),
            time_zone=details.timeZoneId,
            liquid_hours=details.liquidHours or details.tradingHours,
        )
        self._inbox.row(reqId, row)

    bondContractDetails = contractDetails

    def contractDetailsEnd(self, reqId: int) -> None:
        self._inbox.ended_id(reqId)

    def marketRule(self, marketRuleId: int, priceIncrements: Any) -> None:
        kind = Kind.market_rule(marketRuleId)
        for step in priceIncrements:
            self._inbox.row(kind, (step.lowEdge, step.increment))
        self._inbox.ended(kind)

    def historicalData(self, reqId: int, bar: Any) -> None:
        self._inbox.row(reqId, BarRow(bar.date, bar.open, bar.high, bar.low, bar.close))

    def historicalDataEnd(self, reqId: int, _start: str, _end: str) -> None:
        self._inbox.ended_id(reqId)

    def securityDefinitionOptionParameter(
        self,
        reqId: int,
        exchange: str,
        underlyingConId: int,
        tradingClass: str,
        multiplier: str,
        expirations: Any,
        strikes: Any,
    ) -> None:
        self._inbox.row(reqId, ChainRow(exchange, tradingClass, multiplier, tuple(expirations), tuple(strikes)))

    def securityDefinitionOptionParameterEnd(self, reqId: int) -> None:
        self._inbox.ended_id(reqId)


class RawHandlers:
    """Reads frequent messages from their fields, at a tenth of what decoding them costs."""

    def __init__(self, client: Client, inbox: Inbox) -> None:
        self._client = client
        self._inbox = inbox
        self._contracts: dict[str, WireContract] = {}

    def table(self) -> dict[int, Callable[[list[str]], None]]:
        """Return the handlers by message id, in the form of the library's decoder."""
        return {
            1: self._price,
            2: self._size,
            3: self._order_status,
            6: self._account_value,
            7: self._portfolio,
            8: _ignored,
            11: self._execution,
            21: self._greeks,
            45: _ignored,
            46: _ignored,
            58: self._data_kind,
            61: self._position,
            73: _ignored,
            81: _ignored,
        }

    def _position(self, fields: list[str]) -> None:
        contract = self._contracts.get(fields[3])
        if contract is None:
            if len(self._contracts) >= _MAX_CONTRACTS:
                self._contracts.clear()
            contract = self._contracts[fields[3]] = _raw_contract(fields[_POSITION_CONTRACT])
        self._inbox.position(fields[2], contract, float(fields[14] or 0), number(fields[15]))

    def _portfolio(self, fields: list[str]) -> None:
        self._inbox.mark(fields[19], int(fields[2]), float(fields[13] or 0), float(fields[14] or 0))

    def _account_value(self, fields: list[str]) -> None:
        self._inbox.account_value(fields[5], fields[2], fields[3], fields[4])

    def _order_status(self, fields: list[str]) -> None:
        self._inbox.order_status(_status(fields))

    def _execution(self, fields: list[str]) -> None:
        login_zone = self._client.wrapper.ib.TimezoneTWS or DEFAULT_ZONE
        fields[_EXECUTION_TIME] = readable_time(fields[_EXECUTION_TIME], login_zone)
        self._client.decoder.execDetails(fields)

    def _price(self, fields: list[str]) -> None:
        if fields[4]:
            self._inbox.tick_price(int(fields[2]), int(fields[3]), float(fields[4]), float(fields[5] or 0))

    def _size(self, fields: list[str]) -> None:
        self._inbox.tick_size(int(fields[2]), int(fields[3]), float(fields[4] or 0))

    def _greeks(self, fields: list[str]) -> None:
        iv, delta, _price, _dividend, gamma, vega, theta, underlying = map(float, fields[4:12])
        row = GreeksRow(iv, delta, gamma, vega, theta, underlying)
        self._inbox.tick_greeks(int(fields[1]), int(fields[2]), row)

    def _data_kind(self, fields: list[str]) -> None:
        self._inbox.data_kind(int(fields[2]), int(fields[3]))


def _ignored(fields: list[str]) -> None:
    """Drop a message that nobody needs."""


def _raw_contract(fields: list[str]) -> WireContract:
    con_id, symbol, sec_type, last_trade, strike, right, multiplier, _exchange, currency, local_symbol, name = fields
    return WireContract(
        con_id=int(con_id or 0),
        sec_type=sec_type,
        symbol=symbol,
        last_trade=last_trade,
        strike=finite(float(strike or 0)) or 0.0,
        right=right,
        multiplier=multiplier,
        currency=currency,
        local_symbol=local_symbol,
        trading_class=name,
    )


def _status(fields: list[str]) -> StatusRow:
    return StatusRow(
        order_id=int(fields[1]),
        client_id=int(fields[9] or 0),
        perm_id=int(fields[6] or 0),
        status=fields[2],
        filled=round(float(fields[3] or 0)),
        remaining=round(float(fields[4] or 0)),
        why_held=fields[10],
    )


def _wire_contract(contract: Any) -> WireContract:
    return WireContract(
        con_id=contract.conId,
        sec_type=contract.secType,
        symbol=contract.symbol,
        last_trade=contract.lastTradeDateOrContractMonth,
        strike=contract.strike,
        right=contract.right,
        multiplier=contract.multiplier,
        currency=contract.currency,
        local_symbol=contract.localSymbol,
        trading_class=contract.tradingClass,
    )


def _open_order(order_id: int, contract: Any, order: Any, state: Any) -> OpenOrderRow:
    if contract.right == _NO_RIGHT:
        contract.right = ""
    contract.exchange = contract.exchange or SMART
    return OpenOrderRow(
        order_id=order_id,
        client_id=order.clientId,
        perm_id=order.permId,
        order_ref=order.orderRef,
        account=order.account,
        action=order.action,
        quantity=round(order.totalQuantity),
        tif=order.tif,
        is_combo=contract.secType == COMBO,
        status=state.status,
        echo=contract,
    )


def _execution(request_id: int, contract: Any, execution: Any) -> ExecutionRow:
    return ExecutionRow(
        request_id=request_id,
        order_id=execution.orderId,
        client_id=execution.clientId,
        perm_id=execution.permId,
        exec_id=execution.execId,
        order_ref=execution.orderRef,
        account=execution.acctNumber,
        contract=_wire_contract(contract),
        side=execution.side,
        shares=execution.shares,
        price=execution.price,
        at=execution.time,
    )


def _what_if(state: Any) -> WhatIfRow:
    return WhatIfRow(
        initial_change=state.initMarginChange,
        maintenance_change=state.maintMarginChange,
        initial_after=state.initMarginAfter,
        maintenance_after=state.maintMarginAfter,
        commission=state.commission,
        commission_max=state.maxCommission,
    )
