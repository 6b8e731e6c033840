"""Figures as Prometheus reads them: unknown is absent, old is unknown, the port is of loopback alone."""

from __future__ import annotations

import re
import socket
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from daemon.adapters import metrics as adapter
from daemon.adapters.metrics import Figures, PrometheusMetrics
from daemon.core.metrics import METRICS, PREFIX, TAKEN_AT, MetricKind, Sample, Snapshot
from daemon.errors import SettingsError

AT = datetime(2026, 3, 3, 17, 0, tzinfo=UTC)
UNITS = ("seconds", "bytes", "usd", "points", "ratio")


def snapshot(*samples: Sample) -> Snapshot:
    return Snapshot(AT, (Sample(TAKEN_AT, AT.timestamp()), *samples))


def text(figures: Figures) -> str:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(figures)
    return generate_latest(registry).decode()


def names(shown: str) -> set[str]:
    return {sample.name for family in text_string_to_metric_families(shown) for sample in family.samples}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[PrometheusMetrics, int, Path]]:
    port, file = free_port(), tmp_path / "condord.prom"
    metrics = PrometheusMetrics(port=port, file=file, every_s=60)
    yield metrics, port, file
    metrics.close()


def test_every_name_has_the_prefix_and_what_only_grows_says_so() -> None:
    for metric in METRICS:
        assert re.fullmatch(PREFIX + "[a-z_]+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind is MetricKind.COUNTER), metric.name
        assert metric.text.endswith("."), metric.name
        stem = metric.name.removesuffix("_total")
        assert not any(f"_{unit}_" in stem for unit in UNITS), metric.name

    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_what_is_unknown_has_no_line() -> None:
    figures = Figures(every_s=60)
    figures.hold(snapshot(Sample("condord_vix_points", 15.5)))

    assert names(text(figures)) == {TAKEN_AT, "condord_vix_points"}


def test_labels_and_values_come_out_as_they_went_in() -> None:
    figures = Figures(every_s=60)
    figures.hold(
        snapshot(
            Sample("condord_hedge_contracts", 4, ("L1",)),
            Sample("condord_hedge_contracts", 2, ('L"3',)),
            Sample("condord_executions_total", 12),
        )
    )

    found = {
        (sample.name, tuple(sample.labels.values()), sample.value)
        for family in text_string_to_metric_families(text(figures))
        for sample in family.samples
    }

    assert {
        ("condord_hedge_contracts", ("L1",), 4.0),
        ("condord_hedge_contracts", ('L"3',), 2.0),
        ("condord_executions_total", (), 12.0),
    } <= found


def test_figures_that_are_too_old_leave_only_when_they_were_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    figures, now_s = Figures(every_s=15), 1000.0
    monkeypatch.setattr("daemon.adapters.metrics.time.monotonic", lambda: now_s)
    figures.hold(snapshot(Sample("condord_ready", 1)))

    now_s += 74
    fresh = names(text(figures))
    now_s += 2

    assert fresh == {TAKEN_AT, "condord_ready"}
    assert names(text(figures)) == {TAKEN_AT}


def test_before_the_first_figures_there_is_none() -> None:
    assert text(Figures(every_s=60)) == ""


def test_port_and_file_show_the_same(serving: tuple[PrometheusMetrics, int, Path]) -> None:
    metrics, port, file = serving
    metrics.publish(snapshot(Sample("condord_ready", 1)))

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        shown = answer.read().decode()

    assert names(shown) == {TAKEN_AT, "condord_ready"}
    assert file.read_text() == shown
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_the_port_is_of_loopback_alone(serving: tuple[PrometheusMetrics, int, Path]) -> None:
    metrics, port, _ = serving
    assert metrics._server is not None

    assert metrics._server[0].server_address == ("127.0.0.1", port)


def test_a_daemon_that_is_gone_leaves_no_figures(tmp_path: Path) -> None:
    port, file = free_port(), tmp_path / "condord.prom"
    metrics = PrometheusMetrics(port=port, file=file, every_s=60)
    metrics.publish(snapshot(Sample("condord_ready", 1)))

    metrics.close()

    assert not file.exists()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port))


def test_a_port_that_is_taken_is_told_with_its_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(SettingsError, match=f"CONDORD_METRICS_PORT={port}"):
            PrometheusMetrics(port=port, file=None, every_s=60)


def test_a_folder_that_is_missing_is_told_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CONDORD_METRICS_FILE="):
        PrometheusMetrics(port=0, file=tmp_path / "nowhere" / "condord.prom", every_s=60)


def test_without_the_package_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "find_spec", lambda _name: None)

    with pytest.raises(SettingsError, match="make install EXTRAS=yes"):
        PrometheusMetrics(port=9188, file=None, every_s=60)
