"""Recordings of a gateway: what is written, what is masked, and what a comparison finds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daemon.adapters.clock import SystemClock
from daemon.adapters.ib import IbBroker, IbConfig
from daemon.adapters.ib.recording import Tape
from daemon.adapters.virtual_time import run_virtual
from daemon.app.recordings import compare_recording, read_recording
from daemon.app.simulated import GatewayTransport, SimulationPlan, build_gateway
from daemon.core.market.contracts import OptionContract, Right, TradingClass, Underlying
from daemon.errors import SettingsError
from daemon.sim.gateway import GatewayConfig
from daemon.sim.gateway.comparison import DifferenceKind, Frame, compare

START = datetime(2020, 3, 2, 16, 0, tzinfo=UTC)
PLAN = SimulationPlan(history=None, seed=1, config=GatewayConfig(account="DU7654321"))
CALL = OptionContract(TradingClass.VIX, datetime(2020, 3, 18, tzinfo=UTC).date(), 3000, Right.CALL)


def recorded(path: Path) -> Path:
    """Record what the daemon's own adapter says to a gateway: connect, look contracts up, read quotes, leave."""

    async def main() -> None:
        clock = SystemClock()
        gateway = build_gateway(PLAN, clock.now)
        pump = asyncio.create_task(gateway.pump())
        config = IbConfig(host="memory", port=4002, client_id=17, record=path)
        broker = IbBroker(config, clock, GatewayTransport(gateway))
        await broker.connect()
        await broker.index_quote(Underlying.SPX)
        await broker.option_params(Underlying.VIX)
        infos = await broker.contracts([CALL])
        await broker.quotes(list(infos.values()), greeks=True)
        await broker.disconnect()
        pump.cancel()

    run_virtual(main, START)
    return path


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("recording") / "frames.jsonl")


def test_every_frame_of_both_sides_is_written_and_the_account_is_masked(recording: Path) -> None:
    frames = read_recording(recording)
    asked = [each.fields[0] for each in frames if each.from_client]

    assert asked[0].startswith("v157..")
    assert {"71", "61", "9", "1"} <= set(asked)  # start, positions, contract details, market data
    accounts = [each.fields[2] for each in frames if not each.from_client and each.fields[0] == "15"]
    assert accounts == ["DU0000001"]
    assert "7654321" not in recording.read_text()
    assert recording.stat().st_mode & 0o777 == 0o600


def test_the_simulated_gateway_does_not_differ_from_itself(recording: Path) -> None:
    requests, differences = compare_recording(recording, PLAN)

    assert requests > 10
    assert differences == ()


def altered(recording: Path, path: Path, change: Callable[[dict[str, object]], object]) -> Path:
    rows = [json.loads(line) for line in recording.read_text().splitlines()]
    for row in rows:
        change(row)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def of_gateway(row: dict[str, object], number: str) -> list[str] | None:
    fields = row["fields"]
    assert isinstance(fields, list)
    return fields if row["from"] == "gateway" and fields[0] == number else None


def a_field_more(row: dict[str, object]) -> None:
    if (fields := of_gateway(row, "61")) is not None or (fields := of_gateway(row, "62")) is not None:
        fields.append("new")


def another_kind(row: dict[str, object]) -> None:
    if (fields := of_gateway(row, "49")) is not None:
        fields[2] = "20200302 11:00:00"


def an_unknown_message(row: dict[str, object]) -> None:
    if (fields := of_gateway(row, "49")) is not None:
        fields[0] = "109"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (a_field_more, {(DifferenceKind.FIELD_COUNT, "POSITION_END")}),
        (another_kind, {(DifferenceKind.FIELD_KIND, "CURRENT_TIME")}),
        (an_unknown_message, {(DifferenceKind.MISSING, "message 109"), (DifferenceKind.EXTRA, "CURRENT_TIME")}),
    ],
)
def test_a_recording_of_another_form_is_told(
    recording: Path, tmp_path: Path, change: Callable[[dict[str, object]], object], found: set[tuple[str, str]]
) -> None:
    path = altered(recording, tmp_path / "other.jsonl", change)

    _, differences = compare_recording(path, PLAN)

    assert {(difference.kind, difference.message) for difference in differences} == found


def test_another_order_within_an_answer_is_told() -> None:
    def frames(*messages: tuple[str, ...]) -> list[Frame]:
        return [Frame(START, "1", from_client=False, fields=fields) for fields in messages]

    details, end = ("88", "5", "20200302"), ("52", "1", "5")
    (difference,) = compare(frames(end, details), frames(details, end))

    assert difference.kind is DifferenceKind.ORDER
    assert difference.text == "CONTRACT_DETAILS_END, HEAD_TIMESTAMP; here HEAD_TIMESTAMP, CONTRACT_DETAILS_END"


def test_a_disk_that_fails_ends_the_recording_and_nothing_else(tmp_path: Path) -> None:
    told: list[str] = []
    tape = Tape(tmp_path / "no folder" / "frames.jsonl", lambda: START, told.append)

    tape.sent(b"API\0\0\0\0\x09v157..178")
    tape.close()

    assert len(told) == 1
    assert "No such file or directory. Nothing more is recorded." in told[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no request"),
        ('{"at": "2020-03-02"}\n', "frames.jsonl:1 is no line of a recording"),
        ("hello\n", "frames.jsonl:1 is no line of a recording"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "frames.jsonl"
    path.write_text(text)

    with pytest.raises(SettingsError, match=words):
        compare_recording(path, PLAN)


def test_contract_ids_of_the_recorded_gateway_are_taken_for_ours(recording: Path, tmp_path: Path) -> None:
    """The same recording with contract ids of another world gets the same answers."""

    def renumber(row: dict[str, object]) -> None:
        fields = row["fields"]
        assert isinstance(fields, list)
        row["fields"] = [f"9{text}" if text in ids else text for text in fields]

    ids = {each.fields[12] for each in read_recording(recording) if not each.from_client and each.fields[0] == "10"}
    assert ids

    assert compare_recording(altered(recording, tmp_path / "other.jsonl", renumber), replace(PLAN, seed=1))[1] == ()
