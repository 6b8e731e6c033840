"""A gateway that says what a test tells it to, byte for byte, in memory; and the facts that came of it."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, TypeVar

from daemon.adapters.clock import SystemClock
from daemon.adapters.ib import IbBroker, IbConfig
from daemon.adapters.virtual_time import run_virtual
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.orders.broker_facts import BrokerFact
from daemon.core.orders.intent import Leg, OrderRef, OrderSpec, TimeInForce
from daemon.sim.gateway.layout import Record, encode
from daemon.sim.gateway.order_layouts import COMPLETED_ORDER, OPEN_ORDER

Fact = TypeVar("Fact")

START = datetime(2020, 3, 2, 17, 0, tzinfo=UTC)  # 12:00 in New York, a Monday
UNSET = "1.7976931348623157E308"
ACCOUNT = "DU1234567"
CLIENT_ID = 7

PUT = OptionContract(TradingClass.SPXW, date(2020, 4, 1), 270000, Right.PUT)
EXPIRY = date(2020, 4, 1)
CONDOR = tuple(
    OptionContract(TradingClass.SPXW, EXPIRY, strike, right)
    for strike, right in ((270000, Right.PUT), (272500, Right.PUT), (320000, Right.CALL), (322500, Right.CALL))
)
CON_IDS = {contract: 700001 + n for n, contract in enumerate(CONDOR)}
VIX_CALL = OptionContract(TradingClass.VIX, date(2020, 4, 15), 2500, Right.CALL)
CON_IDS[VIX_CALL] = 700010
REF = OrderRef("cd.20200302.condor.ENTRY.c1.1")


def condor_spec(net_limit_pts100: int = -150, quantity: int = 2) -> OrderSpec:
    """A condor bought as held: long, short, short, long."""
    legs = tuple(Leg(contract, ratio) for contract, ratio in zip(CONDOR, (1, -1, -1, 1), strict=True))
    return OrderSpec(legs, quantity, net_limit_pts100, TimeInForce.DAY)


def call_spec(ratio: int = 1, net_limit_pts100: int = 210, quantity: int = 4) -> OrderSpec:
    """VIX calls, bought or sold."""
    return OrderSpec((Leg(VIX_CALL, ratio),), quantity, net_limit_pts100, TimeInForce.GTC)


def local_symbol(contract: OptionContract) -> str:
    """The OCC symbol: root of six, settlement date, right, strike in thousandths."""
    return f"{contract.trading_class:<6}{contract.expiry:%y%m%d}{contract.right}{contract.strike_pts100 * 10:08d}"


def contract11(contract: OptionContract, last_trade: str, *, con_id: int | None = None) -> list[object]:
    """The eleven fields of a contract in replies."""
    return [
        CON_IDS[contract] if con_id is None else con_id,
        contract.underlying.value,
        "OPT",
        last_trade,
        contract.strike,
        contract.right.value,
        "100",
        "",
        "USD",
        local_symbol(contract),
        contract.trading_class.value,
    ]


BAG11: list[object] = [28812380, "SPX", "BAG", "", 0.0, "?", "", "SMART", "USD", "28812380", "COMB"]


class ScriptedGateway:
    """Answers the start-up as a healthy gateway with an empty paper account, and keeps every request."""

    def __init__(self) -> None:
        self.accounts = ACCOUNT
        self.version = 176
        self.hello: bytes | None = None
        self.connection_time = "20200302 12:00:00 US/Eastern"
        self.next_id = 1
        self.refuses = False
        self.withheld: set[int] = set()
        self.notices: list[tuple[int, str]] = [(2104, "Market data farm connection is OK:usfarm")]
        self.account_ready = "true"
        self.positions: list[list[object]] = []
        self.open_orders: list[list[list[object]]] = []
        self.completed: list[list[object]] = []
        self.executions: list[list[object]] = []
        self.requests: list[list[str]] = []
        self.connections = 0
        self.replies: dict[int, Callable[[list[str]], object]] = {
            5: lambda fields: self._open_orders(),
            6: self._account_updates,
            7: self._executions,
            9: self._contract_details,
            16: lambda fields: self._open_orders(),
            49: lambda fields: self.send(49, 1, int(datetime.now(UTC).timestamp())),
            61: self._positions,
            62: self._summary,
            71: self._start,
            76: lambda fields: self.send(74, 1, fields[2]),
            91: self._rule,
            99: self._completed,
        }
        self._on_data: Callable[[bytes], None] = lambda data: None
        self._on_close: Callable[[], None] = lambda: None
        self._data = b""

    # what the adapter sees of a transport and its peer

    def open(self, on_data: Callable[[bytes], None], on_close: Callable[[], None]) -> Peer:
        if self.refuses:
            raise ConnectionRefusedError("refused")
        self._on_data, self._on_close, self._data = on_data, on_close, b""
        self.connections += 1
        return Peer(self)

    def take(self, data: bytes) -> None:
        self._data += data
        if self._data.startswith(b"API\0"):
            self._data = self._data[4:]
        while len(self._data) >= 4 and len(self._data) >= 4 + (size := struct.unpack(">I", self._data[:4])[0]):
            payload, self._data = self._data[4 : 4 + size], self._data[4 + size :]
            self._request(payload)

    def _request(self, payload: bytes) -> None:
        if payload.startswith(b"v"):
            if self.hello is not None:
                self.raw(self.hello)
            else:
                self.send(self.version, self.connection_time)
            return
        fields = payload.decode().split("\0")[:-1]
        self.requests.append(fields)
        reply = self.replies.get(int(fields[0]))
        if reply is not None:
            reply(fields)

    # what a test says

    def raw(self, data: bytes) -> None:
        self._on_data(data)

    def send(self, *fields: object) -> None:
        if isinstance(fields[0], int) and fields[0] in self.withheld:
            return
        payload = "".join(f"{int(field) if isinstance(field, bool) else field}\0" for field in fields).encode()
        self.raw(struct.pack(">I", len(payload)) + payload)

    def close(self) -> None:
        self._on_close()

    def message(self, request_id: int, code: int, text: str) -> None:
        self.send(4, 2, request_id, code, text, "")

    def asked(self, message_id: int) -> list[list[str]]:
        return [fields for fields in self.requests if fields[0] == str(message_id)]

    def status(self, order_id: int, status: str, filled: int = 0, remaining: int = 2, perm_id: int = 900) -> None:
        self.send(3, order_id, status, filled, remaining, 0.0, perm_id, 0, 0.0, CLIENT_ID, "", 0.0)

    def execution(self, fields: list[object]) -> None:
        self.send(*fields)

    def commission(self, exec_id: str, amount: object) -> None:
        self.send(59, 1, exec_id, amount, "USD", UNSET, UNSET, "")

    # the start-up

    def _start(self, fields: list[str]) -> None:
        self.send(15, 1, self.accounts)
        self.send(9, 1, self.next_id)
        for code, text in self.notices:
            self.message(-1, code, text)

    def _positions(self, fields: list[str]) -> None:
        for row in self.positions:
            self.send(*row)
        self.send(62, 1)

    def _open_orders(self) -> None:
        for messages in self.open_orders:
            for message in messages:
                self.send(*message)
        self.send(53, 1)

    def _completed(self, fields: list[str]) -> None:
        for row in self.completed:
            self.send(*row)
        self.send(102)

    def _executions(self, fields: list[str]) -> None:
        for row in self.executions:
            self.send(*(fields[2] if n == 1 and row[0] == 11 else value for n, value in enumerate(row)))
        self.send(55, 1, fields[2])

    def _account_updates(self, fields: list[str]) -> None:
        self.send(6, 2, "AccountReady", self.account_ready, "", ACCOUNT)
        self.send(6, 2, "NetLiquidation", "1000000.25", "USD", ACCOUNT)
        self.send(54, 1, ACCOUNT)

    def _summary(self, fields: list[str]) -> None:
        values = {
            "NetLiquidation": "1000000.25",
            "TotalCashValue": "999000.5",
            "InitMarginReq": "5000",
            "MaintMarginReq": "4000",
            "AvailableFunds": "995000.25",
        }
        for tag, value in values.items():
            self.send(63, 1, fields[2], ACCOUNT, tag, value, "USD")
        self.send(64, 1, fields[2])

    def _rule(self, fields: list[str]) -> None:
        self.send(93, fields[1], 2, 0.0, 0.05, 3.0, 0.1)

    def _contract_details(self, fields: list[str]) -> None:
        request_id, symbol, last_trade, strike, right, trading_class = (fields[n] for n in (2, 4, 6, 7, 8, 14))
        if fields[5] == "IND":
            index = {"SPX": 416904, "VIX": 13455763}[symbol]
            self.send(*details(request_id, PUT, "", con_id=index))
            self.send(52, 1, request_id)
            return
        for contract, con_id in CON_IDS.items():
            wanted = (symbol, float(strike), right, trading_class)
            if wanted == (contract.underlying, contract.strike, contract.right, contract.trading_class):
                self.send(*details(request_id, contract, last_trade, con_id=con_id))
                self.send(52, 1, request_id)
                return
        self.message(int(request_id), 200, "No security definition has been found for the request")


class Peer:
    """The gateway's end of one connection."""

    def __init__(self, gateway: ScriptedGateway) -> None:
        self._gateway = gateway
        self.closed = False

    def send(self, data: bytes) -> None:
        self._gateway.take(data)

    def close(self) -> None:
        self.closed = True


def details(
    request_id: object, contract: OptionContract, last_trade: str, *, con_id: int, real_expiration: str = ""
) -> list[object]:
    """A contractDetails message of version 176: 40 fields."""
    head = [10, request_id, contract.underlying, "OPT", last_trade, contract.strike, contract.right, "SMART", "USD"]
    middle = [local_symbol(contract), contract.trading_class, contract.trading_class, con_id, 0.05, "100", "LMT"]
    exchanges, rules = "SMART,CBOE", "109,109"
    tail = [exchanges, 1, 416904, "S&P 500 Stock Index", "", "202004", "", "", "", "US/Central", "", "", "", 0, 0]
    end = ["1", "SPX", "IND", rules, real_expiration, "", 1, 1, 1]
    return [*head, *middle, *tail, *end]


def position(contract: OptionContract, quantity: float, last_trade: str, account: str = ACCOUNT) -> list[object]:
    """A position message."""
    return [61, 3, account, *contract11(contract, last_trade), quantity, 123.45]


def execution(
    exec_id: str,
    contract: list[object],
    side: str,
    shares: object,
    price: object,
    *,
    order_id: int = 5,
    perm_id: int = 900,
    ref: str = REF,
    time: str = "20200302 12:00:05 US/Eastern",
    account: str = ACCOUNT,
    request_id: int = -1,
) -> list[object]:
    """An execDetails message of version 176: 31 fields."""
    middle = [exec_id, time, account, "CBOE", side, shares, price, perm_id, CLIENT_ID, 0, shares, price, ref]
    return [11, request_id, order_id, *contract, *middle, "", "", "", 2]


def open_order(
    order_id: int,
    contract: list[object],
    status: str,
    *,
    perm_id: int = 900,
    ref: str = REF,
    action: str = "BUY",
    quantity: int = 2,
    what_if: bool = False,
    account: str = ACCOUNT,
    client_id: int = CLIENT_ID,
    legs: tuple[tuple[str, ...], ...] = (),
    more: Mapping[str, str] = MappingProxyType({}),
) -> list[object]:
    """An openOrder message of version 176."""
    names = [
        "conId",
        "symbol",
        "secType",
        "lastTradeDateOrContractMonth",
        "strike",
        "right",
        "multiplier",
        "exchange",
        "currency",
        "localSymbol",
        "tradingClass",
    ]
    record = {
        **{name: str(value) for name, value in zip(names, contract, strict=True)},
        "orderId": str(order_id),
        "clientId": str(client_id),
        "permId": str(perm_id),
        "orderRef": ref,
        "account": account,
        "action": action,
        "totalQuantity": str(quantity),
        "orderType": "LMT",
        "lmtPrice": "-1.5",
        "tif": "DAY",
        "status": status,
        "whatIf": "1" if what_if else "0",
        **more,
    }
    return [5, *encode(OPEN_ORDER, 176, Record(record, {"comboLegs": legs} if legs else {}))]


def completed_order(perm_id: int, status: str, *, ref: str = REF, **values: str) -> list[object]:
    """A completedOrder message of version 176."""
    record = {
        "conId": "28812380",
        "symbol": "SPX",
        "secType": "BAG",
        "permId": str(perm_id),
        "orderRef": ref,
        "account": ACCOUNT,
        "action": "BUY",
        "totalQuantity": "0",
        "orderType": "LMT",
        "status": status,
        **values,
    }
    return [101, *encode(COMPLETED_ORDER, 176, Record(record))]


class World:
    """A broker, the scripted gateway behind it, and the facts told so far."""

    def __init__(self, gateway: ScriptedGateway, **config: Any) -> None:
        self.gateway = gateway
        self.facts: list[BrokerFact] = []
        settings: dict[str, Any] = {"host": "gateway", "port": 4002, "client_id": CLIENT_ID}
        self.broker = IbBroker(IbConfig(**{**settings, **config}), SystemClock(), gateway)
        self.broker.subscribe(self.facts.append)

    def told(self, kind: type[Fact]) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    async def settle(self) -> None:
        """Let everything that is under way arrive."""
        await asyncio.sleep(0.01)


def play(
    scene: Callable[[World], Awaitable[Any]],
    gateway: ScriptedGateway | None = None,
    *,
    connect: bool = True,
    **config: Any,
) -> Any:
    """Run a scene in virtual time against a scripted gateway, connected unless told otherwise."""

    async def main() -> Any:
        world = World(gateway or ScriptedGateway(), **config)
        if connect:
            await world.broker.connect()
        try:
            return await scene(world)
        finally:
            await world.broker.disconnect()

    return run_virtual(main, START)


class LibraryLog(logging.Handler):
    """Keeps what the library complains about."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record.getMessage())


Scene = Callable[[World], Coroutine[Any, Any, None]]
