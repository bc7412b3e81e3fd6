"""One upload per session at a time, and a bound on what all uploads of this process hold in memory."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

from borderlight.errors import Unavailable


class _Queue:
    """The uploads of one session: one at work, `waiting` behind it."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0
        self.reading: asyncio.Timeout | None = None

    def end_reading(self) -> None:
        """Let what is being read time out now."""
        if self.reading is not None and not self.reading.expired():
            self.reading.reschedule(asyncio.get_running_loop().time())


class UploadTurn:
    """The right of one request to read and store; what it holds is given back at its end."""

    def __init__(self, queue: _Queue, turns: "UploadTurns") -> None:
        self._queue = queue
        self._turns = turns
        self.held = 0

    def hold(self, size: int) -> None:
        """Count `size` bytes as held; raises Unavailable when all uploads together would hold too much.

        A third is kept for small uploads, as every page's is: a few large ones cannot shut everybody out.
        """
        most = self._turns.most
        is_small = self.held + size <= most // 32
        if self._turns.held + size > (most if is_small else most - most // 3):
            raise Unavailable("too many uploads at once")
        self.held += size
        self._turns.held += size

    @contextmanager
    def reading(self, limit: asyncio.Timeout) -> Generator[None]:
        """Let a newer upload of the session end this one's reading, by `limit`."""
        self._queue.reading = limit
        if self._queue.waiting:
            self._queue.end_reading()
        try:
            yield
        finally:
            self._queue.reading = None


class UploadTurns:
    """most: bytes that all uploads of the process may hold together."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0
        self._queues: dict[str, _Queue] = {}

    @asynccontextmanager
    async def of(self, session_id: str) -> AsyncGenerator[UploadTurn]:
        """Wait for the session's turn. The newest upload wins: a client that lost its connection sends again."""
        queue = self._queues.setdefault(session_id, _Queue())
        queue.waiting += 1
        queue.end_reading()
        try:
            async with queue.lock:
                queue.waiting -= 1
                turn = UploadTurn(queue, self)
                try:
                    yield turn
                finally:
                    self.held -= turn.held
                    queue.waiting += 1
        finally:
            queue.waiting -= 1
            if not queue.waiting and not queue.lock.locked():
                self._queues.pop(session_id, None)
