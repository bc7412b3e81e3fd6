"""Erase a document or a traveller: record, cache and key; leave a receipt that names no person."""

from dataclasses import dataclass

from borderlight.contracts.events import WHOLE_TRAVELLER, DocumentErased
from borderlight.runtime.bus.port import EventPublisher
from borderlight.runtime.clock import Clock
from matcher.domain.dossier import ALL_DOCUMENTS, RetentionRule, is_due
from matcher.ports import ReferenceStore


@dataclass(frozen=True)
class EraseDocuments:
    references: ReferenceStore
    clock: Clock
    publisher: EventPublisher | None = None

    async def __call__(self, traveller_ref: str, document_id: str | None = ALL_DOCUMENTS) -> str:
        """The receipt's id. Hand-ins older than this moment stay out, however late they arrive."""
        now = self.clock.now()
        receipt = await self.references.erase(traveller_ref, document_id, now)
        if self.publisher is not None:
            erased = DocumentErased(
                traveller_ref=traveller_ref, document_id=document_id or WHOLE_TRAVELLER, erased_at=now, receipt=receipt
            )
            await self.publisher.publish(erased, (erased.document_id, now.isoformat()))
        return receipt

    async def due(self, rules: tuple[RetentionRule, ...]) -> int:
        """Erase every document whose class has run out; how many."""
        now = self.clock.now()
        due = [s.record async for s in self.references.walk() if is_due(s.record, rules, now)]
        for record in due:
            await self(record.traveller_ref, record.document_id)
        return len(due)
