"""Frames and field values of the TWS text protocol: bytes in, texts out, and back. No input or output of its own.

A frame is a 4-byte big-endian length and a payload of fields, each ended by one NUL.
"""

from __future__ import annotations

import math
import struct
from typing import Final, TypeVar

MIN_VERSION: Final = 157
MAX_VERSION: Final = 178
MAX_FRAME_BYTES: Final = 16 * 1024 * 1024
PREAMBLE: Final = b"API\0"

UNSET_DOUBLE: Final = "1.7976931348623157E308"
"""An unset double as a gateway spells it (Java)."""
UNSET_INT: Final = "2147483647"
UNSET_LONG: Final = "9223372036854775807"

_LENGTH: Final = struct.Struct(">I")
_UNSET_TEXTS: Final = frozenset({"", "2147483647", "9223372036854775807", "-1.7976931348623157e+308"})
_UNSET_FLOOR: Final = 1.7e308
_INFINITE: Final = frozenset({"Infinity", "Infinite", "inf"})
_PRICE_DECIMALS: Final = 10
_SHORT_TEXT: Final = len("0.") + _PRICE_DECIMALS
_LIMIT: Final = 10**15

Value = str | int | float | bool | None
Number = TypeVar("Number", int, float)


class ProtocolError(Exception):
    """The peer does not speak the protocol: its connection must be closed."""


class FieldError(Exception):
    """A message cannot be read: it is answered with an error and the connection lives."""


class RequestRefused(Exception):  # noqa: N818 - a refusal is an answer, not an error of the program
    """A request cannot be served: what the error message says."""

    def __init__(self, req_id: int, code: int, message: str) -> None:
        super().__init__(message)
        self.req_id = req_id
        self.code = code


class FrameReader:
    """Cut a stream of bytes, split anywhere, into payloads."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._greeted = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the payloads that are complete now.

        Raises ProtocolError when the stream does not begin with the preamble or a frame is too long.
        """
        self._data += data
        if not self._greeted and not self._greet():
            return []
        payloads = []
        start = 0
        while len(self._data) - start >= _LENGTH.size:
            end = start + _LENGTH.size + self._length(start)
            if len(self._data) < end:
                break
            payloads.append(bytes(self._data[start + _LENGTH.size : end]))
            start = end
        del self._data[:start]
        return payloads

    def _greet(self) -> bool:
        head = bytes(self._data[: len(PREAMBLE)])
        if not PREAMBLE.startswith(head):
            raise ProtocolError(f"the stream begins with {head!r} instead of {PREAMBLE!r}")
        if len(head) < len(PREAMBLE):
            return False
        del self._data[: len(PREAMBLE)]
        self._greeted = True
        return True

    def _length(self, start: int) -> int:
        (length,) = _LENGTH.unpack_from(self._data, start)
        if length > MAX_FRAME_BYTES:
            raise ProtocolError(f"a frame of {length} bytes is announced; the limit is {MAX_FRAME_BYTES}")
        return int(length)


def split(payload: bytes) -> list[str]:
    """Return the fields of a payload; raise FieldError when the last one is not ended."""
    fields = payload.decode("utf-8", errors="replace").split("\0")
    if fields.pop() != "":
        raise FieldError("the message does not end with a NUL")
    return fields


def text(value: Value) -> str:
    """Spell one value: booleans as 1 and 0, None as the empty field, floats without noise."""
    if type(value) is str:
        return value
    if type(value) is int:
        return str(value)
    if isinstance(value, float):
        assert math.isfinite(value), "NaN and infinity never go on the wire"
        said = repr(value)
        # Rounding costs more than all the rest; a number this short has nothing to round.
        short = len(said) <= _SHORT_TEXT and "e" not in said
        return said if short else repr(round(value, _PRICE_DECIMALS))
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)  # words of enums spell themselves


def frame(fields: list[str]) -> bytes:
    """Return the bytes of one message."""
    payload = ("\0".join(fields) + "\0").encode()
    return _LENGTH.pack(len(payload)) + payload


def read_int(value: str, name: str) -> int:
    """Read an integer; an unset one is 0. Raises FieldError."""
    if value in _UNSET_TEXTS:
        return 0
    try:
        number = int(value)
    except ValueError:
        raise FieldError(f"{name} is {value[:40]!r}: a whole number is needed") from None
    return _bounded(number, value, name)


def read_float(value: str, name: str) -> float | None:
    """Read a number; None when it is unset in any client's spelling. Raises FieldError."""
    if value in _UNSET_TEXTS:
        return None
    try:
        number = float(value)
    except ValueError:
        raise FieldError(f"{name} is {value[:40]!r}: a number is needed") from None
    return None if number >= _UNSET_FLOOR and math.isfinite(number) else _bounded(number, value, name)


def is_infinite(value: str) -> bool:
    """Whether a field says infinity, in any client's spelling."""
    return value in _INFINITE


def _bounded(number: Number, value: str, name: str) -> Number:
    if not -_LIMIT <= number <= _LIMIT:
        raise FieldError(f"{name} is {value[:40]!r}: a number between -{_LIMIT:g} and {_LIMIT:g} is needed")
    return number


def read_bool(value: str, name: str) -> bool:
    """Read a flag; empty is false. Raises FieldError."""
    return read_int(value, name) != 0


class Fields:
    """Read a message's fields in order."""

    def __init__(self, fields: list[str]) -> None:
        self._fields = fields
        self._at = 0

    def take(self, name: str) -> str:
        """Return the next field; raise FieldError when there is none."""
        if self._at >= len(self._fields):
            raise FieldError(f"{name} is missing: the message ends after {self._at} fields")
        self._at += 1
        return self._fields[self._at - 1]

    def integer(self, name: str) -> int:
        """Return the next field as an integer."""
        return read_int(self.take(name), name)

    def number(self, name: str) -> float | None:
        """Return the next field as a number, None when unset."""
        return read_float(self.take(name), name)

    def flag(self, name: str) -> bool:
        """Return the next field as a flag."""
        return read_bool(self.take(name), name)

    @property
    def left(self) -> int:
        """How many fields have not been read."""
        return len(self._fields) - self._at

    def rest(self) -> list[str]:
        """Return all fields that follow."""
        left, self._at = self._fields[self._at :], len(self._fields)
        return left

    def end(self) -> None:
        """Check that no field is left over; raise FieldError otherwise."""
        if left := self._fields[self._at :]:
            raise FieldError(f"{len(left)} fields are left over, beginning with {left[0]!r}")
