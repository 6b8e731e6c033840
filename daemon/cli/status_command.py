"""``condord status``."""

# ruff: noqa: PLC0415 -- imported by the command that needs it, so that --help stays quick

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from daemon.cli.common import env_file_option, json_option, print_json, read_folders, terminal_width

if TYPE_CHECKING:
    from rich.console import Console

    from daemon.settings.folders import Folders

EVERY_S: Final = 2.0
EVERY_S_MIN: Final = 0.5
EVERY_S_MAX: Final = 3600.0


@click.command()
@click.option("--watch", is_flag=True, help="Look again and again, until Ctrl-C.")
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(EVERY_S_MIN, EVERY_S_MAX),
    default=EVERY_S,
    show_default=True,
    metavar="SECONDS",
    help="Time between two looks of --watch.",
)
@env_file_option
@json_option
def status(*, watch: bool, every_s: float, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Show how the daemon is, on one screen; also when it does not run or does not answer (exit code 3).

    Where the output is no terminal, --watch prints one screen after another.
    """
    folders = read_folders(env_files)
    if watch:
        _watch(folders, every_s, as_json=as_json)
        return
    from daemon.app.status import look
    from daemon.report.status import status_json, status_text

    found = look(folders)
    if as_json:
        print_json(status_json(found.view))
    else:
        click.echo(status_text(found.view, terminal_width()), nl=False)
    if found.silence is not None:
        raise found.silence


def _watch(folders: Folders, every_s: float, *, as_json: bool) -> None:
    """Show one look after another until somebody ends it, which is no failure."""
    from rich.console import Console

    signal.signal(signal.SIGTERM, lambda _number, _frame: signal.raise_signal(signal.SIGINT))
    console = Console(highlight=False)
    try:
        if as_json:
            _again(lambda: print_json(_watched_json(folders)), every_s)
        elif console.is_terminal:
            _redraw(console, folders, every_s)
        else:
            _again(lambda: click.echo(_watched_text(folders)), every_s)
    except KeyboardInterrupt:
        return


def _again(show: Callable[[], None], every_s: float) -> None:
    while True:
        show()
        time.sleep(every_s)


def _redraw(console: Console, folders: Folders, every_s: float) -> None:
    from rich.live import Live
    from rich.text import Text

    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        _again(lambda: live.update(Text(_watched_text(folders, console.width)), refresh=True), every_s)


def _watched_text(folders: Folders, width: int | None = None) -> str:
    """Return the screen, or why there is none just now: what can be read comes back by itself."""
    from daemon.adapters.clock import computer_now
    from daemon.app.status import look
    from daemon.errors import CondordError
    from daemon.report.status import WIDTH, status_text

    try:
        text = status_text(look(folders).view, width or WIDTH)
    except CondordError as error:
        text = f"condord: {error}\n"
    return f"{text}{computer_now():%Y-%m-%d %H:%M:%S} UTC; Ctrl-C ends this"


def _watched_json(folders: Folders) -> object:
    from daemon.app.status import look
    from daemon.errors import CondordError
    from daemon.report.status import status_json

    try:
        return status_json(look(folders).view)
    except CondordError as error:
        return {"error": str(error)}
