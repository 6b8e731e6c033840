"""Records as rows and back: text for instants and dates, JSON for lists and mappings."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.condor.legs import CondorLegs, Vertical
from daemon.core.hedge.governance import Act, GovernanceEntry, Step
from daemon.core.hedge.policy import BESIDE
from daemon.core.market.contracts import ConId, OptionContract, Right, TradingClass
from daemon.core.orders.broker_facts import ExecId
from daemon.core.orders.intent import (
    ComboPrice,
    FillMarket,
    Intent,
    IntentKey,
    IntentState,
    Leg,
    OrderRef,
    OrderSpec,
    PermId,
    Purpose,
    Reason,
    Strategy,
    TimeInForce,
)
from daemon.core.records import (
    CondorBreakEvens,
    CondorRecord,
    DailyValue,
    DayRecord,
    Decision,
    DecisionKind,
    EventRecord,
    HedgeBudget,
    HedgeComputation,
    HedgeSizing,
    JobOutcome,
    LayerComputation,
    LayerExposure,
    Level,
    LimitUse,
    Monitor,
    MonitorKind,
    Outcome,
    PositionLine,
    RiskRecord,
    RunState,
    RunStateRecord,
    Sensitivity,
    Signal,
    Standing,
    StressCell,
    StressTable,
)
from daemon.errors import InvariantError

Row = sqlite3.Row


def instant_text(instant: datetime) -> str:
    """Return an aware instant as UTC text with microseconds. Raises InvariantError on a naive one."""
    if instant.tzinfo is None:
        raise InvariantError(f"{instant} has no time zone; instants are aware and in UTC")
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def instant(text: str) -> datetime:
    """Return the instant of a text."""
    return datetime.fromisoformat(text)


def json_text(value: object) -> str:
    """Return canonical JSON: sorted keys, no spaces, dates as text. Raises InvariantError on NaN and unknown types."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain)
    except (TypeError, ValueError) as error:
        raise InvariantError(f"{value!r} cannot be kept: {error}") from error


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, OptionContract):
        return contract_fields(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a value of type {type(value).__name__} has no text")


def contract_fields(contract: OptionContract) -> list[str | int]:
    """Return trading class, expiry, strike (points x 100) and right."""
    return [contract.trading_class.value, contract.expiry.isoformat(), contract.strike_pts100, contract.right.value]


def contract(fields: Iterable[Any]) -> OptionContract:
    """Return the contract of its four fields."""
    trading_class, expiry, strike_pts100, right = fields
    return OptionContract(TradingClass(trading_class), date.fromisoformat(expiry), int(strike_pts100), Right(right))


def contract_text(value: OptionContract) -> str:
    """Return a contract as JSON."""
    return json_text(contract_fields(value))


def reasons_text(reasons: Iterable[Reason]) -> str:
    """Return reasons as JSON."""
    return json_text([asdict(reason) for reason in reasons])


def reasons(text: str) -> tuple[Reason, ...]:
    """Return the reasons of a JSON text."""
    return tuple(Reason(**fields) for fields in json.loads(text))


def legs_text(legs: Iterable[Leg]) -> str:
    """Return legs as JSON: the contract's four fields and the ratio."""
    return json_text([[*contract_fields(leg.contract), leg.ratio] for leg in legs])


def intent(row: Row) -> Intent:
    """Return the intent of a row."""
    legs = tuple(Leg(contract(fields[:4]), fields[4]) for fields in json.loads(row["legs"]))
    return Intent(
        key=intent_key(row),
        spec=OrderSpec(legs, row["quantity"], row["net_limit_pts100"], TimeInForce(row["tif"])),
        created_at=instant(row["created_at"]),
        state=IntentState(row["state"]),
        perm_id=None if row["perm_id"] is None else PermId(row["perm_id"]),
        filled=row["filled"],
        reasons=reasons(row["reasons"]),
        mid_at_decision_pts=row["mid_at_decision_pts"],
        quoted=None
        if row["quoted_mid_pts"] is None
        else ComboPrice(row["quoted_mid_pts"], row["quoted_natural_pts100"]),
        fill_market=None if row["fill_mid_pts"] is None else FillMarket(row["fill_mid_pts"], row["fill_natural_pts"]),
    )


def intent_key(row: Row) -> IntentKey:
    """Return the key of an intent's row."""
    return IntentKey(
        date.fromisoformat(row["session"]),
        Strategy(row["strategy"]),
        Purpose(row["purpose"]),
        row["subject"],
        row["attempt"],
    )


def entry(row: Row) -> BookEntry:
    """Return the book entry of an execution's row joined with its contract."""
    return BookEntry(
        exec_id=ExecId(row["exec_id"]),
        kind=EntryKind(row["kind"]),
        order_ref=None if row["order_ref"] is None else OrderRef(row["order_ref"]),
        strategy=Strategy(row["strategy"]),
        subject=row["subject"],
        con_id=ConId(row["con_id"]),
        contract=contract((row["trading_class"], row["expiry"], row["strike_pts100"], row["right"])),
        quantity=row["quantity"],
        price_pts100=row["price_pts100"],
        fee_usd_e4=row["fee_usd_e4"],
        at=instant(row["at"]),
        session=date.fromisoformat(row["session"]),
    )


def _side(short: str | None, long: str | None) -> Vertical | None:
    return None if short is None or long is None else Vertical(contract(json.loads(short)), contract(json.loads(long)))


def condor(row: Row) -> CondorRecord:
    """Return the condor of a row joined with its intent's key."""
    return CondorRecord(
        condor_id=row["condor_id"],
        entry_session=date.fromisoformat(row["entry_session"]),
        legs=CondorLegs(put=_side(row["put_short"], row["put_long"]), call=_side(row["call_short"], row["call_long"])),
        policy=json.loads(row["policy"]),
        intent=intent_key(row),
        spx_at_entry_pts=row["spx_at_entry_pts"],
    )


def decision(row: Row) -> Decision:
    """Return the decision of a row."""
    return Decision(
        session=date.fromisoformat(row["session"]),
        job=row["job"],
        kind=DecisionKind(row["kind"]),
        subject=row["subject"],
        at=instant(row["at"]),
        reasons=reasons(row["reasons"]),
        inputs=json.loads(row["inputs"]),
    )


def job_outcome(row: Row) -> JobOutcome:
    """Return the outcome of a row."""
    return JobOutcome(Outcome(row["outcome"]), row["reason"], instant(row["at"]))


def run_state(row: Row) -> RunStateRecord:
    """Return the run state of a row."""
    at = None if row["at"] is None else instant(row["at"])
    return RunStateRecord(RunState(row["state"]), row["by"], row["reason"], at)


def layers_text(layers: Iterable[LayerComputation]) -> str:
    """Return the layers of a computation as JSON."""
    return json_text([{name: getattr(layer, name) for name in _LAYER_FIELDS} for layer in layers])


_LAYER_FIELDS = tuple(LayerComputation.__dataclass_fields__)
_LINE_FIELDS = tuple(PositionLine.__dataclass_fields__)


def hedge_computation(row: Row) -> HedgeComputation:
    """Return the hedge computation of a row; what stands beside the layers is told from them by its name."""
    rows = [_layer(fields) for fields in json.loads(row["layers"])]
    return HedgeComputation(
        session=date.fromisoformat(row["session"]),
        at=instant(row["at"]),
        vix=row["vix"],
        regime=row["regime"],
        pct=row["pct"],
        wing_notional_usd=row["wing_notional_usd"],
        target_usd=row["target_usd"],
        held_usd=row["held_usd"],
        contracts=row["contracts"],
        layers=tuple(layer for layer in rows if layer.layer not in BESIDE),
        beside=tuple(layer for layer in rows if layer.layer in BESIDE),
        reasons=reasons(row["reasons"]),
        sizing=None if row["sizing"] is None else _sizing(json.loads(row["sizing"])),
    )


def sizing_text(sizing: HedgeSizing | None) -> str | None:
    """Return by which settings a hedge was sized as JSON."""
    return None if sizing is None else json_text(asdict(sizing))


def _sizing(fields: dict[str, Any]) -> HedgeSizing:
    budget = fields.pop("budget", None)
    return HedgeSizing(**fields, budget=None if budget is None else HedgeBudget(**budget))


def _layer(fields: dict[str, Any]) -> LayerComputation:
    measured, short = fields.pop("contract"), fields.pop("short", None)
    return LayerComputation(
        contract=None if measured is None else contract(measured),
        short=None if short is None else contract(short),
        **fields,
    )


def positions_text(lines: Iterable[PositionLine]) -> str:
    """Return the positions of a day as JSON."""
    return json_text([{name: getattr(line, name) for name in _LINE_FIELDS} for line in lines])


def day_values(day: DayRecord) -> tuple[str | int | float | None, ...]:
    """Return the columns of a day in the order of the table."""
    index = (day.session.isoformat(), day.spx, day.vix)
    pnl = (day.net_liquidation_usd_cents, day.condor_pnl_usd_cents, day.hedge_pnl_usd_cents, day.wing_notional_usd)
    hedge = (day.hedge_pct, day.hedge_target_usd, day.hedge_held_usd, day.regime)
    return (*index, *pnl, *hedge, day.breaks_open, positions_text(day.positions))


def day(row: Row) -> DayRecord:
    """Return the day of a row."""
    fields = {name: row[name] for name in row.keys()}  # noqa: SIM118 - a row iterates over its values
    fields["session"] = date.fromisoformat(row["session"])
    fields["positions"] = tuple(_line(line) for line in json.loads(row["positions"]))
    return DayRecord(**fields)


def _line(fields: dict[str, Any]) -> PositionLine:
    return PositionLine(contract=contract(fields.pop("contract")), **fields)


def risk_values(risk: RiskRecord) -> tuple[str | int | float | None, ...]:
    """Return the columns of a risk record in the order of the table; some figures stand beside the details they sum."""
    details = {name: value for name, value in asdict(risk).items() if name not in _RISK_COLUMNS}
    worst_usd = None if risk.worst is None else risk.worst.pnl_usd
    index = (risk.session.isoformat(), instant_text(risk.at), risk.spx, risk.vix)
    sums = (risk.theta_usd, risk.linked_delta_usd, worst_usd)
    return (*index, *sums, risk.wing_notional_usd, risk.maintenance_margin_usd_cents, json_text(details))


_RISK_COLUMNS = frozenset(
    ("session", "at", "spx", "vix", "linked_delta_usd", "wing_notional_usd", "maintenance_margin_usd_cents")
)


def risk(row: Row) -> RiskRecord:
    """Return the risk record of a row."""
    details = json.loads(row["details"])
    columns = {name: row[name] for name in _RISK_COLUMNS}
    columns |= {"session": date.fromisoformat(row["session"]), "at": instant(row["at"])}
    return RiskRecord(
        **columns,
        condors=_sensitivity(details["condors"]),
        hedge=_sensitivity(details["hedge"]),
        max_loss_usd=tuple((date.fromisoformat(expiry), loss_usd) for expiry, loss_usd in details["max_loss_usd"]),
        worst=None if details["worst"] is None else StressCell(**details["worst"]),
        crash=tuple(StressCell(**cell) for cell in details["crash"]),
        break_evens=tuple(CondorBreakEvens(**fields) for fields in details["break_evens"]),
        unknown=tuple(details["unknown"]),
        estimated=details["estimated"],
        limits=tuple(LimitUse(**use) for use in details.get("limits", ())),
        hedge_on_spx=_sensitivity(details.get("hedge_on_spx")),
        hedge_on_funds=_sensitivity(details.get("hedge_on_funds")),
        layers=_layer_exposures(details.get("layers")),
        stress=tuple(_stress_table(table) for table in details.get("stress", ())),
    )


def _stress_table(fields: dict[str, Any]) -> StressTable:
    return StressTable(
        days=fields["days"],
        spx_pcts=tuple(fields["spx_pcts"]),
        vix_pcts=tuple(fields["vix_pcts"]),
        pnl_usd=tuple(map(tuple, fields["pnl_usd"])),
    )


def _layer_exposures(rows: list[dict[str, Any]] | None) -> tuple[LayerExposure, ...] | None:
    """Return the layers of a risk record; a record of before they were kept has none."""
    if rows is None:
        return None
    return tuple(LayerExposure(**row | {"greeks": _sensitivity(row["greeks"])}) for row in rows)


def _sensitivity(fields: dict[str, float] | None) -> Sensitivity | None:
    return None if fields is None else Sensitivity(**fields)


def event(row: Row) -> EventRecord:
    """Return the event of a row."""
    return EventRecord(
        row["name"],
        instant(row["at"]),
        date.fromisoformat(row["session"]),
        Level(row["level"]),
        json.loads(row["fields"]),
    )


def daily_value_values(value: DailyValue) -> tuple[Any, ...]:
    """Return the columns of a close behind its series."""
    return (value.session.isoformat(), value.value, value.source, instant_text(value.read_at))


def daily_value(row: Row) -> DailyValue:
    """Return the close of a row."""
    return DailyValue(date.fromisoformat(row["session"]), row["value"], row["source"], instant(row["read_at"]))


def signal_values(signal: Signal) -> tuple[Any, ...]:
    """Return the columns of a signal behind its session and place."""
    as_of = None if signal.as_of is None else signal.as_of.isoformat()
    return (signal.name, signal.value, signal.state, as_of, signal.source, signal.standing.value, signal.text)


def signal(row: Row) -> Signal:
    """Return the signal of a row."""
    return Signal(
        session=date.fromisoformat(row["session"]),
        name=row["name"],
        value=row["value"],
        state=row["state"],
        as_of=None if row["as_of"] is None else date.fromisoformat(row["as_of"]),
        source=row["source"],
        standing=Standing(row["standing"]),
        text=row["text"],
    )


def monitor_values(line: Monitor) -> tuple[Any, ...]:
    """Return the columns of a line of the monitors."""
    when = (line.session.isoformat(), instant_text(line.at))
    return (*when, line.kind.value, line.subject, line.value, line.limit, line.unit, line.text)


def monitor(row: Row) -> Monitor:
    """Return the line of the monitors of a row."""
    return Monitor(
        session=date.fromisoformat(row["session"]),
        at=instant(row["at"]),
        kind=MonitorKind(row["kind"]),
        subject=row["subject"],
        value=row["value"],
        limit=row["cap"],
        unit=row["unit"],
        text=row["text"],
    )


def governance_values(entry: GovernanceEntry) -> tuple[int | str, ...]:
    """Return an entry of the governance log as a row."""
    step, when = entry.step, (instant_text(entry.at), entry.session.isoformat())
    return (entry.number, *when, step.act, step.policy, step.who, step.text, step.body, entry.before, entry.digest)


def governance_entry(row: Row) -> GovernanceEntry:
    """Return the entry of a row of the governance log."""
    step = Step(act=Act(row["act"]), policy=row["policy"], who=row["who"], text=row["text"], body=row["body"])
    return GovernanceEntry(
        number=row["number"],
        at=instant(row["at"]),
        session=date.fromisoformat(row["session"]),
        step=step,
        before=row["before"],
        digest=row["digest"],
    )
