"""The signals' data: daily closes asked once a session, only what is missing, and what they say before the session."""

from __future__ import annotations

from datetime import date
from math import isfinite
from types import MappingProxyType
from typing import Final

from daemon.core.book.condors import layer_positions
from daemon.core.calendar.sessions import add_sessions, new_york_date, previous_session, sessions_between
from daemon.core.hedge.market_signals import PRESS
from daemon.core.hedge.signal_inputs import COST_SERIES, FORWARD_SERIES, RATE_SERIES, Closes, SignalInputs
from daemon.core.hedge.signal_values import NEUTRAL
from daemon.core.hedge.signals import SESSIONS_KEPT, read_signals
from daemon.core.market.contracts import SignalIndex
from daemon.core.records import DailyValue, JobOutcome, Outcome, Signal, Standing
from daemon.engine.adjuster import adjust
from daemon.engine.context import Desk
from daemon.errors import BrokerError, LinkDownError, SettingsError

BROKER: Final = "broker"
DAY_MINUTES: Final = 1440
WARNED: Final = MappingProxyType(
    {("theta_press", PRESS): "theta_press_found", ("event_cover", "uncovered"): "event_uncovered"}
)
"""The events that warn of a signal in a state."""


class SignalDesk:
    """Keeps the closes of the signals' indexes in the store and reads the signals before each session."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept: dict[SignalIndex, dict[date, float]] = {}

    async def refresh(self, session: date) -> JobOutcome:
        """Ask for the closes that are missing, read the signals and record them.

        An index that the broker does not give leaves its signals missing, with the broker's words; without a
        connection all are read from what is known already.
        """
        self._read_files()
        problems: dict[SignalIndex, str] = {}
        news: dict[str, list[DailyValue]] = {}
        for index in SignalIndex:
            try:
                news[index.value] = await self._missing(index, session)
            except BrokerError as error:
                problems[index] = str(error)
        signals = self._read(session, problems)
        self._desk.store.record_signals(session, signals, news)
        self._tell(signals)
        self._warn(session, signals)
        adjust(self._desk, session, signals)
        return self._done(signals, problems)

    def _read_files(self) -> None:
        """Read the files of macro figures that have changed; bad ones leave those in use that were read before."""
        try:
            self._desk.macro = self._desk.read_macro()
        except SettingsError as error:
            self._desk.journal.emit("macro_files_kept", {"text": "; ".join(error.problems)})

    async def _missing(self, index: SignalIndex, session: date) -> list[DailyValue]:
        """Ask for the sessions behind the last one that is kept, and keep them; nothing when none is missing."""
        kept, last = self._closes(index), previous_session(session)
        first = add_sessions(max(kept), 1) if kept else None
        if first is not None and first > last:
            return []
        if not self._desk.link.synced:
            raise LinkDownError("There was no connection when the closes were asked for.")
        wanted = self._desk.policy.signals.history_sessions
        count = wanted if first is None else min(SESSIONS_KEPT, len(sessions_between(first, last)))
        bars = await self._desk.broker.bars(index, minutes=DAY_MINUTES, count=count + 1)
        closes = {new_york_date(bar.at): bar.close for bar in bars if _is_close(index, bar.close)}
        # The bar of a session that is still open is no close yet.
        known = [(day, close) for day, close in sorted(closes.items()) if day <= last and day not in kept]
        found = dict(known[-count:])
        kept.update(found)
        now = self._desk.clock.now()
        return [DailyValue(day, close, BROKER, now) for day, close in found.items()]

    def _closes(self, index: SignalIndex) -> dict[date, float]:
        """Return the closes that are kept of an index, read from the store once."""
        if index not in self._kept:
            rows = self._desk.store.daily_values(index.value, last=SESSIONS_KEPT)
            self._kept[index] = {row.session: row.value for row in rows}
        return self._kept[index]

    def _read(self, session: date, problems: dict[SignalIndex, str]) -> tuple[Signal, ...]:
        policy = self._desk.policy
        inputs = SignalInputs(
            session=session,
            closes={index: self._series(index, problems.get(index, "")) for index in SignalIndex},
            measured={name: self._measured(name) for name in (COST_SERIES, RATE_SERIES, *FORWARD_SERIES)},
            macro=self._desk.macro,
            calendar=policy.events,
            first_expiry=self._first_expiry(),
        )
        return read_signals(inputs, policy.signals)

    def _series(self, index: SignalIndex, problem: str) -> Closes:
        rows = sorted(self._closes(index).items())[-SESSIONS_KEPT:]
        self._kept[index] = dict(rows)
        return Closes(tuple(day for day, _ in rows), tuple(value for _, value in rows), problem)

    def _measured(self, series: str) -> Closes:
        rows = self._desk.store.daily_values(series, last=SESSIONS_KEPT)
        return Closes(tuple(row.session for row in rows), tuple(row.value for row in rows))

    def _first_expiry(self) -> date | None:
        """Return the last expiry that the first layer is long."""
        first = self._desk.policy.hedge.layers[0].name
        held = self._desk.alive(layer_positions(self._desk.view().book).get(first, {}))
        return max((contract.expiry for contract, quantity in held.items() if quantity > 0), default=None)

    def _warn(self, session: date, signals: tuple[Signal, ...]) -> None:
        """Warn of the states that a person should know of, in the session in which they begin."""
        before = {signal.name: signal.state for signal in self._desk.store.signals(previous_session(session))}
        for signal in signals:
            event = WARNED.get((signal.name, signal.state))
            if event is not None and before.get(signal.name) != signal.state:
                self._desk.journal.emit(event, {"text": signal.text, "value": signal.value})

    def _tell(self, signals: tuple[Signal, ...]) -> None:
        says = [f"{signal.name} {signal.state}" for signal in signals if signal.state != NEUTRAL]
        counts = {standing: sum(signal.standing is standing for signal in signals) for standing in Standing}
        self._desk.journal.emit(
            "signals_read",
            {
                "says": says,
                "fresh": counts[Standing.FRESH],
                "stale": counts[Standing.STALE],
                "missing": counts[Standing.MISSING],
            },
        )

    def _done(self, signals: tuple[Signal, ...], problems: dict[SignalIndex, str]) -> JobOutcome:
        fresh = sum(signal.standing is Standing.FRESH for signal in signals)
        text = f"{fresh} of {len(signals)} signals are fresh"
        if problems:
            text += f"; no closes of {', '.join(problems)}: {next(iter(problems.values()))}"
        return JobOutcome(Outcome.DONE, text, self._desk.clock.now())


def _is_close(index: SignalIndex, value: float) -> bool:
    """Whether an index can have closed there: brokers fill a bar they do not have with 0 or -1."""
    return isfinite(value) and (value > 0 or index is SignalIndex.BREADTH)
