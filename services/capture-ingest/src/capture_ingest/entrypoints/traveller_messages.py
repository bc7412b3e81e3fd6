"""Bodies of the traveller's routes."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from capture_ingest.domain.session_life import Session
from capture_ingest.settings import CaptureIngestSettings


class DisplayedSlot(BaseModel):
    step: int = Field(ge=0, le=63)
    at_client_ms: float


class VideoLog(BaseModel):
    started_client_ms: float = 0.0
    width: int | None = Field(default=None, ge=1, le=10_000)
    height: int | None = Field(default=None, ge=1, le=10_000)
    frame_rate: float | None = Field(default=None, ge=0, le=1000)
    locked: list[str] = Field(default_factory=list[str], max_length=8, description="camera loops that were locked")


class ChannelLog(BaseModel):
    """What the page found of the camera's track; null where the browser cannot tell. See domain/channel.py."""

    track_class: str = Field(default="", max_length=80)
    device_listed: bool | None = None
    capabilities: int | None = Field(default=None, ge=0, le=1000)
    probe_height: int | None = Field(default=None, ge=0, le=100_000)
    probe_refused: bool | None = None
    frame_interval_ms: float | None = Field(default=None, ge=0, le=60_000)
    frame_interval_spread_ms: float | None = Field(default=None, ge=0, le=60_000)
    has_capture_time: bool | None = None
    hidden_ms: float = Field(default=0.0, ge=0, le=1e9)
    automation: list[Annotated[str, Field(max_length=40)]] = Field(default_factory=list[str], max_length=16)


class ClientLog(BaseModel):
    """What the page logged; evidence, not truth. Times are of one monotonic clock of the page [ms]."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of the video as recorded")
    displayed: list[DisplayedSlot] = Field(default_factory=list[DisplayedSlot], max_length=64)
    video: VideoLog = VideoLog()
    channel: ChannelLog | None = None


class ClaimedSession(BaseModel):
    """What the capture page needs; `token` replaces the link's, which is read-only from now on."""

    session_id: str
    token: str
    agency: str
    kept_hours: float = Field(description="film and measurement are erased so many hours after the verdict")
    min_camera_fps: float
    parent_origins: list[str]
    calm: bool
    language: str | None
    return_url: str | None
    attempt: int
    max_attempts: int
    expires_at_s: float


class ChallengeRequest(BaseModel):
    calm: bool | None = Field(default=None, description="the traveller's choice of light; null keeps the session's")


class RetakeRequest(BaseModel):
    calm: bool | None = Field(default=None, description="change to or from the calm light")


class FinishedCapture(BaseModel):
    session_id: str
    state: str


class StoredVideo(BaseModel):
    sha256: str
    size: int


class UploadOffset(BaseModel):
    offset: int = Field(description="bytes that are safe")


def claimed_session(session: Session, token: str, settings: CaptureIngestSettings) -> ClaimedSession:
    """The session as its page is told."""
    page: dict[str, Any] = session.page or {}
    return ClaimedSession(
        session_id=session.session_id,
        token=token,
        agency=settings.agency_name,
        kept_hours=settings.kept_hours,
        min_camera_fps=settings.min_camera_fps,
        parent_origins=settings.parent_origins,
        calm=session.calm,
        language=page.get("language"),
        return_url=page.get("return_url"),
        attempt=session.attempt,
        max_attempts=session.max_attempts,
        expires_at_s=session.expires_at_s,
    )
