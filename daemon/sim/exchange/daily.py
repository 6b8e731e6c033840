"""What each contract has gained or lost since midnight in New York."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from daemon.core.calendar.expiries import settlement_at
from daemon.sim.exchange import con_ids
from daemon.sim.exchange.api import SimExecution
from daemon.sim.exchange.ledger import E4, Lot
from daemon.sim.exchange.quoter import Quoter


def daily_pnl_usd(
    lots: Mapping[int, Lot],
    executions: Iterable[SimExecution],
    marks_e4: Mapping[int, int],
    *,
    quoter: Quoter,
    midnight: datetime,
) -> dict[int, float]:
    """Return dollars by contract, of those held and those traded since midnight; fees are taken off.

    A position of before counts from its mark at midnight, what was traded since from its own price.
    """
    started = {con_id: lot.quantity for con_id, lot in lots.items()}
    gained = {con_id: float(lot.quantity * marks_e4.get(con_id, 0)) for con_id, lot in lots.items()}
    for execution in executions:
        con_id = execution.con_id
        if con_id is None:
            continue
        quantity = execution.quantity if execution.side == "BOT" else -execution.quantity
        started[con_id] -= quantity
        gained[con_id] -= quantity * lots[con_id].worth_e4(round(execution.price * 100))
        gained[con_id] -= (execution.commission or 0.0) * E4
    before = [con_id for con_id, quantity in started.items() if quantity and _was_alive(con_id, lots[con_id], midnight)]
    for con_id, mark in zip(before, quoter.marks(before, midnight).tolist(), strict=True):
        gained[con_id] -= started[con_id] * mark * lots[con_id].multiplier * E4
    settled = {con_id for con_id, quantity in started.items() if quantity} - set(before)
    return {con_id: 0.0 if con_id in settled else value / E4 for con_id, value in gained.items()}


def _was_alive(con_id: int, lot: Lot, midnight: datetime) -> bool:
    """Whether the value of a contract was still open at midnight; one settled before gains nothing any more."""
    contract = con_ids.contract_of(con_id)
    if contract is None or lot.settled_pts100 is None:
        return True
    return settlement_at(contract.trading_class, contract.expiry) > midnight
