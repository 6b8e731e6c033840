"""``condord``: the command line. Commands are imported when they are used, so that --help stays quick."""

from __future__ import annotations

import errno
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import click

from daemon import __version__
from daemon.errors import EXIT_TEXTS, CondordError, ExitCode

COMMANDS: Final = {
    "run": ("daemon.cli.run_commands", "run"),
    "rehearse": ("daemon.cli.rehearse_command", "rehearse"),
    "compare": ("daemon.cli.compare_command", "compare"),
    "gateway": ("daemon.cli.run_commands", "gateway"),
    "plan": ("daemon.cli.control_commands", "plan"),
    "status": ("daemon.cli.status_command", "status"),
    "healthcheck": ("daemon.cli.health_command", "healthcheck"),
    "why": ("daemon.cli.read_commands", "why"),
    "book": ("daemon.cli.read_commands", "book"),
    "hedge": ("daemon.cli.hedge_commands", "hedge"),
    "signals": ("daemon.cli.read_commands", "signals"),
    "monitors": ("daemon.cli.read_commands", "monitors"),
    "log": ("daemon.cli.log_command", "log"),
    "attribution": ("daemon.cli.analysis_commands", "attribution"),
    "report": ("daemon.cli.report_command", "report"),
    "halt": ("daemon.cli.control_commands", "halt"),
    "resume": ("daemon.cli.control_commands", "resume"),
    "reconcile": ("daemon.cli.control_commands", "reconcile"),
    "flatten": ("daemon.cli.control_commands", "flatten"),
    "approve": ("daemon.cli.approve_commands", "approve"),
    "alert": ("daemon.cli.alert_command", "alert"),
    "backup": ("daemon.cli.backup_commands", "backup"),
    "restore": ("daemon.cli.backup_commands", "restore"),
    "config": ("daemon.cli.config_commands", "config"),
    "probe": ("daemon.cli.probe_command", "probe"),
    "doctor": ("daemon.cli.doctor_command", "doctor"),
    "reference": ("daemon.cli.reference_command", "reference"),
    "completion": ("daemon.cli.reference_command", "completion"),
    "version": ("daemon.cli.run_commands", "version"),
}
"""Every command with the module and name it is found under, in the order of the help text."""

NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What writing to a full disk ends in."""
PLACES_SHOWN: Final = 4
HELP: Final = {
    "run": "Run the daemon, on a paper account or on the simulated exchange.",
    "rehearse": "Run the unmodified daemon over market history, in virtual time.",
    "compare": "Rehearse one window with different hedges, side by side.",
    "gateway": "Serve the simulated gateway alone, for any TWS client.",
    "plan": "Show what the daemon would do now.",
    "status": "Show how the daemon is, on one screen.",
    "healthcheck": "Say whether the daemon is healthy, for containers and monitors.",
    "why": "Show why a session traded or did not.",
    "book": "Show positions, executions and orders.",
    "hedge": "Show the hedge layers with target, actual and next roll; `hedge calendar` all rolls to come.",
    "signals": "Show each signal with value, date, source and whether it counts.",
    "monitors": "Show what the arbitrage monitors saw last.",
    "log": "Print the log of a session, its errors, what became of an order, or what is added to it.",
    "attribution": "Show where profit came from, and what the hedge did in falls and calm.",
    "report": "Report a day, a week, a month or more, as text, JSON or one HTML file.",
    "halt": "Stop opening risk.",
    "resume": "Allow trading again.",
    "reconcile": "Compare book and account now.",
    "flatten": "Close every condor, then the hedge.",
    "approve": "Change the hedge policy by the signatures of several people.",
    "alert": "Test the alerts, and see what was sent and what waits.",
    "backup": "Copy the database, and check the copy.",
    "restore": "Check a backup, or put it in the place of the database.",
    "config": "Check, show and write the settings.",
    "probe": "Ask a gateway what only a real one can answer, and write it down; nothing is transmitted.",
    "doctor": "Check everything the daemon needs, and say what to do.",
    "reference": "Print the reference of commands, events and exit codes, or the man page.",
    "completion": "Print the completion script of bash, zsh or fish.",
    "version": "Print the version.",
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command), f"{cmd_name} is a command"
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            near = get_close_matches(name, COMMANDS, n=1)
            ctx.fail(f"No such command {name!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return _reader_gone()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(HELP.items()))


EPILOG: Final = f"Exit codes: {', '.join(f'{int(code)} {text.meaning}' for code, text in EXIT_TEXTS.items())}."


@click.group(
    cls=_LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="condord")
def condord() -> None:
    """Trade daily SPX iron condors with a layered VIX-call hedge on an Interactive Brokers paper account."""


def main() -> None:
    """Run the command line and exit with the code of ``errors.ExitCode``."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; what went wrong is told on standard error."""
    try:
        code = condord.main(list(arguments), prog_name="condord", standalone_mode=False)
        sys.stdout.flush()
    except CondordError as error:
        click.echo(f"condord: {error}", err=True)
        return error.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        return _reader_gone()
    except Exception as error:  # noqa: BLE001 -- the outermost frame
        return _unexpected(error)
    return int(code or ExitCode.OK)


def _reader_gone() -> ExitCode:
    """End well where the reader of our output went away (``condord log | head``): nothing is left to say."""
    _forget_output()
    return ExitCode.OK


def _unexpected(error: Exception) -> ExitCode:
    """Tell in one line what nobody has foreseen: a defect of ours, or a disk that has no room for the output."""
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        _forget_output()
        text = f"the output cannot be written: {error.strerror}; make room, or write elsewhere"
    else:
        text = f"this should not have happened, please report it: {_defect(error)}"
    click.echo(f"condord: {text}", err=True)
    return ExitCode.FAILURE


def _forget_output() -> None:
    """Send what is still to be written nowhere: the interpreter would fail over it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _defect(error: Exception) -> str:
    """Return an unexpected error with the places of our own code it came through, the innermost last."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "daemon" in Path(frame.filename).parts]
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-PLACES_SHOWN:]]
    return f"{type(error).__name__}: {error} (at {' > '.join(places) or 'an unknown place'})"
