"""The file of outlets, and the words of failures: a password never comes out of either."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from daemon.adapters.outlets import AppriseOutlets, Outlet, read_outlets, readable_by_all
from daemon.adapters.outlets.child import NO_OUTLET, UNKNOWN, cause_of
from daemon.adapters.outlets.files import OUTLETS_MAX
from daemon.core.alerts.kinds import AlertLevel
from daemon.core.alerts.state import Message
from daemon.errors import SettingsError

SECRET = "hunter2geheim"
MESSAGE = Message(
    number=1, at=datetime(2026, 3, 3, tzinfo=UTC), level=AlertLevel.URGENT, title="a title", body="a <body>", alerts=1
)


def write(folder: Path, *lines: str) -> Path:
    path = folder / "alert_urls"
    path.write_text("\n".join(lines))
    return path


def test_an_outlet_is_called_by_its_place_and_its_scheme(tmp_path: Path) -> None:
    path = write(tmp_path, "# mail", f"mailtos://me:{SECRET}@example.com", "", "  ntfys://ntfy.sh/topic  ")

    assert [outlet.name for outlet in read_outlets(path)] == ["1 mailtos", "2 ntfys"]


def test_a_file_of_comments_has_no_outlet(tmp_path: Path) -> None:
    assert read_outlets(write(tmp_path, "# nothing yet", "")) == ()


@pytest.mark.parametrize(
    "line", [f"me:{SECRET}@example.com", f"mailtos:/{SECRET}", f"mailtos://a b{SECRET}", f"{SECRET}x" * 3 + "://host"]
)
def test_a_wrong_line_is_named_by_its_number_and_never_repeated(tmp_path: Path, line: str) -> None:
    path = write(tmp_path, "# first", line)

    with pytest.raises(SettingsError) as caught:
        read_outlets(path)

    assert "line 2" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_that_cannot_be_read_says_which_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CONDORD_ALERT_URLS_FILE"):
        read_outlets(tmp_path / "missing")


def test_a_file_that_is_no_text_is_refused_without_a_word_of_it(tmp_path: Path) -> None:
    path = tmp_path / "alert_urls"
    path.write_bytes(SECRET.encode() + b"\xff\xfe")

    with pytest.raises(SettingsError) as caught:
        read_outlets(path)

    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


def test_there_may_be_no_more_outlets_than_can_be_sent_to_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, *(f"json://127.0.0.1/{number}" for number in range(OUTLETS_MAX + 1)))

    with pytest.raises(SettingsError, match=f"at most {OUTLETS_MAX}"):
        read_outlets(path)


def test_an_outlet_does_not_show_its_url() -> None:
    assert SECRET not in repr(Outlet("1 json", f"json://{SECRET}@host"))


def test_a_file_that_everybody_may_read_is_found(tmp_path: Path) -> None:
    path = write(tmp_path, "json://127.0.0.1")
    path.chmod(0o640)
    closed = readable_by_all(path)
    path.chmod(0o644)

    assert (closed, readable_by_all(path)) == (False, True)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (f"Failed to send Telegram notification to {SECRET}: Unauthorized, error=401.", "the service answered 401"),
        (f"Socket Exception: url: /bot{SECRET}/send (Errno 111 Connection refused)", "nothing accepts connections"),
        (f"HTTPSConnectionPool({SECRET}): Name or service not known", "its host name is not known"),
        (f"[Errno 1] Operation not permitted {SECRET}", "does not let the daemon reach the network"),
        (f"something new about {SECRET}", UNKNOWN),
    ],
)
def test_the_cause_of_a_failure_is_told_in_our_own_words(said: str, words: str) -> None:
    found = cause_of([said])

    assert words in found
    assert SECRET not in found


class Service:
    """A web service on loopback that takes, refuses or never answers."""

    def __init__(self) -> None:
        self.got: list[dict[str, str]] = []
        self.over = Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/hang":
                    service.over.wait()
                    return
                service.got.append(json.loads(body))
                self.send_response(401 if self.path == "/deny" else 200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]


@contextmanager
def serving() -> Iterator[Service]:
    """Serve on a port of loopback."""
    service = Service()
    thread = Thread(target=service.server.serve_forever)
    thread.start()
    try:
        yield service
    finally:
        service.over.set()
        service.server.shutdown()
        thread.join()
        service.server.server_close()


def test_real_processes_send_or_say_in_our_words_why_not(tmp_path: Path) -> None:
    with serving() as service:
        host = f"json://me:{SECRET}@127.0.0.1:{service.port}"
        path = write(tmp_path, f"{host}/ok", f"{host}/deny", f"nosuch://{SECRET}")
        outlets = AppriseOutlets(read_outlets(path), deadline_s=60)

        found = asyncio.run(outlets.send(MESSAGE, outlets.names))

    assert found == {
        "1 json": "",
        "2 json": "the service answered 401: the password or token is not accepted",
        "3 nosuch": NO_OUTLET,
    }
    assert {(got["title"], got["message"], got["type"]) for got in service.got} == {("a title", "a <body>", "failure")}


def test_a_real_process_that_hangs_is_killed_at_its_deadline(tmp_path: Path) -> None:
    with serving() as service:
        path = write(tmp_path, f"json://me:{SECRET}@127.0.0.1:{service.port}/hang")
        outlets = AppriseOutlets(read_outlets(path), deadline_s=0.5)

        found = asyncio.run(outlets.send(MESSAGE, outlets.names))

    assert found == {"1 json": "no answer within 0.5 s"}
    assert _children_of(os.getpid()) == []


def _children_of(pid: int) -> list[str]:
    """Return the processes that this one has started and that send (proc(5))."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [child for task in tasks for child in task.read_text().split()]
    return [child for child in children if b"outlets.child" in Path(f"/proc/{child}/cmdline").read_bytes()]
