"""Who may do what on Kafka, from the topic files: owner, producers, consumers, readers.

aiokafka 0.14 has the requests but no method of its administration client for them.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import CreateAclsRequest

from borderlight.contracts.topics import Topic
from borderlight.errors import Unavailable
from borderlight.runtime.bus.event_router import group_of
from borderlight.runtime.bus.kafka_settings import KafkaSettings


class Resource(IntEnum):
    TOPIC = 2
    GROUP = 3


class Pattern(IntEnum):
    LITERAL = 3
    PREFIXED = 4


class Operation(IntEnum):
    """Numbers of the protocol."""

    READ = 3
    WRITE = 4
    CREATE = 5
    ALTER = 7
    DESCRIBE = 8
    DESCRIBE_CONFIGS = 10
    ALTER_CONFIGS = 11


@dataclass(frozen=True, order=True)
class Acl:
    """One permission; everything that no Acl allows is refused."""

    principal: str
    resource: Resource
    name: str
    operation: Operation
    pattern: Pattern = Pattern.LITERAL

    def __str__(self) -> str:
        star = "*" if self.pattern is Pattern.PREFIXED else ""
        return f"{self.principal} {self.operation.name} {self.resource.name.lower()} {self.name}{star}"


_OWNER = (
    Operation.CREATE, Operation.DESCRIBE, Operation.ALTER, Operation.DESCRIBE_CONFIGS, Operation.ALTER_CONFIGS,
)  # fmt: skip
OPERATORS = "operators"


def principal_name(party: str) -> str:
    """`capture-ingest:api` is api, `border systems` is border-systems."""
    return re.sub(r"[^A-Za-z0-9]+", "-", party.rsplit(":", 1)[-1]).strip("-")


def acls_of(
    topics: Iterable[Topic], principal: Callable[[str], str], services: set[str], prefix: str = ""
) -> list[Acl]:
    """Permissions for `topics`, dead letters included. principal: of a party's name; services: parties whose groups
    are named by us, others choose one that begins with their name; prefix: of topics and groups, in tests."""
    found: set[Acl] = set()

    def may(party: str, resource: Resource, name: str, *operations: Operation, begins: bool = False) -> None:
        pattern = Pattern.PREFIXED if begins else Pattern.LITERAL
        who = principal(principal_name(party))
        found.update(Acl(who, resource, prefix + name, operation, pattern) for operation in operations)

    for topic in topics:
        may(topic.owner, Resource.TOPIC, topic.name, *_OWNER)
        for party in topic.producers:
            may(party, Resource.TOPIC, topic.name, Operation.WRITE, Operation.DESCRIBE)
        for party in (*topic.consumers, *topic.readers):
            may(party, Resource.TOPIC, topic.name, Operation.READ, Operation.DESCRIBE)
        for party in topic.consumers:
            name = principal_name(party)
            if name in services:
                may(party, Resource.GROUP, group_of(name, topic.name), Operation.READ, Operation.DESCRIBE)
            elif party != OPERATORS:
                may(party, Resource.GROUP, name, Operation.READ, Operation.DESCRIBE, begins=True)
        if topic.has_dead_letter or topic.name.endswith(".dlq"):  # operators redrive, and note that they did
            may(OPERATORS, Resource.TOPIC, topic.name, Operation.READ, Operation.WRITE, Operation.DESCRIBE)
    return sorted(found)


async def apply_acls(acls: Iterable[Acl], settings: KafkaSettings) -> int:
    """Create what is missing (creating again changes nothing); how many. Raises Unavailable with the broker's words."""
    client = AIOKafkaAdminClient(**settings.client())
    count = 0
    try:
        await client.start()
        try:
            for acl in acls:
                request = CreateAclsRequest(acl.resource, acl.name, acl.pattern, acl.principal, "*", acl.operation, 3)
                answer: Any = await client._send_to_controller(request)  # pyright: ignore[reportPrivateUsage]
                for code, message in answer.creation_responses:
                    if code:
                        raise Unavailable(f"Kafka refuses {acl}: {message or code}")
                count += 1
        finally:
            await client.close()
    except (KafkaError, OSError) as error:
        raise Unavailable(f"Kafka's administration is away: {error!r}") from error
    return count
