"""Liveness, readiness and metrics over HTTP. Liveness never asks a dependency: restarting us would not mend Kafka."""

from collections.abc import Awaitable, Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, request_response
from starlette.types import ASGIApp

from borderlight.runtime.metrics import Metrics

Endpoint = Callable[[Request], Awaitable[Response]]


def _endpoints(metrics: Metrics, is_alive: Callable[[], bool], is_ready: Callable[[], bool]) -> dict[str, Endpoint]:
    async def healthz(_: Request) -> Response:
        alive = is_alive()
        return JSONResponse({"alive": alive}, 200 if alive else 503)

    async def readyz(_: Request) -> Response:
        ready = is_ready()
        return JSONResponse({"ready": ready}, 200 if ready else 503)

    async def exposition(_: Request) -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return {"/healthz": healthz, "/readyz": readyz, "/metrics": exposition}


def health_endpoints(
    metrics: Metrics, is_alive: Callable[[], bool], is_ready: Callable[[], bool]
) -> list[tuple[str, ASGIApp]]:
    """`/healthz`, `/readyz`, `/metrics` as (path, ASGI application)."""
    return [(path, request_response(call)) for path, call in _endpoints(metrics, is_alive, is_ready).items()]


def health_routes(metrics: Metrics, is_alive: Callable[[], bool], is_ready: Callable[[], bool]) -> list[Route]:
    """The same as Starlette routes, for an application that is more than a worker."""
    return [Route(path, call) for path, call in _endpoints(metrics, is_alive, is_ready).items()]
