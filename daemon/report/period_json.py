"""The report of a period as JSON values: the same figures as its text, each with its unit."""

from __future__ import annotations

import re
from typing import Any

from daemon.report.cells import Amount, Cell, Table
from daemon.report.sections import Document, Section


def period_json(report: Document) -> dict[str, Any]:
    """Return a report; a figure is its value, unit and shown decimals, an unknown one has the value null."""
    data = report.data
    return {
        "mode": data.mode,
        "period": report.period,
        "from": (data.days[0].session if data.days else data.first).isoformat(),
        "to": (data.days[-1].session if data.days else data.last).isoformat(),
        "sessions": len(data.days),
        "unclosed": [session.isoformat() for session in data.unclosed],
        "figures": {key_of(figure.name): {**_amount(figure.amount), "note": figure.note} for figure in report.figures},
        "sections": {section.anchor: _section(section) for section in report.sections},
    }


def key_of(heading: str) -> str:
    """Return a heading as a key: ``Max drawdown, hedged`` is ``max_drawdown_hedged``."""
    return re.sub(r"[^a-z0-9%&]+", "_", heading.lower()).strip("_")


def _section(section: Section) -> dict[str, Any]:
    tables = {table.name.removesuffix("_rows"): _table(table) for table in section.tables}
    return {"title": section.title, "note": section.note, "tables": tables}


def _table(table: Table) -> dict[str, Any]:
    keys = table.headings if table.is_map else tuple(map(key_of, table.headings))
    assert len({*keys}) == len(keys), f"two columns of {table.title} have one name"
    rows = [dict(zip(keys, map(_cell, row), strict=True)) for row in table.rows]
    said = {"note": table.note, "empty": "" if rows else table.empty, "shown": table.count}
    return {"title": table.title, "rows": rows, **{name: text for name, text in said.items() if text}}


def _cell(cell: Cell) -> object:
    """Return a figure, or the text of a cell; the lesser line under either beside it."""
    value: object = cell.text or None if cell.amount is None else _amount(cell.amount)
    if not cell.under:
        return value
    return {**value, "under": cell.under} if isinstance(value, dict) else {"text": value, "under": cell.under}


def _amount(amount: Amount) -> dict[str, Any]:
    return {"value": amount.value, "unit": amount.unit.value, "digits": amount.digits}
