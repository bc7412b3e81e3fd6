"""What the store holds per traveller, and the rules of its life: replacement, expiry, erasure."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from matcher.domain.authenticity import ChipCheck

ALL_DOCUMENTS = None  # instead of a document's id; no text, so that no id can be mistaken for it


@dataclass(frozen=True)
class DocumentRecord:
    """One document as handed in; number_digest: salted digest of its number, never the number.

    chip: whether the photograph is the one that the issuer signed; None for what was handed in before that was asked.
    """

    traveller_ref: str
    document_id: str
    kind: str
    photo_sha256: str
    media_type: str
    submitted_at: datetime
    expires_at: datetime | None = None
    issuing_state: str | None = None
    issued_on: str | None = None
    number_digest: str | None = None
    source: str = "document"
    chip: ChipCheck | None = None


@dataclass(frozen=True)
class StoredEmbedding:
    """What one model made of one photograph; embedding is None when it was refused, reasons say why."""

    document_id: str
    photo_sha256: str
    model_sha256: str
    embedding: tuple[float, ...] | None
    reasons: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    quality: dict[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True)
class Tombstone:
    """Everything handed in up to `erased_at` is gone and stays gone; document_id: one of them, None is all."""

    document_id: str | None
    erased_at: datetime

    def covers(self, document_id: str, submitted_at: datetime) -> bool:
        """Whether a submission is older than the erasure: it must not come back."""
        return self.document_id in (None, document_id) and submitted_at <= self.erased_at


@dataclass(frozen=True)
class RetentionRule:
    """How long a kind of document is kept after it was handed in, whatever its own expiry."""

    kind: str
    keep: timedelta


def is_expired(record: DocumentRecord, now: datetime) -> bool:
    """Whether the document itself has expired: it is no longer compared with."""
    return record.expires_at is not None and record.expires_at <= now


def is_repeated(new: DocumentRecord, old: DocumentRecord) -> bool:
    """Whether `new` says what `old` says, or is the same hand-in come again: then what was found first stands."""
    if new.submitted_at == old.submitted_at:
        return replace(old, chip=new.chip) == new
    return replace(old, submitted_at=new.submitted_at) == new


def is_due(record: DocumentRecord, rules: tuple[RetentionRule, ...], now: datetime) -> bool:
    """Whether the record must be erased: by its class, or as a remembered face whose time is over."""
    if record.source == "session" and record.expires_at is not None and record.expires_at <= now:
        return True
    return any(rule.kind == record.kind and record.submitted_at + rule.keep <= now for rule in rules)


def supersedes(new: DocumentRecord, old: DocumentRecord) -> bool:
    """Whether `new` takes the place of `old` under the same document id: the later hand-in wins."""
    return new.submitted_at > old.submitted_at
