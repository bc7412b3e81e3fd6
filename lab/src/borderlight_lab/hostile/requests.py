"""Requests made from good ones, to the API behind its real port: every one is answered, with a problem or well."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from borderlight_lab.benchmark.memory import resident_mb
from borderlight_lab.hostile.crowd import VIDEO, opened_session
from borderlight_lab.hostile.mutations import mutated_bytes, mutated_json

WORKERS = 16
HANG_S = 30.0
_SESSION = {
    "traveller_ref": "t-1", "calm": False, "language": "fr", "max_attempts": 3, "return_url": "https://a.example",
}  # fmt: skip
_LOG = {
    "sha256": "0" * 64, "displayed": [{"step": n, "at_client_ms": 100.0 * n} for n in range(8)],
    "video": {"started_client_ms": 1.0, "width": 480, "height": 640, "frame_rate": 30.0, "locked": ["exposure"]},
}  # fmt: skip
_RANGES = (
    "bytes 0-99/400", "bytes 400-1/9", "bytes 0-0/0", "bytes -1-5/9", "bytes 0-999999999999/999999999999",
    "bytes 0-99/100", "bytes 1-100/400", "bytes 00000000000000000001-2/3", "\u0661-\u0662/\u0663", "",
)  # fmt: skip


@dataclass
class Requests:
    """answers by status; failures: 500s and answers that are no problem document; hangs: no answer at all."""

    cases: int = 0
    answers: Counter[int] = field(default_factory=Counter[int])
    failures: list[str] = field(default_factory=list[str])
    hangs: int = 0
    cut: int = 0
    before_mb: float = 0.0
    most_mb: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            "cases": self.cases, "answers": {str(k): v for k, v in sorted(self.answers.items())},
            "failures": self.failures[:5], "failed": len(self.failures), "hangs": self.hangs, "cut_off": self.cut,
            "memory_before_mb": round(self.before_mb, 1), "memory_most_mb": round(self.most_mb, 1),
        }  # fmt: skip


def _case(random_: random.Random, path: str, auth: dict[str, str]) -> dict[str, Any]:
    """Arguments of one request."""
    json_type = {"Content-Type": "application/json"}
    headers = dict(auth if random_.random() < 0.85 else {"Authorization": random_.choice(("Bearer", "Bearer x", "é"))})
    match random_.randrange(8):
        case 0:
            content = mutated_json(_SESSION, random_)
            return {"method": "POST", "url": "/v1/sessions", "content": content, "headers": {**headers, **json_type}}
        case 1 | 2:
            content = mutated_json(_LOG, random_)
            return {"method": "POST", "url": f"{path}/finish", "content": content, "headers": {**headers, **json_type}}
        case 3:
            end = random_.choice(("challenge", "retake", "claim"))
            content = mutated_json({"calm": True}, random_)
            return {"method": "POST", "url": f"{path}/{end}", "content": content, "headers": {**headers, **json_type}}
        case 4:
            ranged = {"Content-Range": random_.choice(_RANGES).encode("utf-8")} if random_.random() < 0.7 else {}
            digest = {"Repr-Digest": mutated_bytes(b"sha-256=:" + b"A" * 43 + b"=:", random_).hex()[:200]}
            kind = {"Content-Type": random_.choice(("video/webm", "video/mp4", "VIDEO/WEBM; x", "text/html"))}
            content = mutated_bytes(VIDEO[:400], random_)
            return {
                "method": "PUT",
                "url": f"{path}/video",
                "content": content,
                "headers": {**headers, **ranged, **digest, **kind},
            }
        case 5:
            query = random_.choice(
                ("total=5", "total=-1", "total=9" * 200, "total=1e9", "wait_s=nan", "wait_s=-1", "total=%00")
            )
            end = random_.choice(("", "/video", "/page"))
            return {"method": "GET", "url": f"{path}{end}?{query}", "headers": headers}
        case 6:
            name = random_.choice(("%00", "..%2f..", "a" * 4000, "%ff%fe", "é", "x/y", "*", "session:1"))
            return {
                "method": random_.choice(("GET", "POST", "PUT", "DELETE")),
                "url": f"/v1/sessions/{name}",
                "headers": headers,
            }
        case _:
            method = random_.choice(("PATCH", "TRACE", "OPTIONS", "HEAD", "DELETE", "PUT"))
            url = random_.choice(
                (path, f"{path}/finish", "/v1/sessions", "/capture/..%2f..%2fetc/passwd", "/metrics", "/")
            )
            return {"method": method, "url": url, "headers": headers}


def _is_well(answer: httpx.Response) -> bool:
    if answer.status_code < 400 or answer.request.method == "HEAD":
        return True
    known = answer.headers.get("content-type", "") == "application/problem+json"
    return known and (answer.status_code < 500 or answer.status_code == 503)


async def run_requests(port: int, pid: int, count: int, seed: int) -> Requests:
    found = Requests(before_mb=resident_mb(pid) or 0.0)
    left = count
    limits = httpx.Limits(max_connections=WORKERS)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=HANG_S, limits=limits) as client:

        async def work(number: int) -> None:
            nonlocal left
            random_ = random.Random(f"{seed}.{number}")
            path, auth = await opened_session(client)
            while left > 0:
                left -= 1
                if random_.random() < 0.02:  # its session may be over by now
                    path, auth = await opened_session(client)
                case = _case(random_, path, auth)
                found.cases += 1
                try:
                    answer = await client.request(**case)
                except httpx.TimeoutException:
                    found.hangs += 1
                except (httpx.TransportError, httpx.InvalidURL, UnicodeError, ValueError):
                    found.cut += 1  # no valid HTTP: the client or the server ends the connection
                else:
                    found.answers[answer.status_code] += 1
                    if not _is_well(answer):
                        found.failures.append(f"{answer.status_code} {case['method']} {case['url'][:80]}")
                if number == 0:
                    found.most_mb = max(found.most_mb, resident_mb(pid) or 0.0)

        await asyncio.gather(*(work(number) for number in range(WORKERS)))
    return found
