"""The figures for a monitoring system: their names, kinds, labels and meaning, and one moment of them as a value.

Names follow Prometheus: a prefix, base units at the end (seconds, bytes, usd, points, ratio), ``_total`` for what only
grows. What is unknown has no sample: never a zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

PREFIX: Final = "condord_"


class MetricKind(StrEnum):
    """What a figure may do."""

    GAUGE = "gauge"
    """Goes up and down."""
    COUNTER = "counter"
    """Only grows, from the start of the process or of the account on."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure, or one for each value of its labels."""

    name: str
    kind: MetricKind
    text: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """A value of a metric; ``labels`` are in the order of its declaration."""

    name: str
    value: float
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All figures of one moment."""

    at: datetime
    samples: tuple[Sample, ...]


def _gauge(name: str, text: str, *labels: str) -> Metric:
    return Metric(PREFIX + name, MetricKind.GAUGE, text, labels)


def _counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(PREFIX + name, MetricKind.COUNTER, text, labels)


TAKEN_AT: Final = PREFIX + "snapshot_timestamp_seconds"

METRICS: Final = (
    _gauge("snapshot_timestamp_seconds", "When these figures were taken, in Unix time."),
    _gauge(
        "info",
        "Always 1; its labels tell version, mode, account and settings.",
        "version",
        "mode",
        "account",
        "settings",
    ),
    _gauge("start_timestamp_seconds", "When the daemon started, in Unix time."),
    _gauge("ready", "1 while the link is synchronised and the book is reconciled."),
    _gauge("link_state", "1 for the state that the connection to the gateway has, 0 for the others.", "state"),
    _gauge("run_state", "1 for the run state that holds, 0 for the others.", "state"),
    _gauge("heartbeat_age_seconds", "Time since the gateway last told its time."),
    _gauge("clock_skew_seconds", "Our clock less the gateway's."),
    _gauge("reconciliation_age_seconds", "Time since book and account were compared last."),
    _gauge("event_loop_lag_seconds", "By how much the beat of these figures came late."),
    _counter("process_cpu_seconds_total", "Time of a core that the process has used."),
    _gauge("process_resident_memory_bytes", "Memory of the process."),
    _counter("store_commits_total", "Commits to the database since the start."),
    _counter("store_commit_seconds_total", "Time that these commits took."),
    _counter("gateway_messages_sent_total", "Messages sent to the gateway since the start."),
    _counter("gateway_received_bytes_total", "Bytes received from the gateway since the start."),
    _gauge("market_data_lines", "Market-data lines that are open."),
    _gauge("market_data_lines_max", "Most lines that may be open."),
    _gauge("orders", "Orders of the session by state.", "state"),
    _counter("executions_total", "Executions and settlements in the book since the first start."),
    _gauge("breaks_open", "Differences between book and account that nobody has explained."),
    _gauge("condors_open", "Condors that are open."),
    _gauge("wing_notional_usd", "Open wing notional W."),
    _gauge("hedge_contracts", "Contracts held by a layer of the hedge.", "layer"),
    _gauge("hedge_contracts_target", "Contracts that a layer should hold, as computed last.", "layer"),
    _gauge("hedge_notional_usd", "Hedge held, in dollars of its measure, as computed last."),
    _gauge("hedge_notional_target_usd", "Hedge notional p(V) x W that it should be."),
    _gauge("hedge_notional_ratio", "The percentage p(V) of the regime, as a ratio."),
    _gauge("regime", "1 for the regime of VIX as computed last, 0 for the others.", "regime"),
    _gauge("spx_points", "SPX."),
    _gauge("vix_points", "VIX."),
    _gauge("net_liquidation_usd", "Net liquidation of the account."),
    _gauge("profit_usd", "Net liquidation less that of the first start."),
    _gauge("profit_session_usd", "Net liquidation less that of the last close before this session."),
    _gauge("theta_usd", "Theta of condors and hedge for a calendar day, as measured last."),
    _gauge("stress_worst_usd", "Profit of the book in its worst scenario, as measured last; a loss is negative."),
    _gauge("risk_measured_timestamp_seconds", "When theta and stress were measured, in Unix time."),
    _gauge("limit_used_ratio", "Value over limit; of a least value, limit over value. Above 1 it is passed.", "limit"),
    _gauge("job_outcome", "1 for the outcome that a job of the session has.", "job", "outcome"),
    _gauge("last_close_timestamp_seconds", "Midnight UTC of the last session with closing figures, in Unix time."),
    _counter(
        "alerts_total",
        "Alerts since the first start with an outlet: told by a message, or passed by themselves.",
        "became",
    ),
    _gauge("alerts_waiting", "Alerts that no message has told yet."),
    _gauge("alert_messages_waiting", "Messages that have not reached every outlet yet."),
    _counter(
        "alert_messages_total",
        "Messages whose way has ended since the start, by whether they reached every outlet.",
        "result",
    ),
)
"""Every figure."""
