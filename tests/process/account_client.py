"""Asking a gateway what its account holds, as a client that has nothing to do with the daemon."""

from __future__ import annotations

# The library is untyped.
# mypy: disable-error-code="no-untyped-call"
from typing import Any

CLIENT_ID = 99
TIMEOUT_S = 10.0


async def look(port: int) -> dict[str, Any]:
    """Return positions by contract id, executions of legs, and orders with their states."""
    from ib_insync import IB

    ib = IB()
    await ib.connectAsync("127.0.0.1", port, clientId=CLIENT_ID, timeout=TIMEOUT_S)
    try:
        positions = await ib.reqPositionsAsync()
        open_trades = await ib.reqAllOpenOrdersAsync()
        completed = await ib.reqCompletedOrdersAsync(False)
        fills = await ib.reqExecutionsAsync()
    finally:
        ib.disconnect()
    return {
        "positions": {str(one.contract.conId): int(one.position) for one in positions if one.position},
        "open": {trade.order.orderRef: int(trade.order.permId) for trade in open_trades},
        "completed": {trade.order.orderRef: trade.orderStatus.status for trade in completed},
        "executions": {
            fill.execution.execId: int(fill.execution.shares) for fill in fills if fill.contract.secType != "BAG"
        },
    }
