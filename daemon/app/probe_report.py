"""What the messages of a probe say, question by question, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from daemon.sim.gateway.codec import FieldError
from daemon.sim.gateway.comparison import Difference, Frame
from daemon.sim.gateway.layout import Layout, Record, decode
from daemon.sim.gateway.messages_out import CONTRACT_DETAILS
from daemon.sim.gateway.order_layouts import OPEN_ORDER
from daemon.sim.gateway.shapes import SHAPES, Out

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One question with its answers; without any the question stays open."""

    title: str
    headings: Row
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """All sections."""

    sections: tuple[Section, ...]

    @property
    def unanswered(self) -> tuple[str, ...]:
        """Return the questions that nothing was said about."""
        return tuple(section.title for section in self.sections if not section.rows)

    def markdown(self) -> str:
        """Write the report."""
        lines = [
            "# What this gateway answers",
            "",
            "Nothing was transmitted: orders were previews. Accounts are masked.",
        ]
        for section in self.sections:
            lines += ["", f"## {section.title}", ""]
            if not section.rows:
                lines.append("Nothing was said about it.")
                continue
            lines += [_line(section.headings), _line(("---",) * len(section.headings)), *map(_line, section.rows)]
        return "\n".join(lines) + "\n"


def _line(cells: Row) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def findings(frames: Sequence[Frame], differences: Sequence[Difference]) -> Findings:
    """Return what a recording of a probe says to each question."""
    said = [frame.fields for frame in frames if not frame.from_client]
    version = int(said[0][0]) if said and said[0][0].isdecimal() else 0
    details = [record.values for record in _records(said, Out.CONTRACT_DETAILS, CONTRACT_DETAILS, version)]
    orders = [record.values for record in _records(said, Out.OPEN_ORDER, OPEN_ORDER, version)]
    previews = [order for order in orders if order.get("whatIf") == "1"]
    return Findings(
        (
            Section("Version, time and zone", ("server version", "greeting"), (tuple(said[0][:2]),) if said else ()),
            Section(
                "Accounts", ("accounts",), tuple((each[2],) for each in said if each[0] == _id(Out.MANAGED_ACCOUNTS))
            ),
            Section("How expiries are written", _EXPIRY, _unique(details, _EXPIRY)),
            Section("Hours and their zone", _HOURS, _unique(details, _HOURS)),
            Section("Market rules of contracts", _RULES, _unique(details, _RULES)),
            Section("Steps of market rules", ("rule", "from price and step"), tuple(_rules(said))),
            Section(
                "Option parameters", ("exchange", "class", "multiplier", "expiries", "strikes"), tuple(_chains(said))
            ),
            Section(
                "Market data",
                ("symbol", "type", "expiry", "data", "last", "underlying of greeks", "refused"),
                _data(frames),
            ),
            Section("Previews of orders", _PREVIEW, _unique(previews, _PREVIEW)),
            Section("Messages", ("code", "text", "times"), tuple(_messages(said))),
            Section(
                "Where the simulated gateway differs",
                ("kind", "message", "what", "seen"),
                tuple((each.kind, each.message, each.text, str(each.seen)) for each in differences)
                or (("none", "", "", ""),),
            ),
        )
    )


_EXPIRY = ("symbol", "secType", "tradingClass", "lastTradeDate", "realExpirationDate", "contractMonth", "localSymbol")
_HOURS = ("symbol", "tradingClass", "timeZoneId", "tradingHours", "liquidHours")
_RULES = ("symbol", "tradingClass", "minTick", "validExchanges", "marketRuleIds")
_PREVIEW = (
    "secType",
    "status",
    "initMarginChange",
    "maintMarginChange",
    "commission",
    "minCommission",
    "maxCommission",
    "warningText",
)


_MARKET_DATA = "1"
_LAST = ("4", "9", "68", "75")
"""Ticks of the last price and of the close, live and delayed."""
_DATA = {"1": "live", "2": "frozen", "3": "delayed", "4": "delayed, frozen"}


def _id(kind: Out) -> str:
    return str(kind.value)


def _records(said: Sequence[Row], kind: Out, layout: Layout, version: int) -> Iterator[Record]:
    """Yield the messages of a kind that have the form we know; a form of another kind is told by the comparison."""
    for fields in said:
        if fields[0] == _id(kind):
            try:
                yield decode(layout, version, fields[1:])
            except FieldError:
                continue


def _unique(values: Sequence[Mapping[str, str]], names: Row) -> tuple[Row, ...]:
    return tuple(dict.fromkeys(tuple(each.get(name, "") for name in names) for each in values))


def _rules(said: Sequence[Row]) -> Iterator[Row]:
    for fields in said:
        if fields[0] == _id(Out.MARKET_RULE):
            steps = fields[3:]
            yield fields[1], ", ".join(f"{low}: {step}" for low, step in zip(steps[::2], steps[1::2], strict=False))


def _chains(said: Sequence[Row]) -> Iterator[Row]:
    for fields in said:
        if fields[0] == _id(Out.OPTION_PARAMS):
            _, _, exchange, _, trading_class, multiplier, count, *rest = fields
            days = rest[: int(count)]
            yield exchange, trading_class, multiplier, f"{count}, {days[0]} to {days[-1]}", rest[int(count)]


def _data(frames: Sequence[Frame]) -> tuple[Row, ...]:
    """Return by market-data line what came: kind of data, last value, and the underlying that greeks were made with."""
    asked = {each.fields[2]: each.fields for each in frames if each.from_client and each.fields[0] == _MARKET_DATA}
    data: dict[str, str] = {}
    last: dict[str, str] = {}
    under: dict[str, str] = {}
    refused: dict[str, str] = {}
    for fields in (each.fields for each in frames if not each.from_client):
        match fields:
            case (kind, _, line, number) if kind == _id(Out.MARKET_DATA_TYPE):
                data[line] = _DATA.get(number, number)
            case (kind, _, line, tick, price, *_) if kind == _id(Out.TICK_PRICE) and tick in _LAST:
                last.setdefault(line, price)
            case (kind, line, *_, price) if kind == _id(Out.TICK_GREEKS):
                under.setdefault(line, price)
            case (kind, _, line, code, text, *_) if kind == _id(Out.ERROR) and line in asked:
                refused[line] = f"{code}: {text}"
    return tuple(
        (*fields[4:7], *(column.get(line, "") for column in (data, last, under, refused)))
        for line, fields in asked.items()
    )


def _messages(said: Sequence[Row]) -> Iterator[Row]:
    place = len(SHAPES[Out.ERROR].head)
    texts = [(fields[place + 1], fields[place + 2]) for fields in said if fields[0] == _id(Out.ERROR)]
    for code, text in dict.fromkeys(texts):
        yield code, text, str(texts.count((code, text)))
