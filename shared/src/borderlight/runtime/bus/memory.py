"""The bus inside one process, for the embedded mode and tests of the flow. Nothing survives the process."""

import asyncio
from collections import defaultdict

from borderlight.contracts.cloud_events import headers_of
from borderlight.contracts.events import AnyEvent, to_json_bytes, utc
from borderlight.runtime.bus.delivery import Delivery, dead_letter_headers, dead_letter_topic
from borderlight.runtime.bus.port import Record, Subscription
from borderlight.runtime.bus.position import Partition, ReadAgain
from borderlight.runtime.clock import Clock
from borderlight.runtime.metrics import Metrics


class MemoryBus:
    """One partition per topic; every subscription is worked off in order by its own task."""

    def __init__(self, source: str, clock: Clock, metrics: Metrics) -> None:
        self._source = source
        self._clock = clock
        self._metrics = metrics
        self._subscriptions: list[tuple[Subscription, Delivery, asyncio.Queue[Record]]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._pending = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.log: dict[str, list[Record]] = defaultdict(list)

    def subscribe(self, subscription: Subscription) -> None:
        delivery = Delivery(subscription, self._dead_letter, self._metrics, self._clock)
        self._subscriptions.append((subscription, delivery, asyncio.Queue()))

    async def publish(self, event: AnyEvent, identity: tuple[str, ...], topic: str | None = None) -> None:
        name = topic or event.topic
        headers = headers_of(event, name, self._source, identity, self._clock.now())
        await self.publish_raw(name, event.key.encode(), to_json_bytes(event), headers)

    async def publish_raw(self, topic: str, key: bytes | None, value: bytes | None, headers: dict[str, str]) -> None:
        """Append a record as it is and hand it to every subscriber."""
        stamp = int(self._clock.now().timestamp() * 1000)
        record = Record(topic, 0, len(self.log[topic]), key, value, headers, stamp)
        self.log[topic].append(record)
        for subscription, _, queue in self._subscriptions:
            if subscription.topic == topic:
                self._pending += 1
                self._idle.clear()
                queue.put_nowait(record)

    async def _dead_letter(self, record: Record, subscription: Subscription, error: BaseException) -> None:
        headers = dead_letter_headers(record, subscription.service, error, utc(self._clock.now()))
        await self.publish_raw(dead_letter_topic(record.topic), record.key, record.value, headers)

    async def _work(self, delivery: Delivery, queue: "asyncio.Queue[Record]") -> None:
        while True:
            record = await queue.get()
            done = False
            while not done:
                try:
                    await delivery.deliver(record)
                    done = True
                except asyncio.CancelledError:
                    raise
                except ReadAgain as again:
                    await self._read_again(delivery, record, again)
                except Exception:  # redelivered, as a broker would
                    await asyncio.sleep(0.05)
            self._pending -= 1
            if self._pending == 0:
                self._idle.set()

    async def _read_again(self, delivery: Delivery, record: Record, again: ReadAgain) -> None:
        """Handle what lies between the offset asked for and the record in hand once more."""
        offset = again.offsets.get(Partition(record.topic, 0), record.offset)
        for earlier in self.log[record.topic][offset : record.offset]:
            await delivery.deliver(earlier)

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._work(delivery, queue)) for _, delivery, queue in self._subscriptions]

    async def drain(self) -> None:
        """Wait until every published record was handled by every subscriber."""
        await self._idle.wait()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def is_ready(self) -> bool:
        return bool(self._tasks)

    def is_alive(self) -> bool:
        return all(not task.done() for task in self._tasks)
