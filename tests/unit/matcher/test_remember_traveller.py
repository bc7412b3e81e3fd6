"""A remembered face has the time of its verdict, and an end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from fakes.clock import StandingClock

from borderlight.contracts.events import EntryOutcome, EntryVerdict, VerdictComparison, VerdictLiveness
from matcher.domain.dossier import DocumentRecord, is_due
from matcher.use_cases import remember_traveller
from matcher.use_cases.remember_traveller import RememberTraveller

KEEP = timedelta(days=30)


class Objects:
    async def list_keys(self, bucket: str, prefix: str) -> list[str]:
        return [f"{prefix}capture.zip"]

    async def get(self, bucket: str, key: str) -> bytes:
        return b""


class References:
    def __init__(self) -> None:
        self.enrolled: list[DocumentRecord] = []

    async def enrol(self, record: DocumentRecord, photo: bytes, embedding: Any) -> bool:
        self.enrolled.append(record)
        return True


class Reader:
    model_sha256 = "0" * 64

    def embed_chips(self, chips: Any, template: str) -> np.ndarray:
        return np.ones((len(chips), 4))


class Capture:
    chips = np.zeros((1, 8, 8, 3), np.uint8)
    chip_template = "arcface_112"

    @staticmethod
    def unpacked(content: bytes) -> "Capture":
        return Capture()


def verdict(at: datetime) -> EntryVerdict:
    return EntryVerdict(
        session_id="s", traveller_ref="t", outcome=EntryOutcome.ADMIT, liveness=VerdictLiveness(),
        comparison=VerdictComparison(), attempt=1, policy_version="p/1", policy_row="R", captured_at=at, decided_at=at,
        expires_at=at + timedelta(hours=12),
    )  # fmt: skip


@pytest.fixture
def references(monkeypatch: pytest.MonkeyPatch) -> References:
    monkeypatch.setattr(remember_traveller, "unpack", Capture.unpacked)
    return References()


def remember(references: References, clock: StandingClock) -> RememberTraveller:
    return RememberTraveller(Objects(), references, Reader(), clock, KEEP)  # type: ignore[arg-type]


async def test_it_has_the_time_of_the_verdict_however_late_that_is_read(references: References) -> None:
    clock = StandingClock()
    at = clock.now()
    clock.advance(5 * 86_400)
    await remember(references, clock)(verdict(at))
    (record,) = references.enrolled
    assert record.submitted_at == at and record.expires_at == at + KEEP


async def test_a_verdict_older_than_its_time_is_not_remembered(references: References) -> None:
    clock = StandingClock()
    at = clock.now()
    clock.advance(31 * 86_400)
    await remember(references, clock)(verdict(at))
    assert references.enrolled == []


async def test_a_remembered_face_is_erased_when_its_time_is_over(references: References) -> None:
    clock = StandingClock()
    await remember(references, clock)(verdict(clock.now()))
    (record,) = references.enrolled
    assert not is_due(record, (), clock.now() + KEEP - timedelta(seconds=1))
    assert is_due(record, (), clock.now() + KEEP)
    ended = datetime(2020, 1, 1, tzinfo=UTC)
    passport = DocumentRecord("t", "d", "passport", "0" * 64, "image/png", clock.now(), ended)
    assert not is_due(passport, (), clock.now()), "an expired document is shown to an officer, not erased"
