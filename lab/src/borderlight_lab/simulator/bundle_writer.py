"""Simulated sessions as capture bundles, the truth written apart."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from borderlight.contracts.challenge.generators import CALM_SLOTS, COLOUR_SLOTS, GENERATORS, RANDOM_BYTES
from borderlight.contracts.challenge.schedule import ColourSchedule
from borderlight_lab.simulator.camera import Camera, encode
from borderlight_lab.simulator.head import Head, make_head
from borderlight_lab.simulator.light import Lighting, room_irradiance
from borderlight_lab.simulator.setup import Setup
from borderlight_lab.simulator.species import SPECIES


@dataclass(frozen=True)
class Wish:
    """What to simulate. `person` is shown (and impersonated by attacks), `document_person` is on the document.

    generator: name of the challenge's generator; None: the one that is issued today, or its calm sister.
    """

    species: str = "bona_fide"
    person: int = 0
    document_person: int = 0
    melanin: float | None = None
    lighting: Lighting = field(default_factory=Lighting)
    camera: Camera = field(default_factory=Camera)
    calm: bool = False
    generator: str | None = None
    seed: int = 0


@dataclass(frozen=True)
class Simulated:
    """video, media_type: the recording; photo: JPEG of the document; schedule: as issued; truth: labels."""

    video: bytes
    media_type: str
    photo: bytes
    schedule: ColourSchedule
    truth: dict[str, Any]


def document_photo(head: Head, seed: int) -> bytes:
    """[531 x 413] portrait under soft, even light on a plain ground, as JPEG."""
    light = Lighting(room_lx=500.0, from_above=0.3)
    shade = room_irradiance(head.height, light, seed + 5)[..., None] ** 0.6
    person = head.person[..., None]
    picture = person * head.albedo * shade + (1 - person) * 0.72
    level = float((head.albedo * shade)[150:450, 120:360].mean())
    linear = np.clip(picture * 0.26 / level, 0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    cut = (255 * srgb).astype(np.uint8)[16:616, 6:474]
    done, jpeg = cv2.imencode(".jpg", cv2.resize(cut, (413, 531), interpolation=cv2.INTER_AREA)[:, :, ::-1])
    if not done:
        raise RuntimeError("OpenCV could not encode a JPEG")
    return jpeg.tobytes()


def simulate(wish: Wish, schedule: ColourSchedule | None = None) -> Simulated:
    """One session; equal wishes give equal sessions. `schedule`: the challenge, drawn from the seed when None."""
    if wish.species not in SPECIES:
        raise ValueError(f"unknown species {wish.species!r}; known: {', '.join(sorted(SPECIES))}")
    if schedule is None:
        issued = CALM_SLOTS if wish.calm else COLOUR_SLOTS
        generator = issued if wish.generator is None else GENERATORS[wish.generator]
        schedule = generator.draw(np.random.default_rng(wish.seed + 31).bytes(RANDOM_BYTES))
    head = make_head(wish.person, wish.melanin)
    setup = Setup(head, wish.lighting, wish.camera, schedule, wish.seed)
    frames, times = SPECIES[wish.species](setup)
    video, media_type = encode(frames, times, wish.camera)
    document = head if wish.document_person == wish.person else make_head(wish.document_person, wish.melanin)
    truth = {
        "label": "bona_fide" if wish.species == "bona_fide" else "attack",
        "species": wish.species,
        "subject": f"p{wish.person}",
        "document_subject": f"p{wish.document_person}",
        "mated": wish.person == wish.document_person,
        "ambient_lx": wish.lighting.room_lx,
        "screen_lx_at_face": round(wish.lighting.screen_lx(), 1),
        "screen_to_ambient": round(wish.lighting.screen_lx() / wish.lighting.room_lx, 4),
        "distance_m": wish.lighting.distance_m,
        "lag_ms": wish.camera.lag_ms,
        "melanin": wish.melanin,
        "camera": asdict(wish.camera),
        "seed": wish.seed,
        "simulated": True,
    }
    return Simulated(video, media_type, document_photo(document, wish.seed), schedule, truth)


def write_bundle(folder: Path, session_id: str, session: Simulated) -> None:
    """Write the bundle; truth.json is for evaluation alone."""
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    name = "video.webm" if session.media_type == "video/webm" else "video.mp4"
    (folder / name).write_bytes(session.video)
    (folder / "documents" / "passport.jpg").write_bytes(session.photo)
    capture = {
        "schema": "borderlight.capture/1",
        "session_id": session_id,
        "challenge": session.schedule.to_json(),
        "displayed": [{"step": k, "at_client_ms": s.start_ms} for k, s in enumerate(session.schedule.slots)],
        "video": {"file": name, "mime_type": session.media_type, "width": 480, "height": 640, "started_client_ms": 0},
        "documents": [{"file": "documents/passport.jpg", "kind": "passport"}],
    }
    (folder / "capture.json").write_text(json.dumps(capture, indent=1) + "\n")
    (folder / "truth.json").write_text(json.dumps(session.truth, indent=1) + "\n")
