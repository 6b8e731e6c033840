"""The diagrams of ``docs/concepts.md``, drawn from the default settings: ``python tests/docs/diagrams.py`` writes them.

``test_diagrams.py`` compares the files with what this draws, so that a changed default changes its picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from daemon.core.calendar.schedule import SchedulePolicy
from daemon.core.hedge.policy import Band, HedgePolicy
from daemon.core.hedge.regime import ramp_pct
from daemon.core.hedge.rolls import next_roll
from daemon.settings import Settings, load

FOLDER: Final = Path(__file__).parents[2] / "docs/images"
ANCHOR: Final = date(2026, 1, 5)
"""A Monday: the first session of operation in the picture of the roll calendar."""
STYLE: Final = """
  text { font: 13px system-ui, sans-serif; fill: #1d2733 }
  .paper { fill: #ffffff } .box { fill: #eef3f8; stroke: #7c8ea3 } .soft { fill: #dfe9f3 }
  .line { stroke: #7c8ea3; fill: none; stroke-width: 1.5 } .strong { stroke: #0b63b5; fill: none; stroke-width: 3 }
  .dot { fill: #0b63b5 } .small { font-size: 12px } .quiet { fill: #516072 } .bold { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4eaf1 } .paper { fill: #151b23 } .box { fill: #222c38; stroke: #7c8ea3 } .soft { fill: #24364a }
    .strong { stroke: #6cb4ff } .dot { fill: #6cb4ff } .quiet { fill: #a5b3c2 }
  }
"""


def text(x: float, y: float, words: str, *, kind: str = "", anchor: str = "start") -> str:
    """Return a line of text at a point, in pixels."""
    return f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def line(points: list[tuple[float, float]], kind: str = "line") -> str:
    """Return a line through points, in pixels."""
    return f'<polyline class="{kind}" points="{" ".join(f"{x:g},{y:g}" for x, y in points)}"/>'


def box(x: float, y: float, width: float, height: float, kind: str = "box") -> str:
    """Return a rectangle, in pixels."""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="5" class="{kind}"/>'


def picture(width: int, height: int, title: str, parts: list[str]) -> str:
    """Return a whole SVG file with its title for those who do not see it."""
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f'aria-label="{escape(title)}">\n<style>{STYLE}</style>\n{box(0, 0, width, height, "paper")}\n{body}\n</svg>\n'
    )


def session(schedule: SchedulePolicy) -> str:
    """Draw a session's jobs on the clock of New York."""
    left, right, base = 40.0, 880.0, 200.0

    def at(hour: time) -> float:
        return left + (hour.hour - 9 + hour.minute / 60) / 8 * (right - left)

    jobs = (
        (schedule.preflight, "pre-flight", 4),
        (schedule.signals, "signals", 3),
        (schedule.exits_from, f"exits, every {schedule.exits_every_min} min", 2),
        (schedule.hedge_roll, "hedge rolls", 1),
        (schedule.condor_entry, "condor entry", 1),
        (schedule.hedge_resize, "hedge resize", 3),
        (schedule.settlement, "settlement", 2),
        (schedule.end_of_day, "end of day", 1),
    )
    parts = [box(at(time(9, 30)), base - 14, at(time(16, 0)) - at(time(9, 30)), 28, "soft")]
    parts += [text(at(time(12, 30)), base + 5, "SPX options trade", kind="quiet", anchor="middle")]
    parts += [line([(left, base + 14), (right, base + 14)])]
    for hour in range(9, 18):
        parts += [line([(at(time(hour)), base + 14), (at(time(hour)), base + 20)])]
        parts += [text(at(time(hour)), base + 36, f"{hour:02d}:00", kind="small quiet", anchor="middle")]
    for when, name, level in jobs:
        x, y = at(when), base - 40.0 - 42 * (level - 1)
        late = when >= time(15)
        side, shift = ("end", -6.0) if late and level == 1 and when < time(16) else ("start", 6.0)
        parts += [line([(x, base - 14), (x, y - 14)]), f'<circle class="dot" cx="{x:g}" cy="{base - 14:g}" r="4"/>']
        parts += [text(x + shift, y - 4, f"{when:%H:%M}", kind="small quiet", anchor=side)]
        parts += [text(x + shift, y + 11, name, kind="bold", anchor=side)]
    return picture(960, 250, "The jobs of a session on the clock of New York", parts)


def order() -> str:
    """Draw what happens to an order, and what a kill at each place leads to at the next start."""
    steps = (
        ("decided", "reasons written down", "nothing was planned;|the job runs again|while its window lasts"),
        ("gates passed", "risk monitor", "the same"),
        ("PLANNED", "committed", "it was never sent:|withdrawn"),
        ("SENDING", "committed, then sent", "UNKNOWN until the|broker shows it, or two|complete answers do not"),
        ("WORKING", "the broker answered", "found again by its|order ref"),
        ("FILLED", "executions booked", "booked once, by the|execution's id"),
    )
    width, gap = 138.0, 18.0
    parts: list[str] = []
    for n, (name, below, kill) in enumerate(steps):
        x = 20 + n * (width + gap)
        middle = x + width / 2
        parts += [box(x, 40, width, 56), text(middle, 64, name, kind="bold", anchor="middle")]
        parts += [text(middle, 84, below, kind="small quiet", anchor="middle")]
        if n:
            parts += [line([(x - gap, 68), (x - 3, 68)]), line([(x - 8, 63), (x - 3, 68), (x - 8, 73)])]
        parts += [line([(middle, 96), (middle, 128)])]
        parts += [
            text(middle, 146 + 16 * k, words, kind="small", anchor="middle") for k, words in enumerate(kill.split("|"))
        ]
    parts += [
        text(20, 24, "what happens", kind="small quiet"),
        text(20, 214, "killed there: what the next start finds", kind="small quiet"),
    ]
    return picture(960, 226, "The life of an order, and what a kill at each place leads to", parts)


def hedge(policy: HedgePolicy) -> str:
    """Draw p(V) over VIX, and the rolls of the three layers over four months."""
    return picture(
        960,
        300,
        "The size of the hedge over VIX, and the roll dates of its layers",
        [*_ramp(policy), *_calendar(policy)],
    )


def _ramp(policy: HedgePolicy) -> list[str]:
    bands = (policy.low, policy.moderate, policy.high)
    first, last, top = 8.0, 48.0, max(band.pct_high for band in bands) + 5

    def place(vix: float, pct: float) -> tuple[float, float]:
        return 50 + (vix - first) / (last - first) * 380, 240 - pct / top * 190

    borders = (first, policy.moderate.vix_low, policy.moderate.vix_high, last)
    parts = [text(20, 26, "p(V): the hedge in % of the condors' wings", kind="bold")]
    parts += [text(430, 284, "VIX", kind="small quiet", anchor="end")]
    parts += [line([place(first, top), place(first, 0), place(last, 0)])]
    for band, begin, end in zip(bands, borders, borders[1:], strict=False):
        parts += _band(band, begin, end, place)
    return parts


def _band(band: Band, begin: float, end: float, place: Callable[[float, float], tuple[float, float]]) -> list[str]:
    steps = [begin + (end - begin) * n / 40 for n in range(41)]
    middle = place((begin + end) / 2, 0)
    above = place((begin + end) / 2, band.pct_high)
    corner = place(end, 0)
    return [
        line([place(vix, ramp_pct(vix, band)) for vix in steps], "strong"),
        line([corner, (corner[0], corner[1] + 6)]),
        text(corner[0], corner[1] + 22, f"{end:g}", kind="small quiet", anchor="middle"),
        text(above[0], above[1] - 10, f"{band.pct_low:g} to {band.pct_high:g} %", kind="bold", anchor="middle"),
        text(middle[0], middle[1] - 10, band.name, kind="small quiet", anchor="middle"),
    ]


def _calendar(policy: HedgePolicy) -> list[str]:
    days, left, right = 120, 540.0, 930.0

    def at(day: date) -> float:
        return left + (day - ANCHOR).days / days * (right - left)

    parts = [text(500, 26, "roll dates: they depend on the calendar alone", kind="bold")]
    for n, layer in enumerate(policy.layers):
        y = 75.0 + 60 * n
        parts += [text(500, y + 4, layer.name, kind="bold"), line([(left, y), (right, y)])]
        told = f"{layer.weight} tenths, {layer.dte_target} days to expiry, every {layer.roll_days} days"
        parts += [text(left, y + 24, told, kind="small quiet")]
        session = ANCHOR
        while session <= ANCHOR + timedelta(days=days):
            parts += [f'<circle class="dot" cx="{at(session):g}" cy="{y:g}" r="5"/>']
            session = next_roll(ANCHOR, layer.roll_days, session)
    for n in range(5):
        parts += [
            text(left + n * 30 / days * (right - left), 262, f"day {30 * n}", kind="small quiet", anchor="middle")
        ]
    return parts


def drawn() -> Mapping[str, str]:
    """Return the text of each picture by its file name."""
    folders = ("CONDORD_STATE_DIR", "CONDORD_LOG_DIR", "CONDORD_RUNTIME_DIR")
    settings: Settings = load((), dict.fromkeys(folders, "."))
    return {
        "session.svg": session(settings.schedule_policy()),
        "order.svg": order(),
        "hedge.svg": hedge(settings.hedge_policy()),
    }


if __name__ == "__main__":
    for name, content in drawn().items():
        (FOLDER / name).write_text(content, encoding="utf-8")
