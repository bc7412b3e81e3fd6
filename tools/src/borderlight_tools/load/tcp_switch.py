"""A port of this machine that leads to one server now and to another after a failover, as a virtual address does."""

import asyncio
import contextlib


class TcpSwitch:
    """Forwards connections on `port` to `target`; `lead_to` cuts every connection and changes the target."""

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self._target = target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        self._cut()
        if self._server is not None:
            self._server.close()

    def lead_to(self, target: int) -> None:
        self._target = target
        self._cut()

    def _cut(self) -> None:
        for writer in list(self._open):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        self._open |= {writer, back}
        try:
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        finally:
            self._open -= {writer, back}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while content := await reader.read(65_536):
                writer.write(content)
                await writer.drain()
        writer.close()
