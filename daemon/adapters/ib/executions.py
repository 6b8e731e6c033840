"""Executions and their fees, each told once and in an order that can be booked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from daemon.adapters.ib.contracts import COMBO, describe, option_of
from daemon.adapters.ib.messages import ExecutionRow
from daemon.adapters.ib.readings import is_on_cent, pts100, usd_e4
from daemon.core.market.contracts import ConId
from daemon.core.orders.broker_facts import ExecId, ExecutionFact, FeeFact
from daemon.core.orders.intent import OrderRef, PermId

_SIDES: Final = {"BOT": 1, "SLD": -1}
_MAX_FEES: Final = 10_000


def fact_of(row: ExecutionRow, ref: OrderRef | None) -> ExecutionFact:
    """Return an execution in our words: quantity signed, price in points x 100, the combo without a contract."""
    sign = _SIDES.get(row.side)
    assert sign is not None, f"execution {row.exec_id} has side {row.side!r}, and only BOT and SLD are known"
    is_combo = row.contract.sec_type == COMBO
    return ExecutionFact(
        exec_id=ExecId(row.exec_id),
        order_ref=OrderRef(row.order_ref) if row.order_ref else ref,
        perm_id=PermId(row.perm_id),
        con_id=ConId(row.contract.con_id),
        contract=None if is_combo else option_of(row.contract),
        is_combo=is_combo,
        quantity=sign * round(row.shares),
        price_pts100=pts100(row.price),
        at=row.at,
        description=describe(row.contract),
    )


def rounding_note(row: ExecutionRow) -> str | None:
    """Return a sentence when a price had to be rounded to the cent: the execution is kept in any case."""
    if is_on_cent(row.price):
        return None
    return f"The price {row.price!r} of execution {row.exec_id} is not a whole cent; it was rounded."


class FeeLedger:
    """Holds fees back until their execution is known, and remembers them for the next snapshot."""

    def __init__(self) -> None:
        self._told: set[ExecId] = set()
        self._fees: dict[ExecId, FeeFact] = {}

    def executed(self, exec_id: ExecId) -> FeeFact | None:
        """Take note of an execution; return its fee when that came first."""
        known = exec_id in self._told
        self._told.add(exec_id)
        return None if known else self._fees.get(exec_id)

    def reported(self, exec_id: ExecId, amount: float) -> FeeFact | None:
        """Take a commission in dollars; return it as a fact unless it is unset or its execution is still to come."""
        fee_usd_e4 = usd_e4(amount)
        if fee_usd_e4 is None or not exec_id:
            return None
        fee = FeeFact(exec_id, fee_usd_e4)
        known = self._fees.get(exec_id)
        self._fees[exec_id] = fee
        if len(self._fees) > _MAX_FEES:
            del self._fees[next(iter(self._fees))]
        return fee if exec_id in self._told and known != fee else None

    def of(self, executions: Iterable[ExecutionFact]) -> tuple[FeeFact, ...]:
        """Return the fees known of some executions."""
        return tuple(self._fees[fact.exec_id] for fact in executions if fact.exec_id in self._fees)

    def keep_only(self, executions: Iterable[ExecutionFact]) -> None:
        """Forget the executions and fees of earlier days, which the gateway no longer lists."""
        listed = {fact.exec_id for fact in executions}
        gone = self._told - listed
        self._fees = {exec_id: fee for exec_id, fee in self._fees.items() if exec_id not in gone}
        self._told = listed
