"""Settings that are fine alone and wrong together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from daemon.core.calendar.sessions import sessions_between
from daemon.core.condor.policy import DriftMode, StrikesBy, WingsBy
from daemon.core.hedge.policy import (
    DRIFT,
    SLEEVE,
    DriftUpside,
    HedgeMeasure,
    HedgeSplit,
    HedgeTotal,
    Instrument,
    LayerStructure,
)
from daemon.core.hedge.rolls import session_without_expiry
from daemon.settings.beside_group import call_policy, spread_policy
from daemon.settings.fields import GatewayMode, Synchronous
from daemon.settings.hedge_group import HedgeSettings
from daemon.settings.model import Settings, layer_policy
from daemon.settings.names import PREFIX

LIVE_PORTS: Final = (4001, 7496)
"""Ports of a live IB Gateway and a live TWS as both come configured (Interactive Brokers, TWS API, initial set-up)."""
_LAST_TRADE: Final = time(16, 0)
"""When an expiring SPXW series stops trading (Cboe contract specifications)."""
_HARDLY_HEDGED_DTE: Final = 1

LISTED_YEAR: Final = (date(2026, 1, 2), date(2026, 12, 31))
"""A year whose listed VIX expiries stand for any: windows are tried on each of its sessions."""
WHOLE: Final = 10
"""Tenths that the weights of the layers make together: 4 + 4 + 2 (000-02)."""

_BARE: Final = "on a session like {bare} no {kind} expiry is listed in this window or a week above it; widen it"

MEASURES: Final = MappingProxyType(
    {
        Instrument.SPX_PUT_SPREAD: (HedgeMeasure.DELTA_DOLLARS, HedgeMeasure.PREMIUM),
        Instrument.VIX_FUTURE: (HedgeMeasure.DELTA_DOLLARS, HedgeMeasure.VIX_NOTIONAL),
    }
)
"""What each kind of contract but VIX calls can be counted in: an SPX put has no VIX notional, a future no premium."""

LEGS: Final = 4
"""Contracts of one condor."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """The names that do not go together, and the rest of the sentence."""

    names: tuple[str, ...]
    text: str


def conflicts(settings: Settings) -> Iterator[Conflict]:
    """Find every set of settings that contradict each other."""
    yield from _gateway(settings)
    yield from _schedule(settings)
    yield from _condor(settings)
    yield from _hedge(settings)
    yield from _risk(settings)
    yield from _rising(settings.alert, "alert", "kind_per_hour", "per_hour")
    yield from _metrics(settings)


def _named(group: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{PREFIX}{group}_{name}".upper() for name in names)


def _rising(settings: object, group: str, *names: str, strictly: bool = False) -> Iterator[Conflict]:
    """Each setting must not be above the next; ``strictly``: must be below it."""
    for low, high in pairwise(names):
        first, second = getattr(settings, low), getattr(settings, high)
        if first > second or (strictly and first == second):
            wanted = "must be below" if strictly else "must not be above"
            yield Conflict(_named(group, low, high), f"the first {wanted} the second")


def _metrics(settings: Settings) -> Iterator[Conflict]:
    gateway, metrics = settings.gateway, settings.metrics
    if gateway.mode is GatewayMode.IB and metrics.port == gateway.port:
        yield Conflict((*_named("gateway", "port"), *_named("metrics", "port")), "a port has room for one of them")


def _gateway(settings: Settings) -> Iterator[Conflict]:
    gateway = settings.gateway
    yield from _rising(gateway, "gateway", "reconnect_min_s", "reconnect_max_s")
    if gateway.mode is not GatewayMode.IB:
        return
    if gateway.port in LIVE_PORTS and not gateway.allow_live_port:
        text = "this port is usual for live trading; take 4002 or 7497, or allow it if a paper account is behind it"
        yield Conflict(_named("gateway", "port", "allow_live_port"), text)
    if settings.store.synchronous is Synchronous.OFF:
        text = "with a broker account the book must survive a power cut; take FULL"
        yield Conflict((*_named("store", "synchronous"), *_named("gateway", "mode")), text)


def _schedule(settings: Settings) -> Iterator[Conflict]:
    schedule = settings.schedule
    yield from _rising(schedule, "schedule", "condor_entry", "condor_entry_until", strictly=True)
    yield from _rising(schedule, "schedule", "condor_entry_until", "hedge_resize")
    yield from _rising(schedule, "schedule", "settlement", "end_of_day", strictly=True)
    window_s = _seconds(settings)
    if window_s > 0 and settings.condor.ladder_step_s > window_s:
        names = (*_named("condor", "ladder_step_s"), *_named("schedule", "condor_entry", "condor_entry_until"))
        yield Conflict(names, "the working order would be cancelled before its first step")


def _seconds(settings: Settings) -> float:
    """Return how long an entry order may work."""
    day = datetime.min.date()  # noqa: DTZ901 -- any day; the difference of two times of one day has no zone
    entry, until = settings.schedule.condor_entry, settings.schedule.condor_entry_until
    return (datetime.combine(day, until) - datetime.combine(day, entry)).total_seconds()


def _condor(settings: Settings) -> Iterator[Conflict]:
    condor = settings.condor
    yield from _rising(condor, "condor", "dte_min", "dte_target", "dte_max")
    yield from _rising(condor, "condor", "short_delta_min", "short_delta", "short_delta_max")
    yield from _rising(condor, "condor", "vix_gate_min", "vix_gate_max", strictly=True)
    yield from _strikes(settings)
    yield from _wings(settings)
    yield from _same_session(settings)
    yield from _rising(condor, "condor", "drift_watch", "drift_adjust", "drift_defend", strictly=True)
    if condor.drift_hysteresis >= condor.drift_watch:
        text = "a drift once watched would be watched for ever; the first must be below the second"
        yield Conflict(_named("condor", "drift_hysteresis", "drift_watch"), text)
    if condor.time_exit_enabled and condor.time_exit_dte >= condor.dte_min:
        text = "a condor could be entered on the day it must be closed; the second must be below the third"
        yield Conflict(_named("condor", "time_exit_enabled", "time_exit_dte", "dte_min"), text)
    entry_usd = settings.risk.wing_notional_max_usd * condor.entry_risk_pct / 100
    width, width_pts = _narrowest(settings)
    if condor.enabled and entry_usd < width_pts * 100:
        names = (*_named("condor", "entry_risk_pct", width), *_named("risk", "wing_notional_max_usd"))
        text = f"an entry may risk {entry_usd:,.0f} USD and one condor risks {width_pts * 100:,} USD: none fits"
        yield Conflict(names, text)


def _narrowest(settings: Settings) -> tuple[str, int]:
    """Return the setting that says how narrow a condor may be, and its points."""
    condor = settings.condor
    by_points = condor.wings_by is WingsBy.POINTS
    return ("wing_pts", condor.wing_pts) if by_points else ("wing_min_pts", condor.wing_min_pts)


def _strikes(settings: Settings) -> Iterator[Conflict]:
    """What the short strikes are chosen by must be able to exist."""
    condor = settings.condor
    if condor.strikes_by is StrikesBy.EXPECTED_MOVE:
        yield from _rising(condor, "condor", "move_tolerance", "move_multiple", strictly=True)
    if condor.strikes_by is not StrikesBy.CREDIT:
        return
    yield from _rising(condor, "condor", "credit_tolerance_pts", "credit_target_pts", strictly=True)
    width, width_pts = _narrowest(settings)
    most = condor.credit_target_pts + condor.credit_tolerance_pts
    names = ("credit_target_pts", "credit_tolerance_pts")
    if most >= width_pts * len(condor.sides.rights):
        text = f"a side {width_pts} points wide cannot bring its share of a credit of {most} points"
        yield Conflict(_named("condor", *names, width), text)
    least = Decimal(str(condor.min_credit_pct)) * width_pts / 100
    if most < least:
        text = (
            f"credits up to {most} points are looked for and {least} are the least accepted: nothing would be entered"
        )
        yield Conflict(_named("condor", *names, "min_credit_pct", width), text)


def _wings(settings: Settings) -> Iterator[Conflict]:
    condor = settings.condor
    if condor.wings_by is not WingsBy.DELTA:
        return
    yield from _rising(condor, "condor", "wing_min_pts", "wing_max_pts")
    if condor.strikes_by is StrikesBy.DELTA:
        yield from _rising(condor, "condor", "wing_delta", "short_delta_min", strictly=True)


def _same_session(settings: Settings) -> Iterator[Conflict]:
    """A condor that expires in the session of its entry trades until the close and is gone after it."""
    condor = settings.condor
    if condor.dte_min > 0:
        return
    if condor.take_profit_enabled:
        text = "a condor that expires in the session of its entry rests no take-profit; switch it off"
        yield Conflict(_named("condor", "take_profit_enabled", "dte_min"), text)
    if settings.schedule.condor_entry_until >= _LAST_TRADE:
        text = f"a series that expires in the session of its entry stops trading at {_LAST_TRADE:%H:%M}"
        yield Conflict((*_named("schedule", "condor_entry_until"), *_named("condor", "dte_min")), text)


def remarks(settings: Settings) -> Iterator[str]:
    """Tell what is allowed and worth a look."""
    condor, hedge = settings.condor, settings.hedge
    if condor.enabled and hedge.enabled and condor.dte_max <= _HARDLY_HEDGED_DTE:
        (name,), (hedged,) = _named("condor", "dte_max"), _named("hedge", "enabled")
        yield (
            f"{name}={condor.dte_max} with {hedged}=true: a hedge of the rules' size changes the drawdown of condors "
            "with 0 or 1 day to expiry by at most 2 %"
        )


def _risk(settings: Settings) -> Iterator[Conflict]:
    condor, risk = settings.condor, settings.risk
    yield from _rising(risk, "risk", "session_loss_max_pct", "week_loss_max_pct")
    if risk.quick_ratio_min:
        yield from _rising(risk, "risk", "quick_ratio_hold_min", "quick_ratio_min")
    width, width_pts = _narrowest(settings)
    condors = int(risk.wing_notional_max_usd * condor.entry_risk_pct / 100 / (width_pts * 100))
    contracts = condors * LEGS
    if condor.enabled and contracts > risk.session_contracts_max:
        names = (
            *_named("risk", "session_contracts_max", "wing_notional_max_usd"),
            *_named("condor", "entry_risk_pct", width),
        )
        text = f"one entry may be of {condors} condors, which are {contracts} contracts: it would halt the program"
        yield Conflict(names, text)


def _hedge(settings: Settings) -> Iterator[Conflict]:
    hedge = settings.hedge
    edges = ("low_vix_from", "moderate_vix_from", "high_vix_from", "high_vix_to")
    yield from _rising(hedge, "hedge", *edges, strictly=True)
    for band in ("low", "moderate", "high"):
        yield from _rising(getattr(hedge, band), f"hedge_{band}", "pct_min", "pct_max")
    yield from _bands_apart(settings)
    if 2 * hedge.hysteresis_pts >= hedge.high_vix_from - hedge.moderate_vix_from > 0:
        names = _named("hedge", "hysteresis_pts", "moderate_vix_from", "high_vix_from")
        yield Conflict(names, "the moderate regime must be wider than twice the hysteresis")
    for layer in ("l1", "l2", "l3"):
        yield from _layer(settings, layer)
    weights = (hedge.l1.weight, hedge.l2.weight, hedge.l3.weight)
    if hedge.enabled and sum(weights) != WHOLE:
        names = _named("hedge", "l1_weight", "l2_weight", "l3_weight")
        yield Conflict(names, f"they are tenths of the hedge and must add up to {WHOLE}, not {sum(weights)}")
    yield from _mixed(settings)
    yield from _drift(settings)
    for name in (DRIFT, SLEEVE):
        yield from _spread(settings, name)
    yield from _etf(settings)
    yield from _rising(hedge.adjust, "hedge_adjust", "rsi_low", "rsi_middle", "rsi_high", strictly=True)
    yield from _rising(hedge.adjust, "hedge_adjust", "cost_low_pct", "cost_high_pct")


def _mixed(settings: Settings) -> Iterator[Conflict]:
    """Contracts of different kinds are not counted together: dollars of one measure share the hedge out."""
    hedge = settings.hedge
    layers = {name: getattr(hedge, name) for name in ("l1", "l2", "l3")}
    others = [name for name, layer in layers.items() if layer.weight and layer.instrument is not Instrument.VIX_CALL]
    if not (hedge.enabled and others):
        return
    names = _named(f"hedge_{others[0]}", "instrument")
    if hedge.split is not HedgeSplit.DOLLARS:
        text = "contracts of different kinds share out no number of contracts; take dollars"
        yield Conflict((*names, *_named("hedge", "split")), text)
    if hedge.total not in (HedgeTotal.REGIME, HedgeTotal.FLAT):
        text = "a number of contracts of different kinds says nothing; take regime or flat"
        yield Conflict((*names, *_named("hedge", "total")), text)
    for name in others:
        measures = MEASURES[layers[name].instrument]
        if hedge.measure not in measures:
            text = f"the first has no such measure; take {' or '.join(measures)}"
            yield Conflict((*_named(f"hedge_{name}", "instrument"), *_named("hedge", "measure")), text)


def _drift(settings: Settings) -> Iterator[Conflict]:
    drift = settings.hedge.drift
    yield from _rising(drift, "hedge_drift", "credit_pct", "credit_max_pct")
    if drift.upside is DriftUpside.ADJUST and settings.condor.drift_mode is not DriftMode.ACT:
        names = (*_named("hedge_drift", "upside"), *_named("condor", "drift_mode"))
        yield Conflict(
            names, "adjust leaves a drift upwards to the condors, which only watch it; let them act, or ignore it"
        )


def _spread(settings: Settings, name: str) -> Iterator[Conflict]:
    spread, group = getattr(settings.hedge, name), f"hedge_{name}"
    yield from _rising(spread, group, "dte_min", "dte_target", "dte_max")
    yield from _rising(spread, group, "otm_pct", "short_otm_pct", strictly=True)
    if spread.dte_min <= spread.dte_max and spread != getattr(HedgeSettings(), name):
        bare = session_without_expiry(spread_policy(name, spread), sessions_between(*LISTED_YEAR))
        if bare is not None:
            yield Conflict(_named(group, "dte_min", "dte_max", "monthly_only"), _BARE.format(bare=bare, kind="VIX"))


def _etf(settings: Settings) -> Iterator[Conflict]:
    etf, group = settings.hedge.etf, "hedge_etf"
    yield from _rising(etf, group, "dte_min", "dte_target", "dte_max")
    yield from _rising(etf, group, "sell_dte", "dte_min", strictly=True)
    if etf.dte_min <= etf.dte_max and etf != HedgeSettings().etf:
        bare = session_without_expiry(call_policy(etf), sessions_between(*LISTED_YEAR))
        if bare is not None:
            names = _named(group, "dte_min", "dte_max", "monthly_only")
            yield Conflict(names, _BARE.format(bare=bare, kind=etf.symbol))


def _bands_apart(settings: Settings) -> Iterator[Conflict]:
    hedge = settings.hedge
    for low, high in (("low", "moderate"), ("moderate", "high")):
        if getattr(hedge, low).pct_max > getattr(hedge, high).pct_min:
            names = _named("hedge", f"{low}_pct_max", f"{high}_pct_min")
            yield Conflict(names, "the bands overlap; the first must not be above the second")


def _layer(settings: Settings, name: str) -> Iterator[Conflict]:
    layer = getattr(settings.hedge, name)
    group = f"hedge_{name}"
    yield from _rising(layer, group, "dte_min", "dte_target", "dte_max")
    yield from _rising(layer, group, "min_buy_dte", "dte_max")
    yield from _rising(layer, group, "roll_days", "min_buy_dte", strictly=True)
    yield from _rising(layer, group, "roll_from_days", "roll_days", "roll_until_days")
    if layer.roll_until_days - layer.roll_from_days >= layer.roll_days:
        names = _named(group, "roll_from_days", "roll_days", "roll_until_days")
        yield Conflict(names, "the window of one roll would reach into that of the next; narrow it")
    if layer.structure is LayerStructure.CALL_SPREAD:
        yield from _rising(layer, group, "otm_pct", "short_otm_pct", strictly=True)
    yield from _rising(layer, group, "short_delta", "long_delta", strictly=True)
    in_order = layer.dte_min <= layer.dte_max and layer.min_buy_dte <= layer.dte_max
    if in_order and layer.weight and layer != getattr(HedgeSettings(), name):  # the defaults are tried by a test
        policy = layer_policy(name.upper(), layer)
        bare = session_without_expiry(policy, sessions_between(*LISTED_YEAR))
        if bare is not None:
            names = _named(group, "instrument", "dte_min", "min_buy_dte", "dte_max", "monthly_only")
            yield Conflict(names, _BARE.format(bare=bare, kind=policy.classes[0]))
