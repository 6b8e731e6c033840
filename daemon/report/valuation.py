"""Financial formulas on what is recorded of a period: cost of equity, cash-flow multiples, dividend, CAPM. Information only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean
from typing import Final

from daemon.core.analysis.betas import BETA_SESSIONS
from daemon.core.book.book import BookEntry, entry_cash_usd_cents
from daemon.core.hedge.signal_inputs import COST_SERIES
from daemon.core.hedge.signals import implied_cost
from daemon.core.market.macro import MacroData
from daemon.core.market.valuation import SyntheticDividend, price_to_cash_flow, required_return
from daemon.core.orders.intent import Strategy
from daemon.core.records import DayRecord, HedgeComputation, LayerComputation, PositionLine, Signal, Standing
from daemon.ports import Store
from daemon.report.analysis import Analysis
from daemon.report.words import percent, plural, whole_dollars

MONTH: Final = timedelta(days=30)
MONTH_DAYS: Final = 30
SESSIONS_A_YEAR: Final = 252
PCF_TARGET: Final = 0.5
"""Most that the hedge should be worth in months of credit (004-15)."""
VOLATILITY_PREMIUM: Final = -0.30
"""What a 30-day VIX future has earned per year (Eraker and Wu, J. of Financial Economics 125 (2017), 72-98)."""


@dataclass(frozen=True, slots=True)
class ValuationLine:
    """One figure with its unit and what it is; None where it is unknown."""

    name: str
    value: float | None
    unit: str
    text: str


def valuation_lines(store: Store, analysis: Analysis | None, days: Sequence[DayRecord]) -> tuple[ValuationLine, ...]:
    """Value the book at the last close of some days; nothing without days."""
    if not days:
        return ()
    last = days[-1]
    cost = _cost(store, last)
    computations = [found for found in store.hedge_computations() if found.session <= last.session]
    computation = computations[-1] if computations else None
    signals = [signal for signal in store.signals() if days[0].session <= signal.session <= last.session]
    return (
        cost,
        *_multiples(last, store.entries()),
        *_second_layer(computation, cost),
        *_dividend(store, days, computation, cost),
        *_capm(analysis, last, cost),
        *_betas(signals),
    )


def _cost(store: Store, last: DayRecord) -> ValuationLine:
    """Return the cost of equity that options imply: measured, else by VIX and over the riskless rate."""
    measured = [row for row in store.daily_values(COST_SERIES, last=SESSIONS_A_YEAR) if row.session <= last.session]
    if measured:
        text = f"{measured[-1].source}, {measured[-1].session}"
        return ValuationLine("cost of equity", 100 * measured[-1].value, "% a year", text)
    cost = implied_cost(MacroData(), last.session, last.vix)
    return ValuationLine("cost of equity", 100 * cost, "% a year", f"by VIX {last.vix:.2f}, over the riskless rate")


def _multiples(last: DayRecord, entries: Iterable[BookEntry]) -> tuple[ValuationLine, ...]:
    """Return what each layer is worth over the net condor credit of 30 days (PCF, 001-15, 004-15)."""
    first = last.session - MONTH
    condor = (entry for entry in entries if entry.strategy is Strategy.CONDOR)
    credit_usd = sum(entry_cash_usd_cents(entry) for entry in condor if first < entry.session <= last.session) / 100
    held = [line for line in last.positions if line.strategy == Strategy.HEDGE.value]
    worths = {name: _worth_usd([line for line in held if line.subject == name]) for name in {h.subject for h in held}}
    if not worths:
        return (ValuationLine("P/CF of the hedge", None, "times", "nothing is held"),)
    total = None if None in worths.values() else sum(usd for usd in worths.values() if usd is not None)
    rows = [(f"P/CF of {name}", usd) for name, usd in sorted(worths.items())] + [("P/CF of the hedge", total)]
    return tuple(_multiple(name, usd, credit_usd) for name, usd in rows)


def _worth_usd(lines: Sequence[PositionLine]) -> float | None:
    """Return what positions are worth; None when a mark is missing."""
    parts = [
        None if line.mark_pts is None else line.contract.premium_multiplier * line.quantity * line.mark_pts
        for line in lines
    ]
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def _multiple(name: str, worth_usd: float | None, credit_usd: float) -> ValuationLine:
    found = None if worth_usd is None else price_to_cash_flow(worth_usd, credit_usd)
    text = f"worth {whole_dollars(worth_usd)} over condor credits less debits of 30 days of {whole_dollars(credit_usd)}"
    if found is not None:
        text += f"; {'within' if found <= PCF_TARGET else 'above'} the target of {PCF_TARGET:g}"
    elif worth_usd is not None:
        text += "; none was retained"
    return ValuationLine(name, found, "times", text)


def _second_layer(computation: HedgeComputation | None, cost: ValuationLine) -> tuple[ValuationLine, ...]:
    """Return what a contract of the second layer costs in 30 days, against what the curve gives (001-13)."""
    if computation is None or len(computation.layers) < 2:
        return ()
    row: LayerComputation = computation.layers[1]
    if row.carry_usd is None or cost.value is None:
        return ()
    text, forward_pts = "expected for one contract, its cost of capital among it", row.vix_forward_pts
    if forward_pts is not None:
        above = percent(100 * (forward_pts / computation.vix - 1), signed=True)
        takes = "the curve takes" if forward_pts > computation.vix else "the curve gives"
        text += f"; its forward {forward_pts:.2f} is {above} from VIX: {takes}"
    return (ValuationLine(f"cost of {row.layer}", row.carry_usd, "$ in 30 days", text),)


def _dividend(
    store: Store, days: Sequence[DayRecord], computation: HedgeComputation | None, cost: ValuationLine
) -> tuple[ValuationLine, ...]:
    """Return what the condors have earned in 30 days less the hedge's expected carry, as a dividend (DDM, 004-21)."""
    last = days[-1]
    before = [day for day in store.days() if day.session <= last.session - MONTH]
    budget = None if computation is None else computation.sized.budget
    if not before or budget is None or cost.value is None:
        why = "it needs closing figures of 30 days and a computation of the hedge"
        return (ValuationLine("synthetic dividend", None, "$ a month", why),)
    earned_usd = (last.condor_pnl_usd_cents - before[-1].condor_pnl_usd_cents) / 100
    span = (last.session - before[-1].session).days
    risks = [risk for risk in store.risks() if risk.session <= last.session]
    found = SyntheticDividend(
        monthly_usd=earned_usd * MONTH_DAYS / span - budget.carry_usd,
        capital_usd=risks[-1].maintenance_margin_usd_cents / 100 if risks else 0.0,
        equity_cost=cost.value / 100,
    )
    text = f"condors {whole_dollars(earned_usd, signed=True)} in {plural(span, 'day')}, expected carry {whole_dollars(budget.carry_usd)}"
    lines = [ValuationLine("synthetic dividend", found.monthly_usd, "$ a month", text)]
    lines.append(_perpetuity(found))
    if found.capital_yield is not None:
        text = f"on margin of {whole_dollars(found.capital_usd)}; the cost of equity is {cost.value:.2f} %"
        lines.append(ValuationLine("its yield", 100 * found.capital_yield, "% a year", text))
    curve = next((row for row in store.signals(last.session) if row.name == "curve" and row.value is not None), None)
    if curve is not None:
        lines.append(ValuationLine("slope beside it", curve.value, "VIX3M / VIX", f"{curve.state} on {curve.as_of}"))
    return tuple(lines)


def _perpetuity(found: SyntheticDividend) -> ValuationLine:
    """Return what the dividends are worth for ever; nothing where they are paid in or the cost of equity is not above 0."""
    cost = f"{100 * found.equity_cost:.2f} % a year"
    if found.monthly_usd <= 0:
        return ValuationLine("its value", None, "$", "what is paid in has no value as a dividend")
    if found.equity_cost <= found.growth:
        return ValuationLine("its value", None, "$", f"a cost of equity of {cost} values no dividend")
    return ValuationLine("its value", found.value_usd, "$", f"12 of them at {cost}, without growth")


def _capm(analysis: Analysis | None, last: DayRecord, cost: ValuationLine) -> tuple[ValuationLine, ...]:
    """Return what 60 sessions earned against what their betas ask for, over the riskless rate (CAPM, 003-16)."""
    if analysis is None or not analysis.condor_betas or not analysis.hedge_betas or cost.value is None:
        why = f"betas need {BETA_SESSIONS} sessions in a row"
        return (ValuationLine("CAPM", None, "% a year", why),)
    spx_usd, vix_usd = (
        analysis.condor_betas[-1].spx_usd + analysis.hedge_betas[-1].spx_usd,
        analysis.condor_betas[-1].vix_usd + analysis.hedge_betas[-1].vix_usd,
    )
    worth_usd = last.net_liquidation_usd_cents / 100
    market, volatility = 100 * spx_usd / worth_usd, vix_usd * last.vix / worth_usd
    asked = required_return(
        0.0,
        market,
        market_premium=implied_cost(MacroData(), last.session, last.vix),
        volatility_beta=volatility,
        volatility_premium=VOLATILITY_PREMIUM,
    )
    rows = analysis.rows[-BETA_SESSIONS:]
    earned = sum(row.condor_usd + row.hedge_usd for row in rows) / worth_usd * SESSIONS_A_YEAR / len(rows)
    verdict = "as much as its betas ask for" if earned >= asked else "less than its betas ask for"
    text = f"{verdict}: beta {market:.3f} to SPX and {volatility:.3f} to VIX; {BETA_SESSIONS} sessions say little"
    return (
        ValuationLine("return asked for", 100 * asked, "% a year", "of net liquidation, over the riskless rate"),
        ValuationLine("return earned", 100 * earned, "% a year", text),
    )


def _betas(signals: Sequence[Signal]) -> tuple[ValuationLine, ...]:
    """Return the mean beta of VIX to SPX of the period, and by third of growth where that is known (000-23)."""
    fresh = [signal for signal in signals if signal.standing is Standing.FRESH]
    betas = {signal.session: signal.value for signal in fresh if signal.name == "vix_beta" and signal.value is not None}
    if not betas:
        return (ValuationLine("beta of VIX", None, "% for 1 % of SPX", "no session of the period knew it"),)
    thirds: dict[str, list[date]] = {}
    for signal in fresh:
        if signal.name == "gdp" and signal.session in betas:
            thirds.setdefault(signal.state, []).append(signal.session)
    rows = [("beta of VIX", [*betas])] + [(f"beta in {name} growth", found) for name, found in sorted(thirds.items())]
    return tuple(
        ValuationLine(
            name, fmean(betas[day] for day in found), "% for 1 % of SPX", f"mean of {plural(len(found), 'session')}"
        )
        for name, found in rows
    )
