"""Publishing that answers within a bound. aiokafka's idempotent producer never gives a batch up while Kafka is away."""

import asyncio
from typing import Any

from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from faststream import BaseMiddleware
from faststream.exceptions import IncorrectState

from borderlight.errors import InvalidMessage, Unavailable


class MessageTooLarge(InvalidMessage):
    """The broker does not take messages of this size."""


class BoundedPublish:
    """FastStream's broker middleware: Unavailable after `within_s`, nothing more in the queue while it is stuck.

    A batch that was not confirmed in time stays with the producer and arrives when Kafka is back: whoever tried again
    has published the same event, under the same id, twice. Until then no other is put beside it.
    """

    def __init__(self, within_s: float) -> None:
        self.within_s = within_s
        self.overdue: set[asyncio.Future[Any]] = set()

    def __call__(self, msg: Any, /, *, context: Any) -> "_BoundedScope":
        return _BoundedScope(msg, context=context, bound=self)

    async def confirmed(self, cmd: Any, call_next: Any) -> Any:
        """The broker's confirmation; raises Unavailable, MessageTooLarge."""
        wants_future, cmd.no_confirm = cmd.no_confirm, True
        try:
            async with asyncio.timeout(self.within_s):
                if self.overdue:
                    await asyncio.wait(self.overdue, return_when=asyncio.FIRST_COMPLETED)
                answer = await call_next(cmd)
                if not isinstance(answer, asyncio.Future) or wants_future:
                    return answer
                try:
                    return await asyncio.shield(answer)
                except asyncio.CancelledError:
                    if not answer.done():
                        self.overdue.add(answer)
                        answer.add_done_callback(self._late)
                    raise
        except MessageSizeTooLargeError as error:
            raise MessageTooLarge() from error
        except (KafkaError, OSError, TimeoutError, IncorrectState) as error:
            raise Unavailable(f"Kafka does not take {cmd.destination}: {type(error).__name__}") from error

    def _late(self, answer: "asyncio.Future[Any]") -> None:
        self.overdue.discard(answer)
        if not answer.cancelled():
            answer.exception()  # nobody waits for it any more


class _BoundedScope(BaseMiddleware):
    def __init__(self, msg: Any, /, *, context: Any, bound: BoundedPublish) -> None:
        super().__init__(msg, context=context)
        self._bound = bound

    async def publish_scope(self, call_next: Any, cmd: Any) -> Any:
        return await self._bound.confirmed(cmd, call_next)
