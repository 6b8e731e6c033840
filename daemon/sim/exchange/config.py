"""Settings of the simulated exchange and its one account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeConfig:
    """How the account starts, what trading costs and how orders fill."""

    account: str = "DU1234567"
    starting_cash_usd: int = 1_000_000
    seed: int = 1
    """Seeds permanent ids, execution ids, fill points and partial fills."""
    commission_spx_usd: float = 1.15
    """Per contract of SPX and SPXW, all fees included."""
    commission_vix_usd: float = 1.05
    """Per contract of VIX and VIXW, all fees included."""
    commission_fund_usd: float = 0.69
    """Per option on a fund, all fees included: 0.65 and about 0.04 of exchange and clearing."""
    commission_future_usd: float = 2.38
    """Per VIX future, all fees included."""
    commission_share_usd: float = 0.005
    """Per share of a stock or a fund (fixed pricing of Interactive Brokers)."""
    commission_share_min_usd: float = 1.0
    """Least commission of a fill of shares."""
    commission_share_max: float = 0.01
    """Largest commission of a fill of shares, as a part of its value."""
    share_margin_initial: float = 0.50
    """Initial margin of shares as a part of their value (Regulation T)."""
    share_margin_maintenance: float = 0.25
    """Maintenance margin of shares as a part of their value (FINRA rule 4210)."""
    future_margin_share: float = 0.35
    """Margin of a VIX future as a share of 1,000 dollars a point; of the order that the exchange asks for."""
    future_margin_min_usd: float = 5_000.0
    slip_steps: float = 2.0
    """An order fills once its limit is this many price steps past mid plus ``slip_fraction`` of the way to natural."""
    slip_fraction: float = 0.25
    slip_jitter: float = 0.25
    """Share by which the distance from mid varies from order to order, by seed."""
    partial_probability: float = 0.10
    """Chance that a fill of more than one leaves a rest."""
    partial_rest_s: int = 20
    """Seconds until the rest of a partial fill may fill."""
    fill_latency_ms: int = 200
    """From the arrival of an order to its first chance of a fill."""
    vanish_at: time = time(2, 30)
    """New York time at which settled options leave the account and, on a session, their cash is booked."""
    margin_mode: str = "equal_only"
    """Condors with unequal wings: ``equal_only`` charges both sides, ``wider_wing`` the larger."""
    check_funds: bool = True
    """Refuse orders that available funds do not cover (code 201)."""
