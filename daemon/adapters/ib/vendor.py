"""The only module that imports ib_insync; its successor with the same API would be chosen here.

Import it inside a running event loop, so lazily: the library looks for one when it is imported.

What is taken from the library: framing, handshake, throttle, encoders and decoders, and its start-up
sequence. What is not: its memory of orders, positions and tickers, which calls orders cancelled on
warnings and costs a text for every update.
"""

from __future__ import annotations

import logging
from typing import Final

from ib_insync import IB, Client, ComboLeg, Contract, ExecutionFilter, Order, Wrapper
from ib_insync.connection import Connection

__all__ = ["IB", "Client", "ComboLeg", "Connection", "Contract", "ExecutionFilter", "Order", "Wrapper", "quiet_logger"]

LOGGER: Final = "ib_insync"


def quiet_logger() -> None:
    """Keep the library's log to itself: warnings and above, for whoever attaches a handler."""
    logger = logging.getLogger(LOGGER)
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
