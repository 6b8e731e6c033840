"""The page of one session: fixed sections in a fixed order; and one line of it for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import wrap
from typing import Final

from daemon.report import day_sections as say
from daemon.report.day import DayView, attention, condor_decision, done_in_words
from daemon.report.limits import limits_section
from daemon.report.risk import risk_texts
from daemon.report.words import clipped, dollars, plural, reason_short

WIDTH: Final = 100
LABEL: Final = 12
"""Width of the column of headings."""
LINE_WIDTH: Final = 150
PROBLEM_WIDTH: Final = 40
SHORT_KINDS: Final = {"first purchase": "buy"}


@dataclass(frozen=True, slots=True)
class Section:
    """One heading, the texts beside it, and a table below it."""

    heading: str
    texts: tuple[str, ...]
    table: tuple[str, ...] = ()


def sections(view: DayView) -> tuple[tuple[Section, ...], ...]:
    """Return the sections of the page in their order, by group; one without content says so (docs/daily_log.md)."""
    limits = () if view.risk is None else view.risk.limits
    return (
        (_section("VERDICT", [verdict(view)]), _section("ATTENTION", say.attention_texts(view))),
        (
            _section("MARKET", say.market_texts(view)),
            _section("PROFIT", say.profit_texts(view)),
            _section("HEDGE", say.hedge_texts(view)),
        ),
        (
            _section("ENTRY", say.entry_texts(view)),
            _section("EXITS", say.exit_texts(view)),
            _section("FILLS", say.fill_texts(view)),
        ),
        (
            _section("CONDORS", say.condor_texts(view), say.condor_table(view)),
            _section("LAYERS", [say.held_words(view)], say.layer_section(view)),
        ),
        (
            _section("RISK", risk_texts(view.risk)),
            _section("LIMITS", limits_section(limits)),
            _section("RECONCILED", say.reconciled_texts(view)),
            _section("WARNINGS", say.warning_texts(view)),
            _section("JOBS", say.job_texts(view)),
            _section("LINK", say.link_texts(view)),
            _section("SETTINGS", say.settings_texts(view)),
        ),
        (_section("TOMORROW", say.tomorrow_texts(view.tomorrow)),),
    )


def _section(heading: str, texts: Iterable[str], table: Iterable[str] = ()) -> Section:
    return Section(heading, tuple(texts), tuple(table))


def render_day(view: DayView) -> str:
    """Write the page of the day."""
    title = f"{view.session:%A} {view.session}"
    lines = [f"{title}{view.mode:>{WIDTH - len(title)}}", "=" * WIDTH]
    for n, group in enumerate(sections(view)):
        lines += [""] * bool(n) + [line for section in group for line in _lines(section)]
    return "\n".join(lines) + "\n"


def _lines(section: Section) -> list[str]:
    """Write the texts beside the heading, each wrapped and its further lines indented; the table below, wrapped too."""
    texts = [line for text in section.texts for line in _wrapped(text, WIDTH - LABEL)]
    labels = [section.heading, *[""] * (len(texts) - 1)]
    beside = [f"{label:<{LABEL}}{text}" for label, text in zip(labels, texts, strict=True)]
    return [*beside, *(line for row in section.table for line in _wrapped(row, WIDTH))]


def _wrapped(text: str, width: int) -> list[str]:
    if len(text) <= width:
        return [text]
    indent = " " * (len(text) - len(text.lstrip()))
    return wrap(text.lstrip(), width, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False)


def verdict(view: DayView) -> str:
    """Return the session in one sentence: ok and what was done, or that it needs attention."""
    done = "; ".join(done_in_words(view))
    problems = len(attention(view))
    if problems:
        return f"ATTENTION: {plural(problems, 'thing needs', 'things need')} a hand; {done}."
    return f"ok: {done}; book and account agree."


def session_line(view: DayView) -> str:
    """Write one session in one line of at most 150 columns; what was decided is cut first."""
    day = view.closing.day
    if day is None:
        return clipped(f"{view.session}  ATTENTION: {'; '.join(attention(view))}", LINE_WIDTH)
    head = f"{view.session}  SPX {day.spx:.2f}  VIX {day.vix:.2f}  "
    earned = dollars(view.closing.pnl_day_usd_cents, signed=True).replace("$", "")
    money = f"NLV {round(day.net_liquidation_usd_cents / 100):,} ({earned})"
    problems = attention(view)
    end = f"ATTENTION: {clipped(problems[0], PROBLEM_WIDTH)}" if problems else "ok"
    tail = f" | {_hedge_words(view)} | {money} | {end}"
    room = LINE_WIDTH - len(head) - len(tail)
    words = next((text for text in _action_words(view) if len(text) <= room), _action_words(view)[-1])
    return head + clipped(words, room) + tail


def _action_words(view: DayView) -> tuple[str, ...]:
    """Return what became of the entry and how many condors ended, the longest wording first."""
    ended = f", {len(view.ended_condors)} ended" if view.ended_condors else ""
    filled = [order for order in view.entries if order.filled]
    if not filled:
        return (_skip_words(view) + ended,)
    order = filled[-1]
    price = "unknown" if order.fill_pts is None else f"{-order.fill_pts:.2f}"
    return tuple(f"entered {subject}{order.legs} @ {price}{ended}" for subject in (f"{order.subject} ", ""))


def _skip_words(view: DayView) -> str:
    if view.entries:
        order = view.entries[-1]
        return f"not filled: {order.legs} @ {-order.limit_pts:.2f} {order.state}"
    decision = condor_decision(view.decisions)
    if decision is None:
        return "no condor decision"
    return f"skipped: {reason_short(decision.reasons[0])}" if decision.reasons else "skipped, no reason recorded"


def _hedge_words(view: DayView) -> str:
    target = "unknown" if view.contracts_target is None else view.contracts_target
    kinds: dict[str, list[str]] = {}
    for change in view.changes:
        kinds.setdefault(SHORT_KINDS.get(change.kind, change.kind), []).append(change.layer)
    done = ", ".join(f"{kind} {'+'.join(layers)}" for kind, layers in kinds.items())
    return f"hedge {view.contracts_held} of {target}" + (f" ({done})" if done else "")
