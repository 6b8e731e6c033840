"""The page about metrics and the dashboard show every metric of the code, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from daemon.core.metrics import METRICS
from daemon.settings.catalogue import by_name

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
DASHBOARD: dict[str, Any] = json.loads((ROOT / "config" / "grafana" / "condord.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
SHOWN = [panel for panel in PANELS if panel["type"] != "row"]
NAMES = {metric.name for metric in METRICS}
NAME = re.compile(r"\bcondord_[a-z_]+")


def _rows() -> Iterator[str]:
    for metric in METRICS:
        labels = f"{{{','.join(metric.labels)}}}" if metric.labels else ""
        yield f"| `{metric.name}{labels}` | {metric.kind} | {metric.text} |"


def test_the_table_of_metrics_is_that_of_the_code() -> None:
    assert re.findall(r"^\| `condord_.*$", PAGE, re.MULTILINE) == [*_rows()]


def test_the_page_names_no_metric_that_does_not_exist() -> None:
    assert set(NAME.findall(PAGE)) <= NAMES


def test_every_setting_of_metrics_is_told() -> None:
    told = set(re.findall(r"CONDORD_METRICS_[A-Z_]+", PAGE))

    assert told == {name for name in by_name() if name.startswith("CONDORD_METRICS_")}


def test_the_dashboard_shows_every_metric_and_no_other() -> None:
    asked = {name for panel in SHOWN for target in panel["targets"] for name in NAME.findall(target["expr"])}

    assert asked == NAMES


def test_a_legend_goes_by_labels_that_the_metrics_have() -> None:
    labels = {metric.name: set(metric.labels) for metric in METRICS}

    for panel in SHOWN:
        for target in panel["targets"]:
            (name,) = set(NAME.findall(target["expr"])) - {"condord_store_commits_total"}
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= labels[name], panel["title"]


def test_every_panel_has_its_own_number_a_title_a_unit_and_the_chosen_source() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    for panel in SHOWN:
        assert panel["title"], panel["id"]
        assert panel["description"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]
        letters = [target["refId"] for target in panel["targets"]]
        assert len(set(letters)) == len(letters), panel["title"]


def test_source_and_daemon_are_chosen_at_the_top() -> None:
    variables = {variable["name"]: variable["type"] for variable in DASHBOARD["templating"]["list"]}

    assert variables == {"datasource": "datasource", "instance": "query"}
    assert all('instance=~"$instance"' in target["expr"] for panel in SHOWN for target in panel["targets"])


def test_no_panel_lies_on_another() -> None:
    for first, second in combinations(PANELS, 2):
        one, two = first["gridPos"], second["gridPos"]
        beside = one["x"] + one["w"] <= two["x"] or two["x"] + two["w"] <= one["x"]
        below = one["y"] + one["h"] <= two["y"] or two["y"] + two["h"] <= one["y"]
        assert beside or below, (first["title"], second["title"])
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in PANELS)


def test_the_dashboard_has_the_form_that_grafana_imports() -> None:
    """Source: kinds/dashboard/dashboard_kind.cue of Grafana."""
    assert 8 <= len(DASHBOARD["uid"]) <= 40
    assert DASHBOARD["graphTooltip"] in (0, 1, 2)
    assert {panel["type"] for panel in SHOWN} <= {"stat", "timeseries", "bargauge", "table", "state-timeline"}
    for panel in SHOWN:
        defaults = panel["fieldConfig"]["defaults"]
        values = [step["value"] for step in defaults["thresholds"]["steps"]]
        assert defaults["thresholds"]["mode"] == "absolute"
        assert values[0] is None, panel["title"]
        assert values[1:] == sorted(values[1:]), panel["title"]
        assert defaults["color"]["mode"] in ("thresholds", "palette-classic")
