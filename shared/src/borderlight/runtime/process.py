"""Run a service: bus and HTTP face in one loop, until SIGTERM; then drain and leave."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from borderlight import VERSION
from borderlight.runtime.bus.kafka import KafkaBus
from borderlight.runtime.http.server import Drain, DrainingServer, http_config
from borderlight.runtime.logs import configure_logs, logger
from borderlight.runtime.metrics import Metrics

Background = Callable[[], Awaitable[None]]


async def _for_ever(task: Background) -> None:
    while True:
        try:
            await task()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            logger().error("background task failed", error=repr(error))
            await asyncio.sleep(1.0)


async def run_worker(
    service: str,
    bus: KafkaBus,
    app: Any,
    metrics: Metrics,
    host: str,
    port: int,
    background: Sequence[Background] = (),
    before: Background | None = None,
    drain: Drain | None = None,
) -> None:
    """Serve `app` on host:port and consume until told to stop.

    drain: waits for the WebSockets of a process that takes them, before uvicorn closes every connection.
    """
    configure_logs(service)
    metrics.build_info.labels(service, VERSION).set(1)
    config = http_config(app, drain is not None, host=host, port=port, access_log=False, timeout_keep_alive=10)
    server = DrainingServer(config, drain)
    serving = asyncio.create_task(server.serve())
    if before is not None:
        await before()
    await bus.start()
    logger().info("started", address=host, port=port)

    async def lag() -> None:
        await bus.measure_lag()
        await asyncio.sleep(5.0)

    tasks = [asyncio.create_task(_for_ever(task)) for task in (*background, lag)]
    await serving  # uvicorn takes SIGTERM and SIGINT and returns when its connections are done
    for task in tasks:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)
    await bus.stop()
    logger().info("stopped")
