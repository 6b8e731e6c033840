"""The report of a period for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.report.sections import NOTHING, Document, Section
from daemon.report.table_text import table_text, wrapped
from daemon.report.words import columns


def period_text(report: Document) -> str:
    """Write a report: its figures, then every section with its tables; plots have no text, what they show has."""
    head = [f"{report.data.mode}  {report.period}"]
    figures = [(figure.name, figure.amount.text, figure.note) for figure in report.figures]
    blocks = [head, columns(figures, "<><"), *(block for section in report.sections for block in _section(section))]
    if not report.figures:
        blocks.append(wrapped(NOTHING))
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _section(section: Section) -> Iterable[list[str]]:
    yield [
        f"== {section.title} ==",
        *wrapped(section.note),
        *(line for text in section.undrawn for line in wrapped(text)),
    ]
    yield from map(table_text, section.tables)
