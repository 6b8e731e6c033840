"""The commands that read, over the results of a short rehearsal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from processes import World, world

from daemon.cli.main import COMMANDS, HELP
from daemon.errors import ExitCode


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a world with a rehearsal of two sessions in its folder ``out``."""
    with world(tmp_path_factory.mktemp("read")) as made:
        ran = made.run("rehearse", "--from", "2020-02-18", "--to", "2020-02-19", "--out", "out", "--json")
        assert ran.code == 0, ran.err
        assert ran.json["sessions"] == 2
        yield made


@pytest.mark.parametrize(
    "command",
    ["why", "why 2020-02-18", "book", "hedge", "hedge calendar", "signals", "log", "log 2020-02-18", "report"],
)
def test_a_rehearsal_is_read_as_text_and_as_json(done: World, command: str) -> None:
    words = done.run(*command.split(), "--dir", "out")
    values = done.run(*command.split(), "--dir", "out", "--json")

    assert (words.code, values.code) == (0, 0), words.err + values.err
    assert words.out.strip()
    assert not re.search(r"\d{4}-\d\d-\d\dT\d\d|\bNone\b|\{", words.out)
    json.loads(values.out)


def test_a_report_is_one_file_over_the_sessions_asked_for(done: World) -> None:
    ran = done.run("report", "2020-02-18", "--dir", "out", "--out", "deep/one.html", "--json")

    assert (ran.json["from"], ran.json["to"]) == ("2020-02-18", "2020-02-18")
    assert "<html" in (done.folder / "deep" / "one.html").read_text()


@pytest.mark.parametrize(
    ("command", "code", "part"),
    [
        ("why 2020-02-17", ExitCode.SETTINGS, "2020-02-14 or 2020-02-18"),
        ("log 2020-02-22", ExitCode.SETTINGS, "Saturday"),
        ("log 1970-01-05", ExitCode.SETTINGS, "1990 to 2035"),
        ("why 2020-03-02", ExitCode.NOT_READY, "sessions from 2020-02-18 to 2020-02-19 are"),
        ("log 2020-03-02 --json", ExitCode.NOT_READY, "nothing is recorded"),
        ("report 2020-02-19 2020-02-18", ExitCode.SETTINGS, "is after"),
        ("report 2020-03-02", ExitCode.NOT_READY, "from 2020-02-18 to 2020-02-19"),
        ("report --out /proc/condord/x.html", ExitCode.SETTINGS, "cannot be written"),
    ],
)
def test_a_session_that_cannot_be_shown_is_refused(done: World, command: str, code: ExitCode, part: str) -> None:
    done.refused(code, f"{command} --dir out", part)


@pytest.mark.parametrize("command", [*COMMANDS, "config check", "config show", "config init"])
def test_every_command_has_help(done: World, command: str) -> None:
    ran = done.run(*command.split(), "--help")

    assert ran.code == 0
    assert ran.out.startswith(f"Usage: condord {command}")
    assert len(ran.out.splitlines()[2].split()) > 2


def test_the_list_of_commands_is_complete_and_says_the_exit_codes(done: World) -> None:
    ran = done.run("--help")

    assert HELP.keys() == COMMANDS.keys()
    assert all(re.search(rf"^  {name} +\S", ran.out, re.MULTILINE) for name in COMMANDS)
    assert all(f"{int(code)} " in ran.out for code in ExitCode)
