"""The account as a client sees it: values, positions, margin, what-if."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from daemon.core.market.contracts import OptionContract
from daemon.sim.exchange import con_ids
from daemon.sim.exchange.api import OrderRequest, SimAccount, SimPosition, WhatIf
from daemon.sim.exchange.con_ids import Share
from daemon.sim.exchange.config import ExchangeConfig
from daemon.sim.exchange.fills import order_commission_usd
from daemon.sim.exchange.ledger import E4, Ledger, Lot
from daemon.sim.exchange.margin import reg_t_margin
from daemon.sim.exchange.matching import net_book
from daemon.sim.exchange.orders import bought_limit_pts100, bought_ratios, contracts_of, ratio_array
from daemon.sim.exchange.quoter import Quoter

_BUYING_POWER: float = 4.0


class AccountView:
    """Computes account figures from the ledger and the market; keeps the last marks until time or a position moves."""

    def __init__(self, ledger: Ledger, quoter: Quoter, config: ExchangeConfig) -> None:
        self.ledger = ledger
        self.quoter = quoter
        self.config = config
        self._marked: tuple[datetime, int] | None = None
        self._marks: dict[int, int] = {}

    def marks_e4(self, at: datetime) -> dict[int, int]:
        """Return the value of one contract of each position in 1/10,000 dollar, final values for settled ones."""
        key = (at, self.ledger.version)
        if self._marked != key:
            self._marked, self._marks = key, self._compute_marks(at)
        return self._marks

    def _compute_marks(self, at: datetime) -> dict[int, int]:
        lots = self.ledger.open_lots()
        alive = [con_id for con_id, lot in lots.items() if lot.settled_pts100 is None]
        marks = {con_id: lot.settled_e4 for con_id, lot in lots.items() if lot.settled_pts100 is not None}
        mids = self.quoter.marks(alive, at).tolist()
        return marks | {
            con_id: round(mid * lots[con_id].multiplier * E4) for con_id, mid in zip(alive, mids, strict=True)
        }

    def positions(self, at: datetime) -> list[SimPosition]:
        """Return the open positions by contract number."""
        marks = self.marks_e4(at)
        return [_position(con_id, lot, marks[con_id]) for con_id, lot in self.ledger.open_lots().items()]

    def account(self, at: datetime, *, realized_before_e4: int) -> SimAccount:
        """Return the account values; realised results count from midnight in New York."""
        marks = self.marks_e4(at)
        lots = self.ledger.open_lots()
        value = sum(lot.quantity * marks[con_id] for con_id, lot in lots.items())
        options = sum(lot.quantity * marks[con_id] for con_id, lot in lots.items() if con_ids.option_of(con_id))
        cost = sum(lot.cost_e4 for lot in lots.values())
        margin = self.margin_usd(_quantities(lots), at)
        shares = self._shares_usd(_quantities(lots), at)
        initial = margin + self.config.share_margin_initial * shares
        maintenance = margin + self.config.share_margin_maintenance * shares
        equity = self.equity_usd(at)
        return SimAccount(
            net_liquidation=(self.ledger.cash_e4 + self.ledger.due_e4 + value) / E4,
            total_cash=self.ledger.own_cash_e4 / E4,
            option_market_value=options / E4,
            initial_margin=initial,
            maintenance_margin=maintenance,
            available_funds=equity - initial,
            excess_liquidity=equity - maintenance,
            buying_power=max(equity - initial, 0.0) * _BUYING_POWER,
            realized_pnl=(self.ledger.realized_e4 - realized_before_e4) / E4,
            unrealized_pnl=(value - cost) / E4,
        )

    def equity_usd(self, at: datetime) -> float:
        """Return what covers margin: cash, settlement cash due, final values, shares and what futures have gained.

        Open options have no loan value.
        """
        marks, lots = self.marks_e4(at), self.ledger.open_lots()
        counted = (
            lot.quantity * marks[con_id]
            for con_id, lot in lots.items()
            if (lot.margined or con_id in con_ids.SHARE_OF) and lot.settled_pts100 is None
        )
        return (self.ledger.cash_e4 + self.ledger.due_e4 + self.ledger.settled_e4 + sum(counted)) / E4

    def _shares_usd(self, quantities: Mapping[int, int], at: datetime) -> float:
        """Return what shares are worth, bought and sold ones alike."""
        held = [con_id for con_id, quantity in quantities.items() if con_id in con_ids.SHARE_OF and quantity]
        marks = self.quoter.marks(held, at).tolist()
        return float(sum(abs(quantities[con_id]) * mark for con_id, mark in zip(held, marks, strict=True)))

    def margin_usd(self, quantities: Mapping[int, int], at: datetime) -> float:
        """Return the Reg-T requirement of options and the exchange's of futures; settled ones need none."""
        held: list[tuple[OptionContract, int]] = []
        for con_id, quantity in quantities.items():
            contract = con_ids.contract_of(con_id)
            lot = self.ledger.lots.get(con_id)
            if contract is not None and quantity and (lot is None or lot.settled_pts100 is None):
                held.append((contract, quantity))
        options = [(contract, quantity) for contract, quantity in held if not contract.is_future]
        return self._futures_margin_usd(held, at) + reg_t_margin(
            options,
            index_level=lambda underlying: self.quoter.market.index(underlying, at),
            mark=lambda contract: float(self.quoter.marks([con_ids.option_con_id(contract)], at)[0]),
            mode=self.config.margin_mode,
        )

    def _futures_margin_usd(self, held: Sequence[tuple[OptionContract, int]], at: datetime) -> float:
        """Return a share of what futures are worth: exchanges ask for more as VIX rises."""
        futures = [(contract, quantity) for contract, quantity in held if contract.is_future]
        marks = self.quoter.marks([con_ids.contract_con_id(contract) for contract, _ in futures], at).tolist()
        share, least_usd = self.config.future_margin_share, self.config.future_margin_min_usd
        each_usd = [
            max(least_usd, share * mark * contract.multiplier)
            for (contract, _), mark in zip(futures, marks, strict=True)
        ]
        return float(sum(abs(quantity) * usd for (_, quantity), usd in zip(futures, each_usd, strict=True)))

    def what_if(self, request: OrderRequest, at: datetime) -> WhatIf:
        """Return margin and equity before and after an order fills whole at its limit (a market order at mid)."""
        before = _quantities(self.ledger.open_lots())
        ratios = bought_ratios(request)
        after = dict(before)
        for leg, ratio in zip(request.legs, ratios, strict=True):
            after[leg.con_id] = after.get(leg.con_id, 0) + ratio * request.quantity
        first = contracts_of(request.legs)[0]
        net_pts100 = self._net_pts100(request, at)
        commission = order_commission_usd(
            self.config, ratios, first, quantity=request.quantity, price_pts100=round(abs(net_pts100))
        )
        # Futures and shares have their full value in the equity: only what is paid for options leaves it.
        whole = first.is_future or isinstance(first, Share)
        paid_usd = 0.0 if whole else net_pts100 / 100 * first.multiplier * request.quantity
        margin_before, margin_after = self.margin_usd(before, at), self.margin_usd(after, at)
        shares_before, shares_after = self._shares_usd(before, at), self._shares_usd(after, at)
        initial, maintenance = self.config.share_margin_initial, self.config.share_margin_maintenance
        return WhatIf(
            initial_before=margin_before + initial * shares_before,
            maintenance_before=margin_before + maintenance * shares_before,
            equity_before=self.equity_usd(at),
            initial_after=margin_after + initial * shares_after,
            maintenance_after=margin_after + maintenance * shares_after,
            equity_after=self.equity_usd(at) - paid_usd - commission,
            commission=commission,
        )

    def _net_pts100(self, request: OrderRequest, at: datetime) -> float:
        """Return what one unit of an order pays, in points x 100."""
        limit = bought_limit_pts100(request)
        if limit is not None:
            return limit
        side = self.quoter.sides([leg.con_id for leg in request.legs], at)
        return float(net_book(ratio_array(request), side.bids, side.asks).mid[0]) * 100


def _quantities(lots: Mapping[int, Lot]) -> dict[int, int]:
    return {con_id: lot.quantity for con_id, lot in lots.items()}


def _position(con_id: int, lot: Lot, mark_e4: int) -> SimPosition:
    value = lot.quantity * mark_e4
    return SimPosition(
        con_id=con_id,
        quantity=lot.quantity,
        average_cost=lot.average_cost,
        mark=mark_e4 / E4 / lot.multiplier,
        market_value=value / E4,
        unrealized_pnl=(value - lot.cost_e4) / E4,
        realized_pnl=lot.realized_e4 / E4,
    )
