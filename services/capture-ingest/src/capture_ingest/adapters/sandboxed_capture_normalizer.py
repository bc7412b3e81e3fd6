"""Run the normalizer in a worker process that can reach nothing.

Video decoders are large C libraries fed by strangers: a crash, a bomb or an endless loop there ends one process and
rejects one capture, and whoever takes it over finds no keys, no files, no network (docs/sandbox.md).
"""

import asyncio
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from borderlight.contracts.normalized_capture import MAX_BYTES
from borderlight.errors import CaptureRejected, Unavailable
from borderlight.runtime.sandbox.client import (
    SandboxedWorker,
    SandboxPlan,
    WorkerBroken,
    WorkerKilled,
    WorkerNotStarted,
    WorkerSlow,
)
from capture_ingest.adapters.video.decoder import DecodeLimits
from capture_ingest.domain.committed_film import CommittedFilm

LOST = "input.decoder_lost"
"""Reason of a capture whose worker was ended from outside twice."""
_CODE = re.compile(r"capture\.[a-z_]{1,40}")


class SandboxedCaptureNormalizer:
    """The CaptureNormalizer port in another process; one capture at a time."""

    def __init__(
        self,
        models: Path,
        limits: DecodeLimits | None = None,
        memory_bytes: int = 1_500_000_000,
        cpu_s: int = 20,
        wall_s: float = 60.0,
        is_required: bool = False,
    ) -> None:
        """memory_bytes: beyond the models [bytes]; is_required: refuse to start where the machine cannot confine."""
        allowed = limits or DecodeLimits()
        self._worker = SandboxedWorker(
            SandboxPlan(
                "capture_ingest.adapters.video.sandbox_task:make_task",
                {"models": str(models), "limits": asdict(allowed)},
                (models,),
                memory_bytes,
                cpu_s,
                wall_s,
                max_request=allowed.max_bytes + 1_000,
                max_answer=MAX_BYTES,
                is_required=is_required,
            )
        )
        self._most_bytes = allowed.max_bytes
        self._one = asyncio.Lock()

    @property
    def worker_pid(self) -> int | None:
        return self._worker.pid

    async def start(self) -> None:
        """Start the worker and load its models; raises Unavailable when that fails, SandboxLacking."""
        try:
            await asyncio.to_thread(self._worker.start)
        except WorkerNotStarted as error:
            raise Unavailable(f"the normalizer's worker did not start ({error}); run `./dev models`") from error

    async def normalize(
        self, video: bytes, header: dict[str, Any], committed: CommittedFilm | None = None
    ) -> tuple[bytes, float]:
        if len(video) > self._most_bytes:
            raise CaptureRejected("capture.too_large", f"{len(video)} bytes of video; at most {self._most_bytes}")
        request = {"capture": header, "committed": None if committed is None else asdict(committed)}
        async with self._one:
            try:
                answer, packed = await self._ask(request, video)
            except WorkerKilled as error:
                raise CaptureRejected(LOST, "the worker was ended from outside twice") from error
            except WorkerSlow as error:
                raise CaptureRejected("capture.too_costly", "decoding this video took too long") from error
            except WorkerBroken as error:
                raise CaptureRejected("capture.too_costly", "decoding this video broke the worker") from error
        return _understood(answer, packed)

    async def _ask(self, request: dict[str, Any], video: bytes) -> tuple[dict[str, Any], bytes]:
        """The worker's answer; a worker that somebody else ended is replaced, and asked once more."""
        await self.start()
        try:
            return await asyncio.to_thread(self._worker.ask, request, video)
        except WorkerKilled:
            await self.start()
            return await asyncio.to_thread(self._worker.ask, request, video)

    def close(self) -> None:
        """End the worker."""
        self._worker.close()


def _understood(answer: dict[str, Any], packed: bytes) -> tuple[bytes, float]:
    """What a worker says is a stranger's word: only what has the form is passed on."""
    if answer.get("failed") == "memory":
        raise CaptureRejected("capture.too_large", "the video needs too much memory")
    code, cpu_ms = answer.get("rejected"), answer.get("cpu_ms")
    if isinstance(code, str) and _CODE.fullmatch(code):
        raise CaptureRejected(code, str(answer.get("explanation", ""))[:500])
    if code is not None or not packed or isinstance(cpu_ms, bool) or not isinstance(cpu_ms, int | float):
        raise CaptureRejected("capture.too_costly", "the worker gave no answer that can be understood")
    return packed, min(max(float(cpu_ms), 0.0), 1e7)
