"""`borderlight explain BUNDLE`: the page that shows why liveness answered as it did."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from borderlight.runtime.logs import configure_logs
from borderlight_cli.embedded import SharedModels
from borderlight_cli.verification import Verification, verify_bundle


async def _explain(bundle: Path) -> Verification:
    models = SharedModels.load()
    try:
        return await verify_bundle(bundle, models)
    finally:
        models.close()


def explain(
    bundle: Annotated[Path, typer.Argument(help="folder of a capture bundle")],
    out: Annotated[Path, typer.Option(help="where to write the page")] = Path("explanation.html"),
) -> None:
    """Write one self-contained HTML page about a bundle's liveness."""
    configure_logs("explain", "CRITICAL")
    done = asyncio.run(_explain(bundle))
    if done.explanation is None:
        typer.echo(f"borderlight: nothing to explain: {done.answer.get('message') or done.answer['reasons']}", err=True)
        raise typer.Exit(2)
    out.write_bytes(done.explanation)
    typer.echo(f"{done.answer['liveness']['outcome']}: {out.resolve()}")


def register(app: typer.Typer) -> None:
    app.command()(explain)
