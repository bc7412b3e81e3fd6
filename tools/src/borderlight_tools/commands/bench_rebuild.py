"""`borderlight bench-rebuild`: the join brought back from an hour of sessions."""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from borderlight.runtime.logs import configure_logs
from borderlight_tools.load.rebuild import measure_rebuild

_A_DAY = 1_000_000


def bench_rebuild(
    sessions: Annotated[int, typer.Option(help="sessions on the topics; an hour of a million a day", min=1)] = 41_667,
    waiting: Annotated[int, typer.Option(help="of them without a verdict", min=0)] = 500,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures here")] = None,
) -> None:
    """A Redis that has lost everything, a Kafka with an hour of sessions: seconds, CPU, memory a session."""
    configure_logs("bench-rebuild", "CRITICAL")
    with tempfile.TemporaryDirectory(prefix="borderlight-rebuild-") as temporary:
        result = asyncio.run(measure_rebuild(Path(temporary), sessions, waiting))
    text = json.dumps(result.to_json(), indent=1)
    if json_file is not None:
        json_file.write_text(text)
    typer.echo(text)
    day_mb = result.bytes_a_decided_session * _A_DAY / 1e6
    typer.echo(f"a day of {_A_DAY} decided sessions: {day_mb:.0f} MB in Redis")


def register(app: typer.Typer) -> None:
    app.command("bench-rebuild")(bench_rebuild)
