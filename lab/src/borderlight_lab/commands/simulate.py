"""`borderlight simulate`: capture bundles of any species, for red teams, tests and load."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from borderlight.contracts.challenge.generators import GENERATORS
from borderlight_lab.simulator.bundle_writer import Wish
from borderlight_lab.simulator.red_team import make_all, varied_wish
from borderlight_lab.simulator.species import SPECIES

_CODECS = ("h264", "vp8", "vp9")


def _wish(wish: Wish, lux: float | None, distance: float | None, codec: str | None, mismatch: bool, calm: bool) -> Wish:
    lighting = replace(
        wish.lighting,
        room_lx=wish.lighting.room_lx if lux is None else lux,
        distance_m=wish.lighting.distance_m if distance is None else distance,
    )
    camera = wish.camera if codec is None else replace(wish.camera, codec=codec)
    document = -wish.person if mismatch else wish.person
    return replace(wish, lighting=lighting, camera=camera, document_person=document, calm=calm)


def simulate_command(
    out: Annotated[Path, typer.Option(help="folder for the bundles")],
    species: Annotated[str, typer.Option(help=f"one of {', '.join(SPECIES)}, or all")] = "bona_fide",
    count: Annotated[int, typer.Option(help="sessions per species", min=1)] = 1,
    lux: Annotated[float | None, typer.Option(help="room light on the face; default: varied", min=0.1)] = None,
    distance: Annotated[float | None, typer.Option(help="phone to face [m]; default: varied", min=0.1, max=2.0)] = None,
    codec: Annotated[str | None, typer.Option(help="h264, vp8 or vp9; default: varied")] = None,
    mismatch: Annotated[bool, typer.Option(help="the document shows another person")] = False,
    calm: Annotated[bool, typer.Option(help="the calm schedule")] = False,
    challenge: Annotated[str | None, typer.Option(help=f"{', '.join(GENERATORS)}; default: as issued today")] = None,
    seed: Annotated[int, typer.Option(help="fixes all chance")] = 0,
) -> None:
    """Make capture bundles. Everything in them is simulated: good for finding design errors, not for error rates."""
    names = list(SPECIES) if species == "all" else [species]
    if any(name not in SPECIES for name in names):
        typer.echo(f"borderlight: unknown species {species!r}; known: {', '.join(SPECIES)}, all", err=True)
        raise typer.Exit(2)
    if codec is not None and codec not in _CODECS:
        typer.echo(f"borderlight: unknown codec {codec!r}; known: {', '.join(_CODECS)}", err=True)
        raise typer.Exit(2)
    if challenge is not None and challenge not in GENERATORS:
        typer.echo(f"borderlight: unknown challenge {challenge!r}; known: {', '.join(GENERATORS)}", err=True)
        raise typer.Exit(2)

    def wished(name: str, number: int) -> Wish:
        wish = _wish(varied_wish(name, number, seed), lux, distance, codec, mismatch, calm)
        return replace(wish, generator=challenge)

    jobs = [(out / f"sim-{name}-{seed}-{n:04d}", wished(name, n)) for name in names for n in range(count)]
    columns = (TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=len(jobs))
        make_all(jobs, lambda: bar.advance(task))
    typer.echo(f"{len(jobs)} bundles in {out.resolve()}")


def register(app: typer.Typer) -> None:
    app.command("simulate")(simulate_command)
