"""What every attempt store must do; subclasses give a `store` fixture."""

import asyncio

from capture_ingest.domain.attempts import AttemptCount, AttemptRefused
from capture_ingest.ports import AttemptStore


class AttemptStoreSuite:
    async def test_attempts_are_counted_with_the_time_of_the_last(self, store: AttemptStore) -> None:
        seen: list[AttemptCount] = []

        def note(count: AttemptCount) -> AttemptRefused | None:
            seen.append(count)
            return None

        for now_s in (10.0, 20.5):
            assert await store.spend("a", now_s, note) is None
        assert await store.spend("b", 30.0, note) is None
        assert seen == [AttemptCount(0, 0.0), AttemptCount(1, 10.0), AttemptCount(0, 0.0)]

    async def test_what_is_refused_is_not_counted(self, store: AttemptStore) -> None:
        refused = AttemptRefused(5.0)
        assert await store.spend("c", 0.0, lambda count: refused) == refused
        seen: list[int] = []
        await store.spend("c", 0.0, lambda count: seen.append(count.seen))
        assert seen == [0]

    async def test_of_many_at_once_so_many_are_allowed_as_there_are(self, store: AttemptStore) -> None:
        def at_most_three(count: AttemptCount) -> AttemptRefused | None:
            return AttemptRefused(None) if count.seen >= 3 else None

        found = await asyncio.gather(*(store.spend("d", 0.0, at_most_three) for _ in range(8)))
        assert sum(one is None for one in found) == 3
