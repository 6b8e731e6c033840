import json
from collections import Counter
from datetime import date

from report_fakes import FakeStore
from report_values import MONDAY, noon
from report_world import LAST, World

from daemon.core.orders.intent import Reason
from daemon.core.records import Decision, DecisionKind
from daemon.report import tables


class TestBook:
    def test_json_has_exactly_the_agreed_keys(self, world: World) -> None:
        found = json.loads(json.dumps(tables.book_json(world.store)))

        assert list(found) == ["positions", "executions", "orders"]
        assert set(found["positions"][0]) == {"con_id", "symbol", "expiry", "strike", "right", "quantity"}
        assert set(found["executions"][0]) == {"exec_id", "order_ref", "con_id", "quantity", "price"}
        assert set(found["orders"][0]) == {"order_ref", "perm_id", "state"}

    def test_positions_are_the_sum_of_the_executions(self, world: World) -> None:
        found = json.loads(json.dumps(tables.book_json(world.store)))

        total: Counter[int] = Counter()
        for execution in found["executions"]:
            total[execution["con_id"]] += execution["quantity"]
        held = {con_id: quantity for con_id, quantity in total.items() if quantity}
        assert {row["con_id"]: row["quantity"] for row in found["positions"]} == held

    def test_execution_ids_are_the_brokers_and_ours_cannot_be_taken_for_one(self, world: World) -> None:
        found = json.loads(json.dumps(tables.book_json(world.store)))

        ours = [row for row in found["executions"] if row["order_ref"] is None]
        theirs = [row for row in found["executions"] if row["order_ref"] is not None]
        assert len(ours) == world.counts["settlements"]
        assert all(row["exec_id"].startswith("settlement:") for row in ours)
        assert {row["exec_id"] for row in theirs} == {
            entry.exec_id for entry in world.store.entries() if entry.order_ref is not None
        }

    def test_text_shows_every_position_with_its_holder(self, world: World) -> None:
        text = tables.book_text(world.store)

        held = {key: quantity for key, quantity in world.positions.items() if quantity}
        shown = [line.split() for line in text[: text.index("ORDERS")].splitlines()]
        for (subject, contract), quantity in held.items():
            row = [subject, *str(contract).split(), f"{quantity:+d}"]
            assert any(cells[: len(row)] == row for cells in shown), row

    def test_an_empty_book_is_said_in_words(self) -> None:
        assert "no positions" in tables.book_text(FakeStore())
        assert "no orders yet" in tables.book_text(FakeStore())
        assert tables.book_json(FakeStore()) == {"positions": [], "executions": [], "orders": []}


class TestHedge:
    def test_json_layers_hold_what_the_desk_holds(self, world: World) -> None:
        found = json.loads(json.dumps(tables.hedge_json(world.store, {"L1": date(2020, 4, 2)})))

        held = {row["layer"]: row["held"] for row in found["layers"]}
        assert held == {name: sum(world.layer(name).values()) for name in ("L1", "L2", "L3")}
        assert found["layers"][0]["next_roll"] == "2020-04-02"
        assert found["computation"]["session"] == LAST.isoformat()

    def test_every_roll_is_listed(self, world: World) -> None:
        found = json.loads(json.dumps(tables.hedge_json(world.store)))
        text = tables.hedge_text(world.store)

        assert sum(change["kind"] == "roll" for change in found["changes"]) == world.counts["hedge_rolls"]
        assert sum(" roll " in line for line in text.splitlines()) == world.counts["hedge_rolls"]

    def test_without_any_computation_it_says_so(self) -> None:
        text = tables.hedge_text(FakeStore())

        assert "no hedge computation recorded" in text
        assert "no layer held" in text
        assert tables.hedge_json(FakeStore()) == {"layers": [], "computation": None, "changes": []}


class TestWhy:
    def store(self) -> FakeStore:
        store = FakeStore()
        reasons = (Reason("credit_too_small", "the credit is too small", 3.1, 3.75), Reason("halted", "halted"))
        inputs = {"spx": 3090.23, "quantity": 2, "note": None}
        store.record_decision(
            Decision(MONDAY, "condor_entry", DecisionKind.SKIP, "condor", noon(MONDAY), reasons, inputs)
        )
        return store

    def test_text_shows_every_reason_with_value_and_limit_and_the_inputs(self) -> None:
        lines = [line.split() for line in tables.why_text(self.store(), MONDAY).splitlines()]

        assert ["credit_too_small", "3.1", "limit", "3.75", "the", "credit", "is", "too", "small"] in lines
        assert ["halted", "-", "halted"] in lines
        assert lines[0][-8:] == ["rests", "on", "spx", "3,090.23,", "quantity", "2,", "note", "-"]

    def test_many_inputs_are_running_text_that_never_parts_a_name_from_its_value(self) -> None:
        store = FakeStore()
        inputs = {f"figure_{number:02}_2020-03-20": number for number in range(20)}
        store.record_decision(Decision(MONDAY, "condor_entry", DecisionKind.ENTER, "condor", noon(MONDAY), (), inputs))

        lines = tables.why_text(store, MONDAY).splitlines()

        assert len(lines) < 10
        assert max(map(len, lines)) <= tables.WHY_WIDTH
        assert all(f"figure_{number:02}_2020-03-20 {number}" in "\n".join(lines) for number in range(20))

    def test_many_exits_are_a_line_each_and_what_a_reason_means_is_said_once(self) -> None:
        store = FakeStore()
        prices = {"quantity": 2, "credit_pts": 4.55, "mid_pts": 11.0, "natural_pts100": 1155}
        for number in range(12):
            reasons = (Reason("drift_defend", "SPX has drifted far", -0.788, 0.45),)
            name = f"C20200218-{number}"
            store.record_decision(Decision(MONDAY, "exits", DecisionKind.EXIT, name, noon(MONDAY), reasons, prices))

        lines = tables.why_text(store, MONDAY).splitlines()

        assert len(lines) == 15
        assert lines[2].split()[1:] == [
            "EXIT", "C20200218-0", "drift_defend", "-0.788", "0.45",
            "2x,", "credit", "4.55,", "mid", "11.00,", "natural", "11.55",
        ]  # fmt: skip
        assert lines[-1] == "  drift_defend: SPX has drifted far"

    def test_json_keeps_the_recorded_values(self) -> None:
        found = json.loads(json.dumps(tables.why_json(self.store(), MONDAY)))

        (decision,) = found["decisions"]
        assert decision["kind"] == "skip"
        assert decision["reasons"][0] == {
            "name": "credit_too_small",
            "text": "the credit is too small",
            "value": 3.1,
            "limit": 3.75,
        }
        assert decision["inputs"] == {"spx": 3090.23, "quantity": 2, "note": None}

    def test_a_session_without_decisions_is_said_in_words(self) -> None:
        assert tables.why_text(FakeStore(), MONDAY) == "2020-03-02: no decision is recorded of this session\n"
