"""Figures for Prometheus: on a port of loopback, and in a file for the textfile collector of node_exporter.

The server of ``prometheus_client`` is a thread of its own. It is handed one immutable snapshot after the other and
computes nothing: no scrape reads the book, and none can hold the daemon up.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final

from daemon.core.metrics import METRICS, TAKEN_AT, Metric, MetricKind, Snapshot
from daemon.errors import SettingsError

if TYPE_CHECKING:  # the package is an extra, and what is off costs no memory
    from wsgiref.simple_server import WSGIServer

    from prometheus_client import CollectorRegistry
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

LOOPBACK: Final = "127.0.0.1"
STALE_BEATS: Final = 5
"""Beats after which figures count as unknown: a loop that hangs must not look well."""


def require_prometheus() -> None:
    """Raise SettingsError, with the way to install it, where the library is missing."""
    if find_spec("prometheus_client") is None:
        raise SettingsError(
            "metrics are switched on and the package prometheus-client is not installed: `make install EXTRAS=yes`, or "
            "`pip install 'condord[metrics]'`; or set CONDORD_METRICS_PORT=0 and leave CONDORD_METRICS_FILE empty"
        )


class Figures:
    """The snapshot that holds, as a collector of ``prometheus_client``."""

    def __init__(self, every_s: float) -> None:
        self._stale_s = every_s * STALE_BEATS
        self._held: tuple[Snapshot, float] | None = None

    def hold(self, snapshot: Snapshot) -> None:
        """Hand over a snapshot; one assignment, which threads see whole."""
        self._held = (snapshot, time.monotonic())

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """Yield the figures; of ones that are too old only when they were taken."""
        held = self._held
        if held is None:
            return
        snapshot, since_s = held
        stale = time.monotonic() - since_s > self._stale_s
        for metric in METRICS:
            if not stale or metric.name == TAKEN_AT:
                yield from _family(metric, snapshot)


def _family(metric: Metric, snapshot: Snapshot) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415 -- an extra

    samples = [sample for sample in snapshot.samples if sample.name == metric.name]
    if not samples:
        return
    kind = CounterMetricFamily if metric.kind is MetricKind.COUNTER else GaugeMetricFamily
    family = kind(metric.name, metric.text, labels=metric.labels)
    for sample in samples:
        family.add_metric(sample.labels, sample.value)
    yield family


class PrometheusMetrics:
    """Serves and writes the figures it is handed."""

    def __init__(self, *, port: int, file: Path | None, every_s: float) -> None:
        """Open what is asked for. Raises SettingsError for a port that is taken, or a file that cannot be written."""
        require_prometheus()
        self._figures = Figures(every_s)
        self._registry = _registry(self._figures)
        self._file = file
        self._server = None if port == 0 else _serve(port, self._registry)
        if file is not None:
            try:
                self._write(file)
            except OSError as error:
                self.close()
                raise SettingsError(
                    f"CONDORD_METRICS_FILE={file} cannot be written: {error.strerror}; name a file in a folder that the "
                    "daemon may write, such as /var/lib/condord/metrics/condord.prom"
                ) from error

    def publish(self, snapshot: Snapshot) -> None:
        """Hand over a snapshot. Raises OSError when its file cannot be written; the port has it all the same."""
        self._figures.hold(snapshot)
        if self._file is not None:
            self._write(self._file)

    def close(self) -> None:
        """Close the port and take the file away: nobody shall read figures of a daemon that is gone."""
        if self._server is not None:
            server, thread = self._server
            server.shutdown()
            server.server_close()
            thread.join()
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def _write(self, path: Path) -> None:
        from prometheus_client import write_to_textfile  # noqa: PLC0415 -- an extra

        write_to_textfile(str(path), self._registry)


def _registry(figures: Figures) -> CollectorRegistry:
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 -- an extra

    registry = CollectorRegistry(auto_describe=False)
    registry.register(figures)
    return registry


def _serve(port: int, registry: CollectorRegistry) -> tuple[WSGIServer, Thread]:
    from prometheus_client import start_http_server  # noqa: PLC0415 -- an extra

    try:
        return start_http_server(port, addr=LOOPBACK, registry=registry)
    except OSError as error:
        raise SettingsError(
            f"CONDORD_METRICS_PORT={port} cannot be used on {LOOPBACK}: {error.strerror}; name another port"
        ) from error
