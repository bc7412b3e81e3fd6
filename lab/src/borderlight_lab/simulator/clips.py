"""Distinct capture bundles for load: simulated in parallel, one process per core."""

import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from borderlight_lab.simulator.bundle_writer import Wish, simulate, write_bundle
from borderlight_lab.simulator.camera import Camera
from borderlight_lab.simulator.light import Lighting

ATTACK_SHARE = 10
"""One clip in this many is a print."""


def _make(job: tuple[int, int, str]) -> str:
    number, seed, folder = job
    attack = number % ATTACK_SHARE == ATTACK_SHARE - 1
    wish = Wish(
        species="print_flat" if attack else "bona_fide",
        person=number % 40 + 1,
        document_person=number % 40 + 1,
        lighting=Lighting(room_lx=60.0 + 37.0 * (number % 7)),
        camera=Camera(codec="h264" if number % 2 else "vp8", mbit_per_s=1.0),
        seed=seed + number,
    )
    name = f"load-{seed}-{number:05d}"
    write_bundle(Path(folder) / name, name, simulate(wish))
    return name


def make_clips(folder: Path, count: int, seed: int = 0) -> list[Path]:
    """`count` bundles below `folder`; those that are there already are kept."""
    names = [f"load-{seed}-{number:05d}" for number in range(count)]
    jobs = [(n, seed, str(folder)) for n, name in enumerate(names) if not (folder / name / "truth.json").is_file()]
    if jobs:
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(_make, jobs))
    return [folder / name for name in names]
