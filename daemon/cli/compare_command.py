"""``condord compare``."""

# ruff: noqa: PLC0415 -- imported by the command that needs it, so that --help stays quick

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from daemon.cli.common import (
    env_file_option,
    first_option,
    history_option,
    json_option,
    last_option,
    own_environment,
    print_json,
    seed_option,
)
from daemon.errors import SettingsError

if TYPE_CHECKING:
    from daemon.app.compare import Arm
    from daemon.app.rehearse import RehearsalResult
    from daemon.report.compare import ArmFigures

DEFAULT_ARM: Final = "default"
PLAIN_ARMS: Final = ("single_layer", "flat_10pct", "fixed_442", "no_hedge")
"""The presets that the layered hedge is compared with (002-01, 004-01)."""


@click.command()
@first_option
@last_option
@history_option
@click.option(
    "--arm", "presets", multiple=True, help=f"Preset to compare; may be repeated (default: {', '.join(PLAIN_ARMS)})."
)
@click.option(
    "--presets",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("config/presets"),
    show_default=True,
    help="Folder of the presets.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("comparison"),
    show_default=True,
    help="Folder for a rehearsal of each arm.",
)
@seed_option
@click.option(
    "--processes", type=click.IntRange(1, 2), default=2, show_default=True, help="Arms rehearsed at one time."
)
@click.option("--force", is_flag=True, help="Replace the results of an earlier comparison in the folder.")
@env_file_option
@json_option
def compare(  # noqa: PLR0913 - one parameter an option
    *,
    first: date,
    last: date,
    history: Path | None,
    presets: tuple[str, ...],
    folder: Path,
    out: Path,
    seed: int,
    processes: int,
    force: bool,
    env_files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Rehearse the same window with the settings as they are and with plain hedges, and show all in one table.

    Market, seed and condors are the same: what an order fills at does not depend on the orders beside it here. The
    hedge still reaches the condors through net liquidation: the size of an entry and the limits on losses.
    """
    from daemon.app.compare import Arm, rehearse_arms
    from daemon.app.rehearse import check_out, check_window
    from daemon.cli.rehearsing import rehearsal_settings, result_json
    from daemon.report.compare import comparison_json, comparison_text

    check_window(first, last)
    arms = tuple(
        Arm(
            name=name,
            env_files=(*env_files, *files),
            given=own_environment(),
            overrides=rehearsal_settings(out / name),
            first=first,
            last=last,
            history=history,
            seed=seed,
            out=out / name,
        )
        for name, files in _arms(presets or PLAIN_ARMS, folder)
    )
    for arm in arms:
        arm.settings()
        check_out(arm.out, force=force)
    results = rehearse_arms(arms, processes=processes, done=_tell)
    found = [_figures(arm) for arm in arms]
    if as_json:
        runs = [result_json(result) for result in results]
        print_json([{**figures, "rehearsal": run} for figures, run in zip(comparison_json(found), runs, strict=True)])
        return
    click.echo(comparison_text(found))


def _arms(presets: tuple[str, ...], folder: Path) -> list[tuple[str, tuple[Path, ...]]]:
    """Return each arm with its environment file, the settings as they are first."""
    found: list[tuple[str, tuple[Path, ...]]] = [(DEFAULT_ARM, ())]
    for name in dict.fromkeys(presets):
        path = folder / f"{name}.env"
        if not path.is_file():
            known = ", ".join(sorted(file.stem for file in folder.glob("*.env")))
            there = f"it has {known}" if known else "name the folder of presets with --presets"
            raise SettingsError(f"--arm {name}: there is no {path}; {there}")
        found.append((name, (path,)))
    return found


def _tell(name: str, result: RehearsalResult) -> None:
    trouble = f", {result.summary.errors} errors" if result.summary.errors else ""
    click.echo(f"SIMULATED  {name}: {result.summary.sessions} sessions in {result.wall_s:.0f} s{trouble}", err=True)


def _figures(arm: Arm) -> ArmFigures:
    from daemon.adapters.store import DATABASE, open_readonly
    from daemon.report.compare import arm_figures

    with closing(open_readonly(arm.out / DATABASE)) as store:
        return arm_figures(arm.name, store, arm.first, arm.last)
