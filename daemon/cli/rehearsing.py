"""A rehearsal as commands run it: its settings, its progress on the terminal, its report, its figures."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from daemon.adapters.store import DATABASE, open_readonly
from daemon.app.rehearse import (
    RehearsalPlan,
    RehearsalResult,
    rehearse_window,
    session_count,
)
from daemon.report.day import DayView
from daemon.report.day_text import session_line
from daemon.report.html import render_html
from daemon.report.period import gather_report
from daemon.report.sections import document

HEARTBEAT_S = "21600"


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


def run_with_progress(plan: RehearsalPlan) -> RehearsalResult:
    """Rehearse, with a line for each session and a bar on the terminal."""
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


def write_report(plan: RehearsalPlan) -> Path:
    """Write the report of the whole window; return its file."""
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
