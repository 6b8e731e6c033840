"""Commands that talk to the running daemon: ``plan``, ``halt``, ``resume``, ``reconcile``, ``flatten``."""

# ruff: noqa: PLC0415 -- imported by the commands that need them, so that each stays quick

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from daemon.cli.common import clock_option, env_file_option, json_option, load_settings, print_json, reason_option
from daemon.errors import ExitCode

FLATTEN_TIMEOUT_S: Final = 3600.0
"""How long a flattening may take: orders walk for minutes, the hedge after the condors."""


@click.command()
@clock_option
@env_file_option
@json_option
def plan(*, clock: str, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Show what the daemon would do now, with the numbers and the refusals that would apply.

    Asks the running daemon; without one it connects by itself, looks, and leaves. Nothing is sent.
    """
    from daemon.adapters.control import ask, daemon_listens
    from daemon.app.once import plan_once
    from daemon.report.plan import plan_text

    settings = load_settings(env_files)
    found: Mapping[str, Any]
    if daemon_listens(settings.runtime_dir):
        found = ask(settings.runtime_dir, "plan")
    else:
        found = plan_once(settings, follow_gateway_clock=clock == "gateway")
    if as_json:
        print_json(found)
    else:
        click.echo(plan_text(found))


@click.command()
@reason_option
@click.option("--exits-only", is_flag=True, help="Refuse new risk only: exits and the hedge go on.")
@env_file_option
@json_option
def halt(*, reason: str, exits_only: bool, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Send nothing new and cancel working entries, until `condord resume`; also across restarts.

    Take-profits that rest stay where they are. Without a running daemon the halt is written for its next start.
    """
    state = "EXITS_ONLY" if exits_only else "HALTED"
    _change("halt", {"reason": reason, "state": state}, env_files=env_files, as_json=as_json)


@click.command()
@reason_option
@env_file_option
@json_option
def resume(*, reason: str, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Allow trading again after a halt."""
    _change("resume", {"reason": reason}, env_files=env_files, as_json=as_json)


@click.command()
@reason_option
@click.option(
    "--adopt",
    "adopts",
    metavar="CON_ID|EXEC_ID",
    multiple=True,
    help="Book what a break cannot explain, by its contract id, or an execution by its id; may be repeated.",
)
@click.option("--into", metavar="condor:ID|layer:NAME", help="The condor or layer that it belongs to.")
@click.option(
    "--price",
    type=click.FloatRange(min=0),
    help="What one contract cost, in points, where the account does not say it.",
)
@env_file_option
@json_option
def reconcile(
    *,
    reason: str,
    adopts: tuple[str, ...],
    into: str | None,
    price: float | None,
    env_files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Compare book and account now, and heal what heals itself; needs a running daemon.

    What stays is listed with its contract id. A position or execution that the book cannot explain is given to the
    condor or layer it belongs to with --adopt and --into.
    """
    from daemon.adapters.control import ask

    if bool(adopts) != (into is not None) or (price is not None and not adopts):
        raise click.UsageError("--adopt and --into belong together, and --price to them")
    price_pts100 = None if price is None else round(100 * price)
    wanted = {"reason": reason, "adopt": adopts, "into": into, "price_pts100": price_pts100}
    found = ask(load_settings(env_files).runtime_dir, "reconcile", wanted)
    if as_json:
        print_json(found)
        return
    for item in found["breaks"]:
        click.echo(f"{item['kind']}  {item['con_id'] or ''}  {item['text']}")
    still = found["breaks_open"]
    click.echo(f"reconciled: {'no break' if still == 0 else f'{still} break' + 's' * (still > 1)} open")


@click.command()
@reason_option
@click.option("--yes", is_flag=True, help="Do it; without this it is only shown.")
@clock_option
@env_file_option
@json_option
def flatten(*, reason: str, yes: bool, clock: str, env_files: tuple[Path, ...], as_json: bool) -> int:
    """Close every condor and then the hedge, and enter nothing more; without --yes show what that would be.

    What rests is cancelled first, and no short option is left uncovered. New entries are refused from then on, until
    `condord resume`. What could not be closed is named with the reason; call it again to go on. Exits with 1 then.
    """
    from daemon.adapters.control import ask, daemon_listens
    from daemon.app.once import flatten_once
    from daemon.report.flatten import flatten_text

    settings = load_settings(env_files)
    arguments = {"reason": reason, "yes": yes}
    found: Mapping[str, Any]
    if daemon_listens(settings.runtime_dir):
        found = ask(settings.runtime_dir, "flatten", arguments, timeout_s=FLATTEN_TIMEOUT_S)
    else:
        found = flatten_once(settings, arguments, follow_gateway_clock=clock == "gateway")
    if as_json:
        print_json(found)
    else:
        click.echo(flatten_text(found))
    return ExitCode.FAILURE if any(not end["closed"] for end in found.get("ends", ())) else ExitCode.OK


def _change(command: str, arguments: Mapping[str, str], *, env_files: tuple[Path, ...], as_json: bool) -> None:
    from daemon.adapters.control import ask, daemon_listens
    from daemon.app.once import change_run_state

    settings = load_settings(env_files)
    listens = daemon_listens(settings.runtime_dir)
    found = ask(settings.runtime_dir, command, arguments) if listens else change_run_state(settings, command, arguments)
    if as_json:
        print_json({**found, "daemon_running": listens})
        return
    note = "" if listens else "; no daemon runs, the next start finds it so"
    click.echo(f"the run state is now {found['run_state']}{note}")
