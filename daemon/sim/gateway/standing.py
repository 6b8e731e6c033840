"""The fault "time stands": while it holds, each contract keeps the quote it had when the fault was first met."""

from __future__ import annotations

from datetime import datetime

from daemon.sim.exchange.api import SimLeg
from daemon.sim.gateway.fault_plan import Kind
from daemon.sim.gateway.faults import Faults
from daemon.sim.gateway.ticks import Line, Tick

_Key = int | tuple[SimLeg, ...]


class Standing:
    """Quotes that stand still."""

    def __init__(self) -> None:
        self._ticks: dict[_Key, list[Tick]] = {}

    def ticks(self, line: Line, fresh: list[Tick], faults: Faults, *, now: datetime) -> list[Tick]:
        """Return the standing ticks of a line while the fault holds, else the fresh ones."""
        if Kind.DATA_STALE not in faults:
            return fresh
        key: _Key = line.legs if line.con_id is None else line.con_id
        if not faults.holds(Kind.DATA_STALE, now, line.symbol):
            self._ticks.pop(key, None)
            return fresh
        return self._ticks.setdefault(key, _last(line.sent) or fresh)


def _last(sent: dict[int, tuple[float, ...]]) -> list[Tick]:
    return list(sent.items())
