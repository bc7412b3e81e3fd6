"""Uploads at a fixed rate into the capture API alone: latency, CPU of the server, and whether its memory stays flat."""

import asyncio
import base64
import hashlib
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from borderlight_lab.benchmark.memory import resident_mb
from borderlight_tools.devstack import servers
from borderlight_tools.devstack.server import Server, answers, free_ports

PART_BYTES = 131_072
"""As the capture page sends."""
_WEBM = b"\x1a\x45\xdf\xa3"


@dataclass
class Uploads:
    """What happened; seconds."""

    intended: list[float] = field(default_factory=list[float])
    taken: list[float] = field(default_factory=list[float])
    failures: list[str] = field(default_factory=list[str])


def _video(size: int, number: int) -> bytes:
    return _WEBM + number.to_bytes(8, "big") + os.urandom(size - 12)


async def _open(client: httpx.AsyncClient, number: int) -> tuple[str, dict[str, str]]:
    opened = (await client.post("/v1/sessions", json={"traveller_ref": f"t-{number}"})).raise_for_status().json()
    path, headers = f"/v1/sessions/{opened['session_id']}", {"Authorization": f"Bearer {opened['token']}"}
    (await client.post(f"{path}/challenge", headers=headers)).raise_for_status()
    return path, headers


async def _upload(client: httpx.AsyncClient, path: str, headers: dict[str, str], video: bytes, part: int) -> None:
    digest = hashlib.sha256(video)
    typed = {
        **headers, "Content-Type": "video/webm",
        "Repr-Digest": f"sha-256=:{base64.b64encode(digest.digest()).decode()}:",
    }  # fmt: skip
    for first in range(0, len(video), part):
        piece = video[first : first + part]
        ranged = {**typed, "Content-Range": f"bytes {first}-{first + len(piece) - 1}/{len(video)}"}
        (await client.put(f"{path}/video", content=piece, headers=ranged)).raise_for_status()
    finished = await client.post(f"{path}/finish", json={"sha256": digest.hexdigest()}, headers=headers)
    finished.raise_for_status()


def _cpu_s(pid: int) -> float:
    """User and system time of a process [s]."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _run(
    base: str, pid: int, rate: float, seconds: float, size: int, part: int, done: Callable[[int], None]
) -> dict[str, Any]:
    found, memory = Uploads(), list[float]()
    limits = httpx.Limits(max_connections=256, max_keepalive_connections=256)
    async with httpx.AsyncClient(base_url=base, limits=limits, timeout=30) as client:

        async def one(number: int, at: float) -> None:
            try:
                path, headers = await _open(client, number)
                begun = time.monotonic()
                await _upload(client, path, headers, _video(size, number), part)
            except httpx.HTTPError as error:
                found.failures.append(str(error))
                return
            found.intended.append(begun - at)
            found.taken.append(time.monotonic() - begun)
            done(1)

        await one(0, time.monotonic())
        found = Uploads()
        cpu, begin = _cpu_s(pid), time.monotonic()
        tasks: list[asyncio.Task[None]] = []
        for number in range(int(rate * seconds)):
            at = begin + number / rate
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            tasks.append(asyncio.create_task(one(number + 1, at)))
            if number % max(int(rate), 1) == 0:
                memory.append(resident_mb(pid) or 0.0)
        await asyncio.gather(*tasks)
        elapsed, used = time.monotonic() - begin, _cpu_s(pid) - cpu
    memory.append(resident_mb(pid) or 0.0)
    taken = np.array(found.taken or [np.nan])
    settled = memory[len(memory) // 4 :]
    return {
        "uploads": len(found.taken), "failed": len(found.failures), "failures": sorted(set(found.failures))[:5],
        "offered_per_s": rate, "achieved_per_s": round(len(found.taken) / elapsed, 1),
        "latency_s": {f"p{q}": round(float(np.quantile(taken, q / 100)), 4) for q in (50, 95, 99)},
        "server_cpu_ms_per_upload": round(1000.0 * used / max(len(found.taken), 1), 2),
        "server_cores": round(used / elapsed, 2),
        "memory_mb": {"settled": round(settled[0], 1), "end": round(memory[-1], 1), "most": round(max(memory), 1)},
    }  # fmt: skip


def measure_uploads(
    folder: Path, rate: float, seconds: float, size: int, done: Callable[[int], None]
) -> dict[str, dict[str, Any]]:
    """Two runs against a fresh server each: videos whole in one request, and in the parts that the page sends."""
    found: dict[str, dict[str, Any]] = {}
    port, redis_port = free_ports(2)
    redis = servers.redis(folder / "redis", redis_port)
    redis.start()
    try:
        for kind, part in (("whole", size), ("in parts", PART_BYTES)):
            base = f"http://127.0.0.1:{port}"
            store = folder / kind.replace(" ", "-")
            command = [
                sys.executable, "-m", "borderlight_lab.benchmark.upload_server", str(port), str(store),
                f"redis://127.0.0.1:{redis_port}/0",
            ]  # fmt: skip
            server = Server("upload server", command, folder / "server.log", partial(answers, f"{base}/healthz"))
            server.start()
            try:
                assert server.process is not None
                found[kind] = asyncio.run(_run(base, server.process.pid, rate, seconds, size, part, done))
            finally:
                server.stop()
    finally:
        redis.stop()
    return found
