"""The reference in ``docs/reference`` is what the program prints; the man page and the completions work."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.cli.main import condord
from daemon.cli.tree import command_texts
from daemon.core.vocabulary import VOCABULARY
from daemon.errors import EXIT_TEXTS, ExitCode

ROOT = Path(__file__).parents[2]
PAGES = {"commands": "commands.md", "events": "events.md", "exit-codes": "exit_codes.md"}


def printed(*arguments: str) -> str:
    """Return what a command prints, in a process of its own: commands keep the options they were first asked with."""
    code = "from daemon.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize(("page", "file"), PAGES.items())
def test_a_page_of_the_reference_is_what_the_program_prints(page: str, file: str) -> None:
    kept = (ROOT / "docs/reference" / file).read_text(encoding="utf-8")

    assert kept == printed("reference", page), f"condord reference {page} > docs/reference/{file}"


def test_every_event_and_every_exit_code_stands_in_the_reference() -> None:
    events, codes = printed("reference", "events"), printed("reference", "exit-codes")

    assert all(f"| `{name}` | {word.level} |" in events for name, word in VOCABULARY.items())
    assert EXIT_TEXTS.keys() == set(ExitCode)
    assert all(f"| {int(code)} | " in codes for code in ExitCode)
    assert "| `LiveAccountError` | 4 |" in codes


def test_the_man_page_has_every_command_and_every_option() -> None:
    page = printed("reference", "man").replace("\\-", "-")

    for command in command_texts(condord, "condord"):
        assert f".SS {command.name}" in page
        assert all(option.names in page for option in command.options)


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_groff_has_nothing_to_say_about_the_man_page() -> None:
    done = subprocess.run(
        ["groff", "-ww", "-man", "-Tutf8", "-z"],
        check=False,
        input=printed("reference", "man"),
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["hea"], "healthcheck"),
        (["config", "sh"], "show"),
        (["hedge", "cal"], "calendar"),
        (["status", "--wa"], "--watch"),
        (["run", "--clock", "g"], "gateway"),
    ],
)
def test_bash_completes_commands_and_options(words: list[str], part: str, tmp_path: Path) -> None:
    command = tmp_path / "condord"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from daemon.cli.main import main; main()" "$@"\n')
    command.chmod(0o755)
    (tmp_path / "script").write_text(printed("completion", "bash"))
    asked = " ".join(f"'{word}'" for word in ["condord", *words])
    script = (
        f'source "{tmp_path}/script"; COMP_WORDS=({asked}); COMP_CWORD={len(words)};'
        ' _condord_completion condord; echo "${COMPREPLY[@]}"'
    )

    done = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
    )

    assert done.stdout.split() == [part]


@pytest.mark.parametrize(("shell", "start"), [("zsh", "#compdef condord"), ("fish", "function _condord_completion")])
def test_other_shells_get_a_script_that_they_can_read(shell: str, start: str) -> None:
    script = printed("completion", shell)

    assert script.startswith(start)
    if shutil.which(shell) is not None:
        subprocess.run([shell, "-n"], input=script, text=True, check=True)
