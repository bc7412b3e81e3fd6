"""How a journey stands, now or as soon as it changes: what long polling waits for."""

import asyncio
from dataclasses import dataclass

from capture_ingest.domain.session_life import Session, State
from capture_ingest.ports import SessionStore
from capture_ingest.use_cases.finish_capture import FinishCapture


@dataclass(frozen=True)
class Standing:
    """session: the one asked for; last: where its retakes led to, the same without any."""

    session: Session
    last: Session

    @property
    def mark(self) -> tuple[str, State]:
        """Changes with every step of the journey."""
        return self.last.session_id, self.last.state


@dataclass(frozen=True)
class FollowSession:
    """finish: resumes what a process that died has left; every_s: pause between two looks into the store [s]."""

    sessions: SessionStore
    finish: FinishCapture
    every_s: float = 0.25

    async def __call__(self, session: Session, wait_s: float = 0.0) -> Standing:
        """The standing once it changes, is decided, or `wait_s` [s] are over."""
        first = standing = await self._standing(session)
        await self.finish.resume(first.last)
        end = asyncio.get_running_loop().time() + wait_s
        while standing.mark == first.mark and standing.last.state is not State.DECIDED:
            left = end - asyncio.get_running_loop().time()
            if left <= 0:
                break
            await asyncio.sleep(min(self.every_s, left))
            standing = await self._standing(await self.sessions.find(session.session_id) or session)
        return standing

    async def _standing(self, session: Session) -> Standing:
        last = session
        for _ in range(session.max_attempts):
            if last.next_session_id is None:
                break
            following = await self.sessions.find(last.next_session_id)
            if following is None:
                break
            last = following
        return Standing(session, last)
