"""The journal's own protocol: what stands in a datagram, and what happens when nobody takes it."""

import io
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from daemon.adapters.log import JournalSocket, build_logging
from daemon.core.calendar.sessions import log_session
from daemon.core.event_lines import text_line
from daemon.core.orders.intent import Reason
from daemon.core.records import EventRecord, Level
from daemon.settings import LogSettings

NOW = datetime(2020, 2, 18, 20, 30, 2, tzinfo=UTC)


def event(fields: Mapping[str, object], level: Level = Level.INFO) -> EventRecord:
    return EventRecord("order_filled", NOW, date(2020, 2, 18), level, fields)


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "socket"))
        yield listener


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JournalSocket]:
    made = JournalSocket(tmp_path / "socket")
    yield made
    made.close()


def read(datagram: bytes) -> dict[str, str]:
    """Read a datagram as systemd.io/JOURNAL_NATIVE_PROTOCOL says."""
    found: dict[str, str] = {}
    while datagram:
        line, _, datagram = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            size = int.from_bytes(datagram[:8], "little")
            value, datagram = datagram[8 : 8 + size], datagram[8 + size + 1 :]
        found[name.decode()] = value.decode()
    return found


def test_each_field_of_an_event_can_be_asked_for(journald: socket.socket, journal: JournalSocket) -> None:
    told = event({"order_ref": "cd.1", "filled_qty": 2, "reasons": (Reason("a", "two words", 1, 2),), "none": None})

    assert journal.send(told)

    assert read(journald.recv(65536)) == {
        "MESSAGE": text_line(told),
        "PRIORITY": "6",  # informational, syslog(3)
        "SYSLOG_IDENTIFIER": "condord",
        "CONDORD_EVENT": "order_filled",
        "CONDORD_SESSION": "2020-02-18",
        "CONDORD_ORDER_REF": "cd.1",
        "CONDORD_FILLED_QTY": "2",
        "CONDORD_REASONS": '[{"name": "a", "text": "two words", "value": 1, "limit": 2}]',
        "CONDORD_NONE": "null",
    }


def test_a_value_of_several_lines_forges_no_field(journald: socket.socket, journal: JournalSocket) -> None:
    text = "refused\nPRIORITY=0\n_PID=1"

    assert journal.send(event({"text": text}, Level.WARNING))

    found = read(journald.recv(65536))
    assert (found["CONDORD_TEXT"], found["PRIORITY"]) == (text, "4")
    assert "_PID" not in found


def test_names_that_the_journal_would_refuse_are_left_out(journald: socket.socket, journal: JournalSocket) -> None:
    assert journal.send(event({"a b": 1, "x" * 70: 2, "fine": 3}))

    assert {name for name in read(journald.recv(65536)) if name.startswith("CONDORD_")} == {
        "CONDORD_EVENT",
        "CONDORD_SESSION",
        "CONDORD_FINE",
    }


def test_what_the_journal_does_not_take_goes_to_the_stream_with_its_priority(journal: JournalSocket) -> None:
    stream = io.StringIO()
    log = build_logging(
        LogSettings(),
        clock_now=lambda: NOW,
        log_session=log_session,
        log_dir=None,
        terminal=stream,
        header="",
        journal=journal,  # nobody listens at its socket
    )

    for level in (Level.INFO, Level.WARNING, Level.ERROR):
        log.write(event({}, level))

    # Priorities of syslog(3): informational 6, warning 4, error 3; prefixes as in sd-daemon(3).
    assert [line[:3] for line in stream.getvalue().splitlines()] == ["<6>", "<4>", "<3>"]
