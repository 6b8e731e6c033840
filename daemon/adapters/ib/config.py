"""What the adapter has to know about the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class IbConfig:
    """Address, account and limits of one connection; times in seconds."""

    host: str
    port: int
    client_id: int
    account: str | None = None
    """Our account; needed only when the login manages more than one."""
    connect_timeout_s: float = 10.0
    """For each step of connecting: reaching the port, the handshake, the start-up answers."""
    request_timeout_s: float = 15.0
    live_port_allowed: bool = False
    """Whether the ports that usually serve live accounts may be used; a live account never may."""
    max_lines: int = 90
    """Market-data lines open at once, of the 100 that the broker grants."""
    quote_timeout_s: float = 10.0
    """How long a fresh line is waited for."""
    record: Path | None = None
    """File to which every frame is added; None records nothing."""
    orders: bool = True
    """Whether orders may be sent; without, the wire refuses everything but previews."""
