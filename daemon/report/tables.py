"""The tables behind the commands ``book`` and ``hedge``, as text and as JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Final

from daemon.core.book.book import Book, BookEntry
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.intent import Intent, Reason
from daemon.core.records import HedgeComputation, LayerComputation
from daemon.ports import Store
from daemon.report.beside import BesideLine, beside_lines, beside_text, ledger_sums
from daemon.report.closing import Closing, closing
from daemon.report.day_sections import layer_table
from daemon.report.hedge import HedgeChange, Traded, budget_lines, hedge_arithmetic, hedge_changes, layer_lines
from daemon.report.json_types import JsonObject
from daemon.report.words import (
    clipped,
    columns,
    dollars,
    legs_text,
    net_price,
    new_york_instant,
    points,
)

ORDERS_SHOWN: Final = 20
"""Most recent orders in the text of ``book``; the JSON has all of them."""
REASON_WIDTH: Final = 60


# -- book --------------------------------------------------------------------------------------------


def book_json(store: Store) -> JsonObject:
    """Return positions, executions and orders; prices and strikes in points, dates as YYYY-MM-DD.

    Executions include settlements, whose ids of our own making begin with ``settlement:``.
    """
    book = store.book()
    return {
        "positions": [_position_json(book, contract, quantity) for contract, quantity in book.positions().items()],
        "executions": [_execution_json(entry) for entry in store.entries()],
        "orders": [
            {"order_ref": intent.ref, "perm_id": intent.perm_id, "state": intent.state.value}
            for intent in store.intents()
        ],
    }


def _position_json(book: Book, contract: OptionContract, quantity: int) -> JsonObject:
    return {
        "con_id": book.con_ids[contract],
        "symbol": contract.underlying.value,
        "expiry": contract.expiry.isoformat(),
        "strike": contract.strike,
        "right": contract.right.value,
        "quantity": quantity,
    }


def _execution_json(entry: BookEntry) -> JsonObject:
    return {
        "exec_id": entry.exec_id,
        "order_ref": entry.order_ref,
        "con_id": entry.con_id,
        "quantity": entry.quantity,
        "price": entry.price_pts100 / 100,
    }


def book_text(store: Store) -> str:
    """Write what every condor and layer holds, and the latest orders."""
    book = store.book()
    held = [holding for _, holding in sorted(book.holdings.items()) if holding.positions]
    rows = [("held by", "contract", "quantity", "con_id")]
    rows += [
        (holding.subject, str(contract), f"{quantity:+d}", str(book.con_ids[contract]))
        for holding in held
        for contract, quantity in sorted(holding.positions.items())
    ]
    positions = columns(rows, "<<>>") if held else ["  no positions"]
    return "\n".join(["POSITIONS", *positions, "", *_latest_orders(store.intents())]) + "\n"


def _latest_orders(intents: Sequence[Intent]) -> list[str]:
    if not intents:
        return ["ORDERS", "  no orders yet"]
    shown = intents[-ORDERS_SHOWN:]
    rows = [("order ref", "legs", "limit", "filled", "state")]
    rows += [
        (
            intent.ref,
            legs_text(intent.spec.legs, intent.spec.quantity),
            net_price(intent.spec.net_limit_pts100 / 100),
            f"{intent.filled} of {intent.spec.quantity}",
            intent.state.value,
        )
        for intent in shown
    ]
    return [f"ORDERS  the latest {len(shown)} of {len(intents)}", *columns(rows, "<<>><")]


# -- hedge -------------------------------------------------------------------------------------------


def hedge_json(store: Store, next_rolls: Mapping[str, date] | None = None) -> JsonObject:
    """Return the layers, the last computation and every change of the hedge."""
    computation = _last(store.hedge_computations())
    now = _now(store)
    lines = layer_lines(now, computation, next_rolls or {})
    return {
        "layers": [
            {
                "layer": line.layer,
                "contract": None if line.unit is None else _contract_json(line.unit.long),
                "short": None if line.unit is None or line.unit.short is None else _contract_json(line.unit.short),
                "held": line.held,
                "target": line.target,
                "dte": line.dte,
                "mark": line.mark_pts,
                "delta_usd": line.delta_usd,
                "next_roll": None if line.next_roll is None else line.next_roll.isoformat(),
            }
            for line in lines
        ],
        "computation": None if computation is None else _computation_json(computation),
        "beside": [_beside_json(line) for line in beside_lines(now, store.intents())],
        "changes": [_change_json(change) for change in hedge_changes(store.intents(), store.entries())],
    }


def _beside_json(line: BesideLine) -> JsonObject:
    held_for: JsonObject = {str(unit): list(condors) for unit, condors in line.bought_for.items()}
    return {"subject": line.subject, **ledger_sums(line.ledger), "bought_for": held_for}


def _contract_json(contract: OptionContract) -> JsonObject:
    return {
        "symbol": contract.underlying.value,
        "trading_class": contract.trading_class.value,
        "expiry": contract.expiry.isoformat(),
        "strike": contract.strike,
        "right": contract.right.value,
    }


def _computation_json(computation: HedgeComputation) -> JsonObject:
    return {
        "session": computation.session.isoformat(),
        "at": computation.at.isoformat(),
        "vix": computation.vix,
        "regime": computation.regime,
        "pct": computation.pct,
        "wing_notional_usd": computation.wing_notional_usd,
        "target_usd": computation.target_usd,
        "held_usd": computation.held_usd,
        "base": computation.sized.base,
        "base_usd": computation.sized.base_usd,
        "measure": computation.sized.measure,
        "total": computation.sized.total,
        "break_even_contracts": computation.sized.break_even_contracts,
        "contracts": computation.contracts,
        "budget": None if computation.sized.budget is None else asdict(computation.sized.budget),
        "layers": [_layer_json(layer) for layer in computation.layers],
        "beside": [_layer_json(row) for row in computation.beside],
        "reasons": [reason_json(reason) for reason in computation.reasons],
    }


def _layer_json(layer: LayerComputation) -> JsonObject:
    return {
        "layer": layer.layer,
        "contract": None if layer.contract is None else _contract_json(layer.contract),
        "short": None if layer.short is None else _contract_json(layer.short),
        "forward": layer.forward_pts,
        "delta": layer.delta,
        "delta_usd": layer.delta_usd,
        "unit_usd": layer.counts_usd,
        "carry_usd": layer.carry_usd,
        "held": layer.held,
        "target": layer.target,
    }


def _change_json(change: HedgeChange) -> JsonObject:
    return {
        "session": change.session.isoformat(),
        "layer": change.layer,
        "kind": change.kind,
        "trades": [
            {**_contract_json(trade.contract), "quantity": trade.quantity, "price": trade.price_pts}
            for trade in change.trades
        ],
        "cash_usd": change.cash_usd_cents / 100,
        "reason": change.reason,
    }


def hedge_text(store: Store, next_rolls: Mapping[str, date] | None = None, policy: Sequence[str] = ()) -> str:
    """Write the layers held against target, the arithmetic behind them, the policy, and every change."""
    computation = _last(store.hedge_computations())
    now = _now(store)
    lines = layer_lines(now, computation, next_rolls or {})
    arithmetic = (
        "no hedge computation recorded"
        if computation is None
        else f"{new_york_instant(computation.at)}  {hedge_arithmetic(computation)}"
    )
    changes = hedge_changes(store.intents(), store.entries())
    rows = [("session", "layer", "what", "traded", "cash", "reason")]
    rows += [
        (
            f"{change.session}",
            change.layer,
            change.kind,
            traded_text(change),
            dollars(change.cash_usd_cents, signed=True),
            clipped(change.reason, REASON_WIDTH),
        )
        for change in changes
    ]
    table = columns(rows, "<<<<><") if changes else ["  none yet"]
    budget = [] if computation is None else [f"  {line}" for line in budget_lines(computation)]
    held = [*layer_table(lines), *beside_text(beside_lines(now, store.intents()))]
    return "\n".join(["LAYERS", f"  {arithmetic}", *budget, *held, *_policy(policy), "", "CHANGES", *table]) + "\n"


def _policy(lines: Sequence[str]) -> list[str]:
    return ["", "POLICY", *(f"  {line}" for line in lines)] if lines else []


def traded_text(change: HedgeChange) -> str:
    """Write what was traded in a change."""
    return ", ".join(map(trade_text, change.trades))


def trade_text(trade: Traded) -> str:
    """Write one trade of a change, ``+4 VIXW 2020-03-25 22C @ 1.20``."""
    return f"{trade.quantity:+d} {trade.contract} @ {points(trade.price_pts)}"


def _now(store: Store) -> Closing:
    """Return the book as it is now, with the last closing figures."""
    entries, days = store.entries(), store.days()
    sessions = [entry.session for entry in entries] + [day.session for day in days]
    return closing(max(sessions, default=date.min), entries, days)


def _last(computations: Sequence[HedgeComputation]) -> HedgeComputation | None:
    return computations[-1] if computations else None


def reason_json(reason: Reason) -> JsonObject:
    """Return a reason with its name, sentence, value and limit."""
    return {"name": reason.name, "text": reason.text, "value": reason.value, "limit": reason.limit}
