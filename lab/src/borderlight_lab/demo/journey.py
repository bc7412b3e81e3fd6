"""One traveller's way through the real HTTP API and the real flow, embedded."""

import asyncio
import hashlib
import time
from dataclasses import dataclass
from typing import Any

import httpx

from borderlight.contracts.challenge.schedule import ColourSchedule
from borderlight.contracts.events import DocumentSubmitted, EntryVerdict
from borderlight_cli.embedded import EmbeddedStack
from borderlight_lab.simulator.bundle_writer import Simulated, Wish, simulate
from matcher.app import PHOTO_BUCKET


@dataclass(frozen=True)
class Travelled:
    """The verdict with what led to it; explanation: the liveness page; answered_after_s: from the challenge to the last
    byte of the film."""

    verdict: EntryVerdict
    session: Simulated
    explanation: str | None = None
    answered_after_s: float = 0.0


class JourneyFailed(RuntimeError):
    """The API refused a step that it should have taken."""


def _good(response: httpx.Response) -> dict[str, Any]:
    if response.is_error:
        raise JourneyFailed(f"{response.request.method} {response.request.url.path}: {response.text}")
    return response.json()


async def enrol(stack: EmbeddedStack, traveller: str, photo: bytes) -> None:
    """Hand in the passport photograph as a public body would: an object and an event."""
    stored = await stack.objects.put(PHOTO_BUCKET, f"{traveller}/passport.jpg", photo, "image/jpeg")
    event = DocumentSubmitted(
        traveller_ref=traveller, document_id=f"{traveller}.passport", kind="passport", photo=stored,
        submitted_at=stack.clock.now(),
    )  # fmt: skip
    await stack.bus.publish(event, (stored.sha256,))
    await stack.bus.drain()


async def travel(stack: EmbeddedStack, traveller: str, wish: Wish, wait_s: float = 0.0) -> Travelled:
    """Open a session, take its challenge, film the answer to it, wait, upload, and read the verdict."""
    transport = httpx.ASGITransport(app=stack.api)
    async with httpx.AsyncClient(transport=transport, base_url="http://borderlight") as api:
        opened = _good(await api.post("/v1/sessions", json={"traveller_ref": traveller, "calm": wish.calm}))
        path, traveller_auth = f"/v1/sessions/{opened['session_id']}", {"Authorization": f"Bearer {opened['token']}"}
        issued = _good(await api.post(f"{path}/challenge", headers=traveller_auth))
        challenged_s = time.monotonic()
        session = simulate(wish, ColourSchedule.from_json(issued))
        await enrol(stack, traveller, session.photo)
        headers = {**traveller_auth, "Content-Type": session.media_type}
        await asyncio.sleep(wait_s)
        _good(await api.put(f"{path}/video", content=session.video, headers=headers))
        answered_after_s = time.monotonic() - challenged_s
        displayed = [{"step": k, "at_client_ms": s.start_ms} for k, s in enumerate(session.schedule.slots)]
        body = {"sha256": hashlib.sha256(session.video).hexdigest(), "displayed": displayed}
        _good(await api.post(f"{path}/finish", json=body, headers=traveller_auth))
    await stack.bus.drain()
    records = [r for r in stack.bus.log[EntryVerdict.topic] if r.key == opened["session_id"].encode()]
    verdict = EntryVerdict.model_validate_json(records[-1].value or b"")
    page = verdict.explanation
    explanation = None if page is None else (await stack.objects.get(page.bucket, page.key)).decode()
    return Travelled(verdict, session, explanation, answered_after_s)
