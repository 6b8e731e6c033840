"""The reference as Markdown: commands, events, exit codes. Written from the code, so that it cannot be out of step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from daemon.cli.tree import CommandText
from daemon.core.vocabulary import VOCABULARY
from daemon.errors import EXIT_TEXTS, CondordError


def commands_text(commands: Sequence[CommandText], words: str) -> str:
    """Write the page of all commands; ``words`` is the sentence about the exit codes."""
    lines = ["# Commands", "", "Every command has `--help`. " + words, ""]
    lines += [f"- [`{each.name}`](#{each.name.replace(' ', '-')})" for each in commands]
    for each in commands:
        lines += ["", f"## {each.name}", "", "```", f"{each.name} {each.usage}".rstrip(), "```"]
        for paragraph in each.paragraphs:
            lines += ["", paragraph]
        lines += ["", "| option | |", "|---|---|"]
        lines += [f"| `{_cell(option.names)}` | {_cell(option.text)} |" for option in each.options]
    return "\n".join(lines) + "\n"


def events_text() -> str:
    """Write the page of all events."""
    lines = [
        "# Events",
        "",
        "What the program can write: to the log of a session, the file of JSON lines beside it, the journal and the",
        "database. A phrase is shown when all its fields are there; fields that no phrase mentions are shown behind.",
        "What to do about warnings and errors: [troubleshooting](../troubleshooting.md).",
        "",
        "| event | level | says |",
        "|---|---|---|",
    ]
    lines += [f"| `{name}` | {word.level} | {_cell('; '.join(word.phrases))} |" for name, word in VOCABULARY.items()]
    return "\n".join(lines) + "\n"


def exit_codes_text() -> str:
    """Write the page of exit codes, with the errors that end in each."""
    lines = ["# Exit codes", "", "| code | meaning | what to do |", "|---|---|---|"]
    lines += [f"| {int(code)} | {text.meaning} | {text.remedy} |" for code, text in EXIT_TEXTS.items()]
    lines += ["", "The errors behind them, from the code:", "", "| error | code | is |", "|---|---|---|"]
    lines += [
        f"| `{kind.__name__}` | {int(kind.exit_code)} | {_cell(_sentence(kind))} |" for kind in _kinds(CondordError)
    ]
    return "\n".join(lines) + "\n"


def _kinds(kind: type[CondordError]) -> Iterator[type[CondordError]]:
    """Yield the errors of ``daemon.errors`` below one, in the order they are declared in."""
    for below in kind.__subclasses__():
        if below.__module__ == CondordError.__module__:
            yield below
            yield from _kinds(below)


def _sentence(kind: type[CondordError]) -> str:
    return (kind.__doc__ or "").split("\n\n")[0]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
