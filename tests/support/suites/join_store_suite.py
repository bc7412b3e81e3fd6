"""What every join store must do; subclasses give a `store` fixture that holds nothing."""

import asyncio

import pytest

from borderlight.runtime.bus.position import Partition, RecordPosition
from decision.domain.session_join import JoinState, Side, Stored
from decision.ports import Input, JoinStore, Replay, StateBehind

P = Partition("in", 0)


class Feed:
    """Puts records with offsets that follow each other."""

    def __init__(self, store: JoinStore) -> None:
        self.store = store
        self.offset = 0

    async def put(self, session: str, side: Side, text: str = "{}", deadline_ms: int | None = None) -> JoinState:
        position = RecordPosition("in", 0, self.offset)
        self.offset += 1
        return await self.store.put(Input(session, side, Stored(text, 5), deadline_ms), position)


def given(session: str, side: Side = Side.CAPTURED, deadline_ms: int | None = 100) -> Input:
    return Input(session, side, Stored("{}", 5), deadline_ms)


class JoinStoreSuite:
    @pytest.fixture
    async def feed(self, store: JoinStore) -> Feed:
        await store.set_positions({P: 0})
        return Feed(store)

    async def test_what_came_before_must_be_in_the_state(self, store: JoinStore) -> None:
        with pytest.raises(StateBehind):
            await store.put(given("a"), RecordPosition("in", 0, 0))
        await store.set_positions({P: 7})
        with pytest.raises(StateBehind):
            await store.put(given("a"), RecordPosition("in", 0, 8))
        with pytest.raises(StateBehind):
            await store.say("a", RecordPosition("in", 0, 8))
        assert await store.find(["a"]) == [JoinState("a")] and await store.pending() == 0
        await store.put(given("a"), RecordPosition("in", 0, 7))
        assert await store.positions() == {P: 8}

    async def test_a_record_that_was_applied_changes_nothing(self, store: JoinStore, feed: Feed) -> None:
        await feed.put("a", Side.CAPTURED, "first")
        again = await store.put(given("b"), RecordPosition("in", 0, 0))
        assert again == JoinState("b") and await store.positions() == {P: 1}

    async def test_sides_gather_and_the_first_of_each_stands(self, feed: Feed) -> None:
        await feed.put("a", Side.CAPTURED, "first")
        state = await feed.put("a", Side.CAPTURED, "second")
        assert state.captured == Stored("first", 5) and not state.may_be_complete()
        await feed.put("a", Side.LIVENESS, "l")
        assert (await feed.put("a", Side.COMPARISON, "c")).may_be_complete()

    async def test_a_rejected_capture_completes_the_join(self, feed: Feed) -> None:
        assert not (await feed.put("r", Side.REJECTED, "r")).may_be_complete()
        assert (await feed.put("r", Side.CAPTURED, "c")).may_be_complete()

    async def test_of_many_verdicts_the_first_stands(self, store: JoinStore, feed: Feed) -> None:
        await feed.put("v", Side.CAPTURED, "c", 100)
        stored = await asyncio.gather(*(store.store_verdict("v", f"verdict {n}") for n in range(8)))
        assert len(set(stored)) == 1
        late = await feed.put("v", Side.LIVENESS, "late")
        assert late.liveness is None and late.verdict == stored[0]

    async def test_deadlines_are_claimed_once_per_lease(self, store: JoinStore, feed: Feed) -> None:
        await feed.put("d1", Side.CAPTURED, "c", 100)
        await feed.put("d2", Side.CAPTURED, "c", 900)
        (due,) = await store.claim_due(500, 1_500, 10, {P: 2})
        assert due.session_id == "d1" and due.captured == Stored("c", 5)
        assert await store.claim_due(600, 1_600, 10, {}) == []
        assert sorted(s.session_id for s in await store.claim_due(1_600, 2_600, 10, {})) == ["d1", "d2"]

    async def test_nothing_is_due_before_the_inputs_are_applied(self, store: JoinStore, feed: Feed) -> None:
        await feed.put("d", Side.CAPTURED, "c", 100)
        with pytest.raises(StateBehind):
            await store.claim_due(500, 1_500, 10, {P: 2})
        with pytest.raises(StateBehind):
            await store.claim_due(500, 1_500, 10, {P: 1, Partition("other", 3): 1})
        assert len(await store.claim_due(500, 1_500, 10, {P: 1})) == 1

    async def test_a_published_session_waits_for_nothing(self, store: JoinStore, feed: Feed) -> None:
        await feed.put("p", Side.CAPTURED, "c", 100)
        await store.store_verdict("p", "verdict")
        await store.mark_published("p")
        assert await store.pending() == 0
        for side in (Side.CAPTURED, Side.LIVENESS):
            state = await feed.put("p", side, "late", 100)
            assert state.published and state.liveness is None and await store.pending() == 0
        assert await store.store_verdict("p", "another") is None

    async def test_what_the_verdict_topic_says_is_decided(self, store: JoinStore, feed: Feed) -> None:
        await feed.put("p", Side.CAPTURED, "c", 100)
        await store.say("p", RecordPosition("in", 0, 1))
        await store.say("p", RecordPosition("in", 0, 1))
        assert await store.find(["p", "q"]) == [JoinState("p", published=True), JoinState("q")]
        assert await store.pending() == 0 and await store.positions() == {P: 2}

    async def test_a_replay_is_applied_only_where_it_begins(self, store: JoinStore, feed: Feed) -> None:
        sides = [given("a"), given("b"), given("a", Side.LIVENESS, None)]
        assert not await store.replay(Replay(P, 3, 6, sides))
        assert await store.replay(Replay(P, 0, 6, sides, said=["b"]))
        a, b = await store.find(["a", "b"])
        assert a.captured is not None and a.liveness is not None and b == JoinState("b", published=True)
        assert await store.positions() == {P: 6} and await store.pending() == 1
        assert await store.replay(Replay(P, 0, 3, sides)), "again changes nothing"
        assert await store.positions() == {P: 6} and await store.pending() == 1

    async def test_one_of_many_catches_up_and_renews_its_lease(self, store: JoinStore) -> None:
        claims = await asyncio.gather(*(store.claim_catch_up(f"p{n}", 5_000) for n in range(5)))
        assert claims.count(True) == 1
        holder = f"p{claims.index(True)}"
        assert await store.claim_catch_up(holder, 5_000)
        await store.end_catch_up("another")
        assert not await store.claim_catch_up("another", 5_000)
        await store.end_catch_up(holder)
        assert await store.claim_catch_up("another", 5_000)

    async def test_a_session_that_is_set_aside_or_forgotten_is_due_no_more(self, store: JoinStore, feed: Feed) -> None:
        await feed.put("a", Side.CAPTURED, "?", 100)
        await feed.put("b", Side.CAPTURED, "?", 100)
        await store.set_aside("a")
        await store.forget("b")
        assert await store.claim_due(500, 1_500, 10, {}) == []
