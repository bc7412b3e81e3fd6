"""Documents by message and by the stewards' HTTP API: answers, events, and what never happens."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fakes.clock import StandingClock
from fakes.publisher import KeepingPublisher
from pydantic import SecretStr, ValidationError
from starlette.applications import Starlette

from borderlight.contracts.events import DocumentEnrolled, DocumentErased, DocumentRefused, DocumentSubmitted, ObjectRef
from borderlight.errors import InvalidMessage
from borderlight.runtime.objects.file import FileObjectStore
from borderlight.runtime.sealing import KeyRing
from borderlight_lab.simulated_limits import SIMULATED_LIMITS
from borderlight_lab.simulator.bundle_writer import document_photo
from borderlight_lab.simulator.head import make_head
from matcher.adapters.object_reference_store import BUCKET, ObjectReferenceStore
from matcher.app import PHOTO_BUCKET, make_face_reader
from matcher.entrypoints.http_api import StewardApi, steward_app
from matcher.ports import FaceReader
from matcher.settings import MatcherSettings
from matcher.use_cases.enrol_document import EnrolDocument
from matcher.use_cases.erase_documents import EraseDocuments

KEY = "stewards-key-of-this-test-and-no-other"
PATH = "/v1/travellers/t-1/documents/passport-1"


@pytest.fixture(scope="module")
def reader() -> FaceReader:
    return make_face_reader(MatcherSettings(thresholds_file=SIMULATED_LIMITS))


@pytest.fixture(scope="module")
def portrait() -> bytes:
    return document_photo(make_head(2, 0.2), 3)


class Ways:
    """The matcher's document side over a folder."""

    def __init__(self, folder: Path, reader: FaceReader) -> None:
        self.clock, self.published, self.objects = StandingClock(), KeepingPublisher(), FileObjectStore(folder)
        self.store = ObjectReferenceStore(self.objects, KeyRing.generate(), reader.model_sha256, None, self.clock)
        self.enrol = EnrolDocument(self.objects, self.store, reader, self.clock, self.published)
        self.erase = EraseDocuments(self.store, self.clock, self.published)

    async def submitted(self, photo: bytes, document: str = "passport-1", **more: object) -> DocumentSubmitted:
        key = f"t-1/{document}/{hashlib.sha256(photo).hexdigest()[:8]}"
        ref = await self.objects.put(PHOTO_BUCKET, key, photo, "x/y")
        return DocumentSubmitted.model_validate({
            "traveller_ref": "t-1", "document_id": document, "kind": "passport", "photo": ref,
            "submitted_at": self.clock.now(), **more,
        })  # fmt: skip


@pytest.fixture
async def ways(tmp_path: Path, reader: FaceReader) -> Ways:
    made = Ways(tmp_path, reader)
    await made.objects.ensure_bucket(BUCKET)
    return made


@pytest.fixture
async def api(ways: Ways) -> AsyncIterator[httpx.AsyncClient]:
    routes = StewardApi(ways.enrol, ways.erase, ways.store, ways.clock, SecretStr(KEY)).routes()
    transport = httpx.ASGITransport(app=Starlette(routes=routes))
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://matcher", headers=headers) as client:
        yield client


async def test_a_submitted_photograph_is_enrolled_once(ways: Ways, portrait: bytes) -> None:
    message = await ways.submitted(portrait)
    await ways.enrol(message)
    await ways.enrol(message)  # delivered twice; the hand-over object is gone by now
    assert len(await ways.store.references_of("t-1")) == 1
    assert await ways.objects.list_keys(PHOTO_BUCKET, "") == []
    enrolled = [event for _, event, _ in ways.published.published if isinstance(event, DocumentEnrolled)]
    assert len(enrolled) == 2 and len({identity for _, _, identity in ways.published.published}) == 1, "one event id"
    assert enrolled[0].quality["inter_eye_distance"] > 60


async def test_a_refused_photograph_says_why_and_displaces_nothing(ways: Ways, portrait: bytes) -> None:
    await ways.enrol(await ways.submitted(portrait))
    ways.clock.advance(60.0)
    await ways.enrol(await ways.submitted(b"no picture at all"))
    refused = [event for _, event, _ in ways.published.published if isinstance(event, DocumentRefused)]
    assert refused[0].reasons == ("comparison.reference_not_an_image",) and "JPEG" in refused[0].advice
    (found,) = await ways.store.references_of("t-1")
    assert found.embedding is not None


async def test_a_renewed_passport_replaces_the_old_one(ways: Ways, portrait: bytes) -> None:
    await ways.enrol(await ways.submitted(portrait, "passport-1"))
    ways.clock.advance(60.0)
    await ways.enrol(await ways.submitted(portrait, "passport-2", replaces="passport-1"))
    assert [item.document_id for item in await ways.store.references_of("t-1")] == ["passport-2"]


async def test_a_message_without_its_photograph_is_invalid(ways: Ways) -> None:
    ref = ObjectRef(bucket=PHOTO_BUCKET, key="t-1/gone", sha256="0" * 64, size=1, media_type="image/jpeg")
    message = DocumentSubmitted(
        traveller_ref="t-1", document_id="p", kind="passport", photo=ref, submitted_at=ways.clock.now()
    )
    with pytest.raises(InvalidMessage, match="not in the object store"):
        await ways.enrol(message)


@pytest.mark.parametrize(("bucket", "key"), [("captures", "s/video.mp4"), (PHOTO_BUCKET, "t-2/passport.jpg")])
async def test_a_message_that_names_anothers_object_deletes_and_reads_nothing(
    ways: Ways, portrait: bytes, bucket: str, key: str
) -> None:
    foreign = await ways.objects.put(bucket, key, portrait, "image/jpeg")
    message = await ways.submitted(portrait)
    with pytest.raises(InvalidMessage):
        await ways.enrol(message.model_copy(update={"photo": foreign}))
    assert await ways.objects.get(bucket, key) == portrait
    assert await ways.store.references_of("t-1") == []


async def test_a_late_message_does_not_undo_an_erasure(ways: Ways, portrait: bytes) -> None:
    late = await ways.submitted(portrait)
    ways.clock.advance(60.0)
    receipt = await ways.erase("t-1")
    await ways.enrol(late)
    assert await ways.store.references_of("t-1") == []
    erased = [event for _, event, _ in ways.published.published if isinstance(event, DocumentErased)]
    assert erased[0].receipt == receipt


async def test_stewards_hand_in_look_at_and_erase(api: httpx.AsyncClient, ways: Ways, portrait: bytes) -> None:
    made = await api.put(f"{PATH}?kind=passport&expires_at=2030-01-01", content=portrait)
    assert made.status_code == 201 and made.json()["quality"]["sharpness"] > 1
    seen = (await api.get(PATH)).json()
    assert seen["usable"] is True and seen["expires_at"].startswith("2030-01-01")
    gone = await api.delete("/v1/travellers/t-1")
    assert gone.status_code == 200 and gone.json()["receipt"]
    assert (await api.get(PATH)).status_code == 404
    again = await api.put(PATH, content=portrait)
    assert again.status_code == 409, "the clock stands: as old as the erasure"
    ways.clock.advance(timedelta(seconds=1).total_seconds())
    assert (await api.put(PATH, content=portrait)).status_code == 201


@pytest.mark.parametrize(
    ("path", "content", "status", "words"),
    [
        (PATH, b"no picture", 422, "Send JPEG"),
        (f"{PATH}?kind=selfie", b"x", 422, "kind"),
        (f"{PATH}?expires_at=soon", b"x", 422, "Invalid isoformat"),
        ("/v1/travellers/a%20b/documents/p", b"x", 422, "traveller_ref"),
        (PATH, bytes(20_000_001), 413, "20 MB"),
    ],
)
async def test_bad_hand_ins_are_told(
    api: httpx.AsyncClient, path: str, content: bytes, status: int, words: str
) -> None:
    answer = await api.put(path, content=content)
    assert answer.status_code == status and words in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {KEY}"}])
async def test_without_the_key_nothing_is_shown(api: httpx.AsyncClient, header: dict[str, str]) -> None:
    del api.headers["Authorization"]
    for method in ("GET", "PUT", "DELETE"):
        answer = await api.request(method, PATH, headers=header)
        assert answer.status_code == 401


@pytest.mark.parametrize("field", ["replaces", "document_id"])
async def test_no_message_can_name_everything_of_a_traveller(ways: Ways, portrait: bytes, field: str) -> None:
    """The word that stands for a whole traveller in an erasure is no document's id."""
    await ways.enrol(await ways.submitted(portrait, "visa-1"))
    ways.clock.advance(60.0)
    with pytest.raises(ValidationError, match="no document's id"):
        await ways.submitted(portrait, "passport-1", **{field: "all"})
    message = (await ways.submitted(portrait, "passport-1")).model_copy(update={field: "all"})
    await ways.enrol(message)  # a contract that lets it through some day erases one document of that name
    assert "visa-1" in [item.document_id for item in await ways.store.references_of("t-1")]


async def test_stewards_cannot_name_everything_by_a_document_either(api: httpx.AsyncClient, portrait: bytes) -> None:
    path = "/v1/travellers/t-1/documents"
    assert (await api.put(f"{path}/visa-1", content=portrait)).status_code == 201
    assert (await api.put(f"{path}/passport-1", params={"replaces": "all"}, content=portrait)).status_code == 422
    assert (await api.put(f"{path}/all", content=portrait)).status_code == 422
    assert (await api.delete(f"{path}/all")).status_code == 422
    assert (await api.get(f"{path}/visa-1")).status_code == 200


async def test_a_hand_in_from_the_future_blocks_neither_the_next_nor_its_erasure(ways: Ways, portrait: bytes) -> None:
    ahead = datetime(2099, 1, 1, tzinfo=UTC)
    await ways.enrol(await ways.submitted(portrait, submitted_at=ahead))
    ways.clock.advance(60.0)
    newer = document_photo(make_head(4, 0.4), 5)
    await ways.enrol(await ways.submitted(newer))
    stored = await ways.store.find("t-1", "passport-1")
    assert stored is not None and stored.record.photo_sha256 == hashlib.sha256(newer).hexdigest()
    ways.clock.advance(60.0)
    await ways.erase("t-1")
    ways.clock.advance(60.0)
    await ways.enrol(await ways.submitted(portrait, submitted_at=ahead))
    assert len(await ways.store.references_of("t-1")) == 1, "an erasure does not stand in the way of what comes later"


async def test_the_stewards_port_answers_like_the_public_one(ways: Ways) -> None:
    app = steward_app(StewardApi(ways.enrol, ways.erase, ways.store, ways.clock, SecretStr(KEY)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://matcher") as client:
        for method, path, allowed in (
            ("POST", PATH, {"PUT", "GET", "DELETE"}),
            ("GET", "/v1/travellers/t-1", {"DELETE"}),
        ):
            answer = await client.request(method, path, headers={"Authorization": f"Bearer {KEY}"})
            assert answer.status_code == 405 and set(answer.headers["allow"].split(", ")) == allowed
        for path in ("/metrics", "/healthz", "/nothing"):
            assert (await client.get(path)).status_code == 404
        refused = await client.get(PATH)
        assert refused.status_code == 401
        assert refused.headers["cache-control"] == "no-store" and refused.headers["x-content-type-options"] == "nosniff"
