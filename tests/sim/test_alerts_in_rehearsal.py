"""Alerts of a rehearsal: counted as they would come, and none ever leaves."""

import asyncio
from datetime import date
from pathlib import Path

import pytest
from rehearsals import FIRST, rehearse

from daemon.adapters.outlets import StoredAlerts

LAST = date(2020, 2, 21)


def _no_process(*_arguments: object, **_options: object) -> None:
    raise AssertionError("a rehearsal starts no process that sends")


def _outlets(folder: Path) -> str:
    path = folder / "alert_urls"
    path.write_text("json://127.0.0.1:9/never\n")
    return str(path)


def test_a_rehearsal_counts_its_messages_and_sends_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio, "create_subprocess_exec", _no_process)

    done = rehearse(tmp_path / "out", LAST, ALERT_URLS_FILE=_outlets(tmp_path))

    record = StoredAlerts(done.store).load()
    assert record is not None
    assert done.result.alerts == 4
    assert [sent.message.title.removeprefix("condord SIMULATED: ") for sent in record.history] == [
        f"session 2020-02-{day} ok" for day in (18, 19, 20, 21)
    ]
    assert "Net liquidation $" in record.history[0].message.body


def test_alerts_change_no_order_of_a_rehearsal(tmp_path: Path) -> None:
    plain = rehearse(tmp_path / "plain", FIRST)
    told = rehearse(tmp_path / "told", FIRST, ALERT_URLS_FILE=_outlets(tmp_path), ALERT_LEVEL="info")

    assert plain.result.alerts is None
    assert told.result.alerts
    assert told.store.intents() == plain.store.intents()
    assert told.result.digest == plain.result.digest
