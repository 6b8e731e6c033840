"""``condord probe``: ask any gateway what only a real one can answer, transmit nothing, and write down what it said."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from daemon.adapters.clock import SystemClock
from daemon.adapters.ib.examiner import IbExaminer, WantedLine
from daemon.app.doctor.gateway import Look, doctor_config, level_of, looked_at
from daemon.app.probe_report import Findings, findings
from daemon.app.recordings import compare_recording, read_recording
from daemon.app.simulated import SimulationPlan
from daemon.core.calendar.expiries import expiries
from daemon.core.calendar.sessions import new_york_date
from daemon.core.market.contracts import OptionContract, Right, SignalIndex, TradingClass, Underlying
from daemon.errors import BrokerError, SettingsError
from daemon.settings import Settings
from daemon.sim.gateway import GatewayConfig

FRAMES: Final = "frames.jsonl"
REPORT: Final = "probe.md"
TOTAL_S: Final = 90.0
CONTACT_S: Final = 15.0
STEP_S: Final = 10.0
"""How long for one answer: it is asked once, and a gateway that has just logged in is slow."""
USUAL_SPX: Final = 6000.0
USUAL_VIX: Final = 20.0
"""Levels to choose strikes by where no value came: the report says so of the data, and expiries are told all the same."""
_AHEAD: Final = timedelta(days=70)
_SOONEST: Final = timedelta(days=7)
_STRIKE_STEP: Final = {TradingClass.SPX: 100, TradingClass.SPXW: 100, TradingClass.VIX: 1, TradingClass.VIXW: 1}
"""Strikes on multiples of so many points are listed for months before an expiry."""


@dataclass(frozen=True, slots=True)
class Probed:
    """Where the answers are, and what they say."""

    report: Path
    frames: Path
    findings: Findings


def probe(settings: Settings, folder: Path, *, client_id: int | None, force: bool) -> Probed:
    """Put the checklist to the gateway of the settings; ``force`` replaces what an earlier probe has written there.

    Raises BrokerError when the gateway lets nobody in, SettingsError for a folder that cannot be used.
    """
    frames = folder / FRAMES
    if (folder / REPORT).exists() and not force:
        raise SettingsError(f"--out {folder} holds the answers of an earlier probe; name another folder or add --force")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        frames.unlink(missing_ok=True)
        frames.touch(mode=0o600)
    except OSError as error:
        raise SettingsError(f"--out {folder} cannot be written: {error.strerror}; name another folder") from None
    asyncio.run(_ask(settings, frames, client_id))
    plan = SimulationPlan(history=settings.gateway.history, seed=settings.gateway.seed, config=GatewayConfig())
    found = findings(read_recording(frames), compare_recording(frames, plan)[1])
    (folder / REPORT).write_text(found.markdown(), encoding="utf-8")
    return Probed(folder / REPORT, frames, found)


async def _ask(settings: Settings, frames: Path, client_id: int | None) -> None:
    clock = SystemClock()
    async with looked_at(settings, clock) as (host, port):
        config = doctor_config(settings, host, port, client_id=client_id)
        patient = replace(config, record=frames, request_timeout_s=STEP_S)
        await put_checklist(IbExaminer(patient, clock))


async def put_checklist(examiner: IbExaminer) -> None:
    """Ask everything, and close the connection. Raises BrokerError when the gateway lets nobody in."""
    try:
        contact = await examiner.contact(limit_s=CONTACT_S)
        if contact.trouble is not None or contact.gateway_time is None:
            raise BrokerError(contact.text)
        look = Look(examiner, asyncio.get_running_loop().time() + TOTAL_S, step_s=STEP_S)
        today = new_york_date(contact.gateway_time)
        await look.market(today)
        spx, vix = level_of(look.samples["data_spx"]), level_of(look.samples["data_vix"])
        await look.asked(examiner.contracts(_series(today, spx or USUAL_SPX, vix or USUAL_VIX)))
        await look.sample([WantedLine(index.value, two_sided=False) for index in SignalIndex])
    finally:
        examiner.close()


def _series(today: date, spx: float, vix: float) -> list[OptionContract]:
    """Return one call of the next series of each class, near the money: their details tell how expiries are written."""
    found = []
    for trading_class, step in _STRIKE_STEP.items():
        level = spx if trading_class.underlying is Underlying.SPX else vix
        strike = round(level / step) * step * 100
        listed = [day for day in expiries(trading_class, today, today + _AHEAD) if day >= today + _SOONEST]
        found += [OptionContract(trading_class, day, strike, Right.CALL) for day in listed[:2]]
    return found
