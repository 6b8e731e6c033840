#!/usr/bin/env python3
"""Let unmodified clients tour the simulated gateway over TCP, each in an environment of its own; one line a step.

    tests/process/clients_check.py [CLIENT ...]

Environments are made under ``.venv-clients`` by pip. Exit status: 0 all passed, 1 one failed, 77 none failed and at
least one cannot be installed here.
"""

# ruff: noqa: T201 - what it prints is what it is for
from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from processes import World

SOURCE: Final = Path(__file__).resolve().parents[2]
ENVIRONMENTS: Final = SOURCE / ".venv-clients"
TOURS: Final = Path(__file__).parent / "clients"
BEGIN: Final = "2020-03-02 10:30:00"
LIMIT_S: Final = 300
SKIPPED: Final = 77


@dataclass(frozen=True, slots=True)
class Library:
    """A client: its name here, what pip installs, and the tour that it takes."""

    name: str
    packages: tuple[str, ...]
    tour: tuple[str, ...]


LIBRARIES: Final = (
    Library("ib_insync", ("ib_insync==0.9.86",), ("asynchronous.py", "ib_insync")),
    Library("ib_async", ("ib_async",), ("asynchronous.py", "ib_async")),
    Library("ibapi", ("ibapi",), ("official.py",)),
    # The official client of today is not in the index under its own name.
    Library("nautilus-ibapi", ("nautilus-ibapi", "protobuf"), ("official.py",)),
)


def environment(library: Library) -> Path | str:
    """Return the Python of a library's environment, made where it is missing, or why it cannot be made."""
    folder = ENVIRONMENTS / library.name
    python, done = folder / "bin/python", folder / ".installed"
    if done.exists() and done.read_text() == " ".join(library.packages):
        return python
    venv.create(folder, clear=True, with_pip=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *library.packages]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        return ran.stderr.strip().rpartition("\n")[2] or "pip failed"
    done.write_text(" ".join(library.packages))
    return python


def toured(library: Library, python: Path) -> bool:
    """Let a library tour a gateway that has just been started; return whether every step passed."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        try:
            world.gateway(BEGIN)
            script, *arguments = library.tour
            command = [str(python), str(TOURS / script), *arguments, str(world.port)]
            passed = subprocess.run(command, timeout=LIMIT_S, check=False).returncode == 0
            if not passed:
                print(world.tell())
            return passed
        finally:
            world.close()


def main(names: list[str]) -> int:
    """Tour with every library, or with those named; return the exit status."""
    unknown = set(names) - {library.name for library in LIBRARIES}
    if unknown:
        print(f"no such client: {', '.join(sorted(unknown))}; known are {', '.join(one.name for one in LIBRARIES)}")
        return 1
    failed = skipped = False
    for library in (one for one in LIBRARIES if not names or one.name in names):
        print(library.name, flush=True)
        python = environment(library)
        if isinstance(python, str):
            print(f"  cannot be installed here: {python}")
            skipped = True
        elif not toured(library, python):
            print("  FAILED")
            failed = True
    return 1 if failed else SKIPPED if skipped else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
