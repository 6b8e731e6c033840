"""What the quick commands leave out: heavy packages are imported by nobody who only looks or asks for help."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from daemon.cli.main import COMMANDS, condord

ROOT = Path(__file__).parents[3]
HEAVY = {
    "numpy",
    "pydantic",
    "sqlite_utils",
    "sqlite3",
    "ib_insync",
    "apscheduler",
    "structlog",
    "matplotlib",
    "jinja2",
}
OURS = {"daemon.settings.model", "daemon.adapters.store", "daemon.engine"}
IMPORTED = """
import sys
from daemon.cli.main import run_command
for line in sys.stdin:
    run_command(line.split())
print(*sorted({0} & sys.modules.keys()), file=sys.stderr)
"""


def imported(commands: list[str], watched: set[str], tmp_path: Path) -> str:
    """Return what of the watched modules a process has imported after running command lines."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED.format(watched)],
        input="\n".join(commands),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
    )
    return done.stderr.strip()


def every_command() -> Iterator[str]:
    """Yield the words of every command and sub-command."""
    for name in COMMANDS:
        yield name
        command = condord.get_command(click.Context(condord), name)
        if isinstance(command, click.Group):
            yield from (f"{name} {part}" for part in command.commands)


def test_no_help_imports_settings_store_or_numbers(tmp_path: Path) -> None:
    found = imported(
        ["--help", *(f"{name} --help" for name in every_command())], HEAVY | OURS | {"rich", "asyncio"}, tmp_path
    )

    assert found == ""


@pytest.mark.parametrize("command", ["status", "status --json", "healthcheck", "version"])
def test_commands_that_only_look_import_nothing_heavy(command: str, tmp_path: Path) -> None:
    watched = (HEAVY | {"daemon.settings.model", "daemon.engine", "holidays", "asyncio", "rich"}) - {"sqlite3"}

    assert imported([command], watched, tmp_path) == ""
