"""Every event the program can write: its name, its severity, and the words a person reads.

A sentence is made of phrases. A phrase is shown when all its fields are there; fields that no phrase
mentions are shown behind, each with its name. So an event may carry more than the sentence needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from daemon.core.records import Level
from daemon.errors import InvariantError


@dataclass(frozen=True, slots=True)
class Word:
    """How one event is told."""

    level: Level
    phrases: tuple[str, ...]


def level_of(name: str) -> Level:
    """Return the usual severity of an event. Raises InvariantError for a name that is not in the vocabulary."""
    word = VOCABULARY.get(name)
    if word is None:
        raise InvariantError(f"event {name} is not in the vocabulary")
    return word.level


def _debug(*phrases: str) -> Word:
    return Word(Level.DEBUG, phrases)


def _info(*phrases: str) -> Word:
    return Word(Level.INFO, phrases)


def _warning(*phrases: str) -> Word:
    return Word(Level.WARNING, phrases)


def _error(*phrases: str) -> Word:
    return Word(Level.ERROR, phrases)


_LIFE: Final = {
    "daemon_started": _info("condord {version}", "{mode}", "settings {settings}", "state in {state_dir}"),
    "daemon_ready": _info("{status}"),
    "daemon_stopping": _info("{why}"),
    "daemon_stopped": _info("{why}"),
    "daemon_failed": _error("{text}"),
    "daemon_unwell": _warning("no ping to the watchdog: {why}"),
    "daemon_recovered": _info("well again after: {why}"),
    "settings_loaded": _info("{settings} settings", "{changed} changed from default", "digest {digest}"),
    "settings_changed": _info("{setting} is {value}", "was {before}", "by {source}"),
    "settings_pending": _info("{changes} pending until a restart", "{settings}"),
    "settings_unreadable": _warning("a restart would fail: {text}"),
    "settings_warned": _warning("{text}"),
    "run_state_changed": _warning("{state}", "by {by}", "{reason}"),
    "command_received": _info("{command}", "{reason}"),
    "log_failed": _error("{path} cannot be written: {text}", "trading goes on and the database keeps every event"),
    "log_recovered": _info("{path} is written again"),
    "alert_sent": _info("{title}", "to {outlets}"),
    "alert_failed": _warning("{title} did not reach {outlets}", "{why}"),
    "metrics_failed": _warning("the figures cannot be taken or written: {text}"),
    "session_closed": _info("{verdict}"),
}

_JOBS: Final = {
    "job_done": _info("{job}", "{reason}"),
    "job_skipped": _info("{job}", "{reason}"),
    "job_failed": _error("{job}", "{reason}"),
    "job_missed": _warning("{job}", "{reason}"),
    "job_crashed": _error("{job}", "{error}"),
    "check_failed": _warning("{job}", "{why}"),
    "job_caught_up": _info("{job} runs late, its time passed while the daemon was down"),
}

_LINK: Final = {
    "link_changed": _info("{state}", "{text}"),
    "link_dropped": _warning("{why}", "{note}"),
    "link_synced": _info("{account}", "server version {server_version}"),
    "gateway_waiting": _warning("next attempt in {retry_s}: {why}", "{note}"),
    "gateway_refused": _error("{why}"),
    "gateway_notice": _info("{code}", "{text}"),
    "clock_followed": _info("the clock is the gateway's: it is {new_york} in New York"),
    "clock_skew_found": _warning("our clock and the gateway's differ by {skew_s}", "allowed {limit_s}"),
}

_ORDERS: Final = {
    "order_planned": _info("{order_ref}", "{quantity} x {legs}", "limit {limit_pts100}", "mid {mid_pts}", "{tif}"),
    "order_sent": _debug("{order_ref}", "limit {limit_pts100}"),
    "order_acknowledged": _debug("{order_ref}", "{why}"),
    "order_repriced": _debug("{order_ref}", "limit {limit_pts100}", "mid {mid_pts}", "natural {natural_pts100}"),
    "order_price_kept": _info("{order_ref} keeps its limit {limit_pts100}", "{why}"),
    "order_taken_over": _info("{order_ref} of an interrupted run is worked on", "limit {limit_pts100}"),
    "order_filled": _info("{order_ref}", "{filled} filled", "at {price_pts100}", "mid {mid_pts}"),
    "order_cancel_sent": _info("{order_ref}", "{why}"),
    "order_cancelled": _info("{order_ref}", "{filled} filled before", "{why}"),
    "order_rejected": _warning("{order_ref}", "{why}"),
    "order_expired": _info("{order_ref}", "{filled} filled before", "{why}"),
    "order_unknown": _warning("{order_ref}", "{why}"),
    "order_absent": _warning("{order_ref} is proven absent", "{why}"),
    "order_message": _warning("{order_ref}", "{code}", "{text}"),
    "risk_refused": _info("{strategy} {purpose} of {subject} refused by {gates}"),
    "exposure_measured": _info(
        "theta {theta_usd} a day",
        "delta {delta_usd} a point of SPX with VIX in step",
        "worst {worst_usd} at {scenario}",
        "crash {crash_usd}",
        "{unknown} unknown",
    ),
    "limit_breached": _warning("{limit} is {value}", "its limit is {allowed}", "{unit}", "{still}"),
    "limit_kept": _info("{limit} is within its limit again"),
    "data_lost": _warning("{data}: {text}", "no condor is entered"),
    "data_regained": _info("{data} is there again"),
}

_BOOK: Final = {
    "execution_booked": _info("{subject}", "{quantity} {contract} at {price_pts100}", "{order_ref}", "{exec_id}"),
    "execution_corrected": _warning("{subject}", "{quantity} {contract} at {price_pts100}", "{exec_id}"),
    "position_adopted": _info("{subject}", "{quantity} {contract} at {price_pts100}", "{reason}", "{exec_id}"),
    "fee_booked": _debug("{exec_id}", "{fee_usd_e4}"),
    "position_settled": _info("{subject}", "{quantity} {contract}", "settled at {settlement_value_pts}", "{exec_id}"),
    "settlement_awaited": _warning("no settlement value for {contract} yet"),
    "net_price_differs": _warning("{text}"),
    "book_reconciled": _debug("{why}", "{positions} positions", "{breaks_open} breaks open", "{booked} newly booked"),
    "break_found": _warning("{kind}", "{text}", "book {book_qty}, account {account_qty}"),
    "break_doubted": _info("the account agrees again, {breaks_open} breaks stay open until it does so twice"),
    "break_cleared": _info("{text}"),
    "pnl_unexplained": _warning("net liquidation moved {change_usd}, the book explains {explained_usd}"),
}

_CONDOR: Final = {
    "condor_entry_decided": _info("{subject}", "{quantity} condors", "expiry {expiry}", "mid {mid_pts}"),
    "condor_entry_skipped": _info("{why}", "refused by {gates}"),
    "exit_decided": _info("{subject}", "{reason}", "{why}", "mid {mid_pts}"),
    "exit_postponed": _warning("{subject}", "{why}"),
    "exit_held_back": _error(
        "{subject}: {rejected} {kind} orders in a row were rejected", "the next is tried at {again_at}", "{why}"
    ),
    "exit_not_confirmed": _info(
        "{subject}", "{reason} not on fresh quotes", "closing costs {cost_pts}", "SPX {spx_pts}"
    ),
    "exit_rule_changed": _info("{setting} is {value}", "was {before} when {condors} were entered"),
    "exit_unwatched": _warning("{subject}", "{why}"),
    "condor_drifted": _info(
        "{subject} to {drift_level}",
        "drift {drift} past {limit}",
        "SPX {spx_pts}",
        "{would}",
        "delta {delta_usd} a point",
        "time value {extrinsic_left_pct} of the credit",
        "the move has brought {pnl_by_drift_usd}",
    ),
    "drift_eased": _debug("{subject} to {drift_level}", "drift {drift}", "SPX {spx_pts}"),
    "adjustment_decided": _info("{subject}", "{side} side to {strikes}", "mid {mid_pts}"),
    "adjustment_skipped": _info("{subject}", "{why}"),
}

_HEDGE: Final = {
    "macro_files_kept": _warning("{text}", "the figures read before stay in use"),
    "theta_press_found": _warning("Temporal Theta Cash Press: {text}"),
    "event_uncovered": _warning("{text}"),
    "monitors_looked": _info("{chains}", "{lines} lines", "{beyond} beyond their limit"),
    "arbitrage_seen": _warning("{kind} of {subject} is {value}", "its limit is {limit}", "{unit}", "{text}"),
    "signals_read": _info("{says}", "{fresh} fresh", "{stale} stale", "{missing} missing"),
    "hedge_computed": _info(
        "VIX {vix}",
        "regime {regime}",
        "{pct} of {wing_notional_usd}",
        "target {target_usd}",
        "held {held_usd}",
        "{targets}",
    ),
    "hedge_adjusted": _info("multiplier {multiplier}", "shift {shift_pct}", "applied {applied}"),
    "hedge_rolled": _info("{layer} into {contract}", "{bought} bought", "{sold} sold"),
    "hedge_harvested": _info("{layer} sold {sold} of {held} {contract}", "{why}", "{routed}"),
    "hedge_resized": _info("{result}", "{why}", "target {target}"),
    "hedge_traded_beside": _info("{subject}", "{quantity} {contract}", "{why}"),
    "hedge_unit_unpriced": _info("{subject} keeps {held} {contract}", "{why}"),
    "hedge_skipped": _info("{job}", "{why}"),
    "hedge_policy_unapproved": _warning(
        "the settings ask for hedge policy {asked}",
        "{in_force} stays in force",
        "{signed} of {needed} approvals",
        "signed by {by}",
        "still to sign: {open}",
        "{changes}",
    ),
    "hedge_policy_withdrawn": _info("hedge policy {asked} is no longer asked for", "{in_force} is in force"),
    "hedge_policy_approved": _info("{by} approves hedge policy {asked}", "{why}"),
    "approval_refused": _warning("{why}"),
    "hedge_policy_adopted": _info("hedge policy {asked} is in force", "decided by {by}", "{changes}"),
}

VOCABULARY: Final[Mapping[str, Word]] = MappingProxyType(
    {**_LIFE, **_JOBS, **_LINK, **_ORDERS, **_BOOK, **_CONDOR, **_HEDGE}
)
