"""The simulated exchange and its gateway put together, in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from daemon.adapters.ib import Peer
from daemon.core.calendar.sessions import new_york_date, sessions_between
from daemon.errors import SettingsError
from daemon.sim.exchange import Exchange, ExchangeConfig
from daemon.sim.gateway import Gateway, GatewayConfig
from daemon.sim.gateway.faults import FaultPlan
from daemon.sim.gateway.state import load as load_state
from daemon.sim.gateway.state import save as save_state
from daemon.sim.history import History, load_folder, load_packaged, with_generated
from daemon.sim.market import Market

STATE_FILE = "exchange.json"
AHEAD = timedelta(days=1500)
"""How far beyond today the generator continues the market, so that a long run does not reach the end."""


def load_history(folder: Path | None, until: date, seed: int) -> History:
    """Load history from a folder, or the shipped windows, continued by the generator where it ends before ``until``."""
    history = load_packaged() if folder is None else load_folder(folder)
    return history if until <= history.last else with_generated(history, until, seed)


def require_sessions(history: History, first: date, last: date) -> None:
    """Raise HistoryError unless every session between two dates has data."""
    for day in sessions_between(first, last):
        history.facts(day)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationPlan:
    """What a simulated gateway is made of."""

    history: Path | None
    seed: int
    config: GatewayConfig
    faults: FaultPlan | None = None
    state_dir: Path | None = None
    """Where the account is kept between runs; None keeps nothing."""


def build_gateway(
    plan: SimulationPlan, clock_now: Callable[[], datetime], *, history: History | None = None
) -> Gateway:
    """Build a gateway over an exchange that stands at the clock's time, with the account found in the state folder.

    ``history`` is given by a caller that has loaded it already.
    """
    now = clock_now()
    if history is None:
        history = load_history(plan.history, new_york_date(now) + AHEAD, plan.seed)
    path = None if plan.state_dir is None else plan.state_dir / STATE_FILE
    stored = None if path is None else load_state(path)
    if stored is not None and stored.get("account") != plan.config.account:
        raise SettingsError(
            f"{path} holds account {stored.get('account')}, not {plan.config.account}: name that account, "
            "or another state folder"
        )
    exchange = Exchange(
        Market(history, plan.seed, _funds_from(stored, now)),
        ExchangeConfig(account=plan.config.account, seed=plan.seed),
        None if stored is None else stored["exchange"],
        now,
    )

    def keep() -> None:
        if path is not None:
            save_state(path, gateway.dump())

    gateway = Gateway(exchange, clock_now, plan.faults, plan.config, on_change=keep)
    return gateway


def _funds_from(stored: Mapping[str, Any] | None, now: datetime) -> date:
    """Return the day on which the funds begin: that of the account, so that they go on where they were.

    An account of before there were funds holds none, so that they may begin now.
    """
    known = None if stored is None else stored["exchange"].get("funds_from")
    return new_york_date(now) if known is None else date.fromisoformat(known)


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
