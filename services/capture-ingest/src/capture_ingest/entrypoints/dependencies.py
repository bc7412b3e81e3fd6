"""What the routes are given: the parts that `app.py` wired, and the session that a request may use."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request

from borderlight.runtime.metrics import Metrics
from capture_ingest.domain.session_life import Session
from capture_ingest.entrypoints.access import Access, Caller, bearer
from capture_ingest.entrypoints.upload_reading import UploadReader
from capture_ingest.entrypoints.upload_turns import UploadTurns
from capture_ingest.settings import CaptureIngestSettings
from capture_ingest.use_cases.claim_session import ClaimSession
from capture_ingest.use_cases.finish_capture import FinishCapture
from capture_ingest.use_cases.follow_session import FollowSession
from capture_ingest.use_cases.issue_challenge import IssueChallenge
from capture_ingest.use_cases.open_session import OpenSession
from capture_ingest.use_cases.receive_part import ReceivePart
from capture_ingest.use_cases.retake_session import RetakeSession
from capture_ingest.use_cases.store_video import StoreVideo


@dataclass(frozen=True)
class AgencyUseCases:
    open_session: OpenSession
    follow_session: FollowSession


@dataclass(frozen=True)
class TravellerUseCases:
    claim_session: ClaimSession
    issue_challenge: IssueChallenge
    finish_capture: FinishCapture
    retake_session: RetakeSession


@dataclass(frozen=True)
class Uploads:
    reader: UploadReader
    turns: UploadTurns
    store_video: StoreVideo
    receive_part: ReceivePart


P = TypeVar("P")


def _part(kind: type[P]) -> Callable[[Request], P]:
    """A dependency that gives the wired part of this kind."""

    def given(request: Request) -> P:
        return request.app.state.parts[kind]

    return given


WithSettings = Annotated[CaptureIngestSettings, Depends(_part(CaptureIngestSettings))]
WithMetrics = Annotated[Metrics, Depends(_part(Metrics))]
WithAccess = Annotated[Access, Depends(_part(Access))]
ForAgency = Annotated[AgencyUseCases, Depends(_part(AgencyUseCases))]
ForTraveller = Annotated[TravellerUseCases, Depends(_part(TravellerUseCases))]
WithUploads = Annotated[Uploads, Depends(_part(Uploads))]


def _caller(request: Request, authorization: Annotated[str | None, Header()] = None) -> Caller:
    return Caller(bearer(authorization), request.client.host if request.client else "")


WithCaller = Annotated[Caller, Depends(_caller)]


async def _acting(session_id: str, caller: WithCaller, access: WithAccess) -> Session:
    return await access.acting(session_id, caller)


async def _reading(session_id: str, caller: WithCaller, access: WithAccess) -> Session:
    return await access.reading(session_id, caller)


ActingSession = Annotated[Session, Depends(_acting)]
ReadableSession = Annotated[Session, Depends(_reading)]
