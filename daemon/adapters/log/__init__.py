"""The log: one line an event, in the files of the session and on the terminal or in the journal.

Nothing here is process-wide: every log has its own structlog loggers, so that simulated twins do not
share one. A disk or a terminal that fails never stops trading: the failure is told once, and every event
is in the database anyway.
"""

from daemon.adapters.log.event_log import EventLog, build_logging
from daemon.adapters.log.files import TEXT_SUFFIX, SessionFiles, follow
from daemon.adapters.log.journal import JournalSocket, goes_to_journal

__all__ = [
    "TEXT_SUFFIX",
    "EventLog",
    "JournalSocket",
    "SessionFiles",
    "build_logging",
    "follow",
    "goes_to_journal",
]
