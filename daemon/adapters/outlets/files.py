"""The file of the outlets: one URL a line. Its URLs hold passwords, so nothing here ever repeats what it has read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from daemon.errors import SettingsError

OUTLETS_MAX: Final = 10
BYTES_MAX: Final = 65_536
_URL: Final = re.compile(r"([a-z][a-z0-9]{1,15})://\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Outlet:
    """One way to reach people."""

    name: str
    """Its place in the file and its scheme, for example ``2 mailtos``."""
    url: str = field(repr=False)


def read_outlets(path: Path) -> tuple[Outlet, ...]:
    """Read the outlets of a file; empty lines and lines that begin with ``#`` are left out.

    Raises SettingsError with the number of a wrong line, never with its text.
    """
    lines = enumerate(_text(path).splitlines(), start=1)
    found = [(number, line.strip()) for number, line in lines if line.strip() and not line.strip().startswith("#")]
    wrong = [number for number, line in found if _URL.fullmatch(line) is None]
    if wrong:
        raise SettingsError(
            f"{path}, line {wrong[0]}: this is no outlet; write one URL a line, such as mailtos://..., tgram://... "
            "or ntfys://..., and # in front of a comment (docs/alerts.md)"
        )
    if len(found) > OUTLETS_MAX:
        raise SettingsError(f"{path} has {len(found)} outlets; at most {OUTLETS_MAX} are allowed")
    urls = [line for _, line in found]
    return tuple(Outlet(f"{place} {url.partition('://')[0].lower()}", url) for place, url in enumerate(urls, start=1))


def readable_by_all(path: Path) -> bool:
    """Whether every user of this host may read the file."""
    try:
        return bool(path.stat().st_mode & 0o004)
    except OSError:
        return False


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise SettingsError(
            f"the file of the outlets {path} cannot be read: {error.strerror}; mend CONDORD_ALERT_URLS_FILE or the "
            "rights of the file"
        ) from None
    if len(data) > BYTES_MAX:
        raise SettingsError(f"the file of the outlets {path} is larger than {BYTES_MAX} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise SettingsError(f"the file of the outlets {path} is no text in UTF-8") from None
