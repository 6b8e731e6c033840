"""Orders, executions, fees and snapshots: only what the gateway itself said becomes a fact."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from ib_adapter_fakes import (
    ACCOUNT,
    BAG11,
    CON_IDS,
    CONDOR,
    PUT,
    REF,
    UNSET,
    VIX_CALL,
    ScriptedGateway,
    World,
    call_spec,
    completed_order,
    condor_spec,
    contract11,
    execution,
    open_order,
    play,
    position,
)

from daemon.core.market.contracts import ConId, OptionContract, Right, TradingClass
from daemon.core.orders.broker_facts import (
    BrokerFact,
    ExecId,
    ExecutionFact,
    FeeFact,
    Margin,
    NoticeFact,
    OrderFact,
    OrderMessage,
    OrderStatus,
    PositionFact,
    Snapshot,
)
from daemon.core.orders.intent import Leg, OrderRef, OrderSpec, PermId
from daemon.errors import BrokerError, BrokerTimeoutError, InvariantError, LinkDownError
from daemon.sim.gateway.layout import Record, decode
from daemon.sim.gateway.order_layouts import PLACE_ORDER

LAST_TRADE = "20200401"
VIX_LAST_TRADE = "20200414"


async def placed(world: World, spec: OrderSpec | None = None, ref: OrderRef = REF) -> int:
    """Place an order and return its order id."""
    await world.broker.place(ref, spec or condor_spec())
    await world.settle()
    return int(last_order(world)["orderId"])


def last_order(world: World) -> Record:
    """The last placeOrder, by the names of its fields; none may be left over."""
    return decode(PLACE_ORDER, 176, world.gateway.asked(3)[-1][1:])


class TestPlacing:
    """What goes on the wire."""

    def test_an_order_behind_many_requests_has_left_when_it_counts_as_sent(self) -> None:
        strikes = [OptionContract(PUT.trading_class, PUT.expiry, 200_000 + 500 * n, PUT.right) for n in range(60)]

        async def scene(world: World) -> int:
            await world.broker.contracts([leg.contract for leg in condor_spec().legs])
            asking = asyncio.create_task(world.broker.contracts(strikes))
            await asyncio.sleep(0.01)
            await world.broker.place(REF, condor_spec())
            await asyncio.sleep(0.01)  # the bytes' way to the gateway, far below the second of the throttle
            arrived = len(world.gateway.asked(3))
            await asking
            return arrived

        assert play(scene) == 1

    def test_a_condor_is_bought_as_one_guaranteed_combo_at_its_negative_net(self) -> None:
        async def scene(world: World) -> Record:
            await placed(world)
            return last_order(world)

        order = play(scene)

        assert (order["secType"], order["symbol"], order["exchange"], order["currency"]) == (
            "BAG",
            "SPX",
            "SMART",
            "USD",
        )
        assert (order["action"], order["totalQuantity"], order["lmtPrice"]) == ("BUY", "2", "-1.5")
        assert [row[:4] for row in order.rows["comboLegs"]] == [
            ("700001", "1", "BUY", "SMART"),
            ("700002", "1", "SELL", "SMART"),
            ("700003", "1", "SELL", "SMART"),
            ("700004", "1", "BUY", "SMART"),
        ]
        assert order.rows["orderComboLegs"] == ()
        assert order.rows["smartComboRoutingParams"] == ()

    def test_ref_account_time_in_force_and_transmit_are_always_set(self) -> None:
        async def scene(world: World) -> Record:
            await placed(world)
            return last_order(world)

        order = play(scene)

        assert (order["orderType"], order["tif"], order["orderRef"]) == ("LMT", "DAY", REF)
        assert (order["account"], order["transmit"], order["whatIf"], order["outsideRth"]) == (ACCOUNT, "1", "0", "0")

    @pytest.mark.parametrize(("ratio", "net", "action", "limit"), [(1, 210, "BUY", "2.1"), (-1, -205, "SELL", "2.05")])
    def test_a_single_contract_is_bought_or_sold_at_a_positive_price(
        self, ratio: int, net: int, action: str, limit: str
    ) -> None:
        async def scene(world: World) -> Record:
            await placed(world, call_spec(ratio, net))
            return last_order(world)

        order = play(scene)

        assert (order["action"], order["lmtPrice"], order["tif"]) == (action, limit, "GTC")
        assert (order["secType"], order["conId"], order["exchange"]) == ("OPT", "700010", "SMART")

    def test_a_leg_that_does_not_exist_is_an_error_and_nothing_is_sent(self) -> None:
        unknown = replace(PUT, strike_pts100=12300)

        async def scene(world: World) -> None:
            with pytest.raises(BrokerError, match="123P") as caught:
                await world.broker.place(REF, replace(call_spec(), legs=(Leg(unknown, 1),)))
            assert caught.value.code == 200
            assert world.gateway.asked(3) == []

        play(scene)

    def test_order_ids_stay_above_every_id_seen(self) -> None:
        gateway = ScriptedGateway()
        gateway.next_id = 40
        gateway.open_orders = [[open_order(90, BAG11, "Submitted", perm_id=901, ref="cd.other")]]

        async def scene(world: World) -> int:
            return await placed(world)

        assert play(scene, gateway) > 90

    def test_a_gateway_that_rolled_its_ids_back_gets_no_id_twice(self) -> None:
        gateway = ScriptedGateway()
        gateway.next_id = 500

        async def scene(world: World) -> tuple[int, int]:
            first = await placed(world)
            await world.broker.disconnect()
            gateway.next_id = 1
            await world.broker.connect()
            return first, await placed(world, ref=OrderRef("cd.second"))

        first, second = play(scene, gateway)

        assert 500 <= first < second

    def test_a_ref_is_never_sent_twice(self) -> None:
        async def scene(world: World) -> None:
            await placed(world)
            with pytest.raises(InvariantError):
                await world.broker.place(REF, condor_spec())
            assert len(world.gateway.asked(3)) == 1

        play(scene)

    def test_nothing_is_sent_without_a_connection(self) -> None:
        async def scene(world: World) -> None:
            await world.broker.disconnect()
            with pytest.raises(LinkDownError):
                await world.broker.place(REF, condor_spec())
            assert world.gateway.asked(3) == []

        play(scene)


class TestChanging:
    """New prices and cancels."""

    def test_a_new_price_keeps_id_ref_and_the_contract_that_the_gateway_returned(self) -> None:
        async def scene(world: World) -> tuple[int, Record]:
            order_id = await placed(world)
            legs = (
                ("700004", "1", "BUY", "SMART", "0", "0", "", "-1"),
                ("700001", "1", "BUY", "SMART", "0", "0", "", "-1"),
            )
            world.gateway.send(*open_order(order_id, BAG11, "Submitted", legs=legs))
            await world.settle()
            await world.broker.modify(REF, -145)
            await world.settle()
            return order_id, last_order(world)

        order_id, order = play(scene)

        assert (order["orderId"], order["lmtPrice"], order["orderRef"]) == (str(order_id), "-1.45", REF)
        assert (order["conId"], order["right"], order["exchange"]) == ("28812380", "", "SMART")
        assert [row[0] for row in order.rows["comboLegs"]] == ["700004", "700001"]

    def test_a_sale_is_repriced_at_a_positive_price(self) -> None:
        async def scene(world: World) -> Record:
            await placed(world, call_spec(-1, -210))
            await world.broker.modify(REF, -195)
            await world.settle()
            return last_order(world)

        order = play(scene)

        assert (order["action"], order["lmtPrice"]) == ("SELL", "1.95")

    def test_a_cancel_goes_out_under_the_order_id(self) -> None:
        async def scene(world: World) -> None:
            order_id = await placed(world)
            await world.broker.cancel(REF)
            await world.settle()
            assert world.gateway.asked(4) == [["4", "1", str(order_id), ""]]

        play(scene)

    def test_an_unknown_ref_is_an_error(self) -> None:
        async def scene(world: World) -> None:
            with pytest.raises(BrokerError):
                await world.broker.modify(REF, -100)
            with pytest.raises(BrokerError):
                await world.broker.cancel(REF)

        play(scene)

    @pytest.mark.parametrize("status", ["Filled", "Cancelled"])
    def test_an_order_that_ended_is_not_changed_any_more(self, status: str) -> None:
        async def scene(world: World) -> None:
            order_id = await placed(world)
            world.gateway.status(order_id, status)
            await world.settle()
            with pytest.raises(BrokerError, match="no longer working"):
                await world.broker.modify(REF, -100)
            assert len(world.gateway.asked(3)) == 1

        play(scene)

    def test_a_working_order_of_an_earlier_process_is_found_by_its_ref(self) -> None:
        gateway = ScriptedGateway()
        status = [3, 12, "Submitted", 1, 1, -1.5, 900, 0, 0.0, 7, "", 0.0]
        gateway.open_orders = [[open_order(12, BAG11, "Submitted", more={"tif": "GTC"}), status]]

        async def scene(world: World) -> tuple[Snapshot, Record]:
            snapshot = await world.broker.snapshot()
            await world.broker.modify(REF, -140)
            await world.broker.cancel(REF)
            await world.settle()
            return snapshot, last_order(world)

        snapshot, order = play(scene, gateway)

        assert snapshot.open_orders == (OrderFact(REF, PermId(900), OrderStatus.WORKING, 1, 1),)
        assert (order["orderId"], order["lmtPrice"], order["totalQuantity"], order["tif"]) == ("12", "-1.4", "2", "GTC")
        assert gateway.asked(4) == [["4", "1", "12", ""]]

    def test_an_order_of_another_client_is_shown_and_not_touched(self) -> None:
        gateway = ScriptedGateway()
        gateway.open_orders = [[open_order(12, BAG11, "Submitted", client_id=3)]]

        async def scene(world: World) -> None:
            assert len((await world.broker.snapshot()).open_orders) == 1
            with pytest.raises(BrokerError, match="client 3"):
                await world.broker.cancel(REF)

        play(scene, gateway)


class TestStatuses:
    """Only orderStatus, openOrder and completedOrder say what an order is."""

    @pytest.mark.parametrize(
        ("text", "status"),
        [
            ("ApiPending", OrderStatus.PENDING),
            ("PendingSubmit", OrderStatus.PENDING),
            ("PreSubmitted", OrderStatus.WORKING),
            ("Submitted", OrderStatus.WORKING),
            ("PendingCancel", OrderStatus.WORKING),
            ("Cancelled", OrderStatus.CANCELLED),
            ("ApiCancelled", OrderStatus.CANCELLED),
            ("Filled", OrderStatus.FILLED),
            ("Inactive", OrderStatus.INACTIVE),
        ],
    )
    def test_every_status_has_its_word(self, text: str, status: OrderStatus) -> None:
        async def scene(world: World) -> OrderFact:
            world.gateway.status(await placed(world), text, filled=1, remaining=1)
            await world.settle()
            return world.told(OrderFact)[-1]

        assert play(scene) == OrderFact(REF, PermId(900), status, 1, 1)

    @pytest.mark.parametrize(
        "code", [110, 135, 136, 161, 201, 202, 321, 399, 404, 434, 10147, 10148, 10349, 2109, 77777]
    )
    def test_no_message_about_an_order_ends_it(self, code: int) -> None:
        """The library itself calls an order cancelled on most of these."""

        async def scene(world: World) -> None:
            order_id = await placed(world)
            world.gateway.send(*open_order(order_id, BAG11, "Submitted"))
            world.gateway.status(order_id, "Submitted")
            world.gateway.message(order_id, code, "Order Message: something")
            await world.settle()
            assert {fact.status for fact in world.told(OrderFact)} == {OrderStatus.WORKING}
            assert world.told(OrderMessage) == [OrderMessage(REF, code, "Order Message: something")]
            await world.broker.modify(REF, -145)  # it is still ours to change
            await world.settle()
            assert len(world.gateway.asked(3)) == 2

        play(scene)

    def test_a_status_before_its_open_order_is_told_with_its_ref(self) -> None:
        async def scene(world: World) -> OrderRef | None:
            world.gateway.status(await placed(world), "PreSubmitted")
            await world.settle()
            return world.told(OrderFact)[-1].order_ref

        assert play(scene) == REF

    @pytest.mark.parametrize("ended", ["Filled", "Cancelled"])
    def test_an_open_order_message_that_comes_late_revives_nothing(self, ended: str) -> None:
        async def scene(world: World) -> OrderStatus:
            order_id = await placed(world)
            world.gateway.status(order_id, ended, filled=2, remaining=0)
            world.gateway.send(*open_order(order_id, BAG11, "Submitted"))
            await world.settle()
            return world.told(OrderFact)[-1].status

        assert play(scene) == ended.lower()

    def test_the_same_order_id_of_another_client_is_another_order(self) -> None:
        async def scene(world: World) -> list[tuple[OrderRef | None, int]]:
            order_id = await placed(world)
            world.gateway.send(*open_order(order_id, BAG11, "Submitted", client_id=3, perm_id=901, ref="their order"))
            world.gateway.send(3, order_id, "Cancelled", 0, 2, 0.0, 901, 0, 0.0, 3, "", 0.0)
            world.gateway.status(order_id, "Submitted")
            await world.settle()
            await world.broker.modify(REF, -145)
            return [(fact.order_ref, fact.perm_id) for fact in world.told(OrderFact)]

        assert play(scene) == [("their order", 901), ("their order", 901), (REF, 900)]

    def test_an_order_of_another_account_is_ignored(self) -> None:
        async def scene(world: World) -> None:
            world.gateway.send(*open_order(3, BAG11, "Submitted", account="DU0000001"))
            await world.settle()
            assert world.told(OrderFact) == []

        play(scene)


def fill(order_id: int, slice_no: int = 1, quantity: int = 2, revision: str = "01") -> list[list[object]]:
    """The five executions of a whole condor: the combo first, then each leg."""
    prices = (7.4, 9.9, 10.1, 6.0)
    sides = ("BOT", "SLD", "SLD", "BOT")
    stem = f"0000e0d5.5e5c{slice_no}"
    combo = execution(f"{stem}.01.{revision}", BAG11, "BOT", quantity, -6.6, order_id=order_id)
    legs = [
        execution(f"{stem}.0{n + 2}.{revision}", contract11(leg, LAST_TRADE), side, quantity, price, order_id=order_id)
        for n, (leg, side, price) in enumerate(zip(CONDOR, sides, prices, strict=True))
    ]
    return [combo, *legs]


class TestExecutions:
    """Each told once, signed, in points x 100, with its contract."""

    def test_a_condor_fill_is_the_combo_and_its_four_legs_once_each(self) -> None:
        async def scene(world: World) -> list[ExecutionFact]:
            for message in fill(await placed(world)):
                world.gateway.send(*message)
            await world.settle()
            return world.told(ExecutionFact)

        combo, *legs = play(scene)

        assert (combo.is_combo, combo.contract, combo.quantity, combo.price_pts100) == (True, None, 2, -660)
        assert [(leg.contract, leg.quantity, leg.price_pts100) for leg in legs] == [
            (CONDOR[0], 2, 740),
            (CONDOR[1], -2, 990),
            (CONDOR[2], -2, 1010),
            (CONDOR[3], 2, 600),
        ]
        assert {fact.order_ref for fact in (combo, *legs)} == {REF}
        assert {fact.at for fact in (combo, *legs)} == {datetime(2020, 3, 2, 17, 0, 5, tzinfo=UTC)}
        assert [leg.con_id for leg in legs] == [CON_IDS[leg] for leg in CONDOR]

    def test_an_execution_without_a_ref_finds_it_by_order_id_or_perm_id(self) -> None:
        async def scene(world: World) -> list[OrderRef | None]:
            order_id = await placed(world)
            world.gateway.send(*open_order(order_id, BAG11, "Submitted", perm_id=900))
            row = contract11(PUT, LAST_TRADE)
            world.gateway.send(*execution("a.01.01", row, "BOT", 1, 1.0, order_id=order_id, perm_id=1, ref=""))
            world.gateway.send(*execution("b.01.01", row, "BOT", 1, 1.0, order_id=0, perm_id=900, ref=""))
            world.gateway.send(*execution("c.01.01", row, "BOT", 1, 1.0, order_id=0, perm_id=5, ref=""))
            await world.settle()
            return [fact.order_ref for fact in world.told(ExecutionFact)]

        assert play(scene) == [REF, REF, None]

    def test_an_execution_of_another_account_is_ignored(self) -> None:
        async def scene(world: World) -> None:
            world.gateway.send(*execution("a.01.01", contract11(PUT, LAST_TRADE), "BOT", 1, 1.0, account="DU0000001"))
            await world.settle()
            assert world.told(ExecutionFact) == []

        play(scene)

    def test_an_execution_in_something_foreign_is_told_without_a_contract(self) -> None:
        share: list[object] = [756733, "SPY", "STK", "", 0.0, "", "", "ARCA", "USD", "SPY", "SPY"]

        async def scene(world: World) -> ExecutionFact:
            world.gateway.send(*execution("a.01.01", share, "SLD", 3, 300.25, ref=""))
            await world.settle()
            return world.told(ExecutionFact)[-1]

        fact = play(scene)

        assert (fact.contract, fact.is_combo, fact.quantity, fact.description) == (None, False, -3, "STK SPY")

    def test_a_correction_is_told_as_it_comes(self) -> None:
        async def scene(world: World) -> list[str]:
            row = contract11(PUT, LAST_TRADE)
            for revision, price in (("01", 7.4), ("02", 7.35)):
                world.gateway.send(*execution(f"x.02.{revision}", row, "BOT", 2, price))
            await world.settle()
            return [f"{fact.exec_id} {fact.price_pts100}" for fact in world.told(ExecutionFact)]

        assert play(scene) == ["x.02.01 740", "x.02.02 735"]

    @pytest.mark.parametrize(
        ("price", "pts100", "noted"), [(0.07, 7, False), (1.005, 100, True), (12.3456, 1235, True)]
    )
    def test_a_price_off_the_cent_is_kept_rounded_and_noted(self, price: float, pts100: int, noted: bool) -> None:
        async def scene(world: World) -> tuple[int, bool]:
            world.gateway.send(*execution("a.01.01", contract11(PUT, LAST_TRADE), "BOT", 1, price))
            await world.settle()
            return world.told(ExecutionFact)[-1].price_pts100, any("rounded" in n.text for n in world.told(NoticeFact))

        assert play(scene) == (pts100, noted)

    @pytest.mark.parametrize("time", ["20200302  12:00:05", "20200302 12:00:05 EST", "20200302-17:00:05"])
    def test_every_spelling_of_the_time_is_the_same_instant(self, time: str) -> None:
        async def scene(world: World) -> datetime:
            world.gateway.send(*execution("a.01.01", contract11(PUT, LAST_TRADE), "BOT", 1, 1.0, time=time))
            await world.settle()
            return world.told(ExecutionFact)[-1].at

        assert play(scene) == datetime(2020, 3, 2, 17, 0, 5, tzinfo=UTC)

    def test_a_vix_call_is_booked_under_its_settlement_date(self) -> None:
        async def scene(world: World) -> OptionContract | None:
            world.gateway.send(*execution("a.01.01", contract11(VIX_CALL, VIX_LAST_TRADE), "BOT", 4, 2.1))
            await world.settle()
            return world.told(ExecutionFact)[-1].contract

        assert play(scene) == VIX_CALL


def fee(fee_usd_e4: int) -> FeeFact:
    """The fee of the one execution of these tests."""
    return FeeFact(ExecId("a.01.01"), fee_usd_e4)


class TestFees:
    """In 1/10,000 dollar, after their execution, never unset."""

    def test_a_fee_follows_its_execution(self) -> None:
        async def scene(world: World) -> list[BrokerFact]:
            world.gateway.send(*execution("a.01.01", contract11(PUT, LAST_TRADE), "BOT", 1, 1.0))
            world.gateway.commission("a.01.01", 1.1535)
            await world.settle()
            return world.facts[-2:]

        executed, paid = play(scene)

        assert isinstance(executed, ExecutionFact)
        assert paid == fee(11535)

    def test_a_fee_that_comes_first_waits_for_its_execution(self) -> None:
        async def scene(world: World) -> tuple[int, list[BrokerFact]]:
            world.gateway.commission("a.01.01", 1.15)
            await world.settle()
            early = len(world.told(FeeFact))
            world.gateway.send(*execution("a.01.01", contract11(PUT, LAST_TRADE), "BOT", 1, 1.0))
            await world.settle()
            return early, world.facts[-2:]

        early, (executed, paid) = play(scene)

        assert early == 0
        assert isinstance(executed, ExecutionFact)
        assert paid == fee(11500)

    def test_an_early_fee_survives_a_snapshot(self) -> None:
        async def scene(world: World) -> list[FeeFact]:
            world.gateway.commission("a.01.01", 1.15)
            await world.broker.snapshot()
            world.gateway.send(*execution("a.01.01", contract11(PUT, LAST_TRADE), "BOT", 1, 1.0))
            await world.settle()
            return world.told(FeeFact)

        assert play(scene) == [fee(11500)]

    @pytest.mark.parametrize("amount", [UNSET, "1.7976931348623157e+308", "NaN"])
    def test_an_unset_fee_is_no_fee(self, amount: str) -> None:
        async def scene(world: World) -> list[FeeFact]:
            world.gateway.send(*execution("a.01.01", contract11(PUT, LAST_TRADE), "BOT", 1, 1.0))
            world.gateway.commission("a.01.01", amount)
            await world.settle()
            return world.told(FeeFact)

        assert play(scene) == []

    def test_a_repeated_report_is_told_once(self) -> None:
        async def scene(world: World) -> list[FeeFact]:
            world.gateway.send(*execution("a.01.01", contract11(PUT, LAST_TRADE), "BOT", 1, 1.0))
            world.gateway.commission("a.01.01", 1.0)
            world.gateway.commission("a.01.01", 1.0)
            await world.settle()
            return world.told(FeeFact)

        assert play(scene) == [fee(10000)]

    def test_a_rebate_is_negative(self) -> None:
        async def scene(world: World) -> list[FeeFact]:
            world.gateway.send(*execution("a.01.01", contract11(PUT, LAST_TRADE), "BOT", 1, 1.0))
            world.gateway.commission("a.01.01", -0.25)
            await world.settle()
            return world.told(FeeFact)

        assert play(scene) == [fee(-2500)]


class TestSnapshots:
    """Everything of one moment, or an error."""

    def test_it_holds_everything_the_gateway_listed(self) -> None:
        gateway = ScriptedGateway()
        gateway.positions = [position(PUT, 2, LAST_TRADE), position(VIX_CALL, -3, VIX_LAST_TRADE)]
        gateway.open_orders = [[open_order(12, BAG11, "Submitted")]]
        gateway.completed = [
            completed_order(901, "Filled", ref="cd.a", filledQuantity="2", completedStatus="Filled Size: 2"),
            completed_order(902, "Cancelled", ref="", totalQuantity="3", filledQuantity="1"),
        ]
        row = execution("a.01.01", contract11(PUT, LAST_TRADE), "BOT", 2, 7.4, ref="cd.a")
        gateway.executions = [row, [59, 1, "a.01.01", 1.5, "USD", UNSET, UNSET, ""]]

        async def scene(world: World) -> Snapshot:
            snapshot = await world.broker.snapshot()
            assert dict(world.broker.positions()) == {fact.con_id: fact for fact in snapshot.positions}
            return snapshot

        snapshot = play(scene, gateway)

        assert snapshot.positions == (
            PositionFact(ConId(CON_IDS[PUT]), PUT, 2, "SPXW 2020-04-01 2700P", 123),
            PositionFact(ConId(CON_IDS[VIX_CALL]), VIX_CALL, -3, "VIX 2020-04-15 25C", 123),
        )
        assert snapshot.open_orders == (OrderFact(REF, PermId(900), OrderStatus.WORKING, 0, 2),)
        assert snapshot.completed_orders == (
            OrderFact(OrderRef("cd.a"), PermId(901), OrderStatus.FILLED, 2, 0, "Filled Size: 2"),
            OrderFact(None, PermId(902), OrderStatus.CANCELLED, 1, 2),
        )
        assert [(fact.exec_id, fact.quantity) for fact in snapshot.executions] == [("a.01.01", 2)]
        assert snapshot.fees == (fee(15000),)
        assert snapshot.account.net_liquidation_usd_cents == 100_000_025
        assert snapshot.account.total_cash_usd_cents == 99_900_050
        assert snapshot.account.initial_margin_usd_cents == 500_000
        assert snapshot.account.maintenance_margin_usd_cents == 400_000
        assert snapshot.account.available_funds_usd_cents == 99_500_025

    def test_other_accounts_zero_rows_and_foreign_contracts_are_told_apart(self) -> None:
        gateway = ScriptedGateway()
        share: list[object] = [
            61,
            3,
            ACCOUNT,
            756733,
            "SPY",
            "STK",
            "",
            0.0,
            "",
            "",
            "",
            "USD",
            "SPY",
            "SPY",
            10,
            300.0,
        ]
        gateway.positions = [position(PUT, 0, LAST_TRADE), position(VIX_CALL, 5, VIX_LAST_TRADE, "DU0000001"), share]

        async def scene(world: World) -> Snapshot:
            return await world.broker.snapshot()

        assert play(scene, gateway).positions == (PositionFact(ConId(756733), None, 10, "STK SPY"),)

    def test_it_is_read_again_when_an_execution_comes_in_between(self) -> None:
        gateway = ScriptedGateway()
        late = execution("a.01.01", contract11(PUT, LAST_TRADE), "BOT", 2, 7.4)

        async def scene(world: World) -> tuple[Snapshot, int]:
            before = len(gateway.asked(61))

            def interrupted(fields: list[str]) -> None:
                gateway.send(62, 1)
                gateway.send(*late)
                gateway.positions = [position(PUT, 2, LAST_TRADE)]
                gateway.replies[61] = gateway._positions

            gateway.replies[61] = interrupted
            snapshot = await world.broker.snapshot()
            return snapshot, len(gateway.asked(61)) - before

        snapshot, readings = play(scene, gateway)

        assert readings == 2
        assert [fact.quantity for fact in snapshot.positions] == [2]

    def test_it_is_refused_when_executions_never_stop(self) -> None:
        gateway = ScriptedGateway()

        async def scene(world: World) -> None:
            def restless(fields: list[str]) -> None:
                gateway.send(*execution("a.01.01", contract11(PUT, LAST_TRADE), "BOT", 2, 7.4))
                gateway.send(62, 1)

            gateway.replies[61] = restless
            with pytest.raises(BrokerError, match="5 readings"):
                await world.broker.snapshot()

        play(scene, gateway)

    @pytest.mark.parametrize("message", [62, 53, 102, 55, 64])
    def test_it_is_refused_when_an_answer_does_not_end(self, message: int) -> None:
        async def scene(world: World) -> None:
            world.gateway.withheld = {message}
            with pytest.raises(BrokerTimeoutError):
                await world.broker.snapshot()
            world.gateway.withheld = set()

        play(scene)

    def test_the_summary_is_ended_each_time_because_only_two_may_be_open(self) -> None:
        async def scene(world: World) -> None:
            for _ in range(3):
                await world.broker.snapshot()
            await world.settle()
            asked = [fields[2] for fields in world.gateway.asked(62)]
            assert [fields[2] for fields in world.gateway.asked(63)] == asked
            assert len(asked) == 4  # one at the start

        play(scene)

    def test_a_missing_account_value_leaves_the_account_unknown_and_not_at_zero(self) -> None:
        async def scene(world: World) -> None:
            world.gateway.replies[62] = lambda fields: world.gateway.send(64, 1, fields[2])
            assert (await world.broker.snapshot()).account is None

        play(scene)

    def test_a_refused_answer_is_an_error(self) -> None:
        async def scene(world: World) -> None:
            world.gateway.replies[62] = lambda fields: world.gateway.message(int(fields[2]), 322, "maximum exceeded")
            with pytest.raises(BrokerError) as caught:
                await world.broker.snapshot()
            assert caught.value.code == 322

        play(scene)


class TestStreams:
    """Positions and values between snapshots."""

    def test_a_position_change_is_seen_without_asking(self) -> None:
        async def scene(world: World) -> list[dict[ConId, int]]:
            seen = []
            for quantity in (2, 5, 0):
                world.gateway.send(*position(PUT, quantity, LAST_TRADE))
                await world.settle()
                seen.append({con_id: fact.quantity for con_id, fact in world.broker.positions().items()})
            return seen

        assert play(scene) == [{700001: 2}, {700001: 5}, {}]

    def test_marks_come_from_the_portfolio_of_our_account(self) -> None:
        def portfolio(con_id: int, quantity: int, price: object, account: str = ACCOUNT) -> list[object]:
            contract = ["SPX", "OPT", LAST_TRADE, 2700.0, "P", "100", "CBOE", "USD", "", "SPXW"]
            return [7, 8, con_id, *contract, quantity, price, 0.0, 0.0, 0.0, 0.0, account]

        async def scene(world: World) -> dict[ConId, float]:
            for message in (
                portfolio(1, 2, 7.35),
                portfolio(2, 2, UNSET),
                portfolio(3, 2, 1.0, "DU0000001"),
                portfolio(4, 2, 1.0),
                portfolio(4, 0, 0.0),
                portfolio(5, 2, "NaN"),
                portfolio(6, 2, -1),
            ):
                world.gateway.send(*message)
            await world.settle()
            return {con_id: mark.value_pts for con_id, mark in world.broker.marks().items()}

        assert play(scene) == {1: 7.35}

    def test_streamed_values_need_every_key(self) -> None:
        keys = ("TotalCashValue", "InitMarginReq", "MaintMarginReq", "AvailableFunds")

        async def scene(world: World) -> int:
            with pytest.raises(BrokerError, match="TotalCashValue"):
                await world.broker.account_values()
            for key in keys:
                world.gateway.send(6, 2, key, "100.10", "USD", ACCOUNT)
                world.gateway.send(6, 2, key, "999.99", "EUR", ACCOUNT)
                world.gateway.send(6, 2, key, "888.88", "USD", "DU0000001")
            await world.settle()
            return (await world.broker.account_values()).total_cash_usd_cents

        assert play(scene) == 10_010


class TestWhatIf:
    """Refused, unset, late or answered."""

    @staticmethod
    def answer(gateway: ScriptedGateway, fields: list[str], **values: str) -> None:
        gateway.send(*open_order(int(fields[1]), BAG11, "PreSubmitted", what_if=True, more=values))

    def test_an_answer_is_read_in_cents(self) -> None:
        async def scene(world: World) -> Margin:
            world.gateway.replies[3] = lambda fields: self.answer(
                world.gateway,
                fields,
                initMarginChange="5000.25",
                maintMarginChange="4000",
                initMarginAfter="15000.5",
                maintMarginAfter="14000",
                maxCommission="9.2",
            )
            return await world.broker.what_if(condor_spec())

        assert play(scene) == Margin(500_025, 400_000, 1_500_050, 1_400_000, 92_000)

    def test_it_is_no_order(self) -> None:
        async def scene(world: World) -> None:
            world.gateway.replies[3] = lambda fields: self.answer(world.gateway, fields, initMarginChange="1")
            await world.broker.what_if(condor_spec())
            await world.settle()
            assert last_order(world)["whatIf"] == "1"
            assert world.told(OrderFact) == []

        play(scene)

    @pytest.mark.parametrize("unset", [UNSET, "1.7976931348623157e+308", ""])
    def test_unset_values_are_none_never_zero(self, unset: str) -> None:
        async def scene(world: World) -> Margin:
            names = ("initMarginChange", "maintMarginChange", "initMarginAfter", "maintMarginAfter")
            world.gateway.replies[3] = lambda fields: self.answer(world.gateway, fields, **dict.fromkeys(names, unset))
            return await world.broker.what_if(condor_spec())

        assert play(scene) == Margin(None, None, None, None, None)

    def test_a_real_answer_after_an_unset_one_counts(self) -> None:
        async def scene(world: World) -> int | None:
            def twice(fields: list[str]) -> None:
                self.answer(world.gateway, fields)
                self.answer(world.gateway, fields, initMarginChange="5000")

            world.gateway.replies[3] = twice
            return (await world.broker.what_if(condor_spec())).initial_change_usd_cents

        assert play(scene) == 500_000

    @pytest.mark.parametrize("code", [110, 201, 321, 360])
    def test_a_refusal_is_an_error_with_its_code(self, code: int) -> None:
        async def scene(world: World) -> int | None:
            world.gateway.replies[3] = lambda fields: world.gateway.message(int(fields[1]), code, "no")
            with pytest.raises(BrokerError) as caught:
                await world.broker.what_if(condor_spec())
            return caught.value.code

        assert play(scene) == code

    def test_a_warning_before_the_answer_is_no_refusal(self) -> None:
        async def scene(world: World) -> int | None:
            def warned(fields: list[str]) -> None:
                world.gateway.message(int(fields[1]), 10349, "Order TIF was set to DAY based on order preset.")
                self.answer(world.gateway, fields, initMarginChange="5000")

            world.gateway.replies[3] = warned
            return (await world.broker.what_if(condor_spec())).initial_change_usd_cents

        assert play(scene) == 500_000

    def test_silence_is_a_time_out(self) -> None:
        async def scene(world: World) -> None:
            with pytest.raises(BrokerTimeoutError):
                await world.broker.what_if(condor_spec())

        play(scene)


def test_a_spxw_put_and_a_spx_put_of_one_expiry_are_two_contracts() -> None:
    am = OptionContract(TradingClass.SPX, PUT.expiry, PUT.strike_pts100, Right.PUT)

    async def scene(world: World) -> set[OptionContract | None]:
        world.gateway.send(*execution("a.01.01", contract11(PUT, LAST_TRADE), "BOT", 1, 1.0))
        world.gateway.send(*execution("b.01.01", contract11(am, "20200331", con_id=5), "BOT", 1, 1.0))
        await world.settle()
        return {fact.contract for fact in world.told(ExecutionFact)}

    assert play(scene) == {PUT, am}
