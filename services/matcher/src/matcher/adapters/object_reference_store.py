"""The document-photo store in an object store: sealed objects under names that tell nothing.

    <traveller>/keys/<data key id>           the data key, wrapped under a master key
    <traveller>/<document>/photo             record and photograph, sealed
    <traveller>/<document>/e-<model>         what one model made of it, sealed
    <traveller>/erased/<moment>              tombstones: older hand-ins must not come back
    receipts/<id>.json                       what was erased, without a person

Every object has one writer per content, so nothing rests on conditional writes: two importers write the same bytes or
another document. A data key is chosen by listing; if two processes make one at once, both stay and both open.
"""

import base64
import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from borderlight.errors import ObjectMissing
from borderlight.runtime.clock import Clock, SystemClock
from borderlight.runtime.logs import logger
from borderlight.runtime.objects.port import ObjectStore
from borderlight.runtime.sealing import KeyRing, SealBroken, new_data_key, seal, unseal
from matcher.adapters.chip_codec import chip_from_json, chip_to_json
from matcher.adapters.redis_reference_cache import KEEP_S, RedisReferenceCache
from matcher.domain.authenticity import as_of
from matcher.domain.comparison import Reference
from matcher.domain.dossier import (
    DocumentRecord,
    StoredEmbedding,
    Tombstone,
    is_expired,
    is_repeated,
    supersedes,
)
from matcher.ports import StoredDocument

BUCKET = "references"
SEALED = "application/octet-stream"
_ALL = "all"  # in a tombstone, instead of the digest of a document's id
KEEP_TOMBSTONES = timedelta(days=90)
_DAMAGED = Reference("-", "other", None, "", ("comparison.reference_damaged",))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _record_json(record: DocumentRecord) -> bytes:
    raw = asdict(record)
    raw["chip"] = chip_to_json(record.chip)
    raw["submitted_at"] = record.submitted_at.isoformat()
    raw["expires_at"] = None if record.expires_at is None else record.expires_at.isoformat()
    return json.dumps(raw, sort_keys=True).encode()


def _record(raw: dict[str, Any]) -> DocumentRecord:
    expires = raw["expires_at"]
    moments = {
        "submitted_at": datetime.fromisoformat(raw["submitted_at"]),
        "expires_at": None if expires is None else datetime.fromisoformat(expires),
    }
    fields: dict[str, Any] = {**raw, **moments, "chip": chip_from_json(raw.get("chip"))}
    return DocumentRecord(**fields)


def _embedding_json(item: StoredEmbedding) -> bytes:
    vector = None if item.embedding is None else np.asarray(item.embedding, dtype="<f4").tobytes()
    raw = asdict(item) | {"embedding": None if vector is None else base64.b64encode(vector).decode()}
    return json.dumps(raw, sort_keys=True).encode()


def _embedding(content: bytes) -> StoredEmbedding:
    raw: dict[str, Any] = json.loads(content)
    text = raw["embedding"]
    vector = None if text is None else tuple(np.frombuffer(base64.b64decode(text), "<f4").astype(float).tolist())
    sequences = {name: tuple(raw[name]) for name in ("reasons", "flags")}
    fields: dict[str, Any] = {**raw, **sequences, "embedding": vector}
    return StoredEmbedding(**fields)


class ObjectReferenceStore:
    """The ReferenceStore port, for one model; `cache` may be None."""

    def __init__(
        self,
        objects: ObjectStore,
        keys: KeyRing,
        model_sha256: str,
        cache: RedisReferenceCache | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._objects = objects
        self._keys = keys
        self._model = model_sha256
        self._cache = cache
        self._clock = clock or SystemClock()

    # --- names and keys

    def _photo_key(self, traveller: str, document_id: str) -> str:
        return f"{traveller}/{_digest(document_id)}/photo"

    def _embedding_key(self, traveller: str, document_id: str, model: str) -> str:
        return f"{traveller}/{_digest(document_id)}/e-{model[:16]}"

    async def _data_keys(self, traveller: str, names: Sequence[str] | None = None) -> dict[str, bytes]:
        """By key id; `names`: a listing of the traveller's objects, when there is one already."""
        found: dict[str, bytes] = {}
        listed = await self._objects.list_keys(BUCKET, f"{traveller}/keys/") if names is None else names
        for name in (n for n in listed if n.startswith(f"{traveller}/keys/")):
            try:
                entry = json.loads(await self._objects.get(BUCKET, name))
            except ObjectMissing:
                continue
            found[name.rsplit("/", 1)[-1]] = self._keys.unwrap(entry)
        return found

    async def _data_key_for_writing(self, traveller: str, known: dict[str, bytes]) -> tuple[str, bytes]:
        if known:
            return min(known.items())
        kid, key = new_data_key()
        content = json.dumps(self._keys.wrap(key)).encode()
        await self._objects.put(BUCKET, f"{traveller}/keys/{kid}", content, "application/json")
        return kid, key

    async def _put_sealed(self, name: str, key: tuple[str, bytes], content: bytes) -> None:
        kid, data_key = key
        await self._objects.put(BUCKET, name, kid.encode() + seal(data_key, content, name), SEALED)

    async def _get_sealed(self, name: str, known: dict[str, bytes]) -> bytes:
        """Content; raises ObjectMissing (also when its data key was destroyed), SealBroken."""
        content = await self._objects.get(BUCKET, name)
        data_key = known.get(content[:16].decode("ascii", "replace"))
        if data_key is None:
            raise ObjectMissing(f"{name}: its data key was destroyed")
        return unseal(data_key, content[16:], name)

    # --- reading

    async def references_of(self, traveller_ref: str) -> list[Reference]:
        traveller = self._keys.name_of(traveller_ref)
        generation: bytes | None = None
        if self._cache is not None:
            generation, cached = await self._cache.look_up(traveller)
            if cached is not None:
                return cached
        documents = await self._documents(traveller)
        references = [_DAMAGED if stored is None else self._reference(stored) for stored in documents]
        references.sort(key=lambda reference: reference.document_id)
        if self._cache is not None and generation is not None and references:
            await self._cache.fill(traveller, generation, references, self._valid_for_s(documents))
        return references

    def _valid_for_s(self, documents: Sequence[StoredDocument | None]) -> int:
        """Until the first document or its signer expires, an hour at most."""
        now = self._clock.now()
        records = [stored.record for stored in documents if stored is not None]
        ends = [record.expires_at for record in records if record.expires_at is not None]
        ends += [r.chip.signer.not_after for r in records if r.chip is not None and r.chip.signer is not None]
        left = [int((end - now).total_seconds()) for end in ends if end > now]
        return min([KEEP_S, *left])

    def _reference(self, stored: StoredDocument) -> Reference:
        record, made = stored.record, stored.embedding
        now = self._clock.now()
        words = (record.source == "document", as_of(record.chip, now))
        if is_expired(record, now):
            return Reference(record.document_id, record.kind, None, self._model, ("document.expired",), *words)
        if made is None:
            return Reference(record.document_id, record.kind, None, "", ("comparison.reference_old",), *words)
        embedding = None if made.embedding is None else np.asarray(made.embedding)
        return Reference(record.document_id, record.kind, embedding, made.model_sha256, made.reasons, *words)

    async def _documents(self, traveller: str) -> list[StoredDocument | None]:
        """None stands for a document that is there and cannot be opened."""
        names = await self._objects.list_keys(BUCKET, f"{traveller}/")
        photos = [name for name in names if name.endswith("/photo")]
        if not photos:
            return []
        known = await self._data_keys(traveller, names)
        found: list[StoredDocument | None] = []
        for name in photos:
            try:
                record, _ = self._split(await self._get_sealed(name, known))
                wanted = name.removesuffix("photo") + f"e-{self._model[:16]}"
                made = _embedding(await self._get_sealed(wanted, known)) if wanted in names else None
            except ObjectMissing:
                continue  # erased between listing and reading
            except (SealBroken, ValueError):
                logger().error("document cannot be opened", bucket=BUCKET)
                found.append(None)
                continue
            found.append(StoredDocument(record, made if made and made.photo_sha256 == record.photo_sha256 else None))
        return found

    @staticmethod
    def _split(content: bytes) -> tuple[DocumentRecord, bytes]:
        size = int.from_bytes(content[:4], "little")
        return _record(json.loads(content[4 : 4 + size])), content[4 + size :]

    async def find(self, traveller_ref: str, document_id: str) -> StoredDocument | None:
        traveller = self._keys.name_of(traveller_ref)
        known = await self._data_keys(traveller)
        try:
            record, _ = self._split(await self._get_sealed(self._photo_key(traveller, document_id), known))
        except ObjectMissing:
            return None
        try:
            name = self._embedding_key(traveller, document_id, self._model)
            made = _embedding(await self._get_sealed(name, known))
        except ObjectMissing:
            made = None
        return StoredDocument(record, made)

    async def photo_of(self, traveller_ref: str, document_id: str) -> bytes:
        traveller = self._keys.name_of(traveller_ref)
        known = await self._data_keys(traveller)
        return self._split(await self._get_sealed(self._photo_key(traveller, document_id), known))[1]

    # --- writing

    async def _tombstones(self, traveller: str, names: Sequence[str] | None = None) -> list[Tombstone]:
        found: list[Tombstone] = []
        listed = await self._objects.list_keys(BUCKET, f"{traveller}/erased/") if names is None else names
        for name in (n for n in listed if n.startswith(f"{traveller}/erased/")):
            try:
                raw = json.loads(await self._objects.get(BUCKET, name))
            except ObjectMissing:
                continue
            document = None if raw["document"] == _ALL else raw["document"]
            found.append(Tombstone(document, datetime.fromisoformat(raw["erased_at"])))
        return found

    async def _is_erased(self, traveller: str, record: DocumentRecord, names: Sequence[str] | None = None) -> bool:
        """Tombstones name documents by digest: a receipt must not name a person's document either."""
        digest = _digest(record.document_id)
        return any(t.covers(digest, record.submitted_at) for t in await self._tombstones(traveller, names))

    async def enrol(self, record: DocumentRecord, photo: bytes, embedding: StoredEmbedding) -> bool:
        traveller = self._keys.name_of(record.traveller_ref)
        names = await self._objects.list_keys(BUCKET, f"{traveller}/")
        if await self._is_erased(traveller, record, names):
            return False
        known = await self._data_keys(traveller, names)
        key = await self._data_key_for_writing(traveller, known)
        name = self._photo_key(traveller, record.document_id)
        standing = await self._standing(name, known) if name in names else None
        same = standing is not None and is_repeated(record, standing)
        if standing is not None and not same and not supersedes(record, standing):
            return False
        text = _record_json(record)
        if not same or standing is None:
            await self._put_sealed(name, key, len(text).to_bytes(4, "little") + text + photo)
        made = self._embedding_key(traveller, record.document_id, embedding.model_sha256)
        await self._put_sealed(made, key, _embedding_json(embedding))
        if await self._is_erased(traveller, record):  # an erasure came between: what was just written must go again
            await self._delete_documents(traveller, record.document_id)
            return False
        if self._cache is not None:
            await self._cache.invalidate(traveller)
        return True

    async def _standing(self, name: str, known: dict[str, bytes]) -> DocumentRecord | None:
        try:
            return self._split(await self._get_sealed(name, known))[0]
        except ObjectMissing:
            return None
        except SealBroken:
            logger().error("a damaged document is replaced", bucket=BUCKET)
            return None

    async def put_embedding(self, traveller_ref: str, embedding: StoredEmbedding) -> None:
        traveller = self._keys.name_of(traveller_ref)
        key = await self._data_key_for_writing(traveller, await self._data_keys(traveller))
        name = self._embedding_key(traveller, embedding.document_id, embedding.model_sha256)
        await self._put_sealed(name, key, _embedding_json(embedding))
        if self._cache is not None:
            await self._cache.invalidate(traveller)

    async def _delete_documents(self, traveller: str, document_id: str | None) -> int:
        prefix = f"{traveller}/" if document_id is None else f"{traveller}/{_digest(document_id)}/"
        count = 0
        for name in await self._objects.list_keys(BUCKET, prefix):
            if "/erased/" not in name and "/keys/" not in name:
                await self._objects.delete(BUCKET, name)
                count += 1
        return count

    async def erase(self, traveller_ref: str, document_id: str | None, at: datetime) -> str:
        traveller = self._keys.name_of(traveller_ref)
        digest = _ALL if document_id is None else _digest(document_id)
        stone = json.dumps({"document": digest, "erased_at": at.isoformat()}).encode()
        stone_name = f"{traveller}/erased/{int(at.timestamp() * 1000)}-{digest[:8]}"
        await self._objects.put(BUCKET, stone_name, stone, "application/json")
        keys_destroyed = 0
        if document_id is None:
            for name in await self._objects.list_keys(BUCKET, f"{traveller}/keys/"):
                await self._objects.delete(BUCKET, name)
                keys_destroyed += 1
        count = await self._delete_documents(traveller, document_id)
        if self._cache is not None:
            await self._cache.invalidate(traveller)
        count += await self._delete_documents(traveller, document_id)  # what a slow writer put meanwhile
        receipt = str(uuid.uuid4())
        content = {
            "schema": "borderlight.receipt/1", "receipt": receipt, "erased_at": at.isoformat(),
            "scope": "traveller" if document_id is None else "document", "objects": count,
            "data_keys_destroyed": keys_destroyed,
        }  # fmt: skip
        text = json.dumps(content, indent=1).encode()
        await self._objects.put(BUCKET, f"receipts/{receipt}.json", text, "application/json")
        return receipt

    async def documents_of(self, traveller_ref: str) -> list[StoredDocument]:
        """Every document of one traveller that can be opened."""
        found = await self._documents(self._keys.name_of(traveller_ref))
        return [stored for stored in found if stored is not None]

    async def walk(self) -> AsyncIterator[StoredDocument]:
        for traveller in await self.travellers():
            for stored in await self._documents(traveller):
                if stored is not None:
                    yield stored

    async def travellers(self) -> list[str]:
        """Object names of all travellers."""
        names = await self._objects.list_keys(BUCKET, "")
        return sorted({name.split("/", 1)[0] for name in names} - {"receipts"})

    # --- care

    async def rewrap(self) -> int:
        """Put every data key under the current master; photographs are not touched. How many were."""
        count = 0
        for name in await self._objects.list_keys(BUCKET, ""):
            if "/keys/" in name:
                entry = json.loads(await self._objects.get(BUCKET, name))
                if entry["master"] != self._keys.current:
                    wrapped = self._keys.wrap(self._keys.unwrap(entry))
                    await self._objects.put(BUCKET, name, json.dumps(wrapped).encode(), "application/json")
                    count += 1
        return count

    async def drop_old_tombstones(self) -> int:
        """Tombstones older than any message that could still arrive."""
        limit = self._clock.now() - KEEP_TOMBSTONES
        count = 0
        for name in await self._objects.list_keys(BUCKET, ""):
            if "/erased/" in name:
                raw = json.loads(await self._objects.get(BUCKET, name))
                if datetime.fromisoformat(raw["erased_at"]) < limit:
                    await self._objects.delete(BUCKET, name)
                    count += 1
        return count
