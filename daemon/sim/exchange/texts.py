"""What a gateway says about orders, word for word where it is known."""

from __future__ import annotations

from datetime import datetime

from daemon.core.calendar.sessions import NEW_YORK
from daemon.sim.exchange.api import OrderRequest, WhatIf

CANCELLED = "Order Canceled - reason:"


def waiting_text(request: OrderRequest, opens: datetime) -> str:
    """Return the warning of code 399 for an order that waits for the next session."""
    local = opens.astimezone(NEW_YORK)
    return (
        f"Order Message:\n{request.action} {request.quantity} {request.order_ref}\n"
        f"Warning: your order will not be placed at the exchange until {local:%Y-%m-%d %H:%M:%S} US/Eastern"
    )


def funds_text(after: WhatIf) -> str:
    """Return the refusal of code 201 for an order that the account cannot carry."""
    return (
        "Order rejected - reason: YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH "
        f"LOAN VALUE [{after.equity_after:.2f} USD] MUST EXCEED THE INITIAL MARGIN [{after.initial_after:.2f} USD]"
    )


def not_found_text(order_id: int) -> str:
    """Return the refusal of code 10147."""
    return f"OrderId {order_id} that needs to be cancelled is not found."


def not_cancellable_text(order_id: int, state: str) -> str:
    """Return the refusal of code 10148."""
    return f"OrderId {order_id} that needs to be cancelled can not be cancelled, state: {state}."
