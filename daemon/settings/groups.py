"""Settings of gateway, schedule, risk, store and log, each with its unit, range, default and one sentence."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Final

from daemon.core.records import Level
from daemon.core.risk.limits import ExitsWithoutData
from daemon.settings.fields import (
    DataLack,
    Format,
    GatewayMode,
    Group,
    Host,
    LeastLevel,
    LogFormat,
    Mode,
    OptionalDate,
    OptionalFile,
    OptionalFolder,
    PaperAccount,
    Points,
    Synchronous,
    SyncMode,
    TimeOfDay,
    setting,
)

_CENT: Final = Decimal("0.01")
_TICK: Final = Decimal("0.05")
_NEW_YORK: Final = "New York"


def _hour(default: str, text: str, first: str, last: str) -> time:
    """Declare a New York time of day of a regular session between two others."""
    bounds = time.fromisoformat(first), time.fromisoformat(last)
    declared: time = setting(time.fromisoformat(default), text, unit=_NEW_YORK, ge=bounds[0], le=bounds[1])
    return declared


def _any_hour(default: str, text: str) -> time:
    """Declare a New York time of day."""
    return _hour(default, text, "00:00", "23:59")


class GatewaySettings(Group):
    """The connection to IB Gateway or TWS, or to the built-in simulated gateway."""

    mode: Mode = setting(
        GatewayMode.SIMULATED,
        "Where orders go: to the built-in simulated exchange, or to the paper account behind an IB Gateway or TWS.",
    )
    host: Host = setting(
        "127.0.0.1", "Address of the gateway in mode ib.", allowed="a host name or address without spaces"
    )
    port: int = setting(
        4002,
        "TCP port of the gateway in mode ib: 4002 for a paper IB Gateway, 7497 for a paper TWS.",
        ge=1,
        le=65535,
    )
    client_id: int = setting(
        17, "Number of our connection in mode ib; no other program may use it on the same gateway.", ge=1, le=99999
    )
    account: PaperAccount = setting(
        "",
        "The paper account we trade; may stay empty where the login has only one.",
        allowed="empty, or an account that begins with DU, DF or DI",
    )
    allow_live_port: bool = setting(
        False, "Whether the ports 4001 and 7496, usual for live trading, may be used; live accounts stay refused."
    )
    connect_timeout_s: float = setting(
        10, "How long a connection may take until it counts as failed.", unit="s", ge=1, le=120
    )
    request_timeout_s: float = setting(15, "How long the gateway may take for an answer.", unit="s", ge=1, le=120)
    quote_timeout_s: float = setting(
        10,
        "How long to wait for the quotes of a selection before going on without the missing ones.",
        unit="s",
        ge=1,
        le=60,
    )
    max_lines: int = setting(
        90,
        "Most market-data lines open at one time; the broker allows 100 to most accounts.",
        unit="lines",
        ge=10,
        le=100,
    )
    absence_proof_s: float = setting(
        30, "Time between the two looks that prove an order absent.", unit="s", ge=0, le=600
    )
    reconnect_min_s: float = setting(2, "First wait before a new attempt to connect.", unit="s", ge=0.1, le=60)
    reconnect_max_s: float = setting(60, "Longest wait between two attempts to connect.", unit="s", ge=1, le=3600)
    heartbeat_s: float = setting(
        30, "How often the gateway is asked for its time to see that it is alive.", unit="s", ge=5, le=86_400
    )
    record: OptionalFile = setting(
        None,
        "File to which every message of a connection is added, accounts masked; `condord gateway --compare` reads it.",
        unit="file",
        allowed="empty, or a file",
    )
    reset_from: TimeOfDay = _any_hour("00:15", "When the broker's nightly reset begins, each night but Saturday's.")
    reset_until: TimeOfDay = _any_hour("01:45", "When it ends; being without a gateway until then is no warning.")
    weekend_reset_from: TimeOfDay = _any_hour("23:00", "When the broker's long reset begins, on Friday.")
    weekend_reset_until: TimeOfDay = _any_hour("03:00", "When the long reset ends, on Saturday.")
    weekly_login: TimeOfDay = _any_hour(
        "01:00", "When, on Sunday, the gateway's login ends and a person must log it in anew."
    )
    history: OptionalFolder = setting(
        None,
        "Folder of market history for the simulated exchange; empty takes the shipped days and then generated ones.",
        unit="folder",
        allowed="empty, or a folder",
    )
    seed: int = setting(1, "Seed of everything random in the simulated exchange.", ge=0, le=2**31 - 1)


class ScheduleSettings(Group):
    """When jobs run: New York times of a regular session; on an early close all of them move with the close."""

    preflight: TimeOfDay = _hour(
        "09:00", "Checks of the account, calendar and market data before the open.", "04:00", "09:29"
    )
    signals: TimeOfDay = _hour(
        "09:05", "Reading of the signals, from closes up to the session before.", "04:00", "15:45"
    )
    cost_of_capital: TimeOfDay = _hour(
        "11:00", "Measurement of the cost of capital from SPX options, where one is asked for.", "09:35", "15:45"
    )
    monitors: TimeOfDay = _hour(
        "15:57", "Look at option chains for arbitrage, in sessions that have one.", "09:35", "16:00"
    )
    exits_from: TimeOfDay = _hour("09:45", "First look at the exits of open condors.", "09:30", "16:00")
    exits_every_min: int = setting(5, "Time between two looks at the exits.", unit="min", ge=1, le=60)
    hedge_roll: TimeOfDay = _hour("10:30", "Rolls of the hedge layers that are due.", "09:30", "16:00")
    condor_entry: TimeOfDay = _hour("15:30", "The one entry decision of the session.", "09:35", "15:55")
    condor_entry_until: TimeOfDay = _hour(
        "15:45", "When an entry order that still works is cancelled.", "09:36", "16:00"
    )
    hedge_resize: TimeOfDay = _hour(
        "15:50", "Resizing of the hedge to the wing notional as it is after the entry.", "09:35", "16:10"
    )
    last_resort: TimeOfDay = _hour(
        "15:30", "Last attempt to close a series that should not be held into its expiry today.", "09:30", "15:55"
    )
    risk_every_min: int = setting(5, "Time between two risk checks of the session.", unit="min", ge=1, le=60)
    settlement: TimeOfDay = _hour("16:20", "Booking of the series that settled today.", "16:15", "20:00")
    end_of_day: TimeOfDay = _hour(
        "16:40", "Last reconciliation, closing figures and the page of the day.", "16:16", "23:00"
    )
    reconcile_every_min: int = setting(
        5, "Time between two comparisons of the book with the account in the session.", unit="min", ge=1, le=60
    )
    economic_calendar: OptionalFile = setting(
        None,
        "CSV file of economic events in place of the shipped one; config/economic_calendar.csv shows its form.",
        unit="file",
        allowed="empty, or a file",
    )


class RiskSettings(Group):
    """What the risk monitor holds every order against."""

    condors_max: int = setting(
        40, "Most condors open at a time; a further one is not entered.", unit="condors", ge=1, le=1000
    )
    wing_notional_max_usd: int = setting(
        100_000, "Largest wing notional of all open condors together.", unit="USD", ge=500, le=100_000_000
    )
    wing_notional_max_nlv_pct: float = setting(
        50, "The same bound as a share of net liquidation; the smaller of the two holds.", unit="%", ge=1, le=100
    )
    margin_max_nlv_pct: float = setting(
        50, "Largest initial margin after an order, as a share of net liquidation.", unit="%", ge=1, le=100
    )
    margin_over_estimate_max_pct: float = setting(
        10,
        "By how much the broker may ask for more margin than our own estimate of a condor before it is refused.",
        unit="%",
        ge=0,
        le=1000,
    )
    session_loss_max_pct: float = setting(
        2,
        "Largest fall of net liquidation below the close before the session; beyond it no condor is entered, exits "
        "and the hedge go on.",
        unit="%",
        ge=0.1,
        le=100,
    )
    week_loss_max_pct: float = setting(
        4,
        "The same below the last close before the week, which begins on Monday.",
        unit="%",
        ge=0.1,
        le=100,
    )
    drawdown_max_pct: float = setting(10, "The same below the highest close on record.", unit="%", ge=0.1, le=100)
    peak_from: OptionalDate = setting(
        None,
        "First session whose close counts for the highest one, to begin anew after a loss that is accepted or an "
        "account that was reset; empty counts all.",
        unit="date",
        allowed="empty, or YYYY-MM-DD",
    )
    session_orders_max: int = setting(
        40,
        "Most orders of a session that open or change risk; one more halts the program until a person resumes.",
        unit="orders",
        ge=1,
        le=10_000,
    )
    session_contracts_max: int = setting(
        500,
        "Most option contracts in those orders, every leg counted; more halt the program until a person resumes.",
        unit="contracts",
        ge=4,
        le=1_000_000,
    )
    orders_per_minute_max: int = setting(
        20,
        "Most of those orders within 60 seconds; one more halts the program until a person resumes.",
        unit="orders",
        ge=1,
        le=1000,
    )
    rejects_max: int = setting(
        5,
        "Orders of any kind that the broker rejects in a row, at which the program halts until a person resumes.",
        unit="orders",
        ge=1,
        le=1000,
    )
    collar_condor_pts: Points = setting(
        Decimal(2),
        "How far from the mid at its decision the limit of a condor order may be; its ladder ends there, exits have no "
        "collar.",
        unit="points",
        ge=_TICK,
        le=Decimal(50),
        multiple_of=_TICK,
    )
    collar_call_pct: float = setting(
        50, "The same for an order in VIX calls, as a share of its mid.", unit="%", ge=1, le=500
    )
    collar_call_min_pts: Points = setting(
        Decimal("0.10"),
        "What the limit of an order in VIX calls may always be away from its mid, however small the mid.",
        unit="points",
        ge=_CENT,
        le=Decimal(5),
        multiple_of=_CENT,
    )
    clock_skew_max_s: float = setting(
        5, "Largest difference between our clock and the gateway's with which we trade.", unit="s", ge=0.5, le=60
    )
    index_max_age_s: float = setting(120, "Oldest value of SPX or VIX that is traded on.", unit="s", ge=5, le=3600)
    quote_max_age_s: float = setting(60, "Oldest option quote that is traded on.", unit="s", ge=5, le=3600)
    account_max_age_s: float = setting(
        300, "Oldest account values that a condor is entered on.", unit="s", ge=10, le=86_400
    )
    exits_without_data: DataLack = setting(
        ExitsWithoutData.GO_ON,
        "What time exits do while SPX, VIX or the account is missing or too old: go_on, or wait for it; the last "
        "resort before an expiry goes on either way.",
    )
    measure_every_min: int = setting(
        60,
        "Least time between two measurements of greeks and stress in the session; 0 measures at its close only.",
        unit="min",
        ge=0,
        le=480,
    )
    theta_gate: bool = setting(
        False,
        "Whether a condor is entered only when it leaves condors and hedge gaining by the passing of time; off, the "
        "decision tells what would have refused.",
    )
    quick_ratio_min: float = setting(
        1.5,
        "Least cash over maintenance margin and debits due after an entry; 0 asks for none.",
        unit="times",
        ge=0,
        le=100,
    )
    quick_ratio_hold_min: float = setting(
        1,
        "The same for what is open already; below it the log warns that condors should be closed, and nothing is "
        "closed without a person; 0 asks for none.",
        unit="times",
        ge=0,
        le=100,
    )


class StoreSettings(Group):
    """The database."""

    synchronous: SyncMode = setting(
        Synchronous.FULL,
        "When SQLite waits for the disk; below FULL a power cut can lose the last transactions.",
    )
    backups_keep: int = setting(
        30, "How many backups `condord backup` leaves; the oldest go.", unit="backups", ge=1, le=10000
    )


class LogSettings(Group):
    """The lines on the terminal, in the journal and in the file of the session."""

    level: LeastLevel = setting(Level.INFO, "The least severe line that is written; the database keeps all.")
    format: Format = setting(
        LogFormat.TEXT,
        "Form of the lines on the terminal; the journal gets text with fields, the files of a session have both forms.",
    )
    keep_days: int = setting(0, "How long the files of a session are kept; 0 keeps all.", unit="days", ge=0, le=36500)
