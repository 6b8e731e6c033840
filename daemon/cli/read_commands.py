"""Commands that only read: ``why``, ``book``, ``signals``, ``monitors``."""

# ruff: noqa: PLC0415 -- imported by the commands that need them, so that each stays quick

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from daemon.cli.common import (
    NewYorkDate,
    db_option,
    env_file_option,
    json_option,
    load_settings,
    print_json,
    reading,
    session_or_last,
)


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
