"""Commands that only read: ``status``, ``why``, ``book``, ``signals``, ``monitors``."""

# ruff: noqa: PLC0415 -- imported by the commands that need them, so that each stays quick

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from daemon.cli.common import (
    NewYorkDate,
    database,
    db_option,
    env_file_option,
    json_option,
    load_settings,
    print_json,
    reading,
    session_or_last,
)
from daemon.errors import NotReadyError

STATUS_TIMEOUT_S: Final = 5.0

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command()
@env_file_option
@json_option
def status(*, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Show how the daemon is, on one screen; also when it does not run or does not answer (exit code 3)."""
    from daemon.adapters.control import SilentDaemonError, ask, daemon_listens
    from daemon.adapters.halt_file import HaltFile
    from daemon.adapters.store import open_readonly
    from daemon.app.views import status_view
    from daemon.report.status import status_json, status_text

    settings = load_settings(env_files)
    live: Mapping[str, Any] | None = None
    silence: SilentDaemonError | None = None
    if daemon_listens(settings.runtime_dir):
        try:
            live = ask(settings.runtime_dir, "status", timeout_s=STATUS_TIMEOUT_S)
        except SilentDaemonError as error:
            silence = error
    try:
        store = open_readonly(database(settings, None))
    except NotReadyError:
        store = None
    try:
        view = status_view(store, live, halt_file=HaltFile(settings.state_dir), silent=silence is not None)
    finally:
        if store is not None:
            store.close()
    if as_json:
        print_json(status_json(view))
    else:
        click.echo(status_text(view))
    if silence is not None:
        raise silence


@click.command()
@click.argument("session", required=False, type=NewYorkDate())
@db_option
@env_file_option
@json_option
def why(*, session: date | None, folder: Path | None, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Show every decision of SESSION, YYYY-MM-DD (default: the last), with reasons, values and limits."""
    from daemon.report.why import why_json, why_text

    with reading(env_files, folder) as store:
        day = session_or_last(store, session)
        if as_json:
            print_json(why_json(store, day))
        else:
            click.echo(why_text(store, day))


@click.command()
@db_option
@env_file_option
@json_option
def book(*, folder: Path | None, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Show positions, executions and orders."""
    from daemon.report.tables import book_json, book_text

    with reading(env_files, folder) as store:
        if as_json:
            print_json(book_json(store))
        else:
            click.echo(book_text(store))


@click.command()
@click.argument("session", required=False, type=NewYorkDate())
@db_option
@env_file_option
@json_option
def signals(*, session: date | None, folder: Path | None, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Show each signal before SESSION, YYYY-MM-DD (default: the last): value, date, source, whether it counts."""
    from daemon.adapters.macro_files import load_macro_files
    from daemon.report.signals import signals_json, signals_text

    # A daemon that runs keeps what it read before; here a bad file is said at once.
    load_macro_files(load_settings(env_files).macro_dir)
    with reading(env_files, folder) as store:
        day = session_or_last(store, session)
        if as_json:
            print_json(signals_json(store, day))
        else:
            click.echo(signals_text(store, day))


@click.command()
@click.argument("session", required=False, type=NewYorkDate())
@db_option
@env_file_option
@json_option
def monitors(*, session: date | None, folder: Path | None, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Show what the arbitrage monitors saw last up to SESSION, YYYY-MM-DD (default: the last)."""
    from daemon.report.monitors import monitors_json, monitors_text

    with reading(env_files, folder) as store:
        day = session_or_last(store, session)
        if as_json:
            print_json(monitors_json(store, day))
        else:
            click.echo(monitors_text(store, day))
