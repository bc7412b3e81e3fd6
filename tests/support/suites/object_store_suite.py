"""What every object store must do; subclasses give a `store` fixture."""

import pytest

from borderlight.errors import InvalidMessage, ObjectCorrupt, ObjectMissing
from borderlight.runtime.objects.port import ObjectStore, read_verified

BUCKET = "suite"


class ObjectStoreSuite:
    async def test_what_was_put_is_got(self, store: ObjectStore) -> None:
        ref = await store.put(BUCKET, "a/b.bin", b"content", "application/octet-stream")
        assert (ref.size, ref.bucket, ref.key) == (7, BUCKET, "a/b.bin")
        assert await store.get(BUCKET, "a/b.bin") == b"content"
        assert await read_verified(store, ref) == b"content"

    async def test_put_overwrites(self, store: ObjectStore) -> None:
        await store.put(BUCKET, "over", b"one", "text/plain")
        await store.put(BUCKET, "over", b"two", "text/plain")
        assert await store.get(BUCKET, "over") == b"two"

    async def test_a_missing_object_says_so(self, store: ObjectStore) -> None:
        with pytest.raises(ObjectMissing):
            await store.get(BUCKET, "nowhere")

    async def test_a_changed_object_is_found_out(self, store: ObjectStore) -> None:
        ref = await store.put(BUCKET, "changed", b"one", "text/plain")
        await store.put(BUCKET, "changed", b"two", "text/plain")
        with pytest.raises(ObjectCorrupt):
            await read_verified(store, ref)

    async def test_keys_are_listed_by_prefix(self, store: ObjectStore) -> None:
        for key in ("list/x", "list/y/z", "other"):
            await store.put(BUCKET, key, b"1", "text/plain")
        assert await store.list_keys(BUCKET, "list/") == ["list/x", "list/y/z"]

    async def test_deleting_twice_is_no_error(self, store: ObjectStore) -> None:
        await store.put(BUCKET, "gone", b"1", "text/plain")
        await store.delete(BUCKET, "gone")
        await store.delete(BUCKET, "gone")
        with pytest.raises(ObjectMissing):
            await store.get(BUCKET, "gone")

    async def test_a_large_object_survives(self, store: ObjectStore) -> None:
        content = bytes(range(256)) * 24_000  # 6 MB: more than one part for a multipart client
        await store.put(BUCKET, "large", content, "application/octet-stream")
        assert await store.get(BUCKET, "large") == content

    @pytest.mark.parametrize("key", ["../up", "a//b", "", "x" * 300, "a/./b"])
    async def test_keys_that_no_store_can_hold_are_refused(self, store: ObjectStore, key: str) -> None:
        with pytest.raises(InvalidMessage):
            await store.put(BUCKET, key, b"1", "text/plain")
