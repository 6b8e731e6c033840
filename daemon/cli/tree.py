"""The commands as a tree of plain values, from which the reference and the man page are written."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class OptionText:
    """One option: how it is written, and its sentence."""

    names: str
    text: str


@dataclass(frozen=True, slots=True)
class CommandText:
    """One command or sub-command."""

    name: str
    """With the words before it, for example ``condord hedge calendar``."""
    usage: str
    """What follows the name, for example ``[OPTIONS] [SESSION]``."""
    paragraphs: tuple[str, ...]
    """Its help."""
    options: tuple[OptionText, ...]


def command_texts(group: click.Group, name: str) -> tuple[CommandText, ...]:
    """Return every command and sub-command of a group, each followed by its own."""
    return tuple(_walk(group, click.Context(group, info_name=name, max_content_width=10_000)))


def _walk(group: click.Group, context: click.Context) -> Iterator[CommandText]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"{name} is a command"
        inner = click.Context(command, parent=context, info_name=name)
        yield _text(command, inner)
        if isinstance(command, click.Group):
            yield from _walk(command, inner)


def _text(command: click.Command, context: click.Context) -> CommandText:
    records = [param.get_help_record(context) for param in command.get_params(context)]
    options = tuple(
        OptionText(" ".join(names.split()), " ".join(text.split())) for names, text in filter(None, records)
    )
    usage = " ".join(command.collect_usage_pieces(context))
    blocks = inspect.cleandoc(command.help or "").split("\n\n")
    return CommandText(context.command_path, usage, tuple(" ".join(block.split()) for block in blocks), options)
