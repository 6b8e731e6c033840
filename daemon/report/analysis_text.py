"""The analyses of a period for a terminal and as JSON."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from math import isfinite
from typing import Any

from daemon.report.analysis import Analysis
from daemon.report.analysis_tables import analysis_tables
from daemon.report.table_text import table_text
from daemon.report.words import plural


def analysis_text(found: Analysis) -> str:
    """Write every table with its note."""
    first, last = found.rows[0].session, found.rows[-1].session
    head = f"{first} to {last}, {plural(len(found.rows), 'session')}"
    return "\n\n".join([head, *("\n".join(table_text(table)) for table in analysis_tables(found))])


def analysis_json(found: Analysis) -> dict[str, Any]:
    """Return all figures, those of single sessions left out, with what follows from them."""
    return {
        "from": found.rows[0].session.isoformat(),
        "to": found.rows[-1].session.isoformat(),
        "sessions": len(found.rows),
        **{name: value for name, value in _plain(found).items() if name != "rows"},
    }


def _plain(value: Any) -> Any:
    """Return a value as JSON takes it: of a dataclass its fields and its properties, dates as text."""
    if is_dataclass(value) and not isinstance(value, type):
        named = [field.name for field in fields(value)]
        named += [name for name, member in vars(type(value)).items() if isinstance(member, property)]
        return {name: _plain(getattr(value, name)) for name in named}
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not isfinite(value):
        return None
    return value
