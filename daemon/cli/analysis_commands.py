"""What came of the past: ``attribution``."""

# ruff: noqa: PLC0415 -- imported by the commands that need them, so that each stays quick

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from daemon.cli.common import NewYorkDate, db_option, env_file_option, json_option, print_json, reading, recorded_period


@click.command()
@click.argument("first", required=False, type=NewYorkDate())
@click.argument("last", required=False, type=NewYorkDate())
@db_option
@env_file_option
@json_option
def attribution(
    *, first: date | None, last: date | None, folder: Path | None, env_files: tuple[Path, ...], as_json: bool
) -> None:
    """Show where the profit of the sessions FIRST to LAST, YYYY-MM-DD, came from, and what the hedge did to it.

    With FIRST alone that one session, with neither everything recorded.
    """
    from daemon.report.analysis import analyse
    from daemon.report.analysis_text import analysis_json, analysis_text

    with reading(env_files, folder) as store:
        found = analyse(store, *recorded_period(store, first, last))
    assert found is not None, "a session of the period has closed"
    if as_json:
        print_json(analysis_json(found))
    else:
        click.echo(analysis_text(found))
