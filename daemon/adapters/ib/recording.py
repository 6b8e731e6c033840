"""Every frame of a connection, written down, so that a real gateway can be held against the simulated one.

One JSON object a line: ``at`` (UTC), ``connection`` (the instant at which it began), ``from`` (``client`` or ``gateway``) and
``fields``, the texts of the message. The client's greeting is the one field that it consists of. Numbers of accounts are
masked: each keeps its letters and gets another number.
"""

from __future__ import annotations

import json
import os
import re
import struct
from collections.abc import Callable
from datetime import datetime
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Final

CLIENT: Final = "client"
GATEWAY: Final = "gateway"
_ACCOUNT: Final = re.compile(r"\b(D?[UFI])\d{5,}\b")
_PREAMBLE: Final = b"API\0"
_LENGTH: Final = struct.Struct(">I")
_FILE_MODE: Final = 0o600


class Tape:
    """Writes the frames of one connection; a disk that fails ends the recording and nothing else."""

    def __init__(self, path: Path, now: Callable[[], datetime], failed: Callable[[str], None]) -> None:
        self._path = path
        self._now = now
        self._failed = failed
        self._connection = now().isoformat()
        self._parts = {CLIENT: bytearray(), GATEWAY: bytearray()}
        self._accounts: dict[str, str] = {}
        self._file: TextIOWrapper | None = None
        self._guarded(self._open)

    def sent(self, data: bytes) -> None:
        """Take bytes that went to the gateway."""
        self._take(CLIENT, data.removeprefix(_PREAMBLE))

    def received(self, data: bytes) -> None:
        """Take bytes that came from the gateway."""
        self._take(GATEWAY, data)

    def close(self) -> None:
        """End the recording."""
        file, self._file = self._file, None
        if file is not None:
            self._guarded(file.close)

    def _open(self) -> None:
        number = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _FILE_MODE)
        self._file = os.fdopen(number, "a", buffering=1, encoding="utf-8")

    def _take(self, side: str, data: bytes) -> None:
        if self._file is None:
            return
        waiting = self._parts[side]
        waiting += data
        while len(waiting) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(waiting)[0]
            if len(waiting) < end:
                return
            payload = bytes(waiting[_LENGTH.size : end])
            del waiting[:end]
            self._guarded(partial(self._write, side, payload))

    def _write(self, side: str, payload: bytes) -> None:
        fields = [self._masked(text) for text in payload.decode("utf-8", errors="replace").split("\0")]
        if len(fields) > 1:
            fields.pop()  # the end of the last field; the greeting has none
        line = {"at": self._now().isoformat(), "connection": self._connection, "from": side, "fields": fields}
        if self._file is not None:
            self._file.write(json.dumps(line, separators=(",", ":")) + "\n")

    def _masked(self, text: str) -> str:
        return _ACCOUNT.sub(self._other_number, text)

    def _other_number(self, found: re.Match[str]) -> str:
        return self._accounts.setdefault(found[0], f"{found[1]}{len(self._accounts) + 1:07d}")

    def _guarded(self, step: Callable[[], object]) -> None:
        try:
            step()
        except OSError as error:
            self._file = None
            self._failed(f"The recording {self._path} cannot be written: {error.strerror}. Nothing more is recorded.")
