"""The stewards' HTTP API: hand in, look at, erase. Authenticated by a key; absent when no key is set."""

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from pydantic import SecretStr, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from borderlight.contracts.events import WHOLE_TRAVELLER, DocumentSubmitted, ObjectRef
from borderlight.errors import ObjectCorrupt, Unavailable
from borderlight.runtime.clock import Clock
from borderlight.runtime.http.answer_headers import AnswerHeaders
from borderlight.runtime.logs import logger
from matcher.adapters.chip_codec import chip_to_json
from matcher.domain.chip_file import split
from matcher.domain.dossier import ALL_DOCUMENTS
from matcher.domain.photo_quality import advice_for
from matcher.ports import ReferenceStore
from matcher.use_cases.enrol_document import EnrolDocument
from matcher.use_cases.erase_documents import EraseDocuments

MAX_BYTES = 20_000_000
AT_ONCE = 4  # photographs in memory
BODY_TIMEOUT_S = 60.0
_PROBLEMS = {
    "not-authorized": (401, "Send the stewards' key as a bearer token."),
    "document-unknown": (404, "There is no such document."),
    "document-damaged": (500, "The stored document cannot be opened; hand it in again."),
    "document-superseded": (409, "It was erased, or a later hand-in stands."),
    "photo-too-slow": (408, "The photograph took too long; send it again."),
    "photo-too-large": (413, "Send at most 20 MB."),
    "request-invalid": (422, "The request does not have the documented form."),
    "photo-refused": (422, "The photograph cannot serve as a reference."),
    "not-found": (404, "There is nothing at this address."),
    "method-not-allowed": (405, "This address does not take this method."),
    "overloaded": (503, "The store is away; try again in a few seconds."),
}


def _problem(kind: str, detail: str | None = None, **more: object) -> Response:
    status, title = _PROBLEMS[kind]
    body: dict[str, object] = {"type": f"urn:borderlight:problem:{kind}", "title": title, "status": status, **more}
    if detail:
        body["detail"] = detail
    headers = {"Retry-After": "5"} if status == 503 else None
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


async def _body(request: Request) -> bytes | None:
    """The body, or None as soon as it is too large."""
    chunks: list[bytes] = []
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
        if total > MAX_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _route(path: str, endpoint: Callable[[Request], Awaitable[Response]], methods: Collection[str]) -> Route:
    """A route that takes these methods only; Starlette would add HEAD."""
    route = Route(path, endpoint, methods=[*methods])
    route.methods = set(methods)
    return route


async def _routing(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = _problem("method-not-allowed" if error.status_code == 405 else "not-found")
    answer.headers.update(error.headers or {})
    return answer


def steward_app(api: "StewardApi") -> Starlette:
    """The application of the stewards' own port."""
    return Starlette(
        routes=api.routes(), middleware=[Middleware(AnswerHeaders)], exception_handlers={HTTPException: _routing}
    )


@dataclass(frozen=True)
class StewardApi:
    """PUT, GET, DELETE /v1/travellers/{traveller}/documents/{document}; DELETE /v1/travellers/{traveller}.

    The body of PUT is the photograph, or a chip's EF.SOD and its EF.DG2 one after the other.
    """

    enrol: EnrolDocument
    erase: EraseDocuments
    references: ReferenceStore
    clock: Clock
    key: SecretStr
    hands: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def routes(self) -> list[Route]:
        by_method = {"PUT": self._put, "GET": self._get, "DELETE": self._delete}

        async def document(request: Request) -> Response:
            return await by_method[request.method](request)

        path = "/v1/travellers/{traveller}/documents/{document}"
        return [
            _route(path, self._guarded(document), by_method),
            _route("/v1/travellers/{traveller}", self._guarded(self._delete), {"DELETE"}),
        ]

    def _guarded(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            wanted = self.key.get_secret_value().encode()
            if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), wanted):
                logger().warning("a wrong stewards' key was refused", address=request.client and request.client.host)
                return _problem("not-authorized")
            try:
                return await handler(request)
            except Unavailable as error:
                return _problem("overloaded", str(error))
            except ObjectCorrupt:
                return _problem("document-damaged")

        return guarded

    async def _put(self, request: Request) -> Response:
        async with self.hands:
            try:
                async with asyncio.timeout(BODY_TIMEOUT_S):
                    photo = await _body(request)
            except TimeoutError:
                return _problem("photo-too-slow")
            return _problem("photo-too-large") if photo is None else await self._hand_in(request, photo)

    async def _hand_in(self, request: Request, photo: bytes) -> Response:
        query = request.query_params
        try:
            security_object, photo = split(photo)
            expires, issued = query.get("expires_at"), query.get("issued_on")
            submitted = DocumentSubmitted(
                traveller_ref=request.path_params["traveller"],
                document_id=request.path_params["document"],
                kind=query.get("kind", "passport"),  # type: ignore[arg-type] - validated by the contract
                photo=ObjectRef(
                    bucket="http",
                    key="body",
                    sha256=hashlib.sha256(photo).hexdigest(),
                    size=len(photo),
                    media_type=request.headers.get("content-type", "application/octet-stream")[:100],
                ),
                submitted_at=self.clock.now(),
                expires_at=None if expires is None else _moment(expires),
                issuing_state=query.get("issuing_state"),
                issued_on=None if issued is None else date.fromisoformat(issued),
                replaces=query.get("replaces"),
            )
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            return _problem("request-invalid", f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        except ValueError as error:
            return _problem("request-invalid", str(error))
        done = await self.enrol.enrol_photo(submitted, photo, security_object)
        reading = done.reading
        if done.was_standing:
            return _problem("document-superseded")
        if reading.embedding is None:
            advice = advice_for(reading.reasons)
            return _problem("photo-refused", advice, reasons=list(reading.reasons), quality=reading.quality)
        body = {"flags": list(reading.flags), "quality": reading.quality, "chip": chip_to_json(done.chip)}
        return JSONResponse(body, 201)

    async def _get(self, request: Request) -> Response:
        stored = await self.references.find(request.path_params["traveller"], request.path_params["document"])
        if stored is None:
            return _problem("document-unknown")
        record, made = stored.record, stored.embedding
        body = {
            "document_id": record.document_id,
            "kind": record.kind,
            "issuing_state": record.issuing_state,
            "issued_on": record.issued_on,
            "submitted_at": record.submitted_at.isoformat(),
            "expires_at": None if record.expires_at is None else record.expires_at.isoformat(),
            "usable": made is not None and made.embedding is not None,
            "reasons": [] if made is None else list(made.reasons),
            "flags": [] if made is None else list(made.flags),
            "quality": {} if made is None else made.quality,
            "chip": chip_to_json(record.chip),
        }
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    async def _delete(self, request: Request) -> Response:
        document = request.path_params.get("document", ALL_DOCUMENTS)
        if document == WHOLE_TRAVELLER:
            return _problem("request-invalid", f"{WHOLE_TRAVELLER!r} is no document's id; delete the traveller instead")
        return JSONResponse({"receipt": await self.erase(request.path_params["traveller"], document)})


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
