"""The worker that decodes: what breaks it costs one capture, never the service."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from simulated_sessions import Sessions

from borderlight.contracts.normalized_capture import unpack
from borderlight.errors import CaptureRejected, Unavailable
from borderlight.runtime.sandbox.client import WorkerBroken, WorkerKilled
from capture_ingest.adapters.sandboxed_capture_normalizer import SandboxedCaptureNormalizer
from capture_ingest.adapters.video.decoder import DecodeLimits

HEADER: dict[str, Any] = {"challenge": {}, "session_id": "s"}


def video_of(bundle: Path) -> bytes:
    return next(bundle.glob("video.*")).read_bytes()


@pytest.fixture
async def normalizer(models: Path) -> AsyncIterator[SandboxedCaptureNormalizer]:
    made = SandboxedCaptureNormalizer(models)
    await made.start()
    yield made
    made.close()


def worker_pid(normalizer: SandboxedCaptureNormalizer) -> int:
    pid = normalizer.worker_pid
    assert pid is not None
    return pid


async def test_a_capture_is_normalized_within_its_size(
    normalizer: SandboxedCaptureNormalizer, sessions: Sessions
) -> None:
    packed, cpu_ms = await normalizer.normalize(video_of(sessions["honest"]), HEADER)
    capture = unpack(packed)
    assert len(packed) < 2_000_000 and cpu_ms > 0
    assert capture.header["quality"]["eye_distance_px"] > 40
    assert capture.chips.shape == (2, 112, 112, 3) and capture.chip_template == "arcface_112"
    assert len(capture.frame_time_ms) > 60
    assert (capture.face_radiance >= 0).all() and (capture.face_radiance <= 1).all()


async def kill_next(normalizer: SandboxedCaptureNormalizer, not_again: int | None = None) -> int:
    """SIGKILL to the worker, as the kernel would; its pid."""
    async with asyncio.timeout(60):
        while (pid := normalizer.worker_pid) in (None, not_again):
            await asyncio.sleep(0.01)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


async def test_a_worker_killed_from_outside_costs_a_healthy_capture_nothing(
    normalizer: SandboxedCaptureNormalizer, sessions: Sessions
) -> None:
    running = asyncio.create_task(normalizer.normalize(video_of(sessions["honest"]), HEADER))
    await asyncio.sleep(0.1)
    await kill_next(normalizer)
    packed, _ = await running
    assert unpack(packed).header["session_id"] == "s"


def test_only_a_worker_that_was_killed_is_asked_again(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = SandboxedCaptureNormalizer(models)
    asked: list[type[WorkerBroken]] = []

    def start() -> None:
        return None

    def fail(kind: type[WorkerBroken], *_: Any) -> Any:
        asked.append(kind)
        raise kind()

    monkeypatch.setattr(made._worker, "start", start)  # pyright: ignore[reportPrivateUsage]
    for kind, code in ((WorkerKilled, "input.decoder_lost"), (WorkerBroken, "capture.too_costly")):
        monkeypatch.setattr(made._worker, "ask", partial(fail, kind))  # pyright: ignore[reportPrivateUsage]
        with pytest.raises(CaptureRejected) as caught:
            asyncio.run(made.normalize(b"video", HEADER))
        assert caught.value.code == code
    assert asked == [WorkerKilled, WorkerKilled, WorkerBroken]


async def test_too_little_memory_rejects_the_capture_not_the_service(models: Path, sessions: Sessions) -> None:
    tight = SandboxedCaptureNormalizer(models, memory_bytes=8_000_000)
    try:
        with pytest.raises(CaptureRejected) as caught:
            await tight.normalize(video_of(sessions["honest"]), HEADER)
        assert caught.value.code in ("capture.too_large", "capture.too_costly")
    finally:
        tight.close()


async def test_a_capture_that_takes_too_long_is_rejected(models: Path, sessions: Sessions) -> None:
    hurried = SandboxedCaptureNormalizer(models, wall_s=0.05)
    try:
        await hurried.start()
        with pytest.raises(CaptureRejected, match="too long"):
            await hurried.normalize(video_of(sessions["honest"]), HEADER)
    finally:
        hurried.close()


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (DecodeLimits(max_bytes=10_000), "capture.too_large"),
        (DecodeLimits(max_frames=10), "capture.too_long"),
        (DecodeLimits(max_duration_ms=500), "capture.too_long"),
        (DecodeLimits(max_frame_pixels=10_000), "capture.too_large"),
        (DecodeLimits(min_frames=1_000), "capture.too_short"),
    ],
)
async def test_limits_hold_in_the_worker(models: Path, sessions: Sessions, limits: DecodeLimits, code: str) -> None:
    strict = SandboxedCaptureNormalizer(models, limits)
    try:
        with pytest.raises(CaptureRejected) as caught:
            await strict.normalize(video_of(sessions["honest"]), HEADER)
        assert caught.value.code == code
    finally:
        strict.close()


async def test_missing_models_are_unavailable_and_say_what_to_do(tmp_path: Path) -> None:
    lost = SandboxedCaptureNormalizer(tmp_path)
    with pytest.raises(Unavailable, match=r"\./dev models"):
        await lost.start()
