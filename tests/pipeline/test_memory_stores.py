"""The port suites on the adapters of the embedded mode."""

from pathlib import Path

import pytest
from suites.attempt_store_suite import AttemptStoreSuite
from suites.join_store_suite import JoinStoreSuite
from suites.object_store_suite import BUCKET, ObjectStoreSuite
from suites.reference_store_suite import ReferenceStoreSuite
from suites.session_store_suite import SessionStoreSuite

from borderlight.runtime.objects.file import FileObjectStore
from capture_ingest.adapters.memory_attempt_store import MemoryAttemptStore
from capture_ingest.adapters.memory_session_store import MemorySessionStore
from decision.adapters.memory_join_store import MemoryJoinStore
from matcher.adapters.object_reference_store import BUCKET as REFERENCES


class TestFileObjectStore(ObjectStoreSuite):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> FileObjectStore:
        store = FileObjectStore(tmp_path)
        await store.ensure_bucket(BUCKET)
        return store


class TestMemoryAttemptStore(AttemptStoreSuite):
    @pytest.fixture
    def store(self) -> MemoryAttemptStore:
        return MemoryAttemptStore()


class TestMemorySessionStore(SessionStoreSuite):
    @pytest.fixture
    def store(self) -> MemorySessionStore:
        return MemorySessionStore()


class TestMemoryJoinStore(JoinStoreSuite):
    @pytest.fixture
    def store(self) -> MemoryJoinStore:
        return MemoryJoinStore()


class TestReferencesInAFolder(ReferenceStoreSuite):
    @pytest.fixture
    async def objects(self, tmp_path: Path) -> FileObjectStore:
        store = FileObjectStore(tmp_path)
        await store.ensure_bucket(REFERENCES)
        return store

    @pytest.fixture
    def cache(self) -> None:
        return None
