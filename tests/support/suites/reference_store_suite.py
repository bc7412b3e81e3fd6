"""What every reference store must do, over any object store."""

import asyncio
import json
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes.clock import StandingClock

from borderlight.contracts.events import ObjectRef
from borderlight.errors import ObjectCorrupt
from borderlight.runtime.objects.port import ObjectStore, StoredObject
from borderlight.runtime.sealing import KeyRing, StoreLocked
from matcher.adapters.object_reference_store import BUCKET, ObjectReferenceStore
from matcher.adapters.redis_reference_cache import RedisReferenceCache
from matcher.adapters.store_audit import audit_store
from matcher.domain.dossier import ALL_DOCUMENTS, DocumentRecord, StoredEmbedding

MODEL, OTHER_MODEL = "a" * 64, "b" * 64
NOON = datetime(2026, 11, 24, 9, tzinfo=UTC)
"""Where the standing clock begins."""
PHOTO = b"\xff\xd8\xff the pixels of a person"


def record(traveller: str = "traveller-1", document: str = "passport-1", minute: int = 0) -> DocumentRecord:
    at = NOON + timedelta(minutes=minute)
    return DocumentRecord(traveller, document, "passport", f"{minute:064x}", "image/jpeg", at)


def embedding(of: DocumentRecord, model: str = MODEL, value: float = 0.5) -> StoredEmbedding:
    return StoredEmbedding(of.document_id, of.photo_sha256, model, (value,) * 128, (), (), {"sharpness": 5.0})


class HookedObjects:
    """An object store that runs something between two writes."""

    def __init__(self, inner: ObjectStore) -> None:
        self.inner = inner
        self.after_put: dict[str, Awaitable[object]] = {}

    async def put(self, bucket: str, key: str, content: bytes, media_type: str) -> ObjectRef:
        done = await self.inner.put(bucket, key, content, media_type)
        for ending in list(self.after_put):
            if key.endswith(ending):
                await self.after_put.pop(ending)
        return done

    async def get(self, bucket: str, key: str) -> bytes:
        return await self.inner.get(bucket, key)

    async def delete(self, bucket: str, key: str) -> None:
        await self.inner.delete(bucket, key)

    async def list_keys(self, bucket: str, prefix: str) -> list[str]:
        return await self.inner.list_keys(bucket, prefix)

    async def list_objects(self, bucket: str, prefix: str) -> list[StoredObject]:
        return await self.inner.list_objects(bucket, prefix)

    async def ensure_bucket(self, bucket: str) -> None:
        await self.inner.ensure_bucket(bucket)


class ReferenceStoreSuite:
    """Subclasses give `objects` (empty, its bucket made) and `cache`."""

    @pytest.fixture
    def clock(self) -> StandingClock:
        return StandingClock()

    @pytest.fixture
    def keys(self) -> KeyRing:
        return KeyRing.generate()

    @pytest.fixture
    def store(
        self, objects: ObjectStore, keys: KeyRing, cache: RedisReferenceCache | None, clock: StandingClock
    ) -> ObjectReferenceStore:
        return ObjectReferenceStore(objects, keys, MODEL, cache, clock)

    async def names(self, objects: ObjectStore) -> Sequence[str]:
        return await objects.list_keys(BUCKET, "")

    async def test_what_is_enrolled_is_compared_with(self, store: ObjectReferenceStore) -> None:
        assert await store.references_of("traveller-1") == []
        assert await store.enrol(record(), PHOTO, embedding(record()))
        for _ in range(2):  # cold, then warm
            (found,) = await store.references_of("traveller-1")
            assert found.document_id == "passport-1" and found.model_sha256 == MODEL
            assert found.embedding is not None and found.embedding == pytest.approx([0.5] * 128)
        assert await store.photo_of("traveller-1", "passport-1") == PHOTO

    async def test_the_same_photograph_twice_is_one_record(
        self, store: ObjectReferenceStore, objects: ObjectStore
    ) -> None:
        await store.enrol(record(), PHOTO, embedding(record()))
        before = await self.names(objects)
        again = replace(record(), submitted_at=NOON + timedelta(days=1))
        assert await store.enrol(again, PHOTO, embedding(again))
        assert await self.names(objects) == before
        assert len(await store.references_of("traveller-1")) == 1

    async def test_the_later_hand_in_stands(self, store: ObjectReferenceStore) -> None:
        new, old = record(minute=5), record(minute=1)
        assert await store.enrol(new, b"new", embedding(new, value=0.9))
        assert not await store.enrol(old, b"old", embedding(old, value=0.1))
        assert await store.photo_of("traveller-1", "passport-1") == b"new"
        (found,) = await store.references_of("traveller-1")
        assert found.embedding is not None and found.embedding[0] == pytest.approx(0.9)

    async def test_nothing_is_readable_without_the_key(self, store: ObjectReferenceStore, objects: ObjectStore) -> None:
        await store.enrol(record(), PHOTO, embedding(record()))
        for name in await self.names(objects):
            content = await objects.get(BUCKET, name)
            for secret in (b"traveller-1", b"passport-1", b"pixels", b"sharpness"):
                assert secret not in content and secret not in name.encode()

    async def test_another_master_key_opens_nothing(
        self, store: ObjectReferenceStore, objects: ObjectStore, keys: KeyRing
    ) -> None:
        await store.enrol(record(), PHOTO, embedding(record()))
        stranger = KeyRing(keys.lookup, KeyRing.generate().masters)
        locked = ObjectReferenceStore(objects, stranger, MODEL)
        with pytest.raises(StoreLocked, match="is not given"):
            await locked.references_of("traveller-1")
        with pytest.raises(StoreLocked):
            await locked.enrol(record(minute=2), PHOTO, embedding(record(minute=2)))

    async def test_rotation_touches_no_photograph(
        self, store: ObjectReferenceStore, objects: ObjectStore, keys: KeyRing
    ) -> None:
        await store.enrol(record(), PHOTO, embedding(record()))
        photos = {n: await objects.get(BUCKET, n) for n in await self.names(objects) if n.endswith("/photo")}
        rotated = keys.rotated()
        new = ObjectReferenceStore(objects, rotated, MODEL)
        assert await new.photo_of("traveller-1", "passport-1") == PHOTO, "both masters open before the rewrap"
        assert (await new.rewrap(), await new.rewrap()) == (1, 0)
        only_new = KeyRing(keys.lookup, {rotated.current: rotated.masters[rotated.current]})
        assert await ObjectReferenceStore(objects, only_new, MODEL).photo_of("traveller-1", "passport-1") == PHOTO
        assert photos == {n: await objects.get(BUCKET, n) for n in photos}
        with pytest.raises(StoreLocked):
            await ObjectReferenceStore(objects, keys, MODEL).photo_of("traveller-1", "passport-1")

    async def test_erasure_leaves_nothing_and_stands(self, store: ObjectReferenceStore, objects: ObjectStore) -> None:
        await store.enrol(record(), PHOTO, embedding(record()))
        await store.references_of("traveller-1")
        receipt = await store.erase("traveller-1", ALL_DOCUMENTS, NOON + timedelta(minutes=1))
        left = await self.names(objects)
        assert not [name for name in left if "/keys/" in name or "/photo" in name or "/e-" in name]
        assert await store.references_of("traveller-1") == []
        assert not await store.enrol(record(minute=1), PHOTO, embedding(record(minute=1))), "as old as the erasure"
        assert await store.enrol(record(minute=2), PHOTO, embedding(record(minute=2))), "handed in after it"
        said = json.loads(await objects.get(BUCKET, f"receipts/{receipt}.json"))
        assert said["data_keys_destroyed"] == 1 and said["objects"] == 2
        assert "traveller" not in json.dumps(said).replace('"scope": "traveller"', "")

    async def test_erasing_one_document_leaves_the_others(self, store: ObjectReferenceStore) -> None:
        for name in ("passport-1", "visa-1"):
            await store.enrol(record(document=name), PHOTO, embedding(record(document=name)))
        await store.erase("traveller-1", "passport-1", NOON + timedelta(minutes=1))
        assert [item.document_id for item in await store.references_of("traveller-1")] == ["visa-1"]
        assert not await store.enrol(record(), PHOTO, embedding(record()))

    async def test_a_copy_from_a_backup_stays_shut_after_erasure(
        self, store: ObjectReferenceStore, objects: ObjectStore
    ) -> None:
        await store.enrol(record(), PHOTO, embedding(record()))
        copies = {n: await objects.get(BUCKET, n) for n in await self.names(objects) if "/keys/" not in n}
        await store.erase("traveller-1", ALL_DOCUMENTS, NOON + timedelta(minutes=1))
        for name, content in copies.items():
            await objects.put(BUCKET, name, content, "application/octet-stream")
        assert await store.references_of("traveller-1") == [], "its data key is gone"

    @pytest.mark.parametrize("moment", ["/photo", f"/e-{MODEL[:16]}"])
    async def test_an_erasure_in_the_middle_of_an_enrolment_wins(
        self, objects: ObjectStore, keys: KeyRing, cache: RedisReferenceCache | None, clock: StandingClock, moment: str
    ) -> None:
        hooked = HookedObjects(objects)
        eraser = ObjectReferenceStore(objects, keys, MODEL, cache, clock)
        writer = ObjectReferenceStore(hooked, keys, MODEL, cache, clock)
        hooked.after_put[moment] = eraser.erase("traveller-1", ALL_DOCUMENTS, NOON + timedelta(minutes=1))
        assert not await writer.enrol(record(), PHOTO, embedding(record()))
        assert await eraser.references_of("traveller-1") == []
        assert not [name for name in await self.names(objects) if "/photo" in name or "/e-" in name]

    async def test_two_importers_at_once_make_one_record(
        self, objects: ObjectStore, keys: KeyRing, cache: RedisReferenceCache | None
    ) -> None:
        stores = [ObjectReferenceStore(objects, keys, MODEL, cache) for _ in range(4)]
        await asyncio.gather(*(store.enrol(record(), PHOTO, embedding(record())) for store in stores))
        assert len(await stores[0].references_of("traveller-1")) == 1
        assert await stores[1].photo_of("traveller-1", "passport-1") == PHOTO
        assert await audit_store(objects, keys, MODEL) == []

    async def test_a_damaged_object_is_told_and_not_compared(
        self, store: ObjectReferenceStore, objects: ObjectStore, keys: KeyRing
    ) -> None:
        await store.enrol(record(), PHOTO, embedding(record()))
        (name,) = [name for name in await self.names(objects) if name.endswith("/photo")]
        content = bytearray(await objects.get(BUCKET, name))
        content[-1] ^= 1
        await objects.put(BUCKET, name, bytes(content), "application/octet-stream")
        (found,) = await ObjectReferenceStore(objects, keys, MODEL).references_of("traveller-1")
        assert found.embedding is None and found.reasons == ("comparison.reference_damaged",)
        assert [problem.kind for problem in await audit_store(objects, keys, MODEL)] == ["damaged"]
        with pytest.raises(ObjectCorrupt):
            await store.photo_of("traveller-1", "passport-1")
        assert await store.enrol(record(minute=1), PHOTO, embedding(record(minute=1))), "a new hand-in mends it"
        assert await audit_store(objects, keys, MODEL) == []

    async def test_an_object_under_a_foreign_name_is_not_believed(
        self, store: ObjectReferenceStore, objects: ObjectStore, keys: KeyRing
    ) -> None:
        """Swapping two travellers' photographs in the bucket must not swap their faces."""
        for traveller in ("traveller-1", "traveller-2"):
            await store.enrol(record(traveller), PHOTO, embedding(record(traveller)))
        one, two = [name for name in await self.names(objects) if name.endswith("/photo")]
        await objects.put(BUCKET, one, await objects.get(BUCKET, two), "application/octet-stream")
        found = await audit_store(objects, keys, MODEL)
        assert [problem.kind for problem in found] == ["orphaned"], "sealed with another traveller's data key"

    async def test_what_is_missing_or_foreign_is_found(
        self, store: ObjectReferenceStore, objects: ObjectStore, keys: KeyRing
    ) -> None:
        await store.enrol(record(), PHOTO, embedding(record()))
        (made,) = [name for name in await self.names(objects) if "/e-" in name]
        await objects.delete(BUCKET, made)
        await objects.put(BUCKET, "holiday.jpg", b"1", "image/jpeg")
        kinds = sorted(problem.kind for problem in await audit_store(objects, keys, MODEL))
        assert kinds == ["foreign", "not_embedded"]

    async def test_models_are_never_mixed(
        self, store: ObjectReferenceStore, objects: ObjectStore, keys: KeyRing, cache: RedisReferenceCache | None
    ) -> None:
        """Half-way through a change of model each worker sees what its own model made, and is told about the rest."""
        for name in ("passport-1", "visa-1"):
            await store.enrol(record(document=name), PHOTO, embedding(record(document=name)))
        new = ObjectReferenceStore(objects, keys, OTHER_MODEL)
        await new.put_embedding("traveller-1", embedding(record(), OTHER_MODEL, 0.7))
        passport, visa = await new.references_of("traveller-1")
        assert passport.model_sha256 == OTHER_MODEL and passport.embedding is not None
        assert visa.embedding is None and visa.reasons == ("comparison.reference_old",)
        old = await store.references_of("traveller-1")
        assert [item.model_sha256 for item in old] == [MODEL, MODEL]
        assert all(item.embedding is not None for item in old)

    async def test_an_expired_document_is_not_compared(
        self, store: ObjectReferenceStore, objects: ObjectStore, keys: KeyRing, clock: StandingClock
    ) -> None:
        ends = replace(record(), expires_at=NOON + timedelta(minutes=10))
        await store.enrol(ends, PHOTO, embedding(ends))
        assert (await store.references_of("traveller-1"))[0].embedding is not None
        clock.advance(700.0)
        fresh = ObjectReferenceStore(objects, keys, MODEL, None, clock)
        (found,) = await fresh.references_of("traveller-1")
        assert found.embedding is None and found.reasons == ("document.expired",)
