"""The halt file: a person's word that works when nothing else does, a file in the state folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from daemon.errors import UserError

HALT_FILE: Final = "HALT"
TEXT_MAX: Final = 500


class HaltFile:
    """Halts the daemon for as long as it is there; its text is the reason."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / HALT_FILE
        self._name = str(self.path)

    def reason(self) -> str | None:
        """Return why the file halts, or None when there is none; one that cannot be read halts too."""
        try:
            # Looked for before it is opened: this is asked many times a minute, and there nearly never is one.
            os.stat(self._name)  # noqa: PTH116 - at half the cost of a path's own method
            with self.path.open(encoding="utf-8", errors="replace") as file:
                text = file.read(TEXT_MAX)
        except FileNotFoundError:
            return None
        except OSError as error:
            return f"{self.path} is there and cannot be read: {error.strerror}"
        return " ".join(text.split()) or f"{self.path} has no text"

    def must_be_gone(self) -> None:
        """Raise UserError while the file is there: its word is not taken back by another."""
        reason = self.reason()
        if reason is not None:
            raise UserError(f"the halt file {self.path} is still there ({reason}); take it away first, then resume")
