"""``condord config``: check the settings, show them, write them out."""

# ruff: noqa: PLC0415 -- the settings are imported by the commands that need them, so that --help stays quick

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from daemon.cli.common import database, env_file_option, json_option, load_settings, print_json
from daemon.errors import ExitCode, SettingsError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

    from daemon.settings import Row, Settings

_COLUMNS_FROM: Final = 120
"""Narrowest terminal, in characters, on which five columns can be read."""


@click.group("config")
def config() -> None:
    """Check, show and write the settings."""


@config.command()
@env_file_option
@click.option("--quiet", is_flag=True, help="Say only what is wrong, and nothing of warnings or success.")
@json_option
def check(*, env_files: tuple[Path, ...], quiet: bool, as_json: bool) -> None:
    """Check every setting and name everything that is wrong."""
    try:
        settings = load_settings(env_files)
        warnings = [*settings.warnings, *_calendar_warnings(settings), *_approval_warnings(settings)]
        _check_macro_files(settings)
        warnings += _check_extras(settings)
    except SettingsError as error:
        _print_problems(error.problems, as_json=as_json)
        raise click.exceptions.Exit(ExitCode.SETTINGS) from None
    found = _rows(settings)
    changed = sum(row.changed for row in found)
    if as_json:
        print_json({"ok": True, "settings": len(found), "changed": changed, "warnings": warnings, "problems": []})
    if as_json or quiet:
        return
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"settings ok: {len(found)} settings, {changed} changed from default")


@config.command()
@env_file_option
@click.option("--changed", "changed_only", is_flag=True, help="Leave out settings that have their default.")
@json_option
def show(*, env_files: tuple[Path, ...], changed_only: bool, as_json: bool) -> None:
    """Show every setting with its value, source, range and sentence."""
    settings = load_settings(env_files)
    found = [row for row in _rows(settings) if row.changed or not changed_only]
    held = _held(settings)
    if as_json:
        print_json({"digest": settings.digest, "settings": [_as_json(row, held) for row in found]})
    else:
        _print_table(found)
        for name, text in held.items():
            click.echo(f"{name}={text} is in force until the change is approved: condord approve show", err=True)


@config.command()
@env_file_option
@json_option
def diff(*, env_files: tuple[Path, ...], as_json: bool) -> None:
    """Show what has changed since the daemon was last started, and whether it is in force."""
    from daemon.adapters.control import daemon_listens
    from daemon.app.standing import changed_since_start
    from daemon.report.changes import changes_json, changes_text

    settings = load_settings(env_files)
    view = changed_since_start(settings, database(settings, None), running=daemon_listens(settings.runtime_dir))
    if as_json:
        print_json(changes_json(view))
    else:
        click.echo(changes_text(view), nl=False)


@config.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace a file that exists.")
def init(*, path: Path | None, force: bool) -> None:
    """Write an env file with every setting commented out, to PATH or to standard output."""
    from daemon.settings import env_file_text

    if path is None:
        click.echo(env_file_text(), nl=False)
        return
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(env_file_text())
    except FileExistsError:
        raise SettingsError(f"{path} exists; name another file or add --force") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}; name another file") from None
    click.echo(f"wrote {path}; check it with: condord config check --env-file {path}")


@config.command()
def table() -> None:
    """Print the reference of all settings as Markdown."""
    from daemon.settings import table_text

    click.echo(table_text(), nl=False)


def _calendar_warnings(settings: Settings) -> tuple[str, ...]:
    """Say which of the events that count the economic calendar does not know; raises SettingsError for a bad file."""
    from daemon.adapters.clock import SystemClock
    from daemon.adapters.economic_calendar import load_economic_calendar
    from daemon.core.calendar.sessions import new_york_date

    calendar, kinds = load_economic_calendar(settings.schedule.economic_calendar), settings.condor.event_kinds
    return (*calendar.gaps(kinds), *calendar.staleness(new_york_date(SystemClock().now()), kinds))


def _held(settings: Settings) -> Mapping[str, str]:
    """Return the values in force of settings whose change waits for approval; none where there is no database."""
    from daemon.app.governor import held_back
    from daemon.errors import NotReadyError, StoreError

    try:
        return held_back(settings, database(settings, None))
    except (NotReadyError, StoreError):
        return {}


def _approval_warnings(settings: Settings) -> tuple[str, ...]:
    """Say which changes of the hedge policy need approval; raises SettingsError for keys that cannot be used."""
    from daemon.app.governor import unapproved
    from daemon.errors import NotReadyError, StoreError

    try:
        return unapproved(settings, database(settings, None))
    except NotReadyError:
        return ()  # before the first start everything is adopted
    except StoreError as error:
        return (f"whether the hedge policy is approved is not known: {error}",)


def _check_extras(settings: Settings) -> tuple[str, ...]:
    """Return warnings; raises SettingsError for outlets of alerts that cannot be used, or metrics without their package."""
    from daemon.adapters.metrics import require_prometheus
    from daemon.app.alerts import open_outlets, outlet_warnings

    open_outlets(settings)
    if settings.metrics.wanted:
        require_prometheus()
    return outlet_warnings(settings)


def _check_macro_files(settings: Settings) -> None:
    """Raise SettingsError for what is wrong with the folder of macro figures."""
    from daemon.adapters.macro_files import load_macro_files

    load_macro_files(settings.macro_dir)


def _rows(settings: Settings) -> tuple[Row, ...]:
    from daemon.settings import rows

    return rows(settings)


def _print_problems(problems: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        print_json({"ok": False, "problems": [*problems]})
        return
    for problem in problems:
        click.echo(problem, err=True)
    click.echo(f"settings not ok: {len(problems)} problem{'s' if len(problems) > 1 else ''}", err=True)


def _as_json(row: Row, held: Mapping[str, str]) -> dict[str, object]:
    return {
        "name": row.spec.name,
        "value": row.value,
        "default": row.default,
        "changed": row.changed,
        "source": str(row.source),
        "allowed": row.spec.allowed,
        "unit": row.spec.unit,
        "text": row.spec.text,
        "approval": row.spec.approval,
        "in_force": held.get(row.spec.name, row.value),
    }


def _print_table(found: list[Row]) -> None:
    """Print columns on a terminal, two lines a setting on a narrow one, and tab-separated lines to anything else."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        for row in found:
            click.echo("\t".join((row.spec.name, row.value, str(row.source), row.spec.range, row.spec.text)))
    elif console.width >= _COLUMNS_FROM:
        console.print(_columns(found))
    else:
        _print_narrow(console, found)


def _columns(found: list[Row]) -> RichTable:
    from rich.table import Table
    from rich.text import Text

    view = Table(box=None, pad_edge=False, header_style="bold")
    view.add_column("setting", no_wrap=True)
    for heading in ("value", "source", "allowed", "meaning"):
        view.add_column(heading, overflow="fold")
    for row in found:
        parts = (row.spec.name, row.value, str(row.source), row.spec.range, row.spec.text)
        view.add_row(*(Text(part) for part in parts), style="bold" if row.changed else "")
    return view


def _print_narrow(console: Console, found: list[Row]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    for row in found:
        console.print(Text(f"{row.spec.name}={row.value}", style="bold"), Text(f"({row.source})"))
        console.print(Padding(Text(f"{row.spec.text} Allowed: {row.spec.range}."), (0, 0, 0, 4)))
