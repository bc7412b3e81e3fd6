"""`borderlight simulate`: capture bundles of any species, for red teams, tests and load."""

import random
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from borderlight_lab.simulator.bundle_writer import Wish, simulate, write_bundle
from borderlight_lab.simulator.camera import Camera
from borderlight_lab.simulator.light import Lighting
from borderlight_lab.simulator.species import SPECIES


def simulate_command(
    out: Annotated[Path, typer.Option(help="folder for the bundles")],
    species: Annotated[str, typer.Option(help=f"one of {', '.join(SPECIES)}, or all")] = "bona_fide",
    count: Annotated[int, typer.Option(help="sessions per species", min=1)] = 1,
    lux: Annotated[float | None, typer.Option(help="room light on the face; default: varied")] = None,
    distance: Annotated[float | None, typer.Option(help="phone to face [m]; default: varied")] = None,
    codec: Annotated[str | None, typer.Option(help="h264, vp8 or vp9; default: varied")] = None,
    mismatch: Annotated[bool, typer.Option(help="the document shows another person")] = False,
    calm: Annotated[bool, typer.Option(help="the calm schedule")] = False,
    seed: Annotated[int, typer.Option(help="fixes all chance")] = 0,
) -> None:
    """Make capture bundles. Everything in them is simulated: good for finding design errors, not for error rates."""
    names = list(SPECIES) if species == "all" else [species]
    if any(name not in SPECIES for name in names):
        typer.echo(f"borderlight: unknown species {species!r}; known: {', '.join(SPECIES)}, all", err=True)
        raise typer.Exit(2)
    work = [(name, number) for name in names for number in range(count)]
    for name, number in track(work, "simulating", console=Console(stderr=True)):
        one = seed * 100_003 + number * 101 + list(SPECIES).index(name)
        chance = random.Random(one)  # noqa: S311 - repeatable, not secret
        person = chance.randrange(1, 60)
        wish = Wish(
            species=name,
            person=person,
            document_person=-person if mismatch else person,
            melanin=chance.random(),
            lighting=Lighting(
                room_lx=lux if lux is not None else 20.0 * 25.0 ** chance.random(),
                distance_m=distance if distance is not None else chance.uniform(0.25, 0.38),
                from_above=chance.uniform(0.1, 0.9),
                from_side=chance.uniform(-0.5, 0.5),
            ),
            camera=Camera(
                fps=chance.choice((24.0, 30.0, 30.0)),
                lag_ms=chance.uniform(40, 150),
                drift=chance.choice((0.0, 0.3, 0.8)),
                codec=codec or chance.choice(("h264", "vp8")),
                mbit_per_s=chance.uniform(1.0, 2.0),
            ),
            calm=calm,
            seed=one,
        )
        label = f"sim-{name}-{seed}-{number:04d}"
        write_bundle(out / label, label, simulate(wish))
    typer.echo(f"{len(work)} bundles in {out.resolve()}")


def register(app: typer.Typer) -> None:
    app.command("simulate")(simulate_command)
