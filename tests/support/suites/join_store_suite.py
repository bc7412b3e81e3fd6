"""What every join store must do; subclasses give a `store` fixture without an epoch."""

import asyncio

import pytest

from borderlight.errors import Unavailable
from decision.domain.session_join import Side
from decision.ports import JoinStore


class JoinStoreSuite:
    async def test_without_its_epoch_it_takes_nothing(self, store: JoinStore) -> None:
        with pytest.raises(Unavailable):
            await store.put("a", Side.CAPTURED, "{}", 100)
        assert await store.pending() == 0

    async def test_sides_gather_and_the_first_of_each_stands(self, store: JoinStore) -> None:
        await store.set_epoch()
        await store.put("a", Side.CAPTURED, "first", 100)
        state = await store.put("a", Side.CAPTURED, "second", 100)
        assert state.captured == "first" and not state.is_complete()
        await store.put("a", Side.LIVENESS, "l", 100)
        assert (await store.put("a", Side.COMPARISON, "c", 100)).is_complete()

    async def test_a_rejected_capture_completes_the_join(self, store: JoinStore) -> None:
        await store.set_epoch()
        assert not (await store.put("r", Side.REJECTED, "r", 100)).is_complete()
        assert (await store.put("r", Side.CAPTURED, "c", 100)).is_complete()

    async def test_of_many_verdicts_the_first_stands(self, store: JoinStore) -> None:
        await store.set_epoch()
        await store.put("v", Side.CAPTURED, "c", 100)
        stored = await asyncio.gather(*(store.store_verdict("v", f"verdict {n}") for n in range(8)))
        assert len(set(stored)) == 1
        late = await store.put("v", Side.LIVENESS, "late", 100)
        assert late.liveness is None and late.verdict == stored[0]

    async def test_deadlines_are_claimed_once_per_lease(self, store: JoinStore) -> None:
        await store.set_epoch()
        await store.put("d1", Side.CAPTURED, "c", 100)
        await store.put("d2", Side.CAPTURED, "c", 900)
        assert await store.claim_due(500, 1_000, 10) == ["d1"]
        assert await store.claim_due(600, 1_000, 10) == []
        assert sorted(await store.claim_due(1_600, 1_000, 10)) == ["d1", "d2"]

    async def test_a_published_session_waits_for_nothing(self, store: JoinStore) -> None:
        await store.set_epoch()
        await store.put("p", Side.CAPTURED, "c", 100)
        await store.store_verdict("p", "verdict")
        await store.mark_published("p")
        assert await store.pending() == 0
        state = await store.put("p", Side.LIVENESS, "late", 100)
        assert state.published and await store.pending() == 0

    async def test_one_of_many_rebuilds(self, store: JoinStore) -> None:
        claims = await asyncio.gather(*(store.claim_rebuild(5_000) for _ in range(5)))
        assert claims.count(True) == 1
        assert (await store.put("a", Side.CAPTURED, "c", 100, rebuilding=True)).captured == "c"
