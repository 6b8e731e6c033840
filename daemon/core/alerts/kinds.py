"""The table of alerts: which event alerts, at which level, what to do about it, and which event says that it is over."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from daemon.core.phrasing import sentence
from daemon.core.records import EventRecord, Level
from daemon.core.vocabulary import VOCABULARY


class AlertLevel(StrEnum):
    """How soon a person should look; a later one is more severe."""

    INFO = "info"
    """Good to know."""
    ATTENTION = "attention"
    """Needs a hand today; trading goes on, or refuses what it must."""
    URGENT = "urgent"
    """Something stands still, or is not watched, until a person acts."""

    @property
    def rank(self) -> int:
        """Return its place, the least severe first."""
        return [*AlertLevel].index(self)


Where = tuple[tuple[str, tuple[str, ...]], ...]
"""Fields of an event and the texts that each may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertKind:
    """One row: an event that alerts."""

    event: str
    level: AlertLevel
    title: str
    """What a person reads first."""
    todo: str
    """What to do about it; empty for nothing."""
    cause: str
    """What it is a sign of: several events may be signs of one."""
    subject: tuple[str, ...]
    """Fields that tell one cause of this kind from another."""
    where: Where
    says: tuple[str, ...]
    """Fields whose texts are told; empty for the sentence of the log."""
    patient: bool
    """Whether it often passes by itself, so that it is told only once it has lasted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One row: an event that says that a cause is gone."""

    event: str
    cause: str
    title: str
    """What is told then."""
    subject: tuple[str, ...] = ()
    where: Where = ()
    kept: bool = False
    """Whether the cause outlives a restart of the daemon; of others the daemon tells anew what still is."""
    remind: bool = True
    """Whether a person is reminded for as long as it lasts."""


LINK: Final = "link"
RUN_STATE: Final = "run_state"
_STOPPED: Final = (("state", ("HALTED", "EXITS_ONLY")),)
_BY_PROGRAM: Final = (("by", ("program",)),)
_LOST: Final = (("state", ("DOWN", "DEGRADED")),)
_LOOK: Final = "Read `condord log --errors`"
_GATEWAY: Final = "See whether IB Gateway runs and is logged in; the daemon connects again by itself"


def _row(  # noqa: PLR0913 -- a row has as many parts
    level: AlertLevel,
    event: str,
    title: str,
    todo: str,
    *,
    cause: str = "",
    subject: tuple[str, ...] = (),
    where: Where = (),
    says: tuple[str, ...] = (),
    patient: bool = False,
) -> AlertKind:
    return AlertKind(
        event=event,
        level=level,
        title=title,
        todo=todo,
        cause=cause or event,
        subject=subject,
        where=where,
        says=says,
        patient=patient,
    )


_urgent: Final = partial(_row, AlertLevel.URGENT)
_attention: Final = partial(_row, AlertLevel.ATTENTION)
_info: Final = partial(_row, AlertLevel.INFO)

KINDS: Final = (
    _urgent(
        "run_state_changed",
        "The program has stopped trading",
        f'{_LOOK}, mend the cause, then `condord resume --reason "..."`.',
        cause=RUN_STATE,
        where=_STOPPED + _BY_PROGRAM,
    ),
    _urgent(
        "daemon_failed",
        "The daemon has failed",
        f"{_LOOK}; `systemctl status condord` says whether it was started again.",
    ),
    _urgent(
        "gateway_refused",
        "The gateway cannot be used",
        "Log IB Gateway in to the paper account, or mend the settings the sentence names; then start the daemon.",
    ),
    _urgent(
        "exit_held_back",
        "An exit is rejected again and again",
        "Read `condord log --order` of it; close the condor in TWS if it cannot wait, then "
        '`condord reconcile --reason "..."`.',
        subject=("subject",),
    ),
    _urgent(
        "job_crashed",
        "Exits are not looked after",
        f"{_LOOK}; restart the daemon and report the error. Close by hand in TWS what cannot wait.",
        subject=("job",),
        where=(("job", ("exits", "last_resort")),),
    ),
    _attention(
        "daemon_unwell", "The daemon is not well", "Read `condord status`; systemd starts it again if it stays so."
    ),
    _attention("settings_unreadable", "A restart would fail", "Mend the settings: `condord config check`."),
    _attention("job_crashed", "A job has crashed", f"{_LOOK} and report the error.", subject=("job",)),
    _attention("job_failed", "A job has failed", "Read `condord why`.", subject=("job",)),
    _attention("job_missed", "A job was missed", "See why the daemon did not run: `condord log`.", subject=("job",)),
    _attention("check_failed", "A check failed", "Read `condord status`.", subject=("job",)),
    _attention("link_changed", "No link to the gateway", f"{_GATEWAY}.", cause=LINK, where=_LOST, patient=True),
    _attention(
        "link_dropped", "No link to the gateway", f"{_GATEWAY}.", cause=LINK, says=("why", "note"), patient=True
    ),
    _attention(
        "gateway_waiting", "No link to the gateway", f"{_GATEWAY}.", cause=LINK, says=("why", "note"), patient=True
    ),
    _attention(
        "data_lost", "Market data are missing", "See `condord status`.", subject=("data",), says=("text",), patient=True
    ),
    _attention(
        "clock_skew_found",
        "The clocks differ",
        "Set the clock of this host by NTP: `timedatectl status`.",
    ),
    _attention("log_failed", "The log cannot be written", "Make room on the disk, or mend the rights of the folder."),
    _attention(
        "order_rejected", "An order was rejected", "Read `condord log --errors`; five in a row halt the program."
    ),
    _attention(
        "order_unknown",
        "The state of an order is not known",
        "Wait: the daemon looks for evidence. If it stays so, compare `condord book` with TWS.",
        subject=("order_ref",),
        patient=True,
    ),
    _attention(
        "break_found",
        "Book and account differ",
        'Read docs/reconciliation.md, then `condord reconcile --reason "..."`.',
        subject=("text",),
    ),
    _attention(
        "execution_corrected", "The broker has corrected an execution", "Compare `condord book` with the statement."
    ),
    _attention(
        "net_price_differs", "A fill is not at the price of its legs", "Compare `condord book` with the statement."
    ),
    _attention(
        "pnl_unexplained", "Profit is not explained", "Compare the statement of the account with `condord book`."
    ),
    _attention(
        "settlement_awaited",
        "A settlement value is missing",
        "Wait a session; if it stays so, compare the account with `condord book`.",
        subject=("contract",),
    ),
    _attention(
        "limit_breached",
        "A limit is passed",
        "Read `condord status`; docs/risk.md says what it stops.",
        subject=("limit",),
    ),
    _attention("exit_postponed", "An exit is postponed", "Read `condord why`.", subject=("subject",)),
    _attention("exit_unwatched", "A condor is not watched", "Read `condord why`.", subject=("subject",)),
    _attention("hedge_policy_unapproved", "A change of the hedge waits for approval", "`condord approve show`."),
    _attention("approval_refused", "An approval was refused", "`condord approve log`."),
    _attention("macro_files_kept", "A file of macro figures is wrong", "Mend the file that the sentence names."),
    _info("settings_warned", "A setting is worth a look", "`condord config check`.", subject=("text",)),
    _info(
        "run_state_changed",
        "A person has stopped trading",
        '`condord resume --reason "..."` ends it.',
        cause=RUN_STATE,
        where=_STOPPED,
    ),
    _info("daemon_started", "The daemon has started", ""),
    _info("daemon_stopped", "The daemon has stopped", "See `systemctl status condord`, if no person has stopped it."),
    _info("order_filled", "An order has filled", "", subject=("order_ref",)),
    _info("position_settled", "A position has settled", ""),
    _info("condor_drifted", "A condor has drifted", "`condord why` shows what follows.", subject=("subject",)),
    _info("hedge_policy_adopted", "Another hedge policy is in force", ""),
    _info("hedge_policy_withdrawn", "A change of the hedge was withdrawn", ""),
    _info("event_uncovered", "An event is not covered by L1", "docs/signals.md says what it means."),
    _info("theta_press_found", "A signal warns", "docs/signals.md says what it means."),
    _info(
        "arbitrage_seen", "Option chains look odd", "`condord monitors`; nothing is traded on it.", subject=("kind",)
    ),
)
"""Every alert. Of several rows of one event the first that fits holds."""

ENDINGS: Final = (
    Ending(event="link_changed", cause=LINK, title="The link is up again", where=(("state", ("SYNCED",)),)),
    Ending(event="daemon_recovered", cause="daemon_unwell", title="The daemon is well again"),
    Ending(event="data_regained", cause="data_lost", title="The data are there again", subject=("data",)),
    Ending(
        event="limit_kept", cause="limit_breached", title="Within its limit again", subject=("limit",), remind=False
    ),
    Ending(event="break_cleared", cause="break_found", title="Book and account agree in it", subject=("text",)),
    Ending(event="log_recovered", cause="log_failed", title="The log is written again"),
    Ending(
        event="run_state_changed",
        cause=RUN_STATE,
        title="Trading goes on",
        where=(("state", ("RUNNING",)),),
        kept=True,
    ),
    *(
        Ending(
            event=event,
            cause="order_unknown",
            title="The state of the order is known again",
            subject=("order_ref",),
            kept=True,
        )
        for event in (
            "order_acknowledged",
            "order_filled",
            "order_cancelled",
            "order_rejected",
            "order_expired",
            "order_absent",
        )
    ),
)
"""Every event that ends a cause. What no event ends is over when it has not come again for a while."""

NOT_ALERTED: Final = {
    "order_message": "a word of the broker about one order; what becomes of the order alerts by itself",
    "order_absent": "the end of an unknown state: what was not sent twice is not missing",
    "metrics_failed": "who watches the metrics sees that they are missing",
    "alert_failed": "an alert about failed alerts would go round in a circle; the next message counts it",
}
"""Warnings and errors that alert nobody, each with the reason."""

_SEVERITY: Final = [*Level]


def kind_of(event: EventRecord) -> AlertKind | None:
    """Return the row that an event alerts by; None for one that does not.

    An event that was written less severely than usual repeats what was told, or heals itself, and does not.
    """
    word = VOCABULARY.get(event.name)
    if word is None or _SEVERITY.index(event.level) < _SEVERITY.index(word.level):
        return None
    return next((row for row in KINDS if row.event == event.name and _fits(row.where, event)), None)


def endings_of(event: EventRecord) -> tuple[Ending, ...]:
    """Return the rows of what an event ends."""
    return tuple(row for row in ENDINGS if row.event == event.name and _fits(row.where, event))


def ending_of_cause(cause: str) -> Ending | None:
    """Return how a cause ends; None where no event says so."""
    return next((row for row in ENDINGS if row.cause == cause), None)


def subject_of(event: EventRecord, fields: tuple[str, ...]) -> str:
    """Return what an event is about, to tell one cause from another."""
    return " ".join(str(event.fields.get(name, "")) for name in fields)


def text_of(row: AlertKind, event: EventRecord) -> str:
    """Return what an event says to a person who does not look at the log."""
    if not row.says:
        return sentence(event.name, event.fields)
    return " ".join(str(event.fields[name]) for name in row.says if event.fields.get(name))


def _fits(where: Where, event: EventRecord) -> bool:
    return all(str(event.fields.get(name)) in allowed for name, allowed in where)
