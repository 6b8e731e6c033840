"""How an examination is written, counted and turned into an exit code."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from daemon.core.doctor.catalogue import CATALOGUE, Group
from daemon.core.doctor.check import Check, State, all_checks, exit_code, fail, ok, skipped, warn
from daemon.report.doctor import checks_table, doctor_json, doctor_text

AT = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
CHECKS = (
    ok("python", "3.11.7", "3.11.7"),
    fail("settings", "A is wrong\nB is wrong", "correct what is named", 2),
    warn("backups", "there is none", "condord backup"),
    skipped("data_spx", "gateway_port failed"),
)


def test_there_are_many_checks_and_each_name_is_there_once() -> None:
    names = [one.name for one in CATALOGUE]

    assert len(names) >= 24
    assert len(set(names)) == len(names)


def test_every_check_stands_in_the_output_in_the_order_of_the_catalogue() -> None:
    checks = all_checks(reversed(CHECKS), why_not=dict.fromkeys(Group, "not asked"))

    assert [check.name for check in checks] == [one.name for one in CATALOGUE]
    assert sum(check.state is State.SKIPPED for check in checks) == len(CATALOGUE) - 3


def test_a_line_a_check_with_the_fix_below_and_the_counts_at_the_end() -> None:
    lines = doctor_text(CHECKS, mode="PAPER", version="0.1.0", at=AT).splitlines()

    assert lines[0].startswith("condord 0.1.0  PAPER  2026-11-20 14:00")
    assert "OK       python             3.11.7" in lines
    at = lines.index("FAIL     settings           A is wrong")
    assert lines[at + 1].strip() == "B is wrong"
    assert lines[at + 2].strip() == "fix: correct what is named"
    assert lines[at + 1].index("B") == lines[at].index("A is wrong")
    assert lines[-1] == "4 checks: 1 ok, 1 to look at, 1 failed, 1 skipped"


def test_long_lines_are_folded_below_their_column_on_a_terminal() -> None:
    long = warn("backups", "there is none " * 10, "condord backup, and a timer that does it: docs/service.md")

    lines = doctor_text([long], mode="PAPER", version="0.1.0", at=AT, width=80).splitlines()
    at = next(number for number, line in enumerate(lines) if "backups" in line)
    told = lines[at : lines.index("", at)] if "" in lines[at:] else lines[at:]

    assert max(map(len, lines[at : at + 4])) <= 80
    assert {line.index(line.split()[0]) for line in told[1:4]} == {lines[at].index("there")}


def test_the_json_has_name_state_text_value_and_fix_of_each_check() -> None:
    found = doctor_json(CHECKS, mode="PAPER", version="0.1.0", at=AT)

    assert found["counts"] == {"OK": 1, "WARN": 1, "FAIL": 1, "SKIPPED": 1}
    assert found["exit_code"] == 2
    checks = found["checks"]
    assert isinstance(checks, list)
    assert checks[0] == {"name": "python", "state": "OK", "text": "3.11.7", "value": "3.11.7", "fix": None}
    assert checks[1]["fix"] == "correct what is named"  # type: ignore[index,call-overload]  # JSON of any shape


@pytest.mark.parametrize(
    ("failed", "code"),
    [
        ((), 0),
        (("python",), 1),
        (("python", "gateway_port"), 4),
        (("gateway_port", "state_folder"), 5),
        (("state_folder", "settings", "data_spx"), 2),
    ],
)
def test_of_several_failures_the_one_to_mend_first_gives_the_exit_code(failed: tuple[str, ...], code: int) -> None:
    assert exit_code([fail(name, "broken", "mend it") for name in failed]) == code


def test_neither_a_warning_nor_a_skip_is_a_failure() -> None:
    assert exit_code(CHECKS[2:]) == 0


def test_a_fix_belongs_to_what_is_not_well_and_to_nothing_else() -> None:
    with pytest.raises(AssertionError):
        Check("python", State.WARN, "odd")
    with pytest.raises(AssertionError):
        Check("python", State.OK, "well", fix="nothing")


def test_the_table_has_a_row_for_every_check() -> None:
    rows = [line for line in checks_table().splitlines() if line.startswith("| `")]

    assert len(rows) == len(CATALOGUE)
