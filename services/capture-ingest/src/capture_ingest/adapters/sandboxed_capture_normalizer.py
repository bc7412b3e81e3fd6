"""Run the normalizer in a worker process with limits on memory, CPU and time.

Video decoders are large C libraries fed by strangers: a crash, a bomb or an endless loop there ends one process and
rejects one capture. The worker is replaced and the service goes on.
"""

import asyncio
import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from borderlight.errors import CaptureRejected, Unavailable
from capture_ingest.adapters.video.decoder import DecodeLimits
from capture_ingest.domain.committed_film import CommittedFilm

_worker: Any = None


def _start_worker(models: str, limits: DecodeLimits, memory_bytes: int) -> None:
    global _worker  # noqa: PLW0603 - one worker per process, made once
    from capture_ingest.adapters.video.normalizer import VisionCaptureNormalizer

    _worker = VisionCaptureNormalizer(Path(models), limits)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + memory_bytes, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _normalize(
    video: bytes, header: dict[str, Any], committed: CommittedFilm | None, cpu_s: int
) -> tuple[bytes, float]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(usage.ru_utime + usage.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + cpu_s + 1, resource.RLIM_INFINITY))
    begun = time.process_time()
    try:
        packed = _worker.normalize(video, header, committed)
    except MemoryError as error:
        raise CaptureRejected("capture.too_large", "the video needs too much memory") from error
    return packed, (time.process_time() - begun) * 1000.0


def _ready() -> bool:
    return _worker is not None


class SandboxedCaptureNormalizer:
    """The CaptureNormalizer port in another process; one capture at a time."""

    def __init__(
        self,
        models: Path,
        limits: DecodeLimits | None = None,
        memory_bytes: int = 1_500_000_000,
        cpu_s: int = 20,
        wall_s: float = 60.0,
    ) -> None:
        self._arguments = (str(models), limits or DecodeLimits(), memory_bytes)
        self._cpu_s = cpu_s
        self._wall_s = wall_s
        self._pool: ProcessPoolExecutor | None = None
        self._one = asyncio.Lock()

    def _make_pool(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, context, _start_worker, self._arguments)

    def _discard(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            for process in list((getattr(pool, "_processes", None) or {}).values()):
                process.kill()
            pool.shutdown(wait=False, cancel_futures=True)

    async def start(self) -> None:
        """Start the worker and load its models; raises Unavailable when that fails."""
        if self._pool is None:
            self._pool = self._make_pool()
        try:
            await asyncio.wrap_future(self._pool.submit(_ready))
        except BrokenProcessPool as error:
            self._discard()
            raise Unavailable("the normalizer's worker did not start; run `./dev models`") from error

    async def normalize(
        self, video: bytes, header: dict[str, Any], committed: CommittedFilm | None = None
    ) -> tuple[bytes, float]:
        async with self._one:
            await self.start()
            assert self._pool is not None
            future = self._pool.submit(_normalize, video, header, committed, self._cpu_s)
            try:
                return await asyncio.wait_for(asyncio.wrap_future(future), self._wall_s)
            except BrokenProcessPool as error:
                self._discard()
                raise CaptureRejected("capture.too_costly", "decoding this video broke the worker") from error
            except TimeoutError as error:
                self._discard()
                raise CaptureRejected("capture.too_costly", "decoding this video took too long") from error

    def close(self) -> None:
        """End the worker."""
        self._discard()
