"""Run the normalizer in a worker process with limits on memory, CPU and time.

Video decoders are large C libraries fed by strangers: a crash, a bomb or an endless loop there ends one process and
rejects one capture. The worker is replaced and the service goes on. What ends the worker from outside (the kernel short
of memory, a node that gives it no time) says nothing about the video: it is tried once more in a fresh worker.
"""

import asyncio
import contextlib
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from borderlight.errors import CaptureRejected, Unavailable
from capture_ingest.adapters.video.decoder import DecodeLimits
from capture_ingest.domain.committed_film import CommittedFilm

_worker: Any = None
LOST = "input.decoder_lost"
"""Reason of a capture whose worker was ended from outside twice."""


class _EndedFromOutside(Exception):
    """The worker did not end by anything that the video did."""


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


_STARVED = 0.5
"""A worker that got less than this share of its CPU time before the wall clock ended it was given none by the node."""


def _cpu_s_of(pid: int) -> float:
    """CPU time of a process so far [s]; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _join(workers: Sequence[Any]) -> None:
    """Until their exit codes are known."""
    for worker in workers:
        worker.join(5)


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
            for process in self._processes(pool):
                process.kill()
            pool.shutdown(wait=False, cancel_futures=True)

    @staticmethod
    def _processes(pool: ProcessPoolExecutor) -> list[Any]:
        return list((getattr(pool, "_processes", None) or {}).values())

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
            for _ in range(2):
                with contextlib.suppress(_EndedFromOutside):
                    return await self._once(video, header, committed)
        raise CaptureRejected(LOST, "the worker was ended from outside twice")

    async def _once(self, video: bytes, header: dict[str, Any], committed: CommittedFilm | None) -> tuple[bytes, float]:
        """One try; raises CaptureRejected, _EndedFromOutside."""
        await self.start()
        assert self._pool is not None
        workers = self._processes(self._pool)
        before_s = sum(_cpu_s_of(worker.pid) for worker in workers)
        future = self._pool.submit(_normalize, video, header, committed, self._cpu_s)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._wall_s)
        except BrokenProcessPool as error:
            await asyncio.to_thread(_join, workers)
            self._discard()
            if any(worker.exitcode == -signal.SIGKILL for worker in workers):
                raise _EndedFromOutside from error
            raise CaptureRejected("capture.too_costly", "decoding this video broke the worker") from error
        except TimeoutError as error:
            used_s = sum(_cpu_s_of(worker.pid) for worker in workers) - before_s
            self._discard()
            if used_s < _STARVED * self._cpu_s:
                raise _EndedFromOutside from error
            raise CaptureRejected("capture.too_costly", "decoding this video took too long") from error

    def close(self) -> None:
        """End the worker."""
        self._discard()
