"""The stewards' HTTP API: hand in, look at, erase. Authenticated by a key; absent when no key is set."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pydantic import SecretStr, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from borderlight.contracts.events import DocumentSubmitted, ObjectRef
from borderlight.errors import ObjectCorrupt, Unavailable
from borderlight.runtime.clock import Clock
from matcher.adapters.chip_codec import chip_to_json
from matcher.domain.chip_file import split
from matcher.domain.dossier import ALL_DOCUMENTS
from matcher.domain.photo_quality import advice_for
from matcher.ports import ReferenceStore
from matcher.use_cases.enrol_document import EnrolDocument
from matcher.use_cases.erase_documents import EraseDocuments

MAX_BYTES = 20_000_000
_PROBLEMS = {
    "not-authorized": (401, "Send the stewards' key as a bearer token."),
    "document-unknown": (404, "There is no such document."),
    "document-damaged": (500, "The stored document cannot be opened; hand it in again."),
    "document-superseded": (409, "It was erased, or a later hand-in stands."),
    "photo-too-large": (413, "Send at most 20 MB."),
    "request-invalid": (422, "The request does not have the documented form."),
    "photo-refused": (422, "The photograph cannot serve as a reference."),
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

    def routes(self) -> list[Route]:
        path = "/v1/travellers/{traveller}/documents/{document}"
        return [
            Route(path, self._guarded(self._put), methods=["PUT"]),
            Route(path, self._guarded(self._get), methods=["GET"]),
            Route(path, self._guarded(self._delete), methods=["DELETE"]),
            Route("/v1/travellers/{traveller}", self._guarded(self._delete), methods=["DELETE"]),
        ]

    def _guarded(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            wanted = self.key.get_secret_value().encode()
            if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), wanted):
                return _problem("not-authorized")
            try:
                return await handler(request)
            except Unavailable as error:
                return _problem("overloaded", str(error))
            except ObjectCorrupt:
                return _problem("document-damaged")

        return guarded

    async def _put(self, request: Request) -> Response:
        photo = await _body(request)
        if photo is None:
            return _problem("photo-too-large")
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
        return JSONResponse({"receipt": await self.erase(request.path_params["traveller"], document)})


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
