"""Session buckets hold ciphertext; a destroyed key takes every copy with it."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from fakes.clock import StandingClock

from borderlight.errors import InvalidMessage, ObjectMissing
from borderlight.runtime.objects.file import FileObjectStore
from borderlight.runtime.objects.port import read_verified
from borderlight.runtime.objects.sealed import SealedObjectStore
from borderlight.runtime.objects.session_keys import BUCKET, SessionErased, SessionKeys
from borderlight.runtime.sealing import KeyRing, SealBroken, StoreLocked

FILM = b"\x1a\x45\xdf\xa3 a film of a face " * 50


@pytest.fixture
def masters() -> KeyRing:
    return KeyRing.generate()


def store_of(folder: Path, masters: KeyRing) -> tuple[SealedObjectStore, SessionKeys]:
    """A process of its own: nothing in memory."""
    inner = FileObjectStore(folder)
    keys = SessionKeys(inner, masters, StandingClock())
    return SealedObjectStore(inner, keys), keys


async def test_what_is_stored_is_not_the_film_and_another_process_reads_it(tmp_path: Path, masters: KeyRing) -> None:
    ref = await store_of(tmp_path, masters)[0].put("captures", "s1/film.webm", FILM, "video/webm")
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or FILM[:20] not in path.read_bytes()
    assert ref.size == len(FILM)
    assert await read_verified(store_of(tmp_path, masters)[0], ref) == FILM


async def test_a_destroyed_key_takes_a_backup_with_it(tmp_path: Path, masters: KeyRing) -> None:
    live, backup = tmp_path / "live", tmp_path / "backup"
    store, keys = store_of(live, masters)
    await store.put("captures", "s1/film.webm", FILM, "video/webm")
    await store.put("captures", "s2/film.webm", FILM, "video/webm")
    shutil.copytree(live, backup, ignore=shutil.ignore_patterns(BUCKET))  # the key bucket is never copied
    assert await keys.destroy("s1") == 1
    shutil.copytree(live / BUCKET, backup / BUCKET)
    restored, _ = store_of(backup, masters)
    with pytest.raises(SessionErased):
        await restored.get("captures", "s1/film.webm")
    assert await restored.get("captures", "s2/film.webm") == FILM
    with pytest.raises(ObjectMissing):
        await store.get("captures", "s1/film.webm")


async def test_a_film_under_another_sessions_name_is_refused(tmp_path: Path, masters: KeyRing) -> None:
    store, _ = store_of(tmp_path, masters)
    await store.put("captures", "s1/film.webm", FILM, "video/webm")
    await store.put("captures", "s2/film.webm", FILM, "video/webm")
    shutil.copy(tmp_path / "captures/s1/film.webm", tmp_path / "captures/s2/film.webm")
    with pytest.raises(ObjectMissing):  # session s2 has no such key
        await store.get("captures", "s2/film.webm")
    shutil.copy(tmp_path / "captures/s1/film.webm", tmp_path / "captures/s1/other.webm")
    with pytest.raises(SealBroken):
        await store.get("captures", "s1/other.webm")


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, FILM, b"0" * 16, b"0" * 100])
async def test_what_nobody_sealed_is_refused(tmp_path: Path, masters: KeyRing, content: bytes) -> None:
    store, _ = store_of(tmp_path, masters)
    await FileObjectStore(tmp_path).put("captures", "s1/film.webm", content, "video/webm")
    with pytest.raises((SealBroken, SessionErased)):
        await store.get("captures", "s1/film.webm")


async def test_another_operators_master_opens_nothing(tmp_path: Path, masters: KeyRing) -> None:
    await store_of(tmp_path, masters)[0].put("captures", "s1/film.webm", FILM, "video/webm")
    with pytest.raises(StoreLocked):
        await store_of(tmp_path, KeyRing.generate())[0].get("captures", "s1/film.webm")


async def test_two_processes_that_begin_a_session_at_once_read_each_other(tmp_path: Path, masters: KeyRing) -> None:
    (one, _), (two, _) = store_of(tmp_path, masters), store_of(tmp_path, masters)
    import asyncio

    await asyncio.gather(*(store.put("captures", f"s1/{n}", FILM, "x/y") for n, store in enumerate((one, two) * 5)))
    reader, _ = store_of(tmp_path, masters)
    for n in range(10):
        assert await reader.get("captures", f"s1/{n}") == FILM


async def test_a_name_without_a_session_is_refused(tmp_path: Path, masters: KeyRing) -> None:
    with pytest.raises(InvalidMessage):
        await store_of(tmp_path, masters)[0].put("captures", "film.webm", FILM, "video/webm")


async def test_a_key_of_a_day_goes_and_takes_its_sessions(tmp_path: Path, masters: KeyRing) -> None:
    store, keys = store_of(tmp_path, masters)
    await store.put("captures", "s1/film.webm", FILM, "video/webm")
    tomorrow = StandingClock().now() + timedelta(days=1)
    assert await keys.destroy_days_before(f"{StandingClock().now():%Y-%m-%d}") == 0
    assert await keys.destroy_days_before(f"{tomorrow:%Y-%m-%d}") == 1
    with pytest.raises(ObjectMissing):
        await store_of(tmp_path, masters)[0].get("captures", "s1/film.webm")
