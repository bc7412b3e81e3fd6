"""CPU time of every stage for the clip that our own page asks for: 480×640, 30 fps, about 1 Mbit/s, 3.6 s."""

import asyncio
import statistics
from dataclasses import dataclass
from pathlib import Path

from borderlight.vision.models import default_models_folder
from borderlight_cli.embedded import SharedModels
from borderlight_cli.verification import verify_bundle
from borderlight_lab.benchmark.machine import landmark_clock
from borderlight_lab.simulator.bundle_writer import Wish, simulate, write_bundle
from borderlight_lab.simulator.camera import Camera
from borderlight_lab.simulator.light import Lighting
from capture_ingest.adapters.video.decoder import DecodeLimits
from capture_ingest.adapters.video.normalizer import VisionCaptureNormalizer

BUDGET_MS = 172.0
"""CPU for one session when a million a day run on two cores."""
VISION_BUDGET_MS = 110.0
VISION = ("normalizer", "liveness", "matcher")


@dataclass(frozen=True)
class StageTimes:
    """Medians over sessions [ms CPU]; normalized_bytes: size of the normalized capture.

    here: on this machine; reference: each session scaled by the landmark model's speed just before and after it.
    """

    clip: str
    here: dict[str, float]
    reference: dict[str, float]
    video_bytes: int
    normalized_bytes: int

    @property
    def vision_ms(self) -> float:
        """Everything that looks at pixels, on the reference machine."""
        return sum(self.reference[name] for name in VISION)


def _bundle(folder: Path, codec: str) -> Path:
    wish = Wish(
        person=3, document_person=3, melanin=0.3, lighting=Lighting(room_lx=150.0),
        camera=Camera(codec=codec, mbit_per_s=1.0, drop_share=0.0), seed=9,
    )  # fmt: skip
    write_bundle(folder / codec, f"bench-{codec}", simulate(wish))
    return folder / codec


async def _run(bundle: Path, repeats: int) -> list[tuple[dict[str, float], float]]:
    """(CPU time of every stage, the scale that held around it) of each session."""
    models = SharedModels.load()
    clock = landmark_clock()
    rows: list[tuple[dict[str, float], float]] = []
    try:
        await verify_bundle(bundle, models)  # the first loads models and compiles
        for _ in range(repeats):
            before = clock.scale()
            stages = (await verify_bundle(bundle, models)).answer["cpu_ms"]
            rows.append((stages, (before + clock.scale()) / 2.0))
        return rows
    finally:
        models.close()


def measure_stages(folder: Path, codec: str, repeats: int) -> StageTimes:
    """Run one simulated session `repeats` times through the embedded flow."""
    bundle = _bundle(folder, codec)
    rows = asyncio.run(_run(bundle, repeats))
    names = list(rows[0][0])
    here = {name: statistics.median(stages[name] for stages, _ in rows) for name in names}
    reference = {name: statistics.median(stages[name] * scale for stages, scale in rows) for name in names}
    video = next(bundle.glob("video.*")).read_bytes()
    packed = VisionCaptureNormalizer(default_models_folder(), DecodeLimits()).normalize(video, {"challenge": {}})
    return StageTimes(codec, here, reference, len(video), len(packed))
