"""`borderlight serve`: the whole system in one process with its HTTP API."""

import asyncio
from typing import Annotated

import typer
import uvicorn

from borderlight.errors import BorderlightError
from borderlight.plumbing.logs import configure_logs
from borderlight_cli.embedded import EmbeddedStack, SharedModels


async def _serve(host: str, port: int) -> None:
    models = SharedModels.load()
    try:
        async with EmbeddedStack(models) as stack:
            typer.echo(f"Borderlight, embedded: http://{host}:{port}/docs (nothing survives this process)")
            await uvicorn.Server(uvicorn.Config(stack.api, host=host, port=port, log_level="warning")).serve()
    finally:
        models.close()


def serve(
    host: Annotated[str, typer.Option(help="address")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port")] = 8080,
) -> None:
    """Serve the HTTP API on the embedded default."""
    configure_logs("serve")
    try:
        asyncio.run(_serve(host, port))
    except BorderlightError as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error


def register(app: typer.Typer) -> None:
    app.command()(serve)
