"""``condord doctor``: is everything as the daemon needs it, and what to do where it is not."""

# ruff: noqa: PLC0415 -- imported by the command that needs them, so that --help stays quick

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from daemon import __version__
from daemon.cli.common import clock_option, env_file_option, json_option, load_settings, print_json, read_folders
from daemon.errors import SettingsError

if TYPE_CHECKING:
    from daemon.settings import Settings
    from daemon.settings.folders import Folders


_EPILOG: Final = (
    "Exit codes: 0 when nothing is FAIL; else the first that applies of 2 the settings, 5 a folder or the database, "
    "4 the gateway or the account, 1 anything else."
)


@click.command(epilog=_EPILOG)
@click.option("--offline", is_flag=True, help="Leave the gateway out.")
@click.option(
    "--client-id",
    type=click.IntRange(1, 99_999),
    help="Number of the connection to the gateway (default: the one after the daemon's).",
)
@click.option("--notify", is_flag=True, help="Send a test through each outlet for alerts.")
@click.option(
    "--list", "list_only", is_flag=True, help="Print what each check looks at, as Markdown, and check nothing."
)
@clock_option
@env_file_option
@json_option
def doctor(
    *,
    offline: bool,
    client_id: int | None,
    notify: bool,
    list_only: bool,
    clock: str,
    env_files: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Check program, settings, folders, database, gateway, account, market data and permissions, in some 20 s at most.

    Also while the daemon runs: it takes no lock, writes nothing, and its connection can send no order. In mode simulated
    an exchange is made for the look and thrown away.
    """
    from daemon.app.doctor import Wanted, examine
    from daemon.core.doctor.check import exit_code
    from daemon.report.doctor import checks_table, doctor_json, doctor_text

    if list_only:
        click.echo(checks_table(), nl=False)
        return 0
    wanted = Wanted(offline=offline, follow_gateway_clock=clock == "gateway", client_id=client_id, notify=notify)
    found = examine(_settings(env_files), _folders(env_files), wanted)
    if as_json:
        print_json(doctor_json(found.checks, mode=found.mode, version=__version__, at=found.at))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        click.echo(doctor_text(found.checks, mode=found.mode, version=__version__, at=found.at, width=width))
    return exit_code(found.checks)


def _settings(env_files: tuple[Path, ...]) -> Settings | SettingsError:
    """Return the settings, or what is wrong with them, which is an answer here."""
    try:
        return load_settings(env_files)
    except SettingsError as error:
        return error


def _folders(env_files: tuple[Path, ...]) -> Folders | None:
    """Return the folders, which are known while another setting is wrong; None where they are wrong themselves."""
    try:
        return read_folders(env_files)
    except SettingsError:
        return None
