"""Facts of the installed unit: whether it is ours, what changes it, how systemd scores it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import daemon
from daemon.core.doctor.service import UnitFacts

UNIT: Final = "condord.service"
PREFIX: Final = "/opt/condord"
"""Where the unit in the project says that the program is."""
LIMIT_S: Final = 5.0
_SCORE: Final = re.compile(r"Overall exposure level for \S+: (\d+(?:\.\d+)?)")
_DROP_INS: Final = ("etc/systemd/system", "run/systemd/system")

Run = Callable[[Sequence[str]], str]


def run_quietly(command: Sequence[str]) -> str:
    """Run a program and return what it prints; raises OSError, SubprocessError."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=True)  # noqa: S603 -- our own words
    return done.stdout


def shipped_units() -> tuple[Path, ...]:
    """Return where the unit that came with the program may be: beside an installed one, or in the project."""
    return (
        Path(sys.prefix) / "share/condord" / UNIT,
        Path(daemon.__file__).resolve().parents[1] / "systemd" / UNIT,
    )


def unit_facts(*, root: Path = Path("/"), shipped: Sequence[Path] | None = None, run: Run = run_quietly) -> UnitFacts:
    """Look at the installed unit."""
    if not (root / "run/systemd/system").exists():
        return UnitFacts(why_not="no systemd runs here")
    path = root / "etc/systemd/system" / UNIT
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return UnitFacts(why_not="condord is not installed as a service: make install")
    exposure, problem = _exposure(run)
    return UnitFacts(
        path=str(path),
        same=_same(text, shipped_units() if shipped is None else shipped),
        drop_ins=tuple(str(one) for place in _DROP_INS for one in sorted((root / place / f"{UNIT}.d").glob("*.conf"))),
        exposure=exposure,
        exposure_problem=problem,
    )


def _same(text: str, shipped: Sequence[Path]) -> bool | None:
    known = [path.read_text(encoding="utf-8") for path in shipped if path.is_file()]
    return any(text in (one, one.replace(PREFIX, sys.prefix)) for one in known) if known else None


def _exposure(run: Run) -> tuple[float | None, str]:
    try:
        said = run(["systemd-analyze", "security", "--no-pager", UNIT])
    except (OSError, subprocess.SubprocessError) as error:
        return None, f"systemd-analyze security did not answer: {error}"
    score = _SCORE.search(said)
    return (None, "systemd-analyze security names no score") if score is None else (float(score[1]), "")
