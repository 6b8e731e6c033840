"""The table of ``docs/risk.md`` says of each purpose and gate what the code does."""

import re
from pathlib import Path

from daemon.core.orders.intent import Purpose
from daemon.core.risk.gates import REFUSALS, Gate
from daemon.settings.catalogue import catalogue

TEXT = (Path(__file__).parents[2] / "docs/risk.md").read_text(encoding="utf-8")


def table() -> dict[tuple[str, str], bool]:
    """Return purpose and gate -> whether it refuses, as the document says."""
    head = re.search(r"^\| gate \|(.*)\|$", TEXT, re.MULTILINE)
    assert head is not None
    purposes = [name.strip() for name in head.group(1).split("|")]
    rows = re.findall(r"^\| (\w+) \|((?: [x.] \|)+)$", TEXT, re.MULTILINE)
    return {
        (purpose, gate): mark == "x"
        for gate, marks in rows
        for purpose, mark in zip(purposes, re.findall(r"[x.]", marks), strict=True)
    }


def test_every_cell_says_what_the_code_does() -> None:
    assert table() == {(purpose, gate): gate in REFUSALS[purpose] for purpose in Purpose for gate in Gate}


def test_every_gate_of_a_limit_is_one() -> None:
    named = set(re.findall(r"^\| [^|]+ \| `(\w+)` \| [^|]+ \|$", TEXT, re.MULTILINE))

    assert len(named) > 8
    assert named <= set(Gate)


def test_every_setting_it_names_exists() -> None:
    named = set(re.findall(r"CONDORD_[A-Z_]+", TEXT))

    assert named <= {spec.name for spec in catalogue()}
