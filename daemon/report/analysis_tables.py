"""The analyses of a period as tables, the same ones in a terminal and in the HTML report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from math import isinf
from typing import Final

from daemon.core.analysis.attribution import CALM_SPX_PCT, CALM_VIX_PTS, Slice
from daemon.core.analysis.betas import BETA_SESSIONS, Beta
from daemon.core.analysis.curves import WINDOW_SESSIONS_MIN, Reduction
from daemon.core.analysis.event_study import Bucket, FallStudy
from daemon.core.analysis.irr import RATE_SESSIONS_MIN, NoRate, Returns
from daemon.core.records import LayerExposure
from daemon.report.analysis import Analysis
from daemon.report.cells import Amount, Cell, Table, Unit, count, figure, gain, gain_cents, pct, usd
from daemon.report.words import UNKNOWN, percent, plural

SOURCES: Final = "sources_rows"


def analysis_tables(found: Analysis) -> tuple[Table, ...]:
    """Make every table of the analyses."""
    return (
        _sources(found),
        _losses(found),
        _moves(found),
        _states(found),
        _falls(found),
        _buckets(found.buckets),
        _returns(found),
        _betas(found),
        _greeks(found),
        _costs(found),
        _years(found),
    )


def _sources(found: Analysis) -> Table:
    split = found.attribution
    rows = [
        (
            Cell(total.name),
            gain_cents(total.cash_usd_cents, exact=True),
            gain_cents(-total.fees_usd_cents, exact=True),
            gain_cents(total.value_usd_cents, exact=True),
            gain_cents(total.usd_cents, exact=True),
        )
        for total in split.totals
    ]
    blank = Cell("")
    fees, change = (gain_cents(cents, exact=True) for cents in (-split.fees_usd_cents, split.change_usd_cents))
    rows += [
        (Cell("interest, rounding"), blank, blank, blank, gain_cents(split.other_usd_cents, exact=True)),
        (Cell("net liquidation"), blank, fees, blank, change),
    ]
    return Table(
        SOURCES,
        "Change of net liquidation by source",
        ("Source", "Cash", "Fees", "Change in value", "Gain"),
        "<>>>>",
        tuple(rows),
        "",
        last_is_total=True,
        note="Interest and rounding: what changed the account beside the book.",
    )


def _losses(found: Analysis) -> Table:
    losses = (*found.losses, *found.crashes, *found.slow)
    touched = "" if found.crashes else f"No known crash window has {WINDOW_SESSIONS_MIN} sessions in this period. "
    return Table(
        "losses_rows",
        "Losses with the hedge and without",
        ("Loss", "Sessions", "Without", "With", "The hedge made it"),
        "<>>><",
        tuple(_loss(loss) for loss in losses),
        "",
        note=f"{touched}Windows count the sessions inside this period. Without: the same fills, and nothing of the hedge. "
        "Measured here; nothing follows for another period.",
    )


def _loss(loss: Reduction) -> tuple[Cell, ...]:
    part = "" if loss.whole else f"in part, {loss.first} to {loss.last}"
    few = loss.hedged_usd is None
    return (
        Cell(loss.name, under=part),
        count(loss.sessions),
        Cell("too few sessions") if few else gain(loss.unhedged_usd),
        Cell("") if few else gain(loss.hedged_usd),
        Cell("" if few else _made(loss)),
    )


def _made(loss: Reduction) -> str:
    """Say what the hedge made of a loss."""
    if loss.pct is None:
        return "a loss of its own" if loss.hedged_usd else "no loss either way"
    if round(loss.pct, 1) == 0:
        return "no different"
    return f"{percent(abs(loss.pct))} {'smaller' if loss.pct > 0 else 'larger'}"


def _moves(found: Analysis) -> Table:
    note = (
        f"Calm: SPX less than {CALM_SPX_PCT:g} % from the close before and VIX at most {CALM_VIX_PTS:g} then: the carry. "
        "The falls: the convexity. % of W: of the hedge, in percent of the mean W of these sessions and 21 of them. "
        "Regimes are those of the last computation of each session."
    )
    rows = [*_slices(found.moves, found), *_slices(found.regimes, found, before="regime ")]
    return Table("moves_rows", "By move of SPX and by regime", *_slice_columns(found), tuple(rows), "", note=note)


def _states(found: Analysis) -> Table:
    lacking = ", ".join(f"{name} {count}" for name, count in found.unknown_signals.items())
    return Table(
        "states_rows",
        "By what the signals said before the session",
        *_slice_columns(found),
        tuple(_slices(found.states, found)),
        "No signal is recorded in this period.",
        folded=True,
        note=f"Stale or missing, in sessions: {lacking}." if lacking else "",
    )


def _slice_columns(found: Analysis) -> tuple[tuple[str, ...], str]:
    layers = found.sources[1:]
    return ("Sessions", "Count", "Condors", "Hedge", *layers, "% of W"), "<" + ">" * (4 + len(layers))


def _slices(slices: Iterable[Slice], found: Analysis, *, before: str = "") -> list[tuple[Cell, ...]]:
    rows = []
    for one in slices:
        layers = [gain(one.gains_usd[name]) if one.sessions else Cell("") for name in found.sources[1:]]
        sums = [gain(one.condor_usd), gain(one.hedge_usd)] if one.sessions else [Cell(""), Cell("")]
        share = pct(one.hedge_pct, digits=2, signed=True) if one.hedge_pct is not None else Cell("")
        rows.append((Cell(f"{before}{one.name}"), _count(one.sessions), *sums, *layers, share))
    return rows


def _falls(found: Analysis) -> Table:
    rows = [_fall(study) for study in found.falls if study.count]
    return Table(
        "falls_rows",
        "Falls of SPX over 3, 5 and 7 sessions",
        ("Fall", "Stretches", "Condors", "Hedge", "Worst", "Best", "Repaid", "Month of theta", "Gained more"),
        "<>>>>>>>>",
        tuple(rows),
        _never(found.falls).strip(),
        note=f"{_never(found.falls)}Stretches overlap. Means in dollars; repaid is the hedge over the loss of the condors. "
        "A month of theta is 30 days of the hedge's at the close before; gained more counts the stretches in which "
        "the hedge gained more than that.",
    )


def _fall(study: FallStudy) -> tuple[Cell, ...]:
    return (
        Cell(f"{study.length} sessions {study.fall_pct:+.0f} %"),
        Cell(f"{study.count} in {study.episodes}"),
        gain(study.condor_mean_usd),
        gain(study.hedge_mean_usd),
        gain(study.hedge_worst_usd),
        gain(study.hedge_best_usd),
        Cell("") if study.repaid_pct is None else pct(study.repaid_pct),
        gain(study.month_theta_usd),
        Cell(f"{study.paid} of {study.theta_known}" if study.theta_known else UNKNOWN),
    )


def _never(falls: Iterable[FallStudy]) -> str:
    """Say which falls did not happen."""
    lacking = groupby((study for study in falls if not study.count), key=lambda study: study.length)
    words = [f"no {n}-session fall of {_least(studies)} %" for n, studies in lacking]
    text = ", ".join(words)
    return f"{text[0].upper()}{text[1:]} in this period. " if text else ""


def _least(studies: Iterable[FallStudy]) -> str:
    *all_but_last, last = [f"{-study.fall_pct:g}" for study in studies]
    return f"{', '.join(all_but_last)} or {last}" if all_but_last else last


def _buckets(buckets: Sequence[Bucket]) -> Table:
    return Table(
        "buckets_rows",
        "By the move of SPX over 5 sessions",
        ("SPX in 5 sessions", "Moves", "Condors", "Hedge", "Hedge, % of W", "Reference"),
        "<>>>>>",
        tuple(_bucket(bucket) for bucket in buckets),
        "",
        note="Mean gains of overlapping moves. Reference: a fixed 4/4/2 hedge on 100,000 dollars of W in a model of daily "
        "closes, 2007 to 2026.",
    )


def _bucket(bucket: Bucket) -> tuple[Cell, ...]:
    if isinf(bucket.low_pct):
        name = f"below {bucket.high_pct:g} %"
    elif isinf(bucket.high_pct):
        name = f"{bucket.low_pct:g} % and more"
    else:
        name = f"{bucket.low_pct:g} to {bucket.high_pct:g} %"
    return (
        Cell(name),
        _count(bucket.count),
        gain(bucket.condor_usd) if bucket.count else Cell(""),
        gain(bucket.hedge_usd) if bucket.count else Cell(""),
        Cell("") if bucket.hedge_pct is None else pct(bucket.hedge_pct, digits=2, signed=True),
        pct(bucket.reference_pct, signed=True),
    )


def _returns(found: Analysis) -> Table:
    return Table(
        "returns_rows",
        "Return on margin a year, by the flows of money",
        ("Sessions", "Count", "Condors alone", "With the hedge", "The hedge takes a month"),
        "<>>>>",
        tuple(_rates(one) for one in found.returns),
        "",
        note="Internal rates: margin given and taken back, credits, debits, fees and settlements, what is held at both ends at "
        f"its marks. Fewer than {RATE_SESSIONS_MIN} sessions are too short for a yearly rate, and there is none where more was "
        "lost than was invested.",
    )


def _rates(one: Returns) -> tuple[Cell, ...]:
    drag = Cell("") if one.drag_bp is None else figure(Amount(one.drag_bp, Unit.BASIS_POINTS, signed=True))
    return (
        Cell(one.name),
        _count(one.sessions),
        *(_rate(rate) for rate in (one.unhedged, one.hedged)),
        drag,
    )


def _rate(rate: float | NoRate) -> Cell:
    if isinstance(rate, NoRate):
        return Cell(str(rate))
    return pct(100 * rate, digits=0 if abs(rate) >= 10 else 1, signed=True)


def _betas(found: Analysis) -> Table:
    rows = [
        row
        for name, betas in (("condors", found.condor_betas), ("hedge", found.hedge_betas))
        for row in _beta_rows(name, betas)
    ]
    return Table(
        "betas_rows",
        f"Betas over {BETA_SESSIONS} sessions",
        ("Source", "For", "Last", "Mean", "Lowest", "Highest", "R\N{SUPERSCRIPT TWO} at last"),
        "<<>>>>>",
        tuple(rows),
        f"There are no {BETA_SESSIONS} sessions in a row in this period.",
        note="Least squares of the gain of a session on the changes of SPX and VIX." if rows else "",
    )


def _beta_rows(name: str, betas: Sequence[Beta]) -> list[tuple[Cell, ...]]:
    if not betas:
        return []
    fit = betas[-1].r_squared
    table = {"1 % of SPX": [beta.spx_usd for beta in betas], "1 point of VIX": [beta.vix_usd for beta in betas]}
    return [
        (
            Cell(name),
            Cell(what),
            *(gain(amount) for amount in (values[-1], sum(values) / len(values), min(values), max(values))),
            figure(Amount(fit, Unit.NUMBER, 2)),
        )
        for what, values in table.items()
    ]


def _greeks(found: Analysis) -> Table:
    when = f" at the close of {found.greeks_of}" if found.greeks_of else ""
    empty = "The greeks of the layers were not recorded." if found.greeks is None else "Nothing of the hedge was held."
    return Table(
        "greeks_rows",
        f"Greeks of the layers{when}",
        ("Layer", "Held", "Delta-dollars", "Gamma", "Vega", "Theta"),
        "<>>>>>",
        tuple(_greek(layer) for layer in found.greeks or ()),
        empty,
        note="Gamma: change of the delta in dollars a point for a point of the future; vega for a volatility point; theta for "
        "a calendar day."
        if found.greeks
        else "",
    )


def _greek(layer: LayerExposure) -> tuple[Cell, ...]:
    greeks = layer.greeks
    known = (
        [usd(None)] * 3
        if greeks is None
        else [figure(Amount(greeks.gamma_usd, Unit.NUMBER, 1)), gain(greeks.vega_usd), gain(greeks.theta_usd)]
    )
    return (Cell(layer.layer), count(layer.contracts), usd(layer.delta_usd), *known)


def _costs(found: Analysis) -> Table:
    variance = found.variance
    unknown = f", {plural(variance.unknown, 'session')} unknown" if variance.unknown else ""
    rows = (
        (Cell("cost of the hedge"), usd(-found.hedge_usd)),
        (Cell("credits of the condors entered"), usd(found.credits_usd)),
        (Cell("cost over credits"), pct(found.cost_to_credits_pct)),
        (
            Cell(f"expected variance income{unknown}"),
            usd(variance.income_usd if variance.sessions else None),
        ),
        (Cell("cost of the hedge in the same sessions"), usd(variance.hedge_cost_usd)),
    )
    return Table(
        "costs_rows",
        "What the hedge cost, and what paid for it",
        ("What", "Dollars"),
        "<>",
        rows,
        "",
        note="A negative cost is a gain. Expected variance income: half of implied less realised variance, times the gamma "
        f"dollars of the condors; the hedge cost {'no more' if variance.covered else 'more'} than it.",
    )


def _years(found: Analysis) -> Table:
    rows = tuple(
        (
            Cell(str(one.year), under="" if one.whole else "so far"),
            *(
                usd(amount, digits=2, signed=True)
                for amount in (one.realised_usd, one.gain_usd, one.long_term_usd, one.short_term_usd)
            ),
        )
        for one in found.years
    )
    return Table(
        "years_rows",
        "Gains by year, after fees",
        ("Year", "Realised", "With open ones marked", "60 %", "40 %"),
        "<>>>>",
        rows,
        "",
        note="Of the sessions of this period. For information, no tax advice: options on SPX and VIX count as Section 1256 contracts, marked at the end of the "
        "year, 60 % long-term and 40 % short-term.",
    )


def _count(value: int) -> Cell:
    return count(value) if value else Cell("none")


def tables_by_name(found: Analysis) -> Mapping[str, Table]:
    """Return the tables by name."""
    return {table.name: table for table in analysis_tables(found)}
