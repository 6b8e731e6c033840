"""Reading the account as one consistent whole."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Final

from daemon.adapters.ib.account import SUMMARY_TAGS
from daemon.adapters.ib.conversation import Conversation
from daemon.adapters.ib.messages import Kind
from daemon.adapters.ib.orders import completed_fact
from daemon.adapters.ib.requests import Pending
from daemon.core.orders.broker_facts import ExecutionFact, Snapshot
from daemon.errors import BrokerError, LinkDownError

MAX_READINGS: Final = 5


async def read_snapshot(talk: Conversation) -> Snapshot:
    """Read everything, again when an execution came in between; raises BrokerError when that never ends."""
    async with talk.requests.alone:
        for _ in range(MAX_READINGS):
            executions, unreadable = talk.executions_seen, talk.unreadable_seen
            snapshot = await _read(talk)
            if not talk.account.ready:
                raise LinkDownError("The gateway says that its account data are not ready (AccountReady is false).")
            if talk.unreadable_seen != unreadable:
                raise BrokerError("A message of the gateway could not be read during the snapshot.")
            if talk.executions_seen == executions:
                talk.orders.drop_done()
                talk.fees.keep_only(snapshot.executions)
                return snapshot
    raise BrokerError(f"Executions came in during each of {MAX_READINGS} readings of the account.")


@dataclass(frozen=True, slots=True)
class _Asked:
    """The questions of one reading, all open at once."""

    positions: Pending
    open_orders: Pending
    completed: Pending
    executions: Pending
    summary: Pending
    summary_id: int

    @property
    def all(self) -> tuple[Pending, ...]:
        """Every question."""
        return (self.positions, self.open_orders, self.completed, self.executions, self.summary)


def _ask(talk: Conversation) -> _Asked:
    wire = talk.open_wire
    executions_id, summary_id = wire.next_id(), wire.next_id()
    asked = _Asked(
        positions=talk.ask_kind(Kind.POSITIONS),
        open_orders=talk.ask_kind(Kind.OPEN_ORDERS),
        completed=talk.ask_kind(Kind.COMPLETED_ORDERS),
        executions=talk.requests.ask_id(executions_id),
        summary=talk.requests.ask_id(summary_id),
        summary_id=summary_id,
    )
    wire.ask_positions()
    wire.ask_open_orders()
    wire.ask_completed_orders()
    wire.ask_executions(executions_id)
    wire.ask_summary(summary_id, SUMMARY_TAGS)
    return asked


async def _read(talk: Conversation) -> Snapshot:
    asked = _ask(talk)
    try:
        await talk.requests.all_of(asked.all, "the account snapshot")
    finally:
        # A summary is a subscription, and the gateway allows two.
        with contextlib.suppress(LinkDownError):
            talk.open_wire.cancel_summary(asked.summary_id)
    view, at = talk.account, talk.now()
    executions = _latest(asked.executions.rows)
    return Snapshot(
        at=at,
        positions=view.replace_positions(asked.positions.rows),
        open_orders=tuple({id(order): order.fact() for order in asked.open_orders.rows}.values()),
        completed_orders=tuple(completed_fact(row) for row in asked.completed.rows if row.account == view.account),
        executions=executions,
        fees=talk.fees.of(executions),
        account=view.summary(asked.summary.rows, at),
    )


def _latest(rows: list[ExecutionFact]) -> tuple[ExecutionFact, ...]:
    """Return each execution once, in the order they happened."""
    return tuple(sorted({row.exec_id: row for row in rows}.values(), key=lambda row: (row.at, row.exec_id)))
