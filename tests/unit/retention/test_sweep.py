"""What is due is erased, what is not stays, and the audit sees the difference."""

import json
import os
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fakes.clock import StandingClock

from borderlight.contracts.events import EntryVerdict
from borderlight.errors import Unavailable
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.file import FileObjectStore
from borderlight.runtime.objects.sealed import SESSION_BUCKETS, SealedObjectStore
from borderlight.runtime.objects.session_keys import BUCKET, SessionErased, SessionKeys
from borderlight.runtime.sealing import KeyRing
from retention.domain.retention_clock import RetentionRules
from retention.use_cases.audit import Audit
from retention.use_cases.erase_session import EraseSession
from retention.use_cases.session_files import SessionFiles
from retention.use_cases.start_clock import StartClock
from retention.use_cases.sweep import Sweep

EXAMPLE = Path("shared/examples/entry.verdict/v1/admit.json")


class Topic:
    """The compacted topic: what was said, less what was forgotten."""

    def __init__(self) -> None:
        self.said: dict[str, datetime] = {}
        self.away = False

    async def forget(self, session_id: str) -> None:
        if self.away:
            raise Unavailable("away")
        self.said.pop(session_id, None)

    async def remaining(self) -> AsyncGenerator[tuple[str, datetime]]:
        for entry in self.said.items():
            yield entry


class House:
    """Retention over a folder, and the store as the other services see it."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.topic, self.rules, self.metrics = StandingClock(), Topic(), RetentionRules(), Metrics()
        masters = self.masters = KeyRing.generate()
        self.folder, self.raw = folder, FileObjectStore(folder)
        self.store = SealedObjectStore(self.raw, SessionKeys(self.raw, masters, self.clock))
        self.files = SessionFiles(self.raw, masters)
        keys = SessionKeys(self.raw, masters, self.clock)
        self.erase = EraseSession(keys, self.raw, self.files, self.topic)
        self.sweep = Sweep(self.raw, keys, self.files, self.erase, self.rules, self.clock, self.metrics)
        self.start = StartClock(self.raw, self.files, self.rules)
        self.audit = Audit(self.raw, self.files, self.rules, self.clock, self.topic)

    def newcomer(self) -> SealedObjectStore:
        """The store as a process sees it that holds no key in memory."""
        return SealedObjectStore(self.raw, SessionKeys(self.raw, self.masters, self.clock))

    async def put(self, bucket: str, key: str) -> None:
        """A file stored now, by the standing clock."""
        await self.store.put(bucket, key, b"\xff\xd8\xff a face", "image/jpeg")
        at = self.clock.now().timestamp()
        os.utime(self.folder / bucket / key, (at, at))

    async def capture(self, session_id: str, finished: bool = True) -> None:
        await self.put("captures", f"{session_id}/film.webm")
        if finished:
            for bucket, name in (("captures", "c.json"), ("normalized", "n.zip"), ("explanations", "e.html")):
                await self.put(bucket, f"{session_id}/{name}")

    async def decide(self, session_id: str, traveller: str = "agency-1") -> None:
        verdict = EntryVerdict.model_validate_json(EXAMPLE.read_text()).model_copy(
            update={"session_id": session_id, "traveller_ref": traveller, "decided_at": self.clock.now()}
        )
        self.topic.said[session_id] = verdict.decided_at
        await self.start(verdict)

    async def hours(self, count: float) -> None:
        """Time passes, and each hour a sweep runs."""
        end = self.clock.now() + timedelta(hours=count)
        while self.clock.now() < end:
            self.clock.advance(3600)
            await self.sweep()

    def left(self) -> list[str]:
        folders = (self.folder / bucket for bucket in sorted(SESSION_BUCKETS))
        return [str(p.relative_to(self.folder)) for f in folders for p in sorted(f.rglob("*")) if p.is_file()]

    async def problems(self) -> list[str]:
        return [line async for line in self.audit()]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_a_decided_session_lives_twelve_hours(house: House) -> None:
    await house.capture("s1")
    await house.decide("s1")
    await house.hours(11)
    assert len(house.left()) == 4 and await house.problems() == []
    await house.hours(2)
    assert house.left() == [] and house.topic.said == {}
    assert await house.raw.list_keys(BUCKET, "s1/") == await house.raw.list_keys(BUCKET, "travellers/") == []
    assert await house.problems() == []
    (receipt,) = [p for p in (house.folder / "receipts").rglob("*.json")]
    content = json.loads(receipt.read_text())
    assert (content["sessions"], content["objects"], content["data_keys"]) == (1, 4, 1)
    assert "s1" not in receipt.read_text() and "agency-1" not in receipt.read_text()


async def test_what_was_begun_and_left_goes_with_its_session(house: House) -> None:
    await house.capture("s1", finished=False)
    await house.hours(1)
    assert house.left() == ["captures/s1/film.webm"]
    await house.hours(2)
    assert house.left() == []


async def test_a_capture_that_waits_for_its_verdict_is_kept(house: House) -> None:
    await house.capture("s1")
    await house.hours(40)
    assert len(house.left()) == 4, "the systems were away; nothing accepted is lost"
    await house.decide("s1")
    await house.hours(11)
    assert len(house.left()) == 4
    await house.hours(2)
    assert house.left() == []


async def test_a_capture_that_never_gets_a_verdict_does_not_stay(house: House) -> None:
    await house.capture("s1")
    await house.hours(50)
    assert house.left() == []


async def test_a_held_session_stays_until_its_hold_ends(house: House) -> None:
    await house.capture("s1")
    await house.decide("s1")
    await house.files.hold("s1", "case 7", house.clock.now() + timedelta(days=10), ("a", "b"))
    await house.hours(9 * 24)
    assert len(house.left()) == 4 and await house.problems() == []
    assert await house.store.get("captures", "s1/film.webm")
    await house.hours(30)
    assert house.left() == []


async def test_a_crash_between_any_two_steps_leaves_nothing_readable_and_is_made_good(house: House) -> None:
    await house.capture("s1")
    await house.decide("s1")
    house.topic.away = True
    house.clock.advance(13 * 3600)
    with pytest.raises(Unavailable):
        await house.sweep()
    assert len(house.left()) == 4, "no key is destroyed before the topic has been told"
    house.topic.away = False

    class Crash(Exception):
        pass

    delete = house.raw.delete
    for steps in range(12):

        async def dying(bucket: str, key: str, budget: list[int] = [steps]) -> None:  # noqa: B006
            if budget[0] == 0:
                raise Crash
            budget[0] -= 1
            await delete(bucket, key)

        house.raw.delete = dying
        try:
            await house.sweep()
        except Crash:
            if steps > 0 and "captures/s1/film.webm" in house.left():
                with pytest.raises(SessionErased):
                    await house.newcomer().get("captures", "s1/film.webm")
        house.raw.delete = delete
    await house.sweep()
    assert house.left() == [] and await house.problems() == []


async def test_a_travellers_sessions_are_found_without_naming_the_traveller(house: House) -> None:
    for session in ("s1", "s2"):
        await house.capture(session)
        await house.decide(session, "agency-1")
    await house.capture("s3")
    await house.decide("s3", "agency-2")
    assert sorted(await house.files.sessions_of("agency-1")) == ["s1", "s2"]
    names = [str(path) for path in house.folder.rglob("*")]
    assert not any("agency" in name for name in names)
    for session in await house.files.sessions_of("agency-1"):
        await house.erase(session)
    assert {name.split("/")[1] for name in house.left()} == {"s3"}


async def test_the_audit_sees_what_is_wrong(house: House) -> None:
    await house.capture("s1")
    await house.decide("s1")
    house.clock.advance(15 * 3600)  # and nothing swept
    problems = await house.problems()
    assert any("outlived its clock" in line and BUCKET in line for line in problems)
    assert any("entry.verdict.latest.v1" in line for line in problems)
    await house.raw.put("captures", "s9/film.mp4", b"\0\0\0\x20ftypisom", "video/mp4")
    await house.raw.put("documents", "x/passport.jpg", b"\xff\xd8\xff", "image/jpeg")
    old = house.clock.now().timestamp() - 30 * 3600
    os.utime(house.folder / "documents/x/passport.jpg", (old, old))
    problems = await house.problems()
    assert any("readable without a key (MP4)" in line for line in problems)
    assert any(line.startswith("documents:") for line in problems)


async def test_the_gauge_says_how_late_erasure_is(house: House) -> None:
    await house.capture("s1")
    await house.decide("s1")
    await house.sweep()
    assert house.metrics.registry.get_sample_value("borderlight_retention_oldest_overdue_seconds") == 0.0
    house.topic.away = True
    house.clock.advance(15 * 3600)
    with pytest.raises(Unavailable):
        await house.sweep()
    overdue = house.metrics.registry.get_sample_value("borderlight_retention_oldest_overdue_seconds")
    assert overdue is not None and overdue >= 3 * 3600.0, "an alert sees sweeps that fail"
