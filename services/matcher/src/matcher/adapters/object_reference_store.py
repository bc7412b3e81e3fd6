"""References in the object store, one JSON object per document; Redis, where given, is a cache that may vanish.

A cache entry lives under the traveller's generation number, which every enrolment raises: a slow reader can only fill
an entry that nobody reads any more.
"""

import base64
import hashlib
import json
from typing import Any

import numpy as np
from redis.asyncio import Redis
from redis.exceptions import RedisError

from borderlight.contracts.events import DocumentSubmitted
from borderlight.errors import ObjectMissing
from borderlight.plumbing.logs import logger
from borderlight.plumbing.object_store import ObjectStore
from matcher.domain.comparison import Reference
from matcher.ports import PhotoReading

BUCKET = "references"
_CACHE_S = 3_600


def _segment(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _number(generation: bytes | str | None) -> int:
    return 0 if generation is None else int(generation)


def _reference(record: dict[str, Any]) -> Reference:
    stored = record.get("embedding")
    embedding = None if stored is None else np.frombuffer(base64.b64decode(stored), "<f4").astype(np.float64)
    return Reference(record["document_id"], record["kind"], embedding, record["model_sha256"], tuple(record["reasons"]))


class ObjectReferenceStore:
    """The ReferenceStore port."""

    def __init__(self, objects: ObjectStore, cache: "Redis | None" = None) -> None:
        self._objects = objects
        self._cache = cache

    async def references_of(self, traveller_ref: str) -> list[Reference]:
        traveller = _segment(traveller_ref)
        place, cached = await self._look_up(traveller)
        if cached is not None:
            return [_reference(record) for record in cached]
        records: list[dict[str, Any]] = []
        for key in await self._objects.list_keys(BUCKET, f"{traveller}/"):
            try:
                records.append(json.loads(await self._objects.get(BUCKET, key)))
            except ObjectMissing:
                continue  # erased between listing and reading
        records.sort(key=lambda record: str(record["document_id"]))
        if place is not None:
            await self._fill(place, records)
        return [_reference(record) for record in records]

    async def enrol(self, submitted: DocumentSubmitted, reading: PhotoReading, model_sha256: str) -> None:
        embedding = None
        if reading.embedding is not None:
            embedding = base64.b64encode(reading.embedding.astype("<f4").tobytes()).decode()
        record = {
            "schema": "borderlight.reference/1",
            "document_id": submitted.document_id,
            "kind": submitted.kind,
            "photo": submitted.photo.model_dump(),
            "embedding": embedding,
            "model_sha256": model_sha256,
            "reasons": list(reading.reasons),
            "quality": reading.quality,
            "submitted_at": submitted.submitted_at.isoformat(),
        }
        traveller = _segment(submitted.traveller_ref)
        key = f"{traveller}/{_segment(submitted.document_id)}.json"
        content = json.dumps(record, sort_keys=True).encode()
        await self._objects.put(BUCKET, key, content, "application/json")
        if self._cache is not None:
            try:
                await self._cache.incr(f"refs:generation:{traveller}")
                await self._cache.expire(f"refs:generation:{traveller}", 24 * _CACHE_S)
            except RedisError as error:
                logger().warning("reference cache is away", error=type(error).__name__)

    async def is_enrolled(self, traveller_ref: str, document_id: str) -> bool:
        try:
            await self._objects.get(BUCKET, f"{_segment(traveller_ref)}/{_segment(document_id)}.json")
        except ObjectMissing:
            return False
        return True

    async def _look_up(self, traveller: str) -> tuple[str | None, list[dict[str, Any]] | None]:
        if self._cache is None:
            return None, None
        try:
            generation = await self._cache.get(f"refs:generation:{traveller}")
            place = f"refs:{traveller}:{_number(generation)}"
            text = await self._cache.get(place)
        except RedisError as error:
            logger().warning("reference cache is away", error=type(error).__name__)
            return None, None
        return place, None if text is None else json.loads(text)

    async def _fill(self, place: str, records: list[dict[str, Any]]) -> None:
        if self._cache is None or not records:
            return
        try:
            await self._cache.set(place, json.dumps(records), ex=_CACHE_S)
        except RedisError as error:
            logger().warning("reference cache is away", error=type(error).__name__)
