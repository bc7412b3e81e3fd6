"""References of a traveller in Redis: sealed, compact, and allowed to vanish at any moment.

An entry says for which generation of the traveller it was filled; every change of the dossier draws a new one. A slow
reader can therefore only fill an entry that nobody believes any more, also across a flush: a generation is drawn at
random, so one that was forgotten does not come back.
"""

import json
import os
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from redis.asyncio import Redis
from redis.exceptions import RedisError

from borderlight.errors import Unavailable
from borderlight.runtime.logs import logger
from borderlight.runtime.sealing import SealBroken, seal, unseal
from matcher.domain.authenticity import Authenticity
from matcher.domain.comparison import Reference

KEEP_S = 3_600
_HEAD = struct.Struct("<8sH")
_GENERATION = 8


def encode(generation: bytes, references: Sequence[Reference]) -> bytes:
    """Generation, then per reference: JSON of its words, its embedding as float32."""
    parts: list[bytes] = []
    for item in references:
        words = [
            item.document_id,
            item.kind,
            item.model_sha256,
            list(item.reasons),
            item.is_document,
            item.authenticity,
        ]
        text = json.dumps(words, separators=(",", ":")).encode()
        vector = b"" if item.embedding is None else item.embedding.astype("<f4").tobytes()
        parts.append(struct.pack("<HH", len(text), len(vector)) + text + vector)
    return _HEAD.pack(generation, len(parts)) + b"".join(parts)


def decode(content: bytes) -> tuple[bytes, list[Reference]]:
    generation, count = _HEAD.unpack_from(content)
    at = _HEAD.size
    found: list[Reference] = []
    for _ in range(count):
        size, vector_size = struct.unpack_from("<HH", content, at)
        at += 4
        document_id, kind, model, reasons, is_document, word = json.loads(content[at : at + size])
        at += size
        vector = content[at : at + vector_size]
        at += vector_size
        embedding = np.frombuffer(vector, "<f4").astype(np.float64) if vector else None
        authenticity = None if word is None else Authenticity(word)
        found.append(Reference(document_id, kind, embedding, model, tuple(reasons), bool(is_document), authenticity))
    return generation, found


class RedisReferenceCache:
    """Reading survives a Redis that is away: there is no cache then. A change has to be told: `invalidate` raises."""

    def __init__(self, redis: "Redis", key: bytes, prefix: str = "") -> None:
        self._redis = redis
        self._key = key
        self._prefix = prefix

    def _names(self, traveller: str) -> tuple[str, str]:
        return f"{self._prefix}g:{traveller}", f"{self._prefix}r:{traveller}"

    async def look_up(self, traveller: str) -> tuple[bytes | None, list[Reference] | None]:
        """(generation, references): generation is None when the cache is away, references when it does not know."""
        counter, entry = self._names(traveller)
        try:
            now, sealed = await self._both(counter, entry)
        except (RedisError, OSError) as error:
            logger().warning("reference cache is away", error=type(error).__name__)
            return None, None
        if sealed is None:
            return now, None
        try:
            filled_for, references = decode(unseal(self._key, sealed, entry))
        except (SealBroken, struct.error, ValueError):
            return now, None
        return now, references if filled_for == now else None

    async def _both(self, counter: str, entry: str) -> tuple[bytes, bytes | None]:
        found: list[Any] = await self._redis.mget(counter, entry)
        if found[0] is None:
            await self._redis.set(counter, os.urandom(_GENERATION), ex=2 * KEEP_S, nx=True)
            found = await self._redis.mget(counter, entry)
        return found[0] or os.urandom(_GENERATION), found[1]

    async def fill(
        self, traveller: str, generation: bytes, references: Sequence[Reference], keep_s: int = KEEP_S
    ) -> None:
        """Remember for `keep_s` what was read while the generation was `generation`."""
        if keep_s < 1:
            return
        _, entry = self._names(traveller)
        try:
            await self._redis.set(entry, seal(self._key, encode(generation, references), entry), ex=min(keep_s, KEEP_S))
        except (RedisError, OSError) as error:
            logger().warning("reference cache is away", error=type(error).__name__)

    async def invalidate(self, traveller: str) -> None:
        """The dossier has changed: no entry filled before counts any more.

        Raises Unavailable: other processes may reach the cache, and would go on comparing with what was erased.
        """
        counter, entry = self._names(traveller)
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(counter, os.urandom(_GENERATION), ex=2 * KEEP_S)
                pipe.delete(entry)
                await pipe.execute()
        except (RedisError, OSError) as error:
            raise Unavailable(f"the reference cache cannot be told: {type(error).__name__}") from error
