"""Message codes of the gateway, by what they do to us.

Source: Interactive Brokers, "TWS API: message codes".
"""

from __future__ import annotations

from typing import Final

from daemon.errors import BrokerError

CONNECTION_LOST: Final = frozenset({1100, 2110})
"""Orders cannot be sent although the socket lives."""
RESTORED_DATA_LOST: Final = 1101
RESTORED: Final = 1102
_CONNECTION_RANGE: Final = range(1100, 1301)

CLIENT_ID_IN_USE: Final = 326
UNKNOWN_CONTRACT: Final = 200
NO_SUCH_DATA: Final = frozenset({UNKNOWN_CONTRACT, 162})
"""Answers that mean "there is none (yet)" to a request for bars."""
VALIDATION: Final = 321
READ_ONLY_TEXT: Final = "read-only"

FARMS: Final = frozenset({2104, 2106, 2107, 2108, 2119, 2158, 2199})
"""Information that comes with every connection."""
SIMULATED: Final = 2199
SIMULATED_TEXT: Final = "Simulated exchange: condord"
"""What our own simulated gateway says of itself; no gateway of the broker uses this code."""

DISPLAYS_DELAYED: Final = 10167
_PARTLY_SUBSCRIBED: Final = 10090
_WARNINGS: Final = frozenset({165, 202, 399, 404, 434, 492, _PARTLY_SUBSCRIBED, DISPLAYS_DELAYED, 10349})
_WARNING_RANGE: Final = range(2100, 2200)

NO_ID: Final = frozenset({-1, 2147483647})
"""Ids of messages that belong to no request."""
OWN_NOTICE: Final = 0
"""Code of a notice that this adapter makes itself."""


def ends_request(code: int) -> bool:
    """Whether a message about a request means that no answer will come."""
    return code not in _WARNINGS and code not in _WARNING_RANGE


def concerns_connection(code: int) -> bool:
    """Whether a message without an id is about the broker's own connection (an unknown code of the range too)."""
    return code in _CONNECTION_RANGE or code in CONNECTION_LOST


def read_only_error(text: str) -> BrokerError:
    """Return the error for a gateway that takes no orders: waiting does not help."""
    return BrokerError(
        f"The gateway's API is read-only ({text}). Untick 'Read-Only API' in its settings under API, Settings.",
        VALIDATION,
    )
