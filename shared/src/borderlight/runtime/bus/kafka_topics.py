"""Create and reconcile topics on Apache Kafka.

`alter_configs` of the admin client replaces a topic's whole configuration, so the full set is always sent.
"""

from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from borderlight.contracts.topics import Topic
from borderlight.errors import Unavailable
from borderlight.runtime.bus.kafka import KafkaSettings

_EXISTS = 36


@dataclass(frozen=True)
class TopicChange:
    """What was done to one topic."""

    topic: str
    action: str


async def apply_topics(topics: list[Topic], settings: KafkaSettings, replicas: int | None = None) -> list[TopicChange]:
    """Make the broker's topics as stated; partitions only grow. `replicas` caps replication on small clusters."""
    client = AIOKafkaAdminClient(bootstrap_servers=settings.servers())
    try:
        await client.start()
        try:
            brokers = len((await client.describe_cluster())["brokers"])
            limit = min(brokers, replicas or brokers)
            return [change for topic in topics for change in await _apply(client, topic, settings, limit)]
        finally:
            await client.close()
    except (KafkaError, OSError) as error:
        raise Unavailable(f"Kafka's administration is away: {error!r}") from error


async def _apply(client: AIOKafkaAdminClient, topic: Topic, settings: KafkaSettings, limit: int) -> list[TopicChange]:
    name = settings.topic_prefix + topic.name
    replication = min(topic.replication, limit)
    config = dict(topic.config)
    config["min.insync.replicas"] = str(max(1, min(int(config.get("min.insync.replicas", "1")), replication - 1 or 1)))
    response: Any = await client.create_topics([NewTopic(name, topic.partitions, replication, topic_configs=config)])
    code, message = response.topic_errors[0][1], response.topic_errors[0][-1]
    if code == 0:
        return [TopicChange(name, f"created with {topic.partitions} partitions")]
    if code != _EXISTS:
        raise Unavailable(f"topic {name} could not be created: {message}")
    changes: list[TopicChange] = []
    described = (await client.describe_topics([name]))[0]
    partitions = len(described["partitions"])
    if partitions < topic.partitions:
        await client.create_partitions({name: NewPartitions(topic.partitions)})
        changes.append(TopicChange(name, f"partitions {partitions} -> {topic.partitions}"))
    resource = ConfigResource(ConfigResourceType.TOPIC, name)
    described_configs: list[Any] = await client.describe_configs([resource])
    answer = described_configs[0].resources[0]
    current = {str(entry[0]): str(entry[1]) for entry in answer[4]}
    if any(current.get(key) != value for key, value in config.items()):
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=config)])
        changes.append(TopicChange(name, "configuration reconciled"))
    return changes or [TopicChange(name, "as stated")]
