"""Write the packaged table from a folder of full history: ``python -m daemon.sim.history.extract FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from daemon.errors import HistoryError
from daemon.sim.history.folder import load_folder
from daemon.sim.history.packaged import PATH, as_csv, packaged_days


def extract(folder: Path, target: Path = PATH) -> int:
    """Write the table and return its number of sessions."""
    history = load_folder(folder)
    days = [history.facts(day) for day in packaged_days()]
    target.write_text(as_csv(days), encoding="utf-8")
    return len(days)


def main(arguments: list[str]) -> int:
    """Run the command line; return the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("Name one folder with the full history.\n")
        return 2
    try:
        count = extract(Path(arguments[0]))
    except HistoryError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    sys.stdout.write(f"{count} sessions, {PATH.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
