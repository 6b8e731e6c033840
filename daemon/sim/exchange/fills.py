"""One fill as the reports it causes: the combination as a whole, then each leg."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from daemon.core.market.contracts import OptionContract, Underlying
from daemon.sim.exchange.api import ExchangeEvent, Executed, PositionChanged, SimExecution
from daemon.sim.exchange.con_ids import Share
from daemon.sim.exchange.config import ExchangeConfig
from daemon.sim.exchange.ledger import E4, Ledger
from daemon.sim.exchange.orders import Working, bought_ratios, contracts_of

_SPREAD: Final = 2_654_435_761
"""An odd number: multiplying by it permutes 32-bit numbers, so that execution ids never repeat."""
_BITS: Final = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class _Counted:
    """Quantity and price of one report with the sums of the order so far."""

    quantity: int
    price_pts100: int
    cumulative: int
    value_pts100: int


def exec_id(seed: int, fill: int, part: int) -> str:
    """Return an execution id; ``part`` is 1 for the order as a whole, its revision comes last."""
    return f"{0xE000 + seed % 0x1FFF:08x}.{(fill + 1) * _SPREAD & _BITS:08x}.{part:02d}.01"


def commission_e4(
    config: ExchangeConfig, contract: OptionContract | Share, contracts: int, *, price_pts100: int
) -> int:
    """Return the commission of a number of contracts like this one in 1/10,000 dollar; that of shares has bounds."""
    if isinstance(contract, Share):
        usd = max(config.commission_share_usd * contracts, config.commission_share_min_usd)
        return round(min(usd, config.commission_share_max * contracts * price_pts100 / 100) * E4)
    each: dict[str, float] = {Underlying.SPX: config.commission_spx_usd, Underlying.VIX: config.commission_vix_usd}
    option_usd = each.get(contract.underlying, config.commission_fund_usd)
    return round((config.commission_future_usd if contract.is_future else option_usd) * E4) * contracts


def order_commission_usd(
    config: ExchangeConfig,
    order_ratios: tuple[int, ...],
    contract: OptionContract | Share,
    *,
    quantity: int,
    price_pts100: int,
) -> float:
    """Return the commission of a whole order in dollars."""
    contracts = quantity * sum(abs(ratio) for ratio in order_ratios)
    return commission_e4(config, contract, contracts, price_pts100=price_pts100) / E4


def fill_order(
    order: Working,
    ledger: Ledger,
    config: ExchangeConfig,
    *,
    quantity: int,
    net_pts100: int,
    leg_pts100: tuple[int, ...],
    at: datetime,
    number: int,
) -> list[ExchangeEvent]:
    """Book a fill of the legs and return its reports; prices are those of the order seen as a purchase."""
    sign = 1 if order.request.action == "BUY" else -1
    order.filled += quantity
    order.fills += 1
    order.net_value_pts100 += sign * net_pts100 * quantity
    order.last_pts100 = sign * net_pts100
    executions = list(
        _executions(order, ledger, config, quantity=quantity, leg_pts100=leg_pts100, at=at, number=number)
    )
    changes = [_position(ledger, leg.con_id) for leg in order.request.legs]
    return [*(Executed(execution) for execution in executions), *changes]


def _executions(
    order: Working,
    ledger: Ledger,
    config: ExchangeConfig,
    *,
    quantity: int,
    leg_pts100: tuple[int, ...],
    at: datetime,
    number: int,
) -> Iterator[SimExecution]:
    request = order.request
    combo = len(request.legs) > 1
    if combo:
        yield _execution(
            order,
            exec_id(config.seed, number, 1),
            con_id=None,
            bought=request.action == "BUY",
            counted=_Counted(quantity, order.last_pts100, order.filled, order.net_value_pts100),
            at=at,
        )
    contracts = contracts_of(request.legs)
    if not order.leg_values_pts100:
        order.leg_values_pts100 = [0] * len(contracts)
    for n, (leg, ratio, contract) in enumerate(zip(request.legs, bought_ratios(request), contracts, strict=True)):
        count = abs(ratio) * quantity
        order.leg_values_pts100[n] += count * leg_pts100[n]
        fee = commission_e4(config, contract, count, price_pts100=leg_pts100[n])
        realized = ledger.fill(
            leg.con_id,
            count if ratio > 0 else -count,
            price_pts100=leg_pts100[n],
            commission_e4=fee,
            multiplier=contract.multiplier,
            margined=contract.is_future,
        )
        yield _execution(
            order,
            exec_id(config.seed, number, n + 2 if combo else 1),
            con_id=leg.con_id,
            bought=ratio > 0,
            counted=_Counted(count, leg_pts100[n], abs(ratio) * order.filled, order.leg_values_pts100[n]),
            at=at,
            fee_e4=fee,
            realized_e4=realized,
        )


def _execution(
    order: Working,
    number: str,
    *,
    con_id: int | None,
    bought: bool,
    counted: _Counted,
    at: datetime,
    fee_e4: int | None = None,
    realized_e4: int | None = None,
) -> SimExecution:
    request = order.request
    return SimExecution(
        exec_id=number,
        perm_id=order.perm_id,
        client_id=request.client_id,
        order_id=request.order_id,
        order_ref=request.order_ref,
        account=request.account,
        con_id=con_id,
        side="BOT" if bought else "SLD",
        quantity=counted.quantity,
        price=counted.price_pts100 / 100,
        at=at,
        cumulative=counted.cumulative,
        average_price=round(counted.value_pts100 / counted.cumulative / 100, 6),
        commission=None if fee_e4 is None else fee_e4 / E4,
        realized_pnl=None if realized_e4 is None else realized_e4 / E4,
    )


def _position(ledger: Ledger, con_id: int) -> PositionChanged:
    lot = ledger.lots[con_id]
    return PositionChanged(con_id, lot.quantity, lot.average_cost)
