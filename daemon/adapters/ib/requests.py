"""Questions that wait for their answer, each with a time-out."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any, Final

from daemon.adapters.ib.codes import ends_request
from daemon.errors import BrokerError, BrokerTimeoutError, LinkDownError

_MAX_UNANSWERED: Final = 1
"""Questions of one kind without an id that may be given up before the connection counts as lost."""


class Pending:
    """One question: the rows so far, and a future that ends with them."""

    __slots__ = ("_future", "given_up", "rows")

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.given_up = False
        self._future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # An answer that nobody waits for any more must not complain about its error.
        self._future.add_done_callback(lambda future: future.cancelled() or future.exception())

    def end(self) -> None:
        """Complete the answer."""
        if not self._future.done():
            self._future.set_result(None)

    def fail(self, error: BrokerError) -> None:
        """End the question with an error."""
        if not self._future.done():
            self._future.set_exception(error)

    async def wait(self) -> list[Any]:
        """Return the rows once the answer is complete; raises the refusal."""
        await self._future
        return self.rows

    async def done(self) -> None:
        """Wait until the answer is complete or refused."""
        if not self._future.done():
            await asyncio.wait([self._future])

    def rows_unless(self, refusal_code: int) -> list[Any]:
        """Return the rows of a question that is done, none after this refusal; raises any other."""
        try:
            self._future.result()
        except BrokerError as error:
            if error.code == refusal_code:
                return []
            raise
        return self.rows


class Requests:
    """Every open question of one connection.

    Answers to questions without an id are told apart by their order alone, so a question that was given
    up keeps its place until its end arrives: a late end never completes a later question.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._by_id: dict[int, Pending] = {}
        self._by_kind: defaultdict[str, deque[Pending]] = defaultdict(deque)
        self.alone = asyncio.Lock()
        """Held while questions without an id are open: two of one kind at once are never sent."""

    def ask_id(self, request_id: int) -> Pending:
        """Open a question with an id."""
        pending = self._by_id[request_id] = Pending()
        return pending

    def ask_kind(self, kind: str) -> Pending:
        """Open a question without an id; ``alone`` must be held. Raises LinkDownError after too many lost answers."""
        waiting = self._by_kind[kind]
        assert all(pending.given_up for pending in waiting), f"a question for {kind} is open already"
        if len(waiting) > _MAX_UNANSWERED:
            raise LinkDownError(f"The gateway left {len(waiting)} requests for {kind} unanswered.")
        pending = Pending()
        waiting.append(pending)
        return pending

    def knows(self, request_id: int) -> bool:
        """Whether a question with this id is open."""
        return request_id in self._by_id

    def row(self, key: int | str, row: object) -> None:
        """Add a row to the answer it belongs to, if anybody asked."""
        pending = self._first(key) if isinstance(key, str) else self._by_id.get(key)
        if pending is not None:
            pending.rows.append(row)

    def end_kind(self, kind: str) -> None:
        """End the oldest question of a kind."""
        waiting = self._by_kind.get(kind)
        if waiting:
            waiting.popleft().end()

    def end_id(self, request_id: int) -> None:
        """End the question with an id."""
        pending = self._by_id.pop(request_id, None)
        if pending is not None:
            pending.end()

    def message(self, request_id: int, code: int, text: str) -> bool:
        """End a question with the gateway's refusal; False when the message is not about an open question."""
        pending = self._by_id.get(request_id)
        if pending is None:
            return False
        if ends_request(code):
            del self._by_id[request_id]
            pending.fail(BrokerError(f"The gateway refused the request: {text} (code {code}).", code))
            return True
        return False

    def fail_all(self, error: BrokerError) -> None:
        """End every question, because the connection is gone."""
        open_now = [*self._by_id.values(), *(pending for waiting in self._by_kind.values() for pending in waiting)]
        self._by_id.clear()
        self._by_kind.clear()
        for pending in open_now:
            pending.fail(error)

    async def all_of(self, pendings: Sequence[Pending], what: str) -> None:
        """Wait until every answer is complete; raises BrokerTimeoutError, or the first refusal."""
        await self.ended(pendings, what)
        for pending in pendings:
            await pending.wait()

    async def ended(self, pendings: Sequence[Pending], what: str) -> None:
        """Wait until every answer is complete or refused; raises BrokerTimeoutError."""
        try:
            async with asyncio.timeout(self._timeout_s):
                for pending in pendings:
                    await pending.done()
        except TimeoutError:
            raise BrokerTimeoutError(
                f"The gateway did not answer the request for {what} in {self._timeout_s:g} s."
            ) from None
        finally:
            self._give_up(pendings)

    async def one(self, pending: Pending, what: str) -> list[Any]:
        """Wait for one answer and return its rows."""
        await self.all_of([pending], what)
        return pending.rows

    def _give_up(self, pendings: Sequence[Pending]) -> None:
        for pending in pendings:
            pending.given_up = True
        for request_id in [key for key, pending in self._by_id.items() if pending.given_up]:
            del self._by_id[request_id]

    def _first(self, kind: str) -> Pending | None:
        waiting = self._by_kind.get(kind)
        return waiting[0] if waiting else None
