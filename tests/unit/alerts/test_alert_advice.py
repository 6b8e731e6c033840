"""What alerts tell a person to do can be typed as it stands."""

from __future__ import annotations

import importlib
import re

import click
import pytest

from daemon.cli.main import COMMANDS
from daemon.core.alerts.kinds import KINDS

ADVICE = sorted(
    {(row.todo, name, rest) for row in KINDS for name, rest in re.findall(r"`condord (\w+)([^`]*)`", row.todo)}
)


def required(command: click.Command) -> list[str]:
    return [option.opts[0] for option in command.params if isinstance(option, click.Option) and option.required]


@pytest.mark.parametrize(("todo", "name", "rest"), ADVICE)
def test_a_command_that_is_advised_is_written_with_the_options_it_asks_for(todo: str, name: str, rest: str) -> None:
    module, attribute = COMMANDS[name]
    command = getattr(importlib.import_module(module), attribute)

    assert [option for option in required(command) if option not in rest] == [], todo
