"""``condord hedge``: the layers as they are, and the calendar of their rolls."""

# ruff: noqa: PLC0415 -- imported by the commands that need them, so that each stays quick

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Final

import click

from daemon.cli.common import NewYorkDate, db_option, env_file_option, json_option, load_settings, print_json, reading
from daemon.errors import NotReadyError, SettingsError

CALENDAR_DAYS: Final = 90
"""How far ahead the calendar looks when it is not told."""


@click.group("hedge", invoke_without_command=True)
@db_option
@env_file_option
@json_option
@click.pass_context
def hedge(context: click.Context, *, folder: Path | None, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Show the hedge layers: target against actual, the last computation, the next rolls."""
    if context.invoked_subcommand is not None:
        return
    from daemon.adapters.clock import computer_now
    from daemon.app.governor import checked_log, settings_in_force
    from daemon.core.hedge.rolls import next_roll
    from daemon.report.governance import policy_lines
    from daemon.report.hedge_calendar import dealt_with, roll_anchor
    from daemon.report.tables import hedge_json, hedge_text

    settings = load_settings(env_files)
    with reading(env_files, folder) as store:
        log = checked_log(store)
        layers, policy = settings_in_force(settings, log).hedge_policy().layers, policy_lines(log, computer_now())
        after, rolls = dealt_with(store), {}
        if after is not None:
            rolls = {layer.name: next_roll(roll_anchor(layer, store), layer.roll_days, after) for layer in layers}
        if as_json:
            print_json({**hedge_json(store, rolls), "policy": policy})
        else:
            click.echo(hedge_text(store, rolls, policy))


@hedge.command()
@click.option(
    "--until", type=NewYorkDate(), help=f"Last date to look at, YYYY-MM-DD; {CALENDAR_DAYS} days ahead if left out."
)
@db_option
@env_file_option
@json_option
def calendar(*, until: date | None, folder: Path | None, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Show the next rolls of each layer, with the expiry that each would buy."""
    from daemon.app.governor import checked_log, settings_in_force
    from daemon.report.hedge_calendar import calendar_json, calendar_text, dealt_with, rolls_to_come

    settings = load_settings(env_files)
    with reading(env_files, folder) as store:
        policy = settings_in_force(settings, checked_log(store)).hedge_policy()
        after = dealt_with(store)
        if after is None:
            raise NotReadyError(
                "no session is recorded yet, so the roll calendar has no beginning; run the daemon once"
            )
        last = until or after + timedelta(days=CALENDAR_DAYS)
        if last <= after:
            raise SettingsError(f"--until {last} must be after {after}, up to which the rolls are dealt with")
        try:
            rolls = rolls_to_come(store, policy, after=after, until=last)
        except ValueError as error:
            raise SettingsError(f"--until {last}: {error}") from error
    if as_json:
        print_json(calendar_json(rolls, after, last))
    else:
        click.echo(calendar_text(rolls, after, last, policy=policy))
