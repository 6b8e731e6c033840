"""The watch over limits and data in the session: what is newly breached or lost is told once, and when it is over."""

from __future__ import annotations

from datetime import date

from daemon.core.hedge.carry import carry_use
from daemon.core.market.contracts import INDEXES, Underlying
from daemon.core.orders.broker_facts import AccountValues
from daemon.core.orders.intent import Reason
from daemon.core.records import LimitUse
from daemon.core.risk.limits import ExitsWithoutData
from daemon.core.risk.usage import Used, limit_uses, still_allowed
from daemon.engine.context import BASELINE, Desk
from daemon.engine.gather import Refusal, index_value, streamed_account
from daemon.engine.risk_meter import RiskMeter
from daemon.engine.risk_monitor import RiskMonitor
from daemon.errors import BrokerError, LinkDownError


class LimitWatch:
    """Looks every few minutes, and measures the exposure at its own beat."""

    def __init__(self, desk: Desk, risk: RiskMonitor) -> None:
        self._desk = desk
        self._risk = risk
        self._meter = RiskMeter(desk)
        self._breached: frozenset[str] = frozenset()
        self._lacking: dict[str, Reason] = {}
        self._state: tuple[object, ...] = ()
        """What the known uses rest on."""
        self._known: tuple[LimitUse, ...] = ()

    async def look(self, session: date) -> None:
        """Tell what has changed since the last look; measure the exposure when it is due."""
        if not self._desk.link.synced:
            return
        account = await self._look_at_data()
        uses = self._uses(session, account)
        self._tell_breaches(uses)
        if account is not None:
            await self._meter.look(session, account, uses)

    async def close(self, session: date) -> None:
        """Measure exposure and limits at the end of the day."""
        account = await streamed_account(self._desk)
        await self._meter.close(session, account, self._uses(session, account))

    async def uses(self, session: date) -> tuple[LimitUse, ...]:
        """Return how much of each limit is used now; what needs the account is unknown while its values are."""
        try:
            account = await self._desk.broker.account_values()
        except BrokerError:
            account = None
        return self._uses(session, account)

    async def exits_wait(self) -> bool:
        """Whether time exits wait for data just now, by setting."""
        if self._desk.policy.limits.exits_without_data is ExitsWithoutData.GO_ON:
            return False
        await self._look_at_data()
        return bool(self._lacking)

    def _uses(self, session: date, account: AccountValues | None) -> tuple[LimitUse, ...]:
        """Return the uses, computed anew only where something that they rest on has changed."""
        desk, store, states = self._desk, self._desk.store, self._risk.run_states
        orders = store.intents(session=session), store.intents(live_only=True), states.rejects, states.counted_from
        state = (session, account, desk.policy, desk.view(), store.days(), store.meta(BASELINE), orders)
        if self._state != state:
            carry = carry_use(store.days(), session, desk.policy.hedge.budget.carry_alert_pct)
            used = limit_uses(self._used(session, account), desk.policy.limits)
            self._state, self._known = state, (*used, carry)
        return self._known

    def _used(self, session: date, account: AccountValues | None) -> Used:
        orders = self._risk.counted_orders(session)
        return Used(
            condors=len(self._desk.view().condors),
            wing_notional_usd=self._desk.view().wing_notional_usd,
            account=account,
            losses=self._risk.losses(session, None if account is None else account.net_liquidation_usd_cents),
            orders_at=tuple(intent.created_at for intent in orders),
            contracts=sum(intent.spec.contracts for intent in orders),
            rejects=self._risk.run_states.rejects,
            debits_due_usd_cents=self._risk.debits_due_usd_cents(),
        )

    def _tell_breaches(self, uses: tuple[LimitUse, ...]) -> None:
        found = {use.name: use for use in uses if use.breached}
        for name in sorted(found.keys() - self._breached):
            use = found[name]
            fields = {"limit": name, "value": use.value, "allowed": use.limit, "unit": use.unit}
            self._desk.journal.emit("limit_breached", {**fields, "still": still_allowed(name)})
        for name in sorted(self._breached - found.keys()):
            self._desk.journal.emit("limit_kept", {"limit": name})
        self._breached = frozenset(found)

    async def _look_at_data(self) -> AccountValues | None:
        """Find what SPX, VIX and the account lack, tell each cause once; return the account's values if there are."""
        lacking: dict[str, Reason] = {}
        for underlying in INDEXES:
            reason = await self._lacks(underlying)
            if reason is not None:
                lacking[underlying.value] = reason
        account = None
        try:
            account = await self._desk.broker.account_values()
        except LinkDownError:
            raise
        except BrokerError as error:
            lacking["account"] = Reason("account_missing", str(error), error.code)
        self._tell_lacking(lacking)
        return account

    async def _lacks(self, underlying: Underlying) -> Reason | None:
        limit_s = self._desk.policy.limits.index_max_age_s
        try:
            quote = await index_value(self._desk, underlying)
        except Refusal as refusal:
            return refusal.reasons[0]
        age_s = (self._desk.clock.now() - quote.at).total_seconds()
        if age_s <= limit_s:
            return None
        return Reason("stale_index", f"The value of {underlying} is too many seconds old", round(age_s), limit_s)

    def _tell_lacking(self, lacking: dict[str, Reason]) -> None:
        for data, reason in sorted(lacking.items()):
            known = self._lacking.get(data)
            if known is None or known.name != reason.name:
                self._desk.journal.emit("data_lost", {"data": data, "cause": reason.name, "text": reason.text})
        for data in sorted(self._lacking.keys() - lacking.keys()):
            self._desk.journal.emit("data_regained", {"data": data})
        self._lacking = lacking
