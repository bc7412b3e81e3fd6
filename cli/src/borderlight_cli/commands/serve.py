"""`borderlight serve`: the whole system in one process, with the capture page."""

import asyncio
from pathlib import Path
from typing import Annotated

import segno
import typer

from borderlight.errors import BorderlightError
from borderlight.runtime.logs import configure_logs
from borderlight_cli.embedded import EmbeddedStack
from borderlight_cli.serving.operator import OperatorPage, document_of
from borderlight_cli.serving.server import Address, embedded_server
from capture_ingest.use_cases.open_session import OpenSession, SessionSpec

_GUEST = "guest"


async def _ready_link(stack: EmbeddedStack, base: str, photo: Path | None, life_s: int) -> str:
    """A session for whoever tries it now; with `photo` as the passport picture on file."""
    if photo is not None:
        content = photo.read_bytes()
        done = await stack.matcher.enrol.enrol_photo(document_of(_GUEST, content, stack.clock.now()), content)
        if done.reading.embedding is None:
            raise BorderlightError(f"{photo} cannot serve as a photograph: {', '.join(done.reading.reasons)}")
    opened = await OpenSession(stack.sessions, stack.clock, life_s)(SessionSpec(_GUEST))
    return f"{base}/capture/#{opened.session.session_id}.{opened.token}"


async def _serve(address: Address, photo: Path | None) -> None:
    async with embedded_server(address) as server:
        life_s = server.settings.session_life_s
        link = await _ready_link(server.stack, server.base, photo, life_s)
        _tell(server.base, link, address.lan)
        await server.listen(OperatorPage(server.stack, life_s).routes())


def _tell(base: str, link: str, lan: bool) -> None:
    typer.echo("Borderlight, embedded: nothing survives this process.")
    typer.echo(f"  capture page  {link}")
    typer.echo(f"  sessions      {base}/operator   (from this machine only)")
    typer.echo(f"  API           {base}/docs")
    if lan:
        typer.echo("Scan with a phone in the same network; accept the certificate's warning once:")
        segno.make(link, error="l").terminal(compact=True)


def serve(
    host: Annotated[str, typer.Option(help="address; without --lan")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port")] = 8080,
    lan: Annotated[bool, typer.Option("--lan", help="https for phones in the local network, with a QR code")] = False,
    photo: Annotated[Path | None, typer.Option(help="passport photograph of the guest whose link is printed")] = None,
) -> None:
    """Serve page, API and operator page on the embedded default."""
    configure_logs("serve")
    try:
        asyncio.run(_serve(Address(host, port, lan), photo))
    except (BorderlightError, OSError) as error:
        typer.echo(f"borderlight: {error}", err=True)
        raise typer.Exit(1) from error


def register(app: typer.Typer) -> None:
    app.command()(serve)
