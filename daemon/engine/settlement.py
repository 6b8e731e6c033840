"""Cash settlement: expired positions leave the book at their settlement value, once, with ids of our own making."""

from __future__ import annotations

from daemon.core.book.settlement import settlement_entries
from daemon.core.calendar.expiries import settlement_at
from daemon.core.market.contracts import OptionContract
from daemon.engine.context import Desk
from daemon.engine.facts import execution_fields


class Settler:
    """Settles what has expired as soon as its value is published; refuses to guess one."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def due(self) -> tuple[OptionContract, ...]:
        """Return the contracts past their settlement that the book still holds."""
        now, view = self._desk.clock.now(), self._desk.view()
        if view.next_settlement is None or now < view.next_settlement:
            return ()
        return tuple(sorted(c for c in view.positions if settlement_at(c.trading_class, c.expiry) <= now))

    async def settle(self) -> int:
        """Settle what is due; return the number of entries booked. Raises BrokerError when it cannot ask."""
        desk, booked = self._desk, 0
        for contract in self.due():
            value = await desk.broker.settlement_value(contract.trading_class, contract.expiry)
            if value is None:
                desk.journal.emit("settlement_awaited", {"contract": str(contract)})
                continue
            entries = settlement_entries(
                desk.view().book, contract, value, at=desk.clock.now(), session=desk.journal.session()
            )
            for entry in entries:
                fields = {**execution_fields(entry), "settlement_value_pts": value}
                event = desk.journal.make("position_settled", fields)
                if desk.store.record_execution(entry, event):
                    desk.journal.show(event)
                    booked += 1
        return booked
