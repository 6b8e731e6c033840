"""One connection: every message of the gateway goes to whom it concerns, and becomes a fact where it is one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from daemon.adapters.ib import codes
from daemon.adapters.ib.account import AccountView
from daemon.adapters.ib.config import IbConfig
from daemon.adapters.ib.executions import FeeLedger, fact_of, rounding_note
from daemon.adapters.ib.lines import Lines
from daemon.adapters.ib.link import Link, choose_account
from daemon.adapters.ib.messages import (
    START_UP,
    ExecutionRow,
    GreeksRow,
    Kind,
    OpenOrderRow,
    StatusRow,
    WhatIfRow,
    WireContract,
)
from daemon.adapters.ib.orders import OrderRegister
from daemon.adapters.ib.requests import Pending, Requests
from daemon.core.orders.broker_facts import BrokerFact, ExecId, LinkState, NoticeFact, OrderMessage
from daemon.errors import CondordError, LinkDownError

if TYPE_CHECKING:
    from daemon.adapters.ib.wire import Wire

WHAT_IF_GRACE_S = 2.0
"""How long a real what-if answer is waited for after one with unset values."""
_TEXT_MAX = 500


class Conversation:
    """What one connection has said so far. It is the inbox of its wire."""

    def __init__(
        self,
        config: IbConfig,
        *,
        link: Link,
        orders: OrderRegister,
        fees: FeeLedger,
        tell: Callable[[BrokerFact], None],
        now: Callable[[], datetime],
    ) -> None:
        self.config = config
        self.link = link
        self.orders = orders
        self.fees = fees
        self.now = now
        self.requests = Requests(config.request_timeout_s)
        self.lines = Lines(config.max_lines, now)
        self.view: AccountView | None = None
        self.wire: Wire | None = None
        self.accounts: tuple[str, ...] = ()
        self.ended_at_start: set[str] = set()
        self.simulated = False
        self.last_message: tuple[int, str] | None = None
        self.executions_seen = 0
        self.unreadable_seen = 0
        self.on_data_lost: Callable[[], None] = lambda: None
        self.on_closed: Callable[[str], None] = lambda _text: None
        self._tell = tell

    @property
    def open_wire(self) -> Wire:
        """The wire, which exists from the first moment of connecting on."""
        assert self.wire is not None, "a conversation is not used before it has a wire"
        return self.wire

    @property
    def account(self) -> AccountView:
        """Our account; raises LinkDownError before the gateway has named it."""
        if self.view is None:
            raise LinkDownError("The gateway has not named its accounts yet.")
        return self.view

    @property
    def missing_at_start(self) -> tuple[str, ...]:
        """The start-up answers that did not end."""
        return tuple(kind for kind in START_UP if kind not in self.ended_at_start)

    def ask_kind(self, kind: str) -> Pending:
        """Open a question without an id; a gateway that leaves several unanswered is given up."""
        try:
            return self.requests.ask_kind(kind)
        except LinkDownError as error:
            self.on_closed(str(error))
            raise

    def check_accounts(self) -> None:
        """Raise LiveAccountError unless every account is still a paper account and ours is among them."""
        choose_account(self.accounts, self.account.account)

    def managed_accounts(self, accounts: tuple[str, ...]) -> None:
        """Take the accounts of the login and judge them at once."""
        self.accounts = accounts
        try:
            ours = choose_account(accounts, self.config.account)
        except CondordError as error:
            self.open_wire.fail(error)
            return
        if self.view is None or self.view.account != ours:
            self.view = AccountView(ours, self.now)

    def message(self, request_id: int, code: int, text: str) -> None:
        """Take an error, warning or information and give it to whom it concerns."""
        if request_id in codes.NO_ID:
            self._general(code, text)
        elif self.lines.knows(request_id):
            self._about_line(request_id, code, text)
        elif not self.requests.message(request_id, code, text):
            self._about_order(request_id, code, text)

    def _general(self, code: int, text: str) -> None:
        if code == codes.SIMULATED and text.startswith(codes.SIMULATED_TEXT):
            self.simulated = True
        if code not in codes.FARMS:
            self.last_message = (code, text)
        if code == codes.VALIDATION and codes.READ_ONLY_TEXT in text.lower():
            self.open_wire.fail(codes.read_only_error(text))
        if code in (codes.RESTORED, codes.RESTORED_DATA_LOST):
            self.link.broker_back(text)
            if code == codes.RESTORED_DATA_LOST:
                self.on_data_lost()
        elif codes.concerns_connection(code):
            self.link.broker_lost(text)
        else:
            self.notice(code, text)

    def _about_line(self, request_id: int, code: int, text: str) -> None:
        if code == codes.DISPLAYS_DELAYED:
            self.lines.delayed(request_id)
        elif codes.ends_request(code):
            self.lines.refuse(request_id, code, text)
        if self.lines.is_news(request_id, code):
            self.notice(code, text)

    def _about_order(self, request_id: int, code: int, text: str) -> None:
        order = self.orders.by_id(self.config.client_id, request_id)
        if order is not None and order.ref is not None:
            self._tell(OrderMessage(order.ref, code, text[:_TEXT_MAX]))
        else:
            self.notice(code, text)

    def notice(self, code: int, text: str) -> None:
        """Tell a message that belongs to no order."""
        self._tell(NoticeFact(code, text[:_TEXT_MAX]))

    def own_notice(self, text: str) -> None:
        """Tell something that the adapter itself has found."""
        self.notice(codes.OWN_NOTICE, text)

    def ended(self, kind: str) -> None:
        """End the question of a kind; while connecting, the library asked."""
        if self.link.state is LinkState.CONNECTING:
            self.ended_at_start.add(kind)
        self.requests.end_kind(kind)

    def ended_id(self, request_id: int) -> None:
        """End the question with an id."""
        self.requests.end_id(request_id)

    def row(self, key: int | str, row: object) -> None:
        """Take one row of an answer."""
        if isinstance(row, WhatIfRow) and isinstance(key, int):
            self._what_if(key, row)
        else:
            self.requests.row(key, row)

    def _what_if(self, request_id: int, row: WhatIfRow) -> None:
        self.requests.row(request_id, row)
        if row.known:
            self.requests.end_id(request_id)
        else:
            # The gateway may send unset values first and the margins later.
            asyncio.get_running_loop().call_later(WHAT_IF_GRACE_S, self.requests.end_id, request_id)

    def position(self, account: str, contract: WireContract, quantity: float, average_cost: float | None) -> None:
        """Take a position, asked for or streamed."""
        if self.view is not None:
            fact = self.view.position(account, contract, quantity, average_cost)
            if fact is not None:
                self.requests.row(Kind.POSITIONS, fact)

    def mark(self, account: str, con_id: int, quantity: float, price: float) -> None:
        """Take a portfolio value."""
        if self.view is not None:
            self.view.mark(account, con_id, quantity, price)

    def account_value(self, account: str, key: str, value: str, currency: str) -> None:
        """Take a streamed account value."""
        if self.view is not None:
            self.view.value(account, key, value, currency)

    def open_order(self, row: OpenOrderRow) -> None:
        """Take an open order of our account, and tell it."""
        if self.view is None or row.account != self.view.account:
            return
        order = self.orders.open_order(row)
        self.requests.row(Kind.OPEN_ORDERS, order)
        self._tell(order.fact())

    def order_status(self, row: StatusRow) -> None:
        """Take an order status, and tell it."""
        self._tell(self.orders.order_status(row))

    def execution(self, row: ExecutionRow) -> None:
        """Take an execution of our account: a row of an answer, or a fact when nobody asked."""
        if self.view is None or row.account != self.view.account:
            return
        fact = fact_of(row, self.orders.ref_of(row.client_id, row.order_id, row.perm_id))
        note = rounding_note(row)
        if note is not None:
            self.own_notice(note)
        fee = self.fees.executed(fact.exec_id)
        if self.requests.knows(row.request_id):
            self.requests.row(row.request_id, fact)
        elif self.link.state is not LinkState.CONNECTING:
            self.executions_seen += 1
            self._tell(fact)
            if fee is not None:
                self._tell(fee)

    def commission(self, exec_id: str, amount: float, currency: str) -> None:
        """Take a commission report; its fact waits for its execution."""
        if currency not in ("USD", ""):
            self.own_notice(f"The commission of {exec_id} is in {currency}; it was not booked.")
            return
        fee = self.fees.reported(ExecId(exec_id), amount)
        if fee is not None:
            self._tell(fee)

    def tick_price(self, request_id: int, tick: int, price: float, size: float) -> None:
        """Take a price of a market-data line."""
        self.lines.price(request_id, tick, price, size)

    def tick_size(self, request_id: int, tick: int, size: float) -> None:
        """Take a size of a market-data line."""
        self.lines.size(request_id, tick, size)

    def tick_greeks(self, request_id: int, tick: int, row: GreeksRow) -> None:
        """Take an option computation of a market-data line."""
        self.lines.option(request_id, tick, row)

    def data_kind(self, request_id: int, kind: int) -> None:
        """Take the market-data type of a line."""
        self.lines.kind(request_id, kind)

    def unreadable(self, text: str) -> None:
        """Learn that a message could not be read: told, and no snapshot counts as complete over it."""
        self.unreadable_seen += 1
        self.own_notice(f"A message of the gateway could not be read: {text}")

    def closed(self, text: str) -> None:
        """Learn that the connection was lost."""
        self.on_closed(text)

    def over(self, text: str) -> None:
        """End everything that waits."""
        self.requests.fail_all(LinkDownError(text))
        self.lines.drop_all()
