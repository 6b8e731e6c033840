"""Orders, fills, margin, account and settlement."""

from daemon.sim.exchange.config import ExchangeConfig
from daemon.sim.exchange.exchange import Exchange

__all__ = ["Exchange", "ExchangeConfig"]
