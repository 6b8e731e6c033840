"""The report of a period as one self-contained HTML file."""

from __future__ import annotations

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from daemon.report.cells import Table
from daemon.report.plots import plots
from daemon.report.sections import NOTHING, Document
from daemon.report.words import MINUS

_CSS_AMPERSAND: Final = r"\26 "


def render_html(report: Document) -> str:
    """Write the report: no script, nothing loaded from a network, light and dark, the same bytes for the same data."""
    environment = Environment(
        loader=PackageLoader("daemon.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["minus"] = minus
    environment.filters["rules"] = column_rules
    page = environment.get_template("report.html")
    drawn = plots(report.data, [name for section in report.sections for name in section.plots])
    return page.render(report=report, plots=drawn, nothing=NOTHING)


def minus(text: str) -> str:
    """Write the sign of negative numbers as a minus sign, which lines up with the plus sign."""
    return MINUS + text[1:] if text[:1] == "-" and len(text) > 1 else text


def column_rules(table: Table) -> str:
    """Return the style rules of a table's columns: cheaper than a class on every cell of a long table.

    On a phone, where rows become blocks, numbers and dates carry their heading; a map stays a grid.
    """
    columns = list(enumerate(zip(table.headings, table.aligns, strict=True), start=1))
    right = ", ".join(f"#{table.name} :is(th, td):nth-child({n})" for n, (_, align) in columns if align == ">")
    wrapped = ", ".join(f"#{table.name} td:nth-child({n})" for n, (_, align) in columns if align == "w")
    labels = "\n".join(
        f'#{table.name} td:nth-child({n})::before {{ content: "{heading.replace("&", _CSS_AMPERSAND)} "; }}'
        for n, (heading, align) in columns
        if align in ">d"
    )
    desk = [f"{right} {{ text-align: right; }}" if right else ""]
    desk.append(f"{wrapped} {{ white-space: normal; min-width: 11rem; }}" if wrapped else "")
    if table.is_map:
        return "\n".join(desk)
    return "\n".join(
        [
            *desk,
            f"@media screen and (max-width: 40rem) {{\n{labels}",
            f"{right} {{ text-align: left; }}" if right else "",
            f"{wrapped} {{ flex-basis: 100%; }}\n}}" if wrapped else "}",
        ]
    )
