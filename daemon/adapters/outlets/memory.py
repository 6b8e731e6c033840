"""What is known about alerts, as one named value of the store."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter, ValidationError

from daemon.core.alerts.outbox import DeskRecord
from daemon.errors import StoreError
from daemon.ports import Store

KEY: Final = "alerts"
"""Names, in the store, what is known about alerts."""


class StoredAlerts:
    """Keeps it as JSON. What a later version adds to a record needs a default, so that an earlier one is still read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._form = TypeAdapter(DeskRecord)

    def load(self) -> DeskRecord | None:
        """Return what was saved last; None before the first time. Raises StoreError when it cannot be read."""
        text = self._store.meta(KEY)
        if text is None:
            return None
        try:
            return self._form.validate_json(text)
        except ValidationError as error:
            raise StoreError(f"what was known about alerts was written by another version: {error.title}") from None

    def save(self, record: DeskRecord) -> None:
        """Keep it. Raises StoreError."""
        self._store.set_meta(KEY, self._form.dump_json(record).decode())
