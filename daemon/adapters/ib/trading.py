"""Sending, changing and cancelling orders, and asking what one would cost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from daemon.adapters.ib.codes import UNKNOWN_CONTRACT
from daemon.adapters.ib.conversation import Conversation
from daemon.adapters.ib.messages import LegOrder, WhatIfRow
from daemon.adapters.ib.orders import KnownOrder, limit_of, ticket_of
from daemon.adapters.ib.readings import usd_cents, usd_e4
from daemon.core.market.contracts import ContractInfo, OptionContract
from daemon.core.orders.broker_facts import LinkState, Margin
from daemon.core.orders.intent import OrderRef, OrderSpec
from daemon.errors import BrokerError, BrokerTimeoutError, InvariantError, LinkDownError

LookUp = Callable[[Sequence[OptionContract]], Awaitable[Mapping[OptionContract, ContractInfo]]]


class Trading:
    """Turns specs into orders of one connection."""

    def __init__(self, talk: Conversation, look_up: LookUp) -> None:
        self._talk = talk
        self._look_up = look_up

    async def what_if(self, spec: OrderSpec) -> Margin:
        """Ask for the margin an order would need."""
        contract = await self._contract(spec)
        talk = self._talk
        ticket = ticket_of(OrderRef(""), spec, talk.account.account)
        request_id = talk.open_wire.next_id()
        pending = talk.requests.ask_id(request_id)
        talk.open_wire.place(request_id, contract, ticket, what_if=True)
        rows: list[WhatIfRow] = await talk.requests.one(pending, "the what-if of an order")
        if not rows:
            raise BrokerTimeoutError("The gateway ended the what-if of an order without an answer.")
        return margin_of(next((row for row in rows if row.known), rows[-1]))

    async def place(self, ref: OrderRef, spec: OrderSpec) -> None:
        """Send a new order. Raises when it certainly was not sent."""
        talk = self._talk
        self._check_may_send()
        if talk.orders.by_ref(ref) is not None:
            raise InvariantError(f"{ref} was sent on this connection already: an order is never sent twice.")
        contract = await self._contract(spec)
        await (
            talk.open_wire.room()
        )  # what counts as sent has left: a process that dies leaves no order behind a throttle
        self._check_may_send()
        talk.check_accounts()
        ticket = ticket_of(ref, spec, talk.account.account)
        order_id = talk.open_wire.next_id()
        order = KnownOrder(ref, order_id, talk.config.client_id, ticket, spec.is_combo, contract)
        talk.orders.placed(order)
        try:
            talk.open_wire.place(order_id, contract, ticket)
        except LinkDownError:
            talk.orders.not_sent(order)
            raise

    def modify(self, ref: OrderRef, net_limit_pts100: int) -> None:
        """Send a new price for a working order, with the contract as the gateway returned it."""
        self._check_may_send()
        order = self._working(ref)
        sells = order.ticket.action == "SELL"
        ticket = replace(order.ticket, limit=limit_of(net_limit_pts100, sells=sells))
        self._talk.check_accounts()
        self._talk.open_wire.place(order.order_id, order.contract, ticket)
        order.ticket = ticket

    def cancel(self, ref: OrderRef) -> None:
        """Ask for a cancel, also while the connection is being synchronised."""
        if self._talk.link.state is LinkState.DEGRADED:
            raise LinkDownError("The cancel was not sent: the gateway has no connection to the broker.")
        self._talk.open_wire.cancel(self._working(ref).order_id)

    def _working(self, ref: OrderRef) -> KnownOrder:
        order = self._talk.orders.by_ref(ref)
        if order is None:
            raise BrokerError(f"{ref} is no order that this connection knows as working.")
        if order.done:
            raise BrokerError(f"{ref} is no longer working: the gateway says {order.status}.")
        if order.client_id != self._talk.config.client_id or order.order_id <= 0:
            raise BrokerError(f"{ref} belongs to client {order.client_id}; only that client can change it.")
        return order

    def _check_may_send(self) -> None:
        state = self._talk.link.state
        if state is not LinkState.SYNCED:
            raise LinkDownError(f"The order was not sent: the link is {state}, and orders need SYNCED.")

    async def _contract(self, spec: OrderSpec) -> Any:
        infos = await self._look_up([leg.contract for leg in spec.legs])
        missing = [str(leg.contract) for leg in spec.legs if leg.contract not in infos]
        if missing:
            raise BrokerError(f"The gateway knows no contract {', '.join(missing)}.", UNKNOWN_CONTRACT)
        legs = tuple(LegOrder(infos[leg.contract].con_id, leg.ratio) for leg in spec.legs)
        return self._talk.open_wire.order_contract(spec.legs[0].contract, legs)


def margin_of(row: WhatIfRow) -> Margin:
    """Return the margins in cents, None where unset; of a range of commissions the higher."""
    commission = usd_e4(row.commission)
    return Margin(
        initial_change_usd_cents=usd_cents(row.initial_change),
        maintenance_change_usd_cents=usd_cents(row.maintenance_change),
        initial_after_usd_cents=usd_cents(row.initial_after),
        maintenance_after_usd_cents=usd_cents(row.maintenance_after),
        commission_usd_e4=usd_e4(row.commission_max) if commission is None else commission,
    )
