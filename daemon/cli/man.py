"""The man page condord(1), written with the macros of man(7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from daemon import __version__
from daemon.cli.common import ENV_FILES
from daemon.cli.tree import CommandText
from daemon.errors import EXIT_TEXTS

_WHAT: Final = (
    "condord is a paper-trading daemon for Interactive Brokers: daily SPX iron condors with a layered hedge of VIX "
    "calls. An account that is not a paper account is refused at every connection and before every order. Without an "
    "account it trades on a simulated exchange of its own."
)
_SETTINGS: Final = (
    "Settings are environment variables that begin with CONDORD_, or lines of env files; condord config show tells "
    "every one with its value, its source and what is allowed."
)
_FILES: Final = (
    ("/etc/condord/condord.env, /etc/condord/local.env", "Settings of the service; the later file wins."),
    ("/var/lib/condord", "State of the service: database, backups, lock. A file HALT in it halts the daemon."),
    ("/var/log/condord", "The log of each session."),
    ("/run/condord", "The control socket."),
    ("~/.local/state/condord", "All of that where a user runs it without a service."),
)


def man_text(commands: Sequence[CommandText]) -> str:
    """Write the whole page."""
    return "\n".join(_lines(commands)) + "\n"


def _lines(commands: Sequence[CommandText]) -> Iterator[str]:
    yield f'.TH CONDORD 1 "" "condord {__version__}" "User Commands"'
    yield from (".SH NAME", r"condord \- paper trading of hedged SPX iron condors")
    yield from (".SH SYNOPSIS", ".B condord", r".I COMMAND", r"[\fIOPTIONS\fR] [\fIARGUMENTS\fR]")
    yield ".SH DESCRIPTION"
    for paragraph in (_WHAT, _SETTINGS):
        yield from (".PP", roff(paragraph))
    yield ".SH COMMANDS"
    for command in commands:
        yield from _command(command)
    yield ".SH EXIT STATUS"
    for code, text in EXIT_TEXTS.items():
        yield from (".TP", rf"\fB{int(code)}\fR", roff(f"{text.meaning}: {text.remedy}"))
    yield from (".SH ENVIRONMENT", ".TP", rf"\fB{roff(ENV_FILES)}\fR")
    yield "Env files that commands read when they are told none, with colons between."
    yield ".SH FILES"
    for path, holds in _FILES:
        yield from (".TP", rf"\fI{roff(path)}\fR", roff(holds))
    yield from (".SH SEE ALSO", r"\fBsystemctl\fR(1), \fBjournalctl\fR(1)")


def _command(command: CommandText) -> Iterator[str]:
    yield f".SS {roff(command.name)} {roff(command.usage)}".rstrip()
    for number, paragraph in enumerate(command.paragraphs):
        if number:
            yield ".PP"
        yield roff(paragraph)
    for option in command.options:
        yield from (".TP", rf"\fB{roff(option.names)}\fR", roff(option.text))


def roff(text: str) -> str:
    """Write a text so that troff shows it as it is: backslashes, hyphens, and what begins a line as a request."""
    shown = (
        text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("~", "\\(ti").replace("^", "\\(ha")
    )
    return f"\\&{shown}" if shown.startswith((".", "'")) else shown
