"""Everything the exchange remembers, and how it is written to JSON and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from daemon.errors import SettingsError
from daemon.sim.exchange.api import SimExecution
from daemon.sim.exchange.config import ExchangeConfig
from daemon.sim.exchange.ledger import E4, Ledger, restored_ledger
from daemon.sim.exchange.orders import Working, dump_order, restored_order

VERSION: Final = 1


@dataclass(slots=True)
class State:
    """The account, its orders and counters at one instant."""

    now: datetime
    ledger: Ledger
    working: dict[tuple[int, int], Working] = field(default_factory=dict)
    completed: list[Working] = field(default_factory=list)
    """Orders that ended today."""
    executions: list[SimExecution] = field(default_factory=list)
    """Executions since midnight in New York."""
    last_order_ids: dict[int, int] = field(default_factory=dict)
    orders_seen: int = 0
    fills_seen: int = 0
    realized_before_e4: int = 0
    """Realised result up to midnight in New York."""


def new_state(config: ExchangeConfig, now: datetime) -> State:
    """Return an account that holds nothing but its starting cash."""
    return State(now=now, ledger=Ledger(cash_e4=config.starting_cash_usd * E4))


def dump_state(state: State) -> dict[str, Any]:
    """Return the state as JSON values."""
    return {
        "version": VERSION,
        "now": state.now.isoformat(),
        "ledger": state.ledger.dump(),
        "working": [dump_order(order) for order in state.working.values()],
        "completed": [dump_order(order) for order in state.completed],
        "executions": [asdict(execution) | {"at": execution.at.isoformat()} for execution in state.executions],
        "last_order_ids": {str(client): last for client, last in state.last_order_ids.items()},
        "orders_seen": state.orders_seen,
        "fills_seen": state.fills_seen,
        "realized_before_e4": state.realized_before_e4,
    }


def restored_state(stored: Mapping[str, Any], now: datetime) -> State:
    """Build the state from its dump; raise SettingsError when it is of another version or lies in the future."""
    if stored.get("version") != VERSION:
        raise SettingsError(
            f"The stored account has version {stored.get('version')!r}; this program reads {VERSION}: "
            "use another state folder."
        )
    at = datetime.fromisoformat(stored["now"])
    if at > now:
        raise SettingsError(
            f"The stored account is at {at.isoformat()}, later than the clock's {now.isoformat()}: "
            "start at a later time or use another state folder."
        )
    working = [restored_order(order) for order in stored["working"]]
    return State(
        now=at,
        ledger=restored_ledger(stored["ledger"]),
        working={order.key: order for order in working},
        completed=[restored_order(order) for order in stored["completed"]],
        executions=[_execution(execution) for execution in stored["executions"]],
        last_order_ids={int(client): last for client, last in stored["last_order_ids"].items()},
        orders_seen=stored["orders_seen"],
        fills_seen=stored["fills_seen"],
        realized_before_e4=stored["realized_before_e4"],
    )


def _execution(stored: Mapping[str, Any]) -> SimExecution:
    return SimExecution(**{**stored, "at": datetime.fromisoformat(stored["at"])})
