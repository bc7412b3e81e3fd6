"""The HTTP application: the agency's and the traveller's routes, the capture page, and errors as problems."""

from collections.abc import Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from borderlight.errors import Unavailable
from borderlight.runtime.http.answer_headers import AnswerHeaders
from capture_ingest.entrypoints import live_socket, session_routes, traveller_routes, upload_routes
from capture_ingest.entrypoints.api_docs import describe
from capture_ingest.entrypoints.page_routes import page_routes
from capture_ingest.entrypoints.problems import Refused, problem
from capture_ingest.entrypoints.request_limits import RequestLimits
from capture_ingest.settings import CaptureIngestSettings

_ROUTING = {
    400: "request-invalid",
    405: "method-not-allowed",
    408: "request-too-slow",
    413: "request-too-large",
}
_NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def _methods_of(app: FastAPI, request: Request) -> list[str]:
    """What the address of the request takes, by all its routes together."""
    taken: set[str] = set()
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in app.router.routes):
            taken.add(method)
    return sorted(taken)


def _add_problems(app: FastAPI) -> None:
    """Errors become problem responses."""

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> Response:
        return problem(error.kind, error.detail, error.more)

    @app.exception_handler(Unavailable)
    async def unavailable(_: Request, error: Unavailable) -> Response:
        return problem("overloaded", str(error))

    @app.exception_handler(ClientDisconnect)
    async def gone(_: Request, __: ClientDisconnect) -> Response:
        return problem("upload-too-slow", "the connection was closed")  # nobody reads it; nothing was stored

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return problem("request-invalid", f"{'.'.join(str(p) for p in first['loc'])}: {first['msg']}")

    @app.exception_handler(HTTPException)
    async def routing(request: Request, error: HTTPException) -> Response:
        answer = problem(_ROUTING.get(error.status_code, "not-found"))
        if error.status_code == 405:
            answer.headers["Allow"] = ", ".join(_methods_of(app, request))
        return answer

    _ = (refused, unavailable, gone, invalid, routing)


def build_http_api(settings: CaptureIngestSettings, parts: Sequence[object]) -> FastAPI:
    """The ASGI application of the public port. parts: what the routes ask for, each by its own type."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, telemetry=_NO_TELEMETRY)
    app.add_middleware(RequestLimits, timeout_s=settings.request_timeout_s)
    app.add_middleware(AnswerHeaders)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    app.state.parts = {type(part): part for part in (settings, *parts)}
    describe(app)
    _add_problems(app)
    for router in (
        session_routes.router,
        traveller_routes.router,
        upload_routes.router,
        live_socket.router,
        page_routes(settings),
    ):
        app.include_router(router)
    return app
