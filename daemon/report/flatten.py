"""What flattening would send, or what came of it, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from daemon.report.words import columns, net_price, new_york_instant, plural


def flatten_text(found: Mapping[str, Any]) -> str:
    """Render the answer of the ``flatten`` command."""
    when = new_york_instant(datetime.fromisoformat(found["at"]))
    lines = _ends(found["ends"], when) if found["sent"] else _orders(found["orders"], when)
    hint = ["", found["hint"]] if found.get("hint") else []
    return "\n".join([*lines, *hint])


def _orders(orders: Sequence[Mapping[str, Any]], when: str) -> list[str]:
    if not orders:
        return [f"Nothing is held that could be closed, as of {when}."]
    rows = [("", "of", "order", "mid", "natural", "")]
    rows += [
        (
            f"{place}.",
            order["subject"],
            "  ".join(order["legs"]),
            _price(order["mid"]),
            _price(order["natural"]),
            order["note"],
        )
        for place, order in enumerate(orders, start=1)
    ]
    unpriced = sum(order["mid"] is None for order in orders)
    resting = [ref for order in orders for ref in order["cancels_first"]]
    lines = [f"{plural(len(orders), 'order')} would close everything, as of {when}; nothing is sent without --yes."]
    lines += [f"{plural(unpriced, 'order')} could not be priced now and would not be sent."] if unpriced else []
    lines += ["", *columns(rows, "><<>><")]
    if resting:
        lines += ["", "Cancelled first, each before its condor or layer is closed:", *(f"  {ref}" for ref in resting)]
    return [*lines, "", "The hedge is sold when no condor is left. New entries are refused until `condord resume`."]


def _price(pts: float | None) -> str:
    return "-" if pts is None else net_price(pts)


def _ends(ends: Sequence[Mapping[str, Any]], when: str) -> list[str]:
    if not ends:
        return [f"Nothing was held, as of {when}; new entries are refused until `condord resume`."]
    left = [end for end in ends if not end["closed"]]
    head = (
        f"{len(ends) - len(left)} of {plural(len(ends), 'condor or layer', 'condors and layers')} closed, as of {when}."
    )
    rows = [(end["subject"], "closed" if end["closed"] else "not closed", end["why"]) for end in ends]
    after = ["", "Call it again to go on with what is left."] if left else []
    return [head, "", *columns(rows, "<<<"), *after, "", "New entries are refused until `condord resume`."]
