"""A chip's signature from the hand-in to the event: by message, by HTTP, by import; and what is not kept of it."""

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
import typer
from chip_issuer import NOW, State, revocation_list
from dg2_files import iso_19794, wrapped
from fakes.clock import StandingClock
from fakes.publisher import KeepingPublisher
from pydantic import SecretStr
from starlette.applications import Starlette
from typer.testing import CliRunner

from borderlight.contracts.events import DocumentAuthenticity, DocumentEnrolled, DocumentSubmitted
from borderlight.runtime.objects.file import FileObjectStore
from borderlight.runtime.sealing import KeyRing, load_keys
from borderlight_cli.commands.documents import chips, ingest, records
from borderlight_lab.simulated_limits import SIMULATED_LIMITS
from borderlight_lab.simulator.bundle_writer import document_photo
from borderlight_lab.simulator.head import make_head
from matcher.adapters.object_reference_store import BUCKET, ObjectReferenceStore
from matcher.adapters.passive_authentication.checker import PassiveAuthentication
from matcher.adapters.passive_authentication.folder_trust import FolderTrust, TrustFolderUnreadable
from matcher.app import PHOTO_BUCKET, make_face_reader
from matcher.domain.authenticity import Authenticity
from matcher.domain.comparison import Comparison, ComparisonDecision, DocumentResult, compare
from matcher.entrypoints.http_api import StewardApi
from matcher.ports import FaceReader
from matcher.settings import MatcherSettings
from matcher.use_cases.enrol_document import EnrolDocument
from matcher.use_cases.erase_documents import EraseDocuments

KEY = "stewards-secret-of-thirty-two-letters"
UTOPIA, ROGUE = State(), State("RG")


def documents_command() -> typer.Typer:
    made = typer.Typer()
    for module in (ingest, records, chips):
        module.register(made)
    return made


command = documents_command()


@pytest.fixture(scope="module")
def reader() -> FaceReader:
    return make_face_reader(MatcherSettings(thresholds_file=SIMULATED_LIMITS))


@pytest.fixture(scope="module")
def chip_photo() -> bytes:
    """EF.DG2 with a portrait."""
    return wrapped(iso_19794(document_photo(make_head(2, 0.2), 3)))


class Desk:
    """The matcher's document side with a trust folder that holds Utopia's authority."""

    def __init__(self, folder: Path, reader: FaceReader) -> None:
        self.folder, self.trusted = folder / "store", folder / "trust"
        self.trusted.mkdir()
        (self.trusted / "utopia.cer").write_bytes(UTOPIA.authority())
        self.clock = StandingClock()
        self.clock.advance((NOW - self.clock.now()).total_seconds())
        self.published, self.objects = KeepingPublisher(), FileObjectStore(self.folder)
        self.keys = KeyRing.generate()
        self.store = ObjectReferenceStore(self.objects, self.keys, reader.model_sha256, None, self.clock)
        authenticator = PassiveAuthentication(FolderTrust(self.trusted))
        self.enrol = EnrolDocument(
            self.objects, self.store, reader, self.clock, self.published, authenticator=authenticator
        )

    async def submitted(self, photo: bytes, security_object: bytes | None, name: str = "p-1") -> DocumentSubmitted:
        refs = {"photo": await self.objects.put(PHOTO_BUCKET, f"t-1/{name}/photo", photo, "x/y")}
        if security_object is not None:
            refs["security_object"] = await self.objects.put(PHOTO_BUCKET, f"t-1/{name}/sod", security_object, "x/y")
        return DocumentSubmitted.model_validate({
            "traveller_ref": "t-1", "document_id": name, "kind": "passport", "submitted_at": self.clock.now(), **refs,
        })  # fmt: skip

    async def word(self, name: str = "p-1") -> Authenticity | None:
        found = {item.document_id: item.authenticity for item in await self.store.references_of("t-1")}
        return found[name]


@pytest.fixture
async def desk(tmp_path: Path, reader: FaceReader) -> Desk:
    made = Desk(tmp_path, reader)
    await made.objects.ensure_bucket(BUCKET)
    return made


@pytest.fixture
async def api(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    erase = EraseDocuments(desk.store, desk.clock, desk.published)
    routes = StewardApi(desk.enrol, erase, desk.store, desk.clock, SecretStr(KEY)).routes()
    transport = httpx.ASGITransport(app=Starlette(routes=routes))
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://matcher", headers=headers) as client:
        yield client


async def test_a_signed_chip_comes_by_message(desk: Desk, chip_photo: bytes) -> None:
    await desk.enrol(await desk.submitted(chip_photo, UTOPIA.security_object(chip_photo)))
    assert await desk.word() is Authenticity.AUTHENTIC
    (event,) = [event for _, event, _ in desk.published.published if isinstance(event, DocumentEnrolled)]
    assert event.authenticity is DocumentAuthenticity.AUTHENTIC
    assert await desk.objects.list_keys(PHOTO_BUCKET, "") == [], "the hand-over objects are gone, EF.SOD too"


async def test_delivered_again_it_is_the_same_record_although_the_clock_and_the_trust_have_moved(
    desk: Desk, chip_photo: bytes
) -> None:
    message = await desk.submitted(chip_photo, UTOPIA.security_object(chip_photo))
    await desk.enrol(message)
    (desk.trusted / "utopia.cer").unlink()
    desk.clock.advance(3600)
    await desk.enrol(message)
    refs = [ref for ref in (message.photo, message.security_object) if ref is not None]
    for ref, content in zip(refs, (chip_photo, UTOPIA.security_object(chip_photo)), strict=True):
        await desk.objects.put(ref.bucket, ref.key, content, "x/y")
    assert not (await desk.enrol.enrol(message)).was_standing, "a crash came between writing and deleting"
    assert await desk.word() is Authenticity.AUTHENTIC
    events = [event for _, event, _ in desk.published.published if isinstance(event, DocumentEnrolled)]
    assert len(events) == 3


async def test_a_later_hand_in_with_its_signature_is_recorded(desk: Desk, chip_photo: bytes) -> None:
    await desk.enrol(await desk.submitted(chip_photo, None))
    assert await desk.word() is Authenticity.NOT_SIGNED
    desk.clock.advance(60)
    await desk.enrol(await desk.submitted(chip_photo, UTOPIA.security_object(chip_photo)))
    assert await desk.word() is Authenticity.AUTHENTIC


async def test_a_signer_that_expires_later_is_no_longer_authentic(desk: Desk, chip_photo: bytes) -> None:
    await desk.enrol(await desk.submitted(chip_photo, UTOPIA.security_object(chip_photo)))
    desk.clock.advance(timedelta(days=3001).total_seconds())
    assert await desk.word() is Authenticity.EXPIRED_SIGNER


async def test_a_revocation_list_that_arrives_is_read_without_a_restart(desk: Desk, chip_photo: bytes) -> None:
    await desk.enrol(await desk.submitted(chip_photo, UTOPIA.security_object(chip_photo)))
    listing = revocation_list(UTOPIA.authority_name, UTOPIA.authority_key, [0x7007])
    (desk.trusted / "utopia.crl").write_bytes(listing)
    desk.clock.advance(60)
    await desk.enrol(await desk.submitted(chip_photo, UTOPIA.security_object(chip_photo), "p-2"))
    assert await desk.word("p-2") is Authenticity.REVOKED


async def test_a_trust_folder_that_goes_away_leaves_what_was_read_in_force(desk: Desk, tmp_path: Path) -> None:
    trust = FolderTrust(desk.trusted)
    held = trust(NOW)
    desk.trusted.rename(tmp_path / "elsewhere")
    assert trust(NOW + timedelta(days=1)) is held and held.authorities
    with pytest.raises(TrustFolderUnreadable):
        FolderTrust(desk.trusted)(NOW)


async def test_stewards_hand_in_both_files_in_one_body(desk: Desk, api: httpx.AsyncClient, chip_photo: bytes) -> None:
    path = "/v1/travellers/t-1/documents/p-1"
    made = await api.put(path, content=UTOPIA.security_object(chip_photo) + chip_photo)
    assert made.status_code == 201 and made.json()["chip"]["outcome"] == "authentic"
    seen = (await api.get(path)).json()["chip"]
    assert seen["signer"]["country"] == "UT" and seen["checked_at"].startswith("2026-11-26")
    desk.clock.advance(60)
    forged = await api.put(path, content=ROGUE.security_object(chip_photo) + chip_photo)
    assert forged.json()["chip"]["outcome"] == "issuer_unknown"
    desk.clock.advance(60)
    cut = await api.put(path, content=UTOPIA.security_object(chip_photo)[:40])
    assert cut.status_code == 422 and "bytes" in cut.json()["detail"]


async def test_neither_ef_sod_nor_the_other_groups_hashes_are_kept(desk: Desk, chip_photo: bytes) -> None:
    """EF.SOD holds an unsalted hash of the holder's name and number: who has it can try names."""
    await desk.enrol(await desk.submitted(chip_photo, UTOPIA.security_object(chip_photo)))
    stored = await desk.store.find("t-1", "p-1")
    assert stored is not None
    kept = json.dumps(vars(stored.record), default=str)
    assert hashlib.sha256(b"MRZ").hexdigest() not in kept
    assert await desk.store.photo_of("t-1", "p-1") == chip_photo
    for path in desk.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert hashlib.sha256(b"MRZ").digest() not in content and UTOPIA.signer()[:64] not in content


# --- several documents


def reference_words(*documents: tuple[ComparisonDecision, Authenticity | None]) -> Authenticity | None:
    results = tuple(DocumentResult(str(k), "passport", d, 0.5, (), word) for k, (d, word) in enumerate(documents))
    return Comparison(ComparisonDecision.MATCH, 0.5, (), results).authenticity


MATCH, INCONCLUSIVE = ComparisonDecision.MATCH, ComparisonDecision.INCONCLUSIVE


@pytest.mark.parametrize(
    ("documents", "word"),
    [
        ([], None),
        ([(MATCH, None)], None),
        ([(MATCH, Authenticity.NOT_SIGNED)], Authenticity.NOT_SIGNED),
        ([(MATCH, Authenticity.AUTHENTIC), (MATCH, Authenticity.NOT_SIGNED)], Authenticity.AUTHENTIC),
        ([(INCONCLUSIVE, Authenticity.AUTHENTIC), (MATCH, Authenticity.NOT_SIGNED)], Authenticity.NOT_SIGNED),
        ([(INCONCLUSIVE, Authenticity.AUTHENTIC)], None),
        ([(MATCH, Authenticity.AUTHENTIC), (MATCH, Authenticity.HASH_DIFFERS)], Authenticity.HASH_DIFFERS),
        ([(MATCH, Authenticity.AUTHENTIC), (INCONCLUSIVE, Authenticity.REVOKED)], Authenticity.REVOKED),
        ([(MATCH, Authenticity.AUTHENTIC), (INCONCLUSIVE, Authenticity.EXPIRED_SIGNER)], Authenticity.AUTHENTIC),
        ([(MATCH, Authenticity.ISSUER_UNKNOWN), (MATCH, None)], Authenticity.ISSUER_UNKNOWN),
    ],
)
def test_a_genuine_document_speaks_only_for_the_photograph_that_matched(
    documents: list[tuple[ComparisonDecision, Authenticity | None]], word: Authenticity | None
) -> None:
    assert reference_words(*documents) is word


async def test_the_comparison_carries_the_word(desk: Desk, chip_photo: bytes) -> None:
    await desk.enrol(await desk.submitted(chip_photo, UTOPIA.security_object(chip_photo)))
    (reference,) = await desk.store.references_of("t-1")
    assert reference.embedding is not None
    found = compare(np.asarray(reference.embedding), [reference], reference.model_sha256, 0.5)
    assert (found.authenticity, found.documents[0].authenticity) == (Authenticity.AUTHENTIC,) * 2


# --- by import


@dataclass(frozen=True)
class Imported:
    output: str
    report: str
    shown: str


@pytest.fixture
def imported(
    tmp_path: Path, chip_photo: bytes, reader: FaceReader, monkeypatch: pytest.MonkeyPatch, models: Path
) -> Imported:
    del reader
    trust, photos, key_file = tmp_path / "trust", tmp_path / "photos", tmp_path / "keys.json"
    for folder in (trust, photos / "t-1", photos / "t-2"):
        folder.mkdir(parents=True)
    (trust / "utopia.cer").write_bytes(UTOPIA.authority())
    key_file.write_text(KeyRing.generate().to_text())
    assert load_keys(key_file, None)
    for traveller, state in (("t-1", UTOPIA), ("t-2", ROGUE)):
        (photos / traveller / "chip.dg2").write_bytes(chip_photo)
        (photos / traveller / "chip.sod").write_bytes(state.security_object(chip_photo))
    for name, value in (("KEY_FILE", key_file), ("TRUST_FOLDER", trust), ("MODELS_DIR", models)):
        monkeypatch.setenv(f"MATCHER_{name}", str(value))
    words = ["--store", str(tmp_path / "store")]
    run = CliRunner().invoke(command, [
        "import", str(photos), "--journal", str(tmp_path / "journal"), "--workers", "1",
        "--report", str(tmp_path / "report"), *words,
    ])  # fmt: skip
    assert run.exit_code == 0, run.output
    shown = CliRunner().invoke(command, ["show", "t-1", *words])
    return Imported(run.output, (tmp_path / "report" / "report.html").read_text(), shown.output)


def test_an_import_reads_ef_sod_beside_the_photograph_and_reports(imported: Imported) -> None:
    assert "1 authentic" in imported.output and "1 issuer_unknown" in imported.output
    assert "no authority in the trust folder" in imported.report
    assert json.loads(imported.shown)[0]["chip"]["outcome"] == "authentic"


def test_one_chip_and_the_trust_folder_are_looked_at_by_hand(tmp_path: Path, chip_photo: bytes) -> None:
    trust = tmp_path / "trust"
    trust.mkdir()
    (tmp_path / "dg2").write_bytes(chip_photo)
    (tmp_path / "sod").write_bytes(UTOPIA.security_object(chip_photo))
    words = ["authenticate", str(tmp_path / "dg2"), str(tmp_path / "sod"), "--trust", str(trust)]
    unknown = CliRunner().invoke(command, words)
    assert unknown.exit_code == 1 and "issuer_unknown" in unknown.output
    assert CliRunner().invoke(command, ["trust", "--trust", str(trust)]).exit_code == 1
    (trust / "utopia.cer").write_bytes(UTOPIA.authority())
    (trust / "notes.txt").write_text("from the foreign office")
    assert CliRunner().invoke(command, words).exit_code == 0
    listed = CliRunner().invoke(command, ["trust", "--trust", str(trust)])
    assert listed.exit_code == 0 and "UT\tut, country signing authority\troot" in listed.output
    assert "does not count: notes.txt" in listed.output
