"""``condord probe`` over TCP: every question is put, every answer is written down, and the account stays as it was."""

from __future__ import annotations

import json
from pathlib import Path

from processes import world


def test_a_probe_writes_down_what_a_gateway_answers_and_transmits_nothing(tmp_path: Path) -> None:
    with world(tmp_path) as live:
        live.gateway(clock=None)
        before = live.account()

        done = live.run("probe", "--out", str(tmp_path / "probe"), "--json")

        found = done.json["findings"]
        assert [title for title, rows in found.items() if not rows] == []
        assert {row["tradingClass"] for row in found["How expiries are written"]} >= {
            "SPX",
            "SPXW",
            "VIX",
            "VIXW",
            "VX",
        }
        assert [row["secType"] for row in found["Previews of orders"]] == ["BAG", "OPT"]
        assert live.account() == before
        assert (tmp_path / "probe/probe.md").read_text().startswith("# What this gateway answers")
        frames = (tmp_path / "probe/frames.jsonl").read_text().splitlines()
        placed = [
            fields
            for fields in (json.loads(line)["fields"] for line in frames)
            if fields[0] == "3" and len(fields) > 12
        ]
        assert placed
        assert all("1" in fields for fields in placed)


def test_without_a_gateway_it_ends_at_once_and_says_so(tmp_path: Path) -> None:
    with world(tmp_path) as live:
        live.refused(4, f"probe --out {tmp_path / 'probe'}", "Nothing accepts connections at")
