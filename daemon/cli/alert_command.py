"""``condord alert``: test the outlets, see what was sent and what waits, list what alerts."""

# ruff: noqa: PLC0415 -- imported by the commands that need them, so that each stays quick

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from daemon.cli.common import db_option, env_file_option, json_option, load_settings, print_json, reading
from daemon.errors import ExitCode

TEST_GRACE_S: Final = 15.0
"""What the running daemon may take for a test beyond the deadline of its outlets."""


@click.group()
def alert() -> None:
    """Test the alerts, and see what was sent and what waits."""


@alert.command()
@click.option(
    "--level",
    type=click.Choice(["info", "attention", "urgent"]),
    default="info",
    show_default=True,
    help="The level the test says it has; it is sent whatever the settings say of levels and quiet hours.",
)
@env_file_option
@json_option
def test(*, level: str, env_files: tuple[Path, ...], as_json: bool) -> int:
    """Send one message to every outlet and say what came of each.

    The running daemon sends it, through its own network and rights; without one this command does. Exits with 1 when
    an outlet did not take it, with 3 when none is configured.
    """
    from daemon.adapters.control import ask, daemon_listens
    from daemon.app.alerts import try_outlets
    from daemon.core.alerts.kinds import AlertLevel

    settings = load_settings(env_files)
    listens = daemon_listens(settings.runtime_dir)
    problems: Mapping[str, str]
    if listens:
        timeout_s = settings.alert.deadline_s + TEST_GRACE_S
        problems = ask(settings.runtime_dir, "alert_test", {"level": level}, timeout_s=timeout_s)["outlets"]
    else:
        problems = try_outlets(settings, AlertLevel(level))
    if as_json:
        print_json({"daemon_running": listens, "outlets": problems})
    else:
        for name, problem in problems.items():
            click.echo(f"{name}: {f'FAILED, {problem}' if problem else 'sent'}")
    return ExitCode.FAILURE if any(problems.values()) else ExitCode.OK


@alert.command(name="list")
@db_option
@env_file_option
@json_option
def list_(*, folder: Path | None, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Show what was sent lately, what goes on, and what waits for its time; also while the daemon is down."""
    from daemon.adapters.outlets import StoredAlerts
    from daemon.report.alerts import alerts_json, alerts_text

    with reading(env_files, folder) as store:
        record = StoredAlerts(store).load()
    if as_json:
        print_json(alerts_json(record))
    else:
        click.echo(alerts_text(record))


@alert.command()
@click.option("--markdown", is_flag=True, help="Print the whole table as docs/alerts.md has it.")
@json_option
def kinds(*, markdown: bool, as_json: bool) -> None:
    """List every event that alerts, with its level and what ends it."""
    from daemon.report.alerts import kinds_json, kinds_markdown, kinds_text

    if as_json:
        print_json(kinds_json())
    else:
        click.echo(kinds_markdown() if markdown else kinds_text(), nl=not markdown)
