"""The process that sends one message through one outlet: reads it on standard input, answers on standard output.

Its answer is made of our own words only. What libraries say of a failure may hold a URL, and with it a password: it is
searched for what is known and never passed on.
"""

# ruff: noqa: PLC0415 -- a process that is killed early should not have imported what it did not need

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Iterable
from typing import Any, Final

UNKNOWN: Final = "not delivered, and the service did not say why"
NO_OUTLET: Final = "the library apprise knows no such URL, or a part of it is missing"
_CODE: Final = re.compile(r"error=(\d{3})\b")
_CODES: Final = {
    401: "the password or token is not accepted",
    403: "the password or token is not accepted",
    404: "there is no such address",
    413: "the message is too long",
    429: "too many messages",
}
_KNOWN: Final = (
    ("connection refused", "nothing accepts connections at its address"),
    (
        "operation not permitted",
        "this host does not let the daemon reach the network (docs/alerts.md, firewall of the unit)",
    ),
    ("name or service not known", "its host name is not known"),
    ("temporary failure in name resolution", "no name server answers"),
    ("no address associated", "its host name is not known"),
    ("network is unreachable", "the network is not reachable"),
    ("no route to host", "no way leads to its address"),
    ("certificate verify failed", "its certificate is not trusted"),
    ("authentication failed", "the password or token is not accepted"),
    ("authentication unsuccessful", "the password or token is not accepted"),
    ("username and password not accepted", "the password or token is not accepted"),
    ("timed out", "no answer in time"),
    ("connection reset", "the connection was broken off"),
    ("connection aborted", "the connection was broken off"),
    ("remote end closed", "the connection was broken off"),
)


def main() -> None:
    """Send what standard input says."""
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a library that prints must not write into the answer
    request = json.load(sys.stdin.buffer)
    answer.write(json.dumps({"problem": problem_of(request)}))
    answer.close()


def problem_of(request: dict[str, str]) -> str:
    """Send a message; return what went wrong in our own words, "" for nothing."""
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

    kinds = {"info": NotifyType.INFO, "attention": NotifyType.WARNING, "urgent": NotifyType.FAILURE}
    said = _Heard()
    logging.getLogger().addHandler(said)
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        sender = Apprise(asset=AppriseAsset(app_id="condord", app_desc="condord", app_url=""))
        if not sender.add(request["url"]):
            return NO_OUTLET
        sent = sender.notify(
            title=request["title"],
            body=request["body"],
            notify_type=kinds[request["level"]],
            body_format=NotifyFormat.TEXT,
        )
    except Exception as error:  # noqa: BLE001 -- plugins raise anything; its text may hold the URL, its name does not
        return f"{UNKNOWN} ({type(error).__name__})"
    return "" if sent else cause_of(said.lines)


def cause_of(lines: Iterable[str]) -> str:
    """Return why a message was not delivered, from what libraries said of it, in our own words."""
    text = "\n".join(lines).casefold()
    found = _CODE.search(text)
    if found is not None:
        code = int(found[1])
        return f"the service answered {code}" + (f": {_CODES[code]}" if code in _CODES else "")
    return next((words for phrase, words in _KNOWN if phrase in text), UNKNOWN)


class _Heard(logging.Handler):
    """Keeps what libraries say."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self._text(record))

    def _text(self, record: logging.LogRecord) -> Any:
        try:
            return record.getMessage()
        except (TypeError, ValueError):
            return ""


if __name__ == "__main__":
    main()
