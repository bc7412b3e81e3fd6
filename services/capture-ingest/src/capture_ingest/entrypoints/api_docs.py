"""The OpenAPI description as a page for people: no script, nothing from elsewhere."""

from pathlib import Path
from typing import Any

import jinja2
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from capture_ingest.entrypoints.problems import PROBLEMS

_HERE = Path(__file__).parent
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_TITLE = "Borderlight capture API"
_ABOUT = """An agency opens a session and hands its link to a traveller. The capture page (or a client of the agency's
own) claims it, asks for the challenge at the moment of capture, sends the video and finishes. The verdict goes to the
agency's systems by Kafka; the state here serves the page. Every error is an RFC 9457 problem with a stable `type`."""


def describe(app: FastAPI) -> None:
    """Title and problems of the OpenAPI document."""
    app.title, app.version, app.description = _TITLE, "1", _ABOUT
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = plain()
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            kinds = sorted(f"urn:borderlight:problem:{kind}" for kind in PROBLEMS)
            schemas["Problem"] = {
                "type": "object",
                "required": ["type", "title", "status"],
                "properties": {
                    "type": {"type": "string", "enum": kinds},
                    "title": {"type": "string", "description": "what to do"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "offset": {"type": "integer", "description": "of offset-conflict"},
                    "retry_after_s": {"type": "integer", "description": "of rate-limited"},
                },
            }
            content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
            for path in schema["paths"].values():
                for operation in path.values():
                    operation["responses"].pop("422", None)
                    operation["responses"]["default"] = {"description": "A problem", "content": content}
                    operation["security"] = [{"bearer": []}]
                    operation["parameters"] = [
                        p for p in operation.get("parameters", []) if p["name"] != "authorization"
                    ]
            schema["components"]["securitySchemes"] = {
                "bearer": {"type": "http", "scheme": "bearer", "description": "agency key, or a session's token"}
            }
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    return root["components"]["schemas"].get(name, schema) if name else schema


def _type_of(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " | ".join(_type_of(part) for part in schema["anyOf"])
    if schema.get("type") == "array":
        return f"{_type_of(schema.get('items', {}))}[]"
    return str(schema.get("type", "any"))


def docs_routes(app: FastAPI) -> list[Route]:
    """GET /docs, its style, and /openapi.json: for the operator's port, not for the public one."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}

    def resolve(part: dict[str, Any]) -> dict[str, Any]:
        return _resolve(part, app.openapi())

    def docs(_: Request) -> Response:
        text = environment.get_template("api_docs.html.j2").render(
            api=app.openapi(), problems=PROBLEMS, type_of=_type_of, resolve=resolve
        )
        return HTMLResponse(text, headers=headers)

    def style(_: Request) -> Response:
        return Response((_HERE / "api_docs.css").read_text(), headers=headers, media_type="text/css")

    def description(_: Request) -> Response:
        return JSONResponse(app.openapi())

    return [Route("/docs", docs), Route("/docs.css", style), Route("/openapi.json", description)]
