"""Compatibility, topics, CloudEvents, the normalized capture and bundles."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes.clock import StandingClock

from borderlight.contracts.bundle import BundleUnreadable, read_bundle
from borderlight.contracts.cloud_events import event_id, headers_of
from borderlight.contracts.events import CONTRACTS, CaptureRejected, schema_of
from borderlight.contracts.normalized_capture import NormalizedCapture, NormalizedCaptureUnreadable, pack, unpack
from borderlight.contracts.topics import registry, with_dead_letters
from borderlight_tools.schemas.compatibility import breaking_changes


def test_the_same_schema_breaks_nothing() -> None:
    for contract in CONTRACTS.values():
        assert breaking_changes(schema_of(contract), schema_of(contract)) == []


Change = Callable[[dict[str, Any]], object]
BREAKING: list[tuple[Change, str]] = [
    (lambda s: s["properties"].pop("reasons"), "reasons is gone"),
    (lambda s: s["properties"]["explanation"].update(type="integer"), "may now be integer"),
    (lambda s: s["required"].append("explanation"), "has become required"),
    (lambda s: s["required"].remove("captured_at"), "no longer always there"),
    (lambda s: s["properties"]["session_id"].update(pattern="^x$"), "another pattern"),
]


@pytest.mark.parametrize(("change", "words"), BREAKING)
def test_a_breaking_change_is_named(change: Change, words: str) -> None:
    new = json.loads(json.dumps(schema_of(CaptureRejected)))
    change(new)
    assert any(words in found for found in breaking_changes(schema_of(CaptureRejected), new))


def test_an_added_optional_field_breaks_nothing() -> None:
    new = json.loads(json.dumps(schema_of(CaptureRejected)))
    new["properties"]["lane"] = {"type": "string", "default": "ordinary"}
    assert breaking_changes(schema_of(CaptureRejected), new) == []


def test_every_contract_has_a_topic_and_every_topic_a_contract() -> None:
    topics = registry()
    assert {topic.contract for topic in topics} | {"dead-letter.v1"} == set(CONTRACTS)
    for topic in with_dead_letters(topics):
        assert int(topic.config["max.message.bytes"]) <= 1_000_000
        assert topic.config["cleanup.policy"] in ("delete", "compact")
        if topic.config["cleanup.policy"] == "delete":
            assert int(topic.config["retention.ms"]) > 0


def test_dead_letters_live_no_longer_than_their_source() -> None:
    by_name = {topic.name: topic for topic in with_dead_letters(registry())}
    for name, topic in by_name.items():
        if name.endswith(".dlq"):
            source = by_name[name.removesuffix(".dlq")]
            assert int(topic.config["retention.ms"]) <= int(source.config.get("retention.ms", "604800000"))


def test_session_topics_share_their_partitions_so_that_one_worker_sees_a_session() -> None:
    assert {t.partitions for t in registry() if t.key == "session_id"} == {24}


def test_the_same_event_gets_the_same_id_and_another_a_new_one() -> None:
    assert event_id("a", "b") == event_id("a", "b") != event_id("ab", "")
    event = CaptureRejected.model_validate_json(Path("shared/examples/capture.rejected/v1/no-face.json").read_text())
    headers = headers_of(event, event.topic, "normalizer", ("x",), StandingClock().now())
    assert headers["ce_specversion"] == "1.0" and headers["ce_subject"] == event.session_id
    assert headers["ce_type"] == "org.borderlight.capture.rejected.v1"
    assert headers["ce_time"] == "2026-11-24T09:00:00.000Z"


def small_capture() -> NormalizedCapture:
    frames, tracked = 5, 2
    return NormalizedCapture(
        header={"challenge": {}, "quality": {}},
        frame_time_ms=np.arange(frames, dtype=float) * 33,
        face_radiance=np.full((frames, 30, 24, 3), 0.2),
        face_usable=np.full((frames, 30, 24), 255),
        grid_to_frame=np.zeros((frames, 2, 3)),
        scene_radiance=np.full((frames, 16, 12, 3), 0.1),
        tracked_frame=np.arange(tracked),
        landmarks=np.zeros((tracked, 468, 3)),
        mesh=np.zeros((468, 3)),
        eyes=np.zeros((tracked, 2, 24, 40, 3)),
        faces=np.zeros((2, 160, 160, 3)),
        chips=np.zeros((3, 150, 150, 3)),
        chip_frame=np.arange(3),
    )


def test_a_normalized_capture_survives_packing_and_packs_alike() -> None:
    packed = pack(small_capture())
    assert pack(small_capture()) == packed
    read = unpack(packed)
    assert read.face_radiance.shape == (5, 30, 24, 3) and read.header["quality"] == {}


def test_chips_are_of_the_template_that_the_header_names_and_older_captures_stay_readable() -> None:
    older = small_capture()
    assert unpack(pack(older)).chip_template == "dlib_150", "from before the header named one"
    chips = np.zeros((3, 112, 112, 3))
    newer = replace(older, header={**older.header, "chip_template": "arcface_112"}, chips=chips)
    assert unpack(pack(newer)).chip_template == "arcface_112"
    for wrong in (
        replace(older, chips=chips),
        replace(newer, chips=older.chips),
        replace(newer, chips=chips[:2]),
        replace(newer, header={**newer.header, "chip_template": "unknown"}),
    ):
        with pytest.raises(NormalizedCaptureUnreadable, match="chips of shape"):
            unpack(pack(wrong))


def test_unknown_members_are_ignored() -> None:
    buffer = io.BytesIO(pack(small_capture()))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("later.npy", b"whatever")
    assert unpack(buffer.getvalue()).frame_time_ms.shape == (5,)


def test_damaged_and_hostile_archives_are_refused() -> None:
    packed = pack(small_capture())
    for bad in (b"", b"PK", packed[: len(packed) // 2], packed[:200] + b"x" + packed[201:], b"x" * 100):
        with pytest.raises(NormalizedCaptureUnreadable):
            unpack(bad)
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "mesh.npy":
                stream = io.BytesIO()
                np.save(stream, np.array([{"evil": 1}], dtype=object), allow_pickle=True)
                content = stream.getvalue()
            target.writestr(name, content)
    with pytest.raises(NormalizedCaptureUnreadable):
        unpack(buffer.getvalue())


def write(folder: Path, **changes: Any) -> Path:
    folder.mkdir()
    (folder / "video.mp4").write_bytes(b"video")
    capture = {"schema": "borderlight.capture/1", "session_id": "s1", "video": {"file": "video.mp4"}, **changes}
    (folder / "capture.json").write_text(json.dumps(capture))
    return folder


def test_a_bundle_is_read(tmp_path: Path) -> None:
    bundle = read_bundle(write(tmp_path / "good"))
    assert bundle.media_type == "video/mp4" and bundle.session_id == "s1" and bundle.documents == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema": "other/1"}, "schema"),
        ({"session_id": "a b"}, "session_id"),
        ({"session_id": "x" * 65}, "session_id"),
        ({"video": {}}, "names no video"),
        ({"video": {"file": "absent.mp4"}}, "missing"),
        ({"video": {"file": "../secret"}}, "outside"),
        ({"video": {"file": "/etc/passwd"}}, "outside"),
        ({"documents": [{"kind": "passport"}]}, "file"),
        ({"documents": [{"file": "documents/none.jpg"}]}, "missing"),
    ],
)
def test_a_bad_bundle_says_what_to_mend(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BundleUnreadable, match=words):
        read_bundle(write(tmp_path / "bad", **changes))


def test_an_empty_folder_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleUnreadable, match=r"capture\.json"):
        read_bundle(tmp_path)
