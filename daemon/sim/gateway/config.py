"""How one simulated gateway behaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TIME_ZONE: Final = "US/Eastern"
"""The zone in every text that names one; client zone databases know it."""
MARKER_CODE: Final = 2199
MARKER_TEXT: Final = "Simulated exchange: condord"
"""The notice by which our daemon knows that a gateway is simulated (decision 1)."""
MAX_CLIENTS: Final = 32
MAX_STRANGERS: Final = 32
"""Connections that have not said who they are; beyond this the newest is closed."""
HANDSHAKE_S: Final = 10.0
"""How long a connection may take to say who it is, in seconds of the computer's clock."""
MAX_LINES: Final = 100
SHORTEST_BEAT_S: Final = 0.001


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """Settings of a gateway; intervals in seconds of the trading clock."""

    account: str = "DU1234567"
    """The account that trades; one that does not begin with D stands for a live account."""
    other_accounts: tuple[str, ...] = ()
    """Further accounts of the login, without positions."""
    tick_interval_s: float = 1.0
    """Beat of lines on options and combos."""
    index_interval_s: float = 5.0
    """Beat of lines on indices."""
    portfolio_interval_s: float = 180.0
    """Beat of account values and portfolio; both also go out when a position changes."""
    master_client_id: int | None = None
    """The client that is told of every client's orders and executions; None for none."""
    max_lines: int = MAX_LINES
    """Market-data lines over all clients."""

    def __post_init__(self) -> None:
        shortest = min(self.tick_interval_s, self.index_interval_s, self.portfolio_interval_s)
        assert shortest >= SHORTEST_BEAT_S, f"a beat of {shortest} s is shorter than {SHORTEST_BEAT_S} s"

    @property
    def accounts(self) -> tuple[str, ...]:
        """Return every account of the login, ours first."""
        return (self.account, *self.other_accounts)
