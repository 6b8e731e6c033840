"""Recordings of a gateway: read one, put its requests to the simulated gateway, and tell where the two differ."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Final

from daemon.adapters.ib import recording
from daemon.adapters.virtual_time import run_virtual, virtual_now
from daemon.app.simulated import SimulationPlan, build_gateway
from daemon.core.orders.broker_facts import PAPER_PREFIXES
from daemon.errors import SettingsError
from daemon.sim.gateway.codec import PREAMBLE, FrameReader, frame, split
from daemon.sim.gateway.comparison import Difference, Frame, compare
from daemon.sim.gateway.shapes import Out

ANSWERS_UNTIL: Final = timedelta(seconds=30)
"""How long after the last request answers are waited for."""
_CON_ID: Final = 11
"""Place of the contract id in contract details, counted from the request id."""
_WITHOUT_VERSION_FROM: Final = 164


def read_recording(path: Path) -> tuple[Frame, ...]:
    """Read the frames of a recording, in the order in which they were written. Raises SettingsError with the line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SettingsError(f"the recording {path} cannot be read: {why}") from None
    frames = tuple(_frame(path, number, line) for number, line in enumerate(lines, 1) if line)
    if not any(each.from_client for each in frames):
        raise SettingsError(
            f"the recording {path} holds no request; CONDORD_GATEWAY_RECORD of a daemon's run writes one"
        )
    return frames


def _frame(path: Path, number: int, line: str) -> Frame:
    try:
        row = json.loads(line)
        side = {recording.CLIENT: True, recording.GATEWAY: False}[row["from"]]
        return Frame(datetime.fromisoformat(row["at"]), str(row["connection"]), side, tuple(map(str, row["fields"])))
    except (ValueError, KeyError, TypeError):
        raise SettingsError(
            f"{path}:{number} is no line of a recording: {line[:60]!r}; it has at, connection, from and fields"
        ) from None


def compare_recording(path: Path, plan: SimulationPlan) -> tuple[int, tuple[Difference, ...]]:
    """Return the number of requests put, and every difference over all connections of a recording."""
    theirs: list[Frame] = []
    ours: list[Frame] = []
    frames = sorted(read_recording(path), key=lambda each: each.connection)
    for _, connection in groupby(frames, key=lambda each: each.connection):
        spoken = list(connection)
        answers = _replayed(spoken, plan)
        greeting = next((each for each in spoken if not each.from_client), None)
        theirs += [each for each in spoken if each is not greeting]
        ours += answers[1:]  # the first is the greeting
    return sum(each.from_client for each in theirs), compare(theirs, ours)


def _replayed(spoken: Sequence[Frame], plan: SimulationPlan) -> list[Frame]:
    """Return what the simulated gateway says when the client says what it said, at the same times."""
    greeting = next((each.fields for each in spoken if not each.from_client), ())
    version = int(greeting[0]) if greeting and greeting[0].isdecimal() else 0
    accounts = next((each.fields[2] for each in spoken if each.fields[:1] == (str(Out.MANAGED_ACCOUNTS.value),)), "")
    account = accounts.split(",")[0]
    if account.startswith(PAPER_PREFIXES):
        plan = replace(plan, config=replace(plan.config, account=account))
    return run_virtual(lambda: _replay(spoken, plan, version), spoken[0].at)


async def _replay(spoken: Sequence[Frame], plan: SimulationPlan, version: int) -> list[Frame]:
    gateway = build_gateway(plan, virtual_now)
    answers: list[Frame] = []
    told = _ConIds(spoken, version)
    reader = FrameReader()
    reader.feed(PREAMBLE)  # a gateway begins without one

    def take(data: bytes) -> None:
        for payload in reader.feed(data):
            answers.append(Frame(virtual_now(), spoken[0].connection, from_client=False, fields=tuple(split(payload))))
            told.learn(answers[-1].fields)

    session = gateway.attach(take, lambda: None)
    pump = asyncio.create_task(gateway.pump())
    try:
        for n, each in enumerate(each for each in spoken if each.from_client):
            await asyncio.sleep(max(0.0, (each.at - virtual_now()).total_seconds()))
            session.feed(_greeting(each, version) if n == 0 else frame(told.translated(each.fields)))
        await asyncio.sleep(ANSWERS_UNTIL.total_seconds())
    finally:
        pump.cancel()
        session.closed()
    return answers


def _greeting(each: Frame, version: int) -> bytes:
    """Return the client's greeting, which offers no more than the version that the recorded gateway chose."""
    lowest = each.fields[0].removeprefix("v").partition("..")[0]
    payload = f"v{lowest}..{version}".encode() if version else each.fields[0].encode()
    return PREAMBLE + len(payload).to_bytes(4, "big") + payload


class _ConIds:
    """Contract ids are the broker's own: each that a request names is replaced by ours of the same contract."""

    def __init__(self, spoken: Sequence[Frame], version: int) -> None:
        self._first = 1 if version >= _WITHOUT_VERSION_FROM else 2
        self._theirs = dict(map(self._known, (each.fields for each in spoken if self._details(each.fields))))
        self._ours: dict[tuple[str, ...], str] = {}

    def learn(self, fields: tuple[str, ...]) -> None:
        """Take an answer of ours."""
        if self._details(fields):
            con_id, contract = self._known(fields)
            self._ours[contract] = con_id

    def translated(self, fields: tuple[str, ...]) -> list[str]:
        """Return a request with our contract ids."""
        return [fields[0], *(self._ours.get(self._theirs.get(text, ()), text) for text in fields[1:])]

    def _details(self, fields: tuple[str, ...]) -> bool:
        return fields[:1] == (str(Out.CONTRACT_DETAILS.value),) and len(fields) > self._first + _CON_ID

    def _known(self, fields: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """Return the contract id with symbol, type, date, strike, right, local symbol and trading class."""
        at = self._first
        strike = fields[at + 4].removesuffix(".0")
        return fields[at + _CON_ID], (*fields[at + 1 : at + 4], strike, fields[at + 5], fields[at + 8], fields[at + 10])
