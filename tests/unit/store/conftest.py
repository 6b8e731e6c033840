from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from daemon.adapters.store import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "condord.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path, "OFF")) as opened:
        yield opened
