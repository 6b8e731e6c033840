"""``condord probe`` over TCP: every question is put, every answer is written down, and the account stays as it was."""

from __future__ import annotations

import json
from pathlib import Path

from processes import world

from daemon.sim.gateway.messages_in import In, place_order


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
        frames = tmp_path / "probe/frames.jsonl"
        assert frames.stat().st_mode & 0o777 == 0o600
        said = [json.loads(line) for line in frames.read_text().splitlines()]
        version = int(said[1]["fields"][0])
        asked = [each["fields"] for each in said if each["from"] == "client"]
        placed = [place_order(fields[1:], version) for fields in asked if fields[0] == str(In.PLACE_ORDER.value)]
        assert [order["whatIf"] for order in placed] == ["1", "1"]

        kept = frames.read_bytes()
        live.refused(2, f"probe --out {tmp_path / 'probe'}", "holds the answers of an earlier probe")
        assert frames.read_bytes() == kept


def test_without_a_gateway_it_ends_at_once_and_says_so(tmp_path: Path) -> None:
    with world(tmp_path) as live:
        live.refused(4, f"probe --out {tmp_path / 'probe'}", "Nothing accepts connections at")
