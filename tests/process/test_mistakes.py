"""Every mistake of the table gets a sentence that says what is wrong and what to do next, and the right exit code."""

from __future__ import annotations

import http.server
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from mistakes import AROUND, TABLE, Mistake, ShellMistake, document
from processes import CONDORD, World, world

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the folder of a rehearsal of two sessions."""
    with world(tmp_path_factory.mktemp("mistakes")) as made:
        window = ["--from", "2020-02-18", "--to", "2020-02-19", "--out", str(made.folder / "out")]
        # In a process of its own, so without the deadline of a command that must refuse.
        subprocess.run([CONDORD, "rehearse", *window], env=made.env(), check=True, capture_output=True)
        yield made.folder / "out"


@pytest.fixture(scope="module")
def web_port() -> Iterator[int]:
    """Give the port of something that speaks HTTP."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, GATEWAY_CONNECT_TIMEOUT_S="1") as made:
        yield made


@pytest.mark.parametrize("mistake", TABLE, ids=lambda each: each.what)
def test_a_mistake_is_answered_with_what_to_do(mistake: Mistake, here: World, out: Path, web_port: int) -> None:
    if mistake.prepare is not None:
        mistake.prepare(here)

    known = {"OUT": str(out), "WEB": str(web_port)}
    settings = {name: known.get(value, value) for name, value in mistake.settings.items()}

    ran = here.run(*(known.get(word, word) for word in mistake.command), **settings)

    said = " ".join((ran.out + ran.err).split())
    assert ran.code == mistake.code, said
    assert [part for part in mistake.says if part not in said] == [], said


@pytest.mark.parametrize("mistake", AROUND, ids=lambda each: each.what)
def test_a_mistake_around_the_program_is_answered_too(mistake: ShellMistake, here: World) -> None:
    if "setpriv" in mistake.line and os.geteuid() != 0:
        pytest.skip("only root can be another user")
    here.folder.chmod(0o755)
    (here.folder / "my.env").write_text("")
    env = {**here.env(), "PATH": f"{CONDORD.parent}:{os.environ['PATH']}"}

    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {mistake.line}"], env=env, cwd=here.folder, capture_output=True, check=False
    )

    said = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == mistake.code, said
    assert [part for part in mistake.says if part not in said] == [], said
    assert "Traceback" not in said
    assert "should not have happened" not in said


def test_the_catalogue_is_long_and_the_document_has_all_of_it() -> None:
    assert len(TABLE) + len(AROUND) >= 60
    assert (ROOT / "docs/mistakes.md").read_text(encoding="utf-8") == document()
