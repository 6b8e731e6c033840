"""What the hedge holds beside its layers, as lines of a report: a ledger each, and the condors a spread is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from daemon.core.hedge.drift_hedge import bought
from daemon.core.hedge.policy import BESIDE, DRIFT
from daemon.core.hedge.sub_ledger import SubLedger, sub_ledger
from daemon.core.hedge.units import HedgeUnit, layer_holding
from daemon.core.orders.intent import Intent, Strategy
from daemon.report.closing import Closing
from daemon.report.words import UNKNOWN, columns, whole_dollars


@dataclass(frozen=True, slots=True)
class BesideLine:
    """One subject beside the layers: its ledger, and what each spread held was bought for."""

    subject: str
    ledger: SubLedger
    bought_for: Mapping[HedgeUnit, tuple[str, ...]]
    """The condors of each unit held, of the drift hedge alone."""


def beside_lines(end: Closing, intents: Iterable[Intent]) -> tuple[BesideLine, ...]:
    """Return a line of each subject beside the layers that ever traded."""
    traded = {entry.subject for entry in end.entries if entry.strategy is Strategy.HEDGE}
    return tuple(
        BesideLine(name, sub_ledger(end.entries, name, end.marks), _bought_for(name, end, intents))
        for name in BESIDE
        if name in traded
    )


def _bought_for(name: str, end: Closing, intents: Iterable[Intent]) -> dict[HedgeUnit, tuple[str, ...]]:
    if name != DRIFT:
        return {}
    purchases = bought(intent for intent in intents if intent.key.subject == DRIFT)
    return {
        unit: tuple(sorted({condor for each in purchases if each.unit == unit for condor in each.condors}))
        for unit in layer_holding(end.book.holdings[DRIFT].positions).units
    }


def beside_table(lines: Sequence[BesideLine]) -> list[str]:
    """Write the ledgers as a table."""
    if not lines:
        return []
    rows: list[Sequence[str]] = [("beside the layers", "cash", "cost of held", "worth", "realised", "profit and loss")]
    rows += [(line.subject, *map(_dollars, ledger_sums(line.ledger).values())) for line in lines]
    return columns(rows, "<>>>>>")


def beside_text(lines: Sequence[BesideLine]) -> list[str]:
    """Write the ledgers, and under them what the spreads held are for."""
    held = [(unit, condors) for line in lines for unit, condors in line.bought_for.items() if condors]
    return [*beside_table(lines), *(f"  {unit} is held for {', '.join(condors)}" for unit, condors in held)]


def ledger_sums(ledger: SubLedger) -> dict[str, float | None]:
    """Return the sums of a ledger by name, to the cent."""
    sums = {
        "cash_usd": ledger.cash_usd,
        "cost_usd": ledger.cost_usd,
        "value_usd": ledger.value_usd,
        "realised_usd": ledger.realised_usd,
        "pnl_usd": ledger.pnl_usd,
    }
    return {name: None if usd is None else round(usd, 2) for name, usd in sums.items()}


def _dollars(usd: float | None) -> str:
    return UNKNOWN if usd is None else whole_dollars(usd, signed=True)
