"""The calendar of rolls: what is to come, as text and as JSON, and what was done in a period."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from daemon.core.hedge.policy import HedgePolicy, LayerPolicy
from daemon.core.hedge.rolls import PlannedRoll, planned_rolls
from daemon.ports import Store
from daemon.report.cells import Cell, Table
from daemon.report.hedge import HedgeChange
from daemon.report.json_types import JsonObject
from daemon.report.tables import trade_text
from daemon.report.words import columns

ROLLS: Final = "rolls_rows"


def dealt_with(store: Store) -> date | None:
    """Return the date up to which rolls are dealt with, or None when there was no session yet."""
    last = store.meta("last_session")
    if last is None:
        return None
    session = date.fromisoformat(last)
    return session if store.job_outcome(session, "hedge_roll") is not None else session - timedelta(days=1)


def roll_anchor(layer: LayerPolicy, store: Store) -> date:
    """Return the first roll date of a layer: its setting, else the first session of operation."""
    first = store.meta("first_session")
    return layer.anchor or date.fromisoformat(first or store.meta("last_session") or "")


def rolls_to_come(store: Store, policy: HedgePolicy, *, after: date, until: date) -> tuple[PlannedRoll, ...]:
    """Return the rolls of all layers with a share, by session. Raises ValueError beyond the known calendar."""
    rolls = [
        roll
        for layer in policy.layers
        for roll in planned_rolls(layer, roll_anchor(layer, store), after=after, until=until)
        if layer.weight > 0
    ]
    return tuple(sorted(rolls, key=lambda roll: (roll.session, roll.layer)))


def roll_table(changes: Sequence[HedgeChange], coming: Sequence[PlannedRoll] | None) -> Table:
    """Make the table of the rolls of a period and of those to come; None says that no settings were read."""
    done = [
        (
            Cell(f"{change.session}"),
            Cell(change.layer),
            Cell("done"),
            Cell("\n".join(map(trade_text, change.trades))),
            Cell(""),
            Cell(""),
        )
        for change in changes
        if change.is_roll
    ]
    rows = (*done, *map(_coming, coming or ()))
    headings = ("Session", "Layer", "Roll", "What", "Window", "Rolls again")
    empty = "No layer was rolled in this period, and no roll is to come within the days shown."
    note = "" if coming is not None else "Rolls to come are not shown: they need the settings."
    return Table(ROLLS, "Roll calendar", headings, "<<<<dd", rows, empty, note=note)


def _coming(roll: PlannedRoll) -> tuple[Cell, ...]:
    buys = "nothing is listed" if roll.expiry is None else f"buys {roll.trading_class} {roll.expiry}, {roll.dte} days"
    return (
        Cell(f"{roll.session}"),
        Cell(roll.layer),
        Cell("to come"),
        Cell(buys),
        Cell(f"{roll.window.first} to {roll.window.last}"),
        Cell(f"{roll.next_session}"),
    )


def calendar_json(rolls: Sequence[PlannedRoll], after: date, until: date) -> JsonObject:
    """Return the rolls after one date and up to another."""
    return {
        "after": after.isoformat(),
        "until": until.isoformat(),
        "rolls": [
            {
                "session": roll.session.isoformat(),
                "layer": roll.layer,
                "trading_class": None if roll.trading_class is None else roll.trading_class.value,
                "expiry": None if roll.expiry is None else roll.expiry.isoformat(),
                "dte": roll.dte,
                "next_session": roll.next_session.isoformat(),
                "dte_left": roll.dte_left,
                "window": [roll.window.first.isoformat(), roll.window.last.isoformat()],
                "reasons": [reason.name for reason in roll.reasons],
            }
            for roll in rolls
        ],
    }


def calendar_text(rolls: Sequence[PlannedRoll], after: date, until: date, *, policy: HedgePolicy) -> str:
    """Write the rolls as a table, in the order of their sessions."""
    by = "earlier by VVIX, or later" if policy.roll_by_vvix else "later"
    lines = [
        f"ROLLS  after {after} and up to {until}; expiries as the rules of the exchange list them",
        f"  a roll may be done {by}, while quotes are too wide, inside its window",
        *_off(policy),
    ]
    if not rolls:
        return "\n".join([*lines, "  none"]) + "\n"
    rows = [("session", "layer", "buys", "dte", "window", "rolls again", "dte then", "")]
    rows += [
        (
            f"{roll.session} {roll.session:%a}",
            roll.layer,
            "nothing is listed" if roll.expiry is None else f"{roll.trading_class} {roll.expiry} {roll.expiry:%a}",
            "-" if roll.dte is None else str(roll.dte),
            f"{roll.window.first if policy.roll_by_vvix else roll.session:%m-%d} to {roll.window.last:%m-%d}",
            f"{roll.next_session} {roll.next_session:%a}",
            "-" if roll.dte_left is None else str(roll.dte_left),
            ", ".join(reason.name for reason in roll.reasons),
        )
        for roll in rolls
    ]
    return "\n".join([*lines, *columns(rows, "<<<><<><")]) + "\n"


def _off(policy: HedgePolicy) -> list[str]:
    if not policy.enabled:
        return ["  the hedge is switched off (CONDORD_HEDGE_ENABLED): nothing will be bought"]
    if not policy.rolls_enabled:
        return ["  rolls are switched off (CONDORD_HEDGE_ROLLS_ENABLED): what is held goes into its settlement"]
    return []
