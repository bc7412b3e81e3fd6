"""What the matcher needs from the world."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from borderlight.contracts.events import DocumentSubmitted
from matcher.domain.comparison import Reference


@dataclass(frozen=True)
class PhotoReading:
    """What was read from a document photograph; embedding is None when it is refused, `reasons` say why."""

    embedding: np.ndarray | None
    reasons: tuple[str, ...] = ()
    quality: dict[str, float] = field(default_factory=dict[str, float])


class FaceReader(Protocol):
    """Embeddings from chips and from photographs."""

    @property
    def model_sha256(self) -> str: ...

    def embed_chips(self, chips: Sequence[np.ndarray]) -> np.ndarray:
        """[128] mean embedding of the probe chips."""
        ...

    def read_photo(self, photo: bytes) -> PhotoReading:
        """Find the one face and embed it; never raises for a bad picture."""
        ...


class ReferenceStore(Protocol):
    """The document-photo store as the matcher sees it."""

    async def references_of(self, traveller_ref: str) -> list[Reference]: ...

    async def enrol(self, submitted: DocumentSubmitted, reading: PhotoReading, model_sha256: str) -> None:
        """Write the record; the same submission again writes the same record."""
        ...

    async def is_enrolled(self, traveller_ref: str, document_id: str) -> bool: ...
