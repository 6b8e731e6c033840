"""``docs/troubleshooting.md`` has a row for each event that warns, and for each exit code."""

import re
from pathlib import Path

from daemon.core.records import Level
from daemon.core.risk.gates import Gate
from daemon.core.vocabulary import VOCABULARY
from daemon.errors import ExitCode

TEXT = (Path(__file__).parents[2] / "docs/troubleshooting.md").read_text(encoding="utf-8")


def test_every_event_that_warns_has_a_row_and_no_other_has() -> None:
    rows = re.findall(r"^\| ([a-z ]+) \| [^|]+ \| [^|]+ \|$", TEXT.split("## Warnings and errors")[1], re.MULTILINE)
    warns = {name.replace("_", " ") for name, word in VOCABULARY.items() if word.level in {Level.WARNING, Level.ERROR}}

    assert sorted(set(rows) - {"event"}) == sorted(warns)


def test_every_exit_code_but_success_has_a_row() -> None:
    rows = {int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)}

    assert rows == {int(code) for code in ExitCode} - {int(ExitCode.OK)}


def test_every_gate_it_names_is_one() -> None:
    rows = re.findall(r"^\| (`[a-z_`, ]+) \|", TEXT, re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", " ".join(rows)))

    assert named
    assert named <= set(Gate)
