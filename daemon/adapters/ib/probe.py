"""Asking a port that accepts connections and says nothing whether it is a web server, which waits for us to speak."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from daemon.errors import WrongProtocolError

_QUESTION: Final = b"HEAD / HTTP/1.0\r\n\r\n"
_ANSWER: Final = b"HTTP/"
_TIMEOUT_S: Final = 1.0


async def refuse_web_server(host: str, port: int) -> None:
    """Raise WrongProtocolError when the port answers HTTP; a gateway that hangs answers nothing, and is waited for."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            answer = await _asked(host, port)
    except (OSError, EOFError, TimeoutError):
        return
    if answer == _ANSWER:
        raise WrongProtocolError(
            f"What listens on {host}:{port} is a web server, not a TWS or IB Gateway. "
            "Check CONDORD_GATEWAY_HOST and CONDORD_GATEWAY_PORT."
        )


async def _asked(host: str, port: int) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(_QUESTION)
        return await reader.readexactly(len(_ANSWER))
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
