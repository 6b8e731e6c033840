"""The three grammars that an env file must be read alike by, each written from its own documentation.

``dotenv`` is the library itself. ``systemd`` follows systemd.exec(5) under EnvironmentFile and environment.d(5), and
the order of states of the reader behind it (systemd 252); names that environ(7) does not know are left out, as the
manager does. ``docker`` follows the reference of ``docker run --env-file``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping

from dotenv import dotenv_values

BLANK = " \t\n\r"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class RefusedError(ValueError):
    """A program ends with an error instead of reading the file."""


def dotenv(text: str) -> dict[str, str | None]:
    """Read with python-dotenv; a name without = is None. Interpolation is the reader's choice and not made here."""
    return dict(dotenv_values(stream=io.StringIO(text), interpolate=False))


def docker(text: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Read as ``docker run --env-file``: all behind the first = is the value; a name alone is taken from outside."""
    outside, found = environ or {}, {}
    for raw in text.split("\n"):
        line = raw.removesuffix("\r").lstrip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not name or any(char.isspace() for char in name):
            raise RefusedError(line)
        if equals:
            found[name] = value
        elif name in outside:
            found[name] = outside[name]
    return found


def systemd(text: str) -> dict[str, str]:
    """Read as ``EnvironmentFile=``: quotes, backslashes, continued lines, comments with # and ;."""
    found = _Systemd()
    for char in text:
        found.step(char)
    found.end()
    return {name: value for name, value in found.pairs if _NAME.fullmatch(name)}


class _Systemd:
    """One pass over the characters, with the state that the next one is read in."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.state = "before name"
        self.name = self.value = ""
        self.kept = 0
        """How much of a bare value stays when blanks at its end are dropped."""

    def step(self, char: str) -> None:  # noqa: C901, PLR0912 -- a table of states, each of a line or two
        newline = char == "\n"
        match self.state:
            case "before name":
                if char in "#;":
                    self.state = "comment"
                elif char not in BLANK:
                    self.state, self.name = "name", char
            case "name":
                if newline:
                    self._begin()
                elif char == "=":
                    self.state = "before value"
                else:
                    self.name += char
            case "before value":
                if newline:
                    self._push()
                elif char in "'\"":
                    self.state = "single" if char == "'" else "double"
                elif char == "\\":
                    self.state = "escape"
                elif char not in BLANK:
                    self.state = "value"
                    self._add(char)
            case "value":
                if newline:
                    self._push()
                elif char == "\\":
                    self.state, self.kept = "escape", len(self.value)
                else:
                    self._add(char)
            case "escape":
                self.state = "value"
                if not newline:
                    self.value += char
                    self.kept = len(self.value)
            case "single" | "double":
                self._quoted(char)
            case "double escape":
                self.state = "double"
                if not newline:
                    self.value += char if char in '"\\`$' else f"\\{char}"
            case "comment":
                self.state = "comment escape" if char == "\\" else "before name" if newline else "comment"
            case "comment escape":
                self.state = "comment"

    def end(self) -> None:
        """Take what a last line without an end says."""
        if self.state in ("before value", "value", "escape", "single", "double", "double escape"):
            self._push()

    def _quoted(self, char: str) -> None:
        if char == ("'" if self.state == "single" else '"'):
            self.state = "before value"
            self.kept = len(self.value)
        elif char == "\\" and self.state == "double":
            self.state = "double escape"
        else:
            self.value += char

    def _add(self, char: str) -> None:
        self.value += char
        if char not in BLANK:
            self.kept = len(self.value)

    def _push(self) -> None:
        value = self.value[: self.kept] if self.state == "value" else self.value
        self.pairs.append((self.name.rstrip(BLANK), value))
        self._begin()

    def _begin(self) -> None:
        self.state, self.name, self.value, self.kept = "before name", "", "", 0
