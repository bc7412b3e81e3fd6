"""`topics apply` while a broker is away, and what the broker answers."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from borderlight.contracts.topics import Topic, registry
from borderlight.errors import Unavailable
from borderlight.runtime.bus import kafka_topics
from borderlight.runtime.bus.kafka_settings import KafkaSettings
from borderlight.runtime.bus.kafka_topics import TooFewBrokers, apply_topics


@dataclass
class Cluster:
    """Three replicas of one topic, so many brokers that answer; stands in for aiokafka's administration client."""

    brokers: int = 3
    exists: bool = True
    config: dict[str, str] = field(default_factory=lambda: {"min.insync.replicas": "2"})
    alter_error: tuple[int, str] = (0, "")
    created: list[Any] = field(default_factory=list[Any])
    altered: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    def __call__(self, **_: Any) -> "Cluster":
        return self

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def describe_cluster(self) -> dict[str, Any]:
        return {"brokers": list(range(self.brokers))}

    async def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        partitions = [{"replicas": [1, 2, 3]} for _ in range(24)]
        return [{"error_code": 0 if self.exists else 3, "partitions": partitions if self.exists else []}]

    async def create_topics(self, topics: list[Any]) -> Any:
        self.created += topics
        return SimpleNamespace(topic_errors=[(topics[0].name, 0, None)])

    async def describe_configs(self, _: Any) -> list[Any]:
        entries = [(name, value) for name, value in self.config.items()]
        return [SimpleNamespace(resources=[(0, None, 2, "t", entries)])]

    async def alter_configs(self, resources: list[Any]) -> list[Any]:
        self.altered.append(resources[0].configs)
        return [SimpleNamespace(resources=[(*self.alter_error, 2, "t")])]


def verdicts() -> Topic:
    (topic,) = [topic for topic in registry() if topic.name == "entry.verdict.v1"]
    return topic


async def applied(monkeypatch: pytest.MonkeyPatch, cluster: Cluster, topic: Topic, replicas: int | None = None) -> Any:
    monkeypatch.setattr(kafka_topics, "AIOKafkaAdminClient", cluster)
    return await apply_topics([topic], KafkaSettings(), replicas)


@pytest.mark.parametrize("brokers", [1, 2, 3])
async def test_min_insync_replicas_stays_however_many_brokers_answer(
    monkeypatch: pytest.MonkeyPatch, brokers: int
) -> None:
    cluster = Cluster(brokers=brokers, config={"min.insync.replicas": "2", "retention.ms": "1"})
    await applied(monkeypatch, cluster, verdicts())
    assert [config["min.insync.replicas"] for config in cluster.altered] == ["2"]


async def test_what_the_broker_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(config={"retention.ms": "1"}, alter_error=(44, "a policy forbids it"))
    with pytest.raises(Unavailable, match="a policy forbids it"):
        await applied(monkeypatch, cluster, verdicts())


async def test_a_new_topic_is_not_made_less_safe_because_a_broker_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(brokers=2, exists=False)
    with pytest.raises(TooFewBrokers, match="--replicas"):
        await applied(monkeypatch, cluster, verdicts())
    assert not cluster.created


async def test_a_small_cluster_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(brokers=1, exists=False)
    await applied(monkeypatch, cluster, replace(verdicts(), partitions=2), replicas=1)
    (topic,) = cluster.created
    assert topic.replication_factor == 1 and topic.topic_configs["min.insync.replicas"] == "1"
