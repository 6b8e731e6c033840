"""``condord healthcheck``."""

# ruff: noqa: PLC0415 -- imported by the command that needs it, so that --help stays quick

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from daemon.cli.common import env_file_option, json_option, print_json, read_folders

HEALTH_TIMEOUT_S: Final = 5.0
"""A loop that stands still longer than this is not healthy; the longest piece of work of a healthy one is shorter."""


@click.command()
@click.option("--ready", is_flag=True, help="Ask for more: connected to the gateway and reconciled.")
@env_file_option
@json_option
def healthcheck(*, ready: bool, env_files: tuple[Path, ...], as_json: bool) -> int:
    """Say in one line whether the daemon is healthy, for containers and monitors.

    Exits with 0 when it is: also while it waits for its gateway, and while it is halted. With 1 when it does not
    answer, with 3 when none runs, or with --ready when it is not connected and reconciled.
    """
    from daemon.adapters.control import SilentDaemonError, ask
    from daemon.errors import NotReadyError
    from daemon.report.health import Health, HealthView, health_code, health_json, health_of

    answer: Mapping[str, Any] = {}
    try:
        answer = ask(read_folders(env_files).runtime_dir, "health", timeout_s=HEALTH_TIMEOUT_S)
        view = health_of(answer)
    except SilentDaemonError as error:
        view = HealthView(Health.SILENT, f"not healthy: {error}")
    except NotReadyError as error:
        view = HealthView(Health.DOWN, f"not running: {error}")
    if as_json:
        print_json(health_json(view, answer))
    else:
        click.echo(view.text)
    return health_code(view, ready=ready)
