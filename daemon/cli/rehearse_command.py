"""``condord rehearse``."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from daemon.adapters.store import DATABASE, open_readonly
from daemon.app.rehearse import (
    RehearsalPlan,
    RehearsalResult,
    check_out,
    check_window,
    rehearse_window,
    seldom_collected,
    session_count,
)
from daemon.cli.common import NewYorkDate, env_file_option, json_option, load_settings, print_json
from daemon.report.day import DayView
from daemon.report.day_text import session_line
from daemon.report.html import render_html
from daemon.report.period import gather_report
from daemon.report.sections import document
from daemon.report.summary import summary_table
from daemon.sim.gateway.faults import load as load_faults

HEARTBEAT_S = "21600"


@click.command()
@click.option("--from", "first", required=True, type=NewYorkDate(), help="First session, YYYY-MM-DD.")
@click.option("--to", "last", required=True, type=NewYorkDate(), help="Last session, YYYY-MM-DD.")
@click.option("--history", type=click.Path(path_type=Path), help="Folder of market history (default: shipped windows).")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("rehearsal"),
    show_default=True,
    help="Folder for database, logs and report.",
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Seed of the simulated market.")
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
        result = _with_progress(plan)
        report = _write_report(plan)
    if as_json:
        print_json(result_json(result))
        return
    click.echo(summary_table(result.summary))
    if result.alerts is not None:
        click.echo(f"alert messages, none sent     {result.alerts}")
    click.echo(f"wall time {result.wall_s:.1f} s, {result.requests} messages sent, digest {result.digest}")
    click.echo(f"logs    {out / 'logs'}\nreport  {report}")


def result_json(result: RehearsalResult) -> dict[str, object]:
    """Return the figures under the names that scripts rely on."""
    return {
        **result.summary.as_json(),
        "settlements_by_class": dict(result.summary.settlements_by_class),
        "wall_s": round(result.wall_s, 2),
        "requests": result.requests,
        "alerts": result.alerts,
        "digest": result.digest,
    }


def rehearsal_settings(out: Path) -> dict[str, str]:
    """Return the settings that make a run a rehearsal; they show as "command line" in its log."""
    return {
        "CONDORD_STATE_DIR": str(out.resolve()),
        "CONDORD_LOG_DIR": str((out / "logs").resolve()),
        "CONDORD_RUNTIME_DIR": str(out.resolve()),
        "CONDORD_GATEWAY_MODE": "simulated",
        "CONDORD_GATEWAY_HEARTBEAT_S": HEARTBEAT_S,
        "CONDORD_STORE_SYNCHRONOUS": "OFF",
        # Exposure and stress are measured at the close of each session; nobody looks at them in between.
        "CONDORD_RISK_MEASURE_EVERY_MIN": "0",
    }


def _with_progress(plan: RehearsalPlan) -> RehearsalResult:
    console = Console(file=sys.stderr)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("sessions"),
        TimeElapsedColumn(),
    )
    # The bar is drawn by us after each session: a thread of its own has no place in virtual time.
    with Progress(*columns, console=console, auto_refresh=False) as progress:
        task = progress.add_task("SIMULATED", total=session_count(plan.first, plan.last))

        def shown(view: DayView) -> None:
            progress.console.print(session_line(view), highlight=False, soft_wrap=True, markup=False)
            progress.update(task, advance=1, refresh=True)

        return rehearse_window(plan, shown)


def _write_report(plan: RehearsalPlan) -> Path:
    path = plan.out / "report" / "index.html"
    store = open_readonly(plan.out / DATABASE)
    try:
        policy = plan.settings.hedge_policy()
        text = render_html(document(gather_report(store, plan.first, plan.last, policy=policy)))
    finally:
        store.close()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
