"""The operator page of `borderlight serve`: sessions live, new sessions, explanations. Only for this machine itself."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from borderlight.contracts.events import DocumentSubmitted, EntryVerdict, ObjectRef
from borderlight.errors import ObjectMissing
from borderlight_cli.embedded import EmbeddedStack
from capture_ingest.domain.session_life import Session
from capture_ingest.entrypoints.page_routes import PAGE_FOLDER, page_headers
from matcher.domain.photo_quality import advice_for

_LOCAL = {"127.0.0.1", "::1", "testclient"}
_MAX_PHOTO = 20_000_000
_SHOWN = 200


def is_this_machine(request: Request) -> bool:
    """Whether the caller sits at this machine: by the loopback, or by our own address in the local network."""
    if request.client is None:
        return False
    own = request.scope.get("server")
    return request.client.host in _LOCAL or (own is not None and request.client.host == own[0])


class OperatorPage:
    """Reads the embedded stack; nothing of it exists in a deployment."""

    def __init__(self, stack: EmbeddedStack, session_life_s: int) -> None:
        self._stack = stack
        self._life_s = session_life_s

    def routes(self) -> list[Route]:
        return [
            Route("/operator", self._page),
            Route("/operator/sessions", self._sessions),
            Route("/operator/documents/{traveller}", self._enrol, methods=["PUT"]),
            Route("/operator/explanations/{session}", self._explanation),
        ]

    @staticmethod
    def _refuse(request: Request) -> Response | None:
        """Faces and verdicts are shown to whoever sits at this machine, not to the network."""
        if is_this_machine(request):
            return None
        return PlainTextResponse("The operator page answers to this machine only.", 403)

    async def _page(self, request: Request) -> Response:
        refused = self._refuse(request)
        if refused is not None:
            return refused
        if not (PAGE_FOLDER / "operator.html").is_file():
            return PlainTextResponse("The page is not built: run ./dev page", 503)
        return FileResponse(PAGE_FOLDER / "operator.html", headers=page_headers([]))

    def _verdicts(self) -> dict[str, EntryVerdict]:
        records = self._stack.bus.log.get(EntryVerdict.topic, [])
        found = [EntryVerdict.model_validate_json(record.value) for record in records if record.value is not None]
        return {verdict.session_id: verdict for verdict in found}

    async def _sessions(self, request: Request) -> Response:
        refused = self._refuse(request)
        if refused is not None:
            return refused
        verdicts = self._verdicts()
        sessions = sorted(self._stack.sessions.all(), key=lambda session: -session.expires_at_s)[:_SHOWN]
        rows = [self._row(session, verdicts.get(session.session_id)) for session in sessions]
        return JSONResponse(rows, headers={"Cache-Control": "no-store"})

    def _row(self, session: Session, verdict: EntryVerdict | None) -> dict[str, Any]:
        expired = session.is_expired(self._stack.clock.now().timestamp())
        opened = datetime.fromtimestamp(session.expires_at_s - self._life_s, UTC)
        row: dict[str, Any] = {
            "session_id": session.session_id,
            "opened_at": opened.isoformat(),
            "traveller_ref": session.traveller_ref,
            "attempt": session.attempt,
            "state": "expired" if expired else session.state,
            "outcome": None, "freshness": None, "channel": None, "liveness": None,
             "comparison": None, "score": None, "reasons": [], "explained": False,
        }  # fmt: skip
        if verdict is not None:
            row |= {
                "outcome": verdict.outcome,
                "freshness": verdict.freshness,
                "channel": verdict.channel,
                "liveness": verdict.liveness.outcome,
                "comparison": verdict.comparison.outcome,
                "score": verdict.comparison.score,
                "reasons": [*verdict.reasons, *verdict.liveness.reasons, *verdict.comparison.reasons, *verdict.advice],
                "explained": verdict.explanation is not None,
            }
            row["reasons"] = list(dict.fromkeys(row["reasons"]))
        return row

    async def _enrol(self, request: Request) -> Response:
        refused = self._refuse(request)
        if refused is not None:
            return refused
        photo = await request.body()
        if len(photo) > _MAX_PHOTO:
            return JSONResponse({"detail": "Send at most 20 MB."}, 413)
        try:
            submitted = document_of(request.path_params["traveller"], photo, self._stack.clock.now())
        except ValueError as error:
            return JSONResponse({"detail": str(error).splitlines()[0]}, 422)
        done = await self._stack.matcher.enrol.enrol_photo(submitted, photo)
        if done.reading.embedding is None:
            return JSONResponse({"detail": advice_for(done.reading.reasons), "reasons": done.reading.reasons}, 422)
        return JSONResponse({"quality": done.reading.quality}, 201)

    async def _explanation(self, request: Request) -> Response:
        refused = self._refuse(request)
        if refused is not None:
            return refused
        verdict = self._verdicts().get(request.path_params["session"])
        if verdict is None or verdict.explanation is None:
            return PlainTextResponse("There is no explanation of this session.", 404)
        try:
            page = await self._stack.objects.get(verdict.explanation.bucket, verdict.explanation.key)
        except ObjectMissing:
            return PlainTextResponse("The explanation has been deleted.", 404)
        policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'"
        return Response(page, media_type="text/html", headers={"Content-Security-Policy": policy})


def document_of(traveller: str, photo: bytes, now: datetime) -> DocumentSubmitted:
    """A passport photograph that was handed over in person; raises ValueError."""
    digest = hashlib.sha256(photo).hexdigest()
    ref = ObjectRef(
        bucket="operator", key="body", sha256=digest, size=len(photo), media_type="application/octet-stream"
    )
    return DocumentSubmitted(
        traveller_ref=traveller, document_id="passport", kind="passport", photo=ref, submitted_at=now
    )
