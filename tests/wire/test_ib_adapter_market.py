"""Market data: lines, quotes, greeks, contracts, bars; a missing number is None and never -1."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from gateway_raw import cut
from ib_adapter_fakes import (
    CON_IDS,
    CONDOR,
    PUT,
    START,
    UNSET,
    VIX_CALL,
    ScriptedGateway,
    World,
    details,
    play,
)

from daemon.core.market.contracts import ConId, ContractInfo, OptionContract, TradingClass, Underlying
from daemon.core.market.quotes import DataKind, Greeks, IndexQuote, Quote
from daemon.core.orders.broker_facts import LinkState, NoticeFact
from daemon.errors import BrokerError, BrokerTimeoutError, LinkDownError

STEPS = ((0, 5), (300, 10))


def info(contract: OptionContract) -> ContractInfo:
    return ContractInfo(ConId(CON_IDS[contract]), contract, STEPS)


def many(count: int) -> list[ContractInfo]:
    """Contracts of consecutive strikes with consecutive numbers."""
    strikes = (replace(PUT, strike_pts100=200000 + 500 * n) for n in range(count))
    return [ContractInfo(ConId(1000 + n), contract, STEPS) for n, contract in enumerate(strikes)]


class Lines:
    """Answers market-data requests of a scripted gateway and counts the lines that are open."""

    def __init__(self, gateway: ScriptedGateway, answer: Callable[[int, int], object]) -> None:
        self.gateway = gateway
        self.answer = answer
        self.open: dict[int, int] = {}
        self.most = 0
        gateway.replies[1] = self._open
        gateway.replies[2] = lambda fields: self.open.pop(int(fields[2]), None)

    def _open(self, fields: list[str]) -> None:
        request_id, con_id = int(fields[2]), int(fields[3])
        self.open[request_id] = con_id
        self.most = max(self.most, len(self.open))
        self.answer(request_id, con_id)

    def price(self, request_id: int, tick: int, price: object, size: object = 10) -> None:
        self.gateway.send(1, 6, request_id, tick, price, size, 0)

    def greeks(self, request_id: int, *values: object, tick: int = 13) -> None:
        self.gateway.send(21, request_id, tick, 0, *values)

    def healthy(self, request_id: int, con_id: int) -> None:
        self.gateway.send(58, 1, request_id, 1)
        self.gateway.send(81, request_id, 0.05, "9c0001", 3)
        self.price(request_id, 1, 7.2, 78)
        self.price(request_id, 2, 7.5, 66)
        self.greeks(request_id, 0.17, -0.11, 7.35, 0.0, 0.0014, 1.48, -0.63, 3358.3)


def with_lines(gateway: ScriptedGateway, answer: Callable[[Lines, int, int], object] = Lines.healthy) -> Lines:
    lines: Lines = Lines(gateway, lambda request_id, con_id: answer(lines, request_id, con_id))
    return lines


class TestQuotes:
    """Open lines, wait until each says enough, close them."""

    def test_a_quote_has_bid_ask_sizes_greeks_and_the_time_it_came(self) -> None:
        async def scene(world: World) -> Quote:
            lines = with_lines(world.gateway)
            quotes = await world.broker.quotes([info(PUT)], greeks=True)
            await world.settle()
            assert lines.open == {}
            return quotes[PUT]

        quote = play(scene)

        assert (quote.bid_pts100, quote.ask_pts100, quote.bid_size, quote.ask_size) == (720, 750, 78, 66)
        assert quote.greeks == Greeks(0.17, -0.11, 0.0014, 1.48, -0.63, 3358.3)
        assert quote.kind is DataKind.LIVE
        assert timedelta(0) <= quote.at - START < timedelta(seconds=1)

    def test_it_waits_no_longer_than_the_last_line_needs(self) -> None:
        async def scene(world: World) -> float:
            loop = asyncio.get_running_loop()

            def slow(lines: Lines, request_id: int, con_id: int) -> None:
                loop.call_later(1.5 if con_id == CON_IDS[PUT] else 0.1, lines.healthy, request_id, con_id)

            with_lines(world.gateway, slow)
            began = loop.time()
            assert len(await world.broker.quotes([info(leg) for leg in CONDOR], greeks=True)) == 4
            return loop.time() - began

        assert play(scene, quote_timeout_s=10.0) == pytest.approx(1.5, abs=0.01)

    @pytest.mark.parametrize(
        ("ticks", "waited_s"),
        [
            ([(1, -1.0, 0), (2, 0.05, 3)], 2.0),  # nobody bids, and the gateway says so
            ([(2, 0.05, 3)], 10.0),  # nothing is said of the bid yet
            ([(1, -1.0, 0), (2, -1.0, 0)], 10.0),  # nothing at all: data may be on their way
            ([(1, 0.05, 3), (2, -1.0, 0)], 10.0),
        ],
    )
    def test_a_bid_that_the_gateway_says_is_not_there_is_waited_for_only_a_moment(
        self, ticks: list[tuple[int, float, int]], waited_s: float
    ) -> None:
        async def scene(world: World) -> float:
            def answer(lines: Lines, request_id: int, con_id: int) -> None:
                if con_id != CON_IDS[PUT]:
                    lines.healthy(request_id, con_id)
                    return
                for tick in ticks:
                    lines.price(request_id, *tick)

            with_lines(world.gateway, answer)
            loop = asyncio.get_running_loop()
            began = loop.time()
            await world.broker.quotes([info(leg) for leg in CONDOR], greeks=False)
            return loop.time() - began

        assert play(scene, quote_timeout_s=10.0) == pytest.approx(waited_s, abs=0.01)

    def test_greeks_are_waited_for_only_when_asked_for(self) -> None:
        async def scene(world: World) -> tuple[Quote, float]:
            def bare(lines: Lines, request_id: int, con_id: int) -> None:
                lines.price(request_id, 1, 7.2)
                lines.price(request_id, 2, 7.5)

            with_lines(world.gateway, bare)
            loop = asyncio.get_running_loop()
            await world.broker.quotes([info(PUT)], greeks=False)
            began = loop.time()
            quotes = await world.broker.quotes([info(PUT)], greeks=True)
            return quotes[PUT], loop.time() - began

        quote, waited_s = play(scene, quote_timeout_s=3.0)

        assert quote.greeks is None
        assert quote.two_sided
        assert waited_s == pytest.approx(3.0, abs=0.01)

    @pytest.mark.parametrize(
        ("ticks", "expected"),
        [
            ([(1, -1.0, 0), (2, 7.5, 3)], (None, 750)),
            ([(1, 0.0, 0), (2, 0.05, 3)], (None, 5)),
            ([(1, 0.0, 4), (2, 0.05, 3)], (0, 5)),
            ([(1, "NaN", 4), (2, 0.05, 3)], (None, 5)),
            ([(1, UNSET, 4), (2, 0.05, 3)], (None, 5)),
            ([(1, "", ""), (2, 0.05, 3)], (None, 5)),
            ([(1, 7.2, 3), (1, -1.0, 0), (2, 7.5, 3)], (None, 750)),
            ([(66, 7.2, 3), (67, 7.5, 3)], (720, 750)),
        ],
    )
    def test_a_side_without_a_price_is_none(
        self, ticks: list[tuple[int, object, object]], expected: tuple[int | None, int | None]
    ) -> None:
        async def scene(world: World) -> Quote:
            def answer(lines: Lines, request_id: int, con_id: int) -> None:
                for tick in ticks:
                    lines.price(request_id, *tick)

            with_lines(world.gateway, answer)
            return (await world.broker.quotes([info(PUT)], greeks=False))[PUT]

        quote = play(scene, quote_timeout_s=1.0)

        assert (quote.bid_pts100, quote.ask_pts100) == expected

    @pytest.mark.parametrize(
        "values",
        [
            (-1, -0.11, 7.35, 0.0, 0.0014, 1.48, -0.63, 3358.3),
            (0.17, -2, 7.35, 0.0, 0.0014, 1.48, -0.63, 3358.3),
            (UNSET, -0.11, 7.35, 0.0, 0.0014, 1.48, -0.63, 3358.3),
            ("NaN", -0.11, 7.35, 0.0, 0.0014, 1.48, -0.63, 3358.3),
        ],
    )
    def test_greeks_without_iv_or_delta_are_none(self, values: tuple[object, ...]) -> None:
        async def scene(world: World) -> Quote:
            def answer(lines: Lines, request_id: int, con_id: int) -> None:
                lines.price(request_id, 1, 7.2)
                lines.price(request_id, 2, 7.5)
                lines.greeks(request_id, *values)

            with_lines(world.gateway, answer)
            return (await world.broker.quotes([info(PUT)], greeks=True))[PUT]

        assert play(scene, quote_timeout_s=1.0).greeks is None

    def test_single_greeks_that_are_not_available_are_none(self) -> None:
        async def scene(world: World) -> Quote:
            def answer(lines: Lines, request_id: int, con_id: int) -> None:
                lines.price(request_id, 1, 7.2)
                lines.price(request_id, 2, 7.5)
                lines.greeks(request_id, 0.17, -0.11, -1, -1, -2, -2, -2, -1)

            with_lines(world.gateway, answer)
            return (await world.broker.quotes([info(PUT)], greeks=True))[PUT]

        assert play(scene).greeks == Greeks(0.17, -0.11, None, None, None, None)

    def test_greeks_of_bid_and_ask_are_not_the_models(self) -> None:
        async def scene(world: World) -> Quote:
            def answer(lines: Lines, request_id: int, con_id: int) -> None:
                lines.price(request_id, 1, 7.2)
                lines.price(request_id, 2, 7.5)
                lines.greeks(request_id, 0.2, -0.12, 7.2, 0.0, 0.001, 1.4, -0.6, 3358.3, tick=10)

            with_lines(world.gateway, answer)
            return (await world.broker.quotes([info(PUT)], greeks=True))[PUT]

        assert play(scene, quote_timeout_s=1.0).greeks is None

    def test_a_contract_of_which_nothing_came_is_absent(self) -> None:
        async def scene(world: World) -> list[OptionContract]:
            def answer(lines: Lines, request_id: int, con_id: int) -> None:
                if con_id == CON_IDS[CONDOR[1]]:
                    lines.price(request_id, 1, -1, 0)
                    lines.price(request_id, 2, -1, 0)
                elif con_id != CON_IDS[PUT]:
                    lines.healthy(request_id, con_id)

            with_lines(world.gateway, answer)
            return list(await world.broker.quotes([info(leg) for leg in CONDOR], greeks=True))

        assert play(scene, quote_timeout_s=1.0) == [CONDOR[2], CONDOR[3]]

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [(1, DataKind.LIVE), (2, DataKind.FROZEN), (3, DataKind.DELAYED), (4, DataKind.DELAYED_FROZEN)],
    )
    def test_how_fresh_the_data_are_is_kept(self, kind: int, expected: DataKind) -> None:
        async def scene(world: World) -> Quote:
            def answer(lines: Lines, request_id: int, con_id: int) -> None:
                lines.gateway.send(58, 1, request_id, kind)
                lines.price(request_id, 1, 7.2)
                lines.price(request_id, 2, 7.5)

            with_lines(world.gateway, answer)
            return (await world.broker.quotes([info(PUT)], greeks=False))[PUT]

        assert play(scene).kind is expected

    def test_10167_means_delayed_and_the_line_goes_on(self) -> None:
        async def scene(world: World) -> Quote:
            def answer(lines: Lines, request_id: int, con_id: int) -> None:
                lines.gateway.message(request_id, 10167, "Requested market data is not subscribed. Displaying delayed.")
                lines.price(request_id, 66, 7.2)
                lines.price(request_id, 67, 7.5)

            with_lines(world.gateway, answer)
            return (await world.broker.quotes([info(PUT)], greeks=False))[PUT]

        assert play(scene).kind is DataKind.DELAYED

    def test_a_refused_line_is_absent_at_once_and_told(self) -> None:
        async def scene(world: World) -> float:
            lines = with_lines(
                world.gateway,
                lambda lines, request_id, con_id: lines.gateway.message(request_id, 354, "not subscribed"),
            )
            loop = asyncio.get_running_loop()
            began = loop.time()
            assert await world.broker.quotes([info(PUT)], greeks=False) == {}
            await world.settle()
            assert world.told(NoticeFact)[-1] == NoticeFact(354, "not subscribed")
            assert list(lines.open.values()) == [CON_IDS[PUT]]  # the gateway has no such line: none is closed
            return loop.time() - began

        assert play(scene) < 1.0

    def test_open_interest_is_asked_for_on_a_line_of_its_own_and_read_from_the_tick_of_the_right(self) -> None:
        def told(lines: Lines, request_id: int, con_id: int) -> None:
            lines.healthy(request_id, con_id)
            for tick, number in ((27, 0), (28, 812)) if con_id == CON_IDS[PUT] else ((28, 0), (27, 41250)):
                lines.gateway.send(2, 6, request_id, tick, number)

        async def scene(world: World) -> object:
            lines = with_lines(world.gateway, told)
            found = await world.broker.open_interest([info(PUT), info(VIX_CALL)])
            # reqMktData: 1, 11, id, twelve fields of the contract, no delta-neutral one, the generic ticks
            assert [fields[16] for fields in world.gateway.asked(1)] == ["101", "101"]
            await world.settle()
            assert lines.open == {}
            return found

        assert play(scene) == {PUT: 812, VIX_CALL: 41250}

    def test_open_interest_that_is_not_told_in_time_is_absent_and_not_zero(self) -> None:
        async def scene(world: World) -> object:
            with_lines(world.gateway)
            return await world.broker.open_interest([info(PUT)])

        assert play(scene) == {}

    def test_many_lines_refused_alike_are_one_notice(self) -> None:
        async def scene(world: World) -> list[int]:
            with_lines(
                world.gateway, lambda lines, request_id, con_id: lines.gateway.message(request_id, 354, f"no {con_id}")
            )
            world.facts.clear()
            await world.broker.quotes([info(leg) for leg in CONDOR], greeks=False)
            return [fact.code for fact in world.told(NoticeFact)]

        assert play(scene) == [354]

    def test_late_ticks_of_a_closed_line_are_ignored(self) -> None:
        async def scene(world: World) -> None:
            lines = with_lines(world.gateway)
            await world.broker.quotes([info(PUT)], greeks=False)
            told = len(world.facts)
            lines.price(int(world.gateway.asked(1)[-1][2]), 1, 5.0)
            await world.settle()
            assert len(world.facts) == told

        play(scene)

    def test_the_same_contract_twice_is_one_line(self) -> None:
        async def scene(world: World) -> int:
            with_lines(world.gateway)
            await world.broker.quotes([info(PUT), info(PUT)], greeks=False)
            return len(world.gateway.asked(1))

        assert play(scene) == 1

    def test_a_lost_connection_ends_the_waiting(self) -> None:
        async def scene(world: World) -> None:
            with_lines(world.gateway, lambda lines, request_id, con_id: lines.gateway.close())
            with pytest.raises(LinkDownError):
                await world.broker.quotes([info(PUT)], greeks=False)

        play(scene)


class TestBudget:
    """Never more lines than allowed, whoever asks."""

    def test_a_large_wish_is_served_in_portions(self) -> None:
        async def scene(world: World) -> tuple[int, int]:
            lines = with_lines(world.gateway)
            quotes = await world.broker.quotes(many(25), greeks=True)
            return len(quotes), lines.most

        assert play(scene, max_lines=12) == (25, 10)

    def test_several_callers_share_the_budget_and_all_are_served(self) -> None:
        async def scene(world: World) -> tuple[list[int], int]:
            loop = asyncio.get_running_loop()
            lines = with_lines(
                world.gateway,
                lambda lines, request_id, con_id: loop.call_later(0.5, lines.healthy, request_id, con_id),
            )
            wishes = [world.broker.quotes(many(count), greeks=True) for count in (9, 9, 25, 1)]
            quotes = await asyncio.gather(*wishes)
            return [len(found) for found in quotes], lines.most

        counts, most = play(scene, max_lines=12)

        assert counts == [9, 9, 25, 1]
        assert most <= 12

    def test_a_refused_index_line_is_given_back(self) -> None:
        async def scene(world: World) -> int:
            with_lines(
                world.gateway,
                lambda lines, request_id, con_id: lines.gateway.message(request_id, 354, "not subscribed"),
            )
            for _ in range(5):
                with pytest.raises(BrokerError):
                    await world.broker.index_quote(Underlying.SPX)
            with_lines(world.gateway)
            return len(await world.broker.quotes(many(2), greeks=False))

        assert play(scene, max_lines=3) == 2

    def test_an_index_line_shared_by_callers_counts_once(self) -> None:
        async def scene(world: World) -> int:
            def answer(lines: Lines, request_id: int, con_id: int) -> None:
                if con_id == 0:
                    lines.price(request_id, 4, 3358.0, 0)

            with_lines(world.gateway, answer)
            holders = [asyncio.ensure_future(world.broker.quotes(many(1), greeks=False)) for _ in range(3)]
            await world.settle()  # every line of the budget is taken, so that all callers wait
            await asyncio.gather(*(world.broker.index_quote(Underlying.SPX) for _ in range(3)))
            await asyncio.gather(*holders)
            with_lines(world.gateway)
            async with asyncio.timeout(60):
                return len(await world.broker.quotes(many(1), greeks=False))

        assert play(scene, max_lines=3) == 1

    def test_index_lines_count(self) -> None:
        async def scene(world: World) -> int:
            def answer(lines: Lines, request_id: int, con_id: int) -> None:
                if con_id == 0:
                    lines.price(request_id, 4, 3358.0, 0)
                else:
                    asyncio.get_running_loop().call_later(0.5, lines.healthy, request_id, con_id)

            lines = with_lines(world.gateway, answer)
            for underlying in Underlying:
                await world.broker.index_quote(underlying)
            await asyncio.gather(*(world.broker.quotes(many(10), greeks=False) for _ in range(3)))
            return lines.most

        assert play(scene, max_lines=12) == 12

    def test_a_caller_that_gives_up_returns_its_lines(self) -> None:
        async def scene(world: World) -> tuple[int, int]:
            with_lines(world.gateway, lambda lines, request_id, con_id: None)
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(1.0):
                        await world.broker.quotes(many(10), greeks=False)
            lines = with_lines(world.gateway)
            found = len(await world.broker.quotes(many(10), greeks=False))
            await asyncio.sleep(5)
            return found, len(lines.open)

        assert play(scene, max_lines=12) == (10, 0)

    def test_messages_stay_below_the_broker_s_limit_of_50_a_second(self) -> None:
        async def scene(world: World) -> int:
            loop = asyncio.get_running_loop()
            times: list[float] = []
            with_lines(world.gateway)
            take = world.gateway.take

            def timed(data: bytes) -> None:
                times.extend(loop.time() for _ in cut(data))
                take(data)

            world.gateway.take = timed  # type: ignore[method-assign]
            await world.broker.quotes(many(85), greeks=False)
            await asyncio.sleep(5)
            assert len(times) >= 170
            return max(sum(1 for other in times if at <= other < at + 1.0) for at in times)

        assert play(scene) < 50


class TestIndexes:
    """Lines that stay open."""

    @staticmethod
    def ticking(lines: Lines, request_id: int, _con_id: int) -> None:
        lines.gateway.send(58, 1, request_id, 1)
        lines.price(request_id, 4, 3358.25, 0)

    def test_the_line_is_opened_once_and_later_values_cost_nothing(self) -> None:
        async def scene(world: World) -> tuple[IndexQuote, IndexQuote]:
            lines = with_lines(world.gateway, self.ticking)
            first = await world.broker.index_quote(Underlying.SPX)
            await asyncio.sleep(5)
            lines.price(int(world.gateway.asked(1)[0][2]), 4, 3360.5, 0)
            await world.settle()
            second = await world.broker.index_quote(Underlying.SPX)
            assert len(world.gateway.asked(1)) == 1
            assert world.gateway.asked(1)[0][4:6] == ["SPX", "IND"]
            return first, second

        first, second = play(scene)

        assert (first.value_pts, second.value_pts) == (3358.25, 3360.5)
        assert second.at - first.at == pytest.approx(timedelta(seconds=5), abs=timedelta(milliseconds=20))

    def test_an_old_value_keeps_the_time_it_came(self) -> None:
        async def scene(world: World) -> timedelta:
            with_lines(world.gateway, self.ticking)
            first = await world.broker.index_quote(Underlying.VIX)
            await asyncio.sleep(600)
            return (await world.broker.index_quote(Underlying.VIX)).at - first.at

        assert play(scene) == timedelta(0)

    def test_an_index_that_stays_silent_is_an_error_each_time_it_is_asked_for_and_a_late_value_is_taken(self) -> None:
        async def scene(world: World) -> IndexQuote:
            lines = with_lines(world.gateway, lambda lines, request_id, con_id: None)
            for _ in range(3):
                with pytest.raises(BrokerTimeoutError, match="VIX had no value"):
                    await world.broker.index_quote(Underlying.VIX)
            lines.price(int(world.gateway.asked(1)[0][2]), 4, 14.25, 0)
            await world.settle()
            return await world.broker.index_quote(Underlying.VIX)

        assert play(scene).value_pts == 14.25

    def test_two_callers_share_one_line(self) -> None:
        async def scene(world: World) -> int:
            with_lines(world.gateway, self.ticking)
            await asyncio.gather(*(world.broker.index_quote(Underlying.SPX) for _ in range(3)))
            return len(world.gateway.asked(1))

        assert play(scene) == 1

    def test_an_index_without_subscription_is_an_error_with_its_code_and_tried_again(self) -> None:
        async def scene(world: World) -> float:
            with_lines(
                world.gateway,
                lambda lines, request_id, con_id: lines.gateway.message(
                    request_id, 354, "Requested market data is not subscribed."
                ),
            )
            with pytest.raises(BrokerError, match="not subscribed") as caught:
                await world.broker.index_quote(Underlying.SPX)
            assert caught.value.code == 354
            with_lines(world.gateway, self.ticking)
            return (await world.broker.index_quote(Underlying.SPX)).value_pts

        assert play(scene) == 3358.25

    @pytest.mark.parametrize("price", [-1, 0, "NaN", UNSET])
    def test_no_value_is_a_time_out(self, price: object) -> None:
        async def scene(world: World) -> None:
            with_lines(world.gateway, lambda lines, request_id, con_id: lines.price(request_id, 4, price, 0))
            with pytest.raises(BrokerTimeoutError):
                await world.broker.index_quote(Underlying.SPX)

        play(scene)

    def test_a_delayed_value_is_marked(self) -> None:
        async def scene(world: World) -> DataKind:
            def delayed(lines: Lines, request_id: int, con_id: int) -> None:
                lines.gateway.send(58, 1, request_id, 3)
                lines.price(request_id, 68, 3350.0, 0)

            with_lines(world.gateway, delayed)
            return (await world.broker.index_quote(Underlying.SPX)).kind

        assert play(scene) is DataKind.DELAYED

    def test_lines_are_opened_again_after_a_reconnect(self) -> None:
        async def scene(world: World) -> list[str]:
            with_lines(world.gateway, self.ticking)
            await world.broker.index_quote(Underlying.SPX)
            await world.broker.index_quote(Underlying.VIX)
            world.gateway.close()
            await world.settle()
            world.gateway.requests.clear()
            await world.broker.connect()
            await world.settle()
            assert (await world.broker.index_quote(Underlying.VIX)).value_pts == 3358.25
            return [fields[4] for fields in world.gateway.asked(1)]

        assert play(scene) == ["SPX", "VIX"]

    def test_lines_are_opened_again_after_1101(self) -> None:
        async def scene(world: World) -> int:
            with_lines(world.gateway, self.ticking)
            await world.broker.index_quote(Underlying.SPX)
            world.gateway.message(-1, 1100, "lost")
            world.gateway.message(-1, 1101, "restored, data lost")
            await world.settle()
            assert world.broker.link is LinkState.SYNCING
            await world.broker.index_quote(Underlying.SPX)
            return len(world.gateway.asked(1))

        assert play(scene) == 2

    def test_lines_live_on_after_1102(self) -> None:
        async def scene(world: World) -> int:
            with_lines(world.gateway, self.ticking)
            await world.broker.index_quote(Underlying.SPX)
            world.gateway.message(-1, 1102, "restored, data maintained")
            await world.settle()
            await world.broker.index_quote(Underlying.SPX)
            return len(world.gateway.asked(1))

        assert play(scene) == 1


class TestContracts:
    """Numbers and price steps, looked up once."""

    def test_found_contracts_carry_number_and_price_steps(self) -> None:
        async def scene(world: World) -> dict[OptionContract, ContractInfo]:
            return dict(await world.broker.contracts([PUT, VIX_CALL]))

        assert play(scene) == {PUT: info(PUT), VIX_CALL: info(VIX_CALL)}

    def test_what_is_asked_for_is_the_last_trading_session(self) -> None:
        async def scene(world: World) -> list[tuple[str, str, str]]:
            await world.broker.contracts([PUT, VIX_CALL])
            return [(fields[6], fields[10], fields[14]) for fields in world.gateway.asked(9)]

        assert play(scene) == [("20200401", "SMART", "SPXW"), ("20200414", "SMART", "VIX")]

    def test_a_contract_that_does_not_exist_is_absent(self) -> None:
        async def scene(world: World) -> list[OptionContract]:
            return list(await world.broker.contracts([replace(PUT, strike_pts100=12300), PUT]))

        assert play(scene) == [PUT]

    def test_a_contract_is_looked_up_once_even_over_connections(self) -> None:
        async def scene(world: World) -> int:
            await world.broker.contracts([PUT])
            await world.broker.contracts([PUT, PUT])
            await world.broker.disconnect()
            await world.broker.connect()
            await world.broker.contracts([PUT])
            return len(world.gateway.asked(9)) + len(world.gateway.asked(91))

        assert play(scene) == 2

    def test_an_answer_for_another_contract_is_not_taken(self) -> None:
        async def scene(world: World) -> list[OptionContract]:
            other = replace(PUT, strike_pts100=270500)

            def wrong(fields: list[str]) -> None:
                world.gateway.send(*details(fields[2], other, "20200401", con_id=5))
                world.gateway.send(52, 1, fields[2])

            world.gateway.replies[9] = wrong
            return list(await world.broker.contracts([PUT]))

        assert play(scene) == []

    def test_a_failure_other_than_unknown_is_an_error(self) -> None:
        async def scene(world: World) -> int | None:
            world.gateway.replies[9] = lambda fields: world.gateway.message(int(fields[2]), 321, "invalid")
            with pytest.raises(BrokerError) as caught:
                await world.broker.contracts([PUT])
            return caught.value.code

        assert play(scene) == 321

    def test_a_silent_look_up_is_a_time_out(self) -> None:
        async def scene(world: World) -> None:
            world.gateway.withheld = {52}
            with pytest.raises(BrokerTimeoutError):
                await world.broker.contracts([PUT])

        play(scene)

    def test_two_look_ups_at_once_ask_for_a_rule_once(self) -> None:
        async def scene(world: World) -> int:
            await asyncio.gather(*(world.broker.contracts([leg]) for leg in CONDOR))
            return len(world.gateway.asked(91))

        assert play(scene) == 1

    def test_chains_come_as_settlement_dates(self) -> None:
        async def scene(world: World) -> object:
            def chain(fields: list[str]) -> None:
                assert fields[2:6] == ["VIX", "", "IND", "13455763"]
                for exchange in ("CBOE", "SMART"):
                    world.gateway.send(75, fields[1], exchange, 13455763, "VIX", "100", 1, "20200317", 2, 20.0, 22.5)
                world.gateway.send(76, fields[1])

            world.gateway.replies[78] = chain
            return await world.broker.option_params(Underlying.VIX)

        (params,) = play(scene)

        assert (params.trading_class, params.expiries, params.strikes_pts100) == (
            TradingClass.VIX,
            (date(2020, 3, 18),),
            (2000, 2250),
        )


class TestBars:
    """Bars of an index, oldest first."""

    @staticmethod
    def answering(world: World, rows: list[tuple[str, float]]) -> None:
        def reply(fields: list[str]) -> None:
            bars = [value for at, close in rows for value in (at, close - 1, close + 1, close - 2, close, 0, 0.0, 0)]
            world.gateway.send(17, fields[1], "start", "end", len(rows), *bars)

        world.gateway.replies[20] = reply

    def test_minutes_carry_their_instant(self) -> None:
        async def scene(world: World) -> object:
            self.answering(world, [("1583168280", 16.5), ("1583168340", 17.0)])
            return await world.broker.bars(Underlying.VIX, minutes=1, count=15)

        first, second = play(scene)

        assert first.at == datetime(2020, 3, 2, 16, 58, tzinfo=UTC)
        assert (second.open, second.high, second.low, second.close) == (16.0, 18.0, 15.0, 17.0)

    def test_days_begin_at_the_open_in_new_york(self) -> None:
        async def scene(world: World) -> object:
            self.answering(world, [("20200306", 1.0), ("20200309", 2.0)])
            return await world.broker.bars(Underlying.SPX, minutes=1440, count=2)

        friday, monday = play(scene)

        assert friday.at == datetime(2020, 3, 6, 14, 30, tzinfo=UTC)
        assert monday.at == datetime(2020, 3, 9, 13, 30, tzinfo=UTC)  # summer time began on the Sunday

    def test_no_more_than_asked_for(self) -> None:
        async def scene(world: World) -> list[float]:
            self.answering(world, [("20200227", 1.0), ("20200228", 2.0), ("20200302", 3.0)])
            return [bar.close for bar in await world.broker.bars(Underlying.SPX, minutes=1440, count=2)]

        assert play(scene) == [2.0, 3.0]

    @pytest.mark.parametrize(
        ("minutes", "count", "duration", "size"),
        [
            (1, 15, "900 S", "1 min"),
            (5, 12, "3600 S", "5 mins"),
            (60, 48, "2 D", "1 hour"),
            (1440, 60, "60 D", "1 day"),
            (1440, 500, "2 Y", "1 day"),
        ],
    )
    def test_the_span_asked_for_holds_the_bars(self, minutes: int, count: int, duration: str, size: str) -> None:
        async def scene(world: World) -> list[str]:
            self.answering(world, [])
            await world.broker.bars(Underlying.SPX, minutes=minutes, count=count)
            return world.gateway.asked(20)[-1]

        fields = play(scene)

        assert fields[15:21] == ["", size, duration, "1", "TRADES", "2"]

    def test_refused_bars_are_an_error(self) -> None:
        async def scene(world: World) -> int | None:
            world.gateway.replies[20] = lambda fields: world.gateway.message(int(fields[1]), 162, "no data")
            with pytest.raises(BrokerError) as caught:
                await world.broker.bars(Underlying.SPX, minutes=1, count=1)
            return caught.value.code

        assert play(scene) == 162


class TestSettlementValues:
    """The value that a series settles at, from the index that carries it; never guessed."""

    @pytest.mark.parametrize(
        ("trading_class", "index"),
        [
            (TradingClass.SPXW, "SPX"),
            (TradingClass.SPX, "SET"),
            (TradingClass.VIX, "VRO"),
            (TradingClass.VIXW, "VRO"),
        ],
    )
    def test_each_class_has_its_index(self, trading_class: TradingClass, index: str) -> None:
        async def scene(world: World) -> float | None:
            TestBars.answering(world, [("20200227", 1.0), ("20200228", 2.0), ("20200302", 3.0)])
            value = await world.broker.settlement_value(trading_class, date(2020, 2, 28))
            assert world.gateway.asked(20)[-1][3] == index
            return value

        assert play(scene) == 2.0

    def test_a_day_without_a_bar_has_no_value_yet(self) -> None:
        async def scene(world: World) -> float | None:
            TestBars.answering(world, [("20200227", 1.0)])
            return await world.broker.settlement_value(TradingClass.VIX, date(2020, 2, 28))

        assert play(scene) is None

    @pytest.mark.parametrize("code", [162, 200])
    def test_a_gateway_without_that_index_has_no_value(self, code: int) -> None:
        async def scene(world: World) -> float | None:
            world.gateway.replies[20] = lambda fields: world.gateway.message(int(fields[1]), code, "none")
            return await world.broker.settlement_value(TradingClass.SPX, date(2020, 2, 28))

        assert play(scene) is None

    def test_a_session_that_has_not_closed_has_no_value_and_nobody_is_asked(self) -> None:
        async def scene(world: World) -> float | None:
            value = await world.broker.settlement_value(TradingClass.SPXW, date(2020, 3, 2))
            assert world.gateway.asked(20) == []
            return value

        assert play(scene) is None

    def test_the_same_question_is_not_asked_again_at_once_and_a_value_never(self) -> None:
        async def scene(world: World) -> list[tuple[float | None, int]]:
            seen = []

            async def ask() -> None:
                value = await world.broker.settlement_value(TradingClass.VIX, date(2020, 2, 26))
                seen.append((value, len(world.gateway.asked(20))))

            TestBars.answering(world, [])
            await ask()
            TestBars.answering(world, [("20200226", 27.5)])
            await ask()
            await asyncio.sleep(20)
            await ask()
            await asyncio.sleep(20)
            await ask()
            return seen

        assert play(scene) == [(None, 1), (None, 1), (27.5, 2), (27.5, 2)]

    def test_the_close_has_ten_minutes_to_become_final(self) -> None:
        async def scene(world: World) -> tuple[float | None, float | None]:
            TestBars.answering(world, [("20200302", 3.0)])
            await asyncio.sleep(4 * 3600 + 60)  # 16:01
            early = await world.broker.settlement_value(TradingClass.SPXW, date(2020, 3, 2))
            await asyncio.sleep(600)
            return early, await world.broker.settlement_value(TradingClass.SPXW, date(2020, 3, 2))

        assert play(scene) == (None, 3.0)
