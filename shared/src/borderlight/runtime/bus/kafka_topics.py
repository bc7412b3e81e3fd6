"""Create and reconcile topics on Apache Kafka.

`alter_configs` of aiokafka's admin client replaces a topic's whole configuration, so the full set is always sent, and
answers errors instead of raising them, so every answer is looked at.
"""

from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from borderlight.contracts.topics import Topic
from borderlight.errors import BorderlightError, Unavailable
from borderlight.runtime.bus.kafka_settings import KafkaSettings

_EXISTS = 36
_MIN_ISR = "min.insync.replicas"


class TooFewBrokers(BorderlightError):
    """The cluster shows fewer brokers than a new topic needs replicas."""


@dataclass(frozen=True)
class TopicChange:
    """What was done to one topic."""

    topic: str
    action: str


async def apply_topics(topics: list[Topic], settings: KafkaSettings, replicas: int | None = None) -> list[TopicChange]:
    """Make the broker's topics as stated; partitions only grow. Raises TooFewBrokers, Unavailable.

    replicas: caps the replication of new topics, on small clusters. Without it a new topic gets what it states or is
    not made: a broker that is away now must not make it less safe for ever. A topic that exists keeps its replicas,
    and its configuration follows from them, however many brokers answer.
    """
    client = AIOKafkaAdminClient(**settings.client())
    try:
        await client.start()
        try:
            brokers = len((await client.describe_cluster())["brokers"])
            return [change for topic in topics for change in await _apply(client, topic, settings, brokers, replicas)]
        finally:
            await client.close()
    except (KafkaError, OSError) as error:
        raise Unavailable(f"Kafka's administration is away: {error!r}") from error


def _config(topic: Topic, replication: int) -> dict[str, str]:
    """The stated configuration; with fewer replicas than stated, writes go on with one of them away."""
    stated = int(topic.config.get(_MIN_ISR, "1"))
    return {**topic.config, _MIN_ISR: str(max(1, min(stated, replication - 1)))}


async def _apply(
    client: AIOKafkaAdminClient, topic: Topic, settings: KafkaSettings, brokers: int, replicas: int | None
) -> list[TopicChange]:
    name = settings.topic_prefix + topic.name
    described: Any = (await client.describe_topics([name]))[0]
    if described["error_code"] == 0:
        return await _reconcile(client, topic, name, described["partitions"])
    replication = topic.replication if replicas is None else min(topic.replication, replicas)
    if brokers < replication:
        raise TooFewBrokers(
            f"topic {name} needs {replication} replicas and {brokers} brokers answer; wait for the others, "
            "or name --replicas"
        )
    new = NewTopic(name, topic.partitions, replication, topic_configs=_config(topic, replication))
    response: Any = await client.create_topics([new])
    code, message = response.topic_errors[0][1], response.topic_errors[0][-1]
    if code not in (0, _EXISTS):
        raise Unavailable(f"topic {name} could not be created: {message or code}")
    return [TopicChange(name, f"created with {topic.partitions} partitions")]


async def _reconcile(client: AIOKafkaAdminClient, topic: Topic, name: str, partitions: list[Any]) -> list[TopicChange]:
    changes: list[TopicChange] = []
    if len(partitions) < topic.partitions:
        await client.create_partitions({name: NewPartitions(topic.partitions)})
        changes.append(TopicChange(name, f"partitions {len(partitions)} -> {topic.partitions}"))
    replication = min(len(partition["replicas"]) for partition in partitions)
    config = _config(topic, replication)
    described: list[Any] = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    answer = described[0].resources[0]
    _raise_on_error(answer, f"the configuration of {name} cannot be read")
    current = {str(entry[0]): str(entry[1]) for entry in answer[4]}
    if any(current.get(key) != value for key, value in config.items()):
        answers: list[Any] = await client.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name, configs=config)]
        )
        for each in answers:
            for resource in each.resources:
                _raise_on_error(resource, f"the configuration of {name} was not taken")
        changes.append(TopicChange(name, "configuration reconciled"))
    return changes or [TopicChange(name, "as stated")]


def _raise_on_error(resource: Any, what: str) -> None:
    """The first two fields of a resource's answer are the error's code and words."""
    if resource[0]:
        raise Unavailable(f"{what}: {resource[1] or resource[0]}")
