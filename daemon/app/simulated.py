"""The simulated exchange and its gateway put together, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from daemon.adapters.ib import Peer
from daemon.core.calendar.sessions import new_york_date, next_session
from daemon.errors import HistoryError, StoreError
from daemon.sim.exchange import Exchange, ExchangeConfig
from daemon.sim.gateway import Gateway, GatewayConfig
from daemon.sim.gateway.faults import FaultPlan
from daemon.sim.history import History, load_folder, load_packaged, with_generated
from daemon.sim.market import Market

STATE_FILE = "exchange.json"
AHEAD = timedelta(days=400)
"""How far beyond today the generator continues the market, so that a long run does not reach the end."""


def load_history(folder: Path | None, until: date, seed: int) -> History:
    """Load history from a folder, or the shipped windows, continued by the generator where it ends before ``until``."""
    history = load_packaged() if folder is None else load_folder(folder)
    return history if until <= history.last else with_generated(history, until, seed)


def require_sessions(history: History, first: date, last: date) -> None:
    """Raise HistoryError unless every session between two dates has data."""
    day = first
    while day <= last:
        if day not in history.days:
            raise HistoryError(history.missing_text(day))
        day = next_session(day)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationPlan:
    """What a simulated gateway is made of."""

    history: Path | None
    seed: int
    config: GatewayConfig
    faults: FaultPlan | None = None
    state_dir: Path | None = None
    """Where the account is kept between runs; None keeps nothing."""


def build_gateway(plan: SimulationPlan, clock_now: Callable[[], datetime]) -> Gateway:
    """Build a gateway over an exchange that stands at the clock's time, with the account found in the state folder."""
    now = clock_now()
    history = load_history(plan.history, new_york_date(now) + AHEAD, plan.seed)
    market = Market(history, plan.seed)
    state_path = None if plan.state_dir is None else plan.state_dir / STATE_FILE
    state = None if state_path is None else read_state(state_path)
    exchange = Exchange(market, ExchangeConfig(account=plan.config.account), state, now)
    return Gateway(exchange, clock_now, plan.faults, plan.config, state_path)


def read_state(path: Path) -> dict[str, Any] | None:
    """Read the saved account, None when there is none yet."""
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(
            f"the saved account {path} cannot be read: {error}; move the file away to begin with a new account"
        ) from error
    return state


class GatewayTransport:
    """Joins the broker adapter and a gateway in memory, with the same bytes as on a socket."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def open(self, on_data: Callable[[bytes], None], on_close: Callable[[], None]) -> Peer:
        """Open a connection to the gateway."""
        session = self._gateway.attach(on_data, on_close)
        return _SessionPeer(session.feed, session.closed)


@dataclass(frozen=True, slots=True)
class _SessionPeer:
    """The gateway's end of a connection, as the adapter sees it."""

    feed: Callable[[bytes], None]
    closed: Callable[[], None]

    def send(self, data: bytes) -> None:
        """Take bytes that the adapter sent."""
        self.feed(data)

    def close(self) -> None:
        """Learn that the adapter closed the connection."""
        self.closed()
