"""One capture per session, however its requests overlap; subclasses give a `service` fixture."""

import asyncio
import json
from collections.abc import Generator
from contextlib import contextmanager
from unittest.mock import patch

from fakes.capture_service import TYPE, WEBM, Service, digest, kind, parts_of

from borderlight.errors import Unavailable
from borderlight.runtime.bus.event_router import DeclaredPublishers

OTHER = WEBM[:4] + bytes(len(WEBM) - 4)


@contextmanager
def bus_away() -> Generator[None]:
    """What a service publishes is not taken."""
    with patch.object(DeclaredPublishers, "publish", side_effect=Unavailable("the bus is away")):
        yield


class CaptureOnceSuite:
    async def test_overlapping_finishes_hand_over_one_capture(self, service: Service) -> None:
        """Each request logs something else; what is accepted is one video, one capture.json and one event."""
        path, auth, sha256 = await service.uploaded()
        logs = [{"sha256": sha256, "displayed": [{"step": 0, "at_client_ms": float(n)}]} for n in range(6)]
        answers = await asyncio.gather(*(service.http.post(f"{path}/finish", json=log, headers=auth) for log in logs))
        assert [answer.status_code for answer in answers] == [202] * 6, "idempotent: all are told that it is safe"
        (captured,) = service.captured()
        text = await service.objects.get(captured.capture.bucket, captured.capture.key)
        assert json.loads(text)["displayed"] in [log["displayed"] for log in logs]
        kept = await service.objects.list_keys("captures", "")
        assert sorted(kept) == sorted([captured.video.key, captured.capture.key]), "the losers leave nothing"

    async def test_a_finish_beside_a_retake_is_accepted_or_goes_on_never_both(self, service: Service) -> None:
        for _ in range(8):
            path, auth, sha256 = await service.uploaded()
            before = len(service.captured())
            finish, retake = await asyncio.gather(
                service.http.post(f"{path}/finish", json={"sha256": sha256}, headers=auth),
                service.http.post(f"{path}/retake", json={}, headers=auth),
            )
            published = len(service.captured()) - before
            assert (finish.status_code, retake.status_code, published) in ((202, 409, 1), (409, 201, 0))

    async def test_an_upload_beside_the_finish_cannot_change_what_is_handed_over(self, service: Service) -> None:
        for _ in range(8):
            path, auth, sha256 = await service.uploaded()
            before = len(service.captured())
            finish, other = await asyncio.gather(
                service.http.post(f"{path}/finish", json={"sha256": sha256}, headers=auth),
                service.http.put(f"{path}/video", content=OTHER, headers={**auth, **TYPE}),
            )
            handed = service.captured()[before:]
            assert {finish.status_code, other.status_code} == {202, 409} or (finish.status_code, other.status_code) == (
                409,
                200,
            )
            assert all(capture.video.sha256 == sha256 for capture in handed) and len(handed) <= 1
            for capture in handed:
                assert len(await service.objects.get(capture.video.bucket, capture.video.key)) == capture.video.size

    async def test_a_finish_that_died_while_publishing_is_finished_by_the_next(self, service: Service) -> None:
        path, auth, sha256 = await service.uploaded()
        body = {"sha256": sha256}
        with bus_away():
            assert kind(await service.http.post(f"{path}/finish", json=body, headers=auth)) == "overloaded"
            assert (await service.http.post(f"{path}/retake", json={}, headers=auth)).status_code == 409
        changed = {**body, "displayed": [{"step": 1, "at_client_ms": 9.0}]}
        assert (await service.http.post(f"{path}/finish", json=changed, headers=auth)).status_code == 202
        assert (await service.http.post(f"{path}/finish", json=body, headers=auth)).status_code == 202
        (captured,) = service.captured()
        text = await service.objects.get(captured.capture.bucket, captured.capture.key)
        assert json.loads(text)["displayed"] == [], "what was reserved first"

    async def test_a_finish_that_died_is_resumed_when_the_page_asks_how_it_stands(self, service: Service) -> None:
        path, auth, sha256 = await service.uploaded()
        with bus_away():
            await service.http.post(f"{path}/finish", json={"sha256": sha256}, headers=auth)
        assert (await service.http.get(path, headers=auth)).json()["state"] == "captured"
        assert service.captured() == [], "the request may still be at work"
        service.clock.advance(10)
        assert (await service.http.get(path, headers=auth)).json()["state"] == "captured"
        assert len(service.captured()) == 1

    async def test_a_store_that_is_away_at_the_last_part_costs_no_part(self, service: Service) -> None:
        path, auth = await service.challenged()
        *first, last = list(parts_of(WEBM, 3000))
        for ranged, piece in first:
            await service.http.put(f"{path}/video", content=piece, headers={**auth, **TYPE, **ranged})
        ranged, piece = last
        headers = {**auth, **TYPE, **ranged, **digest(WEBM)}
        service.objects.fails = lambda operation, key: operation == "put" and key.endswith(".webm")
        refused = await service.http.put(f"{path}/video", content=piece, headers=headers)
        assert kind(refused) == "overloaded"
        stands = await service.http.get(f"{path}/video?total={len(WEBM)}", headers=auth)
        assert stands.json() == {"offset": len(WEBM) - len(piece)}, "only the last part is sent again"
        service.objects.fails = lambda operation, key: False
        again = await service.http.put(f"{path}/video", content=piece, headers=headers)
        assert again.status_code == 200, again.text
        assert [key for key in await service.objects.list_keys("captures", "") if "/parts/" in key] == []

    async def test_the_objects_of_a_session_are_bounded(self, service: Service) -> None:
        """A hostile client begins uploads of many sizes and stores many videos; what lies there stays small."""
        path, auth = await service.challenged()
        for total in range(20_000, 20_040):
            for first in range(0, 8000, 4000):
                ranged = {"Content-Range": f"bytes {first}-{first + 3999}/{total}"}
                await service.http.put(f"{path}/video", content=bytes(4000), headers={**auth, **TYPE, **ranged})
        assert len(await service.objects.list_keys("captures", "")) == 2, "the parts of one upload"
        for number in range(12):
            video = WEBM + bytes([number])
            answer = await service.http.put(f"{path}/video", content=video, headers={**auth, **TYPE})
            assert answer.status_code == 200
        kept = [key for key in await service.objects.list_keys("captures", "") if "/parts/" not in key]
        assert len(kept) == 1, "one video"

    async def test_small_parts_are_refused_after_a_bounded_number(self, service: Service) -> None:
        path, auth = await service.challenged()
        answers = [
            await service.http.put(
                f"{path}/video", content=b"x", headers={**auth, **TYPE, "Content-Range": f"bytes {at}-{at}/9000"}
            )
            for at in range(130)
        ]
        assert kind(answers[-1]) == "offset-conflict"
        assert len(await service.objects.list_keys("captures", "")) == 128
