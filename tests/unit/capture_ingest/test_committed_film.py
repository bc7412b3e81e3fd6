"""A film whose slices were committed: which frame was fixed when, and what does not fit the seal."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from fakes.publisher import KeepingPublisher

from borderlight.contracts.challenge.generators import COLOUR_SLOTS, RANDOM_BYTES
from borderlight.contracts.events import CaptureNormalized, CaptureRejected, Freshness, SessionCaptured
from borderlight.contracts.normalized_capture import NormalizedCapture, pack, unpack
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.objects.file import FileObjectStore
from capture_ingest.adapters.video.decoder import DecodeLimits, open_video
from capture_ingest.domain.committed_film import CommittedFilm, committed_film
from capture_ingest.domain.hash_chain import NotAsCommitted, chain, chain_start
from capture_ingest.domain.live_transcript import CommittedSlice, LiveTranscript, ReleasedSlot
from capture_ingest.use_cases.normalize_capture import NormalizeCapture

SESSION, NONCE = "s-1", "nonce"
FRAMES = 60


def film(container: str, codec: str) -> tuple[bytes, list[bytes]]:
    """(file, bytes of each packet in order of presentation): noise that moves, so that frames differ in size."""
    target = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"} if container == "mp4" else {}
    packets: list[bytes] = []
    random = np.random.default_rng(3)
    still = random.integers(0, 255, (96, 64, 3), np.uint8)
    with av.open(target, "w", format=container, options=options) as output:
        stream: Any = output.add_stream(codec, rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 96, "yuv420p"
        if codec == "libx264":
            stream.options = {"tune": "zerolatency", "g": "8"}
        for k in range(FRAMES):
            picture = np.roll(still, 3 * k, axis=0) if k % 7 else random.integers(0, 255, (96, 64, 3), np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                packets.append(bytes(packet))
                output.mux(packet)
        for packet in stream.encode():
            packets.append(bytes(packet))
            output.mux(packet)
    return target.getvalue(), packets


@pytest.mark.parametrize(("container", "codec"), [("matroska", "libx264"), ("mp4", "libx264"), ("webm", "libvpx")])
def test_every_frame_is_found_by_the_end_of_its_packet(container: str, codec: str) -> None:
    content, packets = film(container, codec)
    with open_video(content, DecodeLimits()) as video:
        ends = [frame.end_byte for frame in video.frames()]
    assert len(ends) == FRAMES
    at = 0
    for end, packet in zip(ends, packets, strict=True):
        # Muxers rewrite the head of a packet (start codes, lengths); its tail is as the encoder gave it.
        tail = packet[-min(len(packet), 24) :]
        at = content.index(tail, at) + len(tail)
        assert end == at


def cut(content: bytes, size: int) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


def transcript(chunks: list[bytes], arrived_ms: list[float], slots: int = 10) -> LiveTranscript:
    links = chain(chain_start(SESSION, NONCE), chunks)
    slices = tuple(
        CommittedSlice(len(chunk), link.hex(), at, at)
        for chunk, link, at in zip(chunks, links, arrived_ms, strict=True)
    )
    released = tuple(ReleasedSlot((255, 255, 255), 340.0, max(0.0, 340.0 * (k - 1))) for k in range(slots))
    return LiveTranscript(SESSION, NONCE, "video/webm", (50.0,), released, slices, 0.0, arrived_ms[-1])


def test_a_frame_is_fixed_with_the_slice_that_holds_its_last_byte() -> None:
    film_of_three = CommittedFilm((100, 200, 300), (10.0, 20.0, 30.0), ())
    assert [film_of_three.committed_ms(end) for end in (1, 100, 101, 200, 300)] == [10.0, 10.0, 20.0, 20.0, 30.0]
    assert film_of_three.committed_ms(301) == film_of_three.committed_ms(None) == float("inf")


def test_a_transcript_of_another_session_fits_nothing() -> None:
    chunks = cut(b"abc" * 100, 50)
    sealed = transcript(chunks, [200.0 * k for k in range(len(chunks))])
    assert committed_film(b"abc" * 100, SESSION, sealed).ends[-1] == 300
    with pytest.raises(NotAsCommitted, match="another session"):
        committed_film(b"abc" * 100, "s-2", sealed)


class Normalizer:
    """Hands out a small capture whose frames are 100 ms apart and were fixed when the film says."""

    def __init__(self) -> None:
        self.committed: CommittedFilm | None = None

    async def normalize(
        self, video: bytes, header: dict[str, Any], committed: CommittedFilm | None = None
    ) -> tuple[bytes, float]:
        self.committed = committed
        frames, tracked = 40, 2
        capture = NormalizedCapture(
            header=header,
            frame_time_ms=100.0 * np.arange(frames),
            face_radiance=np.zeros((frames, 30, 24, 3)),
            face_usable=np.zeros((frames, 30, 24)),
            grid_to_frame=np.zeros((frames, 2, 3)),
            scene_radiance=np.zeros((frames, 16, 12, 3)),
            tracked_frame=np.arange(tracked),
            landmarks=np.zeros((tracked, 468, 3)),
            mesh=np.zeros((468, 3)),
            eyes=np.zeros((tracked, 2, 24, 40, 3)),
            faces=np.zeros((2, 160, 160, 3)),
            chips=np.zeros((2, 150, 150, 3)),
            chip_frame=np.zeros(2),
        )
        if committed is None:
            return pack(capture), 1.0
        # Each frame has 50 bytes of the film.
        at = np.array([committed.committed_ms(50 * (k + 1)) for k in range(frames)])
        return pack(replace(capture, frame_committed_ms=at, slot_released_ms=np.array(committed.released_ms))), 1.0


class Bench:
    def __init__(self, folder: Path) -> None:
        self.objects, self.normalizer, self.published = FileObjectStore(folder), Normalizer(), KeepingPublisher()
        self.normalize = NormalizeCapture(self.objects, self.normalizer, self.published)
        self.schedule = COLOUR_SLOTS.draw(bytes(range(RANDOM_BYTES)))

    async def __call__(
        self, video: bytes, sealed: LiveTranscript | None, started_ms: float = -100.0
    ) -> CaptureNormalized | CaptureRejected:
        log = {
            "challenge": self.schedule.to_json(),
            "displayed": [{"step": k, "at_client_ms": 340.0 * k} for k in range(10)],
            "video": {"started_client_ms": started_ms},
        }
        reference = None
        if sealed is not None:
            reference = await self._put("live.json", sealed.to_json())
        captured = SessionCaptured(
            session_id=SESSION,
            traveller_ref="t",
            video=await self.objects.put("captures", f"{SESSION}/v.webm", video, "video/webm"),
            capture=await self._put("capture.json", log),
            captured_at=SystemClock().now(),
            freshness=Freshness.LIVE if sealed is not None else Freshness.DEADLINE_ONLY,
            transcript=reference,
        )
        await self.normalize(captured)
        ((_, event, _),) = self.published.published
        assert isinstance(event, CaptureNormalized | CaptureRejected)
        return event

    async def _put(self, name: str, body: Any) -> Any:
        return await self.objects.put("captures", f"{SESSION}/{name}", json.dumps(body).encode(), "application/json")


FILM = bytes(np.random.default_rng(1).integers(0, 255, 2000, np.uint8))
"""40 frames of 50 bytes: 20 slices of 100 bytes hold two frames each, 200 ms of film."""


def arrivals(delay_ms: float) -> list[float]:
    """A slice of 200 ms of film arrives `delay_ms` after its end; the film begins 100 ms before the first colour."""
    return [200.0 * (k + 1) - 100.0 + delay_ms for k in range(20)]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    yield Bench(tmp_path)


async def test_a_film_as_committed_is_live_and_its_frames_carry_their_moment(bench: Bench) -> None:
    event = await bench(FILM, transcript(cut(FILM, 100), arrivals(150.0)))
    assert isinstance(event, CaptureNormalized) and event.freshness is Freshness.LIVE
    stored = unpack(await bench.objects.get(event.normalized.bucket, event.normalized.key))
    assert stored.frame_committed_ms is not None and stored.slot_released_ms is not None
    assert stored.frame_committed_ms[:4].tolist() == [250.0, 250.0, 450.0, 450.0]
    assert stored.slot_released_ms[:3].tolist() == [0.0, 0.0, 340.0]


async def test_a_replaced_slice_is_rejected(bench: Bench) -> None:
    other = FILM[:1234] + bytes([FILM[1234] ^ 1]) + FILM[1235:]
    event = await bench(other, transcript(cut(FILM, 100), arrivals(150.0)))
    assert isinstance(event, CaptureRejected) and event.reasons == ("capture.not_as_committed",)
    assert bench.normalizer.committed is None, "it is not even decoded"


async def test_a_film_whose_bytes_came_late_is_late_whatever_the_page_claims(bench: Bench) -> None:
    """The api believed `live`; the slices that hold the answers were committed 1.6 s after their colours went out."""
    event = await bench(FILM, transcript(cut(FILM, 100), arrivals(1_100.0)))
    assert isinstance(event, CaptureNormalized) and event.freshness is Freshness.LATE


async def test_a_page_that_logs_no_paints_is_late(bench: Bench) -> None:
    event = await bench(FILM, transcript(cut(FILM, 100), arrivals(150.0), slots=11))
    assert isinstance(event, CaptureNormalized) and event.freshness is Freshness.LATE, "slot 10 was never painted"


async def test_a_capture_without_a_transcript_keeps_what_the_api_said(bench: Bench) -> None:
    event = await bench(FILM, None)
    assert isinstance(event, CaptureNormalized) and event.freshness is Freshness.DEADLINE_ONLY
    stored = unpack(await bench.objects.get(event.normalized.bucket, event.normalized.key))
    assert stored.frame_committed_ms is None and stored.slot_released_ms is None


async def test_a_transcript_that_cannot_be_read_is_rejected(bench: Bench) -> None:
    class Broken:
        def to_json(self) -> dict[str, Any]:
            return {"schema": "other"}

    event = await bench(FILM, Broken())  # type: ignore[arg-type]
    assert isinstance(event, CaptureRejected) and event.reasons == ("input.capture_unreadable",)
