"""Every series that an alert or a dashboard names comes out of a process: at rest, when it should fire, and after."""

import re
from pathlib import Path

import httpx
import pytest
from fakes.clock import StandingClock
from prometheus_client.parser import text_string_to_metric_families
from test_asyncapi import PROCESSES

from borderlight.runtime.bus.memory import MemoryBus
from borderlight.runtime.bus.progress import DeadLetterLimit
from borderlight.runtime.metrics import Metrics
from borderlight.runtime.objects.file import FileObjectStore
from borderlight.runtime.process import service_app

MONITORING = Path(__file__).resolve().parents[2] / "deploy" / "monitoring"
WATCHED = ("alerts.yml", "grafana/dashboards/borderlight.json")
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Process:
    """One process as it is wired, over memory."""

    def __init__(self, name: str, folder: Path) -> None:
        clock, metrics = StandingClock(), Metrics()
        self.bus = MemoryBus(name, clock, metrics)
        PROCESSES[name](self.bus, FileObjectStore(folder), clock, metrics)
        self.app = service_app(name.rsplit(":", 1)[-1], self.bus, metrics)

    async def scrape(self) -> Samples:
        await self.bus.measure_lag()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://x") as client:
            text = (await client.get("/metrics")).text
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    async def families(self) -> set[str]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://x") as client:
            text = (await client.get("/metrics")).text
        found: set[str] = set()
        for family in text_string_to_metric_families(text):
            found |= {family.name, *(f"{family.name}{end}" for end in ("_total", "_bucket", "_sum", "_count"))}
        return found


async def test_every_series_that_is_watched_is_exposed_by_some_process(tmp_path: Path) -> None:
    exposed: set[str] = set()
    for name in PROCESSES:
        exposed |= await Process(name, tmp_path).families()
    for file in WATCHED:
        watched = set(re.findall(r"\bborderlight_[a-z_]+", (MONITORING / file).read_text()))
        assert watched and not watched - exposed, file


@pytest.mark.parametrize("name", PROCESSES)
async def test_what_is_watched_of_a_stage_fires_and_falls_again(name: str, tmp_path: Path) -> None:
    process = Process(name, tmp_path)
    await process.bus.start()
    for stage in process.bus.stages:
        topic, labels = stage.declared.topic, (("stage", stage.declared.stage),)
        stage.delivery.limit = DeadLetterLimit(consecutive=2)
        at_rest = await process.scrape()
        assert at_rest["borderlight_consumer_paused", labels] == 0
        assert at_rest["borderlight_inflight_age_seconds", labels] == 0
        await process.bus.memory.append(topic, b"k", b"poison", ())
        await process.bus.drain()
        dead = await process.scrape()
        error = (("error_class", "InvalidMessage"), ("topic", topic))
        assert dead["borderlight_dead_letters_total", error] >= 1
        where = (("partition", "0"), ("stage", stage.declared.stage), ("topic", topic))
        assert dead["borderlight_consumer_lag_records", where] == 0
        assert dead["borderlight_consumer_paused", labels] == 0
        await process.bus.memory.append(topic, b"k", b"poison", ())
        while not stage.delivery.paused():
            await process.bus.memory.change()
        paused = await process.scrape()
        assert paused["borderlight_consumer_paused", labels] == 1
        assert paused["borderlight_consumer_lag_records", where] == 1
        (partition,) = stage.delivery.paused()
        stage.resume(partition)
        await process.bus.drain()
        after = await process.scrape()
        assert after["borderlight_consumer_paused", labels] == 0
        assert after["borderlight_consumer_lag_records", where] == 0
    await process.bus.stop()
