"""``condord reference`` and ``condord completion``: what the command line tells about itself."""

# ruff: noqa: PLC0415 -- imported by the command that needs it, so that --help stays quick

from __future__ import annotations

from typing import Final

import click

PAGES: Final = ("commands", "events", "exit-codes", "man")
SHELLS: Final = ("bash", "zsh", "fish")


@click.command()
@click.argument("page", type=click.Choice(PAGES))
def reference(*, page: str) -> None:
    """Print PAGE of the reference: commands, events or exit-codes as Markdown, man as the man page condord(1)."""
    from daemon.cli import main
    from daemon.cli.man import man_text
    from daemon.cli.reference import commands_text, events_text, exit_codes_text
    from daemon.cli.tree import command_texts

    match page:
        case "commands":
            text = commands_text(command_texts(main.condord, "condord"), main.EPILOG)
        case "events":
            text = events_text()
        case "exit-codes":
            text = exit_codes_text()
        case _:
            text = man_text(command_texts(main.condord, "condord"))
    click.echo(text, nl=False)


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(*, shell: str) -> None:
    """Print the script that makes SHELL complete commands and options; `make install` puts it where SHELL looks.

    For one user: condord completion bash > ~/.local/share/bash-completion/completions/condord
    """
    from click.shell_completion import get_completion_class

    from daemon.cli.main import condord

    kind = get_completion_class(shell)
    assert kind is not None, f"click completes {shell}"
    made = kind(condord, {}, "condord", "_CONDORD_COMPLETE")
    # Not source(): that asks the shell of this host for its version, and the script may be for another host.
    click.echo(made.source_template % made.source_vars())
