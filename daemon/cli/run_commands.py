"""``condord run``, ``gateway`` and ``version``."""

# ruff: noqa: PLC0415 -- imported by the command that needs it, so that `condord version` stays quick

from __future__ import annotations

import re
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon import __version__
from daemon.cli.common import (
    clock_option,
    env_file_option,
    history_option,
    json_option,
    load_settings,
    print_json,
    seed_option,
)
from daemon.errors import SettingsError

if TYPE_CHECKING:
    from daemon.app.simulated import SimulationPlan

CLOCK_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")


class Account(click.ParamType[str]):
    """The name of a broker's account."""

    name = "account"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, or fail with what is allowed."""
        if re.fullmatch("[A-Z]{1,3}[0-9]{1,12}", value) is None:
            self.fail(f"{value!r} is no account; write letters and digits, for example DU1234567", param, ctx)
        return value


@click.command()
@clock_option
@env_file_option
def run(*, clock: str, env_files: tuple[Path, ...]) -> None:
    """Run the daemon until it is stopped.

    CONDORD_GATEWAY_MODE=ib trades the paper account behind an IB Gateway or TWS; simulated (the default)
    trades on the built-in exchange and needs nothing else.
    """
    from daemon.app.run import run as run_daemon

    run_daemon(load_settings(env_files), follow_gateway_clock=clock == "gateway")


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=4002, show_default=True, help="TCP port, 0 for any.")
@click.option("--clock", help='Where the simulated clock begins, New York time: "2020-03-02 15:25" (default: now).')
@history_option
@click.option("--state", type=click.Path(path_type=Path), help="Folder that keeps account, orders and clock.")
@click.option("--faults", type=click.Path(path_type=Path), help="Plan of faults to inject (TOML).")
@seed_option
@click.option("--account", type=Account(), default="DU1234567", show_default=True, help="Account to serve.")
@click.option("--master", type=click.IntRange(min=0), help="Client id that is told of every client's orders.")
@click.option(
    "--list-faults",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _option, wanted: _list_faults(context) if wanted else None,
    help="Print every kind of fault that --faults knows, and exit.",
)
@click.option(
    "--compare",
    type=click.Path(path_type=Path),
    help="Serve nobody: say where the gateway of this recording (CONDORD_GATEWAY_RECORD) differs from this one.",
)
def gateway(  # noqa: PLR0913 - one for each option
    *,
    port: int,
    clock: str | None,
    history: Path | None,
    state: Path | None,
    faults: Path | None,
    seed: int,
    account: str,
    master: int | None,
    compare: Path | None,
) -> None:
    """Serve the simulated gateway on 127.0.0.1 until it is stopped (Ctrl-C, SIGTERM).

    It speaks the TWS protocol to any client. A second start with the same --state finds account, orders
    and clock again; the clock runs on while the gateway is stopped.
    """
    from daemon.app.gateway import Opened, run_gateway
    from daemon.app.simulated import SimulationPlan
    from daemon.core.calendar.sessions import NEW_YORK
    from daemon.sim.gateway import GatewayConfig
    from daemon.sim.gateway.faults import load

    plan = SimulationPlan(
        history=history,
        seed=seed,
        config=GatewayConfig(account=account, master_client_id=master),
        faults=None if faults is None else load(faults),
        state_dir=state,
    )

    if compare is not None:
        _compare(compare, plan)
        return

    def started(opened: Opened) -> None:
        local = opened.now.astimezone(NEW_YORK)
        click.echo(
            f"SIMULATED gateway, account {account}, listens on 127.0.0.1:{opened.port}; "
            f"it is {local:%Y-%m-%d %H:%M:%S} in New York"
        )
        if opened.continued and clock is not None:
            click.echo(f"account and clock continue from {state}; --clock is for a new folder and was not used")
        sys.stdout.flush()

    run_gateway(plan, port=port, start=None if clock is None else parse_clock(clock), started=started)


def _list_faults(context: click.Context) -> None:
    """Print the kinds of fault with what they do and take, and end."""
    from daemon.sim.gateway.fault_plan import ABOUT, ARGUMENTS

    for kind, text in ABOUT.items():
        click.echo(f"{kind:<18} {text}")
        takes = ", ".join(f"{name} ({form.__name__})" for name, form in ARGUMENTS[kind].items())
        click.echo(f"{'':<18} takes: {takes or 'nothing of its own'}")
    context.exit()


def _compare(path: Path, plan: SimulationPlan) -> None:
    """Put the requests of a recording to the simulated gateway, and print where the answers differ in form."""
    from daemon.app.recordings import compare_recording

    requests, found = compare_recording(path, plan)
    for difference in found:
        click.echo(f"{difference.kind:<12} {difference.message:<24} {difference.text} ({difference.seen} seen)")
    count = f"{len(found) or 'no'} difference{'s' * (len(found) != 1)}"
    click.echo(f"{requests} requests put to the simulated gateway: {count}")


def parse_clock(text: str) -> datetime:
    """Return the instant of a New York time; raises SettingsError with what is allowed."""
    from daemon.core.calendar.sessions import NEW_YORK

    for form in CLOCK_FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=NEW_YORK)
        except ValueError:
            continue
    raise SettingsError(f'--clock {text!r} is no New York time; write "YYYY-MM-DD HH:MM" or "YYYY-MM-DD HH:MM:SS"')


@click.command()
@json_option
def version(*, as_json: bool) -> None:
    """Print the version."""
    if as_json:
        print_json({"version": __version__})
    else:
        click.echo(f"condord {__version__}")
