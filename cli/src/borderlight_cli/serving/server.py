"""The embedded flow behind one HTTP server, with or without TLS for the local network."""

import asyncio
import signal
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute

from borderlight.runtime.clock import SystemClock
from borderlight.runtime.http.server import DrainingServer, http_config
from borderlight_cli.embedded import EmbeddedStack, SharedModels
from borderlight_cli.serving.lan import lan_address, make_certificate
from capture_ingest.entrypoints.live_socket import live_captures
from capture_ingest.settings import CaptureIngestSettings


def _heard(*_: object) -> None:
    """The server has stopped; nothing is left to do at the signal."""


@dataclass(frozen=True)
class Address:
    """host: without `lan`; lan: HTTPS with a certificate of our own, for phones in the local network."""

    host: str = "127.0.0.1"
    port: int = 8080
    lan: bool = False


@dataclass
class EmbeddedServer:
    """A started flow that does not listen yet: add routes, then `listen`."""

    stack: EmbeddedStack
    settings: CaptureIngestSettings
    base: str
    _config: dict[str, Any]

    async def listen(self, routes: Sequence[BaseRoute] = ()) -> None:
        """Serve until interrupted; raises OSError when the port is taken."""
        self.stack.api.router.routes.extend(routes)
        config = http_config(self.stack.api, sockets=True, **self._config)
        server = DrainingServer(config, live_captures(self.stack.api).drain)
        # uvicorn stops at a signal and then raises it again, which would end the process before it has cleaned up.
        before = {number: signal.signal(number, _heard) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            await server.serve()
        except SystemExit as error:  # uvicorn's word for a port it could not have; it has logged why
            raise OSError(f"could not listen on port {self._config['port']}; choose another with --port") from error
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@asynccontextmanager
async def embedded_server(address: Address) -> AsyncGenerator[EmbeddedServer]:
    """The whole flow in this process; nothing of it survives the context."""
    models = await asyncio.to_thread(SharedModels.load)
    try:
        with tempfile.TemporaryDirectory(prefix="borderlight-tls-") as folder:
            host = lan_address() if address.lan else address.host
            config: dict[str, Any] = {"port": address.port, "host": address.host}
            if address.lan:
                certificate, key = make_certificate(Path(folder), host, SystemClock())
                config |= {"ssl_certfile": str(certificate), "ssl_keyfile": str(key)}
                config["host"] = "0.0.0.0"
            base = f"{'https' if address.lan else 'http'}://{host}:{address.port}"
            # Somebody who tries it out sees one challenge after another.
            settings = CaptureIngestSettings(allow_anonymous_agency=True, public_url=base, attempts_per_day=0)
            async with EmbeddedStack(models, api_settings=settings) as stack:
                yield EmbeddedServer(stack, settings, base, config)
    finally:
        models.close()
