"""Judging market data, permissions and hours by what a gateway answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from daemon.core.calendar.sessions import NEW_YORK, is_session, session
from daemon.core.doctor.check import Check, fail, ok, skipped, warn
from daemon.core.market.quotes import DataKind
from daemon.core.orders.broker_facts import Margin

NO_PREVIEW: Final = 360
_UNSUBSCRIBED: Final = frozenset({354, 10089, 10091, 10168, 10186})
_COMPETING: Final = 10197
_NO_LINE: Final = 101
_NO_PERMISSION: Final = frozenset({460, 10015})
_READ_ONLY: Final = "read-only"
_VALIDATION: Final = 321
_FREE: Final = frozenset({DataKind.DELAYED, DataKind.DELAYED_FROZEN})

_BUNDLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "data_spx": "CBOE Streaming Market Indexes",
        "data_vix": "CBOE Streaming Market Indexes",
        "data_vvix": "CBOE Streaming Market Indexes",
        "data_vx": "CFE Enhanced",
        "data_ad_nyse": "NYSE (Network A)",
        "data_spx_options": "OPRA (US Options Exchanges)",
        "data_vix_options": "OPRA (US Options Exchanges)",
    }
)
"""The broker's names of the subscriptions."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a question was not answered; ``code`` is the gateway's, None where it said nothing in time."""

    code: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one market-data line said within its time; prices in points."""

    kind: DataKind = DataKind.LIVE
    last: float | None = None
    bid: float | None = None
    ask: float | None = None
    refusal: Refusal | None = None

    @property
    def mid(self) -> float | None:
        """Return the mean of bid and ask in points, None without both."""
        return None if self.bid is None or self.ask is None else (self.bid + self.ask) / 2

    @property
    def value(self) -> str:
        """Write what came, empty for nothing."""
        if self.last is not None:
            return f"{self.last:g}"
        return f"{self.bid:g} / {self.ask:g}" if self.bid is not None and self.ask is not None else ""


@dataclass(frozen=True, slots=True)
class BrokerHours:
    """The liquid hours of the SPX index as the broker writes them; ``zone`` None: of no zone that is known."""

    text: str
    zone: str | None


def data_check(name: str, what: str, sample: Sample | Refusal, *, in_session: bool, needed: bool) -> Check:
    """Judge the data of one instrument; what is not ``needed`` for trading only warns."""
    bad = fail if needed else warn
    refusal = sample if isinstance(sample, Refusal) else sample.refusal
    if refusal is not None:
        text, fix = _refused(name, what, refusal)
        return (warn if refusal.code == _NO_LINE else bad)(name, text, fix, refusal.code)
    assert isinstance(sample, Sample), "what was not refused is a sample"
    if sample.kind in _FREE:
        return bad(name, f"{what}: {sample.kind} data only, which is never traded on", _subscribe(name), sample.kind)
    if sample.value:
        closed = "" if sample.kind is DataKind.LIVE else ", the last of a closed market"
        return ok(name, f"{what} {sample.value}, {sample.kind}{closed}", sample.kind)
    if in_session:
        return bad(
            name, f"{what}: not refused, and no value came", "look at the farms in the gateway's window; log in again"
        )
    return warn(name, f"{what}: not refused, and no value came outside trading hours", "look again in the session")


def _refused(name: str, what: str, refusal: Refusal) -> tuple[str, str]:
    if refusal.code in _UNSUBSCRIBED:
        return f"{what} is not subscribed (code {refusal.code})", _subscribe(name)
    if refusal.code == _COMPETING:
        return (
            f"{what}: another session of the login has the data (code {_COMPETING})",
            "log out of the other TWS, gateway, web or phone session of the user whose data are shared",
        )
    if refusal.code == _NO_LINE:
        return f"{what}: no market-data line is free (code {_NO_LINE})", "lower CONDORD_GATEWAY_MAX_LINES below 95"
    if refusal.code is None:
        return f"{what}: {refusal.text}", "look at the farms in the gateway's window; log in again"
    return f"{what}: {refusal.text}", "the broker's list of message codes explains it; look at the gateway's window"


def _subscribe(name: str) -> str:
    return f"subscribe to {_BUNDLES[name]} in the broker's account management, and share it with the paper user"


def says_read_only(answer: Margin | Refusal | None) -> bool:
    """Whether a preview was refused because the API takes no orders."""
    refused = isinstance(answer, Refusal) and answer.code == _VALIDATION
    return refused and isinstance(answer, Refusal) and _READ_ONLY in answer.text.lower()


def read_only_check(text: str) -> Check:
    """Return the check of an API that turned out to take no orders when one was previewed."""
    return fail("read_only", text, "untick 'Read-Only API' in the gateway's settings, API, Settings", _VALIDATION)


def permission_check(name: str, what: str, answer: Margin | Refusal, *, needed: bool) -> Check:
    """Judge the margin preview of an order, which is never transmitted."""
    bad = fail if needed else warn
    if isinstance(answer, Margin):
        if answer.initial_change_usd_cents is None:
            return warn(
                name, f"{what}: previewed without figures; the daemon enters no condor then",
                "look again in the session; what it says stays unknown till then",
            )  # fmt: skip
        usd = answer.initial_change_usd_cents / 100
        return ok(name, f"{what}: previewed, initial margin {usd:+,.0f} USD; nothing was sent", usd)
    if answer.code == NO_PREVIEW:
        text = f"{what}: the gateway previews no such order (code {NO_PREVIEW}), and without a preview none is entered"
        return bad(name, text, "install the stable version of the gateway, and look again in the session", NO_PREVIEW)
    if answer.code is None:
        return bad(name, f"{what}: {answer.text}", "look again; the daemon skips what is not previewed")
    granted = answer.code in _NO_PERMISSION or "permission" in answer.text.lower()
    fix = (
        "ask for option permissions (spreads, and volatility products) in the broker's account management"
        if granted
        else "what the broker says; look at the account's funds and at the gateway's precautions for API orders"
    )
    return bad(name, f"{what}: {answer.text}", fix, answer.code)


_SPAN: Final = re.compile(r"(?:(\d{8}):)?(\d{4})-(?:(\d{8}):)?(\d{4})")
_CLOSED: Final = "CLOSED"
_NOON: Final = time(12)


def read_hours(text: str, zone: ZoneInfo) -> dict[date, tuple[datetime, datetime] | None]:
    """Return the hours of each New York date that the broker tells, None for closed; the span around noon counts.

    Both spellings are read: ``20200302:0830-20200302:1500`` with further spans after ``;``, and the older
    ``20200302:0830-1500`` with further spans of the day after ``,``.
    """
    found: dict[date, tuple[datetime, datetime] | None] = {}
    for part in text.split(";"):
        told, _, spans = part.strip().partition(":")
        for span in spans.split(","):
            if span == _CLOSED:
                found.setdefault(date.fromisoformat(told), None)
            elif match := _SPAN.fullmatch(span):
                begin = _instant(match[1] or told, match[2], zone)
                end = _instant(match[3] or match[1] or told, match[4], zone)
                if begin <= datetime.combine(end.date(), _NOON, NEW_YORK) < end:
                    found[end.date()] = (begin, end)
    return found


def _instant(day: str, clock: str, zone: ZoneInfo) -> datetime:
    return datetime.strptime(day + clock, "%Y%m%d%H%M").replace(tzinfo=zone).astimezone(NEW_YORK)


def hours_check(answer: BrokerHours | Refusal, today: date) -> Check:
    """Hold the broker's hours of SPX against our own sessions, from today on."""
    name, again = "broker_hours", "look again in the session"
    if isinstance(answer, Refusal):
        return warn(name, answer.text, again, answer.code)
    if answer.zone is None:
        return warn(name, "the broker's hours are of no known time zone", "set the time zone in the gateway's settings")
    try:
        told = read_hours(answer.text, ZoneInfo(answer.zone))
    except ValueError:
        return warn(name, f"the broker's hours cannot be read: {answer.text[:60]!r}", again)
    days = sorted(day for day in told if day >= today)
    if not days:
        return warn(name, "the broker tells no hours of the coming days", again)
    wrong = [said for day in days if (said := _differs(day, told[day]))]
    if wrong:
        fix = "pip install --upgrade holidays; halt over that day: condord halt --reason TEXT"
        return fail(name, "; ".join(wrong), fix, len(wrong))
    return ok(name, f"{len(days)} days from {days[0]} to {days[-1]} agree with our calendar", len(days))


def _differs(day: date, told: tuple[datetime, datetime] | None) -> str:
    """Say how a day differs, empty when it does not; the index may end with itself or with its options."""
    if not is_session(day) or told is None:
        same = is_session(day) is (told is not None)
        return "" if same else f"{day}: the broker is {'closed' if told is None else 'open'}, and we are not"
    ours, (begin, end) = session(day), told
    if begin != ours.open_at:
        return f"{day}: the broker opens at {begin:%H:%M}, we at {ours.open_at.astimezone(NEW_YORK):%H:%M}"
    if end not in (ours.close_at, ours.options_close_at):
        return f"{day}: the broker closes at {end:%H:%M}, we at {ours.close_at.astimezone(NEW_YORK):%H:%M}"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFacts:
    """What was asked once a contact stood; a name that is absent was not asked, for ``why_not``."""

    samples: Mapping[str, Sample | Refusal]
    previews: Mapping[str, Margin | Refusal]
    hours: BrokerHours | Refusal
    why_not: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketPolicy:
    """What the data are held against."""

    today: date
    in_session: bool
    hedge: bool
    """Whether VIX options are traded."""
    futures: bool
    """Whether a setting trades VIX futures."""


WHAT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "data_spx": "SPX",
        "data_vix": "VIX",
        "data_vx": "the VIX future",
        "data_vvix": "VVIX",
        "data_ad_nyse": "AD-NYSE",
        "data_spx_options": "SPXW option",
        "data_vix_options": "VIX option",
        "permission_spx": "SPX condor",
        "permission_vix": "VIX call",
    }
)


def market_checks(facts: MarketFacts, policy: MarketPolicy) -> tuple[Check, ...]:
    """Judge data, permissions and hours."""
    needed = {"data_vx": policy.futures, "data_vvix": False, "data_ad_nyse": False}
    needed |= {"data_vix_options": policy.hedge, "permission_vix": policy.hedge}
    made = [
        data_check(name, WHAT[name], sample, in_session=policy.in_session, needed=needed.get(name, True))
        for name, sample in facts.samples.items()
    ]
    read_only = next((answer for answer in facts.previews.values() if says_read_only(answer)), None)
    made += [
        skipped(name, "the API is read-only")
        if read_only is not None
        else permission_check(name, WHAT[name], answer, needed=needed.get(name, True))
        for name, answer in facts.previews.items()
    ]
    made += [skipped(name, why) for name, why in facts.why_not.items()]
    if isinstance(read_only, Refusal):
        made.append(read_only_check(read_only.text))
    return (*made, hours_check(facts.hours, policy.today))
