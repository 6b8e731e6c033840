"""The gateway's part of an examination: contact, then everything that can be asked at once, all within a limit of time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, TypeVar

from daemon.adapters.clock import SystemClock
from daemon.adapters.ib import IbConfig
from daemon.adapters.ib.examiner import IbExaminer, WantedLine
from daemon.app.gateway import HOST, TcpGateway, serve
from daemon.app.program import ib_config
from daemon.app.simulated import SimulationPlan, build_gateway
from daemon.core.calendar.sessions import is_session, new_york_date, session
from daemon.core.doctor.check import Check, fail
from daemon.core.doctor.contact import Contact, ContactPolicy, contact_checks
from daemon.core.doctor.market import MarketFacts, MarketPolicy, Refusal, Sample, market_checks
from daemon.core.doctor.previews import call_leg, condor_legs, next_future, previewed
from daemon.core.hedge.policy import Instrument
from daemon.core.market.contracts import ContractInfo, SignalIndex, Underlying
from daemon.core.orders.broker_facts import Margin
from daemon.core.orders.intent import Leg
from daemon.errors import BrokerError, HistoryError, SettingsError
from daemon.settings import GatewayMode, Settings
from daemon.sim.gateway import GatewayConfig

CLIENT_ID_MAX: Final = 99_999
TOTAL_S: Final = 17.0
"""How long the gateway may take for everything."""
CONTACT_S: Final = 9.0
STEP_S: Final = 4.0
"""How long for one step of connecting, and for one answer."""
_INDEXES: Final = {
    "data_spx": SignalIndex.SPX,
    "data_vix": SignalIndex.VIX,
    "data_vvix": SignalIndex.VVIX,
    "data_ad_nyse": SignalIndex.BREADTH,
}

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of the doctor."""

    offline: bool = False
    """Leave the gateway out."""
    follow_gateway_clock: bool = False
    client_id: int | None = None
    """Number of the connection; None: the one after the daemon's."""
    notify: bool = False
    """Send a test through each outlet for alerts."""


@dataclass(frozen=True, slots=True)
class GatewayFindings:
    """The checks of contact and market; where a contact fails, the last check is what failed."""

    checks: tuple[Check, ...]
    simulated: bool
    """Whether the gateway says so of itself."""


async def gateway_checks(settings: Settings, wanted: Wanted, *, book_of: str | None) -> GatewayFindings:
    """Look at the gateway and judge what it showed."""
    policy = ContactPolicy(
        clock_skew_max_s=settings.risk.clock_skew_max_s,
        follow_gateway_clock=wanted.follow_gateway_clock,
        book_of=book_of,
        scratch=settings.gateway.mode is GatewayMode.SIMULATED,
    )
    clock = SystemClock()
    try:
        async with looked_at(settings, clock) as (host, port):
            examiner = IbExaminer(doctor_config(settings, host, port, client_id=wanted.client_id), clock)
            try:
                contact, market = await _look(examiner)
            finally:
                examiner.close()
    except (HistoryError, SettingsError) as error:
        broken = fail("gateway_port", f"SIMULATED: {error}", "correct CONDORD_GATEWAY_HISTORY")
        return GatewayFindings((broken,), simulated=True)
    made = contact_checks(contact, policy)
    if market is None or contact.gateway_time is None:
        return GatewayFindings(made, contact.simulated)
    judged = market_checks(market, _market_policy(settings, contact))
    # That an API is read-only may turn out only when an order is previewed.
    names = {check.name for check in judged}
    return GatewayFindings((*(check for check in made if check.name not in names), *judged), contact.simulated)


def doctor_config(settings: Settings, host: str, port: int, *, client_id: int | None) -> IbConfig:
    """Return the settings of a connection beside the daemon's: a number of its own, and little patience."""
    usual = ib_config(settings, host=host, port=port)
    next_id = usual.client_id + 1 if usual.client_id < CLIENT_ID_MAX else usual.client_id - 1
    return replace(
        usual,
        client_id=next_id if client_id is None else client_id,
        account=None if settings.gateway.mode is GatewayMode.SIMULATED else usual.account,
        live_port_allowed=usual.live_port_allowed or settings.gateway.mode is GatewayMode.SIMULATED,
        connect_timeout_s=min(usual.connect_timeout_s, STEP_S),
        request_timeout_s=min(usual.request_timeout_s, STEP_S),
    )


@asynccontextmanager
async def looked_at(settings: Settings, clock: SystemClock) -> AsyncIterator[tuple[str, int]]:
    """Yield the address of the gateway; in mode simulated that of an exchange made for this look, which keeps nothing."""
    gateway = settings.gateway
    if gateway.mode is GatewayMode.IB:
        yield gateway.host, gateway.port
        return
    plan = SimulationPlan(history=gateway.history, seed=gateway.seed, config=GatewayConfig())
    served: TcpGateway = await serve(build_gateway(plan, clock.now), HOST, 0)
    try:
        yield HOST, served.port
    finally:
        await served.close()


def _market_policy(settings: Settings, contact: Contact) -> MarketPolicy:
    assert contact.gateway_time is not None, "a contact that stands has told the time"
    now, today = contact.gateway_time, new_york_date(contact.gateway_time)
    return MarketPolicy(
        today=today,
        in_session=is_session(today) and session(today).open_at <= now < session(today).close_at,
        hedge=settings.hedge.enabled,
        futures=any(
            layer.weight and layer.instrument is Instrument.VIX_FUTURE for layer in settings.hedge_policy().layers
        ),
    )


async def _look(examiner: IbExaminer) -> tuple[Contact, MarketFacts | None]:
    """Make contact, and where it stands ask for market data, hours and previews."""
    look = Look(examiner, asyncio.get_running_loop().time() + TOTAL_S)
    contact = await examiner.contact(limit_s=CONTACT_S)
    if contact.trouble is not None or contact.gateway_time is None:
        return contact, None
    return contact, await look.market(new_york_date(contact.gateway_time))


@dataclass(slots=True)
class Look:
    """What is asked of a gateway once a contact stands; an answer that does not come in time is a refusal."""

    examiner: IbExaminer
    until: float
    """When all of it has to be over, on the clock of the event loop."""
    step_s: float = STEP_S
    """How long one answer may take."""
    samples: dict[str, Sample | Refusal] = field(default_factory=dict)
    previews: dict[str, Margin | Refusal] = field(default_factory=dict)
    why_not: dict[str, str] = field(default_factory=dict)

    async def market(self, today: date) -> MarketFacts:
        """Ask for everything."""
        hours, _, _ = await asyncio.gather(self.asked(self.examiner.hours()), self._indexes(), self._future(today))
        await asyncio.gather(
            self._options(Underlying.SPX, "spx", today),
            self._options(Underlying.VIX, "vix", today),
        )
        return MarketFacts(samples=self.samples, previews=self.previews, hours=hours, why_not=self.why_not)

    async def asked(self, question: Awaitable[Answer]) -> Answer | Refusal:
        """Return an answer, or why there is none; never waits beyond the end of the look."""
        left_s = self.until - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, min(left_s, self.step_s))):
                return await question
        except BrokerError as error:
            return Refusal(error.code, str(error))
        except TimeoutError:
            return Refusal(None, "the gateway did not answer in time")

    async def sample(self, lines: Sequence[WantedLine]) -> list[Sample] | Refusal:
        """Return what some lines say; they are closed again before the answer is too late."""
        return await self.asked(self.examiner.samples(lines, limit_s=self.step_s * 0.9))

    async def _indexes(self) -> None:
        lines = [WantedLine(index.value, two_sided=index is SignalIndex.BREADTH) for index in _INDEXES.values()]
        await self._sampled([*_INDEXES], lines)

    async def _sampled(self, names: Sequence[str], lines: Sequence[WantedLine]) -> None:
        found = await self.sample(lines)
        for number, name in enumerate(names):
            self.samples[name] = found if isinstance(found, Refusal) else found[number]

    async def _future(self, today: date) -> None:
        future = next_future(today)
        if future is None:
            self.why_not["data_vx"] = "our calendar knows no VIX future of the coming days"
            return
        found = await self.asked(self.examiner.contracts([future]))
        if isinstance(found, Refusal):
            self.samples["data_vx"] = found
        elif future not in found:
            self.samples["data_vx"] = Refusal(None, f"the gateway knows no contract {future}")
        else:
            await self._sampled(["data_vx"], [WantedLine(found[future], two_sided=True)])

    async def _options(self, underlying: Underlying, name: str, today: date) -> None:
        """Sample an option of an index and preview an order, where the index has a value to choose strikes by."""
        data, permission = f"data_{name}_options", f"permission_{name}"
        level = level_of(self.samples[f"data_{name}"])
        if level is None:
            self.why_not |= dict.fromkeys((data, permission), f"{underlying} has no value to choose strikes by")
            return
        chain = await self.asked(self.examiner.chain(underlying))
        choose = condor_legs if underlying is Underlying.SPX else call_leg
        legs = () if isinstance(chain, Refusal) else choose(chain, level, today)
        infos = await self.asked(self.examiner.contracts([leg.contract for leg in legs])) if legs else {}
        refused = next((one for one in (chain, infos) if isinstance(one, Refusal)), None)
        if refused is not None:
            self.samples[data] = self.previews[permission] = refused
            return
        assert not isinstance(infos, Refusal), "refusals are gone"
        if not legs or any(leg.contract not in infos for leg in legs):
            why = f"the gateway lists no {underlying} options like those that are looked for"
            self.why_not |= dict.fromkeys((data, permission), why)
            return
        await self._sample_and_preview(data, permission, legs, [infos[leg.contract] for leg in legs])

    async def _sample_and_preview(
        self, data: str, permission: str, legs: Sequence[Leg], infos: Sequence[ContractInfo]
    ) -> None:
        lines = [WantedLine(info, two_sided=True) for info in infos]
        found = await self.sample(lines)
        self.samples[data] = found if isinstance(found, Refusal) else _telling(found)
        mids = [None] * len(legs) if isinstance(found, Refusal) else [sample.mid for sample in found]
        self.previews[permission] = await self.asked(self.examiner.preview(previewed(legs, mids)))


def _telling(samples: Sequence[Sample]) -> Sample:
    """Return the sample that says most about several lines: a refused one, else one with a value."""
    refused = next((sample for sample in samples if sample.refusal is not None), None)
    return refused or next((sample for sample in samples if sample.value), samples[0])


def level_of(sample: Sample | Refusal) -> float | None:
    """Return the last value that a line told in points; None without one."""
    return None if isinstance(sample, Refusal) else sample.last
