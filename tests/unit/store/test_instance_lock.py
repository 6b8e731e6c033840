import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.adapters.store import InstanceLock
from daemon.errors import AlreadyRunningError, ExitCode, StoreError

HOLDER = """
import sys
from pathlib import Path
from daemon.adapters.store import InstanceLock
InstanceLock(Path({folder!r})).acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_daemon_is_refused_with_the_process_that_holds_the_folder(tmp_path: Path) -> None:
    with InstanceLock(tmp_path), pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}") as caught:
        InstanceLock(tmp_path).acquire()

    assert caught.value.exit_code is ExitCode.ALREADY_RUNNING


def test_the_lock_can_be_taken_again_after_its_release(tmp_path: Path) -> None:
    first, second = InstanceLock(tmp_path), InstanceLock(tmp_path)
    first.acquire()
    first.release()
    first.release()

    with second:
        assert (first.held, second.held) == (False, True)

    assert not second.held


def test_other_folders_are_free(tmp_path: Path) -> None:
    with InstanceLock(tmp_path / "a"), InstanceLock(tmp_path / "b") as other:
        assert other.held


def test_a_killed_daemon_leaves_the_folder_free(tmp_path: Path) -> None:
    code = HOLDER.format(folder=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunningError, match=f"process {holder.pid}"):
            InstanceLock(tmp_path).acquire()
        holder.send_signal(signal.SIGKILL)

    with InstanceLock(tmp_path) as lock:
        assert lock.held


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match=r"cannot be written.*CONDORD_STATE_DIR"):
        InstanceLock(tmp_path / "file" / "state").acquire()
