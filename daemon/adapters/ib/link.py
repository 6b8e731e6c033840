"""State of the connection, and which accounts and ports are allowed behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from daemon.core.orders.broker_facts import PAPER_PREFIXES, LinkFact, LinkState
from daemon.errors import LiveAccountError, SettingsError

LIVE_PORTS: Final = frozenset({4001, 7496})
_PREFIX_SHOWN: Final = 2


class Link:
    """The state of the connection; tells every change once, however often the gateway repeats itself."""

    def __init__(self, tell: Callable[[LinkFact], None]) -> None:
        self._tell = tell
        self.state = LinkState.DOWN
        self._outage = False

    def move(self, state: LinkState, text: str) -> None:
        """Enter a state and tell it when it is another one."""
        if state is not self.state:
            self.state = state
            self._tell(LinkFact(state, text))

    def begin(self, text: str) -> None:
        """Start a new connection, which knows of no outage."""
        self._outage = False
        self.move(LinkState.CONNECTING, text)

    def broker_lost(self, text: str) -> None:
        """Learn that the gateway lost the broker: a level, not an edge."""
        self._outage = True
        if self.state in (LinkState.SYNCING, LinkState.SYNCED):
            self.move(LinkState.DEGRADED, text)

    def broker_back(self, text: str) -> None:
        """Learn that the gateway has the broker again: what happened meanwhile must be read anew."""
        self._outage = False
        if self.state in (LinkState.DEGRADED, LinkState.SYNCED):
            self.move(LinkState.SYNCING, text)

    def synced(self, text: str) -> None:
        """Learn that a complete snapshot was read."""
        if self.state is LinkState.SYNCING:
            self.move(LinkState.DEGRADED if self._outage else LinkState.SYNCED, text)


def check_port(port: int, *, allowed: bool) -> None:
    """Refuse the ports that usually serve live accounts; raises LiveAccountError."""
    if port in LIVE_PORTS and not allowed:
        raise LiveAccountError(
            f"Port {port} is the usual port of a live account, and only paper accounts are traded "
            "(4002 for IB Gateway, 7497 for TWS). If a paper account is served there, set "
            "CONDORD_GATEWAY_ALLOW_LIVE_PORT=true; a live account is refused on any port."
        )


def choose_account(accounts: Sequence[str], configured: str | None) -> str:
    """Return our account of those the login manages.

    Raises LiveAccountError when any of them is not a paper account (decision 14), SettingsError when it
    is not clear which is ours.
    """
    live = [account for account in accounts if not account.startswith(PAPER_PREFIXES)]
    if live:
        raise LiveAccountError(
            f"The login manages {len(live)} account(s) that are not paper accounts: they begin with "
            f"{', '.join(sorted({account[:_PREFIX_SHOWN] for account in live}))}, and paper accounts begin with "
            f"{', '.join(PAPER_PREFIXES)}. Log the gateway in to the paper account; no setting allows a live one."
        )
    if configured is not None:
        if configured not in accounts:
            raise SettingsError(
                f"CONDORD_GATEWAY_ACCOUNT is {configured}, and the login manages {', '.join(accounts) or 'none'}."
            )
        return configured
    if len(accounts) != 1:
        raise SettingsError(
            f"The login manages {len(accounts)} accounts ({', '.join(accounts)}): "
            "name ours with CONDORD_GATEWAY_ACCOUNT."
        )
    return accounts[0]
