"""``condord backup`` and ``condord restore``: copies of the database, made, checked and put back."""

# ruff: noqa: PLC0415 -- imported by the commands that need them, so that each stays quick

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.cli.common import database, env_file_option, json_option, load_settings, print_json

if TYPE_CHECKING:
    from daemon.adapters.store.backups import BackupFacts


@click.command()
@env_file_option
@json_option
def backup(*, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Copy the database into the folder `backups` of the state, and check the copy; the daemon may run."""
    from daemon.adapters.clock import computer_now
    from daemon.adapters.store import backups

    settings = load_settings(env_files)
    folder = settings.state_dir / backups.FOLDER
    keep = settings.store.backups_keep
    facts, removed = backups.make_backup(database(settings, None), folder, at=computer_now(), keep=keep)
    if as_json:
        print_json({**asdict(facts), "removed": removed})
        return
    click.echo(_text(facts))
    for path in removed:
        click.echo(f"removed {path}, older than the last {keep}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--check", is_flag=True, help="Read FILE from end to end and say what it holds; change nothing.")
@env_file_option
@json_option
def restore(*, file: Path, check: bool, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Put the backup FILE in the place of the database, which is kept beside it; the daemon must not run.

    What happened since the backup is not in it. At its next start the daemon reconciles: executions that the gateway
    still tells are booked, and what stays unexplained is a break that keeps it from opening risk.
    """
    from daemon.adapters.clock import computer_now
    from daemon.adapters.store import InstanceLock, backups

    replaced = None
    if check:
        facts = backups.check_backup(file)
    else:
        settings = load_settings(env_files)
        with InstanceLock(settings.state_dir):
            facts, replaced = backups.restore_backup(database(settings, None), file, at=computer_now())
    if as_json:
        print_json({**asdict(facts), "replaced": replaced})
        return
    click.echo(_text(facts))
    if not check:
        click.echo("restored" if replaced is None else f"restored; the database that was there is {replaced} now")


def _text(facts: BackupFacts) -> str:
    sessions = f"sessions {facts.first_session} to {facts.last_session}" if facts.events else "no session"
    return f"{facts.path}: sound, {facts.size_bytes:,} bytes, {facts.events:,} events, {sessions}"
