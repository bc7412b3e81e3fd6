"""Live captures of this process: how many run, and how to end after them."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

DRAIN_S = 8.0


class LiveCaptures:
    """Counts sockets. After `drain` no new one is taken; the client tries again and reaches another replica."""

    def __init__(self) -> None:
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.is_draining = False

    @property
    def count(self) -> int:
        return self._count

    @contextmanager
    def one(self) -> Generator[None]:
        self._count += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._count -= 1
            if self._count == 0:
                self._idle.set()

    async def drain(self, within_s: float = DRAIN_S) -> bool:
        """Wait until the last one has ended; False when some had to be left after `within_s`."""
        self.is_draining = True
        try:
            async with asyncio.timeout(within_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True
