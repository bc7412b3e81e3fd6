"""Liveness, readiness and metrics over HTTP. Liveness never asks a dependency: restarting us would not mend Kafka."""

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from borderlight.runtime.metrics import Metrics


def health_routes(metrics: Metrics, is_alive: Callable[[], bool], is_ready: Callable[[], bool]) -> list[Route]:
    """`/healthz`, `/readyz`, `/metrics`."""

    async def healthz(_: Request) -> Response:
        alive = is_alive()
        return JSONResponse({"alive": alive}, 200 if alive else 503)

    async def readyz(_: Request) -> Response:
        ready = is_ready()
        return JSONResponse({"ready": ready}, 200 if ready else 503)

    async def exposition(_: Request) -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", exposition)]


def health_app(metrics: Metrics, is_alive: Callable[[], bool], is_ready: Callable[[], bool]) -> Starlette:
    """The whole HTTP face of a worker."""
    return Starlette(routes=health_routes(metrics, is_alive, is_ready))
