"""What every session store must do; subclasses give a `store` fixture."""

import asyncio

from capture_ingest.domain.session_life import Session, State, Step
from capture_ingest.ports import SessionStore


def make_session(session_id: str) -> Session:
    return Session(session_id, "traveller", State.OPENED, "0" * 64, 1e12)


class SessionStoreSuite:
    async def test_a_created_session_is_found(self, store: SessionStore) -> None:
        await store.create(make_session("a"), 60)
        assert await store.find("a") == make_session("a")
        assert await store.find("b") is None

    async def test_a_step_changes_state_and_fields_together(self, store: SessionStore) -> None:
        await store.create(make_session("c"), 60)
        taken = await store.take("c", Step.CHALLENGE_ISSUED, {"challenge": {"steps": []}})
        assert taken is not None and taken.state is State.CHALLENGED and taken.challenge == {"steps": []}
        assert await store.find("c") == taken

    async def test_a_step_that_the_table_lacks_changes_nothing(self, store: SessionStore) -> None:
        await store.create(make_session("d"), 60)
        assert await store.take("d", Step.CAPTURE_FINISHED, {"outcome": "admit"}) is None
        assert await store.find("d") == make_session("d")
        assert await store.take("unknown", Step.CHALLENGE_ISSUED, {}) is None

    async def test_of_many_at_once_one_takes_the_step(self, store: SessionStore) -> None:
        await store.create(make_session("e"), 60)
        steps = [store.take("e", Step.CHALLENGE_ISSUED, {"challenge": {"n": n}}) for n in range(8)]
        taken = [found for found in await asyncio.gather(*steps) if found is not None]
        assert len(taken) == 1
        assert await store.find("e") == taken[0]

    async def test_a_step_is_not_taken_when_a_field_is_not_as_expected(self, store: SessionStore) -> None:
        await store.create(make_session("f"), 60)
        assert await store.take("f", Step.CLAIMED, {}, {"video": {"key": "another"}}) is None
        assert await store.find("f") == make_session("f")
        assert await store.take("f", Step.CLAIMED, {}, {"video": None}) is not None
