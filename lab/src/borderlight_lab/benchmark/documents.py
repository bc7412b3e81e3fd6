"""The document store and the comparison, measured: import, one comparison event, cache memory, duplicate search."""

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from redis.asyncio import Redis

from borderlight.contracts.events import CaptureNormalized
from borderlight.runtime.bus.port import AnyEvent
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.objects.file import FileObjectStore
from borderlight.runtime.sealing import KeyRing
from borderlight.vision.models import default_models_folder
from borderlight_cli.duplicate_search import find_duplicates
from borderlight_cli.importing.manifest import read_manifest
from borderlight_cli.importing.run import Journal, run_import
from borderlight_lab.benchmark.machine import landmark_clock
from borderlight_lab.simulator.bundle_writer import Wish, document_photo, simulate
from borderlight_lab.simulator.camera import Camera
from borderlight_lab.simulator.head import make_head
from borderlight_lab.simulator.light import Lighting
from borderlight_tools.devstack import servers
from borderlight_tools.devstack.server import Server, free_ports
from capture_ingest.adapters.video.decoder import DecodeLimits
from capture_ingest.adapters.video.normalizer import VisionCaptureNormalizer
from matcher.adapters.object_reference_store import BUCKET, ObjectReferenceStore
from matcher.adapters.redis_reference_cache import RedisReferenceCache
from matcher.app import limits_in_force, make_face_reader
from matcher.domain.comparison import Reference
from matcher.domain.dossier import DocumentRecord, StoredEmbedding
from matcher.settings import MatcherSettings
from matcher.use_cases.compare_faces import CompareFaces

_DOCUMENTS = 3


@dataclass
class Collected:
    """A publisher that keeps what it is given."""

    events: list[AnyEvent] = field(default_factory=list[AnyEvent])

    async def publish(self, event: AnyEvent, identity: tuple[str, ...], topic: str | None = None) -> None:
        self.events.append(event)


def import_rate(folder: Path, photographs: int, advance: Callable[[int], None]) -> dict[str, float]:
    """Photographs a second through `borderlight documents import` into a folder, start of the processes included."""
    source = folder / "photographs"
    source.mkdir(parents=True)
    portraits = [document_photo(make_head(k, 0.1 * (k % 7)), k) for k in range(8)]
    for k in range(photographs):
        (source / f"bench-{k}.jpg").write_bytes(portraits[k % len(portraits)])
    keys = KeyRing.generate()
    (folder / "keys.json").write_text(keys.to_text())
    os.environ["MATCHER_KEY_FILE"] = str(folder / "keys.json")
    rows = read_manifest(source, "passport", keys.lookup)
    begun = time.perf_counter()
    results = run_import(rows, Journal(folder / "journal.jsonl"), folder / "store", None, advance)
    seconds = time.perf_counter() - begun
    if any(result.outcome != "enrolled" for result in results):
        raise RuntimeError("the bench's own photographs were refused")
    return {"photographs": photographs, "seconds": round(seconds, 2), "per_second": round(photographs / seconds, 1)}


async def _compare(folder: Path, redis: "Redis", repeats: int) -> dict[str, dict[str, float]]:
    """Median CPU of an event [ms] by state of the cache: here, and scaled by the machine's speed around each event."""
    models = default_models_folder()
    reader = make_face_reader(MatcherSettings())
    wish = Wish(person=3, document_person=3, melanin=0.3, lighting=Lighting(room_lx=150.0), camera=Camera(), seed=9)
    made = simulate(wish)
    packed = VisionCaptureNormalizer(models, DecodeLimits()).normalize(made.video, {"challenge": {}})
    objects, keys, clock = FileObjectStore(folder), KeyRing.generate(), SystemClock()
    await objects.ensure_bucket(BUCKET)
    store = ObjectReferenceStore(
        objects, keys, reader.model_sha256, RedisReferenceCache(redis, keys.cache_key()), clock
    )
    reading = reader.read_photo(made.photo)
    if reading.embedding is None:
        raise RuntimeError("the bench's own photograph was refused")
    vector = tuple(reading.embedding.astype(float).tolist())
    for k in range(_DOCUMENTS):
        record = DocumentRecord("bench", f"passport-{k}", "passport", "0" * 64, "image/jpeg", clock.now())
        await store.enrol(record, made.photo, StoredEmbedding(f"passport-{k}", "0" * 64, reader.model_sha256, vector))
    ref = await objects.put("normalized", "bench/capture", packed, "application/octet-stream")
    event = CaptureNormalized.model_construct(session_id="bench", traveller_ref="bench", normalized=ref)
    limits = limits_in_force(MatcherSettings())
    publisher = Collected()
    compare = CompareFaces(objects, store, reader, publisher, limits)
    clock_of_machine = landmark_clock()
    taken: dict[str, list[tuple[float, float]]] = {"warm": [], "cold": []}
    for kind, times in taken.items():
        for _ in range(repeats):
            if kind == "cold":
                await redis.flushdb()
            before = clock_of_machine.scale()
            begun = time.process_time()
            await compare(event)
            spent_ms = (time.process_time() - begun) * 1000.0
            times.append((spent_ms, spent_ms * (before + clock_of_machine.scale()) / 2.0))
    outcomes = {event.model_dump()["outcome"].value for event in publisher.events}
    if outcomes != {"match"}:
        raise RuntimeError(f"the bench's own traveller gave {outcomes}")
    return {
        kind: {name: round(statistics.median(t[n] for t in times), 2) for n, name in enumerate(("here", "reference"))}
        for kind, times in taken.items()
    }


async def _cache_bytes(redis: "Redis", references: int) -> float:
    """Redis memory per reference, one reference per traveller (the worst case)."""
    await redis.flushall()
    before = int((await redis.info("memory"))["used_memory"])
    keys = KeyRing.generate()
    cache = RedisReferenceCache(redis, keys.cache_key())
    rng = np.random.default_rng(1)
    for at in range(0, references, 40):
        batch = range(at, min(at + 40, references))
        names = [keys.name_of(f"traveller-{k}") for k in batch]
        generations = await asyncio.gather(*(cache.look_up(name) for name in names))
        one = [Reference("passport-1", "passport", rng.normal(0, 0.1, 128), "a" * 64)]
        await asyncio.gather(
            *(cache.fill(n, g, one) for n, (g, _) in zip(names, generations, strict=True) if g is not None)
        )
    if await redis.dbsize() != 2 * references:
        raise RuntimeError("the cache did not take every reference")
    return (int((await redis.info("memory"))["used_memory"]) - before) / references


def worker_start_s() -> float:
    """Wall time until a fresh process has imported the matcher and loaded its models [s]."""
    code = (
        "from matcher.app import make_face_reader; from matcher.settings import MatcherSettings; "
        "make_face_reader(MatcherSettings())"
    )
    taken: list[float] = []
    for _ in range(3):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        taken.append(time.perf_counter() - begun)
    return round(statistics.median(taken), 2)


def duplicate_search(faces: int) -> dict[str, float]:
    """Directions around one cloud, mean cosine 0.04; one in a thousand faces held under two references, cosine 0.7."""
    rng = np.random.default_rng(7)
    limit = limits_in_force(MatcherSettings()).min_match_score
    vectors = (rng.normal(0.0, 1.0, (faces, 128)) + rng.normal(0.0, 0.2, 128)).astype(np.float32)
    planted = faces // 1000
    vectors[-planted:] = vectors[:planted] + rng.normal(0.0, 1.0, (planted, 128)).astype(np.float32)
    travellers = [f"t{k}" for k in range(faces)]
    begun = time.perf_counter()
    pairs = find_duplicates(travellers, vectors, limit)
    seconds = time.perf_counter() - begun
    found = {(pair.first, pair.second) for pair in pairs}
    hit = sum((k, faces - planted + k) in found for k in range(planted))
    return {"faces": faces, "seconds": round(seconds, 2), "planted": planted, "found": hit, "pairs": len(pairs)}


def measure_documents(
    folder: Path, photographs: int, references: int, advance: Callable[[int], None]
) -> dict[str, Any]:
    """All of it; needs redis-server for the cache figures, which are None without it."""
    figures: dict[str, Any] = {"import": import_rate(folder / "import", photographs, advance)}
    figures["start_s"] = worker_start_s()
    figures["duplicates"] = duplicate_search(100_000)
    figures["comparison_cpu_ms"] = figures["cache_bytes_per_reference"] = None
    if shutil.which("redis-server") is not None:
        (port,) = free_ports(1)
        server = servers.redis(folder / "redis", port)
        figures |= _with_redis(server, port, folder, references)
    return figures


def _with_redis(server: Server, port: int, folder: Path, references: int) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        redis: Redis = Redis.from_url(f"redis://127.0.0.1:{port}/0")
        compared = await _compare(folder / "compare", redis, 30)
        held = await _cache_bytes(redis, references)
        await redis.aclose()
        return {"comparison_cpu_ms": compared, "cache_bytes_per_reference": round(held)}

    server.start()
    try:
        return asyncio.run(run())
    finally:
        server.stop()
