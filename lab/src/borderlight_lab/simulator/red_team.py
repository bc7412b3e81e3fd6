"""Sessions of every species in varied rooms, phones and skins: what `simulate` makes when asked for many."""

import os
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from borderlight_lab.simulator.bundle_writer import Wish, simulate, write_bundle
from borderlight_lab.simulator.camera import Camera
from borderlight_lab.simulator.light import Lighting
from borderlight_lab.simulator.species import SPECIES


def varied_wish(species: str, number: int, seed: int) -> Wish:
    """Session `number` of `species`: everything but the species drawn from the seed."""
    one = seed * 100_003 + number * 101 + list(SPECIES).index(species)
    chance = random.Random(one)
    person = chance.randrange(1, 60)
    return Wish(
        species=species,
        person=person,
        document_person=person,
        melanin=chance.random(),
        lighting=Lighting(
            room_lx=20.0 * 25.0 ** chance.random(),
            distance_m=chance.uniform(0.25, 0.38),
            from_above=chance.uniform(0.1, 0.9),
            from_side=chance.uniform(-0.5, 0.5),
        ),
        camera=Camera(
            fps=chance.choice((24.0, 30.0, 30.0)),
            lag_ms=chance.uniform(40, 150),
            drift=chance.choice((0.0, 0.3, 0.8)),
            codec=chance.choice(("h264", "vp8")),
            mbit_per_s=chance.uniform(1.0, 2.0),
        ),
        seed=one,
    )


def _make(job: tuple[str, Wish]) -> None:
    folder, wish = job
    write_bundle(Path(folder), Path(folder).name, simulate(wish))


def make_all(jobs: Sequence[tuple[Path, Wish]], advance: Callable[[], None] = lambda: None) -> None:
    """Simulate on every core; `advance` is called after each."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(_make, [(str(folder), wish) for folder, wish in jobs]):
            advance()


def make_red_team(folder: Path, count: int, seed: int, calm: bool = False) -> list[Path]:
    """`count` sessions of every species below `folder`; calm: under the slow schedule."""
    jobs = [
        (folder / f"sim-{name}-{seed}-{number:04d}", replace(varied_wish(name, number, seed), calm=calm))
        for name in SPECIES
        for number in range(count)
    ]
    make_all(jobs)
    return [path for path, _ in jobs]
