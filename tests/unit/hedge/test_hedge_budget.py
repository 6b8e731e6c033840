"""The guards of the budget; amounts are sums a person can check."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hedge_values import POLICY, policy

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.condor.legs import CondorLegs, Vertical
from daemon.core.hedge.budget import GuardRules, LayerCost, Spent, spent, within_budget
from daemon.core.hedge.hedged import Hedged
from daemon.core.hedge.policy import HedgePolicy, HedgeSplit
from daemon.core.hedge.sizing import HedgeTarget
from daemon.core.market.contracts import ConId, OptionContract, Right, TradingClass, vix_future
from daemon.core.orders.broker_facts import ExecId
from daemon.core.orders.intent import IntentKey, OrderRef, Purpose, Strategy
from daemon.core.records import CondorRecord, HedgeBudget

W = Hedged(condors=40, wing_notional_usd=100_000, base_usd=100_000)
SEVENTEEN = HedgeTarget(17, {"L1": 7, "L2": 7, "L3": 3}, 15.0, 15_000.0, ())
# Measured 2007-2026 in months with VIX below 25: $149, $101 and $69 a contract and month.
MEASURED_USD = {"L1": 149.0, "L2": 101.0, "L3": 69.0}
RICH = Spent(debits_usd=0.0, credits_usd=26_000.0)


def costs(**changes: float) -> dict[str, LayerCost]:
    """Return costs by layer at the measured carry, with 100 dollars a contract and nothing held."""
    fields = {"price_usd": 100.0, "held": 0, "proceeds_usd": 0.0, "counts_usd": 880.0} | changes
    return {
        name: LayerCost(
            carry_usd=usd,
            price_usd=fields["price_usd"],
            held=int(fields["held"]),
            proceeds_usd=fields["proceeds_usd"],
            counts_usd=fields["counts_usd"],
        )
        for name, usd in MEASURED_USD.items()
    }


def guarded(
    target: HedgeTarget = SEVENTEEN,
    cost: dict[str, LayerCost] | None = None,
    past: Spent = RICH,
    *,
    vix: float = 18.0,
    hedged: Hedged = W,
    floor_pct: float = 12.0,
    rules: HedgePolicy = POLICY,
) -> tuple[HedgeTarget, HedgeBudget]:
    """Return what the guards leave of a target."""
    bounds = GuardRules(vix=vix, hedged=hedged, floor_pct=floor_pct, policy=rules)
    return within_budget(target, cost or costs(), past, bounds)


class TestCarryGuard:
    def test_seventeen_contracts_become_twelve_at_the_measured_carry(self) -> None:
        # 7 x 149 + 7 x 101 + 3 x 69 = 1,957; of 13 contracts 5 x 149 + 5 x 101 + 3 x 69 = 1,457;
        # of 12 contracts, 5, 5 and 2, they are 1,388, within 1,400.
        target, budget = guarded()

        assert target.by_layer == {"L1": 5, "L2": 5, "L3": 2}
        assert (target.total, target.target_usd) == (12, 12 * 880.0)
        assert [target.pct, budget.carry_max_usd] == pytest.approx([10.56, 1_400.0])
        assert (budget.wanted, budget.carry_usd) == (17, 1388.0)

    def test_the_cut_tells_its_arithmetic_and_that_it_goes_below_the_band(self) -> None:
        target, _ = guarded()

        assert [(reason.name, reason.value, reason.limit) for reason in target.reasons] == [
            ("carry_guard", 1957.0, 1400.0),
            ("budget_bound", 10.56, 12.0),
        ]
        assert "L1 7 x $149 + L2 7 x $101 + L3 3 x $69 = $1,957" in target.reasons[0].text
        assert "12 instead of 17 contracts" in target.reasons[0].text

    def test_a_target_within_the_limit_is_left_alone(self) -> None:
        twelve = HedgeTarget(12, {"L1": 5, "L2": 5, "L3": 2}, 7.0, 7_000.0, ())

        assert guarded(twelve)[0] == twelve

    @pytest.mark.parametrize(("vix", "total"), [(25.0, 12), (25.01, 17)])
    def test_above_vix_25_the_guards_are_suspended(self, vix: float, total: int) -> None:
        target, budget = guarded(vix=vix)

        assert (target.total, budget.suspended) == (total, vix > 25)

    def test_switched_off_the_figures_are_told_and_nothing_is_cut(self) -> None:
        off = policy(budget=replace(POLICY.budget, enabled=False))

        target, budget = guarded(rules=off)

        assert (target, budget.carry_usd, budget.guarded) == (SEVENTEEN, 1957.0, False)

    def test_one_contract_a_layer_stays_however_dear(self) -> None:
        dear = {name: replace(cost, carry_usd=5_000.0) for name, cost in costs().items()}

        target, _ = guarded(cost=dear)

        assert target.by_layer == {"L1": 1, "L2": 1, "L3": 1}

    def test_a_layer_without_contracts_gets_none_by_being_cut(self) -> None:
        two = HedgeTarget(2, {"L1": 1, "L2": 1, "L3": 0}, 2.0, 2_000.0, ())
        small = replace(W, wing_notional_usd=5_000)

        target, _ = guarded(two, hedged=small)

        assert target.by_layer == two.by_layer
        assert target.pct == two.pct
        assert [reason.name for reason in target.reasons] == ["carry_guard"]
        assert "no contract fewer is allowed" in target.reasons[0].text

    def test_shares_of_dollars_are_cut_in_their_own_proportion(self) -> None:
        by_dollars = policy(split=HedgeSplit.DOLLARS)
        wide = HedgeTarget(17, {"L1": 10, "L2": 5, "L3": 2}, 15.0, 15_000.0, ())
        # 10 : 5 : 2 of 11 is 6.47, 3.24, 1.29: 7, 3, 1 cost 7 x 149 + 3 x 101 + 69 = 1,415; of 10 it is 5.88, 2.94,
        # 1.18: 6, 3, 1 cost 1,266.
        target, _ = guarded(wide, rules=by_dollars)

        assert target.by_layer == {"L1": 6, "L2": 3, "L3": 1}


class TestDebitGuard:
    FREE = policy(budget=replace(POLICY.budget, carry_max_pct=100.0))

    def test_purchases_fit_what_the_credits_leave(self) -> None:
        # 20 % of 26,000 are 5,200, of which 4,000 are spent: 1,200 buy 12 calls of 100.
        target, _ = guarded(past=Spent(4_000.0, 26_000.0), rules=self.FREE)

        assert target.by_layer == {"L1": 5, "L2": 5, "L3": 2}
        assert [(reason.name, reason.value, reason.limit) for reason in target.reasons] == [
            ("debit_guard", 5_700.0, 5_200.0),
            ("budget_bound", 10.56, 12.0),
        ]

    def test_what_a_roll_sells_pays_for_what_it_buys(self) -> None:
        # Each layer sells for 200: 17 calls cost 1,700 - 600 = 1,100.
        target, _ = guarded(cost=costs(proceeds_usd=200.0), past=Spent(4_000.0, 26_000.0), rules=self.FREE)

        assert target == SEVENTEEN

    def test_what_another_layer_sells_pays_for_nothing(self) -> None:
        # L1 buys 2 and L3 sells 2 of 100 each; all of 5,200 is spent, so nothing is bought until the sale is booked.
        held = {
            name: replace(cost, held=quantity)
            for (name, cost), quantity in zip(costs().items(), (5, 7, 3), strict=True)
        }
        wanted = HedgeTarget(15, {"L1": 7, "L2": 7, "L3": 1}, 13.2, 13_200.0, ())

        target, _ = guarded(wanted, held, Spent(5_200.0, 26_000.0), rules=self.FREE)

        assert target.by_layer == {"L1": 5, "L2": 7, "L3": 1}
        assert (target.reasons[0].value, target.reasons[0].limit) == (5_400.0, 5_200.0)

    def test_what_a_roll_brings_beyond_its_purchase_pays_for_no_other_layer(self) -> None:
        # L1 rolls at a gain of 7 x 200 - 7 x 100; L3 buys 3 of 100, of which 5,000 of 5,200 leave room for 2.
        held = {
            name: replace(cost, held=quantity)
            for (name, cost), quantity in zip(costs().items(), (0, 7, 0), strict=True)
        }
        held["L1"] = replace(held["L1"], proceeds_usd=1_400.0)

        target, _ = guarded(cost=held, past=Spent(5_000.0, 26_000.0), rules=self.FREE)

        assert target.by_layer["L3"] == 2

    def test_what_is_held_is_not_sold_for_what_was_spent(self) -> None:
        # 5, 5 and 3 are held, and nothing may be bought.
        cost = costs(held=5) | {"L3": costs(held=3)["L3"]}

        target, _ = guarded(cost=cost, past=Spent(6_000.0, 26_000.0), rules=self.FREE)

        assert target.by_layer == {"L1": 5, "L2": 5, "L3": 3}

    def test_a_target_that_only_sells_is_no_purchase(self) -> None:
        target, _ = guarded(cost=costs(held=8), past=Spent(9_000.0, 26_000.0), rules=self.FREE)

        assert target == SEVENTEEN


SESSION = date(2020, 3, 2)
CALL = OptionContract(TradingClass.VIXW, date(2020, 3, 11), 2000, Right.CALL)


def spx(strike: int, right: Right) -> OptionContract:
    return OptionContract(TradingClass.SPXW, date(2020, 3, 20), strike * 100, right)


LEGS = CondorLegs(
    Vertical(spx(3200, Right.PUT), spx(3175, Right.PUT)), Vertical(spx(3450, Right.CALL), spx(3475, Right.CALL))
)


def entry(
    number: int, subject: str, contract: OptionContract, quantity: int, *, pts100: int, session: date, ref: str | None
) -> BookEntry:
    return BookEntry(
        exec_id=ExecId(f"0000.{number}.01"),
        kind=EntryKind.TRADE if ref else EntryKind.SETTLEMENT,
        order_ref=OrderRef(ref) if ref else None,
        strategy=Strategy.HEDGE if subject.startswith("L") else Strategy.CONDOR,
        subject=subject,
        con_id=ConId(number),
        contract=contract,
        quantity=quantity,
        price_pts100=pts100,
        fee_usd_e4=None,
        at=datetime(2020, 3, 2, 15, tzinfo=UTC),
        session=session,
    )


def ref(subject: str, purpose: Purpose) -> str:
    strategy = Strategy.HEDGE if subject.startswith("L") else Strategy.CONDOR
    return IntentKey(SESSION, strategy, purpose, subject, 1).ref


class TestSpent:
    def test_debits_are_purchases_less_sales_and_settlements_of_thirty_days(self) -> None:
        old, within = date(2020, 2, 1), date(2020, 2, 2)  # 30 days before 2 March is 1 February
        entries = [
            entry(1, "L1", CALL, 9, pts100=100, session=old, ref=ref("L1", Purpose.ROLL_BUY)),
            entry(2, "L1", CALL, 4, pts100=120, session=within, ref=ref("L1", Purpose.ROLL_BUY)),
            entry(3, "L1", CALL, -2, pts100=50, session=SESSION, ref=ref("L1", Purpose.ROLL_SELL)),
            entry(4, "L1", CALL, -1, pts100=30, session=SESSION, ref=None),
        ]

        # 4 x $120 - 2 x $50 - 1 x $30
        assert spent(entries, [], [], SESSION) == Spent(350.0, 0.0)

    def test_a_future_is_margined_and_no_debit(self) -> None:
        future = vix_future(date(2020, 3, 18))
        bought = entry(1, "L1", future, 2, pts100=1_650, session=SESSION, ref=ref("L1", Purpose.ROLL_BUY))

        assert spent([bought], [], [], SESSION) == Spent(0.0, 0.0)

    def test_credits_are_those_of_entries_of_thirty_days_and_of_all_open_condors(self) -> None:
        sold = [
            (date(2020, 1, 2), "C20200102-1"),
            (date(2020, 1, 3), "C20200103-1"),
            (date(2020, 2, 20), "C20200220-1"),
        ]
        records = [
            CondorRecord(name, day, LEGS, {}, IntentKey(day, Strategy.CONDOR, Purpose.ENTRY, name, 1))
            for day, name in sold
        ]
        put, wing = spx(3200, Right.PUT), spx(3175, Right.PUT)
        entries = []
        for number, (day, name) in enumerate(sold):
            way = ref(name, Purpose.ENTRY)
            entries += [
                entry(10 * number, name, put, -2, pts100=900, session=day, ref=way),
                entry(10 * number + 1, name, wing, 2, pts100=500, session=day, ref=way),
                entry(10 * number + 2, name, put, 2, pts100=300, session=SESSION, ref=ref(name, Purpose.EXIT)),
            ]

        # Each brought 2 x (9 - 5) x $100 = $800; the first is closed and too old; what exits cost is not counted.
        assert spent(entries, records, ["C20200103-1"], SESSION) == Spent(0.0, 1_600.0)
