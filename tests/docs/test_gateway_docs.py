"""The page about the simulated gateway names every request that is served and every symbol that is listed."""

from __future__ import annotations

import re
from pathlib import Path

from daemon.sim.exchange.con_ids import INDEX_CON_IDS, PAIR_OF, SHARE_OF
from daemon.sim.gateway.messages_in import In
from daemon.sim.gateway.session import HANDLERS

PAGE = (Path(__file__).parents[2] / "docs/gateway.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """Return the rows of the table under a heading."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_every_request_that_is_served_stands_in_the_table_and_no_other() -> None:
    named = [int(number) for row in table("What is answered") for number in row[0].split(",")]

    assert len(named) == len(set(named))
    assert set(named) == {int(one) for one in HANDLERS} | {int(In.START_API)}


def test_every_symbol_that_is_listed_stands_in_the_table() -> None:
    symbols = {word for row in table("What can be traded and watched") for word in re.findall(r"[A-Z][\w.-]+", row[0])}

    assert {*INDEX_CON_IDS, *SHARE_OF.values(), *PAIR_OF.values()} <= symbols


def test_the_examples_of_clients_are_five_lines_of_python_each() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

    assert [len([line for line in block.splitlines() if line]) for block in blocks] == [5, 5]
    for block in blocks:
        compile(block, "docs/gateway.md", "exec")
