"""What several commands share: loading settings, printing JSON, opening the database for reading."""

# ruff: noqa: PLC0415 -- imported by the commands that need them, so that --help stays quick

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from daemon.ports import Store
    from daemon.settings import Settings
    from daemon.settings.folders import Folders

ENV_FILES = "CONDORD_ENV_FILES"
"""Names the env files that commands read when they are told none, with colons between; no setting itself."""


class NewYorkDate(click.ParamType[date]):
    """A date as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the date, or fail with what is allowed."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date; write YYYY-MM-DD", param, ctx)


env_file_option = click.option(
    "--env-file",
    "env_files",
    multiple=True,
    type=click.Path(path_type=Path, readable=False),
    envvar=ENV_FILES,
    help="Read settings from this file; may be given several times, later files win; with - in front of its path it may "
    f"be missing. Else those of {ENV_FILES}.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
db_option = click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Read the results of a rehearsal from this folder instead of the daemon's state.",
)
clock_option = click.option(
    "--clock",
    type=click.Choice(["system", "gateway"]),
    default="system",
    show_default=True,
    help="Follow the computer's clock, or that of a simulated gateway (`condord gateway --clock`).",
)
first_option = click.option("--from", "first", required=True, type=NewYorkDate(), help="First session, YYYY-MM-DD.")
last_option = click.option("--to", "last", required=True, type=NewYorkDate(), help="Last session, YYYY-MM-DD.")
history_option = click.option(
    "--history", type=click.Path(path_type=Path), help="Folder of market history (default: shipped windows)."
)
seed_option = click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Seed of the simulated market."
)
reason_option = click.option("--reason", required=True, help="Why; kept in the log.")


def load_settings(env_files: tuple[Path, ...], overrides: Mapping[str, str] | None = None) -> Settings:
    """Load the settings of this command."""
    from daemon.settings import load

    return load(env_files, own_environment(), overrides=overrides)


def read_folders(env_files: tuple[Path, ...]) -> Folders:
    """Read where state, logs and control socket are, without the other settings."""
    from daemon.settings import folders

    return folders.read_folders(env_files, own_environment())


def own_environment() -> dict[str, str]:
    """Return our names in the environment, without the one that names the files."""
    from daemon.settings.folders import environment

    return {name: text for name, text in environment().items() if name != ENV_FILES}


def require_session(day: date) -> None:
    """Raise SettingsError for a date on which the exchange is closed, naming the nearest on which it is open."""
    from daemon.core.calendar.sessions import is_session, next_session, previous_session
    from daemon.errors import SettingsError

    try:
        if is_session(day):
            return
        nearest = f"{previous_session(day)} or {next_session(day)}"
    except ValueError as error:
        raise SettingsError(str(error)) from None
    raise SettingsError(f"{day} ({day:%A}) is no trading session; the nearest are {nearest}")


def terminal_width() -> int:
    """Return how wide the terminal is; where there is none, as wide as the lines are anyway."""
    from shutil import get_terminal_size

    from daemon.report.status import WIDTH

    return get_terminal_size((WIDTH, 0)).columns


def print_json(value: Any) -> None:
    """Print one JSON object."""
    click.echo(json.dumps(value, indent=2, default=str))


def database(settings: Settings | None, folder: Path | None) -> Path:
    """Return the database that a read command looks into."""
    from daemon.adapters.store import DATABASE

    if folder is not None:
        return folder / DATABASE
    assert settings is not None, "without a folder the settings name the state folder"
    return settings.state_dir / DATABASE


@contextmanager
def reading(env_files: tuple[Path, ...], folder: Path | None) -> Iterator[Store]:
    """Open the database for reading; raises NotReadyError when there is none yet."""
    from daemon.adapters.store import open_readonly

    settings = None if folder is not None else load_settings(env_files)
    store = open_readonly(database(settings, folder))
    try:
        yield store
    finally:
        store.close()


def session_or_last(store: Store, wanted: date | None) -> date:
    """Return the session asked for, or the last one: the one under way once something is decided in it, else the last closed.

    Raises SettingsError for a date that is no session, NotReadyError for one of which nothing is recorded.
    """
    from daemon.errors import NotReadyError

    days = store.days()
    if wanted is not None:
        require_session(wanted)
        if not store.events(session=wanted) and not store.decisions(wanted):
            known = f"; sessions from {days[0].session} to {days[-1].session} are" if days else ""
            raise NotReadyError(f"nothing is recorded of session {wanted}{known}")
        return wanted
    last = store.meta("last_session")
    if last is None:
        raise NotReadyError("no session is recorded yet; start the daemon with `condord run`")
    # After a close the next session is the last one already, of which there is nothing yet to be seen.
    begun = date.fromisoformat(last)
    return begun if not days or store.decisions(begun) else days[-1].session


def recorded_period(store: Store, first: date | None, last: date | None) -> tuple[date, date]:
    """Return the period asked for: with the first date alone that one session, with neither everything recorded.

    Raises SettingsError when it ends before it begins, NotReadyError when no session of it has closed.
    """
    from daemon.errors import NotReadyError, SettingsError

    days = store.days()
    if not days:
        raise NotReadyError("no session has closed yet, so there is nothing to report")
    begin, end = first or days[0].session, last or first or days[-1].session
    if begin > end:
        raise SettingsError(f"{begin} is after {end}; give the earlier date first")
    if not any(begin <= day.session <= end for day in days):
        recorded = f"closing figures are recorded from {days[0].session} to {days[-1].session}"
        raise NotReadyError(f"no session from {begin} to {end} has closed; {recorded}")
    return begin, end
