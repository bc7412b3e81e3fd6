"""The traveller's side: claim the link, get the one challenge, finish the capture, take it again."""

from typing import Any

from fastapi import APIRouter

from capture_ingest.domain.attempts import AttemptRefused
from capture_ingest.domain.session_life import State
from capture_ingest.entrypoints.dependencies import (
    ActingSession,
    ForTraveller,
    WithCaller,
    WithMetrics,
    WithSettings,
    WithUploads,
)
from capture_ingest.entrypoints.problems import Refused
from capture_ingest.entrypoints.traveller_messages import (
    ChallengeRequest,
    ClaimedSession,
    ClientLog,
    FinishedCapture,
    RetakeRequest,
    claimed_session,
)
from capture_ingest.use_cases.claim_session import AlreadyClaimed
from capture_ingest.use_cases.finish_capture import NotFinishable
from capture_ingest.use_cases.issue_challenge import ChallengeSpent
from capture_ingest.use_cases.retake_session import RetakeRefusal

router = APIRouter(prefix="/v1/sessions/{session_id}", tags=["traveller"])


@router.post("/claim")
async def claim(session: ActingSession, traveller: ForTraveller, settings: WithSettings) -> ClaimedSession:
    """Take the session over from its link, once."""
    claimed = await traveller.claim_session(session)
    if isinstance(claimed, AlreadyClaimed):
        raise Refused("token-used")
    return claimed_session(claimed.session, claimed.token, settings)


@router.get("/page")
async def about(session: ActingSession, caller: WithCaller, settings: WithSettings) -> ClaimedSession:
    """What the page was told when it claimed the session: for a page that was loaded again."""
    return claimed_session(session, caller.token, settings)


@router.post("/challenge")
async def challenge(
    session: ActingSession, traveller: ForTraveller, body: ChallengeRequest | None = None
) -> dict[str, Any]:
    """The colours to show and when, once per session: ask at the moment of capture."""
    issued = await traveller.issue_challenge(session, body.calm if body is not None else None)
    if isinstance(issued, AttemptRefused):
        if issued.wait_s is None:
            raise Refused("attempts-exhausted")
        raise Refused("rate-limited", "attempts need a pause", retry_after_s=round(issued.wait_s) + 1)
    if isinstance(issued, ChallengeSpent):
        raise Refused("challenge-already-issued")
    return issued.schedule.to_json()


@router.post("/finish", status_code=202)
async def finish(
    body: ClientLog, session: ActingSession, traveller: ForTraveller, uploads: WithUploads, metrics: WithMetrics
) -> FinishedCapture:
    """Hand the capture over; 202 says that video and event are safe. Idempotent."""
    if session.video is None:
        raise Refused("video-missing")
    if session.video["sha256"] != body.sha256:
        raise uploads.reader.refusal("digest-mismatch")
    accepted = await traveller.finish_capture(session, body.model_dump(exclude={"sha256"}, exclude_none=True))
    if isinstance(accepted, NotFinishable):
        raise Refused("capture-already-finished")
    if not accepted.again:
        metrics.sessions_accepted_total.inc()
    return FinishedCapture(session_id=session.session_id, state=State.CAPTURED)


@router.post("/retake", status_code=201)
async def retake(
    body: RetakeRequest, session: ActingSession, traveller: ForTraveller, settings: WithSettings
) -> ClaimedSession:
    """A further capture after an interruption or the advice to take it again; a bounded number of times."""
    opened = await traveller.retake_session(session, body.calm)
    if isinstance(opened, RetakeRefusal):
        raise Refused(opened.value)
    return claimed_session(opened.session, opened.token, settings)
