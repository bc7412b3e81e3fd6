"""The sessions of the demo: who comes, and what should happen."""

from dataclasses import dataclass

from borderlight_lab.simulator.bundle_writer import Wish
from borderlight_lab.simulator.camera import Camera
from borderlight_lab.simulator.light import Lighting


@dataclass(frozen=True)
class Act:
    """title: what the table says; expected: outcomes that are right; why: one sentence for the report."""

    title: str
    wish: Wish
    expected: tuple[str, ...]
    why: str


def _wish(species: str, lux: float, person: int = 7, document: int | None = None, **camera: float) -> Wish:
    return Wish(
        species=species,
        person=person,
        document_person=person if document is None else document,
        melanin=0.25 if person == 7 else 0.7,
        lighting=Lighting(room_lx=lux, from_above=0.6, from_side=0.15, distance_m=0.3),
        camera=Camera(lag_ms=80.0, codec="vp8", mbit_per_s=1.2, **camera),
        seed=41 + person,
    )


CAST = (
    Act("own passport, office light", _wish("bona_fide", 150), ("admit",), "The ordinary case."),
    Act("own passport, dim room", _wish("bona_fide", 30), ("admit",), "The screen lights the face well."),
    Act("own passport, dark skin", _wish("bona_fide", 150, person=11), ("admit",), "Skin tone must not matter."),
    Act(
        "own passport, bright sun", _wish("bona_fide", 9_000), ("retake",),
        "The screen cannot be seen in the sun: advice, never suspicion.",
    ),
    Act("somebody else's passport", _wish("bona_fide", 150, document=-7), ("refer",), "A live face, but another."),
    Act("a print held up", _wish("print_flat", 150), ("refer", "retake"), "Paper has no relief."),
    Act("a photo on a tablet", _wish("screen_photo", 150), ("refer", "retake"), "Glass mirrors, skin scatters."),
    Act("an old session replayed", _wish("inject_replay", 90), ("refer", "retake"), "It answers another challenge."),
    Act("a video tinted by program", _wish("inject_overlay", 150), ("refer", "retake"), "A tint has no shadows."),
)  # fmt: skip
