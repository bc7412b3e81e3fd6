"""Run a service: bus and HTTP face in one loop, until SIGTERM; then drain and leave."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import uvicorn

from borderlight import VERSION
from borderlight.runtime.bus.kafka import KafkaBus
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
) -> None:
    """Serve `app` on host:port and consume until told to stop."""
    configure_logs(service)
    metrics.build_info.labels(service, VERSION).set(1)
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, timeout_keep_alive=10)
    server = uvicorn.Server(config)
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
