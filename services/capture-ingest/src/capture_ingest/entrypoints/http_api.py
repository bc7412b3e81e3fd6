"""The HTTP application: the agency's and the traveller's routes, the capture page, and errors as problems."""

from collections.abc import Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from borderlight.errors import Unavailable
from capture_ingest.entrypoints import session_routes, traveller_routes, upload_routes
from capture_ingest.entrypoints.api_docs import describe, docs_routes
from capture_ingest.entrypoints.page_routes import page_routes
from capture_ingest.entrypoints.problems import Refused, problem
from capture_ingest.settings import CaptureIngestSettings


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
    async def routing(_: Request, error: HTTPException) -> Response:
        return problem("method-not-allowed" if error.status_code == 405 else "not-found")

    _ = (refused, unavailable, gone, invalid, routing)


def build_http_api(settings: CaptureIngestSettings, parts: Sequence[object]) -> FastAPI:
    """The ASGI application. parts: what the routes ask for, each by its own type."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.state.parts = {type(part): part for part in (settings, *parts)}
    describe(app)
    _add_problems(app)
    for router in (
        session_routes.router,
        traveller_routes.router,
        upload_routes.router,
        docs_routes(app),
        page_routes(settings),
    ):
        app.include_router(router)
    return app
