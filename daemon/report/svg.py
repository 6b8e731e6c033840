"""From a matplotlib figure to a small SVG that takes its colours and letters from the page's style sheet."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # the library costs 150 MB and is loaded only when something is drawn
    from matplotlib.figure import Figure

TOKENS: Final = {
    name: f"#0a0b{number:02x}"
    for number, name in enumerate(
        ("ink", "muted", "grid", "paper", "hedged", "unhedged", "put", "call", "vix", "low", "moderate", "high")
    )
}
"""Stand-in colours, replaced in the SVG by the style sheet's variable of the same name (``var(--ink)``)."""

_METADATA: Final = {"Date": None, "Creator": None, "Format": None, "Type": None}
_LONG_NUMBER: Final = re.compile(r"-?\d+\.\d{3,}")
_PATH: Final = re.compile(r' d="([MLz\d\s.-]+)"')
_ID: Final = re.compile(r'\s+id="([^"]*)"')
_EMPTY: Final = re.compile(r'<g/> ?|<path d="[^"]*" style="fill: none"/> ?')
"""Groups of nothing, and grounds that are not painted."""
_NOISE: Final = (
    re.compile(r"<metadata>.*?</metadata>", re.DOTALL),
    re.compile(r"<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL),
    re.compile(r"\s*font-family: [^;\"]*;?"),
    re.compile(r'\s+transform="rotate\(-0 [^"]*"'),
)


def to_svg(figure: Figure, name: str, title: str) -> str:
    """Write a figure as an SVG element whose bytes depend on the figure alone.

    ``name`` must be unique in the page, since the element's inner ids are derived from it.
    """
    import matplotlib as mpl  # noqa: PLC0415 - see above

    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata=_METADATA, transparent=True)
    return _slim(buffer.getvalue(), title)


def _slim(text: str, title: str) -> str:
    body = text[text.index("<svg") :]
    for noise in _NOISE:
        body = noise.sub("", body)
    view_box = re.search(r'viewBox="[^"]*"', body)
    assert view_box is not None, "matplotlib always writes a view box"
    body = re.sub(r"<svg[^>]*>", f'<svg {view_box[0]} role="img" aria-label="{title}">', body, count=1)
    body = _PATH.sub(lambda path: f' d="{short_path(path[1])}"', body)
    body = _LONG_NUMBER.sub(lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), body)
    body = _ID.sub(lambda found: found[0] if f"#{found[1]}" in body else "", body)
    for token, colour in TOKENS.items():
        body = body.replace(colour, f"var(--{token})")
    return _EMPTY.sub("", re.sub(r"\s*\n\s*", " ", body)).strip()


def short_path(path: str) -> str:
    """Write lines of absolute coordinates as steps of tenths of a point, a third of the letters: steps add up exactly."""
    written: list[str] = []
    at = start = (0, 0)
    for command, x, y in re.findall(r"([MLz])\s*(?:(-?[\d.]+) (-?[\d.]+))?", path):
        if command == "z":
            written.append("z")
            at = start
            continue
        to = round(10 * float(x)), round(10 * float(y))
        written.append(_step(command, to[0] - at[0], to[1] - at[1]))
        at = to
        if command == "M":
            start = to
    return "".join(written)


def _step(command: str, right: int, down: int) -> str:
    """Write one step in the shortest of the ways that there are for it."""
    if command == "M":
        return f"m{_tenths(right)} {_tenths(down)}"
    if not down:
        return f"h{_tenths(right)}"
    return f"l{_tenths(right)} {_tenths(down)}" if right else f"v{_tenths(down)}"


def _tenths(tenths: int) -> str:
    return f"{tenths / 10:g}".replace("0.", ".") if abs(tenths) < 10 else f"{tenths / 10:g}"
