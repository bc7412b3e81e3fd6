"""Run a service: an AsgiFastStream with the bus, HTTP face and background tasks in one loop, until SIGTERM; then it
drains and leaves."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

from faststream.asgi import AsgiFastStream, AsgiResponse, get
from faststream.asgi.types import ASGIApp, Receive, Scope, Send
from faststream.specification import AsyncAPI

from borderlight import VERSION
from borderlight.runtime.bus.broker_bus import BrokerBus
from borderlight.runtime.http.health import health_endpoints
from borderlight.runtime.http.public_server import PublicPort, serving
from borderlight.runtime.http.server import Drain, DrainingServer, http_config
from borderlight.runtime.logs import LIBRARY_LOGGER, configure_logs, logger
from borderlight.runtime.metrics import Metrics

Background = Callable[[], Awaitable[None]]
Public = tuple[ASGIApp, PublicPort]


async def _for_ever(task: Background) -> None:
    while True:
        try:
            await task()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            logger().error("background task failed", error=repr(error))
            await asyncio.sleep(1.0)


class ServiceApp(AsgiFastStream):
    """AsgiFastStream whose broker starts through the bus (which waits for Kafka), beside an application of our own.

    public: an application on a port of its own, which opens once the bus has started and closes before it stops.

    0.7.8 routes by whole paths only: what is none of its own goes to `beside`.
    """

    def __init__(self, bus: BrokerBus, beside: ASGIApp | None, public: Public | None, **options: Any) -> None:
        super().__init__(bus.broker, **options)
        self._bus = bus
        self._beside = beside
        self._public = public
        self._open = contextlib.AsyncExitStack()

    async def _start_broker(self) -> None:
        await self._bus.start()
        if self._public is not None:
            await self._open.enter_async_context(serving(*self._public))
        logger().info("started")

    async def stop(self) -> None:
        """The public port, so that what was taken can still be handed over; then shutdown hooks and the bus."""
        await self._open.aclose()
        async with self._shutdown_hooks_context():
            await self._bus.stop()
        logger().info("stopped")

    async def not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._beside is None:
            await super().not_found(scope, receive, send)  # pyright: ignore[reportUnknownMemberType]
        else:
            await self._beside(scope, receive, send)


def service_app(
    service: str,
    bus: BrokerBus,
    metrics: Metrics,
    beside: ASGIApp | None = None,
    before: Background | None = None,
    background: Sequence[Background] = (),
    public: Public | None = None,
) -> ServiceApp:
    """The process's application for the operator's port: `/asyncapi.json`, health, metrics, and `beside`."""
    metrics.build_info.labels(service, VERSION).set(1)
    specification = AsyncAPI(title=f"Borderlight {service}", version=VERSION, schema_version="3.0.0")

    async def lag() -> None:
        await bus.measure_lag()
        await asyncio.sleep(5.0)

    @contextlib.asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        if before is not None:
            await before()
        tasks = [asyncio.create_task(_for_ever(task)) for task in (*background, lag)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @get(include_in_schema=False)
    async def asyncapi(_: Scope) -> AsgiResponse:
        """What this process consumes and publishes, from its own code."""
        text = app.schema.to_specification().to_json()
        return AsgiResponse(text.encode(), 200, {"content-type": "application/json"})

    routes: list[tuple[str, ASGIApp]] = [("/asyncapi.json", asyncapi)]
    routes += health_endpoints(metrics, bus.is_alive, bus.is_ready)
    app = ServiceApp(
        bus, beside, public, asgi_routes=routes, lifespan=lifespan, specification=specification,
        logger=logging.getLogger(LIBRARY_LOGGER),
    )  # fmt: skip
    return app


async def run_worker(app: ServiceApp, service: str, host: str, port: int, drain: Drain | None = None) -> None:
    """Serve on host:port and consume until told to stop.

    drain: waits for the WebSockets of a process that takes them, before every connection is closed.
    """
    configure_logs(service)
    config = http_config(
        app, drain is not None, host=host, port=port, access_log=False, timeout_keep_alive=10, log_config=None
    )
    await DrainingServer(config, drain).serve()
