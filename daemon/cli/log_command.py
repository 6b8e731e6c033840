"""``condord log``: the file of a session, a choice of its lines, or the file as it grows."""

# ruff: noqa: PLC0415 -- imported by the commands that need them, so that each stays quick

from __future__ import annotations

import time
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

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
from daemon.errors import NotReadyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.core.records import EventRecord

_FOLLOW_S: Final = 0.5


@click.command()
@click.argument("session", required=False, type=NewYorkDate())
@click.option("--errors", is_flag=True, help="Only warnings and errors.")
@click.option(
    "--order",
    metavar="REF",
    help="Only what names this order, or one that begins so, or is of this condor or layer; of all sessions.",
)
@click.option("--follow", is_flag=True, help="Go on with what is added, until Ctrl-C.")
@db_option
@env_file_option
@json_option
def log(
    *,
    session: date | None,
    errors: bool,
    order: str | None,
    follow: bool,
    folder: Path | None,
    env_files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Print the log of SESSION, YYYY-MM-DD (default: the last).

    It is the file of the session: its lines and the page of the day. A choice of lines, and JSON, come from the
    database, which holds every event whatever the level of the log.
    """
    if follow and (errors or order is not None or as_json):
        raise click.UsageError("--follow shows the file as it grows; leave out --errors, --order and --json")
    with reading(env_files, folder) as store:
        day = None if order is not None and session is None else session_or_last(store, session)
        events = store.events(session=day)
    if as_json or errors or order is not None:
        _print_events(_chosen(events, errors=errors, order=order), as_json=as_json)
        return
    logs = load_settings(env_files).log_dir if folder is None else folder / "logs"
    _print_file(logs / f"{day}.log", goes_on=follow)


def _chosen(events: Sequence[EventRecord], *, errors: bool, order: str | None) -> list[EventRecord]:
    from daemon.core.records import Level

    severe = {Level.WARNING, Level.ERROR} if errors else set(Level)
    return [event for event in events if event.level in severe and (order is None or _names(event, order))]


def _names(event: EventRecord, name: str) -> bool:
    from daemon.core.orders.intent import OrderRef, subject_of

    ref = OrderRef(str(event.fields.get("order_ref", "")))
    return ref.startswith(name) or name in {subject_of(ref), event.fields.get("subject")}


def _print_events(events: Sequence[EventRecord], *, as_json: bool) -> None:
    from daemon.core.event_lines import json_fields, text_line

    if as_json:
        print_json([json_fields(event) for event in events])
        return
    if not events:
        click.echo("nothing of that kind was logged")
    for session, lines in groupby(events, lambda event: event.session):
        click.echo(f"# session {session}")
        for event in lines:
            click.echo(text_line(event))


def _print_file(path: Path, *, goes_on: bool) -> None:
    if not path.exists():
        raise NotReadyError(f"there is no log of {path.stem}: {path} does not exist")
    if not goes_on:
        click.echo(path.read_text(encoding="utf-8", errors="replace"), nl=False)  # a full disk cuts anywhere
        return
    from daemon.adapters.log import follow

    for text in follow(path, lambda: time.sleep(_FOLLOW_S)):
        click.echo(text, nl=False)
