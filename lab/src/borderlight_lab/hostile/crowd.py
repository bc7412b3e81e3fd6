"""Five hundred hostile connections at once, while honest sessions go their way."""

import asyncio
import contextlib
import hashlib
import itertools
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from borderlight_lab.benchmark.memory import resident_mb

VIDEO = b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 1560  # 400 kB
PART = 131_072
HONEST_AT_ONCE = 6


@dataclass
class Crowd:
    """What happened. honest: finished journeys; refused: how hostile connections ended."""

    honest: int = 0
    failures: list[str] = field(default_factory=list[str])
    slowest_s: float = 0.0
    ended: Counter[str] = field(default_factory=Counter[str])
    before_mb: float = 0.0
    most_mb: float = 0.0
    most_connections: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "honest_finished": self.honest, "honest_failed": len(self.failures), "failures": self.failures[:3],
            "slowest_honest_s": round(self.slowest_s, 2), "hostile_at_once": self.most_connections,
            "hostile_ended": dict(self.ended), "memory_before_mb": round(self.before_mb, 1),
            "memory_most_mb": round(self.most_mb, 1),
        }  # fmt: skip


async def opened_session(client: httpx.AsyncClient) -> tuple[str, dict[str, str]]:
    opened = await client.post("/v1/sessions", json={"traveller_ref": "crowd"})
    for _ in range(11):
        if opened.status_code not in (408, 429, 503):
            break
        await asyncio.sleep(1.0)
        opened = await client.post("/v1/sessions", json={"traveller_ref": "crowd"})
    answer = opened.raise_for_status().json()
    path, auth = f"/v1/sessions/{answer['session_id']}", {"Authorization": f"Bearer {answer['token']}"}
    (await client.post(f"{path}/challenge", headers=auth)).raise_for_status()
    return path, auth


async def _journey(client: httpx.AsyncClient, number: int) -> None:
    """As the page does it: again after 408, 429 and 503, up to six times."""
    path, auth = await opened_session(client)
    video = VIDEO + number.to_bytes(4, "big")
    offset = 0
    for _ in range(12):
        piece = video[offset : offset + PART]
        ranged = {"Content-Range": f"bytes {offset}-{offset + len(piece) - 1}/{len(video)}"}
        headers = {**auth, "Content-Type": "video/webm", **ranged}
        answer = await client.put(f"{path}/video", content=piece, headers=headers)
        if answer.status_code in (408, 429, 503):
            await asyncio.sleep(1.0)
            continue
        answer.raise_for_status()
        if answer.status_code == 200:
            break
        offset = answer.json()["offset"]
    body = {"sha256": hashlib.sha256(video).hexdigest()}
    (await client.post(f"{path}/finish", json=body, headers=auth)).raise_for_status()


async def _silent(port: int, _: tuple[str, str]) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    return await _until_closed(reader, writer)


async def _dripping_head(port: int, _: tuple[str, str]) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(ConnectionError):
        for byte in b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: bbbbbbbb\r\n" * 40:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)
    return await _until_closed(reader, writer)


async def _large_json(port: int, _: tuple[str, str]) -> str:
    """300 MB to a route that takes JSON, without a token, in chunks."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    writer.write(head)
    with contextlib.suppress(ConnectionError):
        for _chunk in range(300_000_000 // 65_536):
            writer.write(b"10000\r\n" + b" " * 65_536 + b"\r\n")
            await asyncio.wait_for(writer.drain(), 30)
            if reader.at_eof():
                break
            await asyncio.sleep(0)
    return await _until_closed(reader, writer)


async def _stalled_upload(port: int, session: tuple[str, str]) -> str:
    """Most of a 12 MB video with a valid token, then nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path, token = session
    head = f"PUT {path}/video HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: video/webm\r\n"
    writer.write(f"{head}Content-Length: 12000000\r\n\r\n".encode())
    with contextlib.suppress(ConnectionError, TimeoutError):
        for _ in range(11_900_000 // 65_536):
            writer.write(bytes(65_536))
            await asyncio.wait_for(writer.drain(), 30)
    return await _until_closed(reader, writer)


async def _not_reading(port: int, _: tuple[str, str]) -> str:
    """Asks for large files and takes none of them."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(b"GET /capture/guidance/face_detection.onnx HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
    await asyncio.sleep(20.0)
    return await _until_closed(reader, writer)


async def _until_closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    with contextlib.suppress(ConnectionError):
        first = await reader.read(12)
        while await reader.read(65_536):
            pass
        writer.close()
        return first[9:12].decode("ascii", "replace") or "closed"
    return "reset"


KINDS = (_silent, _dripping_head, _large_json, _stalled_upload, _not_reading)


async def run_crowd(port: int, pid: int, connections: int, seconds: float, tokens: int = 20) -> Crowd:
    """connections: hostile at any moment; tokens: valid sessions that the attackers share."""
    found = Crowd(before_mb=resident_mb(pid) or 0.0)
    base, over = f"http://127.0.0.1:{port}", asyncio.Event()
    async with httpx.AsyncClient(base_url=base, timeout=60.0, limits=httpx.Limits(max_connections=20)) as client:
        stolen = [(path, auth["Authorization"]) for path, auth in [await opened_session(client) for _ in range(tokens)]]
        now = 0

        async def hostile(number: int) -> None:
            nonlocal now
            kind = KINDS[number % len(KINDS)]
            while not over.is_set():
                now += 1
                found.most_connections = max(found.most_connections, now)
                try:
                    how = await kind(port, stolen[number % tokens])
                except OSError as error:
                    how = type(error).__name__
                now -= 1
                found.ended[f"{kind.__name__.strip('_')} {how}"] += 1
                await asyncio.sleep(3.0)

        async def honest(numbers: "itertools.count[int]") -> None:
            while not over.is_set():
                begun = time.monotonic()
                try:
                    await _journey(client, next(numbers))
                    found.honest += 1
                    found.slowest_s = max(found.slowest_s, time.monotonic() - begun)
                except (httpx.HTTPError, json.JSONDecodeError, KeyError) as error:
                    found.failures.append(repr(error)[:200])

        async def watch() -> None:
            while not over.is_set():
                found.most_mb = max(found.most_mb, resident_mb(pid) or 0.0)
                await asyncio.sleep(0.1)

        numbers = itertools.count()
        attackers = [asyncio.create_task(hostile(number)) for number in range(connections)]
        others = [asyncio.create_task(honest(numbers)) for _ in range(HONEST_AT_ONCE)] + [asyncio.create_task(watch())]
        await asyncio.sleep(seconds)
        over.set()
        await asyncio.gather(*others)
        for task in attackers:
            task.cancel()
        await asyncio.gather(*attackers, return_exceptions=True)
    return found
