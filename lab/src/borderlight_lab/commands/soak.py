"""`borderlight soak`: sessions while services and servers fail one after another."""

import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from borderlight.contracts.events import ObjectRef
from borderlight.runtime.bus.kafka import KafkaBus, KafkaSettings
from borderlight.runtime.clock import SystemClock
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.session_store import open_sealed_s3
from borderlight_lab.simulator.clips import make_clips
from borderlight_tools.load.driver import Clip, store_clips
from borderlight_tools.load.soak import Soak, SoakPlan, SoakReport
from borderlight_tools.load.soak_stack import SoakStack

_SWEPT_WITHIN_S = 60.0
"""How long after its deadline a session may be undecided while everything fails: the join looks back that much more."""
_REF = ObjectRef(bucket="captures", key="none", sha256="0" * 64, size=1, media_type="video/mp4")


async def _run(folder: Path, clips: int, window_s: float, plan: SoakPlan) -> SoakReport:
    """clips: how many captures to simulate; 0 puts stand-ins in the place of the stages that look at them."""
    folders = make_clips(folder / "clips", clips, plan.seed) if clips else []
    stack = SoakStack(folder / "stack", with_vision=bool(clips), window_s=window_s)
    await stack.start()
    os.environ.update(stack.stack.environment)
    bus = KafkaBus(KafkaSettings(), "soak", SystemClock(), Metrics())
    await bus.start()
    try:
        stored = [Clip("nobody", _REF, _REF)]
        if clips:
            stored = await store_clips(folders, bus, await open_sealed_s3(SystemClock()))
        return await Soak(stack, stored, bus, plan).run()
    finally:
        await bus.stop()
        await stack.stop()


def soak_command(
    sessions: Annotated[int, typer.Option(help="sessions to send", min=10)] = 3_000,
    clips: Annotated[int, typer.Option(help="distinct simulated captures; 0: stand-ins for the vision", min=0)] = 12,
    rate: Annotated[float, typer.Option(help="sessions a second; two cores see about four", min=0.1)] = 3.0,
    every: Annotated[float, typer.Option(help="mean seconds between kills of services, 0: none", min=0)] = 8.0,
    within: Annotated[float, typer.Option(help="seconds that a session has for its verdict", min=1)] = 120.0,
    outage: Annotated[float, typer.Option(help="seconds that Redis, Kafka, the object store are away", min=0)] = 30.0,
    wait: Annotated[float, typer.Option(help="seconds to wait for the last verdicts")] = 240.0,
    seed: Annotated[int, typer.Option(help="fixes the order of kills")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the report here")] = None,
) -> None:
    """Start a stack of its own, let everything fail, and check that each session has one verdict, and in time."""
    plan = SoakPlan(sessions, rate, seed, within, outage, every, wait)
    window = within + _SWEPT_WITHIN_S
    with tempfile.TemporaryDirectory(prefix="borderlight-soak-") as temporary:
        report = asyncio.run(_run(Path(temporary), clips, window, plan))
    told: dict[str, Any] = {**report.to_json(), "stages": "real" if clips else "stand-ins"}
    text = json.dumps(told, indent=1)
    if json_file is not None:
        json_file.write_text(text)
    typer.echo(text)
    typer.echo("holds" if report.holds else "BROKEN")
    raise typer.Exit(0 if report.holds else 1)


def register(app: typer.Typer) -> None:
    app.command("soak")(soak_command)
