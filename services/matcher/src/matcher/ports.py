"""What the matcher needs from the world."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import numpy as np

from matcher.domain.authenticity import ChipCheck
from matcher.domain.comparison import Reference
from matcher.domain.dossier import DocumentRecord, StoredEmbedding


@dataclass(frozen=True)
class PhotoReading:
    """What was read from a document photograph; embedding is None when it is refused, `reasons` say why."""

    embedding: np.ndarray | None
    reasons: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    quality: dict[str, float] = field(default_factory=dict[str, float])


class FaceReader(Protocol):
    """Embeddings from chips and from photographs."""

    @property
    def model_sha256(self) -> str: ...

    def embed_chips(self, chips: Sequence[np.ndarray], template: str) -> np.ndarray:
        """[n, k] embedding of each probe chip; template: how they were cut, as the normalized capture says."""
        ...

    def read_photo(self, photo: bytes) -> PhotoReading:
        """Find the one face and embed it; never raises for a bad picture."""
        ...


@dataclass(frozen=True)
class StoredDocument:
    """A record and what the present model made of it (None when it has not been embedded with it)."""

    record: DocumentRecord
    embedding: StoredEmbedding | None


class ChipAuthenticator(Protocol):
    """Whether a chip's photograph is the one that its issuer signed."""

    def check(self, photo: bytes, security_object: bytes | None, issuing_state: str | None, now: datetime) -> ChipCheck:
        """Never raises for what a stranger wrote; photo: EF.DG2 or any other hand-in, security_object: EF.SOD."""
        ...


class ReferenceStore(Protocol):
    """The document-photo store. All methods raise Unavailable; a wrong master key raises StoreLocked."""

    async def references_of(self, traveller_ref: str) -> list[Reference]:
        """What to compare with now, sorted by document id; expired documents carry a reason instead of an embedding."""
        ...

    async def enrol(self, record: DocumentRecord, photo: bytes, embedding: StoredEmbedding) -> bool:
        """Write the document; False when an erasure or a later hand-in is in the way. The same again is one record."""
        ...

    async def find(self, traveller_ref: str, document_id: str) -> StoredDocument | None: ...

    async def photo_of(self, traveller_ref: str, document_id: str) -> bytes:
        """The photograph; raises ObjectMissing."""
        ...

    async def put_embedding(self, traveller_ref: str, embedding: StoredEmbedding) -> None:
        """Add what another model made of a stored photograph."""
        ...

    async def erase(self, traveller_ref: str, document_id: str | None, at: datetime) -> str:
        """Erase a document, or with None a traveller; the id of the receipt."""
        ...

    def walk(self) -> AsyncIterator[StoredDocument]:
        """Every document of the store."""
        ...
