"""How to reach Kafka."""

import os
import socket
from typing import Any

from pydantic_settings import SettingsConfigDict

from borderlight.runtime.bus.event_router import ConsumerOptions
from borderlight.runtime.bus.kafka_security import KafkaSecuritySettings


class KafkaSettings(KafkaSecuritySettings):
    """How to reach Kafka; prefix KAFKA_."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_", use_attribute_docstrings=True)
    bootstrap_servers: str = "127.0.0.1:9092"
    """Addresses of brokers, with commas between."""
    topic_prefix: str = ""
    """Put before every topic's name, for tests that share a broker."""
    session_timeout_ms: int = 45_000
    """A process that is silent for so long loses its partitions [ms]."""
    heartbeat_interval_ms: int = 3_000
    """Time between two signs of life [ms]."""
    graceful_timeout_s: float = 30.0
    """How long a stopping process waits for what is in hand [s]."""
    publish_timeout_s: float = 10.0
    """How long a record may wait for the broker before the send fails [s]."""

    def servers(self) -> list[str]:
        """aiokafka wants a list: it does not split commas."""
        return [server.strip() for server in self.bootstrap_servers.split(",") if server.strip()]

    def client(self, source: str = "admin") -> dict[str, Any]:
        """How aiokafka's own clients connect: readers and administration."""
        return {"bootstrap_servers": self.servers(), "client_id": client_id(source), **self.client_options()}

    def consumer_options(self) -> ConsumerOptions:
        return ConsumerOptions(self.topic_prefix, self.session_timeout_ms, self.heartbeat_interval_ms)


def client_id(source: str) -> str:
    """Different in every process: a managed service throttles and rebalances replicas that share one."""
    return f"borderlight-{source}-{socket.gethostname()}-{os.getpid()}"
