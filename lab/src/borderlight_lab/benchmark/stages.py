"""CPU time of every stage for the clip that our own page asks for: 480×640, 30 fps, about 1 Mbit/s, 3.6 s."""

import asyncio
import statistics
from dataclasses import dataclass
from pathlib import Path

from borderlight.vision.models import default_models_folder
from borderlight_cli.embedded import SharedModels
from borderlight_cli.verification import verify_bundle
from borderlight_lab.simulator.bundle_writer import Wish, simulate, write_bundle
from borderlight_lab.simulator.camera import Camera
from borderlight_lab.simulator.light import Lighting
from capture_ingest.adapters.vision_capture_normalizer import VisionCaptureNormalizer

BUDGET_MS = 172.0
"""CPU for one session when a million a day run on two cores."""


@dataclass(frozen=True)
class StageTimes:
    """Medians over sessions [ms CPU]; normalized_bytes: size of the normalized capture."""

    clip: str
    stages: dict[str, float]
    video_bytes: int
    normalized_bytes: int

    @property
    def total_ms(self) -> float:
        return sum(self.stages.values())


def _bundle(folder: Path, codec: str) -> Path:
    wish = Wish(
        person=3, document_person=3, melanin=0.3, lighting=Lighting(room_lx=150.0),
        camera=Camera(codec=codec, mbit_per_s=1.0, drop_share=0.0), seed=9,
    )  # fmt: skip
    write_bundle(folder / codec, f"bench-{codec}", simulate(wish))
    return folder / codec


async def _run(bundle: Path, repeats: int) -> list[dict[str, float]]:
    models = SharedModels.load()
    try:
        await verify_bundle(bundle, models)  # the first loads models and compiles
        return [(await verify_bundle(bundle, models)).answer["cpu_ms"] for _ in range(repeats)]
    finally:
        models.close()


def measure_stages(folder: Path, codec: str, repeats: int) -> StageTimes:
    """Run one simulated session `repeats` times through the embedded flow."""
    bundle = _bundle(folder, codec)
    rows = asyncio.run(_run(bundle, repeats))
    stages = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    video = next(bundle.glob("video.*")).read_bytes()
    from borderlight.vision.decoder import DecodeLimits

    packed = VisionCaptureNormalizer(default_models_folder(), DecodeLimits()).normalize(video, {"challenge": {}})
    return StageTimes(codec, stages, len(video), len(packed))
