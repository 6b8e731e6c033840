"""Contracts and legs as a client describes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from daemon.sim.exchange.api import ContractQuery, SimLeg
from daemon.sim.gateway.codec import FieldError, Fields, read_int

MAX_LEGS: Final = 8
BAG: Final = "BAG"


@dataclass(frozen=True, slots=True)
class WireContract:
    """A contract as a client describes it; empty texts and zeros are "not given"."""

    con_id: int
    symbol: str
    sec_type: str
    last_trade_or_month: str
    strike: float
    right: str
    exchange: str
    currency: str
    local_symbol: str
    trading_class: str

    def query(self) -> ContractQuery:
        """Return the question to the exchange; SMART stands for any exchange."""
        return ContractQuery(
            con_id=self.con_id or None,
            symbol=self.symbol or None,
            sec_type=self.sec_type or None,
            last_trade_or_month=self.last_trade_or_month.split(" ")[0].split("-")[0] or None,
            strike=self.strike or None,
            right=self.right[:1] if self.right not in {"", "0", "?"} else None,
            trading_class=self.trading_class or None,
            exchange=self.exchange if self.exchange not in {"", "SMART"} else None,
            local_symbol=self.local_symbol or None,
        )


def contract12(fields: Fields) -> WireContract:
    """Read the twelve fields of a contract."""
    con_id = fields.integer("conId")
    symbol, sec_type, last_trade = (fields.take(name) for name in ("symbol", "secType", "lastTradeDateOrContractMonth"))
    strike = fields.number("strike") or 0.0
    names = ("right", "multiplier", "exchange", "primaryExchange", "currency", "localSymbol", "tradingClass")
    right, _, exchange, _, currency, local_symbol, trading_class = (fields.take(name) for name in names)
    return WireContract(
        con_id=con_id,
        symbol=symbol,
        sec_type=sec_type,
        last_trade_or_month=last_trade,
        strike=strike,
        right=right,
        exchange=exchange,
        currency=currency,
        local_symbol=local_symbol,
        trading_class=trading_class,
    )


def sim_legs(rows: Sequence[Sequence[str]]) -> tuple[SimLeg, ...]:
    """Return the legs of a combo from rows that begin with conId, ratio, action; raise FieldError."""
    if len(rows) > MAX_LEGS:
        raise FieldError(f"the combo has {len(rows)} legs: at most {MAX_LEGS} are allowed")
    return tuple(_leg(row) for row in rows)


def _leg(row: Sequence[str]) -> SimLeg:
    con_id, ratio, action = read_int(row[0], "leg conId"), read_int(row[1], "leg ratio"), row[2]
    if ratio < 1:
        raise FieldError(f"leg ratio is {ratio}: 1 or more is needed")
    if action not in {"BUY", "SELL"}:
        raise FieldError(f"leg action is {action!r}: BUY or SELL is needed")
    return SimLeg(con_id, ratio if action == "BUY" else -ratio)


def bag_legs(fields: Fields, contract: WireContract) -> tuple[SimLeg, ...]:
    """Read the legs that follow a combo in requests for data; none follow anything else. Raises FieldError."""
    if contract.sec_type != BAG:
        return ()
    count = fields.integer("number of legs")
    if not 1 <= count <= MAX_LEGS:
        raise FieldError(f"number of legs is {count}: 1 to {MAX_LEGS} are allowed")
    return sim_legs([[fields.take("leg") for _ in range(4)] for _ in range(count)])
