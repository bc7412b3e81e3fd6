"""The capture page: files of our own origin, under a policy that lets nothing else in."""

import mimetypes
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response

from capture_ingest.entrypoints.problems import Refused
from capture_ingest.settings import CaptureIngestSettings

PAGE_FOLDER = Path(__file__).parents[1] / "page"
EMBED_SCRIPT = "borderlight-capture.js"
_GUIDANCE_MODEL = "guidance/face_detection.onnx"
_PERMISSIONS = (
    "camera=(self), accelerometer=(), autoplay=(), clipboard-read=(), display-capture=(), geolocation=(), "
    "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), "
    "screen-wake-lock=(self), usb=()"
)

mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("application/wasm", ".wasm")


def page_headers(parent_origins: list[str]) -> dict[str, str]:
    """What a browser may do for the page. parent_origins: who may embed it."""
    ancestors = " ".join(parent_origins) or "'none'"
    policy = (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
        "media-src blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {ancestors}; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Permissions-Policy": _PERMISSIONS,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }


def _compressed(path: Path, request: Request, headers: dict[str, str]) -> Response:
    """The file, in the form that the build has compressed when the client takes it."""
    smaller = path.with_name(f"{path.name}.gz")
    codings = [part.split(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")]
    if "gzip" not in codings or not smaller.is_file():
        return FileResponse(path, headers=headers)
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return FileResponse(smaller, headers={**headers, "Content-Encoding": "gzip"}, media_type=kind)


def page_routes(settings: CaptureIngestSettings, folder: Path = PAGE_FOLDER) -> APIRouter:
    """Routes below /capture/; without a built page they say how to build it."""
    router = APIRouter(include_in_schema=False)
    headers = page_headers(settings.parent_origins)

    @router.get("/capture")
    async def slash() -> Response:
        return RedirectResponse("capture/", 308)

    @router.api_route("/capture/{name:path}", methods=["GET", "HEAD"])
    async def file(name: str, request: Request) -> Response:
        if not (folder / "index.html").is_file():
            return PlainTextResponse("The capture page is not built: run ./dev page", 503)
        if name == _GUIDANCE_MODEL:
            model = settings.models_dir / "face_detection.onnx"
            return FileResponse(model, headers={**headers, "Cache-Control": "public, max-age=86400"})
        path = (folder / (name or "index.html")).resolve()
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            raise Refused("not-found")
        extra = {"Cross-Origin-Resource-Policy": "cross-origin"} if name == EMBED_SCRIPT else {}
        return _compressed(path, request, {**headers, **extra, "Vary": "Accept-Encoding"})

    _ = (slash, file)
    return router
