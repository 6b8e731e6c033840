"""The calendar of rolls as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from daemon.core.hedge.policy import HedgePolicy
from daemon.core.hedge.rolls import PlannedRoll
from daemon.report.tables import JsonObject
from daemon.report.words import columns


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
