"""Every event of Borderlight, version 1. The one source of schemas, AsyncAPI and examples.

Within `.v1` fields are only added, always with a default; readers ignore fields they do not know. Events carry
references, never pixels or embeddings.
"""

import hashlib
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator

SessionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
TravellerRef = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,128}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ReasonCode = Annotated[str, StringConstraints(pattern=r"^[a-z]+\.[a-z_]+$", max_length=64)]


class Contract(BaseModel):
    """Base of all contracts: unknown fields are ignored, instances are immutable."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ObjectRef(Contract):
    """Where an object lies and what it must hash to."""

    bucket: str = Field(min_length=1, max_length=63)
    key: str = Field(min_length=1, max_length=512)
    sha256: Sha256
    size: int = Field(ge=0)
    media_type: str = Field(min_length=3, max_length=100)


class LivenessOutcome(StrEnum):
    BONA_FIDE = "bona_fide"
    ATTACK = "attack"
    INCONCLUSIVE = "inconclusive"


class ComparisonOutcome(StrEnum):
    MATCH = "match"
    NON_MATCH = "non_match"
    INCONCLUSIVE = "inconclusive"


class EntryOutcome(StrEnum):
    ADMIT = "admit"
    REFER = "refer"
    RETAKE = "retake"


class Freshness(StrEnum):
    """What shows that the capture was filmed when it was asked for; best first."""

    LIVE = "live"
    DEADLINE_ONLY = "deadline_only"
    LATE = "late"


class Channel(StrEnum):
    """Where the pictures came from, as far as that can be told; best first."""

    DEVICE = "device"
    UNKNOWN = "unknown"
    MADE = "made"


class DocumentAuthenticity(StrEnum):
    """What the check of the issuer's signature over the photograph found."""

    AUTHENTIC = "authentic"
    NOT_CHECKED = "not_checked"
    NOT_SIGNED = "not_signed"
    ISSUER_UNKNOWN = "issuer_unknown"
    EXPIRED_SIGNER = "expired_signer"
    REVOKED = "revoked"
    HASH_DIFFERS = "hash_differs"
    SIGNATURE_INVALID = "signature_invalid"


class Event(Contract):
    """A fact about one session."""

    topic: ClassVar[str]
    session_id: SessionId

    @property
    def key(self) -> str:
        """Partition key: all events of a session keep their order."""
        return self.session_id


PolicyId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
CaptureDigest = Annotated[
    Sha256 | None,
    Field(description="SHA-256 over the SHA-256 of video and capture.json, in hexadecimal, one after the other"),
]
DecideBy = Annotated[
    AwareDatetime | None, Field(description="work that would come later is skipped; null: decision sets the limit")
]


def capture_digest(video: ObjectRef, capture: ObjectRef) -> str:
    """What identifies a capture: the digest of its two digests."""
    return hashlib.sha256(f"{video.sha256}{capture.sha256}".encode()).hexdigest()


class SessionCaptured(Event):
    """The capture of a session is stored and accepted."""

    topic: ClassVar[str] = "session.captured.v1"
    traveller_ref: TravellerRef
    video: ObjectRef
    capture: ObjectRef = Field(description="capture.json: challenge as issued and the client's log")
    captured_at: AwareDatetime
    attempt: int = Field(default=1, ge=1, le=100, description="1 for the first session of a journey")
    previous_session_id: SessionId | None = None
    policy: PolicyId | None = Field(default=None, description="chosen by the agency; null is the default policy")
    decide_by: DecideBy = None
    freshness: Freshness | None = Field(default=None, description="null counts as late")
    channel: Channel | None = Field(default=None, description="null counts as unknown")
    transcript: ObjectRef | None = Field(
        default=None, description="of a live capture: what was released and committed when; the film must agree with it"
    )

    @property
    def digest(self) -> str:
        """What the answers to this capture must name as `capture_digest`."""
        return capture_digest(self.video, self.capture)


class CaptureNormalized(Event):
    """The video was decoded once; the normalized capture is stored."""

    topic: ClassVar[str] = "capture.normalized.v1"
    traveller_ref: TravellerRef
    normalized: ObjectRef
    captured_at: AwareDatetime
    freshness: Freshness | None = Field(
        default=None, description="from the bytes of the film; never better than what the capture was accepted with"
    )
    cpu_ms: float = Field(default=0.0, ge=0)
    capture_digest: CaptureDigest = None
    decide_by: DecideBy = None


class CaptureRejected(Event):
    """The stored capture cannot be judged."""

    topic: ClassVar[str] = "capture.rejected.v1"
    traveller_ref: TravellerRef
    reasons: tuple[ReasonCode, ...] = Field(min_length=1)
    explanation: str = Field(default="", max_length=500)
    captured_at: AwareDatetime
    capture_digest: CaptureDigest = None


class EvidenceRecord(Contract):
    """One liveness evidence: its value with bounds, the limit it was held against and what it says."""

    finding: Literal["supports_bona_fide", "supports_attack", "cannot_tell"]
    value: float
    lower: float
    upper: float
    limit: float
    unit: str
    meaning: str
    details: dict[str, float] = Field(default_factory=dict)


class LivenessAssessed(Event):
    """Liveness has an answer."""

    topic: ClassVar[str] = "liveness.assessed.v1"
    traveller_ref: TravellerRef
    outcome: LivenessOutcome
    score: float = Field(ge=0, le=1, description="higher is more bona fide")
    reasons: tuple[ReasonCode, ...] = ()
    advice: tuple[ReasonCode, ...] = ()
    evidence: dict[str, EvidenceRecord] = Field(default_factory=dict)
    thresholds_version: str = ""
    normalized: ObjectRef | None = None
    explanation: ObjectRef | None = None
    cpu_ms: float = Field(default=0.0, ge=0)
    capture_digest: CaptureDigest = None


class DocumentComparison(Contract):
    """The comparison with one document's photograph."""

    document_id: str
    kind: str
    outcome: ComparisonOutcome
    score: float | None = Field(default=None, description="higher is more alike")
    reasons: tuple[ReasonCode, ...] = ()
    authenticity: DocumentAuthenticity | None = Field(default=None, description="null counts as not_checked")


class FaceCompared(Event):
    """The matcher has an answer."""

    topic: ClassVar[str] = "face.compared.v1"
    traveller_ref: TravellerRef
    outcome: ComparisonOutcome
    score: float | None = Field(default=None, description="higher is more alike; None when nothing was compared")
    threshold: float
    reasons: tuple[ReasonCode, ...] = ()
    documents: tuple[DocumentComparison, ...] = ()
    model_sha256: str = ""
    probe_frames: tuple[int, ...] = Field(default=(), description="frames of the capture whose chips were compared")
    cpu_ms: float = Field(default=0.0, ge=0)
    capture_digest: CaptureDigest = None
    authenticity: DocumentAuthenticity | None = Field(
        default=None, description="of all documents together; null counts as not_checked"
    )


class VerdictLiveness(Contract):
    outcome: LivenessOutcome | None = Field(default=None, description="None when liveness never answered")
    score: float | None = None
    reasons: tuple[ReasonCode, ...] = ()


class VerdictComparison(Contract):
    outcome: ComparisonOutcome | None = Field(default=None, description="None when the matcher never answered")
    score: float | None = None
    threshold: float | None = None
    reasons: tuple[ReasonCode, ...] = ()
    documents: tuple[DocumentComparison, ...] = ()


class EntryVerdict(Event):
    """The one verdict of a session."""

    topic: ClassVar[str] = "entry.verdict.v1"
    traveller_ref: TravellerRef
    outcome: EntryOutcome
    reasons: tuple[ReasonCode, ...] = ()
    liveness: VerdictLiveness
    comparison: VerdictComparison
    advice: tuple[ReasonCode, ...] = ()
    attempt: int = Field(ge=1)
    policy_version: str
    policy_row: str
    thresholds_version: str = ""
    model_sha256: str = ""
    captured_at: AwareDatetime
    decided_at: AwareDatetime
    expires_at: AwareDatetime
    explanation: ObjectRef | None = None
    freshness: Freshness | None = Field(default=None, description="the fact that the policy saw")
    channel: Channel | None = Field(default=None, description="the fact that the policy saw")
    authenticity: DocumentAuthenticity | None = Field(default=None, description="the fact that the policy saw")


DocumentId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,128}$")]
DocumentKind = Literal["passport", "driving_licence", "visa", "other"]


WHOLE_TRAVELLER = "all"  # instead of a document's id in DocumentErased; no document may be called so


class DocumentEvent(Contract):
    """A fact about one document of one traveller."""

    topic: ClassVar[str]
    traveller_ref: TravellerRef
    document_id: DocumentId

    @property
    def key(self) -> str:
        """All events of a traveller keep their order."""
        return self.traveller_ref


class DocumentSubmitted(DocumentEvent):
    """A public body hands in the photograph of one document of one traveller."""

    topic: ClassVar[str] = "document.submitted.v1"
    kind: DocumentKind
    photo: ObjectRef = Field(
        description="JPEG, PNG, JPEG 2000, or an ICAO DG2 file; below <traveller_ref>/ in the bucket documents"
    )
    submitted_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    issuing_state: Annotated[str, StringConstraints(pattern=r"^[A-Z<]{1,3}$")] | None = None
    issued_on: date | None = None
    number_digest: Sha256 | None = Field(default=None, description="salted digest of the number, never the number")
    replaces: DocumentId | None = Field(default=None, description="an older document that goes when this one is in")
    security_object: ObjectRef | None = Field(
        default=None, description="the chip's EF.SOD, when `photo` is its EF.DG2; read once and not kept"
    )

    @field_validator("document_id", "replaces")
    @classmethod
    def names_one_document(cls, value: str | None) -> str | None:
        if value == WHOLE_TRAVELLER:
            raise ValueError(f"{WHOLE_TRAVELLER!r} stands for everything of a traveller and is no document's id")
        return value


class DocumentEnrolled(DocumentEvent):
    """The photograph is in the store and can be compared with."""

    topic: ClassVar[str] = "document.enrolled.v1"
    kind: DocumentKind
    enrolled_at: AwareDatetime
    model_sha256: str
    quality: dict[str, float] = Field(default_factory=dict, description="native values, ISO/IEC 29794-5 words")
    flags: tuple[ReasonCode, ...] = ()
    authenticity: DocumentAuthenticity | None = Field(default=None, description="null counts as not_checked")


class DocumentRefused(DocumentEvent):
    """The photograph cannot serve as a reference; the reasons say what would help."""

    topic: ClassVar[str] = "document.refused.v1"
    kind: DocumentKind
    refused_at: AwareDatetime
    reasons: tuple[ReasonCode, ...] = Field(min_length=1)
    advice: str = Field(default="", max_length=500)
    quality: dict[str, float] = Field(default_factory=dict)


class DocumentErased(DocumentEvent):
    """A document, or with `document_id` "all" a traveller, is gone from record, cache and key."""

    topic: ClassVar[str] = "document.erased.v1"
    erased_at: AwareDatetime
    receipt: str = Field(description="id of the receipt, which names no person")


class DeadLetter(Contract):
    """A message that could not be handled, kept as it came. The original key, value and headers are the record itself;
    this is what its `x-dlq-*` headers say."""

    topic: ClassVar[str] = "dead-letter.v1"
    origin_topic: str
    origin_partition: int = Field(ge=0)
    origin_offset: int = Field(ge=0)
    consumer: str
    error_class: str
    error: str = Field(max_length=2_000)
    failed_at: AwareDatetime
    redrive_count: int = Field(default=0, ge=0)


class ConsumerControl(Contract):
    """An operator asks something of a stage that consumes; its key is the stage."""

    topic: ClassVar[str] = "consumer.control.v1"
    stage: Annotated[str, StringConstraints(pattern=r"^[a-z-]+:[a-z.]+\.v[0-9]+$", max_length=128)]
    action: Literal["resume"] = Field(description="resume: go on after a pause for too many dead letters")
    requested_at: AwareDatetime


SESSION_EVENTS: tuple[type[Event], ...] = (
    SessionCaptured,
    CaptureNormalized,
    CaptureRejected,
    LivenessAssessed,
    FaceCompared,
    EntryVerdict,
)
CONTRACTS: dict[str, type[Contract]] = {
    **{event.topic: event for event in SESSION_EVENTS},
    "entry.verdict.latest.v1": EntryVerdict,
    DocumentSubmitted.topic: DocumentSubmitted,
    DocumentEnrolled.topic: DocumentEnrolled,
    DocumentRefused.topic: DocumentRefused,
    DocumentErased.topic: DocumentErased,
    DeadLetter.topic: DeadLetter,
    ConsumerControl.topic: ConsumerControl,
}
AnyEvent = Event | DocumentEvent


def utc(moment: datetime) -> str:
    """ISO 8601 with milliseconds and Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_json_bytes(event: Contract) -> bytes:
    """Value of the record: compact JSON in field order."""
    return event.model_dump_json().encode()


def schema_of(contract: type[Contract]) -> dict[str, Any]:
    """JSON Schema (2020-12) of a contract as readers may rely on it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **contract.model_json_schema()}
