"""Several hedges over the same window, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean
from typing import Any, Final

from daemon.core.analysis.curves import Reduction
from daemon.core.book.book import EntryKind
from daemon.core.hedge.units import layer_holding
from daemon.core.orders.intent import Strategy
from daemon.core.records import DayRecord
from daemon.ports import Store
from daemon.report.analysis import Analysis, analyse
from daemon.report.words import columns, dollars, percent, plural, whole_dollars

Fill = tuple[date, str, int, int]
"""Session, contract, quantity and price in points x 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmFigures:
    """One arm over the window."""

    name: str
    analysis: Analysis
    contracts: tuple[int, ...]
    """Options of the hedge at each close, units of spreads counted once."""
    condor_fills: Counter[Fill]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How far two arms traded the same condors."""

    same: int
    of: int
    """Executions of the two together, those that both have counted once."""
    first_other: date | None
    """The first session with an execution that only one of them has."""


def arm_figures(name: str, store: Store, first: date, last: date) -> ArmFigures:
    """Read an arm; a session of it must have closed."""
    analysis = analyse(store, first, last)
    assert analysis is not None, "a rehearsal ends with its last session closed"
    fills = (
        (entry.session, str(entry.contract), entry.quantity, entry.price_pts100)
        for entry in store.entries()
        if entry.strategy is Strategy.CONDOR and entry.kind is EntryKind.TRADE
    )
    return ArmFigures(
        name=name,
        analysis=analysis,
        contracts=tuple(map(_held, store.days())),
        condor_fills=Counter(fills),
    )


def _held(day: DayRecord) -> int:
    layers: dict[str, dict[Any, int]] = {}
    for line in day.positions:
        if line.strategy == Strategy.HEDGE:
            layers.setdefault(line.subject, {})[line.contract] = line.quantity
    return sum(layer_holding(held).quantity for held in layers.values())


def likeness(one: ArmFigures, other: ArmFigures) -> Likeness:
    """Compare the executions of the condors of two arms."""
    same, either = one.condor_fills & other.condor_fills, one.condor_fills | other.condor_fills
    return Likeness(
        same=same.total(),
        of=either.total(),
        first_other=min((session for session, *_ in either - same), default=None),
    )


HEADINGS: Final = (
    "Arm",
    "Hedge, % of W a month",
    "Hedge",
    "Condors",
    "Together",
    "Max drawdown",
    "without",
    "smaller by",
    "Worst 5",
    "Calls, mean",
    "most",
)


def comparison_text(arms: Sequence[ArmFigures]) -> str:
    """Write one row an arm, then the crash windows, then how far the condors were the same."""
    rows = [HEADINGS, *(_row(arm) for arm in arms)]
    lines = ["THE SAME WINDOW WITH DIFFERENT HEDGES", *columns(rows, "<" + ">" * (len(HEADINGS) - 1))]
    windows = arms[0].analysis.crashes + arms[0].analysis.slow
    if windows:
        lines += ["", "DRAWDOWN INSIDE KNOWN WINDOWS", *columns(_window_rows(arms, windows), "<" + ">" * len(windows))]
    lines += ["", *_likeness_lines(arms)]
    lines.append(
        "  Without: the same fills of the same run, and nothing of its hedge. Measured here; nothing follows for"
    )
    lines.append("  another period.")
    return "\n".join(lines)


def _row(arm: ArmFigures) -> tuple[str, ...]:
    found = arm.analysis
    drawdown, worst, _ = found.losses
    return (
        arm.name,
        percent(found.moves[0].hedge_pct, digits=2, signed=True),
        whole_dollars(found.hedge_usd, signed=True),
        whole_dollars(found.condor_usd, signed=True),
        dollars(found.attribution.change_usd_cents, signed=True),
        whole_dollars(drawdown.hedged_usd),
        whole_dollars(drawdown.unhedged_usd),
        "" if drawdown.pct is None else percent(drawdown.pct),
        whole_dollars(worst.hedged_usd),
        f"{fmean(arm.contracts):.1f}",
        str(max(arm.contracts)),
    )


def _window_rows(arms: Sequence[ArmFigures], windows: Sequence[Reduction]) -> list[tuple[str, ...]]:
    heads = ("Arm", *(window.name + ("" if window.whole else " (part)") for window in windows))
    return [heads, *((arm.name, *map(_inside, arm.analysis.crashes + arm.analysis.slow)) for arm in arms)]


def _inside(window: Reduction) -> str:
    share = "" if window.pct is None else f" ({percent(window.pct, signed=True)})"
    return f"{whole_dollars(window.hedged_usd)}{share}"


def _likeness_lines(arms: Sequence[ArmFigures]) -> list[str]:
    """Say where the condors of an arm were others than those of the first."""
    lines = []
    for arm in arms[1:]:
        alike = likeness(arms[0], arm)
        if alike.first_other is None:
            words = f"the same {plural(alike.of, 'execution')} of condors as {arms[0].name}"
        else:
            words = (
                f"{alike.same} of {alike.of} executions of condors as {arms[0].name}, others from {alike.first_other}"
            )
        lines.append(f"  {arm.name}: {words}")
    return lines


def comparison_json(arms: Sequence[ArmFigures]) -> list[dict[str, Any]]:
    """Return the figures of each arm."""
    return [_arm_json(arm, arms[0]) for arm in arms]


def _arm_json(arm: ArmFigures, first: ArmFigures) -> dict[str, Any]:
    found, alike = arm.analysis, likeness(first, arm)
    losses = (*found.losses, *found.crashes, *found.slow)
    return {
        "arm": arm.name,
        "sessions": len(found.rows),
        "hedge_pct_of_w_a_month": found.moves[0].hedge_pct,
        "hedge_usd": found.hedge_usd,
        "condor_usd": found.condor_usd,
        "change_usd": found.attribution.change_usd_cents / 100,
        "losses": [
            {
                "name": one.name,
                "hedged_usd": one.hedged_usd,
                "unhedged_usd": one.unhedged_usd,
                "smaller_by_pct": one.pct,
            }
            for one in losses
        ],
        "contracts_mean": fmean(arm.contracts),
        "contracts_most": max(arm.contracts),
        "condor_fills_same": alike.same,
        "condor_fills": alike.of,
        "condor_fills_other_from": None if alike.first_other is None else alike.first_other.isoformat(),
    }
