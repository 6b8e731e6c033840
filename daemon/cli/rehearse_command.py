"""``condord rehearse``."""

# ruff: noqa: PLC0415 -- imported by the command that needs it, so that --help stays quick

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from daemon.cli.common import (
    env_file_option,
    first_option,
    history_option,
    json_option,
    last_option,
    load_settings,
    print_json,
    seed_option,
)


@click.command()
@first_option
@last_option
@history_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("rehearsal"),
    show_default=True,
    help="Folder for database, logs and report.",
)
@seed_option
@click.option("--faults", type=click.Path(path_type=Path), help="Plan of faults that the gateway injects (TOML).")
@click.option("--force", is_flag=True, help="Replace the results of an earlier rehearsal in the folder.")
@env_file_option
@json_option
def rehearse(  # noqa: PLR0913 - one parameter an option
    *,
    first: date,
    last: date,
    history: Path | None,
    out: Path,
    seed: int,
    faults: Path | None,
    force: bool,
    env_files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Run the unmodified daemon over market history through the TWS protocol, in virtual time.

    Results: condord.db, logs/YYYY-MM-DD.log and report/index.html in the folder of --out.
    """
    from daemon.app.rehearse import RehearsalPlan, check_out, check_window, seldom_collected
    from daemon.cli.rehearsing import rehearsal_settings, result_json, run_with_progress, write_report
    from daemon.report.summary import summary_table
    from daemon.sim.gateway.faults import load as load_faults

    check_window(first, last)
    plan = RehearsalPlan(
        settings=load_settings(env_files, rehearsal_settings(out)),
        first=first,
        last=last,
        history=history,
        seed=seed,
        faults=None if faults is None else load_faults(faults),
        out=out,
    )
    check_out(out, force=force)
    with seldom_collected():
        result = run_with_progress(plan)
        report = write_report(plan)
    if as_json:
        print_json(result_json(result))
        return
    click.echo(summary_table(result.summary))
    if result.alerts is not None:
        click.echo(f"alert messages, none sent     {result.alerts}")
    click.echo(f"wall time {result.wall_s:.1f} s, {result.requests} messages sent, digest {result.digest}")
    click.echo(f"logs    {out / 'logs'}\nreport  {report}")
