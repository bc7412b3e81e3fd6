"""Rebuild a join that lost its memory, from the topics: verdicts first, so that none is reached twice."""

from dataclasses import dataclass

from borderlight.contracts.events import EntryVerdict
from borderlight.runtime.logs import logger
from decision.ports import History, JoinStore
from decision.use_cases.join_session import SIDES, JoinSession


@dataclass(frozen=True)
class RebuildJoin:
    store: JoinStore
    history: History
    join: JoinSession
    window_s: float = 3_600.0
    lease_ms: int = 30_000

    async def __call__(self) -> bool:
        """Rebuild when the epoch marker is gone and nobody else does; whether the join is usable now."""
        if await self.store.has_epoch():
            return True
        if not await self.store.claim_rebuild(self.lease_ms):
            return False
        since_ms = self.join.now_ms() - int(self.window_s * 1000)
        count = 0
        async for verdict in self.history.read(EntryVerdict.topic, EntryVerdict, since_ms):
            assert isinstance(verdict, EntryVerdict)
            await self.store.store_verdict(verdict.session_id, verdict.model_dump_json())
            await self.store.mark_published(verdict.session_id)
        for side, contract in SIDES.items():
            async for event in self.history.read(contract.topic, contract, since_ms):
                await self.join.take(side, event, rebuilding=True)
                count += 1
        await self.store.set_epoch()
        logger().info("join rebuilt", count=count)
        return True
