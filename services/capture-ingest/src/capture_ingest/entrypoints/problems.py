"""RFC 9457 problems: a stable type, and what to do."""

from starlette.responses import JSONResponse, Response

_TITLES: dict[str, tuple[int, str]] = {
    "session-unknown": (404, "There is no such session; ask for a new link."),
    "session-expired": (410, "The session has expired; ask for a new link."),
    "token-refused": (401, "The token does not belong to this session."),
    "not-authorized": (401, "Send the agency's API key as a bearer token."),
    "challenge-already-issued": (409, "A session gets one challenge; open a new session."),
    "challenge-missing": (409, "Fetch the challenge before sending the video."),
    "capture-already-finished": (409, "This session's capture is already in; open a new session."),
    "video-missing": (409, "Send the video before finishing."),
    "capture-too-large": (413, "The video is too large; record a few seconds at 480x640."),
    "capture-type-unsupported": (415, "Send MP4 (H.264) or WebM (VP8, VP9) with its media type."),
    "digest-mismatch": (422, "The video arrived damaged; send it again."),
    "request-invalid": (422, "The request does not have the documented form."),
    "upload-too-slow": (408, "The upload took too long; send it again."),
    "overloaded": (503, "The service is busy; try again in a few seconds."),
}


def problem(kind: str, detail: str | None = None) -> Response:
    """The response for a problem of `kind`."""
    status, title = _TITLES[kind]
    body = {"type": f"urn:borderlight:problem:{kind}", "title": title, "status": status}
    if detail:
        body["detail"] = detail
    headers = {"Retry-After": "5"} if status == 503 else None
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")
