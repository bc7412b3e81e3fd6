"""How to reach Kafka."""

import os
import socket
from typing import Any

from pydantic_settings import SettingsConfigDict

from borderlight.runtime.bus.event_router import ConsumerOptions
from borderlight.runtime.bus.kafka_security import KafkaSecuritySettings


class KafkaSettings(KafkaSecuritySettings):
    """How to reach Kafka; prefix KAFKA_. `topic_prefix` isolates tests that share a broker."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_")
    bootstrap_servers: str = "127.0.0.1:9092"
    topic_prefix: str = ""
    session_timeout_ms: int = 45_000
    heartbeat_interval_ms: int = 3_000
    graceful_timeout_s: float = 30.0
    publish_timeout_s: float = 10.0

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
