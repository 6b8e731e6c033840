"""The broker's margin preview, asked before every order that opens risk (004-24)."""

from __future__ import annotations

from typing import Final

from daemon.core.orders.broker_facts import Margin
from daemon.core.orders.intent import OrderSpec, Reason
from daemon.engine.context import Desk
from daemon.engine.gather import Refusal
from daemon.errors import BrokerError, BrokerTimeoutError, LinkDownError

NO_PREVIEW_CODE: Final = 360
"""The gateway makes no margin preview for this kind of order."""
NO_PERMISSION_CODES: Final = (460, 10015)


async def ask_margin(desk: Desk, spec: OrderSpec) -> Margin:
    """Ask the broker what an order would do to the margin.

    Raises Refusal by name when the broker would not take the order or does not answer, LinkDownError without a
    connection. Where the gateway makes no preview everything is unset.
    """
    try:
        return await desk.broker.what_if(spec)
    except LinkDownError:
        raise
    except BrokerTimeoutError as error:
        raise Refusal(Reason("what_if_unanswered", f"The broker answered no margin preview: {error}")) from error
    except BrokerError as error:
        if error.code == NO_PREVIEW_CODE:
            return Margin(None, None, None, None, None)
        name = "no_trading_permission" if error.code in NO_PERMISSION_CODES else "what_if_refused"
        text = f"The broker would not take this order: {error}"
        raise Refusal(Reason(name, text, error.code)) from error
