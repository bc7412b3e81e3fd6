"""`borderlight soak`: sessions while every service is killed with -9, Kafka and Redis once each."""

import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from borderlight_lab.simulator.clips import make_clips
from borderlight_tools.devstack.stack import Stack
from borderlight_tools.load.soak import soak


def soak_command(
    sessions: Annotated[int, typer.Option(help="sessions to send", min=3)] = 300,
    clips: Annotated[int, typer.Option(help="distinct simulated captures", min=1)] = 12,
    every: Annotated[float, typer.Option(help="mean seconds between kills")] = 4.0,
    wait: Annotated[float, typer.Option(help="seconds to wait for the last verdicts")] = 240.0,
    seed: Annotated[int, typer.Option(help="fixes the order of kills")] = 1,
) -> None:
    """Start a stack of its own, send sessions under kills, and check that each has exactly one verdict."""
    with tempfile.TemporaryDirectory(prefix="borderlight-soak-") as temporary:
        typer.echo(f"making {clips} distinct captures ...", err=True)
        folders = make_clips(Path(temporary) / "clips", clips, seed)
        stack = Stack(Path(temporary) / "stack")
        stack.start()
        os.environ.update(stack.environment)
        try:
            typer.echo("sending under kills ...", err=True)
            report = asyncio.run(soak(stack, folders, sessions, seed, every, wait))
        finally:
            stack.stop()
    typer.echo(json.dumps(report.to_json(), indent=1))
    typer.echo("holds" if report.holds else "BROKEN")
    raise typer.Exit(0 if report.holds else 1)


def register(app: typer.Typer) -> None:
    app.command("soak")(soak_command)
