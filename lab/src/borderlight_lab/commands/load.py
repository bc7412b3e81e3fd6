"""`borderlight load`: sessions at a fixed rate into a running stack; what came out, and how late."""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from borderlight.errors import BorderlightError
from borderlight_lab.simulator.clips import make_clips
from borderlight_tools.load.driver import run_load


def load(
    rate: Annotated[float, typer.Option(help="sessions per second, Poisson arrivals", min=0.01)] = 5.0,
    seconds: Annotated[float, typer.Option(help="how long to send", min=1.0)] = 60.0,
    clips: Annotated[int, typer.Option(help="distinct simulated captures", min=1)] = 40,
    folder: Annotated[Path | None, typer.Option(help="keep the clips here between runs")] = None,
    warm_up: Annotated[float, typer.Option(help="seconds left out of the latencies")] = 5.0,
    drain: Annotated[float, typer.Option(help="seconds to wait for the last verdicts")] = 120.0,
    seed: Annotated[int, typer.Option(help="fixes clips and arrivals")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the report here")] = None,
) -> None:
    """Open-loop load: latency counts from the intended time. Exit status 1 when a session got no verdict."""
    with tempfile.TemporaryDirectory(prefix="borderlight-load-") as temporary:
        typer.echo(f"making {clips} distinct captures ...", err=True)
        folders = make_clips(folder or Path(temporary), clips, seed)
        try:
            result = asyncio.run(run_load(folders, rate, seconds, drain, seed))
        except BorderlightError as error:
            typer.echo(f"borderlight: {error}", err=True)
            raise typer.Exit(1) from error
    text = json.dumps(result.report(warm_up), indent=1)
    typer.echo(text)
    if json_file is not None:
        json_file.write_text(text + "\n")
    if len(result.decided) < len(result.intended):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    app.command()(load)
