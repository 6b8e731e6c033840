"""Reading a folder of daily files into a history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from daemon.core.calendar.sessions import is_session
from daemon.errors import HistoryError
from daemon.sim.history import fill
from daemon.sim.history.facts import DailyFacts, History, Ohlc, monthlies_after
from daemon.sim.history.tables import Row, read_rows

T = TypeVar("T")

_OHLC: Final = ("date", "open", "high", "low", "close")
_RATES: Final = ("tbill_3m_discount_pct", "irx_13w_discount_pct", "treasury_3m_par_pct", "fed_funds_effective_pct")
_MONTHS: Final = tuple(f"m{n}" for n in range(1, 10))
_CONSTANT_MATURITIES: Final = (30, 60, 90, 120, 150, 180)
_MATURITY_COLUMNS: Final = tuple(f"cm{days}" for days in _CONSTANT_MATURITIES)

_VolByDay = Mapping[date, float]


@dataclass(frozen=True, slots=True)
class _Files:
    """What the files say, by date; absent files are empty."""

    spx: Mapping[date, Ohlc]
    vix: Mapping[date, Ohlc]
    vix9d: _VolByDay
    vix3m: _VolByDay
    vix6m: _VolByDay
    vvix: _VolByDay
    skew: _VolByDay
    rate: Mapping[date, float]
    breadth: Mapping[date, tuple[int | None, int | None]]
    settles: Mapping[date, dict[date, float]]
    maturities: Mapping[date, dict[float, float]]
    vro: Mapping[date, float]


def load_folder(path: Path) -> History:
    """Read the daily files of a folder; raise HistoryError that names the file, the line and the cell.

    ``spx_daily.csv`` and ``vix_daily.csv`` are required, the others are estimated where they have nothing
    (``DailyFacts.proxies``). Sessions without an SPX and a VIX row are absent from the history.
    """
    if not path.is_dir():
        raise HistoryError(f"{path} is not a folder: name a folder with spx_daily.csv and vix_daily.csv.")
    files = _read(path)
    common = [day for day in files.spx if day in files.vix]
    if not common:
        raise HistoryError(f"{path}: spx_daily.csv and vix_daily.csv have no date in common.")
    days: dict[date, DailyFacts] = {}
    rate: float | None = None
    for day in common:
        rate = files.rate.get(day, rate)
        days[day] = _facts(day, files, rate)
    return History(days, f"The history in {path}")


def _read(path: Path) -> _Files:
    return _Files(
        spx=_table(path / "spx_daily.csv", _OHLC, _ohlc, required=True),
        vix=_table(path / "vix_daily.csv", _OHLC, _ohlc, required=True),
        vix9d=_closes(path / "vix9d_daily.csv"),
        vix3m=_closes(path / "vix3m_daily.csv"),
        vix6m=_closes(path / "vix6m_daily.csv"),
        vvix=_closes(path / "vvix_daily.csv"),
        skew=_closes(path / "skew_daily.csv"),
        rate=_table(path / "rates_and_dollar_daily.csv", ("date", *_RATES), _rate),
        breadth=_table(path / "nyse_advance_decline_daily.csv", ("date", "advancing", "declining"), _breadth),
        settles=_table(path / "vix_futures_term_structure_daily.csv", ("date", "m1_expiry", *_MONTHS), _settles),
        maturities=_table(
            path / "vix_futures_constant_maturity_2025_2026.csv", ("date", *_MATURITY_COLUMNS), _maturities
        ),
        vro=_table(path / "vix_settlement_vro.csv", ("expiry", "vro"), lambda row: row.maybe_price("vro")),
    )


def _table(
    path: Path, columns: tuple[str, ...], value: Callable[[Row], T | None], *, required: bool = False
) -> dict[date, T]:
    if not path.exists() and not required:
        return {}
    found: dict[date, T] = {}
    for row in read_rows(path, columns):
        day = row.day(columns[0])
        if required and not is_session(day):
            raise row.error(columns[0], "a trading session")
        cell = value(row)
        if cell is not None:
            found[day] = cell
    return found


def _ohlc(row: Row) -> Ohlc:
    """Return open, high, low, close; high and low are widened where they do not enclose the other two."""
    opened, high, low, close = (row.price(column) for column in _OHLC[1:])
    return Ohlc(opened, max(high, opened, close), min(low, opened, close), close)


def _closes(path: Path) -> dict[date, float]:
    return _table(path, ("date", "close"), lambda row: row.maybe_price("close"))


def _rate(row: Row) -> float | None:
    quoted = (row.maybe_rate(column) for column in _RATES)
    return next((rate for rate in quoted if rate is not None), None)


def _breadth(row: Row) -> tuple[int | None, int | None]:
    return row.maybe_count("advancing"), row.maybe_count("declining")


def _settles(row: Row) -> dict[date, float] | None:
    day = row.day("date")
    expiries = monthlies_after(day, len(_MONTHS))
    if row.cells["m1_expiry"] and row.day("m1_expiry") != expiries[0]:
        raise row.error("m1_expiry", f"{expiries[0]}, the first monthly settlement after {day}")
    settles = {expiry: row.maybe_price(column) for expiry, column in zip(expiries, _MONTHS, strict=True)}
    return {expiry: settle for expiry, settle in settles.items() if settle is not None} or None


def _maturities(row: Row) -> dict[float, float] | None:
    points = {
        float(days): row.maybe_price(column)
        for days, column in zip(_CONSTANT_MATURITIES, _MATURITY_COLUMNS, strict=True)
    }
    return {days: value for days, value in points.items() if value is not None} or None


def _facts(day: date, files: _Files, rate: float | None) -> DailyFacts:
    vix = files.vix[day].close
    vix3m = files.vix3m.get(day) or fill.vix3m_from(vix)
    vix6m = files.vix6m.get(day) or fill.vix6m_from(vix, vix3m)
    settles = _with_maturities(day, files.settles.get(day, {}), files.maturities.get(day, {}))
    futures, estimated = fill.complete_curve(day, settles, vix=vix, vix3m=vix3m, vix6m=vix6m)
    advancing, declining = files.breadth.get(day, (None, None))
    return DailyFacts(
        day=day,
        spx=files.spx[day],
        vix=files.vix[day],
        vix9d=files.vix9d.get(day) or fill.vix9d_from(vix, vix3m),
        vix3m=vix3m,
        vix6m=vix6m,
        vvix=files.vvix.get(day) or fill.vvix_from(vix),
        skew=files.skew.get(day) or fill.SKEW_MEDIAN,
        bill_rate_pct=fill.BILL_RATE_MEDIAN_PCT if rate is None else rate,
        advancing=advancing,
        declining=declining,
        futures=futures,
        vro=files.vro.get(day),
        proxies=_proxies(day, files, futures_estimated=estimated),
    )


def _with_maturities(day: date, settles: Mapping[date, float], points: Mapping[float, float]) -> dict[date, float]:
    """Add the months that only the constant-maturity curve covers, no further out than it reaches."""
    known = dict(settles)
    if points:
        last, reach = max(known, default=day), max(points)
        inside = [e for e in monthlies_after(day, len(_MONTHS)) if e > last and min(points) <= (e - day).days <= reach]
        values = fill.curve_at([float((expiry - day).days) for expiry in inside], points)
        known |= {expiry: round(value, 4) for expiry, value in zip(inside, values, strict=True)}
    return known


def _proxies(day: date, files: _Files, *, futures_estimated: bool) -> tuple[str, ...]:
    observed = {
        "vix9d": day in files.vix9d,
        "vix3m": day in files.vix3m,
        "vix6m": day in files.vix6m,
        "vvix": day in files.vvix,
        "skew": day in files.skew,
        "bill_rate_pct": day in files.rate,
        "futures": not futures_estimated,
    }
    return tuple(name for name, seen in observed.items() if not seen)
