"""``condord report``: a period as text, JSON or one HTML file."""

# ruff: noqa: PLC0415 -- imported when it is used, so that --help stays quick

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from daemon.cli.common import db_option, env_file_option, json_option, load_settings, reading
from daemon.errors import NotReadyError, SettingsError

if TYPE_CHECKING:
    from daemon.core.calendar.periods import Period
    from daemon.ports import Store
    from daemon.report.sections import Document


class Form(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


ENDINGS: Final = {".txt": Form.TEXT, ".json": Form.JSON, ".html": Form.HTML, ".htm": Form.HTML}
HTML_FILE: Final = Path("report.html")
"""Where a page goes that no file is named for: nobody reads one in a terminal."""


def _period_words(_context: click.Context, _option: click.Parameter, typed: str) -> list[str]:
    """Complete the words of a period that are no dates."""
    return [word for word in ("all", "day", "last", "month", "week", "year") if word.startswith(typed)]


def _section_names(_context: click.Context, _option: click.Parameter, typed: str) -> list[str]:
    from daemon.report.sections import SECTIONS

    return [name for name in SECTIONS if name.startswith(typed)]


@click.command()
@click.argument("period", nargs=-1, shell_complete=_period_words)
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Form]),
    help=f"Form of the report; by the ending of --out, else text. HTML without --out goes to {HTML_FILE}.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file.")
@click.option(
    "--section",
    "only",
    multiple=True,
    shell_complete=_section_names,
    help="Show this section alone, for example stress; may be given several times.",
)
@db_option
@env_file_option
@json_option
def report(
    *,
    period: tuple[str, ...],
    form: str | None,
    out: Path | None,
    only: tuple[str, ...],
    folder: Path | None,
    env_files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Report a PERIOD of sessions that have closed; everything since the start if none is named.

    PERIOD is a date (2020-03-09), a week (2020-W10), a month (2020-03), a year (2020), or two of them for everything from the
    first to the second; day, week, month or year for that of the last closed session, or of a date after it
    (week 2020-03-09); last for that session; all.

    A page of a month: condord report 2020-03 --out march.html

    Two sections of two weeks: condord report 2020-W09 2020-W10 --section condors --section stress
    """
    with reading(env_files, folder) as store:
        asked = _period(store, period)
        found = _document(store, asked, only=only, env_files=env_files)
    wanted = Form.JSON if as_json else _form(form, out)
    if out is None and wanted is not Form.HTML:
        click.echo(_written(found, wanted))
        return
    path = out or HTML_FILE
    _write(path, found, _form(form, path))
    if as_json:
        click.echo(_written(found, Form.JSON))
    else:
        click.echo(f"report of {found.period} written to {path}")


def _period(store: Store, words: tuple[str, ...]) -> Period:
    """Return the period asked for. Raises SettingsError for one that is none, NotReadyError where nothing of it has closed."""
    from daemon.cli.common import require_session
    from daemon.core.calendar.periods import parse_period
    from daemon.core.calendar.sessions import sessions_between

    days = store.days()
    if not days:
        raise NotReadyError("no session has closed yet, so there is nothing to report")
    try:
        found = parse_period(words, started=days[0].session, latest=days[-1].session)
        sessions_between(found.first, found.last)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    if any(found.first <= day.session <= found.last for day in days):
        return found
    if found.first == found.last:
        require_session(found.first)
    recorded = f"closing figures are recorded from {days[0].session} to {days[-1].session}"
    raise NotReadyError(f"no session from {found.first} to {found.last} has closed; {recorded}")


def _document(store: Store, period: Period, *, only: tuple[str, ...], env_files: tuple[Path, ...]) -> Document:
    from daemon.app.governor import checked_log, settings_in_force
    from daemon.report.period import gather_report
    from daemon.report.sections import SECTIONS, document

    unknown = [name for name in only if name not in SECTIONS]
    if unknown:
        raise SettingsError(f"--section {unknown[0]} is none; name one of {', '.join(SECTIONS)}")
    policy = settings_in_force(load_settings(env_files), checked_log(store)).hedge_policy()
    return document(gather_report(store, period.first, period.last, name=period.name, policy=policy), only)


def _form(form: str | None, out: Path | None) -> Form:
    """Return the form that is asked for, else that of the file's ending. Raises SettingsError on an ending of none."""
    if form is not None:
        return Form(form)
    if out is None:
        return Form.TEXT
    if out.suffix.lower() not in ENDINGS:
        raise SettingsError(f"--out {out} ends with none of {', '.join(ENDINGS)}; name such a file, or add --format")
    return ENDINGS[out.suffix.lower()]


def _write(path: Path, found: Document, form: Form) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_written(found, form).rstrip("\n") + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"--out {path} cannot be written: {error.strerror}; name another file") from error


def _written(found: Document, form: Form) -> str:
    match form:
        case Form.TEXT:
            from daemon.report.period_text import period_text

            return period_text(found)
        case Form.JSON:
            from daemon.report.period_json import period_json

            return json.dumps(period_json(found), indent=2)
        case Form.HTML:
            from daemon.report.html import render_html

            return render_html(found)
