"""A capture bundle: one session on disk, as `borderlight verify` reads it.

A folder with `capture.json`, `video.mp4`, `video.webm` or `video.mkv`, and `documents/*.jpg`. `truth.json`, where there
is one, is for evaluation alone and is not read here.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from borderlight.errors import BorderlightError

SCHEMA = "borderlight.capture/1"
VIDEO_SUFFIXES = {"video/mp4": "mp4", "video/webm": "webm", "video/x-matroska": "mkv"}
"""Media types of a recording that are accepted, and the suffix of its file."""
_MAX_JSON_BYTES = 1_000_000
_MAX_FILE_BYTES = 64_000_000
_KINDS = {"passport", "driving_licence", "visa", "other"}


class BundleUnreadable(BorderlightError):
    """The folder is not a capture bundle."""


@dataclass(frozen=True)
class BundleDocument:
    """kind: what the document is; name: its file name; photo: the file's bytes."""

    kind: str
    name: str
    photo: bytes


@dataclass(frozen=True)
class CaptureBundle:
    """name: the folder's; capture: the parsed capture.json; video, media_type: the recording."""

    name: str
    session_id: str
    capture: dict[str, Any]
    video: bytes
    media_type: str
    documents: tuple[BundleDocument, ...]


def _inside(folder: Path, stated: object) -> Path:
    path = (folder / str(stated)).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise BundleUnreadable(f"{folder.name}: {stated!r} points outside the bundle")
    if not path.is_file():
        raise BundleUnreadable(f"{folder.name}: {stated} is missing")
    if path.stat().st_size > _MAX_FILE_BYTES:
        raise BundleUnreadable(f"{folder.name}: {stated} is larger than {_MAX_FILE_BYTES // 1_000_000} MB")
    return path


def read_bundle(folder: Path) -> CaptureBundle:
    """Read the bundle in `folder`; raises BundleUnreadable with what to mend."""
    try:
        path = folder / "capture.json"
        if not path.is_file():
            raise BundleUnreadable(f"{folder}: no capture.json; give the folder of a capture bundle")
        if path.stat().st_size > _MAX_JSON_BYTES:
            raise BundleUnreadable(f"{folder.name}: capture.json is larger than 1 MB")
        capture = json.loads(path.read_text())
        if not isinstance(capture, dict) or capture.get("schema") != SCHEMA:
            raise BundleUnreadable(f"{folder.name}: capture.json does not have schema {SCHEMA}")
        session_id = str(capture.get("session_id", ""))
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", session_id):
            raise BundleUnreadable(f"{folder.name}: session_id must be 1 to 64 URL-safe characters")
        video = capture.get("video")
        if not isinstance(video, dict) or "file" not in video:
            raise BundleUnreadable(f"{folder.name}: capture.json names no video file")
        video_path = _inside(folder, video["file"])
        by_suffix = {suffix: media_type for media_type, suffix in VIDEO_SUFFIXES.items()}
        media_type = str(video.get("mime_type") or by_suffix.get(video_path.suffix.removeprefix("."), "video/mp4"))
        documents: list[BundleDocument] = []
        for entry in capture.get("documents") or []:
            document = _inside(folder, entry["file"])
            kind = str(entry.get("kind", "other"))
            documents.append(BundleDocument(kind if kind in _KINDS else "other", document.name, document.read_bytes()))
        return CaptureBundle(folder.name, session_id, capture, video_path.read_bytes(), media_type, tuple(documents))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise BundleUnreadable(f"{folder.name}: {error}") from error
