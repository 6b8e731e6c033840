import json
from collections import Counter
from datetime import date

from report_fakes import FakeStore
from report_world import LAST, World

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
        assert tables.hedge_json(FakeStore()) == {"layers": [], "computation": None, "beside": [], "changes": []}
