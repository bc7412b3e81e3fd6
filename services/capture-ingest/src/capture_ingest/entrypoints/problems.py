"""RFC 9457 problems: a stable type, and what to do."""

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

PROBLEMS: dict[str, tuple[int, str]] = {
    "session-unknown": (404, "There is no such session; ask for a new link."),
    "session-expired": (410, "The session has expired; ask for a new link."),
    "token-used": (409, "This link has been opened before; go on where it was opened, or ask for a new link."),
    "token-refused": (401, "The token does not belong to this session."),
    "not-authorized": (401, "Send the agency's API key as a bearer token."),
    "scope-missing": (403, "The agency's key may not do this."),
    "challenge-already-issued": (409, "A session gets one challenge; ask for a retake."),
    "challenge-missing": (409, "Fetch the challenge before sending the video."),
    "capture-already-finished": (409, "This session's capture is already in."),
    "retake-not-possible": (409, "This session cannot be taken again."),
    "attempts-exhausted": (409, "No further capture is possible; the agency offers another way."),
    "video-missing": (409, "Send the video before finishing."),
    "offset-conflict": (409, "The upload stands elsewhere; go on from `offset`."),
    "capture-too-large": (413, "The video is too large; record a few seconds at 480x640."),
    "capture-type-unsupported": (415, "Send MP4, WebM or Matroska (H.264, VP8, VP9) with its media type."),
    "digest-mismatch": (422, "The video arrived damaged; send it again."),
    "policy-unknown": (422, "The agency's policies do not include this one; leave it out for the default."),
    "request-invalid": (422, "The request does not have the documented form."),
    "request-too-large": (413, "Send a small JSON document."),
    "request-too-slow": (408, "The request took too long; send it again."),
    "upload-too-slow": (408, "The upload took too long; go on with the next part."),
    "rate-limited": (429, "Too many requests; try again later."),
    "not-found": (404, "There is nothing at this address."),
    "method-not-allowed": (405, "This address does not take this method."),
    "overloaded": (503, "The service is busy; try again in a few seconds."),
}
RETRY_S = 5


class Refused(Exception):
    """Raised by a route; becomes a problem response."""

    def __init__(self, kind: str, detail: str | None = None, **more: object) -> None:
        super().__init__(kind)
        self.kind = kind
        self.detail = detail
        self.more = more


def problem(kind: str, detail: str | None = None, more: Mapping[str, object] | None = None) -> Response:
    """The response for a problem of `kind`."""
    status, title = PROBLEMS[kind]
    body = {"type": f"urn:borderlight:problem:{kind}", "title": title, "status": status, **(more or {})}
    if detail:
        body["detail"] = detail
    headers = {"Cache-Control": "no-store"}
    if status in (429, 503):
        headers["Retry-After"] = str((more or {}).get("retry_after_s", RETRY_S))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")
