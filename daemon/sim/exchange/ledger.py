"""Cash and positions of the account, in whole ten-thousandths of a dollar so that sums are exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

E4: Final = 10_000
"""Ten-thousandths in a dollar; also those of one contract at 0.01 point, with a multiplier of 100."""
_PTS100: Final = 100


@dataclass(slots=True)
class Lot:
    """The position in one contract; cost is signed like the quantity and includes commissions."""

    quantity: int = 0
    cost_e4: int = 0
    realized_e4: int = 0
    settled_pts100: int | None = None
    """Final value in points x 100 from settlement until the position leaves the account."""
    multiplier: int = 100
    """Dollars per point."""
    margined: bool = False
    """Whether it is a future: its price is not paid, what it gains or loses is."""

    def worth_e4(self, price_pts100: int) -> int:
        """Return what one contract is worth at a price."""
        return price_pts100 * E4 * self.multiplier // _PTS100

    @property
    def settled_e4(self) -> int:
        """Return the final value of one contract; it must be settled."""
        assert self.settled_pts100 is not None, "the position is settled"
        return self.worth_e4(self.settled_pts100)

    @property
    def average_cost(self) -> float:
        """Return dollars a contract, positive for long and short; 0 when flat."""
        return self.cost_e4 / self.quantity / E4 if self.quantity else 0.0


@dataclass(slots=True)
class Receivable:
    """Settlement cash that is due but not booked."""

    at: datetime
    amount_e4: int


@dataclass(slots=True)
class Ledger:
    """Cash, positions and what is due; the only place where they change."""

    cash_e4: int
    """As if futures were paid for in full; what a client sees is ``own_cash_e4``."""
    lots: dict[int, Lot] = field(default_factory=dict)
    receivables: list[Receivable] = field(default_factory=list)
    realized_e4: int = 0
    commissions_e4: int = 0
    version: int = field(default=0, compare=False)
    """Rises with every change of a position, so that figures can be kept between changes."""

    @property
    def own_cash_e4(self) -> int:
        """Return the cash with the price of open futures, which nobody has paid."""
        return self.cash_e4 + sum(lot.cost_e4 for lot in self.lots.values() if lot.margined)

    @property
    def due_e4(self) -> int:
        """Return the settlement cash not booked yet."""
        return sum(receivable.amount_e4 for receivable in self.receivables)

    @property
    def settled_e4(self) -> int:
        """Return the final value of the positions that are settled but still there."""
        return sum(lot.quantity * lot.settled_e4 for lot in self.lots.values() if lot.settled_pts100 is not None)

    def fill(
        self,
        con_id: int,
        quantity: int,
        *,
        price_pts100: int,
        commission_e4: int,
        multiplier: int = 100,
        margined: bool = False,
    ) -> int | None:
        """Book a fill (quantity signed); return the realised result in 1/10,000 dollar, None when it only opens."""
        self.version += 1
        lot = self.lots.setdefault(con_id, Lot(multiplier=multiplier, margined=margined))
        paid = quantity * lot.worth_e4(price_pts100) + commission_e4
        self.cash_e4 -= paid
        self.commissions_e4 += commission_e4
        closing = min(abs(quantity), abs(lot.quantity)) if quantity * lot.quantity < 0 else 0
        if not closing:
            lot.quantity, lot.cost_e4 = lot.quantity + quantity, lot.cost_e4 + paid
            return None
        paid_closing = paid * closing // abs(quantity)
        cost_closing = lot.cost_e4 * closing // abs(lot.quantity)
        realized = -paid_closing - cost_closing
        lot.quantity += quantity
        lot.cost_e4 += (paid - paid_closing) - cost_closing
        self._realize(lot, realized)
        if lot.quantity == 0:
            assert lot.cost_e4 == 0, "a flat position keeps no cost"
        return realized

    def _realize(self, lot: Lot, realized_e4: int) -> None:
        lot.realized_e4 += realized_e4
        self.realized_e4 += realized_e4

    def settle(self, con_id: int, value_pts100: int) -> None:
        """Fix the final value of a position that stays visible until ``vanish``."""
        self.version += 1
        self.lots[con_id].settled_pts100 = value_pts100

    def vanish(self, con_id: int, cash_at: datetime) -> None:
        """Remove a settled position; its cash is due at the given time."""
        self.version += 1
        lot = self.lots.pop(con_id)
        assert lot.settled_pts100 is not None, "only settled positions vanish"
        amount = lot.quantity * lot.settled_e4
        self._realize(lot, amount - lot.cost_e4)
        if amount:
            self.receivables.append(Receivable(cash_at, amount))

    def book_cash(self, now: datetime) -> None:
        """Turn what is due by now into cash."""
        self.cash_e4 += sum(receivable.amount_e4 for receivable in self.receivables if receivable.at <= now)
        self.receivables = [receivable for receivable in self.receivables if receivable.at > now]

    def open_lots(self) -> dict[int, Lot]:
        """Return the positions that are not flat, by contract number."""
        return {con_id: self.lots[con_id] for con_id in sorted(self.lots) if self.lots[con_id].quantity}

    def forget_flat(self) -> None:
        """Drop flat positions; done each session so that the account stays small."""
        self.lots = {con_id: lot for con_id, lot in self.lots.items() if lot.quantity}

    def dump(self) -> dict[str, Any]:
        """Return the ledger as JSON values."""
        return {
            "cash_e4": self.cash_e4,
            "realized_e4": self.realized_e4,
            "commissions_e4": self.commissions_e4,
            "lots": {str(con_id): asdict(lot) for con_id, lot in self.lots.items()},
            "receivables": [[item.at.isoformat(), item.amount_e4] for item in self.receivables],
        }


def restored_ledger(state: Mapping[str, Any]) -> Ledger:
    """Build a ledger from its dump."""
    return Ledger(
        cash_e4=state["cash_e4"],
        realized_e4=state["realized_e4"],
        commissions_e4=state["commissions_e4"],
        lots={int(con_id): Lot(**lot) for con_id, lot in state["lots"].items()},
        receivables=[Receivable(datetime.fromisoformat(at), amount) for at, amount in state["receivables"]],
    )
